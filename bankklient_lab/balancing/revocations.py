"""Marking domestic orders that are on their way for revocation; the next balancing asks the bank to stop them."""

from __future__ import annotations

from functools import cache
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.balancing.sent_orders import chosen_sent
from bankklient_lab.codebooks import name_sql
from bankklient_lab.codebooks.codes import Revocation, listed
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.columns import column_sql
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.lifecycle import transitions
from bankklient_lab.orders.listing import parameters
from bankklient_lab.orders.steps import log_orders
from bankklient_lab.orders.views import bound

# ruff: noqa: S608 - every text below is made of our own declarations

# Those that can be marked: none yet, found wrong or not found by the bank, removed with its batch.
_FREE = (Revocation.NOT_INCLUDED, Revocation.REJECTED, Revocation.NOT_FOUND, Revocation.REMOVED)
_COLUMNS = (
    "transmission_id", "kind", "letter", "status", "status_name", "own_account", "counter_account", "counter_name",
    "amount", "currency", "maturity", "variable_symbol",
)  # fmt: skip


@table_action("171")
def revocable_orders(lab: Lab) -> Read:
    """Return the domestic orders in process that are or can be marked for revocation, the newest first.

    Columns: order_id, those of lists of orders that say what was sent, revocation (0: not marked, 1: marked),
    revocation_name.
    """
    parts = []
    for kind in KINDS.values():
        if kind.family == "domestic":
            columns = ", ".join(f"{column_sql(kind, name)} AS {name}" for name in _COLUMNS)
            parts.append(f"SELECT o.order_id, {columns} FROM {kind.table} o WHERE o.kind = '{kind.name}'")
    sql = f"""
        SELECT l.*, s.revocation, {name_sql("revocation_statuses", "s.revocation")} AS revocation_name
        FROM ({" UNION ALL ".join(parts)}) l JOIN ops.sent_order s ON s.order_id = l.order_id
        WHERE s.in_process AND l.status IN {_revocable()} AND s.revocation IN {listed((Revocation.INCLUDED, *_FREE))}
        ORDER BY l.order_id DESC"""
    return lab.read(sql, bound(sql, parameters(lab)))


@action("171", mode="batch", record="order_id")
def mark_for_revocation(lab: Lab, order_ids: list[int]) -> dict[str, Any]:
    """Mark domestic orders in process, sent and not posted, for revocation by the next balancing.

    Others stay as they are and are counted by reason (done, skipped, reasons); one alone is Refused with the reason.
    UnknownName for an order that is no domestic one in a batch.
    """
    can = f"s.in_process AND o.status IN {_revocable()} AND s.revocation IN {listed(_FREE)}"
    return _set(lab, order_ids, Revocation.INCLUDED, can, "mark_for_revocation")


@action("171", mode="batch", record="order_id")
def unmark_for_revocation(lab: Lab, order_ids: list[int]) -> dict[str, Any]:
    """Take the mark of orders back, as long as no balancing has taken it; the rest as in `mark_for_revocation`."""
    return _set(
        lab,
        order_ids,
        Revocation.NOT_INCLUDED,
        f"s.revocation = {Revocation.INCLUDED}",
        "unmark_for_revocation",
    )


def _set(lab: Lab, order_ids: list[int], mark: Revocation, can: str, message: str) -> dict[str, Any]:
    left = "can't be marked" if mark else "has no mark to take back"
    with lab.database.tx("ops") as cursor:
        outcome = chosen_sent(cursor, order_ids, f"CASE WHEN NOT coalesce({can}, false) THEN {_reason()} END", left)
        cursor.execute(
            "UPDATE ops.sent_order SET revocation = $mark, changed_at = $now"
            " WHERE order_id IN (SELECT unnest($ids::BIGINT[]))",
            {"mark": mark, "now": lab.clock(), "ids": outcome.ids},
        )
        log_orders(lab, cursor, message, outcome.ids, every=True)
    return outcome.as_dict()


@cache
def _revocable() -> str:
    """Return as SQL the states of orders that the bank may still stop (SRV-218): those that it may still reject."""
    rows = [one.states for one in transitions() if (one.table, one.action) == ("domestic", "bank_rejects")]
    return f"({', '.join(repr(state) for state in sorted(frozenset().union(*rows)))})"


def _reason() -> str:
    """Return SQL for why an order `o`, sent as `s`, is left."""
    return f"""CASE
        WHEN o.status = 'NS' THEN 'its batch is not sent; discard the batch instead'
        WHEN NOT s.in_process OR o.status NOT IN {_revocable()}
            THEN 'it is ' || {name_sql("order_statuses", "o.status")}
        ELSE 'its revocation is ' || {name_sql("revocation_statuses", "s.revocation")} END"""
