"""Tokens: rights that scripts, notebooks and third parties use in a user's name, until they expire or are withdrawn.

A token never can do more than its user: its scope narrows what the user may at the moment of each call. One for a third
party is a consent of the user, with the party's name and the purpose (EL-034).
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import partial
from typing import Any

from bankklient_lab.access.factors import own_login
from bankklient_lab.access.logins import digest
from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, NotAllowed, Refused, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.rights.permissions import Held, permission, written

DAYS_MAX = 365
TOKENS_MAX = 100  # valid ones of a user
NAME_CHARS_MAX, PURPOSE_CHARS_MAX = 60, 200
PREFIX = "bkl_"  # by which a token is known where it should not be, such as in a repository
OF_ALL_USERS = 1  # the permission to see and withdraw tokens of others


@action("950", proof=True, secret=True)
def create_token(lab: Lab, name: str, *, scope: list[int] | None = None, days: int = 90) -> dict[str, Any]:
    """Make a token of one's own and return token (the secret, shown only now), token_id and expires_at.

    `scope` are the permissions that it may use; without one it may what its user may, but for actions that need a fresh
    proof. It is good for `days` (1 to 365). Raises NotAllowed for a permission that the caller does not have.
    """
    return _made(lab, "create_token", _line(name, NAME_CHARS_MAX, "a token needs a name"), scope, days)


@action("950", proof=True, secret=True)
def give_consent(lab: Lab, party: str, *, purpose: str, scope: list[int], days: int = 90) -> dict[str, Any]:
    """Consent to a third party's use of one's rights, and return what `create_token` returns; the token is for it.

    The party can use the permissions of `scope` alone, for `days` (1 to 365) or until the consent is withdrawn
    (`withdraw_token`).
    """
    third_party = _line(party, NAME_CHARS_MAX, "a consent needs the name of the third party")
    reason = _line(purpose, PURPOSE_CHARS_MAX, "a consent needs a purpose")
    return _made(lab, "give_consent", third_party, scope, days, third_party=third_party, purpose=reason)


@table_action("950|1")
def tokens(lab: Lab, *, everybody: bool = False) -> Read:
    """Return the caller's tokens and consents, or those of all users (permission 1), newest first.

    Columns: token_id, user, name, third_party and purpose (of a consent), scope (permissions, separated by spaces;
    None: all of the user's), created_at, expires_at, used_at (the last use, a minute exact), withdrawn_at, state
    (valid, expired, withdrawn).
    """
    if everybody:
        _check_all_users(lab)
    return lab.read(
        "SELECT t.token_id, u.name AS user, t.name, t.third_party, t.purpose, t.scope, t.created_at, t.expires_at,"
        " t.used_at, t.withdrawn_at, CASE WHEN t.withdrawn_at IS NOT NULL THEN 'withdrawn'"
        " WHEN t.expires_at <= $now THEN 'expired' ELSE 'valid' END AS state"
        " FROM ops.token t JOIN ops.user u USING (user_id) WHERE $everybody OR t.user_id = $user"
        " ORDER BY t.token_id DESC",
        {"now": lab.clock(), "everybody": everybody, "user": lab.caller.user_id},
    )


@action("950|1")
def withdraw_token(lab: Lab, token_id: int) -> None:
    """Withdraw a token or consent, which is refused from the next call on; another user's needs permission 1.

    One that was withdrawn already stays as it is.
    """
    with lab.database.tx("ops") as cursor:
        row = cursor.execute(
            "SELECT t.user_id, t.name, u.name, t.withdrawn_at FROM ops.token t JOIN ops.user u USING (user_id)"
            " WHERE token_id = ?",
            [token_id],
        ).fetchone()
        if row is None or (row[0] != lab.caller.user_id and OF_ALL_USERS not in lab.rights.held(lab.caller)):
            raise UnknownName("token", token_id)
        _, name, user, withdrawn_at = row
        if withdrawn_at is not None:
            return
        cursor.execute("UPDATE ops.token SET withdrawn_at = ? WHERE token_id = ?", [lab.clock(), token_id])
        lab.log(cursor, "withdraw_token", name, token_id=token_id, user=user)
        lab.rights.forget()
        lab.database.after_commit(lambda: lab.rights.cancel_work(token_id=token_id))


def withdraw_tokens_of(lab: Lab, cursor: Any, user_id: int) -> None:
    """Withdraw all tokens and consents of a user, within the transaction of `cursor`."""
    for token_id, name in cursor.execute(
        "UPDATE ops.token SET withdrawn_at = ? WHERE user_id = ? AND withdrawn_at IS NULL RETURNING token_id, name",
        [lab.clock(), user_id],
    ).fetchall():
        lab.log(cursor, "withdraw_token", name, token_id=token_id, user=lab.rights.user_name(user_id))
        lab.database.after_commit(partial(lab.rights.cancel_work, token_id=token_id))
    lab.rights.forget()


def _made(
    lab: Lab,
    logged_as: str,
    name: str,
    scope: list[int] | None,
    days: int,
    *,
    third_party: str | None = None,
    purpose: str | None = None,
) -> dict[str, Any]:
    own_login(lab)
    if not 0 < days <= DAYS_MAX:
        raise BadArgument(f"a token is good for 1 to {DAYS_MAX} days, not {days}")
    wanted = None if scope is None else frozenset(scope)
    _check_scope(lab, wanted or frozenset())
    secret, now, user_id = PREFIX + secrets.token_urlsafe(32), lab.clock(), lab.caller.user_id
    until, kept = now + timedelta(days=days), None if wanted is None else written(wanted)
    with lab.database.tx("ops") as cursor:
        ((valid, token_id),) = cursor.execute(
            "SELECT count(*) FILTER (user_id = ? AND withdrawn_at IS NULL AND expires_at > ?),"
            " coalesce(max(token_id), 0) + 1 FROM ops.token",
            [user_id, now],
        ).fetchall()
        if valid >= TOKENS_MAX:
            raise Refused(f"you have {valid} valid tokens already; withdraw one that you don't need")
        cursor.execute(
            "INSERT INTO ops.token (token_id, digest, user_id, name, third_party, purpose, scope, created_at,"
            " expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [token_id, digest(secret), user_id, name, third_party, purpose, kept, now, until],
        )
        told = {"purpose": purpose} if purpose else {}
        lab.log(cursor, logged_as, name, token_id=token_id, scope=kept, expires_at=until, **told)
        lab.rights.forget()
    return {"token": secret, "token_id": token_id, "expires_at": until}


def _check_scope(lab: Lab, wanted: Held) -> None:
    missing = sorted(number for number in wanted if permission(number).number not in lab.rights.held(lab.caller))
    if missing:
        raise NotAllowed(
            f"you can't give a token what you may not do yourself: {written(missing)}", needed=written(missing)
        )


def _check_all_users(lab: Lab) -> None:
    if OF_ALL_USERS not in lab.rights.held(lab.caller):
        raise NotAllowed(f"the tokens of all users need permission {OF_ALL_USERS}", needed=str(OF_ALL_USERS))


def _line(text: str, most: int, otherwise: str) -> str:
    shown = " ".join(text.split())
    if not 0 < len(shown) <= most:
        raise BadArgument(f"{otherwise} of 1 to {most} characters")
    return shown
