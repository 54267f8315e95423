"""Codebooks: data that rules and texts refer to, loaded from data/codebooks into tables of the catalog `app`."""

from __future__ import annotations

import csv
from importlib.resources import files

import duckdb

from bankklient_lab.money import DECIMALS

CODEBOOKS = {
    "findings": "finding_code",
    "czech_banks": "czech_bank",
    "log_messages": "log_message",
    "permissions": "permission",
    "regular_payment_periods": "regular_payment_period",
}


def raw(name: str) -> str:
    """Return the text of data/codebooks/<name>.csv."""
    return (files("bankklient_lab.data") / f"codebooks/{name}.csv").read_text("utf-8")


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of data/codebooks/<name>.csv."""
    return list(csv.DictReader(raw(name).splitlines()))


def load_codebooks(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of the codebooks that SQL joins with, and the macro currency_decimals(code)."""
    branches = " ".join(f"WHEN '{code}' THEN {places}" for code, places in DECIMALS.items())
    con.execute(f"CREATE MACRO app.currency_decimals(code) AS CASE code {branches} ELSE 2 END")
    for name, table in CODEBOOKS.items():
        content = rows(name)
        columns = list(content[0])
        con.execute(f"CREATE TABLE app.{table} ({', '.join(f'{column} VARCHAR' for column in columns)})")
        marks = ", ".join("(" + ", ".join("?" for _ in columns) + ")" for _ in content)
        con.execute(f"INSERT INTO app.{table} VALUES {marks}", [row[column] for row in content for column in columns])  # noqa: S608
