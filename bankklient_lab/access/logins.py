"""Logins and sessions: a password (and a second factor, where the user has one) becomes a session.

A session is locked by its user or by inactivity and opened again with the same proofs, and it goes on where it was. An
action of higher risk asks for them once more inside the session (`prove`, CB-025).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from bankklient_lab.access.configuration import setting
from bankklient_lab.access.factors import check_factor, kinds_of
from bankklient_lab.access.tries import Candidate, counted, judged, refused, succeeded, taken_back
from bankklient_lab.actions import action
from bankklient_lab.errors import BadArgument, Blocked, NotLoggedIn, SecondFactorNeeded
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import Channel, Identity
from bankklient_lab.rights.retention import cut_log

WORKSTATION_CHARS_MAX = 60
GIVES_WAY_AFTER = timedelta(minutes=30)  # without shared mode: idle for so long, a session does not keep others out


def digest(secret: str) -> str:
    """Return what the lab keeps of a secret: secrets are random and long, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


@action(public=True, steps=True, secret=True)
def login(
    lab: Lab,
    name: str,
    password: str,
    *,
    code: str = "",
    passkey: str = "",
    channel: Channel = "api",
    workstation: str = "",
) -> dict[str, Any]:
    """Begin a session and return it.

    Its parts: session (the secret), user, reference, expired (a new password must be chosen), last_login (when this
    user began the session before, or None), last_workstation, failed (refused tries since then).

    `code` is the second factor: six digits or a recovery code; `passkey` the answer of a browser. Raises LoginRefused,
    SecondFactorNeeded once the password was right (`kinds`, and `passkey`: what the browser needs), Blocked without
    shared mode while somebody else is logged in.
    """
    if len(workstation) > WORKSTATION_CHARS_MAX:
        raise BadArgument(f"the name of a workstation has at most {WORKSTATION_CHARS_MAX} characters")
    lab.rights.end_left_over()
    cut_log(lab.database, lab.clock(), lab.log)
    user = _proven(lab, name, password, code, passkey)
    try:
        return _begun(lab, user, channel, workstation)
    except Blocked:  # the proofs were right
        taken_back(lab, user)
        raise


def _proven(lab: Lab, name: str, password: str, code: str, passkey: str) -> Candidate:
    """Return the user whose proofs are right: the password, and one second factor where there is one."""
    user = judged(lab, name, password)
    missing = check_factor(lab, user.user_id, code, passkey)
    if not missing.kinds:
        return user
    if code or passkey:
        raise refused(lab, user)
    taken_back(lab, user)
    raise SecondFactorNeeded(
        "the second factor is missing; give the code of your app, a recovery code or your passkey",
        kinds=missing.kinds,
        passkey=missing.options,
    )


def _begun(lab: Lab, user: Candidate, channel: Channel, workstation: str) -> dict[str, Any]:
    secret, now, user_id = secrets.token_urlsafe(32), lab.clock(), user.user_id
    with lab.database.tx("ops") as cursor:
        _make_room(lab, cursor, user_id)
        ((session_id, last_login, last_workstation),) = cursor.execute(
            "SELECT coalesce(max(session_id), 0) + 1, max(opened_at) FILTER (user_id = $user),"
            " arg_max(workstation, opened_at) FILTER (user_id = $user) FROM ops.session",
            {"user": user_id},
        ).fetchall()
        cursor.execute(
            "INSERT INTO ops.session (session_id, digest, user_id, channel, workstation, opened_at, locked, seen_at)"
            " VALUES (?, ?, ?, ?, ?, ?, false, ?)",
            [session_id, digest(secret), user_id, channel, workstation, now, now],
        )
        succeeded(cursor, user_id)
        ((name, reference, expires),) = cursor.execute(
            "SELECT name, reference, password_expires FROM ops.user WHERE user_id = ?", [user_id]
        ).fetchall()
        caller = Identity(user_id, name, reference, channel, session_id, workstation=workstation)
        lab.acting(caller).log(cursor, "login", name, channel=channel, workstation=workstation)
        lab.rights.forget()
    return {
        "session": secret,
        "user": name,
        "reference": reference,
        "expired": expires is not None and expires < now.date(),
        "last_login": last_login,
        "last_workstation": last_workstation or "",
        "failed": user.failed_logins,
    }


def _make_room(lab: Lab, cursor: Any, user_id: int) -> None:
    """Without shared mode one session is the most: the user's own ones end, another user's is in the way (BAS-227).

    One that is locked or in which nobody was for long ends too, or a browser that was closed would keep all others out.
    """
    if setting(lab, "shared_mode"):
        return
    for number, other_id, name, reference, workstation, seen_at in cursor.execute(
        "SELECT s.session_id, s.user_id, u.name, u.reference, s.workstation, s.seen_at"
        " FROM ops.session s JOIN ops.user u USING (user_id) WHERE s.ended_at IS NULL"
    ).fetchall():
        known = lab.rights.session(number)
        idle = lab.clock() - (known.seen_at if known else seen_at) > GIVES_WAY_AFTER
        if other_id != user_id and not idle and not (known and lab.rights.locked(number)):
            raise Blocked(
                f"{name} ({reference}) is logged in at {workstation or 'this machine'}, and the lab is not in shared"
                " mode; try again later",
                user=reference,
                workstation=workstation,
            )
        end_session(lab, number, "session_over")


def caller_of(lab: Lab, secret: str) -> Identity | None:
    """Return who brings the secret of a session that has not ended or of a token; None for any other text."""
    return lab.rights.caller(digest(secret))


@action(mode="standard", expired=True)
def logout(lab: Lab) -> None:
    """End the caller's session."""
    if lab.caller.session_id is not None:
        end_session(lab, lab.caller.session_id, "logout")


def end_session(lab: Lab, session_id: int, logged_as: str, **details: object) -> None:
    """End a session, let go of what it holds and log it."""
    one = lab.rights.sessions().get(session_id)
    with lab.database.tx("ops") as cursor:
        lab.rights.end_session(session_id, lab.caller.reference)
        lab.log(cursor, logged_as, one.name if one else "", session=session_id, **details)
        lab.database.after_commit(lambda: lab.locks.end_session(session_id))


@action(mode="standard", expired=True)
def lock_session(lab: Lab) -> None:
    """Lock the caller's session until its user logs in again with `unlock_session`; what it holds stays held."""
    _set_locked(lab, True, "lock_session")


@action(public=True, steps=True)
def unlock_session(lab: Lab, password: str, *, code: str = "", passkey: str = "") -> None:
    """Open the caller's locked session again with the proofs of a login; it goes on where it was (ADM-172).

    Raises what `login` raises, and NotLoggedIn when the session has ended.
    """
    caller = lab.caller
    if caller.session_id is None or lab.rights.session(caller.session_id) is None:
        raise NotLoggedIn("the session has ended; log in again")
    _proven(lab, lab.rights.user_name(caller.user_id), password, code, passkey)
    _set_locked(lab, False, "unlock_session")
    lab.rights.proved(caller.session_id)


def _set_locked(lab: Lab, locked: bool, logged_as: str) -> None:
    session_id, now = lab.caller.session_id, lab.clock()
    if session_id is None:
        raise BadArgument("only a session can be locked; this lab is open without a login")
    with lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.session SET locked = ?, seen_at = ? WHERE session_id = ?", [locked, now, session_id])
        if not locked:
            succeeded(cursor, lab.caller.user_id)
        lab.log(cursor, logged_as, lab.user)
        lab.rights.forget()


@action(expired=True, steps=True)
def prove(lab: Lab, *, password: str = "", code: str = "", passkey: str = "") -> None:
    """Show once more who calls, for actions of higher risk: a code or passkey, without second factor the password.

    Raises LoginRefused, which counts as a refused login, SecondFactorNeeded when the factor is missing, BadArgument
    without a password or a session.
    """
    session_id, user_id = lab.caller.session_id, lab.caller.user_id
    if session_id is None:
        raise BadArgument("only a session can be proven; this caller has none")
    name, kinds = lab.rights.user_name(user_id), kinds_of(lab, user_id)
    if not (kinds or password):
        raise BadArgument("give your password")
    if not kinds:
        judged(lab, name, password)
    elif not (code or passkey):
        missing = check_factor(lab, user_id, "", "")
        raise SecondFactorNeeded("give a code or your passkey", kinds=missing.kinds, passkey=missing.options)
    else:
        user = counted(lab, name)
        if check_factor(lab, user_id, code, passkey).kinds:
            raise refused(lab, user)
    with lab.database.tx("ops") as cursor:
        succeeded(cursor, user_id)
        lab.log(cursor, "prove", name)
    lab.rights.proved(session_id)
