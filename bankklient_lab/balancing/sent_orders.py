"""Choosing domestic orders in batches for what can be done to them: those that it fits, the others by reason."""

from __future__ import annotations

from typing import Any

from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.orders.steps import Outcome, check_chosen

# ruff: noqa: S608 - every text below is made of our own declarations


def chosen_sent(cursor: Any, order_ids: list[int], reason: str, left: str) -> Outcome:
    """Return which of the orders are chosen, and of the others how many are left and why.

    `reason` is SQL over an order `o` and its row `s` of ops.sent_order: why it is left, null when it is chosen. `left`
    stands before each reason. Refused when one order alone is left; UnknownName for one that is no domestic order in a
    batch.
    """
    check_chosen(order_ids, None)
    outcome = Outcome()
    rows = cursor.execute(
        f"""
        SELECT coalesce(s.order_id = o.order_id, false) AS sent, {reason} AS reason,
            list(c.order_id ORDER BY c.order_id)
        FROM (SELECT DISTINCT unnest($ids::BIGINT[]) AS order_id) c
        LEFT JOIN ops.domestic_order o ON o.order_id = c.order_id
        LEFT JOIN ops.sent_order s ON s.order_id = c.order_id
        GROUP BY ALL ORDER BY sent, reason
        """,
        {"ids": order_ids},
    ).fetchall()
    for sent, why, ids in rows:
        if not sent:
            raise UnknownName("domestic order in a batch", str(ids[0]), "nothing was done")
        if why is None:
            outcome.ids += ids
        else:
            outcome.skip(f"{left}: {why}", len(ids))
    if len(order_ids) == 1 and outcome.skipped:
        raise Refused(f"order {order_ids[0]} {next(iter(outcome.skipped))}")
    return outcome
