"""Orders of electronic documents: marked until balancing takes them, all of them in one batch (SRV-018 to SRV-021)."""

from __future__ import annotations

from typing import Any

from bankklient_lab.balancing.content import Frozen, Head
from bankklient_lab.formats.batches import Batch, write_batch
from bankklient_lab.formats.documents import read_name, write_orders
from bankklient_lab.lab import Lab

# ruff: noqa: S608 - every text below is made of our own declarations

WAITS = "batch_id IS NULL"  # of an order: no balancing has taken it


def waiting_document_orders(_step: str, _held: object) -> str:
    """Return SQL of the documents of which an order waits, as records of balancing: a part for each kind."""
    return (
        "SELECT document_id AS record_id, order_no AS version, kind AS part, 'document' AS kind, '' AS status,"
        " account AS own_account, NULL::VARCHAR AS currency, 0::DECIMAL(18,3) AS amount, true AS ready,"
        f" false AS allowed_duplicate FROM ops.document_order JOIN ops.document USING (document_id) WHERE {WAITS}"
    )


def frozen_document_orders(_lab: Lab, cursor: Any, head: Head, documents: str) -> Frozen:
    """Return the payload that orders the documents of a relation (order_id)."""
    found = cursor.execute(
        f"SELECT document_id, file_name FROM ops.document WHERE document_id IN (SELECT order_id FROM {documents})"
        " ORDER BY document_id"
    ).fetchall()
    message = write_orders([read_name(name) for _, name in found])
    return Frozen(write_batch(Batch(head.identity, head.priority, (), [message])), [number for number, _ in found])
