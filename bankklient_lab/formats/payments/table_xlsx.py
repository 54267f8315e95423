"""Orders as an Excel workbook: the first sheet with the header of the CSV layout, one order a row.

Write symbols and accounts as texts (the template does): a number of Excel has lost its leading zeros. Numbers are read
with the 15 digits that Excel keeps, days as ISO 8601.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa

from bankklient_lab.errors import BadArgument, FormatError, LimitExceeded
from bankklient_lab.formats.base import BATCH_ROWS, LIMITS
from bankklient_lab.formats.payments.base import Header, Options, Part, PaymentFormat
from bankklient_lab.formats.payments.schema import Kind
from bankklient_lab.formats.payments.table_csv import check_names
from bankklient_lab.formats.workbook import Row, cell_text, check, sheets, sniff

ROWS_MAX = 1_048_575  # of a sheet, below the header
_SHEET = "orders"


def read(source: BinaryIO, options: Options) -> Iterator[Part]:
    """Yield the orders of the first sheet with cells as texts."""
    check(source)
    source.seek(0)
    rows = next(sheets(source), None)
    head = next(rows, None) if rows else None
    if rows is None or head is None:
        raise FormatError("the workbook has no cells", place="row 1")
    names = [cell_text(cell).strip() for cell in head[1]]
    while names and not names[-1]:
        names.pop()
    check_names(names, options, f"row {head[0]}")
    batch: list[list[str | None]] = []
    done = 0
    for cells in _cells(rows, len(names)):
        batch.append(cells)
        if done + len(batch) > LIMITS.payments:
            raise LimitExceeded(f"more than {LIMITS.payments} orders in one file")
        if len(batch) >= BATCH_ROWS:
            yield _part(names, batch, done)
            done += len(batch)
            batch = []
    if batch:
        yield _part(names, batch, done)
    elif not done:
        raise FormatError("the table has a header and no order", place=f"row {head[0] + 1}")


def _cells(rows: Iterator[Row], width: int) -> Iterator[list[str | None]]:
    for number, row in rows:
        cells = [cell_text(cell) or None for cell in row]
        if not any(cells):
            continue
        if any(cells[width:]):
            raise FormatError(f"{len(cells)} cells where the header has {width}", place=f"row {number}")
        yield cells[:width] + [None] * (width - len(cells))


def _part(names: Sequence[str], rows: list[list[str | None]], done: int) -> Part:
    numbers = pa.array(range(done + 1, done + 1 + len(rows)), pa.int64())
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return Part(Kind.ITEMS, pa.record_batch([numbers, *columns], names=["payment_no", *names]))


def template(columns: Sequence[str]) -> bytes:
    """Return a workbook without orders: the header that a file needs, its columns formatted as texts."""
    empty = pa.table({name: pa.array([], pa.string()) for name in columns})
    return b"".join(write(empty))


def write(table: pa.Table, _header: Header | None = None) -> Iterator[bytes]:
    """Yield a table of texts as a workbook; the other direction of `read`."""
    import xlsxwriter

    if table.num_rows > ROWS_MAX:
        raise BadArgument(f"a sheet holds {ROWS_MAX} orders, there are {table.num_rows}; write CSV instead")
    out = io.BytesIO()
    options: dict[str, Any] = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(_SHEET)
        texts = book.add_format({"num_format": "@"})
        sheet.set_column(0, table.num_columns - 1, 18, texts)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, table.schema.names, book.add_format({"bold": True, "num_format": "@"}))
        for at, name in enumerate(table.schema.names):
            sheet.write_column(1, at, table[name].cast(pa.string()).to_pylist(), texts)
    yield out.getvalue()


FORMATS = (PaymentFormat("xlsx", "Excel workbook with items of orders as columns", sniff, read, write, ".xlsx"),)
