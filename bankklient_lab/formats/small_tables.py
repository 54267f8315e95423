"""Small tables that people keep as CSV (registers, codebooks): read whole, each row with the line that it ends on."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.formats.sources import open_ordinary

Line = tuple[int, dict[str, str]]


def read_table(path: Path, check: Callable[[Sequence[str]], None], *, rows_max: int) -> list[Line]:
    """Return the rows of a CSV file, as `table_of`; FormatError also for one that can't be read."""
    with open_ordinary(path) as source:
        raw = source.read(LIMITS.table_bytes + 1)
    return table_of(raw, check, rows_max=rows_max)


def table_of(raw: bytes, check: Callable[[Sequence[str]], None], *, rows_max: int) -> list[Line]:
    """Return the rows of a CSV file (UTF-8; comma or semicolon) by column, each with its line; empty lines are none.

    `check` gets the columns that the first line names, before anything else is read, and raises FormatError for wrong
    ones. FormatError for what is no such file, LimitExceeded for one that is too large.
    """
    text = _text(raw)
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",", strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        check(header)
        found: list[Line] = []
        for values in reader:
            if not values:
                continue
            if len(values) != len(header):
                told = f"the line has {len(values)} values and the first line {len(header)}"
                raise FormatError(told, place=f"line {reader.line_num}")
            if len(found) == rows_max:
                raise LimitExceeded(f"there are more than {rows_max} rows", place=f"line {reader.line_num}")
            found.append((reader.line_num, dict(zip(header, values, strict=True))))
    except csv.Error as error:
        raise FormatError(f"the file is no CSV: {error}", place=f"line {reader.line_num}") from None
    return found


def _text(raw: bytes) -> str:
    if len(raw) > LIMITS.table_bytes:
        raise LimitExceeded(f"the file is larger than {LIMITS.table_bytes // 1024**2} MB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = f"byte {error.start + 1}"
        raise FormatError("the file is not in UTF-8; save it as CSV in UTF-8", place=place) from None
