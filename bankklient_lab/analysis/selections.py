"""Saved selections: criteria of `entries` under a name, each user's own."""

from __future__ import annotations

import json
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab, Read

NAME_CHARS_MAX = 60


@action()
def save_selection(lab: Lab, name: str, criteria: dict[str, Any]) -> None:
    """Keep criteria of `entries` under a name, replacing earlier ones of that name; BadArgument for a bad name."""
    shown = " ".join(name.split())
    if not 0 < len(shown) <= NAME_CHARS_MAX:
        raise BadArgument(f"a selection needs a name of 1 to {NAME_CHARS_MAX} characters")
    with lab.database.tx("ops") as cursor:
        cursor.execute(
            "INSERT OR REPLACE INTO ops.user_selection VALUES (?, ?, ?)",
            [lab.caller.user_id, shown, json.dumps(criteria, default=str, ensure_ascii=False)],
        )
        lab.log(cursor, "save_selection", shown)


@action()
def delete_selection(lab: Lab, name: str) -> None:
    """Forget a saved selection; UnknownName when there is none."""
    with lab.database.tx("ops") as cursor:
        own = [lab.caller.user_id, name]
        if not cursor.execute(
            "DELETE FROM ops.user_selection WHERE user_id = ? AND name = ? RETURNING name", own
        ).fetchall():
            raise UnknownName("selection", name)
        lab.log(cursor, "delete_selection", name)


@table_action()
def selections(lab: Lab) -> Read:
    """Return the caller's saved selections by name. Columns: name, criteria (JSON)."""
    return lab.read(
        "SELECT name, criteria FROM ops.user_selection WHERE user_id = $user ORDER BY name",
        {"user": lab.caller.user_id},
    )
