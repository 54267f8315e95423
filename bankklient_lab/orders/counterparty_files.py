"""Counterparties from a file: CSV with the columns of the register, as its export has them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.lab import Lab
from bankklient_lab.orders.counterparties import COLUMNS, NEEDS, add_rows, cleaned, wrong_rows
from bankklient_lab.orders.creating import error_list

FILE_BYTES_MAX = 16 * 1024**2
ROWS_MAX = 100_000
_FORMULAS = "=+-@"  # an export puts an apostrophe before a text that begins with one


@action(NEEDS)
def import_counterparties(lab: Lab, path: Path) -> dict[str, int]:
    """Take over counterparties from a CSV file (UTF-8; comma or semicolon), all of them or none.

    The first line names columns: name and account, and any others of the register; further ones are refused. A row
    whose account is in the register replaces that counterparty. Returns added and changed. FormatError names the line.
    """
    rows = _read(path)
    with lab.database.tx("ops") as cursor:
        for number, errors in wrong_rows(lab, cursor, rows):
            told = "; ".join(f"{one['code']} {one['text']}" for one in error_list(errors))
            raise FormatError(f"{told}; nothing was taken over", place=f"line {number + 2}")
        accounts = [row["account"] for row in rows]
        changed = cursor.execute(
            "DELETE FROM ops.counterparty WHERE account IN (SELECT unnest($accounts)) RETURNING account",
            {"accounts": accounts},
        ).fetchall()
        add_rows(lab, cursor, rows, "file")
        lab.log(cursor, "import_counterparties", path.name, rows=len(rows))
    return {"added": len(rows) - len(changed), "changed": len(changed)}


def _read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file by COLUMNS."""
    if path.stat().st_size > FILE_BYTES_MAX:
        raise FormatError(f"{path.name} has more than {FILE_BYTES_MAX} bytes; split it")
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError(f"{path.name} is not in UTF-8; save it as CSV in UTF-8") from None
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",", strict=True)
    try:
        names = reader.fieldnames or ()
        _check_head(path.name, names)
        rows = [_row(number, row) for number, row in enumerate(reader, 2)]
    except csv.Error as error:
        raise FormatError(f"{error}; nothing was taken over", place=f"line {reader.line_num}") from None
    return _unique(rows)


def _check_head(name: str, names: Any) -> None:
    unknown = [one for one in names if one not in COLUMNS]
    if unknown or not {"name", "account"} <= set(names) or len(set(names)) < len(names):
        raise FormatError(
            f"{name}: the first line must name columns, name and account among them; known are {', '.join(COLUMNS)}"
        )


def _row(number: int, row: dict[str, Any]) -> dict[str, Any]:
    if number > ROWS_MAX + 1:
        raise FormatError(f"a file has at most {ROWS_MAX} counterparties; split it", place=f"line {number}")
    if None in row or None in row.values():
        raise FormatError("it has not as many columns as the first line", place=f"line {number}")
    try:
        return cleaned({name: _plain(text) for name, text in row.items()})
    except BadArgument as error:
        raise FormatError(f"{error.message}; nothing was taken over", place=f"line {number}") from None


def _plain(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULAS else text


def _unique(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, 2):
        first = seen.setdefault(row["account"], number)
        if first != number:
            raise FormatError(f"the account {row['account']} stands in line {first} too", place=f"line {number}")
    return rows
