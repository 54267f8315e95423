"""Shared mode: what may run beside what (specification, 4.1.22), and who is told when it may not.

standard   reads; beside everything but the exclusive work of another user
update     one record: held by one user at a time; not beside batch work on the same group of tables
batch      many records of a group: not beside updates and batch work on it
exclusive  the whole lab: beside no work of another user, and nobody else may be logged in

The table is about different users: what one user does in two places is kept apart by transactions alone.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from bankklient_lab.errors import Blocked
from bankklient_lab.rights.identity import Identity

Mode = Literal["standard", "update", "batch", "exclusive"]
Record = tuple[str, object] | None  # group and key; update without a record holds none
SECONDS_TO_WAIT = 5.0
SHARED_MODE, INPUT = "shared_mode", "waiting_input_seconds"  # names of parameters


@dataclass(frozen=True, slots=True)
class Work:
    """An action that runs, or a record that a form holds until `until` (seconds of the monotonic clock)."""

    caller: Identity
    action: str
    mode: Mode
    record: Record
    since: datetime
    until: float = float("inf")
    thread: int = field(default_factory=threading.get_ident)  # work within work of the same thread is part of it

    def blocks(self, caller: Identity, mode: Mode, record: Record) -> bool:
        """Tell whether other work of these kinds may not begin beside this one."""
        if self.mode == mode == "exclusive":  # also of one user: what it does to files can't be done twice at once
            return self.thread != threading.get_ident()
        if self.caller.user_id == caller.user_id:
            return False
        if "exclusive" in (self.mode, mode):
            return True
        if "standard" in (self.mode, mode):
            return False
        if self.mode == mode == "update":
            return record is not None and self.record == record
        return _group(self.record) == _group(record)


def _group(record: Record) -> str | None:
    return record[0] if record else None


class Locks:
    """What runs and what is held in one lab."""

    def __init__(
        self,
        others: Callable[[Identity], list[Identity]],
        now: Callable[[], datetime],
        setting: Callable[[str], Any],
        patience: float = SECONDS_TO_WAIT,
    ) -> None:
        """`others` gives the callers logged in beside one, `now` is the lab's clock, `setting` its configuration.

        Blocked work waits so many seconds of `patience` for the work in its way.
        """
        self._others, self._now, self._setting, self._patience = others, now, setting, patience
        self._changed = threading.Condition()
        self._work: dict[int, Work] = {}
        self._numbers = itertools.count()

    @contextmanager
    def working(self, caller: Identity, action: str, mode: Mode, record: Record) -> Iterator[None]:
        """Run an action: wait a little for work that ends soon, else raise Blocked, which names who is in the way."""
        number = self._begin(Work(caller, action, mode, record, self._now()), self._patience)
        try:
            yield
        finally:
            self._end(number)

    def hold(self, caller: Identity, action: str, record: tuple[str, object], limit: str = INPUT) -> int:
        """Hold a record for a form and return the number of the hold; Blocked by another user's work on it.

        It ends with `release`, with its session, or after the waiting time that the parameter `limit` names, counted
        from the last `keep`. Without shared mode nothing is held (ADM-020).
        """
        if not self._setting(SHARED_MODE):
            return next(self._numbers)
        until = time.monotonic() + self._setting(limit)
        return self._begin(Work(caller, action, "update", record, self._now(), until), wait=0.0)

    def keep(self, number: int, limit: str = INPUT) -> bool:
        """Hold on for another waiting time; False when the hold is gone and the record may be another user's."""
        until = time.monotonic() + self._setting(limit)
        with self._changed:
            self._forget_overdue()
            held = self._work.get(number)
            if held is not None:
                self._work[number] = replace(held, until=until)
            return held is not None

    def release(self, number: int) -> None:
        """Let go of a held record; one that is gone already is no error."""
        self._end(number)

    def end_session(self, session_id: int) -> None:
        """Let go of everything that a session holds; actions under way end by themselves."""
        with self._changed:
            for number, work in list(self._work.items()):
                if work.caller.session_id == session_id and work.until != float("inf"):
                    del self._work[number]
            self._changed.notify_all()

    def work(self) -> list[Work]:
        """Return what runs and what is held, oldest first."""
        with self._changed:
            self._forget_overdue()
            return list(self._work.values())

    def _begin(self, wanted: Work, wait: float) -> int:
        patience = time.monotonic() + wait
        with self._changed:
            self._check_alone(wanted)  # before waiting for work of somebody who stays logged in afterwards
            while (blocker := self._blocker(wanted)) is not None:
                left = patience - time.monotonic()
                if left <= 0 or blocker.until != float("inf"):  # what a person holds does not end soon
                    raise _blocked(blocker)
                self._changed.wait(left)
            self._check_alone(wanted)
            number = next(self._numbers)
            self._work[number] = wanted
            return number

    def _blocker(self, wanted: Work) -> Work | None:
        self._forget_overdue()
        return next((w for w in self._work.values() if w.blocks(wanted.caller, wanted.mode, wanted.record)), None)

    def _forget_overdue(self) -> None:
        now = time.monotonic()
        for number in [number for number, work in self._work.items() if work.until <= now]:
            del self._work[number]

    def _check_alone(self, wanted: Work) -> None:
        """Raise Blocked for exclusive work while others are logged in."""
        for other in self._others(wanted.caller) if wanted.mode == "exclusive" else ():
            raise Blocked(
                f"{wanted.action} needs the lab for itself, but {other.name} ({other.reference}) is logged in at"
                f" {_place(other)}; try again when nobody else is",
                user=other.reference,
                workstation=other.workstation,
            )

    def _end(self, number: int) -> None:
        with self._changed:
            self._work.pop(number, None)
            self._changed.notify_all()


def _place(caller: Identity) -> str:
    return caller.workstation or "this machine"


def _blocked(by: Work) -> Blocked:
    what = f" on {by.record[0]} {by.record[1]}" if by.record else ""
    return Blocked(
        f"{by.caller.name} ({by.caller.reference}) is at work at {_place(by.caller)} since"
        f" {by.since:%H:%M:%S} UTC ({by.mode} work: {by.action}{what}); try again later",
        user=by.caller.reference,
        workstation=by.caller.workstation,
        action=by.action,
        mode=by.mode,
        since=by.since.isoformat(),
    )
