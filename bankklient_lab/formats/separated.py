"""Fields with commas between them, of many lines at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from bankklient_lab.formats.spans import Bools, Bytes, Ints, cut


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
