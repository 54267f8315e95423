"""When a standing order pays: by its validity, its period and its last payment; the days are calendar days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from bankklient_lab.calendars import is_working, months_on, working_after
from bankklient_lab.codebooks.services import as_amount, as_day

# Which frequencies a period has.
FREQUENCIES = {"day": (7, 10), "month": (1, 2, 3, 6, 12)}
DEADLINE = time(19, 30)  # for what is to be valid from the next working day


class Due(NamedTuple):
    """A payment of a standing order."""

    day: date
    amount: Decimal


def earliest_valid_from(day: date, at: time, calendars: Iterable[str]) -> date:
    """Return the first day from which an order that comes to the bank at a time of a day can be valid (SRV-129)."""
    calendars = tuple(calendars)
    following = working_after(day, calendars)
    return following if is_working(day, calendars) and at < DEADLINE else working_after(following, calendars)


def payments(items: dict[str, str], since: date, until: date) -> Iterator[Due]:
    """Yield the payments of a standing order in [since, until).

    The last payment has a day of its own, and may have another amount. In a month without the specific day its last day
    stands for it.
    """
    first, last, amount = as_day(items["valid_from"]), as_day(items.get("last_payment")), as_amount(items["amount"])
    assert first is not None
    assert amount is not None
    for day in _days(first, items["period"], int(items["frequency"])):
        if day >= until or (last is not None and day >= last):
            break
        if day >= since:
            yield Due(day, amount)
    if last is not None and since <= last < until:
        yield Due(last, as_amount(items.get("last_amount")) or amount)


def _days(first: date, period: str, frequency: int) -> Iterator[date]:
    step = 0
    while True:
        try:
            day = months_on(first, step * frequency) if period == "month" else first + timedelta(step * frequency)
        except (OverflowError, ValueError):  # after the year 9999
            return
        yield day
        step += 1
