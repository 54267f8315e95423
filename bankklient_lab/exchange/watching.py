"""Ending the watch over orders in process that the bank's data never settle (TXN-113 to TXN-120)."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.lifecycle import NOT_SENT
from bankklient_lab.orders.steps import Outcome, check_chosen, log_orders, step_all

# ruff: noqa: S608 - every text below is made of our own declarations


@action("211", mode="batch", record="order_id")
def stop_watching(lab: Lab, order_ids: list[int]) -> dict[str, Any]:
    """Take domestic orders out of those in process; in history they become "monitoring ended" (MT).

    This has no influence on what the bank does with them, and can't be taken back. Orders of an unsent batch, and those
    that are in process no more, stay as they are and are counted by reason (done, skipped, reasons); one alone is
    Refused with the reason. UnknownName for an order that is no domestic one in a batch.
    """
    check_chosen(order_ids, None)
    outcome = Outcome()
    with lab.database.tx("ops") as cursor:
        cursor.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE watched_order AS
            SELECT c.order_id, o.order_id IS NOT NULL AND s.order_id IS NOT NULL AS sent, CASE
                WHEN NOT s.in_process THEN 'it is in process no more'
                WHEN o.status = '{NOT_SENT}' THEN 'its batch is not sent; send or discard the batch' END AS reason
            FROM (SELECT DISTINCT unnest($ids::BIGINT[]) AS order_id) c
            LEFT JOIN ops.domestic_order o ON o.order_id = c.order_id
            LEFT JOIN ops.sent_order s ON s.order_id = c.order_id
            """,
            {"ids": order_ids},
        )
        ((lost,),) = cursor.execute("SELECT min(order_id) FROM watched_order WHERE NOT sent").fetchall()
        if lost is not None:
            raise UnknownName("domestic order in a batch", str(lost), "nothing was done")
        for reason, count in cursor.execute(
            "SELECT reason, count(*) FROM watched_order WHERE reason IS NOT NULL GROUP BY ALL ORDER BY ALL"
        ).fetchall():
            outcome.skip(f"can't be deleted from those in process: {reason}", count)
        if len(order_ids) == 1 and outcome.skipped:
            raise Refused(f"order {order_ids[0]} {next(iter(outcome.skipped))}")
        chosen = "(SELECT order_id FROM watched_order WHERE reason IS NULL)"
        step_all(lab, cursor, "stop_watching", chosen)
        cursor.execute(
            f"UPDATE ops.sent_order SET in_process = false, changed_at = ? WHERE order_id IN {chosen}", [lab.clock()]
        )
        outcome.ids += [one for (one,) in cursor.execute(f"FROM {chosen} ORDER BY 1").fetchall()]
        log_orders(lab, cursor, "stop_watching", outcome.ids, every=True)
    return outcome.as_dict()
