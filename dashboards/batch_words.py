"""Names of types of record and of batches, and of the transmission protocol's statuses, in the language spoken here."""

from __future__ import annotations

from bankklient_lab.balancing.record_types import TYPES
from bankklient_lab.balancing.unsent import status_name
from bankklient_lab.codebooks import names
from bankklient_lab.codebooks.codes import DISCARDED, Received, Sent

from . import formatting
from .texts import section, text

ARROWS = {"send": "\u2191", "receive": "\u2193"}
_RECORDS = {one.name: one.label for one in TYPES}


def record_label(name: str) -> str:
    """Return the name of a type of record, such as "Domestic orders"."""
    return section("record_type").get(name, _RECORDS[name])


def batch_type_label(number: int) -> str:
    """Return the number of a type of batch with its name, such as "1 · domestic transactions"."""
    name = section("batch_type").get(str(number), names("batch_types")[str(number)])
    return f"{number} \u00b7 {name}"


# Before a status, so that it is never told by colour alone; table.css colours them.
_MARKS = {
    "\u25cf": (Sent.PROCESSED, Received.PROCESSED),
    "\u25d1": (
        Sent.TRANSFERRED, Sent.REPEATEDLY_TRANSFERRED, Sent.RECEIVED,
        Received.TRANSFERRED, Received.REPEATEDLY_TRANSFERRED, Received.RECEIVED,
    ),
    "\u25d4": (Sent.CREATED, Received.NONE),
    "\u25cb": (Sent.ABORTED, Sent.REJECTED, Received.REJECTED),
    "\u2298": DISCARDED,
}  # fmt: skip


def status_text(status: int) -> str:
    """Return a status of the protocol with its mark, such as "● processed"."""
    name = section("transmission_status").get(str(status), status_name(status))
    mark = next(mark for mark, statuses in _MARKS.items() if status in statuses)
    return f"{mark} {name}"


def direction_text(direction: str) -> str:
    """Return a direction with its arrow."""
    return f"{ARROWS[direction]} {text(f'transmissions.{direction}')}"


def mode_text(mode: str) -> str:
    """Return a mode of transmission, such as "internet"; a dash while there is none."""
    return formatting.DASH if mode == "not exists" else section("transmission_mode").get(mode, mode)
