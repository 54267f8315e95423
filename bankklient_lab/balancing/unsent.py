"""Batches that are made and not sent: their list, and discarding one of them as a whole."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.balancing.batch_record import BATCH_ORDER, move
from bankklient_lab.codebooks import name_sql, names
from bankklient_lab.codebooks.codes import BatchType, Revocation, Sent
from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.checking import checked, rule_parameters
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.steps import step_all

# ruff: noqa: S608 - every text below is made of our own declarations

ID_MAX = 2**63 - 1


@table_action("11")
def unsent_batches(lab: Lab) -> Read:
    """Return the batches that are made and not sent, the oldest first.

    Columns: batch_id, batch_type, type_name, batch_order (rrrrnnnn), priority, records, created_by, created_at.
    """
    return lab.read(
        f"""
        SELECT batch_id, batch_type, {name_sql("batch_types", "batch_type")} AS type_name,
            {BATCH_ORDER} AS batch_order, priority, messages AS records, created_by, created_at
        FROM ops.batch WHERE direction = 'send' AND status = {Sent.CREATED} ORDER BY batch_id
        """
    )


@table_action("11")
def failing_orders(lab: Lab) -> Read:
    """Return the orders in batches not sent that the rules refuse as they are now, after a codebook has changed.

    Columns: batch_id, batch_type, batch_order (rrrrnnnn), order_id, errors (numbers of order_errors, with spaces). They
    stay as they are; their batch can be discarded before it is sent.
    """
    return lab.read(*failing_sql(lab))


def failing_sql(lab: Lab) -> tuple[str, dict[str, Any]]:
    """Return the query of `failing_orders` and what it binds."""
    unsent = (
        "SELECT order_id, batch_id, batch_type, year, number FROM ops.sent_order JOIN ops.batch USING (batch_id)"
        f" WHERE direction = 'send' AND ops.batch.status = {Sent.CREATED}"
    )
    failing = " UNION ALL ".join(
        "SELECT entered_no AS order_id, errors FROM ("
        + checked(
            kind,
            f"SELECT order_id AS entered_no, origin, created_on, {', '.join(kind.names)} FROM {kind.table} o"
            f" WHERE kind = '{kind.name}' AND order_id IN (SELECT order_id FROM ({unsent}))",
        )
        + ") WHERE errors <> ''"
        for kind in KINDS.values()
    )
    sql = (
        f"SELECT batch_id, batch_type, {BATCH_ORDER} AS batch_order, order_id, errors"
        f" FROM ({unsent}) JOIN ({failing}) USING (order_id) ORDER BY batch_id, order_id"
    )
    return sql, rule_parameters(lab, bank_day(lab))


@action("11", mode="batch", record="order_id")
def discard_batch(lab: Lab, batch_id: int) -> dict[str, Any]:
    """Discard a batch that was not sent, as a whole: it is never sent, its number is not used again.

    Its orders become deleted (DE), revocations that it asks for are removed (8): these orders stay in process. This
    can't be taken back, and whoever calls it has asked twice. Returns batch_type, batch_order, records. UnknownName for
    a batch that there is not; Refused for one that is not only created, or brings a public key.
    """
    with lab.database.tx("ops") as cursor:
        return discard(lab, cursor, batch_id, Sent.CREATED)


def discard(lab: Lab, cursor: Any, batch_id: int, status: int) -> dict[str, Any]:
    """Discard a batch of that status within the transaction of `cursor`, as `discard_batch` says."""
    batch_type, order, records = discardable(cursor, batch_id, status)
    step_all(lab, cursor, "discard_batch", f"(SELECT order_id FROM ops.sent_order WHERE batch_id = {batch_id})")
    cursor.execute(
        "UPDATE ops.sent_order SET in_process = false, changed_at = ? WHERE batch_id = ?", [lab.clock(), batch_id]
    )
    cursor.execute(
        "UPDATE ops.sent_order SET revocation = ?, changed_at = ? WHERE revocation_batch = ?",
        [Revocation.REMOVED, lab.clock(), batch_id],
    )
    move(lab, cursor, batch_id, Sent.DELETED)
    lab.log(cursor, "discard_batch", f"{batch_type} {order}", orders=records)
    return {"batch_type": batch_type, "batch_order": order, "records": records}


def discardable(cursor: Any, batch_id: int, only: int) -> tuple[int, str, int]:
    """Return type, order and number of records of a batch; UnknownName, or Refused when it can't be discarded."""
    found = cursor.execute(
        f"SELECT batch_type, {BATCH_ORDER}, messages, status FROM ops.batch WHERE direction = 'send' AND batch_id = ?",
        [batch_id if abs(batch_id) <= ID_MAX else 0],
    ).fetchone()
    if found is None:
        raise UnknownName("batch", str(batch_id)[:30], "`bankklient balance batches` shows those that are not sent")
    batch_type, order, records, status = found
    if status != only:
        what = "was not sent" if only == Sent.CREATED else f"is {status_name(only)}"
        asked = "; of one that was aborted the bank is asked first (`balance discard --ask-bank`)"
        raise Refused(
            f"batch {batch_type} {order} is {status_name(status)}; only one that {what} is discarded"
            + (asked if status == Sent.ABORTED else "")
        )
    if batch_type == BatchType.PUBLIC_KEY:
        raise Refused(f"batch {batch_type} {order} brings a public key, without which no later key could follow")
    return batch_type, order, records


def status_name(status: int) -> str:
    """Return the name of a status of the transmission protocol."""
    return names("transmission_statuses")[str(int(status))]
