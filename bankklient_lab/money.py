"""Exact amounts: DECIMAL(18,3) beside an ISO 4217 currency, never float.

Three decimals hold every currency in use (the dinars have three). Amounts are signed, credit positive.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from bankklient_lab.errors import BadArgument

PRECISION = 18
SCALE = 3
AMOUNT_SQL = f"DECIMAL({PRECISION},{SCALE})"
AMOUNT_MAX = Decimal(10) ** (PRECISION - SCALE) - Decimal(1).scaleb(-SCALE)

# Currencies whose minor unit is not 1/100 (ISO 4217, table A.1); every other one has two decimals.
DECIMALS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def decimals(currency: str) -> int:
    """Return the number of decimals that `currency` is rounded to (0, 2 or 3)."""
    return DECIMALS.get(currency, 2)


def to_minor_unit(value: Fraction, currency: str) -> Decimal:
    """Return a fraction as an amount of a currency, half away from zero to its minor unit."""
    return rounded(value, decimals(currency))


def rounded(value: Fraction, places: int) -> Decimal:
    """Return a fraction with so many decimals, half away from zero."""
    scale: int = 10**places
    whole = (2 * abs(value.numerator) * scale + value.denominator) // (2 * value.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-places)


def exact(value: Decimal) -> Decimal:
    """Return `value` with three decimals; BadArgument when that would lose a digit or overflow."""
    if not value.is_finite() or abs(value) > AMOUNT_MAX:
        raise BadArgument(f"the amount {value} is not between -{AMOUNT_MAX} and {AMOUNT_MAX}")
    quantized = value.quantize(Decimal("0.001"))
    if quantized != value:
        raise BadArgument(f"the amount {value} has more than {SCALE} decimals")
    return quantized


# Digits in groups of three by one mark, or ungrouped; then the other mark and decimals.
_TYPED = re.compile(
    r"[+-]?(?P<whole>\d{1,3}(?:(?P<mark>[.,])\d{3})(?:(?P=mark)\d{3})*|\d+)(?:(?P<point>[.,])(?P<places>\d*))?"
)


def parse_amount(text: str) -> Decimal:
    """Read an amount as people type it: "1 234,50", "1,234.50", "-1234.5"; BadArgument otherwise.

    A single "," or "." before exactly three digits is a decimal mark ("1,234" is one and a bit): only
    what groups and ends in another mark, or groups twice, is read as thousands.
    """
    compact = re.sub(r"[\s\u00a0\u202f']", "", text).replace("\u2212", "-")
    if re.fullmatch(r"[+-]?\d+[.,]\d+", compact):
        return exact(Decimal(compact.replace(",", ".")))
    found = _TYPED.fullmatch(compact)
    if found is None or (found["mark"] and found["mark"] == found["point"]):
        raise BadArgument(f"{text!r} is not an amount; write it like 1234.50")
    whole = re.sub(r"[.,]", "", found["whole"])
    return exact(Decimal(f"{'-' if compact.startswith('-') else ''}{whole}.{found['places'] or '0'}"))
