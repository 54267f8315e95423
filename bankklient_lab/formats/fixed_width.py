"""Fields of fixed width, of many lines at once: a matrix of characters, read column by column."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.formats.columns import NO_DAY, null_where
from bankklient_lab.formats.records import CENTURY_PIVOT, Record
from bankklient_lab.formats.spans import Bools, Ints
from bankklient_lab.formats.texts import null_if_empty


class FixedWidth:
    """Lines of one kind as a matrix of characters, read by the columns of a Record."""

    def __init__(self, record: Record, points: npt.NDArray[Any]) -> None:
        self._record = record
        self._points = points

    def slab(self, name: str) -> npt.NDArray[Any]:
        """Return the characters of one field, a row per line."""
        field = self._record.by_name[name]
        return self._points[:, field.first - 1 : field.last]

    def text(self, name: str) -> pa.Array:
        """Return a field as strings without surrounding blanks, null where nothing is left."""
        return null_if_empty(pc.utf8_trim_whitespace(_strings(self.slab(name))))

    def padded(self, name: str) -> pa.Array:
        """Return a field as strings with all its blanks."""
        return _strings(self.slab(name))

    def symbol(self, name: str) -> pa.Array:
        """Return a field as strings without blanks and leading zeros, null where nothing is left."""
        slab = self.slab(name)
        if _only(slab, "0 ").all():
            return pa.nulls(len(slab), pa.string())
        return null_if_empty(pc.utf8_ltrim(pc.utf8_trim_whitespace(_strings(slab)), "0"))

    def digits(self, name: str) -> pa.Array:
        """Return a field as it is written, null where it is zeros and blanks."""
        slab = self.slab(name)
        empty = _only(slab, "0 ")
        return null_where(empty, pc.utf8_trim_whitespace(_strings(slab)))

    def number(self, name: str) -> tuple[Ints, Bools]:
        """Return a field of digits as numbers and whether each is one (0 where it is not)."""
        return digits_to_numbers(self.slab(name))

    def day(self, name: str) -> tuple[npt.NDArray[np.int32], Bools]:
        """Return a DDMMYY field as days since 1970 (NO_DAY for zeros and blanks) and whether each can be read."""
        slab = self.slab(name)
        value, good = digits_to_numbers(slab)
        days = _days_by_ddmmyy()[value]
        if good.all() and days.min(initial=0) != NO_DAY:
            return days, good
        days[~good] = NO_DAY
        return days, (days != NO_DAY) | _only(slab, "0 ")


def digits_to_numbers(slab: npt.NDArray[Any]) -> tuple[Ints, Bools]:
    """Return the decimal numbers in rows of up to 18 characters, and whether all characters are digits."""
    digits = np.ascontiguousarray(slab.T) - slab.dtype.type(ord("0"))  # below "0" wraps to large numbers
    good: Bools = digits.max(axis=0, initial=0) < 10
    value = np.zeros(len(slab), np.int64)
    for column in digits:
        value *= 10
        value += column
    value[~good] = 0
    return value, good


def _only(slab: npt.NDArray[Any], characters: str) -> Bools:
    """Tell for each row whether it holds no other than these characters."""
    columns = np.ascontiguousarray(slab.T)
    other = columns != ord(characters[0])
    for character in characters[1:]:
        other &= columns != ord(character)
    found: Bools = ~other.any(axis=0)
    return found


@cache
def _days_by_ddmmyy() -> npt.NDArray[np.int32]:
    """Return days since 1970 by the number DDMMYY, NO_DAY where the day does not exist."""
    table = np.full(1_000_000, NO_DAY, np.int32)
    first, last = date(1900 + CENTURY_PIVOT, 1, 1), date(1999 + CENTURY_PIVOT, 12, 31)
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        table[day.day * 10_000 + day.month * 100 + day.year % 100] = ordinal - date(1970, 1, 1).toordinal()
    return table


def _strings(slab: npt.NDArray[Any]) -> pa.StringArray:
    rows, width = slab.shape
    if slab.dtype != np.uint8 and slab.max(initial=0) >= 0x80:
        lengths = 1 + (slab >= 0x80) + (slab >= 0x800).astype(np.int64) + (slab >= 0x10000)
        offsets = np.zeros(rows + 1, np.int32)
        np.cumsum(lengths.sum(axis=1), out=offsets[1:])
        data = slab.tobytes().decode(f"utf-{8 * slab.itemsize}-le").encode()
    else:
        offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
        data = slab.astype(np.uint8).tobytes()
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(data))
