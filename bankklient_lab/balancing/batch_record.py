"""The record of a batch: how it is kept, and which status of the transmission protocol may follow which."""

from __future__ import annotations

from typing import Any, Literal

from bankklient_lab.codebooks.codes import Received, Sent
from bankklient_lab.keys.points import BANK, FOLDER
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.container import PACKED
from bankklient_lab.sealing.identity import BatchIdentity

# ruff: noqa: S608 - every text below is made of our own declarations

BATCH_ORDER = "(year * 10000 + number)::VARCHAR"  # rrrrnnnn
# By status the statuses that may follow (TRN-064 to TRN-078). A bank that puts processing off may refuse a batch also
# after it confirmed its receipt; one that comes again after it was refused is judged again.
FOLLOWING: dict[int, frozenset[int]] = {
    Sent.CREATED: frozenset({Sent.ABORTED, Sent.DELETED}),
    Sent.ABORTED: frozenset({Sent.ABORTED, Sent.TRANSFERRED, Sent.REPEATEDLY_TRANSFERRED, Sent.DELETED}),
    Sent.TRANSFERRED: frozenset({Sent.RECEIVED, Sent.REJECTED}),
    Sent.REPEATEDLY_TRANSFERRED: frozenset({Sent.RECEIVED, Sent.REJECTED}),
    Sent.RECEIVED: frozenset({Sent.PROCESSED, Sent.REJECTED}),
    Sent.DELETED: frozenset({Sent.DELETION_RECORDED}),
    Received.NONE: frozenset({Received.TRANSFERRED, Received.REJECTED}),
    Received.TRANSFERRED: frozenset({Received.RECEIVED, Received.REJECTED}),
    Received.RECEIVED: frozenset({Received.PROCESSED, Received.REJECTED, Received.REPEATEDLY_TRANSFERRED}),
    Received.PROCESSED: frozenset({Received.REPEATEDLY_TRANSFERRED}),
    Received.REPEATEDLY_TRANSFERRED: frozenset({Received.REPEATEDLY_TRANSFERRED}),
    Received.REJECTED: frozenset({Received.NONE, Received.REPEATEDLY_TRANSFERRED}),
}
# How a batch goes, by the channel to the bank: files laid into a folder leave this machine by nobody's doing here.
_MODE = f"(SELECT if(channel = '{FOLDER}', 'net', 'internet') FROM ops.connection_point WHERE role = '{BANK}')"


def insert_batch(
    lab: Lab,
    cursor: Any,
    direction: Literal["send", "receive"],
    identity: BatchIdentity,
    sha256: str,
    *,
    record_format: str = PACKED,
    priority: bool = False,
    records: int = 0,
    balancing: int | None = None,
) -> int:
    """Keep a new batch with the first event of its protocol, and return its number; `sha256` is that of its payload.

    One to the bank begins as created, one from the bank as announced.
    """
    sends = direction == "send"
    status = Sent.CREATED if sends else Received.NONE
    ((batch_id,),) = cursor.execute("SELECT coalesce(max(batch_id), 0) + 1 FROM ops.batch").fetchall()
    cursor.execute(
        "INSERT INTO ops.batch BY NAME SELECT $id AS batch_id, $direction AS direction, $point AS point,"
        " $type AS batch_type, $year AS year, $number AS number, $priority AS priority, $format AS record_format,"
        f" if($sends, 'not exists', {_MODE}) AS mode, $status AS status, 0 AS error_status, $records AS messages,"
        " $balancing AS balancing, $sha256 AS payload_sha256, $me AS created_by, $now AS created_at,"
        " $me AS changed_by, $now AS changed_at",
        {
            "id": batch_id, "direction": direction, "point": identity.recipient if sends else identity.sender,
            "type": identity.batch_type, "year": identity.year, "number": identity.number, "priority": priority,
            "format": record_format, "sends": sends, "status": status, "records": records, "balancing": balancing,
            "sha256": sha256, "me": lab.caller.reference, "now": lab.clock(),
        },
    )  # fmt: skip
    note_event(lab, cursor, batch_id, status)
    return int(batch_id)


def last_number(cursor: Any, point: int, batch_type: int, year: int) -> int:
    """Return the number of the last batch of a type and year that was made for a bank, 0 when there is none.

    Also a lab counts that was lost: its numbers are not used again.
    """
    ((last,),) = cursor.execute(
        "SELECT coalesce(max(number), 0) FROM (SELECT number FROM ops.batch"
        " WHERE direction = 'send' AND point = $point AND batch_type = $type AND year = $year"
        " UNION ALL SELECT number FROM ops.lost_number WHERE batch_type = $type AND year = $year)",
        {"point": point, "type": batch_type, "year": year},
    ).fetchall()
    return int(last)


def move(lab: Lab, cursor: Any, batch_id: int, *statuses: int, note: str = "", error: int = 0) -> None:
    """Give a batch one status after the other, with an event of each; the last one has the note."""
    before = status_of(cursor, batch_id)
    for number, status in enumerate(statuses, start=1):
        assert status in FOLLOWING.get(before, frozenset()), (before, status)
        note_event(lab, cursor, batch_id, status, note if number == len(statuses) else "")
        before = status
    cursor.execute(
        f"UPDATE ops.batch SET status = $status, error_status = $error, mode = if($gone, mode, {_MODE}),"
        " changed_by = $me, changed_at = $now WHERE batch_id = $id",
        {
            "id": batch_id, "status": before, "error": error, "gone": before == Sent.DELETED,
            "me": lab.caller.reference, "now": lab.clock(),
        },
    )  # fmt: skip


def note_event(lab: Lab, cursor: Any, batch_id: int, status: int, note: str = "") -> None:
    """Append a change to the protocol of a batch."""
    cursor.execute(
        "INSERT INTO ops.batch_event VALUES (?, ?, ?, ?, ?)",
        [batch_id, status, note, lab.caller.reference, lab.clock()],
    )


def status_of(cursor: Any, batch_id: int) -> int:
    """Return the status of a batch."""
    ((status,),) = cursor.execute("SELECT status FROM ops.batch WHERE batch_id = ?", [batch_id]).fetchall()
    return int(status)
