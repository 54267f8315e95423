"""Roles: the bank's, which can't be changed here, and those of the lab's own."""

from __future__ import annotations

from typing import Any, NamedTuple

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.rights.permissions import Held, broken_rules, known_numbers, parse, settled, written
from bankklient_lab.rights.system import SYSTEM_ROLES_MAX

NAME_CHARS_MAX = 40
NOTE_CHARS_MAX = 200


class Role(NamedTuple):
    """A role as the lab keeps it."""

    role_id: int
    name: str
    system: bool
    valid: bool
    held: Held


@table_action("1")
def roles(lab: Lab) -> Read:
    """Return the roles: first the bank's, then those of the lab's own in the order in which they were made.

    Columns: role, note, system (the bank's), valid, permissions (numbers separated by spaces), users (how many have it,
    valid or not).
    """
    return lab.read(
        "SELECT r.name AS role, r.note, r.system, r.valid, r.permissions, count(u.user_id) AS users"
        " FROM ops.role r LEFT JOIN ops.user u USING (role_id) GROUP BY ALL ORDER BY min(r.role_id)"
    )


@table_action("1")
def users_of_role(lab: Lab, role: str) -> Read:
    """Return the users with a role: user, reference, valid; UnknownName for a role that there is not."""
    with lab.database.reading() as cursor:
        role_id = role_named(cursor, role).role_id
    return lab.read(
        "SELECT name AS user, reference, valid FROM ops.user WHERE role_id = $role ORDER BY user_id", {"role": role_id}
    )


@action("1", record="role", proof=True)
def create_role(lab: Lab, role: str, *, permissions: list[int], note: str = "") -> None:
    """Add a role of the lab's own; BadArgument for a name that is taken or permissions that break a rule."""
    name = " ".join(role.split())
    if not 0 < len(name) <= NAME_CHARS_MAX:
        raise BadArgument(f"a role needs a name of 1 to {NAME_CHARS_MAX} characters")
    held = _whole_set(permissions)
    with lab.database.tx("ops") as cursor:
        if cursor.execute("SELECT 1 FROM ops.role WHERE lower(name) = lower(?)", [name]).fetchone():
            raise BadArgument(f"there is a role {name} already; choose another name")
        cursor.execute(
            "INSERT INTO ops.role SELECT greatest(max(role_id), ?) + 1, ?, ?, false, true, ? FROM ops.role",
            [SYSTEM_ROLES_MAX, name, _note(note), written(held)],
        )
        lab.log(cursor, "create_role", name, permissions=written(held))


@action("1", record="role", proof=True)
def change_role(
    lab: Lab, role: str, *, permissions: list[int] | None = None, note: str | None = None, valid: bool | None = None
) -> None:
    """Change a role of the lab's own; its name stays.

    Refused for a system role, for permissions that collide with those that a user of the role has besides, for taking
    the validity of a role that a user has, and where nobody would be left with permission 1.
    """
    with lab.database.tx("ops") as cursor:
        before = role_named(cursor, role)
        if before.system:
            raise Refused(f"role {role} comes from the bank and can't be changed; make a role of your own")
        having = _users_of(cursor, before.role_id)
        if valid is False and having:
            raise Refused(f"user {having[0][0]} has the role {role}; give the users of it another one first")
        held = before.held if permissions is None else _whole_set(permissions)
        for user, own in having:
            broken = broken_rules(held | parse(own))
            if broken:
                raise Refused(f"user {user} has permissions of their own that collide: {'; '.join(broken)}")
        cursor.execute(
            "UPDATE ops.role SET permissions = ?, note = coalesce(?, note), valid = coalesce(?, valid)"
            " WHERE role_id = ?",
            [written(held), None if note is None else _note(note), valid, before.role_id],
        )
        check_administrator(cursor)
        given, taken = written(held - before.held), written(before.held - held)
        lab.log(cursor, "change_role", role, given=given, taken=taken, note=note, valid=valid)
    lab.rights.forget()


@action("1", record="role", proof=True)
def delete_role(lab: Lab, role: str) -> None:
    """Take the validity of a role, so that records of the past still name it; Refused as in `change_role`."""
    change_role.function(lab, role, valid=False)


def role_named(cursor: Any, role: str) -> Role:
    """Return a role; UnknownName."""
    row = cursor.execute(
        "SELECT role_id, name, system, valid, permissions FROM ops.role WHERE name = ?", [role]
    ).fetchone()
    if row is None:
        raise UnknownName("role", role, "`bankklient roles list` shows them")
    role_id, name, system, valid, numbers = row
    return Role(role_id, name, system, valid, parse(numbers))


def role_to_give(cursor: Any, role: str) -> Role:
    """Return a role that a user may get; UnknownName, Refused for one that is not valid any more."""
    found = role_named(cursor, role)
    if not found.valid:
        raise Refused(f"role {role} is not valid any more; choose another one")
    return found


def check_administrator(cursor: Any) -> None:
    """Raise Refused when no valid user would have a valid role with permission 1 any more (ADM-050).

    Where users log in, that user must have a password, or nobody could.
    """
    held = cursor.execute(
        "SELECT r.permissions FROM ops.user u JOIN ops.role r USING (role_id) WHERE u.valid AND r.valid"
        " AND (u.password_hash IS NOT NULL OR (SELECT count(*) FROM ops.user) = 1)"
    ).fetchall()
    if not any(1 in parse(numbers) for (numbers,) in held):
        raise Refused(
            "no valid user who can log in would have a role with permission 1 any more; give it to another user first"
        )


def _whole_set(numbers: list[int]) -> Held:
    held = known_numbers(numbers)
    broken = broken_rules(held)
    if broken:
        raise BadArgument(f"these permissions can't be held together: {'; '.join(broken)}", kept=written(settled(held)))
    return held


def _note(text: str) -> str:
    if len(text) > NOTE_CHARS_MAX:
        raise BadArgument(f"the note of a role has at most {NOTE_CHARS_MAX} characters")
    return text


def _users_of(cursor: Any, role_id: int) -> list[tuple[str, str]]:
    """Return name and own permissions of each user of a role; those that are not valid may become valid again."""
    found: list[tuple[str, str]] = cursor.execute(
        "SELECT name, permissions FROM ops.user WHERE role_id = ? ORDER BY name", [role_id]
    ).fetchall()
    return found
