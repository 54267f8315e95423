"""Which exchange rates are used, and what an amount is worth by them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from bankklient_lab.errors import NoRate
from bankklient_lab.lab import Lab
from bankklient_lab.money import to_minor_unit

WHAT_TO_DO = "import rates of the CNB or the ECB"


def rate_source(lab: Lab, target: str) -> str:
    """Return the source of rates for `target`: CNB, ECB, or the bank with the newest ones; "" when none has it.

    Raises NoRate when, besides, no account is held in `target`: then nothing could be converted.
    """
    rows = lab.rows(
        "SELECT source FROM live_rate() WHERE currency = $c OR base = $c"
        " GROUP BY source ORDER BY source = 'CNB' DESC, source = 'ECB' DESC, max(day) DESC, source LIMIT 1",
        {"c": target},
    )
    if rows:
        return str(rows[0][0])
    held = {row[0] for row in lab.rows("SELECT DISTINCT currency FROM ops.account")}
    if target in held or not held:
        return ""
    raise NoRate(f"there are no exchange rates for {target}; {WHAT_TO_DO}")


class Conversion(NamedTuple):
    """How a currency is converted: `rate` is exact, `day` that of the older rate used (None: none was needed)."""

    rate: Fraction
    day: date | None
    source: str


def conversion_of(lab: Lab, currency: str, target: str, on: date) -> Conversion:
    """Return how `currency` becomes `target` by the last rates not after `on`; NoRate."""
    if currency == target:
        return Conversion(Fraction(1), None, "")
    source = rate_source(lab, target)
    of_day = "(SELECT * FROM rate_fraction($source) WHERE currency = {} AND day <= $on ORDER BY day DESC LIMIT 1)"
    rows = lab.rows(
        f"SELECT f.p * t.q, f.q * t.p, list_min(list_filter([f.day, t.day], lambda x: year(x) > 1))"  # noqa: S608
        f" FROM {of_day.format('$currency')} f, {of_day.format('$target')} t",
        {"currency": currency, "target": target, "on": on, "source": source},
    )
    if not rows:
        raise NoRate(f"there is no rate of {currency} into {target} on or before {on}; {WHAT_TO_DO}")
    over, under, day = rows[0]
    return Conversion(Fraction(over, under), day, source)


def worth(lab: Lab, amount: Decimal, currency: str, target: str, on: date) -> Decimal:
    """Return an amount in `target` by the last rates not after `on`, half up to its minor unit; NoRate."""
    return to_minor_unit(Fraction(amount) * conversion_of(lab, currency, target, on).rate, target)
