"""The lines of a block of text as positions, from which whole columns of fields are cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bankklient_lab.errors import LimitExceeded
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.formats.fixed_width import FixedWidth
from bankklient_lab.formats.records import Record
from bankklient_lab.formats.separated import Separated
from bankklient_lab.formats.spans import Bools, Ints, cut


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

    def block(self, record: Record, rows: Ints) -> FixedWidth:
        """Return the lines `rows` as fixed-width records, filled up with blanks."""
        width = record.width
        starts, lengths = self._starts[rows], self.lengths[rows]
        points = self._points
        if len(rows) and starts[-1] + width > len(points):
            points = np.append(points, np.full(width, ord(" "), points.dtype))
        points = np.lib.stride_tricks.sliding_window_view(points, width)[starts]
        for at in np.flatnonzero(lengths < width).tolist() if (lengths < width).any() else ():
            points[at, lengths[at] :] = ord(" ")
        return FixedWidth(record, points)

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
