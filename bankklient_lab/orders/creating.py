"""Creating, correcting and deleting orders one at a time, as a form or a script does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.orders.checking import defaults, rule_parameters
from bankklient_lab.orders.content import Settled, checked_row, insert_order, one_row, stored_order, update_order
from bankklient_lab.orders.entering import entered_texts
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import AS_NEW, CREATED, ERROR, NEW, decide
from bankklient_lab.orders.locked import require_unlocked
from bankklient_lab.orders.numbers import bank_day, take_numbers
from bankklient_lab.orders.refusing import error_list, refuse
from bankklient_lab.orders.steps import log_orders, standing, take_step
from bankklient_lab.orders.suspecting import dialogue, judged, twin_ids

CREATES = "51|56|120|121"
CORRECTS = f"{CREATES}|101|36"


@action(CREATES)
def create_order(
    lab: Lab, kind: str, values: dict[str, Any], *, reason: str = "", duplicate: str = "", use_defaults: bool = True
) -> dict[str, Any]:
    """Check an order and store it in the status that the caller's permissions give.

    `values` are texts, dates and Decimals by item (orders.entering); items that are left out get their defaults unless
    `use_defaults` is false. Returns order_id, status, warnings (sentences), and amount, as it was understood.

    Raises WrongOrder with all errors, SuspectedDuplicate when it pays the same as another one: then give a `reason` to
    allow it, or `duplicate="error"` to keep it as a wrong one (151).
    """
    one = kind_named(kind)
    state = _state_when_new(lab, one)
    today = bank_day(lab)
    texts = entered_texts(one, values)
    with lab.database.tx("ops") as cursor:
        row = checked_row(
            lab, cursor, one, texts, today=today, origin="creation", created_on=today, complete=use_defaults
        )
        refuse(lab, row["errors"], one.label.lower())
        errors, allowed = judged(lab, cursor, one, row, reason=reason, answer=duplicate)
        settled = Settled(ERROR if errors else state, errors, allowed)
        order_id = take_numbers(cursor, today, 1) + 1
        insert_order(lab, cursor, one, order_id, row=row, settled=settled, today=today)
        lab.log(cursor, "create_order", str(order_id), kind=kind, status=settled.state, **_allowed(allowed))
    return _saved(one, order_id, settled.state, row) | {"amount": row["amount_value"]}


@action(CORRECTS, mode="standard")
def check_order(lab: Lab, kind: str, values: dict[str, Any], *, order_id: int | None = None) -> dict[str, Any]:
    """Check values as a form has them, without storing anything; `order_id` is the order that they are to correct.

    They are checked by the kind that this order has; Refused when the caller can't correct it. Returns errors (of each
    code, item, text), warnings (sentences), values (texts of the amounts and days that were understood, by item), and
    what the dialogue about duplicates shows (suspecting.dialogue): `twins` are the ids of orders that pay the same.
    """
    one, today = kind_named(kind), bank_day(lab)
    origin, created_on, regular, offered = "creation", today, None, None
    with lab.database.reading() as cursor:
        if order_id is None:
            texts = entered_texts(one, values)
        else:
            one, before = stored_order(lab, cursor, order_id)
            given = entered_texts(one, values)
            _state_when_saved(lab, cursor, one, before, [name for name, text in given.items() if before[name] != text])
            texts = {name: before[name] for name in one.names} | given
            origin, created_on, offered = before["origin"], before["created_on"], before["duplicate_reason"]
            regular = before["regular_payment_id"]
        row = checked_row(lab, cursor, one, texts, today=today, origin=origin, created_on=created_on)
        row |= {"order_id": order_id, "regular_payment_id": regular}
        twins = [] if row["errors"] else twin_ids(lab, cursor, one, row)
        shown = dialogue(lab, cursor, one, twins, offered) if twins else {"twins": []}
    understood = {item.name: row[f"{item.name}_value"] for item in one.items if item.valued}
    return {
        "errors": error_list(lab, row["errors"]),
        "warnings": _warning_texts(one, row["warnings"]),
        "values": {name: str(value) for name, value in understood.items() if value is not None},
        **shown,
    }


@action(CREATES, mode="standard")
def order_defaults(lab: Lab, kind: str) -> dict[str, str]:
    """Return the values that a new order of a kind begins with, by item."""
    with lab.database.reading() as cursor:
        texts = one_row(cursor.execute(defaults(kind_named(kind)), rule_parameters(lab, bank_day(lab))))
    return {name: text for name, text in texts.items() if text is not None}


@action(CORRECTS, record="order_id")
def correct_order(
    lab: Lab,
    order_id: int,
    values: dict[str, Any],
    *,
    reason: str = "",
    duplicate: str = "",
    version: int | None = None,
) -> dict[str, Any]:
    """Change values of an order, check it anew and give it the status that the caller's permissions give.

    Without any change a right order stays as it is; a wrong one is checked again and saved, as one that was taken over
    from a pattern or a file, or a suspected duplicate. `version` is the one that was seen: an order that somebody
    changed meanwhile is Refused. Otherwise as `create_order`.
    """
    with lab.database.tx("ops") as cursor:
        one, before = stored_order(lab, cursor, order_id)
        if version is not None and version != before["version"]:
            raise Refused(f"order {order_id} was changed meanwhile; look at it again")
        given = entered_texts(one, values)
        changed = sorted(name for name, text in given.items() if before[name] != text)
        state = _state_when_saved(lab, cursor, one, before, changed)
        if not changed and before["status"] != ERROR:
            return {"order_id": order_id, "status": before["status"], "warnings": []}
        texts = {name: before[name] for name in one.names} | given
        row = checked_row(
            lab, cursor, one, texts, today=bank_day(lab), origin=before["origin"], created_on=before["created_on"]
        )
        refuse(lab, row["errors"], one.label.lower())
        row |= {"order_id": order_id, "regular_payment_id": before["regular_payment_id"]}
        errors, allowed = judged(
            lab, cursor, one, row, reason=reason, answer=duplicate, offered=before["duplicate_reason"]
        )
        settled = Settled(ERROR if errors else state, errors, allowed)
        update_order(lab, cursor, one, before, row=row, settled=settled, note=", ".join(changed))
        lab.log(cursor, "correct_order", str(order_id), status=settled.state, items=changed, **_allowed(allowed))
    return _saved(one, order_id, settled.state, row)


@action("51|56|120|121|201", mode="batch", record="order_id")
def delete_orders(lab: Lab, order_ids: list[int], *, versions: list[int] | None = None) -> dict[str, Any]:
    """Delete created orders for good: those that the caller may, the others stay and are counted by reason.

    All are Refused when somebody changed one since the caller saw the `versions`.
    """
    with lab.database.tx("ops") as cursor:
        outcome = take_step(lab, "delete", order_ids, versions=versions)
        log_orders(lab, cursor, "delete_orders", outcome.ids, every=True)
    return outcome.as_dict()


def _state_when_new(lab: Lab, kind: Kind) -> str:
    decision = decide(kind.family, NEW, "save", frozenset(), lab.rights.held(lab.caller))
    if decision.next is None:
        raise Refused(f"you can't create a {kind.label.lower()}: {decision.reason}")
    return decision.next


def _state_when_saved(lab: Lab, cursor: Any, kind: Kind, before: Mapping[str, Any], changed: list[str]) -> str:
    """Return what a correction by the caller makes of an order; Refused. Saving alone may need less than correcting."""
    held = lab.rights.held(lab.caller)
    ((table, status, holding),) = standing(lab, cursor, kind.table, before["order_id"])
    tried = [decide(table, status, step, holding, held) for step in (("correct",) if changed else ("correct", "save"))]
    decision = next((one for one in tried if one.next is not None), tried[0])
    if decision.next is None:
        raise Refused(f"order {before['order_id']} can't be corrected: {decision.reason}")
    require_unlocked(lab, kind, before, changed)
    if decision.next != AS_NEW:
        return decision.next
    created = decide(kind.family, NEW, "save", frozenset(), held)
    return created.next if created.next is not None else CREATED


def _warning_texts(kind: Kind, names: list[str]) -> list[str]:
    return [one.text for one in kind.warnings if one.name in names]


def _allowed(reason: str) -> dict[str, str]:
    return {"duplicate_allowed": reason} if reason else {}


def _saved(kind: Kind, order_id: int, state: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"order_id": order_id, "status": state, "warnings": _warning_texts(kind, row["warnings"])}
