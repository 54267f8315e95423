"""Variants of time deposits: lengths, least amounts, rates and penalties (data/codebooks/deposit_rates.csv)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from bankklient_lab.calendars import months_on
from bankklient_lab.codebooks import rows
from bankklient_lab.codebooks.money_markets import market
from bankklient_lab.errors import UnknownName
from bankklient_lab.money import decimals

RENEWED = "revolving"
TO_ACCOUNT, TO_DEPOSIT = "current account", "time deposit"
REGULAR, EARLY = "regular at next renewal", "early with penalty"


@dataclass(frozen=True, slots=True)
class Offer:
    """A rate in percent a year from an amount on, and the penalty in percent a year for the days that are left."""

    length: str
    amount_from: Decimal
    rate: Decimal
    penalty: Decimal


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant of deposits."""

    name: str
    renewal: str
    currency: str
    offers: tuple[Offer, ...]

    @property
    def lengths(self) -> tuple[str, ...]:
        """The lengths that it has, the shortest first."""
        return tuple(dict.fromkeys(offer.length for offer in self.offers))

    def least(self, length: str) -> Decimal:
        """Return the least amount of a length."""
        return min(offer.amount_from for offer in self.offers if offer.length == length)


@cache
def variants() -> dict[str, Variant]:
    """Return all variants by name."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for row in rows("deposit_rates"):
        found.setdefault(row["variant"], []).append(row)
    return {
        name: Variant(
            name, of[0]["renewal"], of[0]["currency"],
            tuple(
                Offer(row["length"], Decimal(row["amount_from"]), Decimal(row["rate"]), Decimal(row["penalty"]))
                for row in of
            ),
        )
        for name, of in found.items()
    }  # fmt: skip


def variant_named(name: str) -> Variant:
    """Return a variant; UnknownName."""
    if name not in variants():
        raise UnknownName("variant of deposits", name[:40], f"there are {', '.join(variants())}")
    return variants()[name]


def rate_of(variant: Variant, length: str, amount: Decimal) -> Offer | None:
    """Return the offer for an amount: of the length's those that it reaches the highest; None where it reaches none."""
    reached = [offer for offer in variant.offers if offer.length == length and offer.amount_from <= amount]
    return max(reached, key=lambda offer: offer.amount_from, default=None)


def ends_on(begin: date, length: str) -> date:
    """Return the day on which a period of a length ends that begins on a day; working days are not looked at."""
    number, unit = length.split()
    return begin + timedelta(days=int(number)) if unit.startswith("day") else months_on(begin, int(number))


def interest(amount: Decimal, rate: Decimal, begin: date, end: date, currency: str) -> Decimal:
    """Return the interest of [begin, end): actual days over the currency's year, half up to its minor unit."""
    days = (end - begin).days
    exact = amount * rate * days / (100 * market(currency).days_of_year)
    return exact.quantize(Decimal(1).scaleb(-decimals(currency)), ROUND_HALF_UP)
