"""Counterparties from a file: CSV with the columns of the register, as its export has them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.formats.small_tables import Line, read_table
from bankklient_lab.lab import Lab
from bankklient_lab.orders.counterparties import COLUMNS, NEEDS, add_rows, cleaned, wrong_rows
from bankklient_lab.orders.refusing import in_words

ROWS_MAX = 100_000
_FORMULAS = "=+-@"  # an export puts an apostrophe before a text that begins with one


@action(NEEDS)
def import_counterparties(lab: Lab, path: Path) -> dict[str, int]:
    """Take over counterparties from a CSV file (UTF-8; comma or semicolon), all of them or none.

    The first line names columns: name and account, and any others of the register; further ones are refused. A row
    whose account is in the register replaces that counterparty. Returns added and changed. FormatError names the line.
    """
    lines = _unique([_cleaned(line) for line in read_table(path, _check_head, rows_max=ROWS_MAX)])
    rows = [row for _, row in lines]
    with lab.database.tx("ops") as cursor:
        for number, errors in wrong_rows(lab, cursor, rows):
            raise FormatError(f"{in_words(lab, errors)}; nothing was taken over", place=f"line {lines[number][0]}")
        accounts = [row["account"] for row in rows]
        changed = cursor.execute(
            "DELETE FROM ops.counterparty WHERE account IN (SELECT unnest($accounts)) RETURNING account",
            {"accounts": accounts},
        ).fetchall()
        add_rows(lab, cursor, rows, "file")
        lab.log(cursor, "import_counterparties", path.name, rows=len(rows))
    return {"added": len(rows) - len(changed), "changed": len(changed)}


def _check_head(names: Sequence[str]) -> None:
    if not {"name", "account"} <= set(names) <= set(COLUMNS) or len(set(names)) < len(names):
        told = f"it must name columns, name and account among them; known are {', '.join(COLUMNS)}"
        raise FormatError(told, place="line 1")


def _cleaned(line: Line) -> tuple[int, dict[str, Any]]:
    number, row = line
    try:
        return number, cleaned({name: _plain(text) for name, text in row.items()})
    except BadArgument as error:
        raise FormatError(f"{error.message}; nothing was taken over", place=f"line {number}") from None


def _plain(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULAS else text


def _unique(lines: list[tuple[int, dict[str, Any]]]) -> list[tuple[int, dict[str, Any]]]:
    seen: dict[str, int] = {}
    for number, row in lines:
        first = seen.setdefault(row["account"], number)
        if first != number:
            raise FormatError(f"the account {row['account']} stands in line {first} too", place=f"line {number}")
    return lines
