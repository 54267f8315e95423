"""Which exchange rates are used, and what an amount is worth by them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

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


def worth(lab: Lab, amount: Decimal, currency: str, target: str, on: date) -> Decimal:
    """Return an amount in `target` by the last rates not after `on`, half up to its minor unit; NoRate."""
    if currency == target:
        return amount
    of_day = "(SELECT p, q FROM rate_fraction($source) WHERE currency = {} AND day <= $on ORDER BY day DESC LIMIT 1)"
    rows = lab.rows(
        f"SELECT f.p * t.q, f.q * t.p FROM {of_day.format('$currency')} f, {of_day.format('$target')} t",  # noqa: S608
        {"currency": currency, "target": target, "on": on, "source": rate_source(lab, target)},
    )
    if not rows:
        raise NoRate(f"there is no rate of {currency} into {target} on or before {on}; {WHAT_TO_DO}")
    exact = Fraction(amount) * rows[0][0] / rows[0][1]
    return to_minor_unit(exact, target)
