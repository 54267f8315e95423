"""The list of orders that the bank rejected: whoever has dealt with one takes it off, and the order itself stays."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.kinds import TABLES
from bankklient_lab.orders.lifecycle import REJECTED
from bankklient_lab.orders.steps import Outcome, check_chosen, log_orders

# ruff: noqa: S608 - every text below is made of our own declarations

_ORDERS = " UNION ALL ".join(f"SELECT order_id, status, version FROM {table}" for table in TABLES)
_REASON = f"""CASE WHEN o.status <> '{REJECTED}' THEN 'the bank has not rejected it'
    WHEN d.order_id IS NOT NULL THEN 'it is off the list of rejected orders already' END"""


@action("206", mode="batch", record="order_id")
def delete_rejections(lab: Lab, order_ids: list[int], *, versions: list[int] | None = None) -> dict[str, Any]:
    """Delete orders from the list of those that the bank rejected; they stay as they are, also in history and sums.

    What is on no such list is counted by reason (done, skipped, reasons); one alone is Refused with the reason. Refused
    when an order has another version than the one of `versions` that was seen. UnknownName for an order that there is
    not.
    """
    check_chosen(order_ids, versions)
    with lab.database.tx("ops") as cursor:
        outcome = _chosen(cursor, order_ids, versions)
        cursor.execute(
            "INSERT INTO ops.deleted_rejection SELECT unnest($ids::BIGINT[]), $me, $now",
            {"ids": outcome.ids, "me": lab.caller.reference, "now": lab.clock()},
        )
        log_orders(lab, cursor, "delete_rejections", outcome.ids, every=True)
    return outcome.as_dict()


def _chosen(cursor: Any, order_ids: list[int], versions: list[int] | None) -> Outcome:
    outcome = Outcome()
    rows = cursor.execute(
        f"""
        SELECT c.order_id, o.order_id IS NOT NULL AS known, coalesce(c.seen <> o.version, false) AS changed, {_REASON}
        FROM (SELECT DISTINCT unnest($ids::BIGINT[]) AS order_id, unnest($seen::INTEGER[]) AS seen) c
        LEFT JOIN ({_ORDERS}) o USING (order_id) LEFT JOIN ops.deleted_rejection d USING (order_id) ORDER BY 1
        """,
        {"ids": order_ids, "seen": list(versions or [])},
    ).fetchall()
    for order_id, known, changed, reason in rows:
        if not known:
            raise UnknownName("order", str(order_id), "nothing was done")
        if changed:
            raise Refused(f"somebody changed order {order_id} meanwhile; look at it again")
        if reason is None:
            outcome.ids.append(order_id)
        else:
            outcome.skip(reason, 1)
    if len(rows) == 1 and outcome.skipped:
        raise Refused(f"order {order_ids[0]} is not deleted from the list: {next(iter(outcome.skipped))}")
    return outcome
