"""Automated transmission: due by the configuration, used once, repeated when it failed, told when it was missed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.access.configuration import configure
from bankklient_lab.actions import action_named
from bankklient_lab.cli import run
from bankklient_lab.errors import NotAllowed, Refused
from bankklient_lab.exchange.protocol import one_transmission
from bankklient_lab.jobs import Job
from bankklient_lab.keys.points import change_connection_point
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.rights.identity import SCHEDULER
from bankklient_lab.runs.automated import (
    attend,
    automated_transmission,
    start_automated_transmission,
    stop_automated_transmission,
    transmit_when_due,
)
from tests.balancing.labs import a_signer, balanced
from tests.clocks import Clock
from tests.exchange.labs import by_folder
from tests.orders.conftest import clock, company, orders_file
from tests.orders.labs import broken_checks, created, hands
from tests.statements import mt940

__all__ = ["clock", "company", "orders_file"]

MONDAY = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)  # 06:30 at the bank; the clock stands on the Sunday before
NOTHING_CAME = "no batch of statements came"
GONE = "1@0.00"  # a process that ended long ago


@pytest.fixture
def firm(company: Lab, tmp_path: Path) -> Lab:
    """Return a company whose bank is reached by folders."""
    by_folder(company, tmp_path)
    return company


def statement_came(tmp_path: Path) -> None:
    mt940(tmp_path).rename(tmp_path / "receive_from" / "statement.sta")


def tries(lab: Lab) -> list[tuple[Any, ...]]:
    """Return attempt, state and message of each time, in order."""
    return lab.rows("SELECT attempt, state, message FROM ops.automated_try ORDER BY due_at")


def next_at(lab: Lab) -> datetime:
    found = automated_transmission(lab)["next_at"]
    assert isinstance(found, datetime)
    return found


@pytest.mark.spec("TRN-104", "TRN-108", "TRN-109", "ADM-157")
def test_it_receives_at_its_time_and_sends_nothing(firm: Lab, clock: Clock, tmp_path: Path) -> None:
    created(firm)
    balanced(firm, a_signer())
    assert start_automated_transmission(firm)["next_at"] == MONDAY
    assert transmit_when_due(firm) is None
    statement_came(tmp_path)
    clock.now = MONDAY
    told = transmit_when_due(firm)
    assert told == {"due_at": MONDAY, "attempt": 1, "state": "done", "message": ""}
    assert firm.rows("SELECT status FROM ops.batch") == [(1,)]
    assert list((tmp_path / "send_to").iterdir()) == []
    assert firm.rows("SELECT count(*) FROM history.statement") == [(1,)]
    assert transmit_when_due(firm) is None
    known = automated_transmission(firm)
    assert (known["state"], known["attempt"], known["last_at"]) == ("done", 1, MONDAY)
    assert (known["started_by"], known["next_at"]) == ("tester", MONDAY + timedelta(days=1))
    assert (known["days"], known["time"]) == (("mon", "tue", "wed", "thu", "fri"), "06:30")
    assert broken_checks(firm) == {}


@pytest.mark.spec("TRN-110")
def test_a_failed_time_is_repeated_after_the_interval_up_to_the_most(firm: Lab, clock: Clock) -> None:
    configure(firm, {"transmission_interval_minutes": 20, "transmission_repetitions": 2})
    start_automated_transmission(firm)
    clock.now = MONDAY
    for attempt in (1, 2, 3):
        assert transmit_when_due(firm) is not None
        assert tries(firm)[-1] == (attempt, "failed", NOTHING_CAME)
        clock.move(minutes=19)
        assert transmit_when_due(firm) is None
        clock.move(minutes=1)
    assert transmit_when_due(firm) is None
    assert next_at(firm) == MONDAY + timedelta(days=1)


@pytest.mark.spec("TRN-110")
def test_an_error_fails_a_time_and_the_repetition_makes_up_for_it(firm: Lab, clock: Clock, tmp_path: Path) -> None:
    start_automated_transmission(firm)
    statement_came(tmp_path)
    clock.now = MONDAY
    with one_transmission(firm):
        told = transmit_when_due(firm)
    assert told is not None
    assert (told["state"], told["message"]) == ("failed", "a transmission is under way; wait for its end")
    clock.move(minutes=30)
    assert transmit_when_due(firm) is not None
    assert [(attempt, state) for attempt, state, _ in tries(firm)] == [(1, "failed"), (2, "done")]


def test_many_at_once_use_each_time_once(firm: Lab, clock: Clock, tmp_path: Path) -> None:
    start_automated_transmission(firm)
    statement_came(tmp_path)
    clock.now = MONDAY
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: transmit_when_due(firm), range(4)))
    assert [one["state"] for one in told if one] == ["done"]


def test_a_time_is_made_up_for_on_its_day_and_else_missed_and_told(firm: Lab, clock: Clock) -> None:
    start_automated_transmission(firm)
    clock.now = MONDAY + timedelta(hours=9)
    assert transmit_when_due(firm) is not None
    clock.now = MONDAY + timedelta(days=5)  # a Saturday
    assert transmit_when_due(firm) is None
    assert tries(firm) == [(1, "failed", NOTHING_CAME), (1, "missed", "")]
    assert automated_transmission(firm)["last_at"] == MONDAY + timedelta(days=4)
    assert next_at(firm) == MONDAY + timedelta(days=7)
    clock.now = MONDAY + timedelta(days=8)  # two days were missed, and today's time is used
    assert transmit_when_due(firm) is not None
    assert tries(firm)[2:] == [(1, "failed", NOTHING_CAME)]
    missed = firm.rows("SELECT subject FROM ops.log WHERE action = 'miss_automated_transmission' ORDER BY log_id")
    assert [subject for (subject,) in missed] == ["2026-11-23 15:00 UTC", "2026-11-30 05:30 UTC"]


def test_a_process_that_died_has_failed_and_is_repeated(firm: Lab, clock: Clock) -> None:
    start_automated_transmission(firm)
    clock.now = MONDAY
    with firm.database.tx("ops") as cursor:
        cursor.execute("INSERT INTO ops.automated_try VALUES (?, 1, 'under way', '', ?, NULL)", [MONDAY, GONE])
    assert transmit_when_due(firm) is None
    assert tries(firm) == [(1, "failed", "the process that carried it out ended before it was done")]
    assert next_at(firm) == MONDAY + timedelta(minutes=30)


@pytest.mark.spec("TRN-105")
def test_it_is_not_started_where_somebody_would_have_to_be_there(firm: Lab, clock: Clock) -> None:
    configure(firm, {"transmission_days": []})
    with pytest.raises(Refused, match="has no days"):
        start_automated_transmission(firm)
    configure(firm, {"transmission_days": ["mon"]})
    change_connection_point(firm, "bank", encrypted=True)
    with pytest.raises(Refused, match="are encrypted"):
        start_automated_transmission(firm)
    change_connection_point(firm, "bank", encrypted=False)
    start_automated_transmission(firm)
    with pytest.raises(Refused, match="started already"):
        start_automated_transmission(firm)
    change_connection_point(firm, "bank", encrypted=True)
    clock.now = MONDAY
    told = transmit_when_due(firm)
    assert told is not None
    assert "are encrypted" in told["message"]


@pytest.mark.spec("TRN-113")
def test_it_is_stopped_while_it_waits_only(firm: Lab, clock: Clock) -> None:
    start_automated_transmission(firm)
    with firm.database.tx("ops") as cursor:
        from bankklient_lab.runs.runners import this_runner

        cursor.execute(
            "INSERT INTO ops.automated_try VALUES (?, 1, 'under way', '', ?, NULL)", [clock.now, this_runner()]
        )
    with pytest.raises(Refused, match="is at work"):
        stop_automated_transmission(firm)
    assert action_named("stop_automated_transmission").declared.proof  # the login password once more
    with firm.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.automated_try SET state = 'done'")
    stop_automated_transmission(firm)
    clock.now = MONDAY
    assert transmit_when_due(firm) is None
    assert automated_transmission(firm)["next_at"] is None
    with pytest.raises(Refused, match="stopped already"):
        stop_automated_transmission(firm)


@pytest.mark.spec("TRN-115", "ADM-264")
def test_a_backup_follows_the_last_try_of_a_day(firm: Lab, clock: Clock, tmp_path: Path) -> None:
    backups = tmp_path.parent / f"{tmp_path.name}-backups"
    backups.mkdir()
    configure(firm, {"transmission_backup": True, "transmission_repetitions": 1, "backup_folder": str(backups)})
    start_automated_transmission(firm)
    clock.now = MONDAY
    transmit_when_due(firm)
    assert list(backups.iterdir()) == []
    clock.move(minutes=30)
    transmit_when_due(firm)
    assert {path.suffix for path in backups.iterdir()} == {".ZIP", ".LOG"}
    backups.chmod(0o500)
    backups.rename(tmp_path.parent / "gone")
    statement_came(tmp_path)
    clock.now = MONDAY + timedelta(days=1)
    told = transmit_when_due(firm)
    assert told is not None
    assert (told["state"], "no backup was made: there is no folder" in told["message"]) == ("done", True)


@pytest.mark.spec("TRN-192")
def test_who_started_it_lends_the_rights_and_may_lose_them(firm: Lab, clock: Clock, tmp_path: Path) -> None:
    anna, other = hands(firm, "AN", {26}), hands(firm, "OT", {2, 921})
    with pytest.raises(NotAllowed):
        start_automated_transmission(other)
    configure(hands(firm, "AD"), {"transmission_backup": True})
    with pytest.raises(NotAllowed, match="permission 960"):
        start_automated_transmission(anna)
    configure(hands(firm, "AD"), {"transmission_backup": False})
    start_automated_transmission(anna)
    statement_came(tmp_path)
    program, job = firm.acting(SCHEDULER), Job()
    assert attend(program, job) is None
    clock.now = MONDAY
    told = attend(program, job)
    assert told is not None
    assert told["state"] == "done", told
    assert firm.rows("SELECT by_user FROM ops.log WHERE action = 'transmit'") == [(anna.user,)]
    assert firm.rows("SELECT count(*) FROM ops.token WHERE withdrawn_at IS NULL") == [(0,)]
    hands(firm, "AN", {161})
    clock.now = MONDAY + timedelta(days=1)
    told = attend(program, job)
    assert told is not None
    assert (told["state"], "does not have permission 26 any more" in told["message"]) == ("failed", True)
    assert attend(program, job) is None


def test_the_owner_alone_is_attended_too(firm: Lab, clock: Clock) -> None:
    assert attend(firm.acting(SCHEDULER), Job()) is None
    start_automated_transmission(firm)
    clock.now = MONDAY
    told = attend(firm.acting(SCHEDULER), Job())
    assert told is not None
    assert told["message"] == NOTHING_CAME


def test_the_commands_show_start_use_and_stop_it(
    firm: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    configure(firm, {"transmission_days": every_day, "transmission_time": "00:00"})
    path = firm.path
    firm.close()
    monkeypatch.setenv("BANKKLIENT_LAB", str(path))

    def said(*arguments: str) -> tuple[int, str]:
        return run(["automated", *arguments]), capsys.readouterr().out

    days = " ".join(every_day)
    assert said("show")[1].startswith(f"stopped: at 00:00 Europe/Prague on {days}, 5 repetitions after 30 minutes\n")
    assert said("start")[0] == 0
    assert said("run-due") == (0, "nothing is due\n")
    with open_here(path) as lab, lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.automated_transmission SET started_at = started_at - INTERVAL 2 DAY")
    assert said("run-due") == (1, f"try 1: failed ({NOTHING_CAME})\n")
    assert "\nlast 20" in said("show")[1]
    assert said("stop") == (0, "automated transmission is stopped\n")
    assert said("stop")[0] == 1
