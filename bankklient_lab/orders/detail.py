"""One order with everything that is known of it."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.columns import COLUMNS, column_sql
from bankklient_lab.orders.content import rows_of
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import TYPED_IN
from bankklient_lab.orders.listing import REJECTIONS, SETS, parameters
from bankklient_lab.orders.refusing import error_list
from bankklient_lab.orders.views import SEES, STEPS, View, bound, possible, views

# ruff: noqa: S608 - every text below is made of our own declarations, values are bound


@action(SEES, mode="standard")
def order_detail(lab: Lab, order_id: int) -> dict[str, Any]:
    """Return one order that the caller may see; UnknownName otherwise.

    The columns of `orders`, and kind_label; items (of each name, label, part, value, which is what was entered, and
    errors); errors (code, item, text); steps (what the caller can do now); to_type (the items that are typed again to
    verify it; their values are None for whoever only verifies); rejection_listed (it is on the list of rejected ones).
    """
    for view in views(lab):
        found = _row(lab, view, order_id)
        if found is not None:
            return _told(lab, view, found)
    raise UnknownName("order", str(order_id), "`bankklient orders list` shows them")


def _row(lab: Lab, view: View, order_id: int) -> dict[str, Any] | None:
    held = lab.rights.held(lab.caller)
    columns = ", ".join(f"{column_sql(view.kind, name)} AS {name}" for name in COLUMNS)
    items = ", ".join(f"o.{name} AS i_{name}" for name in view.kind.names)
    steps = ", ".join(f"({possible(view.kind, step, held)}) AS can_{step}" for step in STEPS)
    steps += f", ({possible(view.kind, 'verify', held, tables=TYPED_IN)}) AS can_type"
    steps += f", ({SETS[REJECTIONS][1]}) AS rejection_listed"
    sql = f"SELECT {columns}, {items}, {steps} FROM {view.relation('o.order_id = $order_id')}"
    with lab.database.reading() as cursor:
        found = cursor.execute(sql, bound(sql, parameters(lab) | {"order_id": order_id}))
        return next(iter(rows_of(found)), None)


def _told(lab: Lab, view: View, row: dict[str, Any]) -> dict[str, Any]:
    kind = KINDS[row["kind"]]
    errors = error_list(lab, row["errors"])
    wrong: dict[str, list[int]] = {}
    for one in errors:
        wrong.setdefault(_item_of(kind, one["item"]), []).append(one["code"])
    items = [
        {
            "name": item.name,
            "label": item.label,
            "part": item.part,
            "value": row[f"i_{item.name}"],
            "errors": wrong.get(item.name, []),
        }
        for item in kind.items
    ]
    return {name: row[name] for name in COLUMNS} | {
        "kind_label": kind.label,
        "items": items,
        "errors": errors,
        "steps": [step for step in STEPS if row[f"can_{step}"]],
        "to_type": list(view.typed) if row["can_type"] else [],
        "rejection_listed": row["rejection_listed"],
    }


def _item_of(kind: Kind, told: str) -> str:
    """Return the item that an error is shown at: of an account as a whole its number; "" for the whole order."""
    whole = {"accounts": kind.counter, "orderer_account": kind.own}
    whole |= {"own_debit_account": "debit", "own_credit_account": "credit"}
    place = f"{whole[told]}_account_base" if told in whole else told
    return next((name for name in (place, f"{kind.counter}_{place}") if name in kind.names), "")
