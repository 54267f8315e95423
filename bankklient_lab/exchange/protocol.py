"""The transmission protocol: statuses of batches, how they follow each other, and who moves them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bankklient_lab.balancing.making import note_event
from bankklient_lab.balancing.unsent import BATCH_ORDER
from bankklient_lab.codebooks.codes import Received, Sent
from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab

# ruff: noqa: S608 - every text below is made of our own declarations

# By status the statuses that may follow (TRN-064 to TRN-078). A bank that puts processing off may refuse a batch also
# after it confirmed its receipt; one that comes again after it was refused is judged again.
FOLLOWING: dict[int, frozenset[int]] = {
    Sent.CREATED: frozenset({Sent.ABORTED, Sent.DELETED}),
    Sent.ABORTED: frozenset({Sent.ABORTED, Sent.TRANSFERRED, Sent.REPEATEDLY_TRANSFERRED}),
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
# Reasons of an error status, whose text the log has: what bank_rejections says, and for received batches these.
SEAL_BROKEN, CONTENT_WRONG, TYPE_NOT_TAKEN = 1, 2, 3

_UNDER_WAY: set[Path] = set()
_LOCK = threading.Lock()


@contextmanager
def one_transmission(lab: Lab) -> Iterator[None]:
    """Let one transmission of a lab go on at a time (TRN-187); Refused for another one."""
    with _LOCK:
        if lab.path in _UNDER_WAY:
            raise Refused("a transmission is under way; wait for its end")
        _UNDER_WAY.add(lab.path)
    try:
        yield
    finally:
        with _LOCK:
            _UNDER_WAY.discard(lab.path)


def move(lab: Lab, cursor: Any, batch_id: int, *statuses: int, note: str = "", error: int = 0) -> None:
    """Give a batch one status after the other, with an event of each; the last one has the note."""
    before = status_of(cursor, batch_id)
    for number, status in enumerate(statuses, start=1):
        assert status in FOLLOWING.get(before, frozenset()), (before, status)
        note_event(lab, cursor, batch_id, status, note if number == len(statuses) else "")
        before = status
    cursor.execute(
        "UPDATE ops.batch SET status = ?, error_status = ?, mode = 'internet', changed_by = ?, changed_at = ?"
        " WHERE batch_id = ?",
        [before, error, lab.caller.reference, lab.clock(), batch_id],
    )


def status_of(cursor: Any, batch_id: int) -> int:
    """Return the status of a batch."""
    ((status,),) = cursor.execute("SELECT status FROM ops.batch WHERE batch_id = ?", [batch_id]).fetchall()
    return int(status)


def line_of(lab: Lab, batch_id: int) -> dict[str, Any]:
    """Return what the result of a transmission says of a batch."""
    ((batch_type, order, direction, status, note),) = lab.rows(
        f"SELECT batch_type, {BATCH_ORDER}, direction, b.status, arg_max(e.note, e.rowid)"
        " FROM ops.batch b JOIN ops.batch_event e USING (batch_id) WHERE batch_id = $id GROUP BY ALL",
        {"id": batch_id},
    )
    return {
        "batch_id": batch_id, "batch_type": batch_type, "batch_order": order, "direction": direction,
        "status": status, "note": note,
    }  # fmt: skip


def shortened(notes: Sequence[str], most: int = 20) -> str:
    """Return notes as one text, the first ones when there are many."""
    more = [f"and {len(notes) - most} more"] if len(notes) > most else []
    return "; ".join([*notes[:most], *more])
