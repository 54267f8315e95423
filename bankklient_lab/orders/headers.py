"""Headers: values that are filled into each new order of a kind while they are switched on.

Headers are common to all users. They never keep the maturity; it is given anew whenever a header is used.
"""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.creating import CREATES
from bankklient_lab.orders.entering import entered_texts
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.unfinished import MATURITY, check_entered, clean_name, kept, permit, values_of


@action(CREATES)
def save_header(lab: Lab, kind: str, name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Keep values of an order under a name, replacing an earlier header of that name.

    Values are checked as far as they are filled in: WrongOrder. Returns name, values (as kept) and left_out: items that
    a header does not keep.
    """
    one = kind_named(kind)
    permit(lab, one)
    shown, texts = clean_name(name, "header"), entered_texts(one, values)
    left_out = [MATURITY] if texts.pop(MATURITY, None) is not None else []
    with lab.database.tx("ops") as cursor:
        check_entered(lab, cursor, one, texts, "header")
        cursor.execute(
            "INSERT OR REPLACE INTO ops.order_header VALUES (?, ?, ?, ?, ?)",
            [kind, shown, kept(texts), lab.caller.reference, lab.clock()],
        )
        lab.log(cursor, "save_header", shown, kind=kind)
    return {"name": shown, "values": values_of(kept(texts)), "left_out": left_out}


@action(CREATES, mode="standard")
def header_values(lab: Lab, kind: str, name: str) -> dict[str, str]:
    """Return the values of a header by item, for a new order: `header_values(...) | values`; UnknownName."""
    found = lab.rows(
        "SELECT items FROM ops.order_header WHERE kind = $kind AND name = $name",
        {"kind": kind_named(kind).name, "name": name},
    )
    if not found:
        raise _unknown(name)
    return values_of(found[0][0])


@action(CREATES)
def delete_header(lab: Lab, kind: str, name: str) -> None:
    """Delete a saved header; UnknownName when there is none."""
    permit(lab, kind_named(kind))
    with lab.database.tx("ops") as cursor:
        if not cursor.execute(
            "DELETE FROM ops.order_header WHERE kind = ? AND name = ? RETURNING name", [kind, name]
        ).fetchall():
            raise _unknown(name)
        lab.log(cursor, "delete_header", name, kind=kind)


@table_action(CREATES)
def headers(lab: Lab, kind: str | None = None) -> Read:
    """Return the saved headers of a kind (None: of all kinds) by kind and name.

    Columns: kind, name, items (JSON), changed_by (reference), changed_at.
    """
    return lab.read(
        "SELECT kind, name, items, changed_by, changed_at FROM ops.order_header"
        " WHERE kind = coalesce($kind, kind) ORDER BY kind, name",
        {"kind": kind and kind_named(kind).name},
    )


def _unknown(name: str) -> UnknownName:
    return UnknownName("header", name, "`bankklient patterns headers` shows them")
