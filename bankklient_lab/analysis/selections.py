"""Saved selections: criteria of `entries` under a name."""

from __future__ import annotations

import json
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab, Read

NAME_CHARS_MAX = 60


@action
def save_selection(lab: Lab, name: str, criteria: dict[str, Any]) -> None:
    """Keep criteria of `entries` under a name, replacing earlier ones of that name; BadArgument for a bad name."""
    shown = " ".join(name.split())
    if not 0 < len(shown) <= NAME_CHARS_MAX:
        raise BadArgument(f"a selection needs a name of 1 to {NAME_CHARS_MAX} characters")
    with lab.database.tx("ops") as cursor:
        cursor.execute(
            "INSERT OR REPLACE INTO ops.selection VALUES (?, ?)",
            [shown, json.dumps(criteria, default=str, ensure_ascii=False)],
        )
        lab.log(cursor, "save_selection", shown)


@action
def delete_selection(lab: Lab, name: str) -> None:
    """Forget a saved selection; UnknownName when there is none."""
    with lab.database.tx("ops") as cursor:
        if not cursor.execute("DELETE FROM ops.selection WHERE name = ? RETURNING name", [name]).fetchall():
            raise UnknownName("selection", name)
        lab.log(cursor, "delete_selection", name)


@table_action
def selections(lab: Lab) -> Read:
    """Return the saved selections by name. Columns: name, criteria (JSON)."""
    return lab.read("FROM ops.selection ORDER BY name")
