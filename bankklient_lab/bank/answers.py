"""Batches to the clients: numbered and frozen when they are made, handed out until the client has confirmed them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import groupby

from bankklient_lab.bank.reading import FOREIGN
from bankklient_lab.bank.work import Work
from bankklient_lab.formats.batches import MESSAGES_MAX, Batch, Message, write_batch
from bankklient_lab.formats.order_answers import OrderAnswer, write_status
from bankklient_lab.sealing.identity import BatchIdentity

CONFIRMATION = 3  # batch type of answers on domestic orders; foreign payments are answered in their own


def send(work: Work, point: int, batch_type: int, messages: Sequence[Message]) -> BatchIdentity:
    """Make the next batch of a type for a client."""
    year = work.day.year
    row = work.store.row(
        "SELECT coalesce(max(number), 0) + 1 FROM outgoing"
        " WHERE recipient = $point AND batch_type = $batch_type AND year = $year",
        {"point": point, "batch_type": batch_type, "year": year},
    )
    assert row is not None
    identity = BatchIdentity(work.parameters.point, point, batch_type, year, row[0])
    payload = write_batch(Batch(identity, False, (), messages))
    work.store.do(
        "INSERT INTO outgoing VALUES ($recipient, $batch_type, $year, $number, $sha256, $payload, $at, NULL)",
        {
            "recipient": point,
            "batch_type": batch_type,
            "year": year,
            "number": identity.number,
            "sha256": sha256(payload).hexdigest(),
            "payload": payload,
            "at": work.at,
        },
    )
    return identity


def tell(work: Work) -> None:
    """Answer on every order whose state its client does not know: one pain.002 for each of the client's batches."""
    rows = work.store.rows(
        "SELECT payment.point, kind = 'foreign', batch, order_id, state, reason, reason_text, payment_id,"
        " if(held > 0, held, NULL), if(held > 0, a.currency, NULL) FROM payment LEFT JOIN account a"
        " ON a.account = own_account WHERE told <> state ORDER BY payment.point, kind = 'foreign', batch, payment_id"
    )
    for (point, foreign), of_client in groupby(rows, key=lambda row: row[:2]):
        messages: list[Message] = []
        for batch, orders in groupby(of_client, key=lambda row: row[2]):
            answers = [
                OrderAnswer(order_id, state, reason, text, str(number), held, currency)
                for _, _, _, order_id, state, reason, text, number, held, currency in orders
            ]
            messages.append(write_status(batch, answers, f"{work.at:%Y%m%d%H%M%S}-{len(messages) + 1}", work.at))
        for start in range(0, len(messages), MESSAGES_MAX):
            send(work, point, FOREIGN if foreign else CONFIRMATION, messages[start : start + MESSAGES_MAX])
    if rows:
        work.store.do("UPDATE payment SET told = state WHERE told <> state")
