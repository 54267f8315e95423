"""Requests for services as records of balancing: those that are confirmed go into batches (SRV-002)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bankklient_lab.balancing.content import Frozen, Head
from bankklient_lab.codebooks.services import ServiceKind
from bankklient_lab.formats.batches import Batch, write_batch
from bankklient_lab.formats.services import ServiceRequest, write_requests
from bankklient_lab.lab import Lab
from bankklient_lab.orders.unfinished import values_of
from bankklient_lab.services.status import OPEN_STATUS

# ruff: noqa: S608 - every text below is made of our own declarations


def waiting_requests(kind: ServiceKind) -> Callable[[str, object], str]:
    """Return SQL of the requests of a kind that no batch has taken, as records of balancing.

    Their part is what they ask for, or the item that they are divided by.
    """
    part = f"coalesce(m.items ->> '$.{kind.divided_by}', request)" if kind.divided_by else "request"

    def records(_step: str, _held: object) -> str:
        return (
            f"SELECT request_id AS record_id, version, {part} AS part, '{kind.name}' AS kind,"
            f" {OPEN_STATUS} AS status,"
            " coalesce(m.items ->> '$.own_account', r.items ->> '$.own_account') AS own_account,"
            " NULL::VARCHAR AS currency, 0::DECIMAL(18,3) AS amount,"
            f" {OPEN_STATUS} = 'CO' AS ready, false AS allowed_duplicate"
            " FROM ops.service_request m LEFT JOIN ops.service_record r USING (kind, record)"
            f" WHERE kind = '{kind.name}' AND batch_id IS NULL"
        )

    return records


def frozen_requests(_lab: Lab, cursor: Any, head: Head, requests: str) -> Frozen:
    """Return the payload that asks for what the requests of a relation (order_id) say."""
    found = cursor.execute(
        "SELECT request_id, kind, request, coalesce(record, ''), items FROM ops.service_request"
        f" WHERE request_id IN (SELECT order_id FROM {requests})"
        " ORDER BY TRY_CAST(items ->> '$.sequence_number' AS BIGINT) NULLS LAST, request_id"
    ).fetchall()
    message = write_requests(
        [
            ServiceRequest(number, kind, request, record, values_of(items))
            for number, kind, request, record, items in found
        ]
    )
    return Frozen(write_batch(Batch(head.identity, head.priority, (), [message])), [row[0] for row in found])
