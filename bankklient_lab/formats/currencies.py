"""ISO 4217 numbers, which GPC and Norma 43 write instead of codes."""

from __future__ import annotations

from functools import cache


@cache
def iso_currency(number: int) -> str | None:
    """Return the ISO 4217 code for its number (203 is CZK), None when it is none."""
    import pycountry

    found = pycountry.currencies.get(numeric=f"{number:03}")
    return found.alpha_3 if found else None


@cache
def iso_number(currency: str) -> int | None:
    """Return the ISO 4217 number of a currency, None when there is no such currency."""
    import pycountry

    found = pycountry.currencies.get(alpha_3=currency)
    return int(found.numeric) if found else None
