"""Verifying orders: by sight, one or many at once, or by typing the marked items again, one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.orders.content import stored_order
from bankklient_lab.orders.entering import entered_texts
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import FOLLOWS, TYPED_IN
from bankklient_lab.orders.steps import check_chosen, log_orders, take_step
from bankklient_lab.orders.views import bound, typed_items, views

NEEDS = "61|66|108|125|126"
BATCH_MODE = "batch_verification"
BY_TYPING = "its items are to be typed again"
_SYMBOLS = ("constant_symbol", "variable_symbol", "specific_symbol")


@action(NEEDS, mode="batch", record="order_id", batch_if=BATCH_MODE)
def verify_orders(lab: Lab, order_ids: list[int], *, versions: list[int] | None = None) -> dict[str, Any]:
    """Verify orders that the caller has looked at; those that can't be verified stay and are counted by reason.

    Orders whose items are to be typed again (`items_to_type`) are left, imported ones excepted. One order alone that
    can't be verified is Refused, and so are all when somebody changed one since the caller saw the `versions`.
    """
    single = len(order_ids) == 1
    check_chosen(order_ids, versions)
    with lab.database.tx("ops") as cursor:
        typed = _to_type(lab, cursor, order_ids)
        if typed and single:
            raise Refused(f"order {order_ids[0]} can't be verified by sight: {BY_TYPING}")
        seen = dict(zip(order_ids, versions, strict=True)) if versions else {}
        by_sight = [order_id for order_id in order_ids if order_id not in typed]
        outcome = take_step(
            lab, "verify", by_sight, versions=[seen[one] for one in by_sight] if versions else None, single=single
        )
        if typed:
            outcome.skip(f"can't verify: {BY_TYPING}", len(typed))
        log_orders(lab, cursor, "verify_orders", outcome.ids)
    return outcome.as_dict()


@action(NEEDS, mode="standard")
def items_to_type(lab: Lab, kind: str) -> list[str]:
    """Return the items that are typed again to verify an order of a kind; none: it is verified by sight."""
    return list(typed_items(lab, kind_named(kind)))


@action(NEEDS, record="order_id")
def verify_by_typing(lab: Lab, order_id: int, values: dict[str, Any]) -> dict[str, Any]:
    """Verify an order whose marked items were typed again.

    Refused when one differs, naming the items and never the values that are kept. An empty symbol is typed as 0.
    """
    with lab.database.tx("ops") as cursor:
        kind, order = stored_order(lab, cursor, order_id)
        if not _to_type(lab, cursor, [order_id]):
            raise Refused(f"order {order_id} has no items to type again; verify it by sight")
        # First whether the caller may: nobody else learns what is equal. What follows undoes it when something differs.
        outcome = take_step(lab, "verify", [order_id], note="by items")
        texts = entered_texts(kind, values)
        wrong = [name for name in typed_items(lab, kind) if not _equal(cursor, kind, name, order, texts)]
        if wrong:
            labels = ", ".join(kind.item(name).label for name in wrong)
            raise Refused(f"order {order_id} is not verified: {labels} differ from what was entered", items=wrong)
        log_orders(lab, cursor, "verify_orders", outcome.ids)
    return outcome.as_dict()


@action(NEEDS, mode="batch", record="order_id", batch_if=BATCH_MODE)
def cancel_verification(lab: Lab, order_ids: list[int], *, versions: list[int] | None = None) -> dict[str, Any]:
    """Take the verification of orders back; they are created again."""
    with lab.database.tx("ops") as cursor:
        outcome = take_step(lab, "cancel_verification", order_ids, versions=versions)
        log_orders(lab, cursor, "cancel_verification", outcome.ids)
    return outcome.as_dict()


def _to_type(lab: Lab, cursor: Any, order_ids: Sequence[int]) -> set[int]:
    """Return those of these orders, if the caller may see them, that can't be verified by sight."""
    found: set[int] = set()
    for view in views(lab):
        if view.typed:
            follows = f"{FOLLOWS[view.kind.family]} IN {TYPED_IN}"
            sql = f"{view.known('order_id')} AND {follows} AND order_id IN (SELECT unnest($ids))"
            rows = cursor.execute(sql, bound(sql, {"me": lab.caller.reference, "ids": list(order_ids)})).fetchall()
            found |= {order_id for (order_id,) in rows}
    return found


def _equal(cursor: Any, kind: Kind, name: str, order: dict[str, Any], typed: dict[str, str | None]) -> bool:
    """Tell whether what was typed is what is kept: numbers by value, account numbers without leading zeros."""
    kept, text, item = order[name], typed.get(name), kind.item(name)
    if name.endswith(_SYMBOLS) and text is None:
        return False  # an empty symbol is typed as 0
    if item.type == "digits" and not name.endswith("_bank"):
        return (kept or "").lstrip("0") == (text or "").lstrip("0")
    if item.type in ("amount", "date"):
        macro = "amount_value" if item.type == "amount" else "date_value"
        ((value,),) = cursor.execute(f"SELECT {macro}(?)", [text]).fetchall()
        return bool(value == order[f"{name}_value"])
    return bool(kept == text)
