"""Automated transmission: at set times what waits at the bank is taken over, with nobody there (TRN-104 to TRN-115).

It sends nothing. Its times and tries are the parameters of the configuration's tab Automaton and count in the bank's
zone. Each time is claimed in the database before it is used, and so used once, whoever looks for it: `serve` each
minute, or a timer by `bankklient automated run-due`. A try that failed is repeated until the day's repetitions are used
up. A time that nobody used on its day is missed, and told.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from bankklient_lab.access.logins import digest
from bankklient_lab.actions import action
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.errors import LabError, NotAllowed, Refused
from bankklient_lab.exchange.transmitting import TRANSMITS, demand_unattended, receive_alone
from bankklient_lab.history.backups import rotate_backup
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab
from bankklient_lab.orders.numbers import BANK_ZONE
from bankklient_lab.rights.settings import read_settings
from bankklient_lab.runs.clockwork import due_after, time_zone
from bankklient_lab.runs.records import RUNNER_GONE
from bankklient_lab.runs.runners import runs_still, this_runner
from bankklient_lab.runs.schedules import to_run
from bankklient_lab.runs.tokens import scheduled_token, withdraw

UNDER_WAY, DONE, FAILED, MISSED = "under way", "done", "failed", "missed"
BACKS_UP = 960  # the permission for backups
_ZONE = time_zone(BANK_ZONE)
_PREFIX = "transmission_"
_NO_STATEMENTS = "no batch of statements came"


class Times(NamedTuple):
    """When it is due: the parameters of the configuration."""

    days: tuple[str, ...]
    time: str  # of day, as 06:30
    interval_minutes: int
    repetitions: int
    backup: bool

    def next(self, since: datetime, last: Try | None) -> datetime | None:
        """Return the next time after the last one, which may be a repetition; None without days."""
        if last is not None and last.state == FAILED and last.attempt <= self.repetitions:
            assert last.ended_at is not None
            again = last.ended_at + timedelta(minutes=self.interval_minutes)
            if _day(again) == _day(last.due_at):
                return again
        return next(due_after(self._cron, _ZONE, _used(since, last)), None) if self.days else None

    def latest(self, since: datetime, last: Try | None, now: datetime) -> datetime | None:
        """Return the last time of a first try that has come since the last one, None when none has."""
        return to_run(self._cron, _ZONE, _used(since, last), now, "last") if self.days else None

    @property
    def _cron(self) -> str:
        hour, minute = self.time.split(":")
        return f"{int(minute)} {int(hour)} * * {','.join(self.days)}"


class Try(NamedTuple):
    """A time that was claimed."""

    due_at: datetime
    attempt: int
    state: str
    message: str
    runner: str
    ended_at: datetime | None


@action(TRANSMITS, mode="standard")
def automated_transmission(lab: Lab) -> dict[str, Any]:
    """Return how automated transmission is set up and how it stands.

    Keys: days, time, interval_minutes, repetitions and backup, the parameters; zone, in which they count; started_by
    and started_at, both None while it is stopped; next_at, None when nothing is due; and of the last time last_at,
    attempt (1 for the first of its day), state (under way, done, failed, missed) and message, None and empty before
    the first.
    """
    started, last, times = _started(lab), _last(lab), _times(lab)
    told: dict[str, Any] = {**times._asdict(), "zone": BANK_ZONE}
    told |= {"started_by": None, "started_at": None, "next_at": None}
    if started is not None:
        user_id, since = started
        told |= {"started_by": lab.rights.user_name(user_id), "started_at": since, "next_at": times.next(since, last)}
    if last is None:
        return told | {"last_at": None, "attempt": 0, "state": "", "message": ""}
    return told | {"last_at": last.due_at, "attempt": last.attempt, "state": last.state, "message": last.message}


@action(TRANSMITS, personal=True)
def start_automated_transmission(lab: Lab) -> dict[str, Any]:
    """Start it in the caller's name and with the caller's rights at each time; return as `automated_transmission` does.

    Refused when it is started already, without days, where it would need somebody there (encryption, a password that
    is not saved), and with a backup afterwards for whom may not make it.
    """
    times = _times(lab)
    if not times.days:
        raise Refused("automated transmission has no days; choose some in the configuration (transmission_days)")
    if times.backup and BACKS_UP not in lab.rights.held(lab.caller):
        raise NotAllowed(f"a backup follows each automated transmission, which needs permission {BACKS_UP}, too")
    demand_unattended(lab)
    with lab.database.tx("ops") as cursor:
        if _started(lab) is not None:
            raise Refused("automated transmission is started already")
        cursor.execute("INSERT INTO ops.automated_transmission VALUES (?, ?)", [lab.caller.user_id, lab.clock()])
        told = automated_transmission(lab)
        lab.log(cursor, "start_automated_transmission", "", first=told["next_at"])
    return told


@action(TRANSMITS, proof=True)
def stop_automated_transmission(lab: Lab) -> None:
    """Stop it; Refused while it works, and when it is stopped already (TRN-113)."""
    with lab.database.tx("ops") as cursor:
        last = _last(lab)
        if last is not None and last.state == UNDER_WAY and runs_still(last.runner):
            raise Refused("automated transmission is at work; stop it when it waits again")
        if not cursor.execute("DELETE FROM ops.automated_transmission RETURNING user_id").fetchall():
            raise Refused("automated transmission is stopped already")
        lab.log(cursor, "stop_automated_transmission", "")


@action(TRANSMITS, steps=True)
def transmit_when_due(lab: Lab, *, job: Job | None = None) -> dict[str, Any] | None:
    """Use the time that is due, if there is one, with the caller's rights, and return due_at, attempt, state, message.

    A time is used once, whoever calls. None while nothing is due.
    """
    claimed = _claimed(lab)
    if claimed is None:
        return None
    try:
        state, message = _received(lab, claimed, job or Job())
    except LabError as error:
        state, message = FAILED, error.message
    except BaseException as error:
        _end(lab, claimed, FAILED, f"stopped ({type(error).__name__})")
        raise
    return _end(lab, claimed, state, message)


def attend(lab: Lab, job: Job) -> dict[str, Any] | None:
    """Do `transmit_when_due` in the name of the user who started it, for the process that serves the lab."""
    started = _started(lab)
    if started is None or not _is_due(lab, started[1]):
        return None
    if not lab.rights.controlled:
        return transmit_when_due(lab.acting(lab.rights.owner()), job=job)
    scope = frozenset({int(TRANSMITS), BACKS_UP} if _times(lab).backup else {int(TRANSMITS)})
    with lab.database.tx("ops") as cursor:
        token, refused = scheduled_token(
            lab, cursor, started[0], what="automated transmission", needs=int(TRANSMITS), scope=scope
        )
    if refused:
        claimed = _claimed(lab)
        return claimed and _end(lab, claimed, FAILED, refused)
    try:
        caller = lab.rights.caller(digest(token))
        assert caller is not None
        return transmit_when_due(lab.acting(caller), job=job)
    finally:
        withdraw(lab, token)


def _received(lab: Lab, claimed: Try, job: Job) -> tuple[str, str]:
    """Receive, back up when that is wanted, and return how it ended and what is to be told."""
    try:
        told = receive_alone(lab, job)
    except LabError as error:
        trouble = error.message
    else:
        came = any(one["batch_type"] == BatchType.DOMESTIC for one in told["batches"] if one["direction"] == "receive")
        came = came or any(one["status"] == "taken" for one in told["files"])
        trouble = told["message"] or ("" if came else _NO_STATEMENTS)
    times = _times(lab)
    if times.backup and not (trouble and claimed.attempt <= times.repetitions):
        try:
            rotate_backup(lab)
        except LabError as error:
            said = f"no backup was made: {error.message}"
            return (FAILED, f"{trouble}; {said}") if trouble else (DONE, said)
    return (FAILED, trouble) if trouble else (DONE, "")


def _claimed(lab: Lab) -> Try | None:
    """Claim the time that is due and return it; None when nothing is due or it is used by another process."""
    with lab.database.tx("ops") as cursor:
        started, last, times, now = _started(lab), _last(lab), _times(lab), lab.clock()
        if started is None:
            return None
        if last is not None and last.state == UNDER_WAY:
            if runs_still(last.runner):
                return None
            _end(lab, last, FAILED, RUNNER_GONE)
            last = _last(lab)
        due = times.next(started[1], last)
        if due is None or due > now:
            return None
        chosen = max(due, times.latest(started[1], last, now) or due)
        missed = _day(chosen) != _day(now)
        if missed or _day(chosen) != _day(due):
            lab.log(cursor, "miss_automated_transmission", f"{due:%Y-%m-%d %H:%M} UTC")
        again = last is not None and last.state == FAILED and _day(chosen) == _day(last.due_at)
        attempt = last.attempt + 1 if last is not None and again else 1
        claimed = Try(chosen, attempt, MISSED if missed else UNDER_WAY, "", this_runner(), now if missed else None)
        cursor.execute("INSERT INTO ops.automated_try VALUES (?, ?, ?, ?, ?, ?)", list(claimed))
    return None if missed else claimed


def _end(lab: Lab, one: Try, state: str, message: str) -> dict[str, Any]:
    with lab.database.tx("ops") as cursor:
        cursor.execute(
            "UPDATE ops.automated_try SET state = ?, message = ?, ended_at = ? WHERE due_at = ?",
            [state, message, lab.clock(), one.due_at],
        )
        lab.log(cursor, "end_automated_transmission", state, attempt=one.attempt, message=message)
    return {"due_at": one.due_at, "attempt": one.attempt, "state": state, "message": message}


def _is_due(lab: Lab, since: datetime) -> bool:
    last = _last(lab)
    if last is not None and last.state == UNDER_WAY:
        return not runs_still(last.runner)
    due = _times(lab).next(since, last)
    return due is not None and due <= lab.clock()


def _started(lab: Lab) -> tuple[int, datetime] | None:
    """Return who started it and when, None while it is stopped."""
    return next(iter(lab.rows("SELECT user_id, started_at FROM ops.automated_transmission")), None)


def _last(lab: Lab) -> Try | None:
    rows = lab.rows("SELECT * FROM ops.automated_try ORDER BY due_at DESC LIMIT 1")
    return Try(*rows[0]) if rows else None


def _times(lab: Lab) -> Times:
    kept = read_settings(lab.database, *(_PREFIX + name for name in Times._fields))
    return Times(**{name.removeprefix(_PREFIX): value for name, value in kept.items()})


def _used(since: datetime, last: Try | None) -> datetime:
    return max(since, last.due_at) if last is not None else since


def _day(moment: datetime) -> date:
    """Return the day of the bank."""
    return moment.astimezone(_ZONE).date()
