"""Codebooks: data that rules and texts refer to, loaded from data/codebooks into tables of the catalog `app`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from bankklient_lab.money import DECIMALS

if TYPE_CHECKING:
    import duckdb

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


@cache
def rows(name: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of data/codebooks/<name>.csv, read once a process."""
    return tuple(csv.DictReader(raw(name).splitlines()))


@cache
def names(book: str, column: str = "name") -> Mapping[str, str]:
    """Return what a codebook says of each of its codes in a column, in its order."""
    return {row["code"]: row[column] for row in rows(book)}


@cache
def name_sql(book: str, column: str, *, name: str = "name") -> str:
    """Return SQL for what a codebook says of the code in a column; null for a code that it does not have."""
    said = names(book, name).items()
    words = " ".join("WHEN '{}' THEN '{}'".format(code, told.replace("'", "''")) for code, told in said)
    return f"CASE {column}::VARCHAR {words} END"


def loaded_texts() -> list[str]:
    """Return all that `load_codebooks` makes tables and macros of."""
    return [str(sorted(DECIMALS.items())), *(f"{table}\n{raw(name)}" for name, table in CODEBOOKS.items())]


def load_codebooks(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of the codebooks that SQL joins with, and the macro currency_decimals(code)."""
    branches = " ".join(f"WHEN '{code}' THEN {places}" for code, places in DECIMALS.items())
    con.execute(f"CREATE MACRO app.currency_decimals(code) AS CASE code {branches} ELSE 2 END")
    for name, table in CODEBOOKS.items():
        content = rows(name)
        columns = list(content[0])
        lists = ", ".join(f"unnest(?::VARCHAR[]) AS {column}" for column in columns)  # one value a column binds fastest
        con.execute(
            f"CREATE TABLE app.{table} AS SELECT {lists}", [[row[column] for row in content] for column in columns]
        )
