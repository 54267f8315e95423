"""Many lines at once: text files in blocks, fixed-width fields of all lines as Arrow columns.

Whole columns instead of single values make the fixed-record readers fast; a block bounds the memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import LimitExceeded
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.formats.records import CENTURY_PIVOT, Record
from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.money import SCALE

BLOCK_BYTES = 4 * 1024**2
NO_DAY = np.iinfo(np.int32).min

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Decoder:
    """Bytes to text where the file does not name its encoding.

    UTF-8 when the first block that is not ASCII is valid UTF-8; otherwise that of `encodings` which makes
    the most of its bytes letters of `alphabet` (the first one when they are equal). `replaced` tells that
    bytes without a meaning became replacement characters.
    """

    def __init__(self, encodings: Sequence[str], alphabet: str) -> None:
        self.encoding = ""
        self.replaced = False
        self._encodings = encodings
        self._letters = frozenset(alphabet + alphabet.upper())

    def decode(self, data: bytes) -> str:
        """Return the text of whole lines."""
        if data.isascii():
            return data.decode("ascii")
        if not self.encoding:
            self.encoding = self._choose(data)
        text = data.decode(self.encoding, "replace")
        self.replaced = self.replaced or "\ufffd" in text
        return text

    def _choose(self, data: bytes) -> str:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            unusual = bytes(byte for byte in data if byte > 127)

            def letters(encoding: str) -> int:
                return sum(char in self._letters for char in unusual.decode(encoding, "replace"))

            return max(self._encodings, key=letters)
        return "utf-8"


def blocks_of_lines(source: BinaryIO, decoder: Decoder) -> Iterator[list[str]]:
    """Yield the lines of a text file without their ends, many at a time.

    The last line is the empty text when the file ends with a line end, and only the last block holds the end
    of the file. A byte order mark and the end-of-file
    mark of DOS are left out. A line longer than the limit is refused.
    """
    if source.read(3) != b"\xef\xbb\xbf":
        source.seek(0)
    rest, number = b"", 1
    data = source.read(BLOCK_BYTES)
    while more := source.read(BLOCK_BYTES):
        whole, newline, rest = (rest + data).rpartition(b"\n")
        if newline:
            found = _split(decoder.decode(whole), number)
            yield found
            number += len(found)
        if len(rest) > LIMITS.line_bytes:
            raise LimitExceeded(f"the line is longer than {LIMITS.line_bytes} bytes", place=f"line {number}")
        data = more
    yield _split(decoder.decode((rest + data).rstrip(b"\x1a")), number)


def _split(text: str, number: int) -> list[str]:
    lines = text.replace("\r\n", "\n").removesuffix("\r").split("\n")
    if len(text) > LIMITS.line_bytes and max(map(len, lines)) > LIMITS.line_bytes:
        at = next(at for at, line in enumerate(lines) if len(line) > LIMITS.line_bytes)
        raise LimitExceeded(f"the line is longer than {LIMITS.line_bytes} bytes", place=f"line {number + at}")
    return lines


class Block:
    """Lines of one kind as a matrix of characters, read by the columns of a Record."""

    def __init__(self, record: Record, lines: Sequence[str]) -> None:
        width = record.width
        if set(map(len, lines)) != {width}:
            lines = [line[:width].ljust(width) for line in lines]
        points = np.frombuffer("".join(lines).encode("utf-32-le"), np.uint32)
        self._points = points.reshape(len(lines), width)
        self._record = record

    def slab(self, name: str) -> npt.NDArray[np.uint32]:
        """Return the characters of one field, a row per line."""
        field = self._record.by_name[name]
        return self._points[:, field.first - 1 : field.last]

    def text(self, name: str) -> pa.Array:
        """Return a field as strings without surrounding blanks, null where nothing is left."""
        return _null_if_empty(pc.utf8_trim_whitespace(_strings(self.slab(name))))

    def symbol(self, name: str) -> pa.Array:
        """Return a field as strings without blanks and leading zeros, null where nothing is left."""
        slab = self.slab(name)
        if np.isin(slab, (ord("0"), ord(" "))).all():
            return pa.nulls(len(slab), pa.string())
        trimmed = pc.utf8_trim_whitespace(_strings(slab))
        return _null_if_empty(pc.utf8_ltrim(trimmed, "0"))

    def number(self, name: str) -> tuple[Ints, Bools]:
        """Return a field of digits as numbers and whether each is one (0 where it is not)."""
        return digits_to_numbers(self.slab(name))

    def day(self, name: str) -> tuple[npt.NDArray[np.int32], Bools]:
        """Return a DDMMYY field as days since 1970 (NO_DAY for zeros and blanks) and whether each can be read."""
        slab = self.slab(name)
        empty = np.isin(slab, (ord("0"), ord(" "))).all(axis=1)
        value, good = digits_to_numbers(slab)
        days = _days_by_ddmmyy()[value]
        days[~good | empty] = NO_DAY
        return days, empty | (good & (days != NO_DAY))


def digits_to_numbers(slab: npt.NDArray[np.uint32]) -> tuple[Ints, Bools]:
    """Return the decimal numbers in rows of up to 18 characters, and whether all characters are digits."""
    digits = slab - np.uint32(ord("0"))  # characters below "0" wrap around to large numbers
    good: Bools = (digits < 10).all(axis=1)
    value = np.zeros(len(slab), np.int64)
    for column in digits.T:
        value *= 10
        value += column
    value[~good] = 0
    return value, good


@cache
def _days_by_ddmmyy() -> npt.NDArray[np.int32]:
    """Return days since 1970 by the number DDMMYY, NO_DAY where the day does not exist."""
    table = np.full(1_000_000, NO_DAY, np.int32)
    first, last = date(1900 + CENTURY_PIVOT, 1, 1), date(1999 + CENTURY_PIVOT, 12, 31)
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        table[day.day * 10_000 + day.month * 100 + day.year % 100] = ordinal - date(1970, 1, 1).toordinal()
    return table


def _strings(slab: npt.NDArray[np.uint32]) -> pa.StringArray:
    rows, width = slab.shape
    if slab.size and slab.max() >= 0x80:
        lengths = 1 + (slab >= 0x80) + (slab >= 0x800).astype(np.int64) + (slab >= 0x10000)
        offsets = np.zeros(rows + 1, np.int32)
        np.cumsum(lengths.sum(axis=1), out=offsets[1:])
        data = slab.tobytes().decode("utf-32-le").encode()
    else:
        offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
        data = slab.astype(np.uint8).tobytes()
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(data))


def _null_if_empty(texts: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def amounts(units: Ints, places: int, good: Bools | None = None) -> pa.Array:
    """Return whole units of 10 ** -places as exact amounts, null where not `good`; |units| < 10 ** 17."""
    values = np.empty((len(units), 2), np.int64)
    np.multiply(units, 10 ** (SCALE - places), out=values[:, 0])
    values[:, 1] = values[:, 0] >> 63  # the upper half of the 128 bits: the sign
    array = pa.Array.from_buffers(AMOUNT, len(units), [None, pa.py_buffer(values)])
    return array if good is None or good.all() else pc.if_else(pa.array(good), array, pa.scalar(None, AMOUNT))


def days(values: npt.NDArray[np.int32]) -> pa.Array:
    """Return days since 1970 as Arrow dates, NO_DAY as null."""
    array = pa.array(values).cast(pa.date32())
    missing = values == NO_DAY
    return pc.if_else(pa.array(missing), pa.scalar(None, pa.date32()), array) if missing.any() else array


def places(line_numbers: Ints) -> pa.Array:
    """Return "line 14" for each line number."""
    return pc.binary_join_element_wise("line", pa.array(line_numbers).cast(pa.string()), " ")
