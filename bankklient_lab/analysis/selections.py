"""Saved selections: criteria of `entries` or of `orders` under a name, each user's own."""

from __future__ import annotations

import json
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab, Read

# ruff: noqa: S608 - the tables are our own

NAME_CHARS_MAX = 60
ENTRIES, ORDERS = "entries", "orders"
_TABLES = {ENTRIES: "ops.user_selection", ORDERS: "ops.order_selection"}


@action()
def save_selection(lab: Lab, name: str, criteria: dict[str, Any], *, of: str = ENTRIES) -> None:
    """Keep criteria of `entries` or `orders` under a name, replacing earlier ones of that name.

    BadArgument for a bad name, UnknownName for a list that has no selections.
    """
    shown = " ".join(name.split())
    if not 0 < len(shown) <= NAME_CHARS_MAX:
        raise BadArgument(f"a selection needs a name of 1 to {NAME_CHARS_MAX} characters")
    with lab.database.tx("ops") as cursor:
        cursor.execute(
            f"INSERT OR REPLACE INTO {_table(of)} VALUES (?, ?, ?)",
            [lab.caller.user_id, shown, json.dumps(criteria, default=str, ensure_ascii=False)],
        )
        lab.log(cursor, "save_selection", shown, of=of)


@action()
def delete_selection(lab: Lab, name: str, *, of: str = ENTRIES) -> None:
    """Forget a saved selection; UnknownName when there is none."""
    with lab.database.tx("ops") as cursor:
        own = [lab.caller.user_id, name]
        if not cursor.execute(
            f"DELETE FROM {_table(of)} WHERE user_id = ? AND name = ? RETURNING name", own
        ).fetchall():
            raise UnknownName("selection", name)
        lab.log(cursor, "delete_selection", name, of=of)


@table_action()
def selections(lab: Lab, *, of: str = ENTRIES) -> Read:
    """Return the caller's saved selections of `entries` or `orders` by name. Columns: name, criteria (JSON)."""
    return lab.read(
        f"SELECT name, criteria FROM {_table(of)} WHERE user_id = $user ORDER BY name", {"user": lab.caller.user_id}
    )


def _table(of: str) -> str:
    """Return the table that keeps the selections of a list."""
    if of not in _TABLES:
        raise UnknownName("list with selections", of, f"there are {', '.join(_TABLES)}")
    return _TABLES[of]
