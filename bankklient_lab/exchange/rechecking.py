"""What orders at hand become when what the bank says has changed, told in the words of a finding."""

from __future__ import annotations

from typing import Any

from bankklient_lab.balancing.unsent import failing_sql
from bankklient_lab.lab import Lab
from bankklient_lab.orders.rechecking import recheck


def rechecked(lab: Lab, cursor: Any, why: str) -> list[str]:
    """Check orders anew because of `why`, and return what became of them.

    Orders that wait take their step (TRN-050, TRN-051). Those in batches that are not sent stay as they are and are
    told by their batch, which can be discarded (TRN-191).
    """
    counts = recheck(lab, why)
    waiting = [f"{count} orders that wait are {state} now" for state, count in counts.items() if count]
    return [*waiting, *_told_of_batches(lab, cursor)]


def _told_of_batches(lab: Lab, cursor: Any) -> list[str]:
    sql, values = failing_sql(lab)
    batches: dict[str, list[str]] = {}
    for batch_type, order, order_id in cursor.execute(
        f"SELECT batch_type, batch_order, order_id FROM ({sql})",  # noqa: S608 - our own text
        values,
    ).fetchall():
        batches.setdefault(f"{batch_type} {order}", []).append(str(order_id))
    for name, orders in batches.items():
        lab.log(cursor, "batch_fails", name, orders=orders)
    return [
        f"batch {name}, which is not sent, has orders that fail now: {', '.join(orders)}; discard it before it is sent"
        for name, orders in batches.items()
    ]
