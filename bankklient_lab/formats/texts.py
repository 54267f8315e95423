"""Whole columns of text turned into amounts, days and clean texts: Arrow kernels, no loop over rows.

What can't be read becomes null; the caller finds those places by comparing with the text.
"""

from __future__ import annotations

import re
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.formats.schema import AMOUNT

# Blanks that group thousands: space, no-break space, narrow no-break space; and apostrophes.
_BLANKS = " \u00a0\u202f"
_GROUPS = _BLANKS + "'\u2019"
_RUNS = (b"  ", b"\t", b"\n", b"\r", b"\v", b"\f")
_CURRENCY_SIGNS = "\u00a3\u20ac$"
_DAYS_REMEMBERED = 100_000


def blank(texts: pa.Array) -> pa.Array:
    """Tell for each text whether it is null or nothing but white space."""
    return pc.fill_null(pc.equal(pc.utf8_trim_whitespace(texts), ""), True)


def clean_texts(texts: pa.Array) -> pa.Array:
    """Return texts trimmed, runs of white space as one space, null where nothing is left."""
    trimmed = pc.utf8_trim_whitespace(texts)
    if _has_runs(trimmed):
        trimmed = pc.replace_substring_regex(trimmed, r"\s+", " ")
    return null_if_empty(trimmed)


def _has_runs(trimmed: pa.Array) -> bool:
    """Tell whether some text has white space other than single spaces.

    A look at the bytes of all texts at once costs a tenth of a kernel that looks at each; as no text begins or
    ends with white space, what two neighbours make together can't deceive.
    """
    data = trimmed.buffers()[2]
    together = data.to_pybytes() if data else b""
    return any(run in together for run in _RUNS)


def null_if_empty(texts: pa.Array) -> pa.Array:
    """Return the texts with null for each empty one."""
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def symbols(texts: pa.Array) -> pa.Array:
    """Return payment symbols without leading zeros, null where empty or zero."""
    return null_if_empty(pc.ascii_ltrim(pc.utf8_trim_whitespace(texts), characters="0"))


def amounts(texts: pa.Array, decimal_mark: str) -> tuple[pa.Array, pa.Array]:
    """Read amounts: (values, too_long).

    Values are null where the text is blank or no amount, or has a digit beyond the third decimal; `too_long`
    is true for the last kind. Thousands may be grouped by blanks, apostrophes or the other mark, in threes; a
    sign may stand before or behind, a currency sign before the digits.
    """
    texts = pc.utf8_trim_whitespace(texts)
    if (plain := _plain(texts, decimal_mark)) is not None:
        return null_if_empty(plain).cast(AMOUNT), pa.repeat(pa.scalar(False), len(texts))
    other = "," if decimal_mark == "." else "."
    dot = re.escape(decimal_mark)
    bare = pc.replace_substring_regex(
        texts, f"[{_BLANKS}{_CURRENCY_SIGNS}]*([-+\u2212]?)[{_BLANKS}{_CURRENCY_SIGNS}]*(.*)", r"\1\2"
    )
    bare = pc.replace_substring(bare, "\u2212", "-")
    bare = pc.replace_substring_regex(bare, r"^([^-+].*)([-+])$", r"\2\1")
    group = f"[{_GROUPS}{re.escape(other)}]"
    shape = rf"^[-+]?(\d+|\d{{1,3}}({group}\d{{3}})+)({dot}\d*)?$"
    good = pc.fill_null(pc.match_substring_regex(bare, shape), False)
    plain = pc.replace_substring(pc.replace_substring_regex(bare, group, ""), decimal_mark, ".")
    plain = pc.replace_substring_regex(plain, r"(\.\d*?)0*$", r"\1")  # zeros beyond the third decimal say nothing
    too_long = pc.and_(good, pc.fill_null(pc.match_substring_regex(plain, r"\.\d{4,}$|\d{16,}(\.|$)"), False))
    kept = pc.if_else(pc.and_(good, pc.invert(too_long)), plain, pa.scalar(None, pa.string()))
    return kept.cast(AMOUNT), too_long


def _plain(texts: pa.Array, decimal_mark: str) -> pa.Array | None:
    """Return the texts with a decimal point when none is grouped, marked or bad: the common case, read at once."""
    if decimal_mark == ",":
        if pc.any(pc.match_substring(texts, ".")).as_py():
            return None
        texts = pc.replace_substring(texts, ",", ".")
    fits = pc.match_substring_regex(texts, r"^(?:[-+]?\d{1,15}(?:\.\d{1,3})?)?$")
    return texts if pc.all(fits).as_py() is not False else None


class Days:
    """Reads days in some strptime forms; each different text is read once."""

    def __init__(self, forms: tuple[str, ...], chars: int = 0) -> None:
        self._forms = forms
        self._chars = chars
        self._known: dict[str, date | None] = {}

    def column(self, texts: pa.Array) -> pa.Array:
        """Return the days of a column of texts, null where a text is blank or no day."""
        texts = pc.utf8_trim_whitespace(texts)
        if self._chars:
            texts = pc.utf8_slice_codeunits(texts, 0, self._chars)
        encoded = texts.dictionary_encode()
        if len(self._known) > _DAYS_REMEMBERED:
            self._known.clear()
        days = pa.array([self.day(text) for text in encoded.dictionary.to_pylist()], pa.date32())
        return days.take(encoded.indices)

    def day(self, text: str) -> date | None:
        """Return the day that a text says, None when it says none."""
        if text not in self._known:
            self._known[text] = self._read(text)
        return self._known[text]

    def _read(self, text: str) -> date | None:
        for form in self._forms:
            try:
                return datetime.strptime(text, form).date()
            except ValueError:
                continue
        return None
