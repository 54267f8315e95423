"""What a lab has from the beginning: the bank's system roles and its first user.

Roles come with the codebook, so a newer one may change them. Then the users of a changed role lose those permissions of
their own that the role does not go together with; that is logged and said (ADM-063, ADM-064).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, Protocol

from bankklient_lab.codebooks import rows
from bankklient_lab.rights.identity import OWNER
from bankklient_lab.rights.permissions import parse, settled, written
from bankklient_lab.store.database import Database

SUPERUSER, INSTALLER, INITIATE = 2, 11, 12  # numbers of roles that the bank gives by itself
SYSTEM_ROLES_MAX = 1_000  # roles of a lab's own have higher numbers


class Log(Protocol):
    """Appends an entry to the log within a transaction, as Lab.log does."""

    def __call__(self, cursor: Any, action: str, subject: str, **details: object) -> None:
        """Append the entry."""


class _Role(NamedTuple):
    """A system role as the lab keeps it."""

    role_id: int
    name: str
    note: str
    permissions: str


def ensure_access(database: Database, owner: str, now: datetime, log: Log) -> list[str]:
    """Bring the system roles to the codebook, and make `owner` the first user of a lab that has none.

    Returns a sentence for each user who lost permissions because the bank changed a role.
    """
    wanted = [
        _Role(int(row["number"]), row["manual_name"], row["meaning"], written(settled(parse(row["permissions"]))))
        for row in rows("roles")
    ]
    with database.reading() as cursor:
        kept = cursor.execute("SELECT role_id, name, note, permissions FROM ops.role WHERE system").fetchall()
        users = cursor.execute("SELECT count(*) FROM ops.user").fetchone()
    have = {row[0]: _Role(*row) for row in kept}
    changed = [role for role in wanted if have.get(role.role_id) != role]
    new = not users or not users[0]
    if not changed and not new:
        return []
    said: list[str] = []
    with database.tx("ops") as cursor:
        for role in changed:
            _keep(cursor, role, have.get(role.role_id))
            if not new:
                log(cursor, "bank_changes_role", role.name, permissions=role.permissions)
                said += _take_colliding(cursor, role, log)
        if new:
            cursor.execute(
                "INSERT INTO ops.user (user_id, name, reference, role_id, created_at, kind, ordinal, valid, first_name,"
                " last_name, personal_number, phone, email, permissions, failed_logins)"
                " VALUES (?, ?, ?, ?, ?, 'operational', 0, true, '', '', '', '', '', '', 0)",
                [OWNER, owner, reference_for(owner), SUPERUSER, now],
            )
    return said


def _keep(cursor: Any, role: _Role, before: _Role | None) -> None:
    if before is None or before.name != role.name:  # a role of the lab's own gives way to the bank's of the same name
        cursor.execute(
            "UPDATE ops.role SET name = name || ' (' || role_id || ')' WHERE NOT system AND lower(name) = lower(?)",
            [role.name],
        )
    if before is None:
        cursor.execute("INSERT INTO ops.role VALUES (?, ?, ?, true, true, ?)", role)
        return
    cursor.execute(
        "UPDATE ops.role SET note = ?, permissions = ? WHERE role_id = ?", [role.note, role.permissions, role.role_id]
    )
    if before.name != role.name:
        cursor.execute("UPDATE ops.role SET name = ? WHERE role_id = ?", [role.name, role.role_id])


def _take_colliding(cursor: Any, role: _Role, log: Log) -> list[str]:
    """Take from the users of a changed role what collides with it; return a sentence for each of them."""
    said = []
    of_role = parse(role.permissions)
    for user_id, user, numbers in cursor.execute(
        "SELECT user_id, name, permissions FROM ops.user WHERE role_id = ? ORDER BY user_id", [role.role_id]
    ).fetchall():
        own = parse(numbers)
        left = settled(own, of_role)
        if left == own:
            continue
        cursor.execute("UPDATE ops.user SET permissions = ? WHERE user_id = ?", [written(left), user_id])
        taken = written(own - left)
        log(cursor, "take_permissions", user, permissions=taken, role=role.name)
        said.append(
            f"the bank changed role {role.name}, so user {user} lost permissions of their own that collide with it:"
            f" {taken}; see `bankklient users change {user}`"
        )
    return said


def reference_for(name: str) -> str:
    """Return two characters for a first user: of the name's letters and digits, filled up with X."""
    letters = [char for char in name.upper() if char.isascii() and char.isalnum()]
    return "".join(letters[:2]).ljust(2, "X")
