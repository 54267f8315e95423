"""Login and logout: a password (and a second factor, where the user has one) becomes a session.

A wrong name, a wrong password, a user who may not log in and a try that comes too early are refused with one message.
After five wrong tries in a row the next one must wait, longer each time, whether or not the name exists.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bankklient_lab.access.configuration import setting
from bankklient_lab.access.factors import check_factor
from bankklient_lab.actions import action
from bankklient_lab.errors import BadArgument, LoginRefused, SecondFactorNeeded
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import Channel, Identity
from bankklient_lab.rights.passwords import matches

FREE_TRIES = 5
DELAY_SECONDS_MAX = 900
WORKSTATION_CHARS_MAX = 60
_SAID = "the name or the password is not right, or the user may not log in now"
_strangers: dict[str, tuple[int, datetime]] = {}  # tries with names that no user has
_STRANGERS_MAX = 1_000
_trying = threading.Lock()


def digest(secret: str) -> str:
    """Return what the lab keeps of a secret: secrets are random and long, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


@action(public=True, steps=True)
def login(
    lab: Lab, name: str, password: str, *, code: str = "", channel: Channel = "api", workstation: str = ""
) -> dict[str, Any]:
    """Begin a session and return it: session (its secret), user, reference, expired (a new password must be chosen).

    `code` is the second factor: six digits or a recovery code. Raises LoginRefused, and SecondFactorNeeded
    once the password was right; both count as a refused try.
    """
    if len(workstation) > WORKSTATION_CHARS_MAX:
        raise BadArgument(f"the name of a workstation has at most {WORKSTATION_CHARS_MAX} characters")
    now = lab.clock()
    user = _try_of(lab, name, now)
    if not matches(password, user.password_hash if user else None) or user is None:
        _lock_when_too_many(lab, name)
        raise _refused(lab, name)
    kinds = check_factor(lab, user.user_id, code)
    if kinds and not code:
        raise SecondFactorNeeded("the second factor is missing; give the code of your app", kinds=kinds)
    if kinds:
        _lock_when_too_many(lab, name)
        raise _refused(lab, name)
    return open_session(lab, user.user_id, channel=channel, workstation=workstation)


class _Candidate(NamedTuple):
    """A user whose password is to be judged."""

    user_id: int
    reference: str
    password_hash: str | None
    failed_logins: int
    failed_at: datetime | None
    locked_at: datetime | None
    valid: bool


def _try_of(lab: Lab, name: str, now: datetime) -> _Candidate | None:
    """Count a try before it is judged, so that no race and no crash gives a free one; None: it can't succeed."""
    with _trying, lab.database.tx("ops") as cursor:
        row = cursor.execute(
            "SELECT user_id, reference, password_hash, failed_logins, failed_at, locked_at, valid"
            " FROM ops.user WHERE name = ?",
            [name],
        ).fetchone()
        user = _Candidate(*row) if row else None
        failed, failed_at = (user.failed_logins, user.failed_at) if user else _strangers.get(name, (0, None))
        early = failed_at is not None and now < failed_at + delay(failed)
        if not early and user is None:
            _count_stranger(name, failed + 1, now)
        elif not early and user is not None:
            cursor.execute(
                "UPDATE ops.user SET failed_logins = failed_logins + 1, failed_at = ? WHERE user_id = ?",
                [now, user.user_id],
            )
    if early:
        raise _refused(lab, name, f"too many tries; wait {delay(failed).total_seconds():.0f} seconds")
    return user if user and user.valid and not _is_locked(lab, user.locked_at, now) else None


def open_session(lab: Lab, user_id: int, *, channel: Channel, workstation: str) -> dict[str, Any]:
    """Begin a session of a user whose proofs were judged, and return it as `login` does."""
    secret, now = secrets.token_urlsafe(32), lab.clock()
    with lab.database.tx("ops") as cursor:
        (session_id,) = cursor.execute("SELECT coalesce(max(session_id), 0) + 1 FROM ops.session").fetchone() or (1,)
        cursor.execute(
            "INSERT INTO ops.session VALUES (?, ?, ?, ?, ?, ?, false, NULL, NULL)",
            [session_id, digest(secret), user_id, channel, workstation, now],
        )
        cursor.execute(
            "UPDATE ops.user SET failed_logins = 0, failed_at = NULL, locked_at = NULL WHERE user_id = ?", [user_id]
        )
        ((name, reference, expires),) = cursor.execute(
            "SELECT name, reference, password_expires FROM ops.user WHERE user_id = ?", [user_id]
        ).fetchall()
        caller = Identity(user_id, name, reference, channel, session_id, workstation=workstation)
        lab.acting(caller).log(cursor, "login", name, channel=channel, workstation=workstation)
    lab.rights.forget()
    expired = expires is not None and expires < now.date()
    return {"session": secret, "user": name, "reference": reference, "expired": expired}


def caller_of(lab: Lab, secret: str) -> Identity | None:
    """Return who brings the secret of a session that has not ended or of a token; None for any other text."""
    return lab.rights.caller(digest(secret))


@action(mode="standard", expired=True)
def logout(lab: Lab) -> None:
    """End the caller's session."""
    if lab.caller.session_id is not None:
        end_session(lab, lab.caller.session_id, "logout")


def end_session(lab: Lab, session_id: int, logged_as: str) -> None:
    """End a session, let go of what it holds and log it."""
    with lab.database.tx("ops") as cursor:
        lab.rights.end_session(session_id, lab.caller.reference)
        lab.log(cursor, logged_as, str(session_id))
    lab.rights.forget()
    lab.locks.end_session(session_id)


def delay(failed: int) -> timedelta:
    """Return how long the next try must wait after so many wrong ones in a row."""
    over = failed - FREE_TRIES
    return timedelta(seconds=0 if over < 0 else min(2**over, DELAY_SECONDS_MAX))


def _is_locked(lab: Lab, locked_at: datetime | None, now: datetime) -> bool:
    if locked_at is None:
        return False
    minutes = setting(lab, "lock_minutes")
    return minutes == 0 or now < locked_at + timedelta(minutes=minutes)


def _lock_when_too_many(lab: Lab, name: str) -> None:
    most = setting(lab, "login_attempts")
    if not most:
        return
    with lab.database.tx("ops") as cursor:
        locked = cursor.execute(
            "UPDATE ops.user SET locked_at = ? WHERE name = ? AND failed_logins >= ? RETURNING name",
            [lab.clock(), name, most],
        ).fetchall()
        if locked:
            lab.log(cursor, "user_locked", name)


def _count_stranger(name: str, tries: int, now: datetime) -> None:
    _strangers.pop(name, None)
    _strangers[name] = (tries, now)
    if len(_strangers) > _STRANGERS_MAX:
        del _strangers[next(iter(_strangers))]


def _refused(lab: Lab, name: str, why: str = "") -> LoginRefused:
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "login_refused", name[:WORKSTATION_CHARS_MAX], reason=why)
    return LoginRefused(f"{_SAID}; {why}" if why else _SAID)
