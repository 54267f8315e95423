"""Shared mode: what may run beside what (specification, 4.1.22), and who is told when it may not.

standard   reads; beside everything but the exclusive work of another user
update     one record: held by one user at a time; not beside batch work on the same group of tables
batch      many records of a group: not beside updates and batch work on it
exclusive  the whole lab: nobody else may be logged in
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bankklient_lab.errors import Blocked
from bankklient_lab.rights.identity import Identity

Mode = Literal["standard", "update", "batch", "exclusive"]
Record = tuple[str, object] | None  # group and key; update without a record holds none
SECONDS_TO_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class Work:
    """An action that runs, or a record that a form holds until `until` (seconds of the monotonic clock)."""

    caller: Identity
    action: str
    mode: Mode
    record: Record
    since: datetime
    until: float = float("inf")

    def blocks(self, caller: Identity, mode: Mode, record: Record) -> bool:
        """Tell whether other work of these kinds may not begin beside this one."""
        if self.caller.user_id == caller.user_id:
            return False
        if "exclusive" in (self.mode, mode):
            return self.mode == "exclusive" or (mode == "exclusive" and self.mode != "standard")
        if "standard" in (self.mode, mode):
            return False
        if self.mode == mode == "update":
            return record is not None and self.record == record
        return _group(self.record) == _group(record)


def _group(record: Record) -> str | None:
    return record[0] if record else None


class Locks:
    """What runs and what is held in one lab."""

    def __init__(self, others: Callable[[Identity], list[Identity]], now: Callable[[], datetime]) -> None:
        """`others` gives the callers logged in beside one; `now` is the lab's clock."""
        self._others, self._now = others, now
        self._changed = threading.Condition()
        self._work: dict[int, Work] = {}
        self._numbers = itertools.count()

    @contextmanager
    def working(self, caller: Identity, action: str, mode: Mode, record: Record) -> Iterator[None]:
        """Run an action: wait a little for work that ends soon, else raise Blocked, which names who is in the way."""
        number = self._begin(Work(caller, action, mode, record, self._now()))
        try:
            yield
        finally:
            self._end(number)

    def hold(self, caller: Identity, action: str, record: tuple[str, object], seconds: float) -> int:
        """Hold a record for a form until `release`, its session's end or the time limit; Blocked by another's."""
        until = time.monotonic() + seconds
        return self._begin(Work(caller, action, "update", record, self._now(), until), wait=0.0)

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

    def _begin(self, wanted: Work, wait: float = SECONDS_TO_WAIT) -> int:
        patience = time.monotonic() + wait
        with self._changed:
            while (blocker := self._blocker(wanted)) is not None:
                left = patience - time.monotonic()
                if left <= 0 or blocker.until != float("inf"):  # what a person holds does not end soon
                    raise _blocked(blocker)
                self._changed.wait(left)
            if wanted.mode == "exclusive":
                self._refuse_others(wanted)
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

    def _refuse_others(self, wanted: Work) -> None:
        for other in self._others(wanted.caller):
            raise Blocked(
                f"{wanted.action} needs the lab for itself, but {other.name} is logged in at {_place(other)};"
                " try again when nobody else is",
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
        f" {by.since:%H:%M:%S} ({by.action}{what}); try again later",
        user=by.caller.reference,
        workstation=by.caller.workstation,
        action=by.action,
        mode=by.mode,
        since=by.since.isoformat(),
    )
