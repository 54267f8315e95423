"""Many lines at once: text files in blocks, fixed-width fields of all lines as Arrow columns.

Whole columns instead of single values make the fixed-record readers fast; a block bounds the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import LimitExceeded
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.formats.records import CENTURY_PIVOT, Record
from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.formats.spans import Bools, Bytes, Ints, cut
from bankklient_lab.formats.texts import null_if_empty
from bankklient_lab.money import PRECISION, SCALE

BLOCK_BYTES = 2 * 1024**2
NO_DAY = np.iinfo(np.int32).min
UNITS_END = 10 ** (PRECISION - SCALE)  # whole units that fit an amount at any number of decimals


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


def blocks_of_text(source: BinaryIO, decoder: Decoder) -> Iterator[str]:
    """Yield a text file as blocks of whole lines, each with its line end but perhaps the last one of the file.

    A byte order mark and the end-of-file mark of DOS are left out. A line longer than the limit is refused.
    """
    if source.read(3) != b"\xef\xbb\xbf":
        source.seek(0)
    rest, number = b"", 1
    data = source.read(BLOCK_BYTES)
    while more := source.read(BLOCK_BYTES):
        whole, newline, rest = (rest + data).rpartition(b"\n")
        if newline:
            yield decoder.decode(whole + newline)
            number += whole.count(b"\n") + 1
        if len(rest) > LIMITS.line_bytes:
            raise LimitExceeded(f"the line is longer than {LIMITS.line_bytes} bytes", place=f"line {number}")
        data = more
    yield decoder.decode((rest + data).rstrip(b"\x1a"))


def numbered_lines(source: BinaryIO, decoder: Decoder) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, without their ends, with their numbers."""
    number = 0
    for text in blocks_of_text(source, decoder):
        for line in text.removesuffix("\n").split("\n"):
            number += 1
            if len(line) > LIMITS.line_bytes:
                raise LimitExceeded(f"the line is longer than {LIMITS.line_bytes} bytes", place=f"line {number}")
            if line.strip():
                yield number, line.removesuffix("\r")


def blocks_of_records(texts: Iterable[str], starts: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield blocks of whole records and the number of their first line.

    A record is a line that begins with one of `starts` (the commonest first: the last one is looked for) and the
    lines after it that begin otherwise.
    """
    waiting, number = "", 1
    for text in texts:
        cut = -1
        for start in starts:
            cut = max(cut, waiting.rfind("\n" + start, max(cut, 0)))
        cut += 1
        if cut:
            yield waiting[:cut], number
        elif len(waiting) > 2 * BLOCK_BYTES:
            raise LimitExceeded("too many lines belong to one record", place=f"line {number}")
        number += waiting.count("\n", 0, cut)
        waiting = waiting[cut:] + text
    yield waiting, number


class Lines:
    """The lines of a block of text, addressed by their index, without making a text of each."""

    def __init__(self, text: str, first_number: int) -> None:
        self.text = text
        self.first_number = first_number
        self._utf8 = np.frombuffer(text.encode() + b"\n", np.uint8)
        self._utf8_ends = _line_ends(self._utf8)
        self._utf8_starts = _line_starts(self._utf8, self._utf8_ends)
        self._points = self._utf8 if text.isascii() else _code_points(text + "\n")
        self._ends = self._utf8_ends if text.isascii() else _line_ends(self._points)
        self._starts = _line_starts(self._points, self._ends)
        if len(self) and self.lengths.max() > LIMITS.line_bytes:
            at = int(self.lengths.argmax())
            raise LimitExceeded(f"the line is longer than {LIMITS.line_bytes} bytes", place=self.place(at))

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, at: int) -> str:
        return self.text[self._starts[at] : self._ends[at]]

    @property
    def lengths(self) -> Ints:
        """Characters of each line without its end."""
        lengths: Ints = self._ends - self._starts
        return lengths

    def place(self, at: int) -> str:
        """Return the place of a line for a message."""
        return f"line {self.first_number + at}"

    def start_with(self, digits: str) -> Bools:
        """Tell for each line whether it starts with `digits`."""
        found: Bools = self.lengths >= len(digits)
        for at, digit in enumerate(digits):
            found &= self._points[np.minimum(self._starts + at, len(self._points) - 1)] == ord(digit)
        return found

    def block(self, record: Record, rows: Ints) -> Block:
        """Return the lines `rows` as fixed-width records, filled up with blanks."""
        width = record.width
        starts, lengths = self._starts[rows], self.lengths[rows]
        points = self._points
        if len(rows) and starts[-1] + width > len(points):
            points = np.append(points, np.full(width, ord(" "), points.dtype))
        points = np.lib.stride_tricks.sliding_window_view(points, width)[starts]
        for at in np.flatnonzero(lengths < width).tolist() if (lengths < width).any() else ():
            points[at, lengths[at] :] = ord(" ")
        return Block(record, points)

    def strings(self, first: Ints, last: Ints) -> pa.Array:
        """Return the text from the lines `first` to the lines `last` (ascending, no overlap), ends between kept."""
        return cut(self._utf8, self._utf8_starts[first], self._utf8_ends[last])

    def separated(self, first: Ints, last: Ints) -> Separated:
        """Return the lines `first` as fields with commas between them, the last field going on to the lines `last`.

        A slash at the end of a line is left out.
        """
        starts, ends = self._utf8_starts[first], self._without_slash(self._utf8_ends[first])
        return Separated(self._utf8, starts, ends, self._without_slash(self._utf8_ends[last]))

    def _without_slash(self, ends: Ints) -> Ints:
        shorter: Ints = ends - ((ends > 0) & (self._utf8[ends - 1] == ord("/")))
        return shorter

    def end_with_blank(self, rows: Ints) -> Bools:
        """Tell which of the lines `rows`, none of them empty, end with white space."""
        blank: Bools = self._utf8[self._utf8_ends[rows] - 1] <= ord(" ")
        return blank


def _code_points(text: str) -> npt.NDArray[Any]:
    """Return the characters of a text as numbers, of the smallest type that holds them."""
    narrow = text.encode("utf-16-le")
    if len(narrow) == 2 * len(text):
        return np.frombuffer(narrow, np.uint16)
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _line_ends(points: npt.NDArray[Any]) -> Ints:
    """Return where each line ends, before its CRLF or LF; a final line end starts no further line."""
    ends = np.flatnonzero(points == ord("\n"))
    if len(ends) > 1 and ends[-1] == ends[-2] + 1:
        ends = ends[:-1]
    before_cr: Ints = ends - ((ends > 0) & (points[ends - 1] == ord("\r")))
    return before_cr


def _line_starts(points: npt.NDArray[Any], ends: Ints) -> Ints:
    starts = np.zeros(len(ends), np.int64)
    starts[1:] = ends[:-1] + 1 + (points[ends[:-1]] == ord("\r"))
    return starts


class Block:
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


class Separated:
    """Texts of fields with commas between them, read by the columns of the fields (the first is 0)."""

    def __init__(self, utf8: Bytes, starts: Ints, ends: Ints, far_ends: Ints) -> None:
        """Take the texts utf8[start:end], which ascend; the last field goes on to `far_ends` without overlap."""
        self._utf8 = utf8
        self._starts = starts
        self._ends = ends
        self._far_ends = far_ends
        self._order: Ints | None = None  # of the texts in `utf8`, when it is another one
        self._find_commas()

    def _find_commas(self) -> None:
        commas = np.flatnonzero(self._utf8 == ord(","))
        self._first_comma = np.searchsorted(commas, self._starts)
        self._last_comma = np.searchsorted(commas, self._ends)
        self._commas = np.append(commas, len(self._utf8))

    def replace(self, at: Ints, texts: Sequence[str]) -> None:
        """Put other texts in the place of some."""
        pieces = [text.encode() for text in texts]
        lengths = np.array([len(piece) for piece in pieces])
        ends = len(self._utf8) + np.cumsum(lengths)
        self._utf8 = np.concatenate([self._utf8, np.frombuffer(b"".join(pieces), np.uint8)])
        self._starts, self._ends, self._far_ends = self._starts.copy(), self._ends.copy(), self._far_ends.copy()
        self._starts[at], self._ends[at], self._far_ends[at] = ends - lengths, ends, ends
        self._order = np.argsort(self._starts, kind="stable")
        self._find_commas()

    @property
    def fields(self) -> Ints:
        """How many fields each text has."""
        counts: Ints = self._last_comma - self._first_comma + 1
        return counts

    def is_one_of(self, at: int, characters: str) -> Bools:
        """Tell for each text with a field `at` whether it is one of these single characters."""
        start, end = self._bounds(at)
        character = self._utf8[np.minimum(start, len(self._utf8) - 1)]
        found: Bools = np.zeros(len(start), np.bool_)
        for wanted in characters:
            found |= character == ord(wanted)
        found &= end - start == 1
        return found

    def text(self, at: int | Ints, *, to_the_end: bool = False) -> pa.Array:
        """Return the field `at` (one for each text, or the same in all), or all from there to the far end."""
        start, end = self._bounds(at)
        end = self._far_ends if to_the_end else end
        if self._order is None:
            return cut(self._utf8, start, end)
        return cut(self._utf8, start[self._order], end[self._order]).take(pa.array(np.argsort(self._order)))

    def _bounds(self, at: int | Ints) -> tuple[Ints, Ints]:
        """Return where a field starts and ends; a missing one is empty at the end of the text."""
        index = self._first_comma + at
        end = np.where(index < self._last_comma, self._commas[np.minimum(index, len(self._commas) - 1)], self._ends)
        before = self._commas[np.minimum(index, len(self._commas)) - 1] + 1
        missing = index > self._last_comma
        start = np.where(missing, self._ends, np.where(index == self._first_comma, self._starts, before))
        return start, end


def null_where(missing: Bools, array: pa.Array) -> pa.Array:
    """Return an array with null where `missing`."""
    return pc.if_else(pa.array(missing), pa.scalar(None, array.type), array) if missing.any() else array


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


def amounts(units: Ints, places: int | Ints, good: Bools | None = None) -> pa.Array:
    """Return whole units of 10 ** -places as exact amounts, null where not `good`; |units| < UNITS_END."""
    values = np.empty((len(units), 2), np.int64)
    np.multiply(units, 10 ** (SCALE - places), out=values[:, 0])
    values[:, 1] = values[:, 0] >> 63  # the upper half of the 128 bits: the sign
    array = pa.Array.from_buffers(AMOUNT, len(units), [None, pa.py_buffer(values)])
    return array if good is None else null_where(~good, array)


def days(values: npt.NDArray[np.int32]) -> pa.Array:
    """Return days since 1970 as Arrow dates, NO_DAY as null."""
    return null_where(values == NO_DAY, pa.array(values).cast(pa.date32()))


def places(line_numbers: Ints) -> pa.Array:
    """Return "line 14" for each line number."""
    return pc.binary_join_element_wise("line", pa.array(line_numbers).cast(pa.string()), " ")


def exact_sum(values: Ints) -> int:
    """Return the sum without the overflow of 64 bits."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
