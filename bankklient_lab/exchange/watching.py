"""Ending the watch over orders in process that the bank's data never settle (TXN-113 to TXN-120)."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.balancing.sent_orders import chosen_sent
from bankklient_lab.lab import Lab
from bankklient_lab.orders.lifecycle import NOT_SENT
from bankklient_lab.orders.steps import log_orders, step_all

_REASON = f"""CASE WHEN NOT s.in_process THEN 'it is in process no more'
    WHEN o.status = '{NOT_SENT}' THEN 'its batch is not sent; send or discard the batch' END"""


@action("211", mode="batch", record="order_id")
def stop_watching(lab: Lab, order_ids: list[int]) -> dict[str, Any]:
    """Take domestic orders out of those in process; in history they become "monitoring ended" (MT).

    This has no influence on what the bank does with them, and can't be taken back. Orders of an unsent batch, and those
    that are in process no more, stay as they are and are counted by reason (done, skipped, reasons); one alone is
    Refused with the reason. UnknownName for an order that is no domestic one in a batch.
    """
    with lab.database.tx("ops") as cursor:
        outcome = chosen_sent(cursor, order_ids, _REASON, "can't be deleted from those in process")
        chosen = {"ids": outcome.ids}
        cursor.execute(
            "CREATE OR REPLACE TEMP TABLE watched_order AS SELECT unnest($ids::BIGINT[]) AS order_id", chosen
        )
        step_all(lab, cursor, "stop_watching", "watched_order")
        cursor.execute(
            "UPDATE ops.sent_order SET in_process = false, changed_at = $now"
            " WHERE order_id IN (SELECT order_id FROM watched_order)",
            {"now": lab.clock()},
        )
        log_orders(lab, cursor, "stop_watching", outcome.ids, every=True)
    return outcome.as_dict()
