"""Due times over jumps of the clock and ends of months; what placeholders mean."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from bankklient_lab.errors import BadArgument
from bankklient_lab.runs.clockwork import PLACEHOLDERS, check_cron, due_after, expanded, instant_of, time_zone
from bankklient_lab.runs.tools import as_day, as_month

PRAGUE = ZoneInfo("Europe/Prague")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# In Prague the clock jumps on 2026-03-29 from 02:00 to 03:00 (01:00 UTC) and falls on 2026-10-25 from 03:00 to 02:00.
@pytest.mark.parametrize(
    ("cron", "after", "due"),
    [
        ("30 6 * * *", "2026-03-28 00:00", ["2026-03-28 05:30", "2026-03-29 04:30", "2026-03-30 04:30"]),
        ("30 2 * * *", "2026-03-28 00:00", ["2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"]),
        ("0 * * * *", "2026-03-28 23:30", ["2026-03-29 00:00", "2026-03-29 01:00", "2026-03-29 02:00"]),
        ("*/20 2 * * *", "2026-03-29 00:00", ["2026-03-29 01:00", "2026-03-30 00:00", "2026-03-30 00:20"]),
        ("30 2 * * *", "2026-10-24 00:00", ["2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"]),
        ("30 2 * * *", "2026-10-25 00:30", ["2026-10-26 01:30", "2026-10-27 01:30", "2026-10-28 01:30"]),
        ("0 * * * *", "2026-10-24 23:30", ["2026-10-25 00:00", "2026-10-25 02:00", "2026-10-25 03:00"]),
        ("30 6 * * *", "2026-10-24 00:00", ["2026-10-24 04:30", "2026-10-25 05:30", "2026-10-26 05:30"]),
        ("0 6 31 * *", "2026-01-01 00:00", ["2026-01-31 05:00", "2026-03-31 04:00", "2026-05-31 04:00"]),
        ("0 6 L * *", "2026-01-31 06:00", ["2026-02-28 05:00", "2026-03-31 04:00", "2026-04-30 04:00"]),
        ("0 6 29 2 *", "2026-01-01 00:00", ["2028-02-29 05:00", "2032-02-29 05:00", "2036-02-29 05:00"]),
        ("0 0 1 1 *", "2026-12-31 22:59", ["2026-12-31 23:00", "2027-12-31 23:00", "2028-12-31 23:00"]),
        ("0 6 * * mon-fri", "2026-11-20 05:00", ["2026-11-23 05:00", "2026-11-24 05:00", "2026-11-25 05:00"]),
    ],
)
def test_due_times(cron: str, after: str, due: list[str]) -> None:
    found = list(islice(due_after(check_cron(cron), PRAGUE, utc(after)), len(due)))
    assert found == [utc(text) for text in due]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Prague", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
@pytest.mark.parametrize("start", ["2026-03-05 00:00", "2026-10-02 00:00"])
def test_quarter_hours_over_jumps_are_in_order_and_never_twice(zone: str, start: str) -> None:
    found = list(islice(due_after("*/15 * * * *", ZoneInfo(zone), utc(start)), 32 * 96))
    assert all(earlier < later for earlier, later in pairwise(found))


def test_the_moment_of_a_jump_is_exact() -> None:
    half_hour_jump = instant_of(datetime(2026, 10, 4, 2, 10), ZoneInfo("Australia/Lord_Howe"))
    assert half_hour_jump == utc("2026-10-03 15:30")


@pytest.mark.parametrize(
    "cron", ["", "* * * *", "* * * * * *", "60 6 * * *", "0 6 31 2 *", "@daily", "R * * * *", "H 6 * * *", "0 6 * * x"]
)
def test_what_is_no_cron_expression_is_refused(cron: str) -> None:
    with pytest.raises(BadArgument, match="is no cron expression") as refusal:
        check_cron(cron)
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize("zone", ["", "Prague", "../../etc/passwd", "Europe", "/etc/localtime"])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(BadArgument, match="is no time zone"):
        time_zone(zone)


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("{yesterday}", date(2026, 3, 1), "2026-02-28"),
        ("{yesterday}", date(2028, 3, 1), "2028-02-29"),
        ("{previous_month}", date(2026, 1, 31), "2025-12"),
        ("{previous_month}", date(2026, 3, 31), "2026-02"),
        ("{previous_month_end}", date(2026, 3, 31), "2026-02-28"),
        ("{previous_workday}", date(2026, 11, 23), "2026-11-20"),  # Monday
        ("{previous_workday}", date(2026, 11, 22), "2026-11-20"),  # Sunday
        ("{previous_workday}", date(2026, 11, 21), "2026-11-20"),  # Saturday
        ("{previous_workday}", date(2026, 11, 20), "2026-11-19"),
        ("out/{year}/{month} of {previous_year}", date(2026, 11, 20), "out/2026/2026-11 of 2025"),
        ("plain", date(2026, 11, 20), "plain"),
        ("{today}", date(2026, 11, 20), "2026-11-20"),
    ],
)
def test_placeholders(text: str, day: date, expected: str) -> None:
    assert expanded(text, day) == expected


def test_an_unknown_placeholder_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadArgument, match=r"unknown placeholder \{last_month\}") as refusal:
        expanded("{last_month}", date(2026, 11, 20))
    assert all(f"{{{name}}}" in refusal.value.message for name in PLACEHOLDERS)


def test_days_and_months_out_of_parameters() -> None:
    assert as_day("2026-10-31") == date(2026, 10, 31)
    assert as_month("2026-12") == (date(2026, 12, 1), date(2027, 1, 1))
    for wrong in ("2026-13", "2026-1", "october", "", "2026-10-01"):
        with pytest.raises(BadArgument, match="is not a month; write it like 2026-10"):
            as_month(wrong)
    with pytest.raises(BadArgument, match="is not a day"):
        as_day("20261031")
