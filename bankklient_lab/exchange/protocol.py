"""One transmission at a time, and what its result says of a batch."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bankklient_lab.balancing.batch_record import BATCH_ORDER
from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab

# ruff: noqa: S608 - every text below is made of our own declarations

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
