"""Batches from their receipt to their result: at once, after a while, or when the bank opens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa

from bankklient_lab.bank import domestic, foreign
from bankklient_lab.bank.answers import send, tell
from bankklient_lab.bank.documents import deliver
from bankklient_lab.bank.letters import is_new, take_letters
from bankklient_lab.bank.limits import reject_over_day
from bankklient_lab.bank.permitted_collections import reject_over_permission
from bankklient_lab.bank.reading import check_messages, payments, revoked
from bankklient_lab.bank.revoking import revoke
from bankklient_lab.bank.services import TAKES, requests_of, take_requests
from bankklient_lab.bank.work import Source, Work
from bankklient_lab.codebooks.codes import BatchType, ForeignRejection, Rejection
from bankklient_lab.errors import FormatError
from bankklient_lab.formats.batches import Batch, read_batch_of
from bankklient_lab.formats.documents import DocumentName, read_orders
from bankklient_lab.formats.letters import Letter, read_letter
from bankklient_lab.formats.order_answers import write_resolution
from bankklient_lab.formats.services import ServiceRequest
from bankklient_lab.sealing.identity import BatchIdentity


class Content(NamedTuple):
    """What a batch says: orders (1 and 11), orders to revoke (13), messages (7), documents (19), or requests."""

    batch: Batch
    orders: pa.Table | None = None
    revoked: Sequence[int] = ()
    letters: Sequence[Letter] = ()
    documents: Sequence[DocumentName] = ()
    requests: Sequence[ServiceRequest] = ()


def content_of(work: Work, identity: BatchIdentity, payload: bytes) -> Content:
    """Return what a payload says; FormatError when it can't be processed: its form, its orders, orders taken before."""
    batch = read_batch_of(identity, payload)
    check_messages(batch)
    if identity.batch_type == BatchType.REVOCATION:
        return Content(batch, revoked=revoked(batch))
    if identity.batch_type == BatchType.CLIENT_MESSAGES:
        return Content(batch, letters=_letters(work, batch))
    if identity.batch_type == BatchType.DOCUMENTS:
        return Content(batch, documents=[name for message in batch.messages for name in read_orders(message)])
    if identity.batch_type in TAKES:
        return Content(batch, requests=requests_of(work, batch))
    orders = payments(batch)
    _check_new(work, identity.sender, orders)
    return Content(batch, orders)


def _letters(work: Work, batch: Batch) -> list[Letter]:
    found = [read_letter(message) for message in batch.messages]
    for letter in found:
        if not is_new(work, batch.identity.sender, letter.number):
            raise FormatError("the message was sent before", field="number", text=str(letter.number))
    return found


def _check_new(work: Work, point: int, orders: pa.Table) -> None:
    with work.store.lent(arriving=orders):
        row = work.store.row(
            "SELECT order_id, batch FROM payment WHERE point = $point AND order_id IN"
            " (SELECT client_reference::BIGINT FROM arriving) ORDER BY 1 LIMIT 1",
            {"point": point},
        )
    if row:
        raise FormatError(f"the order was sent before, in batch {row[1]}", field="InstrId", text=str(row[0]))


def ready_at(work: Work, batch: Batch) -> datetime:
    """Return when a batch that comes now is to be processed: now, deferred, or when the bank opens."""
    at = work.at
    if batch.identity.batch_type == BatchType.DOMESTIC and len(batch.orders) > work.parameters.real_time_orders:
        at += work.parameters.deferral
    return work.open_from(at)


def process_ready(work: Work) -> None:
    """Process the batches whose moment has come, in the order of their receipt."""
    rows = work.store.rows(
        "SELECT sender, batch_type, year, number, payload, received_at FROM received WHERE state = 'waiting'"
        " AND ready_at <= $at ORDER BY ready_at, received_at, sender, batch_type, year, number",
        {"at": work.at},
    )
    for sender, batch_type, year, number, payload, received_at in rows:
        identity = BatchIdentity(sender, work.parameters.point, batch_type, year, number)
        try:
            _process(work, content_of(work, identity, payload), received_at)
            error = ""
        except FormatError as refusal:  # such as an order that another batch brought meanwhile
            error = refusal.message
        work.store.do(
            "UPDATE received SET state = $state, error = $error, ready_at = NULL WHERE sender = $sender"
            " AND batch_type = $batch_type AND year = $year AND number = $number",
            {
                "state": "refused" if error else "processed",
                "error": error,
                "sender": sender,
                "batch_type": batch_type,
                "year": year,
                "number": number,
            },
        )
    tell(work)


def _process(work: Work, content: Content, received_at: datetime) -> None:
    identity, p = content.batch.identity, work.parameters
    name = f"{identity.batch_type}/{identity.order}"
    same_day, time = work.hours.day(received_at) == work.day, work.hours.time(received_at)
    if identity.batch_type == BatchType.CLIENT_MESSAGES:
        take_letters(work, identity.sender, content.letters)
        return
    if identity.batch_type == BatchType.DOCUMENTS:
        deliver(work, identity.sender, content.documents)
        return
    if content.requests:
        take_requests(work, identity.sender, content.requests, received_at)
        return
    if content.orders is None:
        results = revoke(work, identity.sender, content.revoked)
        message = write_resolution(name, results, f"{work.at:%Y%m%d%H%M%S}", work.at)
        send(work, identity.sender, BatchType.REVOCATION, [message])
        return
    source = Source(identity.sender, name, content.batch.priority)
    if identity.batch_type == BatchType.DOMESTIC:
        end = p.priority_cut_off if content.batch.priority else p.real_time_end
        domestic.arrive(work, source, content.orders, late=same_day and time >= end)
        reject_over_day(work, source, Rejection.OPERATION)
        reject_over_permission(work, source)
        domestic.settle(work)
    else:
        foreign.arrive(work, source, content.orders, late=same_day and time >= p.foreign_cut_off)
        reject_over_day(work, source, ForeignRejection.SYSTEM)
        foreign.hold(work)
