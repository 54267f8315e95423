"""The bank's codebooks: read, searched, and replaced from a file, after which orders that wait are checked again."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.codebooks.bank import (
    CODE,
    CODEBOOKS,
    NAME,
    ROWS_MAX,
    Codebook,
    Row,
    codebook_named,
    replacement,
)
from bankklient_lab.errors import BadArgument
from bankklient_lab.formats.small_tables import read_table
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.rechecking import recheck
from bankklient_lab.rights.codebooks import FROM_BANK, note_content, replace_content

# ruff: noqa: S608 - every text below is made of our own declarations


@table_action()
def codebook_register(lab: Lab) -> Read:
    """Return the codebooks: codebook, label, rows (those in force today), since (of the newest row, null: always).

    Source is "shipped", "file" or "bank".
    """
    labels = " ".join(f"WHEN '{one.name}' THEN '{one.label}'" for one in CODEBOOKS.values())
    return lab.read(
        f"""
        SELECT codebook, CASE codebook {labels} ELSE codebook END AS label,
            count(b.code) FILTER (in_force(b.valid_from, b.valid_until, $today)) AS rows,
            nullif(max(b.valid_from), DATE '0001-01-01') AS since, CASE WHEN c.shipped IS NULL THEN 'file'
                WHEN c.shipped = '{FROM_BANK}' THEN 'bank' ELSE 'shipped' END AS source
        FROM ops.codebook_content c LEFT JOIN ops.codebook b USING (codebook)
        GROUP BY codebook, c.shipped ORDER BY label
        """,
        {"today": bank_day(lab)},
    )


@table_action()
def codebook(lab: Lab, name: str, day: date | None = None) -> Read:
    """Return the rows of a codebook that are in force on a day (the bank's present one), by code.

    Columns: code, name, and the attributes, texts (null: none); UnknownName for a codebook that there is not.
    """
    book = codebook_named(name)
    return lab.read(f"{_rows(book)} ORDER BY code", {"book": name, "day": day or bank_day(lab)})


@table_action()
def search_codebook(lab: Lab, name: str, text: str, *, column: str = NAME, first: bool = False) -> Read:
    """Return the rows of a codebook that have a text in one column, sorted by it.

    With `first` only the first row that starts with the text, none when there is none. Case and accents don't count.
    UnknownName for the codebook, BadArgument for the column.
    """
    book = codebook_named(name)
    if column not in book.header:
        raise BadArgument(f"codebook {name} has no column {column!r}; there are {', '.join(book.header)}")
    found = "starts_with" if first else "contains"
    plain = "lower(strip_accents({}))"
    return lab.read(
        f"FROM ({_rows(book)}) WHERE {found}({plain.format(f'coalesce({column}, {_EMPTY})')}, {plain.format('$text')})"
        f" ORDER BY {plain.format(column)} NULLS LAST, code{' LIMIT 1' if first else ''}",
        {"book": name, "day": bank_day(lab), "text": text},
    )


_EMPTY = "''"


def _rows(book: Codebook) -> str:
    attributes = "".join(f", attributes['{column.name}'] AS {column.name}" for column in book.columns)
    return f"SELECT {CODE}, {NAME}{attributes} FROM codebook($book, $day)"


@action("2", mode="batch", record="order_id")
def update_codebook(lab: Lab, name: str, path: Path) -> dict[str, Any]:
    """Replace a codebook by the content of a CSV file, in force from the bank's present day; all of it or nothing.

    The file is in UTF-8 with a header line: code, name and the attributes of the codebook (`codebook` shows them).
    Orders that wait are checked again. Returns new, changed and gone (codes), and what `recheck_orders` returns.

    FormatError for what is no such file, and with the place and the value for a row that can't be.
    """
    book = codebook_named(name)
    rows = read_content(book, path)
    with lab.database.tx("ops") as cursor:
        changed = replace_content(cursor, name, rows, bank_day(lab))
        note_content(cursor, name, None)
        lab.log(cursor, "update_codebook", name, **changed)
        return changed | recheck(lab, f"codebook {name}")


def read_content(book: Codebook, path: Path) -> tuple[Row, ...]:
    """Return the content of a codebook that a CSV file has."""
    return replacement(book, [row for _, row in read_table(path, book.check_header, rows_max=ROWS_MAX)])
