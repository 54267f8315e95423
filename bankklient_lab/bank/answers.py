"""Batches to the clients: numbered and frozen when they are made, handed out until the client has confirmed them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import groupby
from typing import Any, NamedTuple

from bankklient_lab.bank.funds import any_payment
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.formats.batches import MESSAGES_MAX, Batch, Message, write_batch
from bankklient_lab.formats.order_answers import OrderAnswer, write_status
from bankklient_lab.sealing.identity import BatchIdentity

# ruff: noqa: S608 - every text below is our own


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


class Waiting(NamedTuple):
    """A batch for a client."""

    batch_type: int
    order: str
    sha256: str


def waiting(work: Work, client: int) -> list[Waiting]:
    """Return the batches that a client has not confirmed yet, in the order they were made."""
    rows = work.store.rows(
        "SELECT batch_type, year, number, sha256 FROM outgoing WHERE recipient = $client AND taken_at IS NULL"
        " ORDER BY made_at, batch_type, year, number",
        {"client": client},
    )
    return [Waiting(batch_type, f"{year}{number:04d}", digest) for batch_type, year, number, digest in rows]


def payload_of(work: Work, identity: BatchIdentity) -> bytes:
    """Return what a batch for a client says; UnknownName when there is none of that number."""
    payload: bytes = _kept(work, identity, "payload")
    return payload


def note_taken(work: Work, identity: BatchIdentity, digest: str) -> None:
    """Note that a client has a batch; UnknownName, Refused when it has another content."""
    kept = _kept(work, identity, "sha256")
    if kept != digest:
        name = f"{identity.batch_type}/{identity.order}"
        raise Refused(f"batch {name} has another content", reason="number", sha256=kept)
    work.store.do(
        f"UPDATE outgoing SET taken_at = $at WHERE {_NUMBER} AND taken_at IS NULL", _given(identity) | {"at": work.at}
    )


_NUMBER = "recipient = $recipient AND batch_type = $batch_type AND year = $year AND number = $number"


def _kept(work: Work, identity: BatchIdentity, column: str) -> Any:
    row = work.store.row(f"SELECT {column} FROM outgoing WHERE {_NUMBER}", _given(identity))
    if row is None:
        raise UnknownName("batch", f"{identity.batch_type}/{identity.order}")
    return row[0]


def _given(identity: BatchIdentity) -> dict[str, object]:
    given: dict[str, object] = identity._asdict()
    del given["sender"]
    return given


class Told(NamedTuple):
    """An answer on an order, for its client and its batch ("1/20260007")."""

    point: int
    foreign: bool
    batch: str
    answer: OrderAnswer


def answers_on(work: Work, condition: str, **given: object) -> list[Told]:
    """Return the answers on the clients' orders of a condition over `p` (payment), by client, type and batch."""
    rows = work.store.rows(
        "SELECT p.point, p.kind = 'foreign', p.batch, p.order_id, p.state, p.reason, p.reason_text,"
        " p.payment_id::VARCHAR, if(p.held > 0, p.held, NULL), if(p.held > 0, a.currency, NULL) FROM payment p"
        f" LEFT JOIN account a ON a.account = p.own_account WHERE p.order_id IS NOT NULL AND ({condition})"
        " ORDER BY 1, 2, 3, p.payment_id",
        given,
    )
    return [Told(point, foreign, batch, OrderAnswer(*answer)) for point, foreign, batch, *answer in rows]


def tell(work: Work) -> None:
    """Answer on every order whose state its client does not know: one pain.002 for each of the client's batches."""
    untold = "order_id IS NOT NULL AND told <> state"
    if not any_payment(work, untold):
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
    work.store.do(f"UPDATE payment SET told = state WHERE {untold}")
