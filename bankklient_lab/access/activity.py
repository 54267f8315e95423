"""User activity: who is logged in where and does what since when; ending the sessions of others and one's own."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import pyarrow as pa

from bankklient_lab.access.logins import end_session
from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import Identity
from bankklient_lab.rights.locks import Work

IDLE = "main menu"  # the class of a session in which nothing runs (ADM-237)
_AT = pa.timestamp("us", "UTC")
_SESSIONS = pa.schema(
    [
        ("session_id", pa.int64()),
        ("workstation", pa.string()),
        ("user", pa.string()),
        ("reference", pa.string()),
        ("channel", pa.string()),
        ("logged_in", _AT),
        ("class", pa.string()),
        ("action", pa.string()),
        ("action_since", _AT),
        ("idle_since", _AT),
        ("locked", pa.bool_()),
        ("own", pa.bool_()),
    ]
)
_LOCKS = pa.schema(
    [
        ("session_id", pa.int64()),
        ("workstation", pa.string()),
        ("user", pa.string()),
        ("reference", pa.string()),
        ("class", pa.string()),
        ("action", pa.string()),
        ("since", _AT),
        ("object", pa.string()),
        ("record", pa.string()),
        ("seconds_left", pa.int64()),
    ]
)


@table_action("2")
def activity(lab: Lab) -> pa.Table:
    """Return who is logged in and what each does, by session.

    Columns: session_id (None: a token, or the owner of a lab without access control), workstation, user, reference,
    channel (pages, api, local), logged_in, class (standard, update, batch, exclusive; main menu: nothing runs), action
    and action_since (the oldest that runs or holds a record), idle_since (when somebody was last at work), locked, own.
    """
    return pa.Table.from_pylist(_rows(lab), _SESSIONS)


@table_action(personal=True)
def own_sessions(lab: Lab) -> pa.Table:
    """Return the caller's sessions; columns as of `activity`."""
    rows = [row for row in _rows(lab) if row["session_id"] is not None and row["user_id"] == lab.caller.user_id]
    return pa.Table.from_pylist(rows, _SESSIONS)


@table_action("2")
def held_locks(lab: Lab) -> pa.Table:
    """Return what runs or is held and may keep others from their work, oldest first; it can only be read (ADM-243).

    Columns: session_id, workstation, user, reference, class, action, since, object (a group of tables; None for the
    whole lab or nothing), record (its key), seconds_left (of a form's hold; None: until the action ends).
    """
    now = time.monotonic()
    rows = [
        _whose(work.caller)
        | {
            "class": work.mode,
            "action": work.action,
            "since": work.since,
            "object": work.record[0] if work.record else None,
            "record": str(work.record[1]) if work.record and work.record[1] is not None else None,
            "seconds_left": None if work.until == float("inf") else max(0, int(work.until - now)),
        }
        for work in _work_of_others(lab)
    ]
    return pa.Table.from_pylist(rows, _LOCKS)


@action("2", steps=True)
def disconnect(lab: Lab, session_id: int) -> None:
    """End another session: what it works on is undone, and what it holds is free (ADM-240 to ADM-242).

    Raises UnknownName for a session that has ended, Refused for the caller's own (`logout`).
    """
    if session_id == lab.caller.session_id:
        raise Refused("this is your own session; log out instead")
    one = lab.rights.sessions().get(session_id)
    if one is None:
        raise UnknownName("session", session_id)
    with lab.rights.stopping(session_id):
        end_session(lab, session_id, "disconnect", reference=one.reference, workstation=one.workstation)


@action(steps=True, personal=True)
def end_own_session(lab: Lab, session_id: int) -> None:
    """End a session of one's own, such as one that was left open elsewhere; UnknownName when there is none."""
    one = lab.rights.sessions().get(session_id)
    if one is None or one.user_id != lab.caller.user_id:
        raise UnknownName("session", session_id, "`bankklient sessions` lists yours")
    with lab.rights.stopping(session_id):
        end_session(lab, session_id, "end_session", workstation=one.workstation)


def _rows(lab: Lab) -> list[dict[str, Any]]:
    """Return sessions with their oldest work, then work without a session."""
    works = _work_of_others(lab)
    oldest: dict[int, Work] = {}
    for work in works:
        if work.caller.session_id is not None:
            oldest.setdefault(work.caller.session_id, work)
    rows = [_row(lab, one, oldest.get(number)) for number, one in sorted(lab.rights.sessions().items())]
    return rows + [_row(lab, work.caller, work) for work in works if work.caller.session_id is None]


def _work_of_others(lab: Lab) -> list[Work]:
    """Return what runs and is held, without the look at it that runs now."""
    looking = ("activity", "own_sessions", "held_locks")
    return [work for work in lab.locks.work() if not (work.caller == lab.caller and work.action in looking)]


def _row(lab: Lab, caller: Identity, work: Work | None) -> dict[str, Any]:
    session = lab.rights.session(caller.session_id) if caller.session_id is not None else None
    since: datetime | None = work.since if work else None
    return _whose(caller) | {
        "user_id": caller.user_id,
        "channel": caller.channel,
        "logged_in": session.opened_at if session else None,
        "class": work.mode if work else IDLE,
        "action": work.action if work else None,
        "action_since": since,
        "idle_since": session.seen_at if session else None,
        "locked": session is not None and caller.session_id is not None and lab.rights.locked(caller.session_id),
        "own": caller.user_id == lab.caller.user_id,
    }


def _whose(caller: Identity) -> dict[str, Any]:
    return {
        "session_id": caller.session_id,
        "workstation": caller.workstation,
        "user": caller.name,
        "reference": caller.reference,
    }
