"""Users: who may log in, with which role and which permissions besides."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from bankklient_lab.access.configuration import setting
from bankklient_lab.access.granting import keep_own
from bankklient_lab.access.logins import end_session
from bankklient_lab.access.persons import (
    User,
    check_not_installer,
    check_operational,
    checked_texts,
    insert,
    user_named,
)
from bankklient_lab.access.roles import check_administrator, role_to_give
from bankklient_lab.access.tokens import withdraw_tokens_of
from bankklient_lab.access.tries import judged, succeeded
from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, LoginRefused, Refused
from bankklient_lab.lab import Lab, Read
from bankklient_lab.rights.passwords import REMEMBERED, check_strength, hashed, matches
from bankklient_lab.rights.permissions import known_numbers, needed, settled, written

_CREATES = "1"
_ITEMS = ("first_name", "last_name", "personal_number", "phone", "email")
_OF_AUTHORIZED = frozenset({"personal_number", "role"})  # what may be changed of a person of the bank's contract


@table_action("1")
def users(lab: Lab) -> Read:
    """Return the users in the order in which they were added.

    Columns: user, reference, kind (operational, authorized, installer), ordinal (0, or the number of an authorized
    person), valid, state (valid, invalid, locked), locked_until (none: until an administrator unlocks), first_name,
    last_name, personal_number, phone, email, role, role_permissions and permissions (those of the role and the own ones
    besides: numbers separated by spaces), password_changed_at, password_expires (last day on which it is good),
    failed_logins, login_attempts (the configured most; 0: not counted), has_password, factors (second factors).
    """
    return lab.read(
        "SELECT * EXCLUDE (user_id, locked) FROM ("
        " SELECT u.user_id, u.name AS user, u.reference, u.kind, u.ordinal, u.valid,"
        " u.locked_at IS NOT NULL AND ($minutes = 0 OR $now < u.locked_at + to_minutes($minutes)) AS locked,"
        " CASE WHEN NOT u.valid THEN 'invalid' WHEN locked THEN 'locked' ELSE 'valid' END AS state,"
        " CASE WHEN locked AND $minutes > 0 THEN u.locked_at + to_minutes($minutes) END AS locked_until,"
        " u.first_name, u.last_name, u.personal_number, u.phone, u.email, r.name AS role,"
        " r.permissions AS role_permissions, u.permissions, u.password_changed_at, u.password_expires, u.failed_logins,"
        " $attempts AS login_attempts, u.password_hash IS NOT NULL AS has_password,"
        " (SELECT count(*) FROM ops.factor f WHERE f.user_id = u.user_id AND f.confirmed AND f.removed_at IS NULL)"
        " AS factors FROM ops.user u JOIN ops.role r USING (role_id)) ORDER BY user_id",
        {
            "minutes": setting(lab, "lock_minutes"),
            "attempts": setting(lab, "login_attempts"),
            "now": lab.clock(),
        },
    )


@action(_CREATES, record="user", steps=True, proof=True)
def create_user(
    lab: Lab,
    user: str,
    *,
    reference: str,
    role: str,
    password: str,
    permissions: list[int] | None = None,
    first_name: str = "",
    last_name: str = "",
    personal_number: str = "",
    phone: str = "",
    email: str = "",
    password_expires: date | None = None,
) -> list[int]:
    """Add an operational user; from the second user on everybody logs in.

    `user` is the name typed at login and never changes; `reference` is two characters that records keep of the user;
    `permissions` are those besides the role's. Returns the permissions that were not given, because their condition
    fails. BadArgument for what can't be, Refused for permissions that collide with the role, and while the first user
    has no password (`set_password`), because nobody could log in as that one any more.
    """
    texts = checked_texts(
        first_name=first_name, last_name=last_name, personal_number=personal_number, phone=phone, email=email
    )
    check_operational(user, reference)
    own = known_numbers(permissions or [])
    check_strength(password, setting(lab, "password_strength"), user)
    kept = hashed(password)  # it takes up to a second, so no transaction is open
    with lab.database.tx("ops") as cursor:
        lab.rights.demand(lab.caller, needed(_CREATES), "create_user")  # it may be gone since (ADM-241)
        role_id = role_to_give(cursor, role).role_id
        proof = {"password_hash": kept, "password_changed_at": lab.clock(), "password_expires": password_expires}
        insert(lab, cursor, user, reference, kind="operational", role_id=role_id, **texts, **proof)
        lab.log(cursor, "create_user", user, reference=reference, role=role)
        dropped = keep_own(lab, cursor, user_named(cursor, user), own)
    lab.rights.forget()
    return dropped


@action("1", record="user", proof=True)
def change_user(
    lab: Lab,
    user: str,
    *,
    role: str | None = None,
    permissions: list[int] | None = None,
    valid: bool | None = None,
    password_expires: date | None = None,
    never_expires: bool = False,
    first_name: str | None = None,
    last_name: str | None = None,
    personal_number: str | None = None,
    phone: str | None = None,
    email: str | None = None,
) -> list[int]:
    """Change items and permissions of a user, all or none, and return the own permissions that were taken away.

    A new role takes away the own permissions that collide with it; new own `permissions` (all besides the role's) that
    collide with the role are refused, and those whose condition fails are taken away. `password_expires` is the last
    day on which the password is good; `never_expires` clears it.
    Refused for the installer, for other items than personal number, role and permissions of an authorized person, for
    taking one's own validity, and where nobody would be left with permission 1.
    """
    if never_expires and password_expires is not None:
        raise BadArgument("a password either expires on a day or never")
    given = zip(_ITEMS, (first_name, last_name, personal_number, phone, email), strict=True)
    texts = checked_texts(**{item: text for item, text in given if text is not None})
    own = None if permissions is None else known_numbers(permissions)
    taken: set[int] = set()
    with lab.database.tx("ops") as cursor:
        found = user_named(cursor, user)
        wanted = {"role": role, "valid": valid, "password_expires": "never" if never_expires else password_expires}
        changed = {item: value for item, value in (wanted | texts).items() if value is not None}
        _check_may_change(lab, found, set(changed), valid)
        if role is not None:
            taken |= _give_role(lab, cursor, found, role)
        cursor.execute(
            "UPDATE ops.user SET valid = coalesce(?, valid),"
            " password_expires = CASE WHEN ? THEN NULL ELSE coalesce(?, password_expires) END WHERE user_id = ?",
            [valid, never_expires, password_expires, found.user_id],
        )
        for item, text in texts.items():
            cursor.execute(f"UPDATE ops.user SET {item} = ? WHERE user_id = ?", [text, found.user_id])  # noqa: S608 - of _ITEMS
        if changed:
            lab.log(cursor, "change_user", user, **changed)
        if own is not None:
            taken |= set(keep_own(lab, cursor, user_named(cursor, user), own))
        check_administrator(cursor)
        if valid is False:
            end_sessions_of(lab, found.user_id)
    lab.rights.forget()
    return sorted(taken)


@action("1", record="user", steps=True, proof=True)
def set_password(lab: Lab, user: str, password: str, *, password_expires: date | None = None) -> None:
    """Set the password of a user, as an administrator, end the user's sessions and withdraw the user's tokens.

    `password_expires` is the last day on which it is good: one that is over makes the user choose another at once.
    BadArgument for a password that is too weak or was used lately; Refused for the installer, whose password is the
    bank's.
    """
    with lab.database.reading() as cursor:
        found = user_named(cursor, user)
    check_not_installer(found)
    kept = _new_hash(lab, found.user_id, user, password)
    with lab.database.tx("ops") as cursor:
        _keep_password(cursor, found.user_id, kept, lab.clock(), password_expires)
        lab.log(cursor, "set_password", user)
        end_sessions_of(lab, found.user_id)
        withdraw_tokens_of(lab, cursor, found.user_id)
    lab.rights.forget()


@action(expired=True, steps=True)
def change_password(lab: Lab, old: str, new: str) -> None:
    """Choose a new password for oneself; LoginRefused for a wrong old one, BadArgument for a new one that can't be.

    Other sessions of the user end, tokens stay. The old one stays when the new one is refused. A wrong old one counts
    as a refused login, so that nobody guesses it in a session that was left open.
    """
    ((name, kept),) = lab.rows(
        "SELECT name, password_hash FROM ops.user WHERE user_id = $id", {"id": lab.caller.user_id}
    )
    if kept is not None:
        _prove_old(lab, name, old)
    new_hash = _new_hash(lab, lab.caller.user_id, name, new)
    with lab.database.tx("ops") as cursor:
        _keep_password(cursor, lab.caller.user_id, new_hash, lab.clock())
        lab.log(cursor, "change_password", name)
        end_sessions_of(lab, lab.caller.user_id)
    lab.rights.forget()


@action("1", record="user")
def unlock_user(lab: Lab, user: str) -> None:
    """Let a locked user log in again and forget the refused tries."""
    with lab.database.tx("ops") as cursor:
        user_id = user_named(cursor, user).user_id
        cursor.execute(
            "UPDATE ops.user SET failed_logins = 0, failed_at = NULL, locked_at = NULL WHERE user_id = ?", [user_id]
        )
        lab.log(cursor, "unlock_user", user)


def _give_role(lab: Lab, cursor: Any, user: User, role: str) -> set[int]:
    """Give a user a role and return the own permissions that collide with it and are taken away (ADM-061)."""
    new = role_to_give(cursor, role)
    left = settled(user.own, new.held)
    taken = user.own - left - new.held
    cursor.execute(
        "UPDATE ops.user SET role_id = ?, permissions = ? WHERE user_id = ?",
        [new.role_id, written(left - new.held), user.user_id],
    )
    if taken:
        lab.log(cursor, "take_permissions", user.name, permissions=written(taken), role=role)
    return set(taken)


def end_sessions_of(lab: Lab, user_id: int) -> None:
    """End the sessions of a user but the one that does this."""
    for number, one in lab.rights.sessions().items():
        if one.user_id == user_id and number != lab.caller.session_id:
            end_session(lab, number, "disconnect")


def _prove_old(lab: Lab, name: str, old: str) -> None:
    try:
        user = judged(lab, name, old)
    except LoginRefused as error:
        raise LoginRefused(f"your password stays as it is: {error.message}") from None
    with lab.database.tx("ops") as cursor:
        succeeded(cursor, user.user_id)


def _new_hash(lab: Lab, user_id: int, user: str, password: str) -> str:
    """Return the hash of a password that a user may choose; it takes up to a second, so no transaction is open."""
    check_strength(password, setting(lab, "password_strength"), user)
    last = lab.rows(
        "SELECT password_hash FROM ops.past_password WHERE user_id = $id ORDER BY changed_at DESC LIMIT $most",
        {"id": user_id, "most": REMEMBERED},
    )
    if any(matches(password, kept) for (kept,) in last):
        raise BadArgument(f"the new password is one of the last {REMEMBERED}; choose another one")
    return hashed(password)


def _keep_password(cursor: Any, user_id: int, kept: str, now: datetime, expires: date | None = None) -> None:
    cursor.execute(
        "UPDATE ops.user SET password_hash = ?, password_changed_at = ?, password_expires = ? WHERE user_id = ?",
        [kept, now, expires, user_id],
    )
    cursor.execute("INSERT OR REPLACE INTO ops.past_password VALUES (?, ?, ?)", [user_id, now, kept])


def _check_may_change(lab: Lab, user: User, items: set[str], valid: bool | None) -> None:
    check_not_installer(user)
    if user.kind == "authorized" and (others := sorted(items - _OF_AUTHORIZED)):
        raise Refused(f"{', '.join(others)} of the authorized person {user.name} can only be changed by the bank")
    if valid is False and user.user_id == lab.caller.user_id:
        raise Refused("you would lock yourself out; let another administrator do it")
