"""Money markets of currencies: whose holidays they keep, how days count, their interest (money_markets.csv)."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import NamedTuple

from bankklient_lab.codebooks import rows
from bankklient_lab.errors import UnknownName


class Market(NamedTuple):
    """The market of a currency.

    `calendar` is that of calendars.is_working; interest counts actual days over `days_of_year`, in percent a year.
    """

    calendar: str
    days_of_year: int
    interest: Decimal


@cache
def markets() -> dict[str, Market]:
    """Return the markets by currency."""
    return {
        row["currency"]: Market(row["calendar"], int(row["days_of_year"]), Decimal(row["interest"]))
        for row in rows("money_markets")
    }


def market(currency: str) -> Market:
    """Return the market of a currency; UnknownName."""
    if currency not in markets():
        raise UnknownName("currency of a money market", currency[:3], f"there are {', '.join(markets())}")
    return markets()[currency]
