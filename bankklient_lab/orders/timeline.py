"""The steps of one order: who did what, when, by which channel, and why."""

from __future__ import annotations

from bankklient_lab.actions import table_action
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.detail import order_detail
from bankklient_lab.orders.views import SEES


@table_action(SEES)
def order_steps(lab: Lab, order_id: int) -> Read:
    """Return the steps of an order that the caller may see, the first one first; UnknownName otherwise.

    Columns: version, action, status_before (null: the order was made), status (null: it is gone), done_by (reference of
    the user; empty: the system), done_at, channel, note, digest (SHA-256 of what the order said), signed.
    """
    order_detail.function(lab, order_id)
    return lab.read(
        "SELECT version, action, status_before, status, done_by, done_at, channel, note, digest,"
        " signature IS NOT NULL AS signed FROM ops.order_step WHERE order_id = $order_id ORDER BY version",
        {"order_id": order_id},
    )
