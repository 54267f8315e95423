"""Users: who may log in, with which role and which permissions besides."""

from __future__ import annotations

from datetime import date
from typing import Any

from bankklient_lab.access.configuration import setting
from bankklient_lab.access.roles import check_administrator, role_named
from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, LoginRefused, Refused, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.rights.identity import OWNER
from bankklient_lab.rights.passwords import REMEMBERED, check_strength, hashed, matches
from bankklient_lab.rights.permissions import broken_rules, everything, parse, settled, written

NAME_CHARS_MAX = 40
REFERENCE_CHARS = 2
RESERVED = "#&"  # marks of authorized persons (ADM-048, ADM-049)
_TEXT_CHARS_MAX = 100
_ITEMS = ("first_name", "last_name", "personal_number", "phone", "email")
_OF_AUTHORIZED = frozenset({"personal_number", "role"})  # what may be changed of a person of the bank's contract


@table_action("1")
def users(lab: Lab) -> Read:
    """Return the users.

    Columns: user, reference, kind, valid, first_name, last_name, personal_number, phone, email, role, permissions (own
    ones, numbers separated by spaces), password_changed_at, password_expires (last day), failed_logins, locked_at,
    has_password, factors (number of second factors).
    """
    return lab.read(
        "SELECT u.name AS user, u.reference, u.kind, u.valid, u.first_name, u.last_name, u.personal_number, u.phone,"
        " u.email, r.name AS role, u.permissions, u.password_changed_at, u.password_expires, u.failed_logins,"
        " u.locked_at, u.password_hash IS NOT NULL AS has_password,"
        " (SELECT count(*) FROM ops.factor f WHERE f.user_id = u.user_id AND f.confirmed AND f.removed_at IS NULL)"
        " AS factors FROM ops.user u JOIN ops.role r USING (role_id) ORDER BY u.user_id"
    )


@action("1", record="user")
def create_user(
    lab: Lab,
    user: str,
    *,
    reference: str,
    role: str,
    password: str,
    first_name: str = "",
    last_name: str = "",
    personal_number: str = "",
    phone: str = "",
    email: str = "",
    password_expires: date | None = None,
) -> None:
    """Add an operational user; from the second user on everybody logs in.

    `reference` is two characters that records keep of the user. BadArgument for what can't be, Refused while the first
    user has no password (`set_password`), because nobody could log in as that one any more.
    """
    texts = _texts(
        first_name=first_name, last_name=last_name, personal_number=personal_number, phone=phone, email=email
    )
    _check_name(user)
    if len(reference) != REFERENCE_CHARS or not reference.isalnum():
        raise BadArgument(f"a reference is two letters or digits, not {reference[:20]!r}")
    check_strength(password, setting(lab, "password_strength"), user)
    kept, now = hashed(password), lab.clock()
    with lab.database.tx("ops") as cursor:
        ((own,),) = cursor.execute("SELECT password_hash FROM ops.user WHERE user_id = ?", [OWNER]).fetchall()
        if own is None:
            raise Refused("set a password of your own first, or nobody could log in as you afterwards")
        taken = cursor.execute(
            "SELECT name FROM ops.user WHERE lower(name) = lower(?) OR upper(reference) = upper(?)", [user, reference]
        ).fetchone()
        if taken:
            raise BadArgument(f"user {taken[0]} has this name or reference already; choose others")
        role_id, _, _ = role_named(cursor, role)
        (user_id,) = cursor.execute("SELECT max(user_id) + 1 FROM ops.user").fetchone() or (OWNER,)
        cursor.execute(
            "INSERT INTO ops.user VALUES (?, ?, ?, 'operational', 0, true, ?, ?, ?, ?, ?, ?, '', ?, ?, ?,"
            " 0, NULL, NULL, ?)",
            [user_id, user, reference, *texts.values(), role_id, kept, now, password_expires, now],
        )
        cursor.execute("INSERT INTO ops.past_password VALUES (?, ?, ?)", [user_id, now, kept])
        lab.log(cursor, "create_user", user, reference=reference, role=role)
    lab.rights.forget()


@action("1", record="user")
def change_user(
    lab: Lab,
    user: str,
    *,
    role: str | None = None,
    valid: bool | None = None,
    password_expires: date | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    personal_number: str | None = None,
    phone: str | None = None,
    email: str | None = None,
) -> list[int]:
    """Change items of a user and return the permissions of their own that collide with a new role and were taken away.

    Refused for the installer, for other items than personal number and role of an authorized person, and where nobody
    would be left with permission 1.
    """
    given = zip(_ITEMS, (first_name, last_name, personal_number, phone, email), strict=True)
    texts = _texts(**{item: text for item, text in given if text is not None})
    taken = frozenset[int]()
    with lab.database.tx("ops") as cursor:
        user_id, kind, role_id, own = _user_named(cursor, user)
        wanted = {"role": role, "valid": valid, "password_expires": password_expires, **texts}
        changed = {item: value for item, value in wanted.items() if value is not None}
        _check_kind(user, kind, set(changed))
        if role is not None:
            role_id, _, held = role_named(cursor, role)
            taken = own - settled(held | own)
        cursor.execute(
            "UPDATE ops.user SET role_id = ?, permissions = ?, valid = coalesce(?, valid),"
            " password_expires = coalesce(?, password_expires) WHERE user_id = ?",
            [role_id, written(own - taken), valid, password_expires, user_id],
        )
        for item, text in texts.items():
            cursor.execute(f"UPDATE ops.user SET {item} = ? WHERE user_id = ?", [text, user_id])  # noqa: S608 - of _ITEMS
        check_administrator(cursor)
        lab.log(cursor, "change_user", user, **changed)
        if taken:
            lab.log(cursor, "take_permissions", user, permissions=written(taken), role=role)
    lab.rights.forget()
    return sorted(taken)


@action("1", record="user")
def grant_permissions(lab: Lab, user: str, permissions: list[int]) -> None:
    """Set the permissions that a user has besides those of the role; Refused when they collide with the role."""
    wanted = frozenset(permissions)
    for number in sorted(wanted - everything()):
        raise UnknownName("permission", number)
    with lab.database.tx("ops") as cursor:
        user_id, kind, role_id, before = _user_named(cursor, user)
        if kind == "installer":
            raise Refused(f"user {user} is the installer; nothing of that user can be changed")
        ((of_role,),) = cursor.execute("SELECT permissions FROM ops.role WHERE role_id = ?", [role_id]).fetchall()
        broken = broken_rules(parse(of_role) | wanted)
        if broken:
            raise Refused(f"user {user} can't have these permissions together: {'; '.join(broken)}")
        own = wanted - parse(of_role)
        cursor.execute("UPDATE ops.user SET permissions = ? WHERE user_id = ?", [written(own), user_id])
        lab.log(cursor, "grant_permissions", user, given=written(own - before), taken=written(before - own))
    lab.rights.forget()


@action("1", record="user")
def set_password(lab: Lab, user: str, password: str) -> None:
    """Set the password of a user, as an administrator; BadArgument for one that is too weak or was used lately."""
    with lab.database.tx("ops") as cursor:
        user_id, _, _, _ = _user_named(cursor, user)
        _keep_password(lab, cursor, user_id, user, password)
        lab.log(cursor, "set_password", user)
    lab.rights.forget()


@action(expired=True, steps=True)
def change_password(lab: Lab, old: str, new: str) -> None:
    """Choose a new password for oneself; LoginRefused for a wrong old one, BadArgument for a new one that can't be."""
    ((name, kept),) = lab.rows(
        "SELECT name, password_hash FROM ops.user WHERE user_id = $id", {"id": lab.caller.user_id}
    )
    if kept is not None and not matches(old, kept):
        raise LoginRefused("the old password is not right; it stays as it is")
    with lab.database.tx("ops") as cursor:
        _keep_password(lab, cursor, lab.caller.user_id, name, new)
        lab.log(cursor, "change_password", name)
    lab.rights.forget()


@action("1", record="user")
def unlock_user(lab: Lab, user: str) -> None:
    """Let a locked user log in again and forget the refused tries."""
    with lab.database.tx("ops") as cursor:
        user_id, _, _, _ = _user_named(cursor, user)
        cursor.execute(
            "UPDATE ops.user SET failed_logins = 0, failed_at = NULL, locked_at = NULL WHERE user_id = ?", [user_id]
        )
        lab.log(cursor, "unlock_user", user)


def _keep_password(lab: Lab, cursor: Any, user_id: int, user: str, password: str) -> None:
    check_strength(password, setting(lab, "password_strength"), user)
    last = cursor.execute(
        "SELECT password_hash FROM ops.past_password WHERE user_id = ? ORDER BY changed_at DESC LIMIT ?",
        [user_id, REMEMBERED],
    ).fetchall()
    if any(matches(password, kept) for (kept,) in last):
        raise BadArgument(f"the new password is one of the last {REMEMBERED}; choose another one")
    kept, now = hashed(password), lab.clock()
    cursor.execute(
        "UPDATE ops.user SET password_hash = ?, password_changed_at = ?, password_expires = NULL WHERE user_id = ?",
        [kept, now, user_id],
    )
    cursor.execute("INSERT OR REPLACE INTO ops.past_password VALUES (?, ?, ?)", [user_id, now, kept])


def _user_named(cursor: Any, user: str) -> tuple[int, str, int, frozenset[int]]:
    row = cursor.execute("SELECT user_id, kind, role_id, permissions FROM ops.user WHERE name = ?", [user]).fetchone()
    if row is None:
        raise UnknownName("user", user)
    return int(row[0]), str(row[1]), int(row[2]), parse(row[3])


def _check_kind(user: str, kind: str, items: set[str]) -> None:
    if kind == "installer":
        raise Refused(f"user {user} is the installer; nothing of that user can be changed")
    if kind == "authorized" and (others := sorted(items - _OF_AUTHORIZED)):
        raise Refused(f"{', '.join(others)} of the authorized person {user} can only be changed by the bank")


def _check_name(user: str) -> None:
    if not 0 < len(user) <= NAME_CHARS_MAX or user != " ".join(user.split()):
        raise BadArgument(f"a user needs a name of 1 to {NAME_CHARS_MAX} characters without spaces around it")
    if user[0] in RESERVED:
        raise BadArgument(f"a name can't begin with {user[0]}: that is the mark of persons authorized by the bank")


def _texts(**items: str) -> dict[str, str]:
    for item, text in items.items():
        if len(text) > _TEXT_CHARS_MAX:
            raise BadArgument(f"{item} has more than {_TEXT_CHARS_MAX} characters")
    return items
