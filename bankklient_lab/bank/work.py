"""What every part of the bank's work is given: its store, its parameters and the moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple

from bankklient_lab.bank.parameters import Parameters
from bankklient_lab.bank.store import Store
from bankklient_lab.calendars import Hours, is_working, working_after


class Source(NamedTuple):
    """Where orders came from: the batch of a client with its name "type/rrrrnnnn", or a standing order with its own.

    `point` None: a customer without this channel, who gives orders at a branch.
    """

    point: int | None
    batch: str
    priority: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """One moment of the bank; `at` is an instant (UTC)."""

    store: Store
    parameters: Parameters
    hours: Hours
    at: datetime

    @property
    def day(self) -> date:
        """The bank's day."""
        return self.hours.day(self.at)

    @property
    def time(self) -> time:
        """The bank's time of day."""
        return self.hours.time(self.at)

    @property
    def calendars(self) -> tuple[str, ...]:
        """Whose holidays the bank keeps."""
        return (self.parameters.calendar,)

    @property
    def ends_month(self) -> bool:
        """Whether the day is the last working day of its month."""
        return working_after(self.day, self.calendars).month != self.day.month

    @property
    def ends_week(self) -> bool:
        """Whether the day is the last working day of its week."""
        return working_after(self.day, self.calendars).isocalendar()[:2] != self.day.isocalendar()[:2]

    def is_open(self, at: datetime) -> bool:
        """Tell whether orders are processed at an instant: on a working day, outside the night window."""
        p = self.parameters
        return is_working(self.hours.day(at), self.calendars) and p.day_start <= self.hours.time(at) < p.night_start

    def open_from(self, at: datetime) -> datetime:
        """Return the instant, or the first one after it at which orders are processed."""
        if self.is_open(at):
            return at
        day, p = self.hours.day(at), self.parameters
        if not (is_working(day, self.calendars) and self.hours.time(at) < p.day_start):
            day = working_after(day, self.calendars)
        return self.hours.instant(day, p.day_start)
