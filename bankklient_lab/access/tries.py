"""Tries to log in: each is counted before it is judged, and after five wrong ones in a row the next must wait.

A wrong name, a wrong password, a user who may not log in and a try that comes too early are refused with one message
and take the same time. The counts are in the lab's file, so that no crash, no restart and no race gives a free try.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bankklient_lab.access.configuration import setting
from bankklient_lab.errors import LoginRefused
from bankklient_lab.lab import Lab
from bankklient_lab.rights.passwords import matches

FREE_TRIES = 5
DELAY_SECONDS_MAX = 900
_BUCKETS = 1_024
_SAID = "the name or the password is not right, or the user may not log in now"


class Candidate(NamedTuple):
    """A user whose proofs are judged, as the user was before this try; `locks`: the try locks the user if it fails."""

    user_id: int
    name: str
    password_hash: str | None
    failed_logins: int
    failed_at: datetime | None
    locked_at: datetime | None
    valid: bool
    locks: bool = False


def delay(failed: int) -> timedelta:
    """Return how long the next try must wait after so many wrong ones in a row."""
    over = failed - FREE_TRIES
    return timedelta(seconds=0 if over < 0 else min(2 ** min(over, 10), DELAY_SECONDS_MAX))


def judged(lab: Lab, name: str, password: str) -> Candidate:
    """Return the user of a name whose password is right; LoginRefused otherwise, and the try counts.

    The caller still has to end the try: `succeeded`, `taken_back`, or `refused` for a wrong second proof.
    """
    user = _count(lab, name)
    may = user is not None and user.valid and not _is_locked(lab, user.locked_at)
    if matches(password, user.password_hash if user and may else None) and user is not None:
        return user
    raise refused(lab, user)


def counted(lab: Lab, name: str) -> Candidate:
    """Return a user who proves something else than the password, and count the try; LoginRefused when none may be."""
    user = _count(lab, name)
    if user is None or not user.valid or _is_locked(lab, user.locked_at):
        raise refused(lab, user)
    return user


def succeeded(cursor: Any, user_id: int) -> None:
    """Forget the wrong tries of a user (ADM-298)."""
    cursor.execute(
        "UPDATE ops.user SET failed_logins = 0, failed_at = NULL, locked_at = NULL WHERE user_id = ?", [user_id]
    )


def taken_back(lab: Lab, user: Candidate) -> None:
    """Count a try neither as wrong nor as right: the password was, but a second factor or a free lab is missing."""
    with lab.database.tx("ops") as cursor:
        cursor.execute(
            "UPDATE ops.user SET failed_logins = failed_logins - 1, failed_at = ?,"
            " locked_at = CASE WHEN ? THEN ? ELSE locked_at END WHERE user_id = ? AND failed_logins > 0",
            [user.failed_at, user.locks, user.locked_at, user.user_id],
        )


def refused(lab: Lab, user: Candidate | None, why: str = "", *, wait_seconds: int = 0) -> LoginRefused:
    """Log a try that failed, and the lock that comes of it, and return the error; names of nobody are not kept.

    `wait_seconds`, kept in the error's details, are those until the next try counts: this one came too early.
    """
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "login_refused", user.name if user else "", reason=why or ("" if user else "unknown name"))
        if user is not None and user.locks:
            lab.log(cursor, "user_locked", user.name)
    return LoginRefused(f"{_SAID}; {why}" if why else _SAID, wait_seconds=wait_seconds)


def _count(lab: Lab, name: str) -> Candidate | None:
    """Count a try and return the user as it was before; LoginRefused when it comes too early, which does not count."""
    now = lab.clock()
    with lab.database.tx("ops") as cursor:
        row = cursor.execute(
            "SELECT user_id, name, password_hash, failed_logins, failed_at, locked_at, valid"
            " FROM ops.user WHERE name = ?",
            [name],
        ).fetchone()
        user = Candidate(*row) if row else None
        failed, failed_at = (user.failed_logins, user.failed_at) if user else _stranger(cursor, name)
        early = failed_at is not None and now < failed_at + delay(failed)
        if not early and user is None:
            cursor.execute("INSERT OR REPLACE INTO ops.stranger VALUES (?, ?, ?)", [_bucket(name), failed + 1, now])
        elif not early and user is not None:
            most = setting(lab, "login_attempts")
            user = user._replace(locks=0 < most <= failed + 1 and not _is_locked(lab, user.locked_at))
            cursor.execute(
                "UPDATE ops.user SET failed_logins = ?, failed_at = ?, locked_at = ? WHERE user_id = ?",
                [failed + 1, now, now if user.locks else user.locked_at, user.user_id],
            )
    if early:
        known = user._replace(locks=False) if user else None
        seconds = round(delay(failed).total_seconds())
        raise refused(lab, known, f"too many tries; wait {seconds} seconds", wait_seconds=seconds)
    return user


def _stranger(cursor: Any, name: str) -> tuple[int, datetime | None]:
    row = cursor.execute(
        "SELECT failed_logins, failed_at FROM ops.stranger WHERE bucket = ?", [_bucket(name)]
    ).fetchone()
    return (int(row[0]), row[1]) if row else (0, None)


def _bucket(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % _BUCKETS


def _is_locked(lab: Lab, locked_at: datetime | None) -> bool:
    if locked_at is None:
        return False
    minutes = setting(lab, "lock_minutes")
    return bool(minutes == 0 or lab.clock() < locked_at + timedelta(minutes=minutes))
