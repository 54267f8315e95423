"""The plain CSV of this package ("bankklient"): the flat table of formats.flat as RFC 4180, UTF-8, comma, CRLF-free.

Amounts have a decimal point, days are ISO 8601, an empty cell is null. A text that starts with = + - @ tab or CR
could become a formula in a spreadsheet: it gets an apostrophe before it, as does a text that starts with an
apostrophe; reading takes exactly that apostrophe off again.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from bankklient_lab.errors import FormatError
from bankklient_lab.formats import flat
from bankklient_lab.formats.base import Part, StatementSet

NAME = "bankklient"
_HEADER = ",".join(f'"{name}"' for name in flat.SCHEMA.names).encode()
_BLOCK_BYTES = 4 * 1024**2
_TEXTS = [item.name for item in flat.SCHEMA if item.type == pa.string()]


def claims(head: bytes) -> bool:
    """Tell whether the file starts with the header of this package."""
    first = head.partition(b"\n")[0].removeprefix(b"\xef\xbb\xbf").strip()
    return first.replace(b'"', b"") == _HEADER.replace(b'"', b"")


def write(statements: StatementSet) -> Iterator[bytes]:
    """Yield the bytes of one CSV file."""
    yield _HEADER + b"\n"
    options = pyarrow.csv.WriteOptions(include_header=False)
    for batch in flat.batches(statements):
        out = io.BytesIO()
        pyarrow.csv.write_csv(_each_text(batch, r"\A(['=+\-@\t\r])", r"'\1"), out, options)
        yield out.getvalue()


def _each_text(batch: pa.RecordBatch, pattern: str, replacement: str) -> pa.RecordBatch:
    arrays = [
        pc.replace_substring_regex(column, pattern, replacement) if name in _TEXTS else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.record_batch(arrays, schema=batch.schema)


def read(source: BinaryIO) -> Iterator[Part]:
    """Yield what a plain CSV holds."""
    convert = pyarrow.csv.ConvertOptions(
        column_types={item.name: item.type for item in flat.SCHEMA},
        include_columns=flat.SCHEMA.names,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    reader = flat.FlatReader()
    try:
        batches = pyarrow.csv.open_csv(
            pa.PythonFile(_Unclosed(source), mode="r"),
            read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK_BYTES),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=convert,
        )
        for batch in batches:
            yield from reader.parts(_each_text(batch, r"\A'(['=+\-@\t\r])", r"\1"))
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        reason = str(error).splitlines()[0][:200]
        raise FormatError(f"this is no CSV of this package: {reason}", field="row of the table") from None


class _Unclosed(io.RawIOBase):
    """A file that stays open when Arrow is done with it."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def readable(self) -> bool:
        """Tell that this is read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes."""
        return self._source.read(size)
