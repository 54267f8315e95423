"""Receivables in files: a sheet of a workbook for people, and CSV from accounting systems.

A sheet has the own account in its cell E4, below it one header row with the names of the items (any of its rows down to
HEADER_WITHIN), and a row for each receivable. The columns stand in any order; `own_account` is none of them. CSV
(UTF-8; comma or semicolon) has the header in its first line, `own_account` among the columns.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from bankklient_lab.codebooks.services import KINDS, NEW
from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats import workbook
from bankklient_lab.formats.base import SNIFF_BYTES
from bankklient_lab.formats.small_tables import read_table
from bankklient_lab.formats.sources import open_ordinary

ROWS_MAX = 10_000  # in one file
HEADER_WITHIN = 20
ACCOUNT_ROW, ACCOUNT_COLUMN = 4, 4  # E4: its row from 1, its column from 0
_ACCOUNT = "own_account"
COLUMNS = tuple(item.name for item in KINDS["receivable"].entered(NEW))
_TITLE = "Receivables for financing"


class Line(NamedTuple):
    """A receivable of a file: the number of its row or line from 1, and its texts by item, empty ones left out."""

    number: int
    items: dict[str, str]


class ReceivablesFile(NamedTuple):
    """A sheet: the names of all sheets, its own, its account ("": E4 is empty), and its receivables."""

    sheets: tuple[str, ...]
    sheet: str
    account: str
    lines: list[Line]


def read_workbook(path: Path, sheet: str = "") -> ReceivablesFile:
    """Return what a sheet says ("": the first one with the header); FormatError, LimitExceeded."""
    with open_ordinary(path) as source:
        if workbook.sniff(source.read(SNIFF_BYTES)) is None:
            raise FormatError("this is no Excel workbook (XLSX)", place="start of the file")
        source.seek(0)
        workbook.check(source)
        source.seek(0)
        names = workbook.sheet_names(source)
        chosen = sheet or _with_header(source, names)
        if chosen not in names:
            raise FormatError(f"the workbook has the sheets {', '.join(names)}", field="sheet", text=sheet[:40])
        return ReceivablesFile(tuple(names), chosen, *_sheet(workbook.rows_of(source, chosen)))


def sheets(path: Path) -> list[str]:
    """Return the names of the sheets of a workbook; FormatError."""
    with open_ordinary(path) as source:
        return workbook.sheet_names(source)


def _with_header(source: BinaryIO, names: Sequence[str]) -> str:
    """Return the first sheet that has the header, else the first one ("": there is none)."""
    for name in names:
        rows = islice(workbook.rows_of(source, name), HEADER_WITHIN)
        if any(COLUMNS[0] in map(workbook.cell_text, cells) for _, cells in rows):
            return name
    return next(iter(names), "")


def read_csv(path: Path) -> list[Line]:
    """Return the receivables of a CSV file, at least one; FormatError names the line, LimitExceeded."""

    def check(names: Sequence[str]) -> None:
        _check_columns(names, COLUMNS, "line 1")

    rows = [Line(number, _texts(row)) for number, row in read_table(path, check, rows_max=ROWS_MAX)]
    found = [line for line in rows if line.items]
    if not found:
        raise FormatError("the file has no receivable", place="whole file")
    return found


def template() -> bytes:
    """Return a workbook to fill in: where the account stands, and the header."""
    import xlsxwriter

    out = io.BytesIO()
    names = [name for name in COLUMNS if name != _ACCOUNT]
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet("receivables")
        texts = book.add_format({"num_format": "@"})  # symbols keep their zeros
        bold = book.add_format({"bold": True, "num_format": "@"})
        for place, name in enumerate(names):
            page.set_column(place, place, max(14, len(name) + 2), texts)
        page.write_string("A1", _TITLE, book.add_format({"bold": True, "font_size": 14}))
        page.write_string("D4", "Account", bold)
        page.write_row(5, 0, names, bold)
        page.freeze_panes(6, 0)
    return out.getvalue()


def csv_template() -> bytes:
    """Return a CSV file without receivables: the header that a file needs."""
    return (";".join(COLUMNS) + "\n").encode()


def _sheet(rows: Iterator[workbook.Row]) -> tuple[str, list[Line]]:
    """Return the account and the receivables of a sheet."""
    account, names, lines = "", list[str](), list[Line]()
    for number, cells in islice(rows, HEADER_WITHIN):
        names = [workbook.cell_text(cell) for cell in cells]
        if number == ACCOUNT_ROW and len(cells) > ACCOUNT_COLUMN and COLUMNS[0] not in names:
            account = names[ACCOUNT_COLUMN]
        while names and not names[-1]:
            names.pop()
        if COLUMNS[0] in names:
            break
    else:
        told = f"no row down to {HEADER_WITHIN} is the header, which has {COLUMNS[0]}; the template shows it"
        raise FormatError(told, place=f"row {HEADER_WITHIN}")
    _check_columns(names, [name for name in COLUMNS if name != _ACCOUNT], f"row {number}")
    for number, cells in rows:
        line = _line(number, cells, names)
        if line.items:
            lines.append(line)
        if len(lines) > ROWS_MAX:
            raise LimitExceeded(f"there are more than {ROWS_MAX} rows", place=f"row {number}")
    if not lines:
        raise FormatError("the sheet has no receivable below its header", place="whole sheet")
    return account, lines


def _line(number: int, cells: Sequence[Any], names: Sequence[str]) -> Line:
    texts = [workbook.cell_text(cell) for cell in cells]
    if any(texts[len(names) :]):
        raise FormatError(f"{len(texts)} cells where the header has {len(names)}", place=f"row {number}")
    return Line(number, _texts(dict(zip(names, texts, strict=False))))


def _texts(cells: Mapping[str, str]) -> dict[str, str]:
    """Return the cells that say something, without blanks around and between."""
    return {name: " ".join(text.split()) for name, text in cells.items() if text.split()}


def _check_columns(names: Sequence[str], known: Sequence[str], place: str) -> None:
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise FormatError(f"a column is one of {', '.join(known)}", place=place, text=unknown[:40])
    if len(set(names)) != len(names):
        raise FormatError("a column stands twice", place=place)
