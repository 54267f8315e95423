"""The transmission protocol as its users see it: batches to and from the bank, and files from accounting systems."""

from __future__ import annotations

from datetime import date

from bankklient_lab.actions import table_action
from bankklient_lab.balancing.batch_record import BATCH_ORDER
from bankklient_lab.balancing.signatures import WAITING
from bankklient_lab.codebooks import name_sql
from bankklient_lab.codebooks.codes import Received
from bankklient_lab.errors import UnknownName
from bankklient_lab.exchange.protocol import CONTENT_WRONG
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.numbers import ID_MAX

# ruff: noqa: S608 - every text below is made of our own declarations

DIRECTIONS = ("send", "receive")
MODES = ("internet", "net", "not exists")


@table_action()
def protocol(
    lab: Lab,
    *,
    point: int | None = None,
    direction: str = "",
    batch_type: int | None = None,
    mode: str = "",
    status: int | None = None,
    created_since: date | None = None,
    created_until: date | None = None,
    changed_since: date | None = None,
    changed_until: date | None = None,
) -> Read:
    """Return the lines of the transmission protocol, the last changed first.

    `point` is the connection point (or the number of an accounting system), `direction` send or receive, `mode`
    internet, net or not exists, `status` a number of transmission_statuses; days are those of UTC, both inclusive. What
    is not given does not count. Columns: point (recipient's when sent, sender's when received), batch_order (rrrrnnnn),
    batch_type, type_name, name, direction, mode, status, status_name, records (messages, such as orders), error_status
    (0: correct), note (of the last change), created_at, created_by, changed_at, changed_by, batch_id (null: a file of
    an accounting system), unsigned (it does not go out before other people have signed it). Raises UnknownName for
    another direction or mode.
    """
    for given, known, kind in ((direction, DIRECTIONS, "direction"), (mode, MODES, "mode of transmission")):
        if given and given not in known:
            raise UnknownName(kind, given, f"there are {', '.join(known)}")
    asked: dict[str, object] = {
        "point = $point": point,
        "direction = $direction": direction or None,
        "batch_type = $batch_type": batch_type,
        "mode = $mode": mode or None,
        "status = $status": status,
        "created_at::DATE >= $created_since": created_since,
        "created_at::DATE <= $created_until": created_until,
        "changed_at::DATE >= $changed_since": changed_since,
        "changed_at::DATE <= $changed_until": changed_until,
    }
    conditions = {condition: value for condition, value in asked.items() if value is not None}
    where = " AND ".join(conditions) or "true"
    return lab.read(
        f"""
        SELECT point, batch_order, batch_type, {name_sql("batch_types", "batch_type")} AS type_name,
            name, direction, mode, status, {name_sql("transmission_statuses", "status")} AS status_name, records,
            error_status, note, created_at, created_by, changed_at, changed_by, batch_id,
            coalesce(batch_id IN ({WAITING}), false) AS unsigned
        FROM ({_LINES}) WHERE {where} ORDER BY changed_at DESC, batch_id DESC, batch_order DESC
        """,
        {condition.rsplit("$", 1)[1]: value for condition, value in conditions.items()},
    )


@table_action()
def protocol_changes(lab: Lab, batch_id: int) -> Read:
    """Return how a batch came to its status, in the order of what happened.

    Columns: status, status_name, note, done_by, done_at. UnknownName for a batch that there is not.
    """
    known = batch_id if 0 < batch_id <= ID_MAX else 0
    if not lab.rows("SELECT 1 FROM ops.batch WHERE batch_id = $id", {"id": known}):
        raise UnknownName("batch", str(batch_id)[:30], "`bankklient protocol list` shows them all")
    return lab.read(
        f"SELECT status, {name_sql('transmission_statuses', 'status')} AS status_name, note, done_by, done_at"
        " FROM ops.batch_event WHERE batch_id = $id ORDER BY rowid",
        {"id": known},
    )


_LINES = f"""
    SELECT b.point, {BATCH_ORDER} AS batch_order, batch_type, coalesce(p.name, '') AS name, direction, mode, b.status,
        messages AS records, error_status, coalesce(e.note, '') AS note, created_at, created_by, b.changed_at,
        b.changed_by, b.batch_id
    FROM ops.batch b LEFT JOIN ops.connection_point p ON p.point = b.point
    LEFT JOIN (SELECT batch_id, arg_max(note, rowid) AS note FROM ops.batch_event GROUP BY batch_id) e
        ON e.batch_id = b.batch_id
    UNION ALL
    SELECT accounting_system, batch_order, t.batch_type, coalesce(a.name, '') || ' ' || file_name, 'receive', 'net',
        if(error = '', {Received.PROCESSED}, {Received.REJECTED}), orders, if(error = '', 0, {CONTENT_WRONG}), error,
        done_at, done_by, done_at, done_by, NULL
    FROM ops.transmission t LEFT JOIN ops.accounting_system a ON a.number = t.accounting_system"""
