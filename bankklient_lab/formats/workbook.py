"""Excel workbooks (XLSX) by a column mapping; cells become text and go the way of CSV.

An Excel number is a binary fraction: it is read with 15 significant digits, which is what Excel itself shows and
keeps. Before the workbook is opened, its archive and the extent of its cells are checked against the limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import chain, dropwhile, islice
from typing import Any, BinaryIO

from bankklient_lab.errors import FormatError, LimitExceeded, NotRecognised
from bankklient_lab.formats.archives import check_archive, unpacked
from bankklient_lab.formats.base import Findings, Format, Hints, Part
from bankklient_lab.formats.delimited import columns
from bankklient_lab.formats.mapped import MappedReader
from bankklient_lab.formats.mapped_cells import Table
from bankklient_lab.formats.mappings import HEADER_WITHIN_LINES, Located, mapping_named, mappings, recognise

CELLS_MAX = 10_000_000
_BLOCK_BYTES = 1024**2
_OVERLAP = 64  # a cell reference may be cut by a block's end
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{0,3})(\d{1,10})\s*["']""")
_SIGNIFICANT_DIGITS = 15

Row = tuple[int, Sequence[Any]]  # its number from 1, its cells


def sniff(head: bytes) -> str | None:
    """Return "XLSX" for an Excel workbook."""
    if not head.startswith(b"PK\x03\x04"):
        return None
    first = head[30:60]
    member = first.startswith((b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/"))
    return "XLSX" if member and b"xl/" in head else None


def read(source: BinaryIO, hints: Hints) -> Iterator[Part]:
    """Yield the entries of the first sheet that a mapping claims, then its statements."""
    check(source)
    source.seek(0)
    rows, located, outside = _find(source, hints)
    table = Table(located, columns(_texts(rows, located)), outside, iso_days=True)
    yield from MappedReader(table, hints, Findings()).parts()


def check(source: BinaryIO) -> None:
    """Refuse an archive or a sheet beyond the limits before any cell is built."""
    with check_archive(source) as archive:
        for info in archive.infolist():
            if info.filename.startswith("xl/worksheets/") and info.filename.endswith(".xml"):
                with unpacked(archive, info) as member:
                    _check_extent(member, info.filename)
            elif not info.is_dir():
                with unpacked(archive, info) as member:
                    while member.read(_BLOCK_BYTES):
                        pass


def _check_extent(member: Any, name: str) -> None:
    rows, widest = 0, 0
    tail = b""
    while block := member.read(_BLOCK_BYTES):
        text = tail + block
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise FormatError("a document type declaration is not accepted", place=name)
        found = _REFERENCE.findall(text)
        rows = max([rows, *(int(number) for _, number in found)])
        widest = max([widest, *(_column(letters) for letters in {letters for letters, _ in found})])
        if rows * max(widest, 1) > CELLS_MAX:
            raise LimitExceeded(
                f"the sheet reaches to row {rows} and column {widest}: more than {CELLS_MAX} cells", place=name
            )
        tail = text[-_OVERLAP:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _find(source: BinaryIO, hints: Hints) -> tuple[Iterator[Row], Located, list[str]]:
    """Return the rows below the header of the sheet that a mapping claims, the header, and the lines before it."""
    forced = mapping_named(hints.mapping) if hints.mapping else None
    candidates = [forced] if forced else [item for item in mappings().values() if item.header and not item.only_by_hint]
    first: list[str] = []
    for rows in sheets(source):
        head = list(islice(rows, HEADER_WITHIN_LINES))
        texts = [[cell_text(cell, ".") for cell in cells] for _, cells in head]
        first = first or next(filter(any, texts), [])
        for mapping in candidates:
            if mapping.layout != "blocks" and (located := recognise(texts, mapping)):
                outside = [",".join(row) for row in texts[: located.start - 1] if any(row)]
                return chain(head[located.start :], rows), located, outside
    if forced:
        raise FormatError(f"no sheet has the header that the mapping {forced.name!r} needs", place="row 1")
    cells = ", ".join(repr(cell) for cell in first[:8])
    raise NotRecognised(
        f"no column mapping has this header ({cells}); choose one with --mapping or add one", place="row 1"
    )


def sheets(source: BinaryIO) -> Iterator[Iterator[Row]]:
    """Yield the rows of each sheet from its first one and its first column that are used."""
    with _opened(source) as workbook:
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.start is not None:
                yield dropwhile(lambda row: not any(row[1]), enumerate(sheet.iter_rows(), start=1))


def sheet_names(source: BinaryIO) -> list[str]:
    """Return the names of all sheets."""
    with _opened(source) as workbook:
        return list(workbook.sheet_names)


def rows_of(source: BinaryIO, name: str) -> Iterator[Row]:
    """Yield the rows of a sheet with their numbers, from its first row and column; what is empty is there too."""
    source.seek(0)
    with _opened(source) as workbook:
        yield from enumerate(workbook.get_sheet_by_name(name).to_python(skip_empty_area=False), start=1)


@contextmanager
def _opened(source: BinaryIO) -> Iterator[Any]:
    """Open a workbook; FormatError for what its reader can't read, also later on."""
    import python_calamine

    try:
        yield python_calamine.CalamineWorkbook.from_filelike(source)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise FormatError(f"the workbook can't be read ({str(error)[:120]})") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the reader's own bug on a damaged file; it has no class to name
            raise
        raise FormatError("the workbook can't be read: its inside is damaged") from None


def _texts(rows: Iterator[Row], located: Located) -> Iterator[tuple[list[str], int]]:
    width = len(located.names)
    decimal = located.mapping.decimal
    for number, row in rows:
        cells = [cell_text(cell, decimal) for cell in row]
        if not any(cells):
            continue
        if any(cells[width:]):
            raise FormatError(f"{len(cells)} cells where the header has {width}", place=f"row {number}")
        yield cells[:width] + [""] * (width - len(cells)), number


def cell_text(cell: Any, decimal: str = ".") -> str:
    """Return a cell as a text: a number with a decimal mark, a day as ISO 8601."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        text = f"{cell:.{_SIGNIFICANT_DIGITS}g}"
        plain = f"{int(float(text))}" if "e+" in text and abs(cell) < 1e15 else text
        return plain.replace(".", decimal)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell) if isinstance(cell, int | time | timedelta) else ""


FORMATS = (Format("xlsx", "Excel workbook by a column mapping", sniff, read),)
