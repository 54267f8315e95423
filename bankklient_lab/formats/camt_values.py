"""Values of camt messages: amounts and days as they are written, one by one or a whole column at once.

What can't be read exactly is null and a finding. Trailing zeros are no decimals ("5442.09000" is exact).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.formats.schema import AMOUNT

Report = Callable[[int, str, str], None]  # row of the column, code of the finding, value

_EXACT = r"^(0*[0-9]{1,15}(\.([0-9]{0,3}0*))?|\.[0-9]{1,3}0*)$"
_EXACT_TEXT = re.compile(_EXACT, re.ASCII)
_DECIMAL_TEXT = re.compile(r"0*[0-9]{0,15}\.[0-9]+", re.ASCII)
_DAY = r"^[12][0-9]{3}-[01][0-9]-[0-3][0-9]($|[TZ+-])"
_DAY_TEXT = re.compile(_DAY, re.ASCII)


def exact_amount(text: str) -> Decimal | str:
    """Return an unsigned amount, or the code of the finding that says why it can't be read exactly."""
    text = text.strip()
    if _EXACT_TEXT.match(text):
        return Decimal(text)
    return "too_many_decimals" if _DECIMAL_TEXT.fullmatch(text) else "bad_amount"


def exact_day(text: str) -> date | None:
    """Return the day of a date or of a date and time as its bank says it, None when there is no such day."""
    text = text.strip()
    try:
        return date.fromisoformat(text[:10]) if _DAY_TEXT.match(text) else None
    except ValueError:
        return None


def amounts(texts: Sequence[str | None], report: Report) -> pa.Array:
    """Return a column of unsigned amounts."""
    column = pc.utf8_trim_whitespace(pa.array(texts, pa.string()))
    exact = pc.match_substring_regex(column, _EXACT)
    if pc.all(exact).as_py() is False:
        for row in pc.indices_nonzero(pc.invert(exact)).to_pylist():
            text = texts[row] or ""
            report(row, str(exact_amount(text)), text)
        column = pc.if_else(exact, column, None)
    return column.cast(AMOUNT)


def days(texts: Sequence[str | None], report: Report) -> pa.Array:
    """Return a column of days."""
    column = pc.utf8_trim_whitespace(pa.array(texts, pa.string()))
    try:
        if pc.all(pc.match_substring_regex(column, _DAY)).as_py() is not False:
            return pc.utf8_slice_codeunits(column, 0, 10).cast(pa.date32())
    except pa.ArrowInvalid:  # a day such as 30 February: look at them one by one
        pass
    found: list[date | None] = []
    for row, text in enumerate(texts):
        day = None if text is None else exact_day(text)
        if text is not None and day is None:
            report(row, "bad_date", text)
        found.append(day)
    return pa.array(found, pa.date32())


def signed(amount: pa.Array, debit: Sequence[bool]) -> pa.Array:
    """Return unsigned amounts with the sign of their side, credit positive."""
    return pc.if_else(pa.array(debit, pa.bool_()), pc.negate(amount), amount)
