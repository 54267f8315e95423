"""Single values of OFX: amounts and days as banks write them, and the names that the standard has."""

from __future__ import annotations

import re
from datetime import date

from bankklient_lab.money import PRECISION, SCALE

# Securities transactions: each holds an INVTRAN and, when cash moves, a TOTAL.
# fmt: off
SECURITIES = frozenset((
    "BUYDEBT", "BUYMF", "BUYOPT", "BUYOTHER", "BUYSTOCK", "CLOSUREOPT", "INCOME", "INVEXPENSE", "JRNLFUND",
    "JRNLSEC", "MARGININTEREST", "REINVEST", "RETOFCAP", "SELLDEBT", "SELLMF", "SELLOPT", "SELLOTHER",
    "SELLSTOCK", "SPLIT", "TRANSFER",
))
TYPES = frozenset((
    "CREDIT", "DEBIT", "INT", "DIV", "FEE", "SRVCHG", "DEP", "ATM", "POS", "XFER", "CHECK", "PAYMENT",
    "CASH", "DIRECTDEP", "DIRECTDEBIT", "REPEATPMT", "HOLD", "OTHER",
))
# fmt: on
# A mark that occurs once is the decimal mark; blanks, apostrophes or the other mark may group thousands.
_WRITTEN = re.compile(
    r"(?P<sign>[+-]?) ?(?P<whole>\d+|\d{1,3}(?P<group>[ \u00a0\u202f'.,])\d{3}(?:(?P=group)\d{3})*)"
    r"(?:(?P<mark>[.,])(?P<decimals>\d*))?"
)


def read_amount(text: str) -> str:
    """Return an amount that is not written plainly as a plain decimal, or the code of a finding."""
    found = _WRITTEN.fullmatch(text)
    if not found or (found["group"] and found["group"] == found["mark"]):
        return "bad_amount"
    whole = re.sub(r"\D", "", found["whole"]).lstrip("0") or "0"
    decimals = (found["decimals"] or "").rstrip("0")  # zeros beyond the third decimal say nothing
    if len(decimals) > SCALE:
        return "too_many_decimals"
    if len(whole) > PRECISION - SCALE:
        return "bad_amount"
    return f"{found['sign'].replace('+', '')}{whole}.{decimals or '0'}"


def read_day(start: str) -> tuple[date | None, str]:
    """Return the day and the code of a finding, "" when it is written as OFX says: YYYYMMDD and maybe a time.

    A day alone may also be written DDMMYYYY or DDMMYY.
    """
    digits = start[:8]
    if re.fullmatch(r"\d{8}", digits):
        if (day := _date(digits[:4], digits[4:6], digits[6:])) and day.year >= 1900:
            return day, ""
        if len(start) == 8 and (day := _date(digits[4:], digits[2:4], digits[:2])) and day.year >= 1900:
            return day, "unusual_date"
    elif (short := re.match(r"(\d\d)(\d\d)(\d\d)(?!\d)", digits)) and (
        day := _date(f"20{short[3]}", short[2], short[1])
    ):
        return day, "unusual_date"
    return None, "bad_date"


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
