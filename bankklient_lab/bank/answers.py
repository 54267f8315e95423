"""Batches to the clients: numbered and frozen when they are made, handed out until the client has confirmed them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from bankklient_lab.bank.funds import any_payment
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.formats.batches import MESSAGES_MAX, Batch, Message, write_batch
from bankklient_lab.formats.order_answers import OrderAnswer, write_status
from bankklient_lab.sealing.identity import BatchIdentity


def send(work: Work, point: int, batch_type: int, messages: Sequence[Message]) -> BatchIdentity:
    """Make the next batch of a type for a client."""
    identity = next_identity(work, point, batch_type)
    keep(work, identity, write_batch(Batch(identity, False, (), messages)))
    return identity


def next_identity(work: Work, point: int, batch_type: int) -> BatchIdentity:
    """Return what identifies the next batch of a type for a client."""
    year = work.day.year
    row = work.store.row(
        "SELECT coalesce(max(number), 0) + 1 FROM outgoing"
        " WHERE recipient = $point AND batch_type = $batch_type AND year = $year",
        {"point": point, "batch_type": batch_type, "year": year},
    )
    assert row is not None
    return BatchIdentity(work.parameters.point, point, batch_type, year, row[0])


def keep(work: Work, identity: BatchIdentity, payload: bytes, *, by_hand: bool = False) -> None:
    """Keep a batch for its client, who fetches it unless it is given `by_hand`."""
    work.store.do(
        "INSERT INTO outgoing VALUES ($recipient, $batch_type, $year, $number, $sha256, $payload, $at, $taken)",
        {
            "recipient": identity.recipient,
            "batch_type": identity.batch_type,
            "year": identity.year,
            "number": identity.number,
            "sha256": sha256(payload).hexdigest(),
            "payload": payload,
            "at": work.at,
            "taken": work.at if by_hand else None,
        },
    )


class Told(NamedTuple):
    """An answer on an order, for its client and its batch ("1/20260007")."""

    point: int
    foreign: bool
    batch: str
    answer: OrderAnswer


def answers_on(work: Work, condition: str, **given: object) -> list[Told]:
    """Return the answers on the orders of a condition over `p` (payment), by client, type and batch."""
    rows = work.store.rows(
        "SELECT p.point, p.kind = 'foreign', p.batch, p.order_id, p.state, p.reason, p.reason_text,"  # noqa: S608 - ours
        " p.payment_id::VARCHAR, if(p.held > 0, p.held, NULL), if(p.held > 0, a.currency, NULL) FROM payment p"
        f" LEFT JOIN account a ON a.account = p.own_account WHERE {condition} ORDER BY 1, 2, 3, p.payment_id",
        given,
    )
    return [Told(point, foreign, batch, OrderAnswer(*answer)) for point, foreign, batch, *answer in rows]


def tell(work: Work) -> None:
    """Answer on every order whose state its client does not know: one pain.002 for each of the client's batches."""
    if not any_payment(work, "told <> state"):
        return
    found = answers_on(work, "p.told <> p.state")
    for (point, foreign), of_client in groupby(found, key=lambda one: one[:2]):
        messages: list[Message] = []
        for batch, orders in groupby(of_client, key=lambda one: one.batch):
            message_id = f"{work.at:%Y%m%d%H%M%S}-{len(messages) + 1}"
            messages.append(write_status(batch, [one.answer for one in orders], message_id, work.at))
        for start in range(0, len(messages), MESSAGES_MAX):
            send(
                work,
                point,
                BatchType.FOREIGN_PAYMENTS if foreign else BatchType.CONFIRMATION,
                messages[start : start + MESSAGES_MAX],
            )
    work.store.do("UPDATE payment SET told = state WHERE told <> state")
