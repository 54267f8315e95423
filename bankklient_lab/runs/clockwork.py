"""When a schedule is due: cron expressions in a time zone, and what relative parameters mean on that day.

A local time that the clock skips in spring is due at the moment of the jump; one that comes twice in autumn is due
the first time only. Times of a schedule that fall on one instant are due once.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bankklient_lab.errors import BadArgument

# Minute, hour, day of the month, month, day of the week; names of months and days, lists, ranges, steps, L, and #.
_FIELD = re.compile(r"[0-9A-Za-z*,/#?-]+")
_RANDOM = re.compile(r"[RrHh]($|[(/])")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def time_zone(name: str) -> ZoneInfo:
    """Return the zone of a name such as Europe/Prague; BadArgument when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadArgument(f"{name!r} is no time zone; write it like Europe/Prague or UTC") from None


def check_cron(cron: str) -> str:
    """Return the cron expression with single spaces; BadArgument when it has no five right fields or is never due."""
    from croniter import CroniterError, croniter

    fields = cron.split()
    if len(fields) != 5 or not all(map(_FIELD.fullmatch, fields)) or any(map(_RANDOM.match, fields)):
        raise BadArgument(
            f"{cron!r} is no cron expression: five fields are needed (minute, hour, day, month, day of the week), "
            "such as '0 6 1 * *' for 06:00 on the first of each month"
        )
    try:
        croniter(" ".join(fields), datetime(2000, 1, 1)).get_next(datetime)
    except (CroniterError, ValueError, KeyError) as error:
        raise BadArgument(f"{cron!r} is no cron expression ({str(error).splitlines()[0]})") from None
    return " ".join(fields)


def due_after(cron: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the instants (UTC) at which the expression is due, later than `after`, in order, without end."""
    from croniter import croniter

    last = after
    # An hour earlier on the clock, so that what a jump moves is not missed; `last` sorts out what is not later.
    times = croniter(cron, after.astimezone(zone).replace(tzinfo=None) - timedelta(hours=3))
    while True:
        instant = instant_of(times.get_next(datetime), zone)
        if instant > last:
            last = instant
            yield instant


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a local time: of two the first; for a skipped one the moment of the jump."""
    before_jump = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if before_jump.astimezone(zone).replace(tzinfo=None) == local:
        return before_jump
    earlier = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    offset = before_jump.astimezone(zone).utcoffset()
    seconds = range(int((before_jump - earlier).total_seconds()) + 1)
    jump = bisect_left(
        seconds, True, key=lambda second: (earlier + timedelta(seconds=second)).astimezone(zone).utcoffset() == offset
    )
    return earlier + timedelta(seconds=jump)


PLACEHOLDERS: dict[str, tuple[str, Callable[[date], str]]] = {
    "today": ("day of the due time, 2026-11-02", date.isoformat),
    "yesterday": ("the day before", lambda day: (day - timedelta(days=1)).isoformat()),
    "previous_workday": ("last Monday to Friday before it", lambda day: _previous_workday(day).isoformat()),
    "month": ("month of the due time, 2026-11", lambda day: f"{day:%Y-%m}"),
    "previous_month": ("the month before", lambda day: f"{_month_end(day):%Y-%m}"),
    "previous_month_end": ("last day of the month before", lambda day: _month_end(day).isoformat()),
    "year": ("year of the due time", lambda day: f"{day.year:04}"),
    "previous_year": ("the year before", lambda day: f"{day.year - 1:04}"),
}


def _month_end(day: date) -> date:
    return day.replace(day=1) - timedelta(days=1)


def _previous_workday(day: date) -> date:
    return day - timedelta(days={0: 3, 6: 2}.get(day.weekday(), 1))


def expanded(text: str, day: date) -> str:
    """Return `text` with each {placeholder} as of `day`, the local day of a due time; BadArgument for unknown ones."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in PLACEHOLDERS:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise BadArgument(f"unknown placeholder {found[0]}; known are {known}")
        return PLACEHOLDERS[found[1]][1](day)

    return _PLACEHOLDER.sub(value, text)
