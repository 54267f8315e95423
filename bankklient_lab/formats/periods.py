"""The period of a statement that names only the days of its balances."""

from __future__ import annotations

from datetime import date, timedelta


def earlier(first: date | None, day: date | None) -> date | None:
    """Return the earlier of two days, of which one or both may be missing."""
    return min((each for each in (first, day) if each), default=None)


def first_day(opening_day: date | None, first_entry: date | None, last_day: date | None) -> date | None:
    """Return the first day of a period: the one after the old balance, or that of an earlier entry."""
    after_opening = opening_day + timedelta(days=1) if opening_day else None
    return earlier(earlier(after_opening, first_entry), last_day)
