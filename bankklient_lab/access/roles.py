"""Roles: the bank's, which can't be changed here, and those of the lab's own."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.rights.permissions import Held, broken_rules, everything, parse, settled, written

NAME_CHARS_MAX = 40


@table_action("1")
def roles(lab: Lab) -> Read:
    """Return the roles.

    Columns: role, note, system, valid, permissions (numbers separated by spaces), users (how many valid ones).
    """
    return lab.read(
        "SELECT r.name AS role, r.note, r.system, r.valid, r.permissions,"
        " count(u.user_id) FILTER (WHERE u.valid) AS users"
        " FROM ops.role r LEFT JOIN ops.user u USING (role_id) GROUP BY ALL ORDER BY min(r.role_id)"
    )


@action("1", record="role")
def create_role(lab: Lab, role: str, *, permissions: list[int], note: str = "") -> None:
    """Add a role of the lab's own; BadArgument for a name that is taken or permissions that break a rule."""
    name = " ".join(role.split())
    if not 0 < len(name) <= NAME_CHARS_MAX:
        raise BadArgument(f"a role needs a name of 1 to {NAME_CHARS_MAX} characters")
    held = whole_set(permissions)
    with lab.database.tx("ops") as cursor:
        if cursor.execute("SELECT 1 FROM ops.role WHERE lower(name) = lower(?)", [name]).fetchone():
            raise BadArgument(f"there is a role {name} already; choose another name")
        cursor.execute(
            "INSERT INTO ops.role SELECT max(role_id) + 1, ?, ?, false, true, ? FROM ops.role",
            [name, note, written(held)],
        )
        lab.log(cursor, "create_role", name, permissions=written(held))


@action("1", record="role")
def change_role(
    lab: Lab, role: str, *, permissions: list[int] | None = None, note: str | None = None, valid: bool | None = None
) -> None:
    """Change a role of the lab's own.

    Refused for a system role, for permissions that collide with those that a user of the role has besides, for taking
    the validity of a role that a user has, and where nobody would be left with permission 1.
    """
    with lab.database.tx("ops") as cursor:
        role_id, system, before = role_named(cursor, role)
        if system:
            raise Refused(f"role {role} comes from the bank and can't be changed; make a role of your own")
        if valid is False and (having := _users_of(cursor, role_id)):
            raise Refused(f"{having[0][0]} has the role {role}; give these users another one first")
        held = before if permissions is None else whole_set(permissions)
        for user, own in _users_of(cursor, role_id):
            broken = broken_rules(held | parse(own))
            if broken:
                raise Refused(f"user {user} has permissions of their own that collide: {'; '.join(broken)}")
        cursor.execute(
            "UPDATE ops.role SET permissions = ?, note = coalesce(?, note), valid = coalesce(?, valid)"
            " WHERE role_id = ?",
            [written(held), note, valid, role_id],
        )
        check_administrator(cursor)
        lab.log(cursor, "change_role", role, permissions=written(held), note=note, valid=valid)
    lab.rights.forget()


def whole_set(numbers: list[int]) -> Held:
    """Return a set of permissions whose rules hold; UnknownName, and BadArgument with each rule that it breaks."""
    held = frozenset(numbers)
    for number in sorted(held - everything()):
        raise UnknownName("permission", number)
    broken = broken_rules(held)
    if broken:
        raise BadArgument(f"these permissions can't be held together: {'; '.join(broken)}", kept=written(settled(held)))
    return held


def role_named(cursor: Any, role: str) -> tuple[int, bool, Held]:
    """Return number, whether it is the bank's, and permissions of a valid role; UnknownName."""
    row = cursor.execute("SELECT role_id, system, permissions FROM ops.role WHERE name = ?", [role]).fetchone()
    if row is None:
        raise UnknownName("role", role)
    return int(row[0]), bool(row[1]), parse(row[2])


def check_administrator(cursor: Any) -> None:
    """Raise Refused when no valid user would have a valid role with permission 1 any more (ADM-050)."""
    held = cursor.execute(
        "SELECT r.permissions FROM ops.user u JOIN ops.role r USING (role_id) WHERE u.valid AND r.valid"
    ).fetchall()
    if not any(1 in parse(numbers) for (numbers,) in held):
        raise Refused("no valid user would have a role with permission 1 any more; give it to another user first")


def _users_of(cursor: Any, role_id: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = cursor.execute(
        "SELECT name, permissions FROM ops.user WHERE role_id = ? AND valid ORDER BY name", [role_id]
    ).fetchall()
    return found
