"""What one order says: its checked row, its canonical text and digest, and how it is kept with its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from bankklient_lab.errors import UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.checking import checked, rule_parameters
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Item, Kind
from bankklient_lab.orders.marks import marks
from bankklient_lab.orders.numbers import ID_MAX
from bankklient_lab.orders.views import bound, views

# ruff: noqa: S608 - every text below is made of our own declarations


@dataclass(frozen=True, slots=True)
class Settled:
    """What saving makes of an order: its status, and how a suspected duplicate is kept (error 151, or the reason)."""

    state: str
    errors: str = ""
    reason: str = ""


def stored_order(lab: Lab, cursor: Any, order_id: int) -> tuple[Kind, dict[str, Any]]:
    """Return the kind and the row of an order, as it is kept; UnknownName also when the caller may not see it."""
    for view in views(lab) if 0 < order_id <= ID_MAX else ():
        sql = f"{view.known('*')} AND order_id = $order_id"
        found = cursor.execute(sql, bound(sql, {"me": lab.caller.reference, "order_id": order_id}))
        for order in rows_of(found):
            return KINDS[order["kind"]], order
    raise UnknownName("order", str(order_id)[:30], "`bankklient orders list` shows them")


def checked_row(
    lab: Lab,
    cursor: Any,
    kind: Kind,
    texts: Mapping[str, str | None],
    *,
    today: date,
    origin: str,
    created_on: date,
    complete: bool = False,
) -> dict[str, Any]:
    """Return the order that has these texts, with values, errors and warnings (orders.checking).

    With `complete` items that `texts` leaves out get their defaults.
    """
    left_out = [item.name for item in kind.items if item.default and item.name not in texts] if complete else []
    values = {f"i_{name}": texts.get(name) for name in kind.names}
    found = cursor.execute(
        checked(kind, _one_entered(kind)),
        rule_parameters(lab, today) | values | {"origin": origin, "created_on": created_on, "left_out": left_out},
    )
    return one_row(found)


@cache
def _one_entered(kind: Kind) -> str:
    texts = ", ".join(f"{_text(item)} AS {item.name}" for item in kind.items)
    return (
        f"SELECT 1 AS entered_no, $origin::VARCHAR AS origin, $created_on::DATE AS created_on, {texts} FROM context c"
    )


def _text(item: Item) -> str:
    given = f"$i_{item.name}::VARCHAR"
    if not item.default:
        return given
    return (
        f"CASE WHEN list_contains($left_out::VARCHAR[], '{item.name}') THEN ({item.default})::VARCHAR ELSE {given} END"
    )


def one_row(found: Any) -> dict[str, Any]:
    """Return the only row of what a cursor found, by column."""
    (row,) = rows_of(found)
    return row


def rows_of(found: Any) -> list[dict[str, Any]]:
    """Return the rows of what a cursor found, by column."""
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@cache
def canonical(kind: Kind) -> str:
    """Return SQL for the canonical text of an order: a line for each item that has a value, in the kind's order.

    Its SHA-256 is the order's digest. A value stands as what it means after `item=`, so that 1500 and 1 500,00 are the
    same; a text that means nothing stands as it was entered after `item?=`. In texts a backslash is doubled and a line
    break is a backslash and n, so that no two contents have one text, whatever the rules allow.
    """
    lines = [_canonical_lines(item.name, item.valued) for item in kind.items]
    return f"concat('kind={kind.name}' || chr(10), {', '.join(lines)})"


def _canonical_lines(name: str, valued: bool) -> str:
    text = f"replace(replace({name}, '\\', '\\\\'), chr(10), '\\n') || chr(10)"
    if not valued:
        return f"coalesce('{name}=' || {text}, '')"
    return f"coalesce('{name}=' || {name}_value::VARCHAR || chr(10), '{name}?=' || {text}, '')"


def insert_order(
    lab: Lab, cursor: Any, kind: Kind, order_id: int, *, row: Mapping[str, Any], settled: Settled, today: date
) -> None:
    """Keep a new order and the step that made it."""
    columns = list(kind.columns())
    items = ", ".join(f"${column} AS {column}" for column in columns)
    who = "".join(f", {value} AS {name}" for name, value in marks(settled.state).items())
    ((digest,),) = cursor.execute(
        f"""
        INSERT INTO {kind.table} BY NAME SELECT *, sha256({canonical(kind)}) AS digest FROM (SELECT
            $order_id AS order_id, $kind AS kind, 'creation' AS origin, $status AS status, true AS saved,
            $errors AS errors, nullif($reason, '') AS duplicate_reason, 1 AS version,
            $today::DATE AS created_on, $me AS created_by, $now::TIMESTAMPTZ AS created_at, {items}{who})
        RETURNING digest
        """,
        {column: row[column] for column in columns} | {"order_id": order_id, "kind": kind.name, "today": today}
        | _values(lab, settled),
    ).fetchall()  # fmt: skip
    _record(lab, cursor, [order_id, 1, "create", None, settled.state], digest, settled.reason)


def update_order(
    lab: Lab, cursor: Any, kind: Kind, before: Mapping[str, Any], *, row: Mapping[str, Any], settled: Settled, note: str
) -> None:
    """Keep a corrected order and the step with the digest of what it says now; earlier verifications are gone."""
    columns = list(kind.columns())
    items = ", ".join(f"${column} AS {column}" for column in columns)
    taken = "".join(f", {column} = n.{column}" for column in columns)
    ((digest, version),) = cursor.execute(
        f"""
        UPDATE {kind.table} AS o SET status = $status, errors = $errors, duplicate_reason = nullif($reason, ''),
            saved = true, version = version + 1, corrected_by = $me, corrected_at = $now::TIMESTAMPTZ,
            digest = n.digest, {", ".join(f"{name} = {value}" for name, value in marks(settled.state).items())}{taken}
        FROM (SELECT *, sha256({canonical(kind)}) AS digest FROM (SELECT {items})) n
        WHERE o.order_id = $order_id RETURNING o.digest, o.version
        """,
        {column: row[column] for column in columns} | {"order_id": before["order_id"]} | _values(lab, settled),
    ).fetchall()
    _record(lab, cursor, [before["order_id"], version, "correct", before["status"], settled.state], digest, note)


def _values(lab: Lab, settled: Settled) -> dict[str, Any]:
    return {
        "status": settled.state, "errors": settled.errors, "reason": settled.reason,
        "me": lab.caller.reference, "now": lab.clock(),
    }  # fmt: skip


def _record(lab: Lab, cursor: Any, step: list[Any], digest: str, note: str) -> None:
    cursor.execute(
        "INSERT INTO ops.order_step VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), NULL)",
        [*step, lab.caller.reference, lab.clock(), lab.caller.channel, digest, note],
    )
