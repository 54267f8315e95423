"""Verifying orders: by sight, one or many at once, or by typing the marked items again, one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.orders.creating import stored_order
from bankklient_lab.orders.entering import entered_texts
from bankklient_lab.orders.kinds import KINDS, TABLES, kind_named
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.steps import take_step
from bankklient_lab.rights.settings import read_setting

# ruff: noqa: S608 - every text below is made of our own declarations

NEEDS = "61|66|108|125|126"
_SYMBOLS = ("constant_symbol", "variable_symbol", "specific_symbol")


@action(NEEDS, mode="batch", record="orders")
def verify_orders(lab: Lab, order_ids: list[int]) -> dict[str, Any]:
    """Verify orders that the caller has looked at; those that can't be verified stay and are counted by reason.

    Orders whose items are to be typed again (`items_to_type`) are left, imported ones excepted.
    """
    with lab.database.tx("ops") as cursor:
        typed = _to_type(lab, cursor, order_ids)
        by_sight = [order_id for order_id in order_ids if order_id not in typed]
        if typed and not by_sight and len(order_ids) == 1:
            raise Refused(f"order {order_ids[0]} is verified by typing items again: {', '.join(typed[order_ids[0]])}")
        outcome = take_step(lab, "verify", by_sight, single=len(order_ids) == 1)
        if typed:
            outcome.skipped["can't verify: its items are to be typed again"] = len(typed)
        if outcome.done:
            lab.log(cursor, "verify_orders", str(outcome.done), orders=by_sight[:100])
    return outcome.as_dict()


@action(NEEDS, mode="standard")
def items_to_type(lab: Lab, kind: str) -> list[str]:
    """Return the items that are typed again to verify an order of a kind; none: it is verified by sight."""
    return _marked(lab, kind_named(kind))


@action(NEEDS, record="order_id")
def verify_by_typing(lab: Lab, order_id: int, values: dict[str, Any]) -> dict[str, Any]:
    """Verify an order whose marked items were typed again.

    Refused when one differs, naming the items and never the values that are kept. An empty symbol is typed as 0.
    """
    with lab.database.tx("ops") as cursor:
        kind, order = stored_order(cursor, order_id)
        texts = entered_texts(kind, values)
        wrong = [name for name in _marked(lab, kind) if not _equal(cursor, kind, name, order, texts)]
        if wrong:
            labels = ", ".join(kind.item(name).label for name in wrong)
            raise Refused(f"order {order_id} is not verified: {labels} differ from what was entered", items=wrong)
        outcome = take_step(lab, "verify", [order_id], note="by items")
        lab.log(cursor, "verify_orders", "1", orders=[order_id])
    return outcome.as_dict()


@action(NEEDS, mode="batch", record="orders")
def cancel_verification(lab: Lab, order_ids: list[int]) -> dict[str, Any]:
    """Take the verification of orders back; they are created again."""
    with lab.database.tx("ops") as cursor:
        outcome = take_step(lab, "cancel_verification", order_ids)
        if outcome.done:
            lab.log(cursor, "cancel_verification", str(outcome.done), orders=order_ids[:100])
    return outcome.as_dict()


def _marked(lab: Lab, kind: Kind) -> list[str]:
    chosen = read_setting(lab.database, kind.verified_setting)
    return [item for choice in chosen for item in kind.verified_items[choice]]


def _to_type(lab: Lab, cursor: Any, order_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the orders among these that can't be verified by sight, with the items to type."""
    found: dict[int, list[str]] = {}
    for table in TABLES:
        rows = cursor.execute(
            f"SELECT order_id, kind FROM {table} WHERE order_id IN (SELECT unnest($ids))"
            " AND (origin = 'creation' OR kind = 'foreign_payment')",
            {"ids": list(order_ids)},
        ).fetchall()
        found |= {order_id: marked for order_id, name in rows if (marked := _marked(lab, KINDS[name]))}
    return found


def _equal(cursor: Any, kind: Kind, name: str, order: dict[str, Any], typed: dict[str, str | None]) -> bool:
    """Tell whether what was typed is what is kept: numbers by value, account numbers without leading zeros."""
    kept, text, item = order[name], typed.get(name), kind.item(name)
    if kept is None and name.endswith(_SYMBOLS):
        return text is not None and set(text) == {"0"}
    if item.type == "digits" and not name.endswith("_bank"):
        return (kept or "").lstrip("0") == (text or "").lstrip("0")
    if item.type in ("amount", "date"):
        macro = "amount_value" if item.type == "amount" else "date_value"
        ((value,),) = cursor.execute(f"SELECT {macro}(?)", [text]).fetchall()
        return bool(value == order[f"{name}_value"])
    return kept == text
