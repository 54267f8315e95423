"""Days in bars: how long each is, which there are, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from .formatting import DASH

Period = tuple[date, date]
POINTS_MAX = 500  # of a line, about one for two pixels; more days are thinned out


def unit_for(since: date, until: date) -> str:
    """Return how long the bars of [since, until) are, so that there are a few dozen at most."""
    days = (until - since).days
    return next(
        unit
        for unit, most in (("day", 45), ("week", 200), ("month", 1200), ("quarter", 4000), ("year", 10**6))
        if days <= most
    )


def first_of(day: date, unit: str) -> date:
    """Return the first day of the period that `day` lies in; weeks begin on Monday."""
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[unit]
    return date(day.year, month, 1)


def next_of(first: date, unit: str) -> date:
    """Return the first day of the period after the one that begins on `first`."""
    if unit in ("day", "week"):
        return first + timedelta(days=1 if unit == "day" else 7)
    months = first.year * 12 + first.month - 1 + {"month": 1, "quarter": 3, "year": 12}[unit]
    return date(months // 12, months % 12 + 1, 1)


def all_periods(since: date, until: date, unit: str) -> list[Period]:
    """Return every period that touches [since, until), empty ones too, as half-open ranges."""
    periods, first = [], first_of(since, unit)
    while first < until:
        periods.append((first, next_of(first, unit)))
        first = periods[-1][1]
    return periods


def name_of(period: Period, unit: str) -> str:
    """Return what people call a period."""
    first, last = period[0], period[1] - timedelta(days=1)
    return {
        "day": f"{first:%a} {first.isoformat()}",
        "week": f"{first.isoformat()} {DASH} {last.isoformat()}",
        "month": f"{first:%B %Y}",
        "quarter": f"Q{(first.month + 2) // 3} {first.year}",
        "year": str(first.year),
    }[unit]


def by_key(table: pa.Table, time: str, value: str, times: Sequence[date]) -> dict[str, list[Decimal | None]]:
    """Return key -> value at each of `times` (None where there is none) from a table of time, key, value."""
    place = {moment: at for at, moment in enumerate(times)}
    found: dict[str, list[Decimal | None]] = {}
    columns: list[list[Any]] = [table[name].to_pylist() for name in (time, "key", value)]
    for moment, key, amount in zip(*columns, strict=True):
        if moment in place:
            found.setdefault(key, [None] * len(times))[place[moment]] = amount
    return found


def sampled_days(since: date, until: date) -> list[date]:
    """Return the days of [since, until), evenly thinned to POINTS_MAX; the last is always there."""
    days = (until - since).days
    step = -(-days // POINTS_MAX)
    return [until - timedelta(days=1 + back) for back in range(0, days, step)][::-1]
