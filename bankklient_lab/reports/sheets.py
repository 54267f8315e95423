"""Tables on the sheets of a workbook: fast, exact, and never a formula out of data.

Rows are written in order and leave memory at once. Cells have the type of their column: numbers are numbers, days are
days, account numbers and symbols are texts. Excel keeps 15 digits of a number and 32,767 characters of a text; cells
with more are listed on the sheet "Control", amounts with all their digits.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from bankklient_lab.errors import BadArgument
from bankklient_lab.jobs import Job
from bankklient_lab.money import SCALE, decimals
from bankklient_lab.reports.model import REPORT_LIMITS

CONTROL = "Control"
_BATCH_ROWS = 10_000
_EXCEL_DAY_ZERO = 25_569  # 1970-01-01 in days of Excel
_EXCEL_FIRST_DAY = date(1900, 3, 1)  # before it, Excel counts a 29 February that never was
_DIGITS = 15
_EXACT_BELOW = 10**12  # whole part that leaves three decimals within 15 digits
_WHOLE_BELOW = 2**53  # whole numbers that floating point holds exactly
_LEFT = {"align": "left", "indent": 1}
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet: of which field, under which title, how wide (in characters).

    `currency_in`: the field with the currency of each row's amount, when rows have different ones.
    """

    field: str
    title: str
    width: float = 14
    currency_in: str = ""


class Book:
    """A workbook in the making; `bytes()` finishes it.

    Use it as a context: rows wait in files of a folder of its own, which nothing outlives, not even a cancelled report.
    """

    def __init__(self, title: str, made_at: datetime | None = None) -> None:
        self._content = io.BytesIO()
        self._folder = TemporaryDirectory(prefix="bankklient-")
        self.workbook = xlsxwriter.Workbook(
            self._content,
            {
                "constant_memory": True,
                "tmpdir": self._folder.name,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        properties: dict[str, object] = {"title": title, "author": "bankklient_lab"}
        if made_at is not None:
            properties["created"] = made_at.replace(tzinfo=None)
        self.workbook.set_properties(properties)
        self._names = {CONTROL.casefold(), "history"}
        self._formats: dict[tuple[tuple[str, object], ...], Any] = {}
        self.inexact: list[tuple[str, str, str]] = []  # sheet, cell, what it can't hold
        self.control: list[tuple[str, str, str]] = []  # sheet, what, exact amount

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def format(self, **properties: object) -> Any:
        """Return the format with these properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format(dict(properties))
        return self._formats[key]

    def sheet(self, wanted: str) -> Any:
        """Add a sheet; its name is what Excel takes of `wanted`, made unique."""
        if len(self.workbook.worksheets()) >= REPORT_LIMITS.sheets:
            raise BadArgument(f"a workbook takes at most {REPORT_LIMITS.sheets} sheets; choose fewer accounts")
        base = _FORBIDDEN.sub(" ", wanted).strip(" '") or "Sheet"
        name, number = base[:31].rstrip(" '"), 1
        while name.casefold() in self._names:
            number += 1
            suffix = f" ({number})"
            name = base[: 31 - len(suffix)] + suffix
        self._names.add(name.casefold())
        return self.workbook.add_worksheet(name)

    def bytes(self) -> bytes:
        """Write the control sheet, close the workbook and return its content."""
        self._control_sheet()
        self.workbook.close()
        return self._content.getvalue()

    def _control_sheet(self) -> None:
        if not self.control and not self.inexact:
            return
        sheet = self.workbook.add_worksheet(CONTROL)
        sheet.set_column(0, 1, 32)
        sheet.set_column(2, 2, 40)
        bold = self.format(bold=True)
        sheet.write_string(0, 0, "Exact values as texts; Excel keeps 15 digits of a number.", self.format(italic=True))
        for column, title in enumerate(("Sheet", "What", "Exactly")):
            sheet.write_string(1, column, title, bold)
        for row, cells in enumerate([*self.control, *self.inexact], start=2):
            for column, text in enumerate(cells):
                sheet.write_string(row, column, text)
        sheet.freeze_panes(2, 0)


def amount_format(currency: str, amounts: Any) -> str:
    """Return the number format of amounts (an array of Arrow) in a currency; it hides no digit of any of them."""
    places = decimals(currency)
    wide = amounts.cast(pa.decimal128(38, amounts.type.scale))  # room for the round amount above the largest
    if pc.any(pc.not_equal(pc.round(wide, places), wide)).as_py():
        places = SCALE
    return "#,##0" + ("." + "0" * places if places else "")


def write_table(
    book: Book,
    sheet: Any,
    table: pa.Table,
    columns: Sequence[Column],
    *,
    top: int,
    currency: str = "",
    job: Job | None = None,
) -> None:
    """Write a header at row `top` (from 0) and the rows below, with a frozen header, a filter and printed titles.

    Amounts are in `currency` where their column does not tell otherwise; without it they show up to three decimals.
    """
    if top + 1 + table.num_rows > REPORT_LIMITS.sheet_rows:
        raise BadArgument(
            f"sheet {sheet.get_name()} would have {top + 1 + table.num_rows:,} rows and Excel takes "
            f"{REPORT_LIMITS.sheet_rows:,}; choose a shorter period, or save it as CSV or Parquet"
        )
    for number, column in enumerate(columns):
        cells = table[column.field]
        sheet.set_column(number, number, _width(column, cells), book.format(**_cell_format(cells, currency)))
        align = {"align": "right"} if _is_number(cells.type) else _LEFT
        sheet.write_string(top, number, column.title, book.format(bold=True, bottom=1, **align))
    _write_rows(book, sheet, table, columns, row=top + 1, job=job)
    _list_inexact(book, sheet, table, columns, top + 1)
    last_row = max(top + table.num_rows, top + 1)
    sheet.autofilter(top, 0, last_row, len(columns) - 1)
    sheet.freeze_panes(top + 1, 0)
    sheet.repeat_rows(top)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&F&C&A&RPage &P of &N")


def _width(column: Column, cells: pa.ChunkedArray) -> float:
    """Return the width of a column that shows its largest amount; Excel shows marks in place of one that is wider."""
    largest = pc.max(pc.abs(cells)).as_py() if pa.types.is_decimal(cells.type) else None
    return column.width if largest is None else max(column.width, len(f"-{largest:,.{SCALE}f}") + 1)


def _cell_format(cells: pa.ChunkedArray, currency: str) -> dict[str, object]:
    kind = cells.type
    if pa.types.is_decimal(kind):
        return {"num_format": amount_format(currency, cells) if currency else "#,##0.00#"}
    if pa.types.is_date(kind):
        return {"num_format": "yyyy-mm-dd", **_LEFT}
    if pa.types.is_timestamp(kind):
        return {"num_format": "yyyy-mm-dd hh:mm:ss", **_LEFT}
    return {"num_format": "@", **_LEFT} if _is_text(kind) else {}


def _write_rows(
    book: Book, sheet: Any, table: pa.Table, columns: Sequence[Column], *, row: int, job: Job | None
) -> None:
    done = 0
    for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
        if job is not None:
            job.step(f"writing sheet {sheet.get_name()}", done / table.num_rows)
        filled = [
            (number, column) for number, column in enumerate(columns) if batch[column.field].null_count < batch.num_rows
        ]
        places = [(_writer(sheet, batch, column), number) for number, column in filled]
        values = (
            _amounts(book, batch, column) if column.currency_in else _cells(batch[column.field]) for _, column in filled
        )
        for number, cells in enumerate(zip(*values, strict=True), start=row + done):
            for (write, place), value in zip(places, cells, strict=True):
                if value is not None:
                    write(number, place, value)
        done += batch.num_rows


def _writer(sheet: Any, batch: pa.RecordBatch, column: Column) -> Callable[[int, int, Any], object]:
    """Return what writes a cell of a column: by its type alone, so that no text becomes a formula or a link."""
    if column.currency_in:
        return lambda row, place, cell: sheet.write_number(row, place, *cell)
    if _is_text(batch[column.field].type):
        return sheet.write_string  # type: ignore[no-any-return]
    return sheet.write_number  # type: ignore[no-any-return]  # days are numbers


def _amounts(book: Book, batch: pa.RecordBatch, column: Column) -> list[tuple[float, Any] | None]:
    """Return amounts in several currencies, each with its format."""
    amounts, currencies = batch[column.field], batch[column.currency_in]
    formats = {
        currency: book.format(num_format=amount_format(currency, amounts.filter(pc.equal(currencies, currency))))
        for currency in pc.unique(currencies).to_pylist()
    }
    return [
        None if value is None else (value, formats[currency])
        for value, currency in zip(_cells(amounts), currencies.to_pylist(), strict=True)
    ]


def _is_text(kind: pa.DataType) -> bool:
    return not (_is_number(kind) or pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_decimal(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)  # type: ignore[no-any-return]


def _cells(column: pa.Array) -> list[Any]:
    """Return a column as numbers and texts of Excel."""
    kind = column.type
    if pa.types.is_date(kind):
        return pc.add(column.cast(pa.date32()).cast(pa.int32()), _EXCEL_DAY_ZERO).to_pylist()  # type: ignore[no-any-return]
    if pa.types.is_timestamp(kind):
        seconds = pc.divide(
            column.cast(pa.timestamp("s", kind.tz), safe=False).cast(pa.int64()).cast(pa.float64()), 86_400.0
        )
        return pc.add(seconds, float(_EXCEL_DAY_ZERO)).to_pylist()  # type: ignore[no-any-return]
    if pa.types.is_decimal(kind):
        return _nearest(column)
    if _is_text(kind):
        return column.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
    return column.to_pylist()  # type: ignore[no-any-return]


def _nearest(column: pa.Array) -> list[float | None]:
    """Return decimals as the numbers nearest to them, which Arrow's own cast does not promise.

    Whole numbers below 2**53 and powers of ten are exact, and their quotient is rounded once.
    """
    scale = column.type.scale
    largest = pc.max(pc.abs(column)).as_py()
    if largest is not None and largest.scaleb(scale) >= _WHOLE_BELOW:
        return [None if value is None else float(value) for value in column.to_pylist()]
    whole = column.cast(pa.decimal128(38, scale)).view(pa.decimal128(38, 0)).cast(pa.int64())
    return pc.divide(whole.cast(pa.float64()), 10.0**scale).to_pylist()  # type: ignore[no-any-return]


def _list_inexact(book: Book, sheet: Any, table: pa.Table, columns: Sequence[Column], top: int) -> None:
    """Note each cell that Excel can't hold in full."""
    for number, column in enumerate(columns):
        for row, value in _inexact(table[column.field]):
            book.inexact.append((sheet.get_name(), xl_rowcol_to_cell(top + row, number), value))


def _inexact(column: pa.ChunkedArray) -> Iterator[tuple[int, str]]:
    """Yield row and exact text of what is longer than Excel keeps."""
    kind = column.type
    if pa.types.is_decimal(kind):
        suspects = pc.greater_equal(pc.abs(column), Decimal(_EXACT_BELOW))
    elif pa.types.is_date(kind):
        suspects = pc.less(column, _EXCEL_FIRST_DAY)
    elif pa.types.is_string(kind):
        suspects = pc.greater(pc.utf8_length(column), REPORT_LIMITS.cell_chars)
    else:
        return
    for row in pc.indices_nonzero(pc.fill_null(suspects, False)).to_pylist():
        value = column[row].as_py()
        if not isinstance(value, Decimal) or len(value.normalize().as_tuple().digits) > _DIGITS:
            yield row, f"text of {len(value)} characters, cut" if isinstance(value, str) else str(value)
