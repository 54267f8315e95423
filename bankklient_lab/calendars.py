"""Days and moments of banks: working days of their calendars, and their hours as instants."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from holidays import HolidayBase

_ONE_DAY = timedelta(days=1)
_MARKETS = {"ECB", "FED", "LSE", "SIX"}  # calendars of payment systems and exchanges; others are of countries


@cache
def _holidays(calendar: str) -> HolidayBase:
    import holidays

    return holidays.financial_holidays(calendar) if calendar in _MARKETS else holidays.country_holidays(calendar)


def is_working(day: date, calendars: Iterable[str]) -> bool:
    """Tell whether a day is no weekend and no holiday of the calendars: countries, or ECB for TARGET and such."""
    return day.weekday() < 5 and not any(day in _holidays(calendar) for calendar in calendars)


def working_from(day: date, calendars: Iterable[str]) -> date:
    """Return the day, or the first working day after it."""
    calendars = tuple(calendars)
    while not is_working(day, calendars):
        day += _ONE_DAY
    return day


def working_after(day: date, calendars: Iterable[str]) -> date:
    """Return the first working day after a day."""
    return working_from(day + _ONE_DAY, calendars)


def months_on(day: date, months: int) -> date:
    """Return the same day some months later, or the last day of that month where it has none such."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


class Hours:
    """The hours of a bank in its zone."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)

    def day(self, at: datetime) -> date:
        """Return the day of an instant in the bank."""
        return at.astimezone(self._zone).date()

    def time(self, at: datetime) -> time_of_day:
        """Return the time of day of an instant in the bank."""
        return at.astimezone(self._zone).time()

    def instant(self, day: date, hour: time_of_day) -> datetime:
        """Return the instant (UTC) of an hour on a day; where clocks change, the earlier of two."""
        return datetime.combine(day, hour, self._zone).astimezone(UTC)
