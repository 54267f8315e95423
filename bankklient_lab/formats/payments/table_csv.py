"""Orders as CSV: a header with names of items, one order a row, every cell a text as it was entered.

The separator is a comma, a semicolon or a tab, whichever the header has; a cell with a separator, a quotation mark or
a line end stands in quotation marks. An empty cell is no value. A text that starts with = + - @ and is no number could
become a formula in a spreadsheet: the writer puts an apostrophe before it (and before one that starts with an
apostrophe), and reading takes exactly that apostrophe off.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.formats.payments.base import Header, Options, Part, PaymentFormat
from bankklient_lab.formats.payments.charsets import Utf8, encode
from bankklient_lab.formats.payments.schema import Kind

SEPARATORS = ",;\t"
COLUMNS_MAX = 500
AMOUNT = "amount"  # the one item that every kind of order has
_BLOCK_BYTES = 4 * 1024**2
_WRITE_ROWS = 50_000
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ESCAPED = r"\A'(['=+\-@])"
_TO_ESCAPE = r"\A(['=+\-@])"
_NUMBER = r"\A-?[0-9]+(\.[0-9]+)?\z"


def sniff(head: bytes) -> str | None:
    """Return "CSV" for a table whose header has names of items, among them the amount."""
    first = head.partition(b"\n")[0].removeprefix(b"\xef\xbb\xbf").rstrip(b"\r")
    if not first.isascii():
        return None
    names = split_header(first.decode("ascii"))
    # A CSV of statements of this package names its kind of record first.
    good = len(names) > 1 and AMOUNT in names and names[0] != "record" and all(map(_NAME.fullmatch, names))
    return "CSV" if good else None


def split_header(line: str) -> list[str]:
    """Return the names in a header, whichever separator it has."""
    return [name.strip().strip('"').strip() for name in line.split(_separator(line))]


def check_names(names: Sequence[str], options: Options, place: str) -> None:
    """Refuse a header with a name twice, an unknown name, or without an amount."""
    for at, name in enumerate(names):
        if not name or name in names[:at]:
            raise FormatError("each column needs a name of its own", place=place, field=f"column {at + 1}", text=name)
        if options.columns is not None and name not in options.columns:
            raise FormatError(
                "there is no such item; take the template of this layout",
                place=place,
                field=f"column {at + 1}",
                text=name,
            )
    if AMOUNT not in names:
        raise FormatError(f"the header has no column {AMOUNT!r}", place=place, text=", ".join(names))
    if len(names) > COLUMNS_MAX:
        raise LimitExceeded(f"there are more than {COLUMNS_MAX} columns", place=place)


def read(source: BinaryIO, options: Options) -> Iterator[Part]:
    """Yield the orders of a table as texts."""
    text = _Counted(source, options.charset)
    first = text.block()
    header, _, rest = first.partition(b"\n")
    line = header.decode().rstrip("\r")
    if not line.strip():
        raise FormatError("a header with names of items is expected", place="line 1")
    names = split_header(line)
    check_names(names, options, "line 1")
    text.unread(rest)
    number = 0
    for batch in _batches(text, names, _separator(line)):
        rows = _without_blank(batch)
        numbers = pa.array(np.arange(number + 1, number + 1 + rows.num_rows))
        number += rows.num_rows
        if number > LIMITS.payments:
            raise LimitExceeded(f"more than {LIMITS.payments} orders in one file")
        if rows.num_rows:
            yield Part(Kind.ITEMS, pa.record_batch([numbers, *rows.columns], names=["payment_no", *names]))
    if not number:
        raise FormatError("the table has a header and no order", place="line 2")


def _separator(header: str) -> str:
    return max(SEPARATORS, key=header.count)


class _Counted(Utf8):
    """Counts quotation marks: when their number is odd, a cell may not end, which Arrow does not tell."""

    quotes = 0

    def block(self) -> bytes:
        """Return the next whole lines."""
        data = super().block()
        self.quotes += data.count(b'"')
        return data


def _batches(text: _Counted, names: Sequence[str], separator: str) -> Iterator[pa.RecordBatch]:
    try:
        yield from pyarrow.csv.open_csv(
            pa.PythonFile(text, mode="r"),
            read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK_BYTES, column_names=names),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                check_utf8=False,  # done
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            reason = "this is no table of text"
            raise _wrong_row(text.again(), len(names), separator) or FormatError(reason, place="line 2") from None
    if text.quotes % 2 and (found := _wrong_row(text.again(), len(names), separator)):
        raise found


def _wrong_row(text: Utf8, width: int, separator: str) -> FormatError | None:
    """Return the refusal of the first row that is none of the table, None when there is no such row."""
    csv.field_size_limit(LIMITS.line_bytes)
    rows = csv.reader(io.TextIOWrapper(io.BufferedReader(text), "utf-8", newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for row in rows:
            if row and len(row) != width:
                cells = separator.join(row)
                return FormatError(
                    f"the row has {len(row)} cells, the header {width}", place=f"line {line}", text=cells
                )
            line = rows.line_num + 1
    except csv.Error:
        return FormatError("a cell in quotation marks does not end", place=f"line {line}")
    return None


def _without_blank(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the rows that have a cell which is not empty, with the texts as they were meant."""
    some = functools.reduce(pc.or_, (column.is_valid() for column in batch.columns))
    rows = batch if pc.all(some).as_py() else batch.filter(some)
    return pa.record_batch([_value(column) for column in rows.columns], names=batch.schema.names)


def _value(column: pa.Array) -> pa.Array:
    if not pc.any(pc.starts_with(column, "'")).as_py():
        return column
    return pc.replace_substring_regex(column, _ESCAPED, r"\1")


def template(columns: Sequence[str], charset: str = "utf-8") -> bytes:
    """Return a table without orders: the header that a file needs."""
    return encode(";".join(columns) + "\r\n", charset, "header")


def write(table: pa.Table, header: Header) -> Iterator[bytes]:
    """Yield a table of texts as CSV with semicolons; the other direction of `read`."""
    yield template(table.schema.names, header.charset)
    options = pyarrow.csv.WriteOptions(include_header=False, delimiter=";")
    for batch in table.to_batches(max_chunksize=_WRITE_ROWS):
        columns = [_escaped(column.cast(pa.string())) for column in batch.columns]
        out = io.BytesIO()
        pyarrow.csv.write_csv(pa.record_batch(columns, names=batch.schema.names), out, options)
        yield encode(out.getvalue().decode(), header.charset, "the table")


def _escaped(column: pa.Array) -> pa.Array:
    return pc.if_else(
        pc.match_substring_regex(column, _NUMBER), column, pc.replace_substring_regex(column, _TO_ESCAPE, r"'\1")
    )


FORMATS = (PaymentFormat("csv", "CSV with items of orders as columns", sniff, read, write, ".csv", takes_charset=True),)
