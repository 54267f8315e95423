"""Recurring runs: due once, caught up as wanted, kept after they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, LabError, Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.runs.records import fail_dead_runs, finish_run, run_history, start_run
from bankklient_lab.runs.runners import this_runner
from bankklient_lab.runs.schedules import add_schedule, claim_due_run, remove_schedule, schedules
from tests.clocks import Clock
from tests.runs.books import empty_lab

START = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
DAILY = {"notebook": "cash_position", "cron": "0 6 * * *", "zone": "Europe/Prague", "output": "/reports"}


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def lab(tmp_path: Path, clock: Clock) -> Iterator[Lab]:
    with bl.open(empty_lab(tmp_path), clock=clock) as one:
        yield one


def claims(lab: Lab) -> list[dict[str, Any]]:
    """Claim all that is due."""
    return list(iter(lambda: claim_due_run(lab, this_runner()), None))


def daily(lab: Lab, **changed: Any) -> int:
    return add_schedule(lab, **{**DAILY, "parameters": {"on": "{yesterday}"}, **changed})


@pytest.mark.parametrize(
    ("catch_up", "days"),
    [("all", ["2026-10-20", "2026-10-21", "2026-10-22"]), ("last", ["2026-10-22"]), ("none", [])],
)
def test_missed_runs_are_caught_up_as_wanted(lab: Lab, clock: Clock, catch_up: str, days: list[str]) -> None:
    daily(lab, catch_up=catch_up)
    assert claims(lab) == []
    clock.now = START + timedelta(days=3)
    assert [claim["parameters"]["on"] for claim in claims(lab)] == days
    assert claims(lab) == []
    # Afterwards every mode runs what is due now.
    clock.now = datetime(2026, 10, 24, 4, 5, tzinfo=UTC)
    assert [claim["parameters"]["on"] for claim in claims(lab)] == ["2026-10-23"]


@pytest.mark.parametrize(("late", "runs"), [(timedelta(minutes=59), 1), (timedelta(minutes=60), 0)])
def test_without_catching_up_a_due_time_is_missed_after_an_hour(
    lab: Lab, clock: Clock, late: timedelta, runs: int
) -> None:
    daily(lab, catch_up="none")
    clock.now = datetime(2026, 10, 21, 4, 0, tzinfo=UTC) + late
    assert len(claims(lab)) == runs


def test_the_last_of_very_many_due_times_is_found(lab: Lab, clock: Clock) -> None:
    daily(lab, cron="* * * * *", catch_up="last")
    clock.now = START + timedelta(days=3000, seconds=30)
    assert [claim["due_at"] for claim in claims(lab)] == [START + timedelta(days=3000)]


def test_a_claim_says_what_to_run_where(lab: Lab, clock: Clock) -> None:
    number = daily(lab, output="/reports/{previous_month}")
    clock.now = datetime(2026, 10, 25, 5, 0, tzinfo=UTC)  # 06:00, after the clock fell back
    [claim] = claims(lab)
    assert claim["schedule_id"] == number
    assert claim["due_at"] == clock.now
    assert claim["parameters"] == {"on": "2026-10-24"}
    assert claim["output"] == "/reports/2026-09/2026-10-25T0600"
    [row] = run_history.arrow(lab).to_pylist()
    assert (row["run_id"], row["state"], row["notebook"]) == (claim["run_id"], "running", "cash_position")
    assert json.loads(row["parameters"]) == {"on": "2026-10-24"}


def test_many_at_once_claim_each_due_time_once(lab: Lab, clock: Clock) -> None:
    daily(lab, catch_up="all")
    daily(lab, catch_up="last")
    clock.now = START + timedelta(days=20)
    with ThreadPoolExecutor(8) as pool:
        found = [claim for part in pool.map(lambda _: claims(lab), range(8)) for claim in part]
    keys = [(claim["schedule_id"], claim["due_at"]) for claim in found]
    assert len(keys) == len(set(keys)) == 21
    assert run_history.arrow(lab).num_rows == 21


def test_a_removed_schedule_is_never_due_and_its_runs_stay(lab: Lab, clock: Clock) -> None:
    number = daily(lab)
    clock.now = START + timedelta(days=1)
    assert len(claims(lab)) == 1
    remove_schedule(lab, number)
    clock.now = START + timedelta(days=9)
    assert claims(lab) == []
    assert schedules.arrow(lab).num_rows == 0
    assert run_history.arrow(lab, schedule_id=number).num_rows == 1
    with pytest.raises(UnknownName, match="unknown schedule 1"):
        remove_schedule(lab, number)


def test_the_list_says_when_each_is_due_and_how_it_went(lab: Lab, clock: Clock) -> None:
    daily(lab)
    clock.now = START + timedelta(days=1)
    [claim] = claims(lab)
    finish_run(lab, claim["run_id"], state="failed", message="no rate")
    [row] = schedules.arrow(lab).to_pylist()
    assert row["next_due"] == datetime(2026, 10, 22, 4, 0, tzinfo=UTC)
    assert (row["last_due"], row["last_state"], row["last_message"]) == (claim["due_at"], "failed", "no rate")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"notebook": "payroll"}, "unknown notebook 'payroll'; known are bank_day, cash_position"),
        ({"cron": "every day"}, "is no cron expression: five fields"),
        ({"zone": "Prague"}, "'Prague' is no time zone"),
        ({"output": "reports"}, "must be absolute"),
        ({"output": "/reports/{week}"}, r"unknown placeholder \{week\}"),
        ({"parameters": {}}, "cash_position needs the parameter 'on'"),
        ({"parameters": {"on": "{tomorrow}"}}, r"unknown placeholder \{tomorrow\}"),
        ({"parameters": {"on": "{today}", "day": "1"}}, "has no parameter 'day'; it has on, in_currency"),
        ({"parameters": {"on": "{today}", "lab": "x"}}, "parameter lab .* is given by the run itself"),
    ],
)
def test_a_schedule_that_can_not_run_is_refused(lab: Lab, changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LabError, match=sentence) as refusal:
        daily(lab, **changed)
    assert isinstance(refusal.value, (BadArgument, UnknownName))
    assert schedules.arrow(lab).num_rows == 0


def test_a_run_whose_process_has_gone_is_marked_failed(lab: Lab) -> None:
    dead = start_run(lab, "cash_position", parameters={}, output="/a", runner="4194305@1.00")
    reused = start_run(lab, "cash_position", parameters={}, output="/b", runner=f"{this_runner().split('@')[0]}@1.00")
    alive = start_run(lab, "cash_position", parameters={}, output="/c", runner=this_runner())
    assert fail_dead_runs(lab) == ["/a", "/b"]
    states = {row["run_id"]: row["state"] for row in run_history.arrow(lab).to_pylist()}
    assert states == {dead: "failed", reused: "failed", alive: "running"}
    with pytest.raises(Refused, match=f"run {dead} is not running"):
        finish_run(lab, dead, state="done")
