"""Sending: each batch goes out under its number with its frozen bytes, as often as it takes, and counts once.

Before a batch goes out its status becomes "aborted" with an event that says so: what a crash leaves is then true, and
the next transmission asks the bank what it has and sends the same bytes again (docs/how-to/exchange.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from bankklient_lab.balancing.announcing import announced_key
from bankklient_lab.balancing.batch_record import move, status_of
from bankklient_lab.balancing.signatures import WAITING, check_signatures
from bankklient_lab.codebooks.codes import TO_SEND, UNANSWERED, BatchType, Rejection, Revocation, Sent
from bankklient_lab.errors import LabError, Refused, Unreachable
from bankklient_lab.exchange.channels import VOID, BankState, Link, Outlet
from bankklient_lab.exchange.journal import Journal
from bankklient_lab.exchange.receipts import Receipt, read_receipt
from bankklient_lab.jobs import Job
from bankklient_lab.keys.choosing import demand_not_replaced
from bankklient_lab.keys.delivering import note_delivered, note_proven, take_back
from bankklient_lab.keys.points import BANK, OWN, point_of
from bankklient_lab.keys.register import key_numbered
from bankklient_lab.lab import Lab
from bankklient_lab.orders.steps import step_all, take_step
from bankklient_lab.sealing.certificates import Certificate
from bankklient_lab.sealing.container import ENCRYPTED, seal
from bankklient_lab.sealing.identity import BatchIdentity


class Outgoing(NamedTuple):
    """A batch to the bank."""

    batch_id: int
    identity: BatchIdentity
    record_format: str
    status: int
    sha256: str
    unsigned: bool  # orders of it lack signatures

    @property
    def name(self) -> str:
        """How people name it: type and order."""
        return f"{self.identity.batch_type} {self.identity.order}"


@dataclass(frozen=True, slots=True)
class Sender:
    """One sending under way: over a link sealed and with an answer, into an outlet openly and without one."""

    lab: Lab
    channel: Link | Outlet
    journal: Journal
    job: Job

    def send_all(self) -> Iterator[int]:
        """Send what waits, in the order of `outgoing`, and yield the number of each batch before it goes out.

        A batch of which orders lack signatures stays (EL-014).

        Raises Unreachable, and what the bank refuses as a LabError: the rest stays for the next time. What came of a
        batch before stays.
        """
        link = self.channel if isinstance(self.channel, Link) else None
        for batch in outgoing(self.lab, *TO_SEND, *([Sent.DELETED] if link else [])):
            if batch.unsigned:
                continue
            if link:
                demand_not_replaced(self.lab, link.key.certificate.fingerprint)
            self.job.step(f"sending batch {batch.name}")
            yield batch.batch_id
            if link and batch.status == Sent.DELETED:
                self._give_up(link, batch)
            else:
                check_signatures(self.lab, batch.batch_id, batch.identity, batch.sha256)
                self._send(batch)

    def ask_all(self) -> Iterator[int]:
        """Ask the bank for the batches that it has and that were not over, and yield those that went on."""
        if not isinstance(self.channel, Link):
            return
        for batch in outgoing(self.lab, *UNANSWERED, Sent.RECEIVED):
            self.job.step(f"asking for batch {batch.name}")
            state = self.channel.service.state(batch.identity)
            if state is None or state.sha256 != batch.sha256:
                raise self._alarm(batch, state)
            if _went_on(self.lab, batch, state):
                yield batch.batch_id

    def _send(self, batch: Outgoing) -> None:
        lab = self.lab
        if batch.status == Sent.ABORTED and isinstance(self.channel, Link):
            state = self.channel.service.state(batch.identity)
            if state is not None and state.sha256 != batch.sha256:
                raise self._alarm(batch, state)
        payload = _content(lab, batch)
        with lab.database.tx("ops") as cursor:
            if status_of(cursor, batch.batch_id) != batch.status:
                return  # somebody has discarded it since
            move(lab, cursor, batch.batch_id, Sent.ABORTED, note="it goes out; the bank has not answered yet")
        self.journal.note(batch.identity, batch.sha256)
        try:
            receipt = self._deliver(batch, payload)
        except LabError as error:
            self._broken_off(batch, error)
            raise
        with lab.database.tx("ops") as cursor:
            self._transferred(cursor, batch, receipt)
        if receipt is not None and receipt.status == "received":
            _prove_keys(lab, batch)

    def _deliver(self, batch: Outgoing, payload: bytes) -> Receipt | None:
        """Bring a batch and return its receipt, None where nobody answers."""
        if not isinstance(self.channel, Link):
            self.channel.leave(batch.identity, payload)
            return None
        signed = self.channel.service.send(batch.identity, self._sealed(self.channel, batch, payload))
        return self._receipt(self.channel, signed, batch.identity, batch.sha256)

    def _broken_off(self, batch: Outgoing, error: LabError) -> None:
        """Keep why a batch was not taken; the same number under other content is told as an alarm."""
        with self.lab.database.tx("ops") as cursor:
            move(self.lab, cursor, batch.batch_id, Sent.ABORTED, note=error.message)
            if not isinstance(error, Unreachable):
                self.lab.log(cursor, "bank_refuses", batch.name, why=error.message)

    def _transferred(self, cursor: Any, batch: Outgoing, receipt: Receipt | None) -> None:
        lab, batch_id = self.lab, batch.batch_id
        move(lab, cursor, batch_id, Sent.REPEATEDLY_TRANSFERRED if batch.status == Sent.ABORTED else Sent.TRANSFERRED)
        orders = f"(SELECT order_id FROM ops.sent_order WHERE batch_id = {batch_id})"  # noqa: S608 - a number
        step_all(lab, cursor, "transmit", orders)
        _set_revocations(lab, cursor, batch, Revocation.SENT)
        lab.log(cursor, "send_batch", batch.name, sha256=batch.sha256)
        if receipt is None:
            return
        _keep_receipt(lab, cursor, batch_id, receipt)
        if receipt.status == "parked":
            lab.log(cursor, "bank_waits", batch.name, missing=receipt.missing)
        elif receipt.status == "refused":
            refuse(lab, cursor, batch, receipt.error)
        else:
            _received(lab, cursor, batch)

    def _give_up(self, link: Link, batch: Outgoing) -> None:
        receipt = self.voided(link, batch)
        with self.lab.database.tx("ops") as cursor:
            note_void(self.lab, cursor, batch.batch_id, receipt)

    def voided(self, link: Link, batch: Outgoing) -> Receipt:
        """Tell the bank the number of a discarded batch and return its receipt; the bank takes it as often as told."""
        signed = link.service.void(batch.identity, self._sealed(link, batch, b""))
        return self._receipt(link, signed, batch.identity, "")

    def _alarm(self, batch: Outgoing, state: BankState | None) -> Refused:
        has = "does not have it" if state is None else "has another one under this number"
        has = "has its number as given up" if state is not None and state.status == VOID else has
        with self.lab.database.tx("ops") as cursor:
            self.lab.log(cursor, "exchange_alarm", batch.name, ours=batch.sha256, bank=state.sha256 if state else "")
        return Refused(
            f"batch {batch.name} was sent, and the bank {has}; nothing more is sent until it is clear why: ask the bank"
        )

    def _receipt(self, link: Link, signed: bytes, identity: BatchIdentity, sha256: str) -> Receipt:
        return read_receipt(signed, identity, sha256, trust=link.trust.get, at=self.lab.clock())

    def _sealed(self, link: Link, batch: Outgoing, payload: bytes) -> bytes:
        """Seal a payload anew; an empty one, which gives the number up, is signed by whoever brings it alone."""
        signatures = self.lab.rows(
            "SELECT signature FROM ops.batch_signature WHERE batch_id = $id ORDER BY signed_at, key_id",
            {"id": batch.batch_id},
        )
        return seal(
            batch.identity,
            payload,
            [bytes(one) for (one,) in signatures] if payload else [],
            link.key,
            record_format=batch.record_format,
            encrypt_for=_bank_encryption(link) if batch.record_format == ENCRYPTED else None,
            at=self.lab.clock(),
        )


def outgoing(lab: Lab, *statuses: int) -> list[Outgoing]:
    """Return the batches to the bank in one of these statuses (none given: all), in the order they were made.

    Those that a new key signed which the bank lacks come last: one that announces it may have been made after them.
    What lacks signatures is read with them at once: a batch made a moment later can't be taken for a signed one.
    """
    own, bank = point_of(lab, OWN).point, point_of(lab, BANK).point
    rows = lab.rows(
        "SELECT batch_id, batch_type, year, number, record_format, status, payload_sha256,"  # noqa: S608 - our own
        f" batch_id IN ({WAITING}) AS unsigned FROM ops.batch"
        " WHERE direction = 'send' AND (len($statuses) = 0 OR list_contains($statuses, status)) ORDER BY batch_id IN"
        " (SELECT batch_id FROM ops.batch_signature JOIN ops.key USING (key_id)"
        "  WHERE NOT delivered AND replaces IS NOT NULL), batch_id",
        {"statuses": list(statuses)},
    )
    return [
        Outgoing(batch_id, BatchIdentity(own, bank, batch_type, year, number), *rest)
        for batch_id, batch_type, year, number, *rest in rows
    ]


def refuse(lab: Lab, cursor: Any, batch: Outgoing, why: str) -> None:
    """Note that the bank refused a batch as a whole: its orders are rejected and leave those in process (TRN-190)."""
    move(lab, cursor, batch.batch_id, Sent.REJECTED, note=why, error=Rejection.FORMAL)
    orders = cursor.execute("SELECT order_id FROM ops.sent_order WHERE batch_id = ?", [batch.batch_id]).fetchall()
    if orders:
        ids = [order_id for (order_id,) in orders]
        done = take_step(lab, "bank_refuses_batch", ids, note=why, single=False).ids
        cursor.execute(
            "UPDATE ops.sent_order SET in_process = false, reason = ?, reason_text = ?, changed_at = ?"
            " WHERE order_id IN (SELECT unnest(?::BIGINT[]))",
            [Rejection.FORMAL, why, lab.clock(), done],
        )
    _set_revocations(lab, cursor, batch, Revocation.REJECTED)
    if batch.identity.batch_type == BatchType.PUBLIC_KEY:
        take_back(lab, announced_key(lab, _content(lab, batch)), why)
    lab.log(cursor, "bank_refuses", batch.name, why=why)


def _went_on(lab: Lab, batch: Outgoing, state: BankState) -> bool:
    """Follow what the bank did with a batch; tell whether that is news."""
    with lab.database.tx("ops") as cursor:
        if state.status == "refused":
            refuse(lab, cursor, batch, state.error)
            return True
        received = batch.status != Sent.RECEIVED and state.status in ("waiting", "processed")
        if received:
            _received(lab, cursor, batch)
        if state.status == "processed":
            move(lab, cursor, batch.batch_id, Sent.PROCESSED)
    if received:
        _prove_keys(lab, batch)
    return received or state.status == "processed"


def _received(lab: Lab, cursor: Any, batch: Outgoing) -> None:
    """Note that the bank has a batch; one that brings a key was taken over with it."""
    move(lab, cursor, batch.batch_id, Sent.RECEIVED)
    if batch.identity.batch_type == BatchType.PUBLIC_KEY:
        note_delivered(lab, announced_key(lab, _content(lab, batch)))


def _content(lab: Lab, batch: Outgoing) -> bytes:
    """Return the frozen payload; Refused when somebody has written into the lab's file."""
    ((payload,),) = lab.rows("SELECT payload FROM ops.batch_content WHERE batch_id = $id", {"id": batch.batch_id})
    content = bytes(payload)
    if hashlib.sha256(content).hexdigest() != batch.sha256:
        raise Refused(f"the content of batch {batch.name} was changed in the lab's file; `bankklient check` says more")
    return content


def note_void(lab: Lab, cursor: Any, batch_id: int, receipt: Receipt) -> None:
    """Note that the bank has recorded the number of a discarded batch as given up."""
    move(lab, cursor, batch_id, Sent.DELETION_RECORDED)
    _keep_receipt(lab, cursor, batch_id, receipt)


def _keep_receipt(lab: Lab, cursor: Any, batch_id: int, receipt: Receipt) -> None:
    cursor.execute("INSERT OR REPLACE INTO ops.batch_receipt VALUES (?, ?, ?)", [batch_id, receipt.signed, lab.clock()])


def _set_revocations(lab: Lab, cursor: Any, batch: Outgoing, status: int) -> None:
    """Give the orders that a batch asks to revoke a revocation status."""
    if batch.identity.batch_type == BatchType.REVOCATION:
        cursor.execute(
            "UPDATE ops.sent_order SET revocation = ?, changed_at = ? WHERE revocation_batch = ?",
            [status, lab.clock(), batch.batch_id],
        )


def _prove_keys(lab: Lab, batch: Outgoing) -> None:
    """Note of the keys that signed a batch that the bank has confirmed it (TRN-171)."""
    if batch.identity.batch_type == BatchType.DOMESTIC:
        for (key_id,) in lab.rows(
            "SELECT key_id FROM ops.batch_signature SEMI JOIN ops.key USING (key_id) WHERE batch_id = $id",
            {"id": batch.batch_id},
        ):
            note_proven(lab, key_numbered(lab, key_id), domestic_batch=True)


def _bank_encryption(link: Link) -> Certificate:
    """Return the bank's certificate that batches are encrypted for; Refused without one."""
    found = next((one for one in link.trust.values() if one.encrypts), None)
    if found is None:
        raise Refused("no key of the bank is registered that can be encrypted for; register it, then transmit")
    return found
