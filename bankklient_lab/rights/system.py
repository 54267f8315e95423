"""What a lab has from the beginning: the bank's system roles and its first user."""

from __future__ import annotations

from datetime import datetime

from bankklient_lab.codebooks import rows
from bankklient_lab.rights.identity import OWNER
from bankklient_lab.rights.permissions import parse, settled, written
from bankklient_lab.store.database import Database

SUPERUSER = 2


def ensure_access(database: Database, owner: str, now: datetime) -> None:
    """Bring the system roles to the codebook, and make `owner` the first user of a lab that has none."""
    wanted = [
        (int(row["number"]), row["manual_name"], row["meaning"], written(settled(parse(row["permissions"]))))
        for row in rows("roles")
    ]
    with database.reading() as cursor:
        have = cursor.execute(
            "SELECT role_id, name, note, permissions FROM ops.role WHERE system ORDER BY role_id"
        ).fetchall()
        users = cursor.execute("SELECT count(*) FROM ops.user").fetchone()
    if have == wanted and users and users[0]:
        return
    with database.tx("ops") as cursor:
        for role in wanted:
            if role not in have:
                cursor.execute("DELETE FROM ops.role WHERE role_id = ?", [role[0]])
                cursor.execute("INSERT INTO ops.role VALUES (?, ?, ?, true, true, ?)", role)
        if not users or not users[0]:
            cursor.execute(
                "INSERT INTO ops.user VALUES (?, ?, ?, 'operational', 0, true, '', '', '', '', '', ?, '',"
                " NULL, NULL, NULL, 0, NULL, NULL, ?)",
                [OWNER, owner, reference_for(owner), SUPERUSER, now],
            )


def reference_for(name: str) -> str:
    """Return two characters for a first user: of the name's letters and digits, filled up with X."""
    letters = [char for char in name.upper() if char.isascii() and char.isalnum()]
    return "".join(letters[:2]).ljust(2, "X")
