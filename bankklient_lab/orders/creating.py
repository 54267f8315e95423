"""Creating, correcting and deleting orders one at a time, as a form or a script does it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import BadArgument, Refused, SuspectedDuplicate, UnknownName, WrongOrder
from bankklient_lab.lab import Lab
from bankklient_lab.orders import duplicates
from bankklient_lab.orders.checking import checked, defaults, error_items, rule_parameters
from bankklient_lab.orders.entering import entered_texts
from bankklient_lab.orders.kinds import KINDS, TABLES, kind_named
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import (
    AS_NEW,
    CONFIRMED_STATES,
    CONFIRMED_TWICE,
    CREATED,
    ERROR,
    GUARDS,
    NEW,
    Decision,
    decide,
)
from bankklient_lab.orders.numbers import bank_day, take_numbers
from bankklient_lab.orders.steps import TABLE_OF, record_step, take_step

# ruff: noqa: S608 - every text below is made of our own declarations

CREATES = "51|56|120|121"
REASON_CHARACTERS_MAX = 200
DUPLICATES_KEPT_AS_ERRORS = "error"


@action(CREATES)
def create_order(
    lab: Lab, kind: str, values: dict[str, Any], *, reason: str = "", duplicate: str = "", use_defaults: bool = True
) -> dict[str, Any]:
    """Check an order and store it in the status that the caller's permissions give.

    `values` are texts, dates and Decimals by item (orders.entering); items that are left out get their defaults unless
    `use_defaults` is false. Returns order_id, status, and warnings (sentences).

    Raises WrongOrder with all errors, SuspectedDuplicate when it pays the same as another one: then give a `reason` to
    allow it, or `duplicate="error"` to keep it as a wrong one (151).
    """
    one = kind_named(kind)
    decision = _permitted(lab, one)
    today = bank_day(lab)
    texts = (_default_texts(lab, one, today) if use_defaults else {}) | entered_texts(one, values)
    with lab.database.tx("ops") as cursor:
        row = _checked_row(lab, cursor, one, texts, today, origin="creation", created_on=today)
        _raise_errors(one, row["errors"])
        errors = _judge_duplicates(lab, cursor, one, row, reason, duplicate)
        order_id = take_numbers(cursor, today, 1) + 1
        state = ERROR if errors else decision.next
        _insert(lab, cursor, one, order_id, row, str(state), errors, reason if not errors else "", today)
        lab.log(cursor, "create_order", str(order_id), kind=kind, status=state)
    return {"order_id": order_id, "status": state, "warnings": _warning_texts(one, row["warnings"])}


@action(f"{CREATES}|101|36", mode="standard")
def check_order(lab: Lab, kind: str, values: dict[str, Any], *, order_id: int | None = None) -> dict[str, Any]:
    """Check values as a form has them, without storing anything; `order_id` is the order that they are to correct.

    Returns errors (of each code, item, text), warnings (sentences), twins (ids of orders that pay the same), and values
    (texts of the amounts and days that were understood, by item).
    """
    one, today = kind_named(kind), bank_day(lab)
    texts: dict[str, str | None] = entered_texts(one, values)
    origin, created_on, regular = "creation", today, None
    with lab.database.reading() as cursor:
        if order_id is not None:
            one, before = stored_order(cursor, order_id)
            texts = {name: before[name] for name in one.names} | texts
            origin, created_on, regular = before["origin"], before["created_on"], before["regular_payment_id"]
        row = _checked_row(lab, cursor, one, texts, today, origin=origin, created_on=created_on)
        row |= {"order_id": order_id, "regular_payment_id": regular}
        twins = [] if row["errors"] else _twins(lab, cursor, one, row)
    understood = {item.name: row[f"{item.name}_value"] for item in one.items if item.valued}
    return {
        "errors": error_list(row["errors"]),
        "warnings": _warning_texts(one, row["warnings"]),
        "twins": twins,
        "values": {name: str(value) for name, value in understood.items() if value is not None},
    }


@action(CREATES, mode="standard")
def order_defaults(lab: Lab, kind: str) -> dict[str, str]:
    """Return the values that a new order of a kind begins with, by item."""
    texts = _default_texts(lab, kind_named(kind), bank_day(lab))
    return {name: text for name, text in texts.items() if text is not None}


@action("51|56|120|121|101|36", record="order_id")
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

    `version` is the one that was seen: an order that somebody changed meanwhile is Refused. Otherwise as
    `create_order`.
    """
    with lab.database.tx("ops") as cursor:
        one, before = stored_order(cursor, order_id)
        if version is not None and version != before["version"]:
            raise Refused(f"order {order_id} was changed meanwhile; look at it again")
        given = entered_texts(one, values)
        changed = {name: text for name, text in given.items() if before[name] != text}
        if not changed and before["status"] != ERROR:
            return {"order_id": order_id, "status": before["status"], "warnings": []}
        decision = _correction(lab, cursor, one, order_id, before)
        texts = {name: before[name] for name in one.names} | given
        row = _checked_row(
            lab, cursor, one, texts, bank_day(lab), origin=before["origin"], created_on=before["created_on"]
        )
        _raise_errors(one, row["errors"])
        row |= {"order_id": order_id, "regular_payment_id": before["regular_payment_id"]}
        errors = _judge_duplicates(lab, cursor, one, row, reason, duplicate)
        state = ERROR if errors else str(decision.next)
        record_step(lab, cursor, one.table, "correct", [order_id], Decision(state), ", ".join(sorted(changed)))
        _update(lab, cursor, one, order_id, row, state, errors, reason if not errors else "")
        lab.log(cursor, "correct_order", str(order_id), status=state, items=sorted(changed))
    return {"order_id": order_id, "status": state, "warnings": _warning_texts(one, row["warnings"])}


@action("51|56|120|121|201", mode="batch", record="orders")
def delete_orders(lab: Lab, order_ids: list[int]) -> dict[str, Any]:
    """Delete created orders for good: those that the caller may, the others stay and are counted by reason."""
    with lab.database.tx("ops") as cursor:
        outcome = take_step(lab, "delete", order_ids)
        if outcome.done:
            lab.log(cursor, "delete_orders", str(outcome.done), orders=order_ids[:100])
    return outcome.as_dict()


def stored_order(cursor: Any, order_id: int) -> tuple[Kind, dict[str, Any]]:
    """Return the kind and the row of an order; UnknownName."""
    for table in TABLES:
        found = cursor.execute(f"SELECT * FROM {table} WHERE order_id = ?", [order_id])
        names = [column[0] for column in found.description]
        row = found.fetchone()
        if row is not None:
            order = dict(zip(names, row, strict=True))
            return KINDS[order["kind"]], order
    raise UnknownName("order", str(order_id), "`bankklient orders list` shows them")


def error_list(codes: str) -> list[dict[str, Any]]:
    """Return of each error number (separated by spaces) the code, the item and the text."""
    return [
        {"code": code, "item": error_items()[code][0], "text": error_items()[code][2]}
        for code in map(int, codes.split())
    ]


def _permitted(lab: Lab, kind: Kind) -> Decision:
    decision = decide(kind.family, NEW, "save", frozenset(), lab.rights.held(lab.caller))
    if decision.next is None:
        raise Refused(f"you can't create a {kind.label.lower()}: {decision.reason}")
    return decision


def _correction(lab: Lab, cursor: Any, kind: Kind, order_id: int, before: Mapping[str, Any]) -> Decision:
    """Return what a correction by the caller makes of an order; Refused."""
    held, me = lab.rights.held(lab.caller), lab.caller.reference
    truth = ", ".join(f"({sql})" for sql, _ in GUARDS.values())
    ((table, *truths),) = cursor.execute(
        f"SELECT {TABLE_OF.format(table=kind.table)}, {truth} FROM {kind.table} o WHERE order_id = $id",
        {"id": order_id, "me": me},
    ).fetchall()
    holding = frozenset(guard for guard, holds in zip(GUARDS, truths, strict=True) if holds)
    decision = decide(table, before["status"], "correct", holding, held)
    if decision.next is None:
        raise Refused(f"order {order_id} can't be corrected: {decision.reason}")
    if decision.next != AS_NEW:
        return decision
    settled = decide(kind.family, NEW, "save", frozenset(), held)
    return settled if settled.next is not None else Decision(CREATED)


def _default_texts(lab: Lab, kind: Kind, today: date) -> dict[str, str | None]:
    with lab.database.reading() as cursor:
        return one_row(cursor.execute(defaults(kind), rule_parameters(lab, today)))


@cache
def _one_entered(kind: Kind) -> str:
    items = ", ".join(f"$i_{name}::VARCHAR AS {name}" for name in kind.names)
    return f"SELECT 1 AS entered_no, $origin::VARCHAR AS origin, $created_on::DATE AS created_on, {items}"


def _checked_row(
    lab: Lab, cursor: Any, kind: Kind, texts: Mapping[str, str | None], today: date, *, origin: str, created_on: date
) -> dict[str, Any]:
    values = {f"i_{name}": texts.get(name) for name in kind.names}
    found = cursor.execute(
        checked(kind, _one_entered(kind)),
        rule_parameters(lab, today) | values | {"origin": origin, "created_on": created_on},
    )
    return one_row(found)


def one_row(found: Any) -> dict[str, Any]:
    """Return the only row of what a cursor found, by column."""
    names = [column[0] for column in found.description]
    (row,) = found.fetchall()
    return dict(zip(names, row, strict=True))


def _raise_errors(kind: Kind, codes: str) -> None:
    if codes:
        found = error_list(codes)
        told = "; ".join(f"{one['code']} {one['text']}" for one in found)
        raise WrongOrder(f"the {kind.label.lower()} is not saved: {told}", errors=found)


def _warning_texts(kind: Kind, names: list[str]) -> list[str]:
    return [one.text for one in kind.warnings if one.name in names]


def _judge_duplicates(lab: Lab, cursor: Any, kind: Kind, row: Mapping[str, Any], reason: str, duplicate: str) -> str:
    """Return the errors that a suspected duplicate is kept with; raise when nobody has answered."""
    if duplicate not in ("", DUPLICATES_KEPT_AS_ERRORS):
        raise BadArgument(f"duplicate can't be {duplicate!r}; it takes 'error', or leave it out")
    if len(reason) > REASON_CHARACTERS_MAX:
        raise BadArgument(f"the reason has {len(reason)} characters; it takes at most {REASON_CHARACTERS_MAX}")
    found = _twins(lab, cursor, kind, row)
    if not found or reason.strip():
        return ""
    if duplicate == DUPLICATES_KEPT_AS_ERRORS:
        return str(duplicates.DUPLICATE)
    shown = ", ".join(map(str, found[:5]))
    raise SuspectedDuplicate(
        f"151 it pays the same as order {shown}: change it, or give a reason why it is right", twins=found
    )


def _twins(lab: Lab, cursor: Any, kind: Kind, row: Mapping[str, Any]) -> list[int]:
    if not duplicates.wanted(lab, kind):
        return []
    items = ", ".join(f"$i_{name}::VARCHAR AS {name}" for name in kind.names)
    new = (
        f"SELECT 1 AS entered_no, $order_id::BIGINT AS order_id, $regular::BIGINT AS regular_payment_id,"
        f" $amount_value::DECIMAL(18,3) AS amount_value, $maturity::DATE AS maturity_date_value, {items}"
    )
    sql, values = duplicates.twins(lab, kind, new)
    values |= {f"i_{name}": row[name] for name in kind.names}
    values |= {
        "order_id": row.get("order_id"),
        "regular": row.get("regular_payment_id"),
        "amount_value": row["amount_value"],
        "maturity": row["maturity_date_value"],
    }
    return [order_id for _, order_id in cursor.execute(f"{sql} ORDER BY 2", values).fetchall()]


@cache
def canonical(kind: Kind) -> str:
    """Return SQL for the canonical text of an order: a line for each item that has a value, in the kind's order."""
    lines = [
        f"coalesce('{item.name}=' || {_canonical_value(item.name, item.valued)} || chr(10), '')" for item in kind.items
    ]
    return f"concat('kind={kind.name}' || chr(10), {', '.join(lines)})"


def _canonical_value(name: str, valued: bool) -> str:
    return f"coalesce({name}_value::VARCHAR, {name})" if valued else name


def _insert(
    lab: Lab,
    cursor: Any,
    kind: Kind,
    order_id: int,
    row: Mapping[str, Any],
    state: str,
    errors: str,
    reason: str,
    today: date,
) -> None:
    columns = list(kind.columns())
    items = ", ".join(f"${column} AS {column}" for column in columns)
    marks = "".join(f", {value} AS {name}" for name, value in _automatic(state).items())
    cursor.execute(
        f"""
        INSERT INTO {kind.table} BY NAME SELECT *, sha256({canonical(kind)}) AS digest FROM (SELECT
            $order_id AS order_id, $kind AS kind, 'creation' AS origin, $status AS status, true AS saved,
            $errors AS errors, nullif($reason, '') AS duplicate_reason, 1 AS version,
            $today::DATE AS created_on, $me AS created_by, $now::TIMESTAMPTZ AS created_at, {items}{marks})
        """,
        {column: row[column] for column in columns}
        | {"order_id": order_id, "kind": kind.name, "status": state, "errors": errors, "reason": reason.strip()}
        | {"today": today, "me": lab.caller.reference, "now": lab.clock()},
    )
    cursor.execute(
        f"INSERT INTO ops.order_step SELECT order_id, 1, 'create', NULL, status, created_by, created_at, $channel,"
        f" digest, duplicate_reason, NULL FROM {kind.table} WHERE order_id = $id",
        {"channel": lab.caller.channel, "id": order_id},
    )


def _update(
    lab: Lab,
    cursor: Any,
    kind: Kind,
    order_id: int,
    row: Mapping[str, Any],
    state: str,
    errors: str,
    reason: str,
) -> None:
    items = {column: f"${column}" for column in kind.columns()}
    marks = dict.fromkeys(_MARKS, "NULL") | _automatic(state)
    changes = items | marks | {"corrected_by": "$me", "corrected_at": "$now", "status": "$status", "errors": "$errors"}
    cursor.execute(
        f"""
        UPDATE {kind.table} SET {", ".join(f"{column} = {value}" for column, value in changes.items())}, saved = true,
            duplicate_reason = coalesce(nullif($reason, ''), duplicate_reason), version = version + 1
        WHERE order_id = $id
        """,
        {column: row[column] for column in items}
        | {"status": state, "errors": errors, "reason": reason.strip(), "id": order_id}
        | {"me": lab.caller.reference, "now": lab.clock()},
    )
    cursor.execute(f"UPDATE {kind.table} SET digest = sha256({canonical(kind)}) WHERE order_id = ?", [order_id])


_MARKS = tuple(f"{step}_{what}" for step in ("verified", "confirmed", "confirmed_again") for what in ("by", "at"))


def _automatic(state: str) -> dict[str, str]:
    """Return what is written, as SQL by column, when saving verified and confirmed by permission."""
    count = 0 if state in (CREATED, ERROR) else 3 if state == CONFIRMED_TWICE else 2 if state in CONFIRMED_STATES else 1
    return {column: "$me" if column.endswith("_by") else "$now::TIMESTAMPTZ" for column in _MARKS[: 2 * count]}
