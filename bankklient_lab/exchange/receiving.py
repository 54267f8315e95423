"""Receiving: batches are taken over once, each checked before a byte of it counts, and applied from the own store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from bankklient_lab.balancing.batch_record import insert_batch, move, note_event
from bankklient_lab.codebooks import rows
from bankklient_lab.codebooks.codes import BatchType, Received
from bankklient_lab.errors import BadArgument, FormatError, SealBroken
from bankklient_lab.exchange.accounting_files import write_for_accounting
from bankklient_lab.exchange.channels import Announced, Link
from bankklient_lab.exchange.document_folders import save_arrived
from bankklient_lab.exchange.handlers import TYPES_READ, Arrived, apply, apply_aside
from bankklient_lab.exchange.protocol import (
    CONTENT_WRONG,
    SEAL_BROKEN,
    TYPE_NOT_TAKEN,
    shortened,
)
from bankklient_lab.formats.batches import read_batch, read_batch_of
from bankklient_lab.jobs import Job
from bankklient_lab.keys.points import BANK, OWN, point_of
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.container import Opened
from bankklient_lab.sealing.identity import ORDER_DIGITS, BatchIdentity, read_order

# ruff: noqa: S608 - every text below is made of our own declarations

SEQUENCED = BatchType.DOMESTIC  # the type of which a later batch waits for a missing one (TRN-006)
PROGRAMS = 51, 89  # types, inclusive, that bring programs and changes of the database


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiving under way; `troubles` says which batches could not be taken over, and why."""

    lab: Lab
    link: Link
    job: Job
    troubles: list[str] = field(default_factory=list)

    def receive_all(self) -> Iterator[int]:
        """Take over what waits at the bank, and yield the number of each batch.

        Raises Unreachable; what was taken over before stays, and the rest is fetched next time (TRN-019).
        """
        for one in self.link.service.waiting():
            self.job.step(f"receiving batch {one.batch_type} {one.order[:ORDER_DIGITS]}")
            try:
                identity = _identity(self.lab, one)
            except BadArgument as error:
                self.troubles.append(f"the bank announces what can be no batch: {error.message}")
            else:
                yield self._receive(one, identity)

    def _receive(self, one: Announced, identity: BatchIdentity) -> int:
        batch_id, status, sha256, error = self._announced(identity, one.sha256)
        if status != Received.NONE:
            if sha256 != one.sha256:
                self._log_other(batch_id, identity, sha256, one.sha256)
                return batch_id
            if error != SEAL_BROKEN:
                self._came_again(batch_id, status)
                self.link.service.taken(one)
                return batch_id
            with self.lab.database.tx("ops") as cursor:
                move(self.lab, cursor, batch_id, Received.NONE)
        container = self.link.service.fetch(one)
        try:
            found = self._opened(container, identity, one.sha256)
        except SealBroken as broken:  # not confirmed: what came was not what the bank sent
            refuse_batch(self.lab, batch_id, identity, broken.message, SEAL_BROKEN)
            self.troubles.append(f"batch {identity.batch_type} {identity.order} was refused: {broken.message}")
            return batch_id
        self._take_over(batch_id, found)
        self.link.service.taken(one)
        return batch_id

    def _opened(self, container: bytes, identity: BatchIdentity, sha256: str) -> Opened:
        found = self.link.opened(container, self.lab.clock())
        if found.identity != identity:
            raise SealBroken("identity", f"what came is batch {found.identity.line}, not {identity.line}")
        if hashlib.sha256(found.payload).hexdigest() != sha256:
            raise SealBroken("identity", "what came is not what the bank announced")
        return found

    def _announced(self, identity: BatchIdentity, sha256: str) -> tuple[int, int, str, int]:
        """Return number, status, hash and error of a batch, noted as announced when it is new."""
        given = {
            "point": identity.sender, "type": identity.batch_type, "year": identity.year, "number": identity.number,
        }  # fmt: skip
        with self.lab.database.tx("ops") as cursor:
            found = cursor.execute(
                "SELECT batch_id, status, payload_sha256, error_status FROM ops.batch WHERE direction = 'receive'"
                " AND point = $point AND batch_type = $type AND year = $year AND number = $number",
                given,
            ).fetchone()
            if found is not None:
                return found[0], found[1], found[2], found[3]
            batch_id = insert_batch(self.lab, cursor, "receive", identity, sha256)
        return batch_id, Received.NONE, sha256, 0

    def _take_over(self, batch_id: int, found: Opened) -> None:
        """Keep a batch whose seal is whole, or refuse it for its type or content."""
        lab, identity = self.lab, found.identity
        why = _not_taken(identity.batch_type)
        if why:
            refuse_batch(lab, batch_id, identity, why, TYPE_NOT_TAKEN, Received.TRANSFERRED)
            return
        try:
            batch = read_batch_of(identity, found.payload)
        except FormatError as error:
            refuse_batch(lab, batch_id, identity, error.message, CONTENT_WRONG, Received.TRANSFERRED)
            return
        with lab.database.tx("ops") as cursor:
            cursor.execute(
                "UPDATE ops.batch SET record_format = ?, messages = ? WHERE batch_id = ?",
                [found.record_format, len(batch.messages), batch_id],
            )
            cursor.execute("INSERT INTO ops.batch_content VALUES (?, ?)", [batch_id, found.payload])
            move(lab, cursor, batch_id, Received.TRANSFERRED, Received.RECEIVED)
            lab.log(cursor, "receive_batch", f"{identity.batch_type} {identity.order}", messages=len(batch.messages))

    def _came_again(self, batch_id: int, status: int) -> None:
        """Note in the protocol alone that a batch came that is here (TRN-005); one still to be applied stays so."""
        with self.lab.database.tx("ops") as cursor:
            if status == Received.RECEIVED:
                note_event(self.lab, cursor, batch_id, Received.REPEATEDLY_TRANSFERRED)
            else:
                move(self.lab, cursor, batch_id, Received.REPEATEDLY_TRANSFERRED)

    def _log_other(self, batch_id: int, identity: BatchIdentity, ours: str, bank: str) -> None:
        name = f"{identity.batch_type} {identity.order}"
        self.troubles.append(f"the bank has another content now under the number of batch {name}; ask it why")
        with self.lab.database.tx("ops") as cursor:
            note_event(
                self.lab,
                cursor,
                batch_id,
                Received.REPEATEDLY_TRANSFERRED,
                "the bank has another content under this number now",
            )
            self.lab.log(cursor, "exchange_alarm", name, ours=ours, bank=bank)


def apply_all(lab: Lab, job: Job) -> Iterator[int]:
    """Apply what was taken over, in the order of its arrival, and yield the number of each batch.

    A batch whose content does not fit is refused as a whole and changes nothing. Blocked while another user holds what
    is to be changed: the batch stays for the next time. Types that this version does not read stay as they are.
    """
    own = point_of(lab, OWN).point
    waiting = lab.rows(
        "SELECT batch_id, point, batch_type, year, number FROM ops.batch"
        f" WHERE direction = 'receive' AND status = {Received.RECEIVED}"
        " AND list_contains($types, batch_type) ORDER BY batch_type = $last,"
        " if(batch_type = $last, year * 10000 + number, batch_id)",
        {"types": sorted(TYPES_READ), "last": SEQUENCED},
    )
    for batch_id, point, batch_type, year, number in waiting:
        identity = BatchIdentity(point, own, batch_type, year, number)
        job.step(f"processing batch {batch_type} {identity.order}")
        if batch_type == SEQUENCED and not _in_turn(lab, identity):
            _hold(lab, batch_id, identity)
        else:
            ((payload,),) = lab.rows("SELECT payload FROM ops.batch_content WHERE batch_id = $id", {"id": batch_id})
            _apply(lab, Arrived(batch_id, identity, read_batch(bytes(payload))))
        yield batch_id


def refuse_batch(lab: Lab, batch_id: int, identity: BatchIdentity, why: str, error: int, *before: int) -> None:
    """Note that a received batch was refused, and why."""
    with lab.database.tx("ops") as cursor:
        move(lab, cursor, batch_id, *before, Received.REJECTED, note=why, error=error)
        lab.log(cursor, "refuse_batch", f"{identity.batch_type} {identity.order}", error=error, why=why)


def _apply(lab: Lab, arrived: Arrived) -> None:
    identity = arrived.identity
    with lab.locks.working(lab.caller, "transmit", "batch", ("order_id", None)):
        try:
            aside = apply_aside(lab, arrived)
            with lab.database.tx("ops") as cursor:
                found = [*aside, *apply(lab, cursor, arrived)]
                if identity.batch_type == BatchType.DOMESTIC:
                    found += write_for_accounting(lab, cursor, arrived.batch)
                if identity.batch_type == BatchType.DOCUMENTS:
                    found += save_arrived(cursor, arrived.batch.messages)
                findings = shortened(found)
                move(lab, cursor, arrived.batch_id, Received.PROCESSED, note=findings)
                lab.log(cursor, "apply_batch", f"{identity.batch_type} {identity.order}", findings=findings)
        except FormatError as error:  # anything else is no fault of the batch: it stays, and is applied another time
            refuse_batch(lab, arrived.batch_id, identity, error.message, CONTENT_WRONG)


def _in_turn(lab: Lab, identity: BatchIdentity) -> bool:
    """Tell whether the batch before one was dealt with; the first that ever came of its type begins the sequence."""
    ((before, earlier),) = lab.rows(
        "SELECT count(*) FILTER (year = $year AND number = $number - 1 AND status NOT IN ($announced, $taken_over)"
        " AND NOT (status = $refused AND error_status = $seal_broken)),"
        " count(*) FILTER ((year, number) < ($year, $number)) FROM ops.batch"
        " WHERE direction = 'receive' AND point = $point AND batch_type = $type",
        {
            "year": identity.year, "number": identity.number, "point": identity.sender, "type": identity.batch_type,
            "announced": Received.NONE, "taken_over": Received.RECEIVED, "refused": Received.REJECTED,
            "seal_broken": SEAL_BROKEN,
        },
    )  # fmt: skip
    return identity.number == 1 or before > 0 or earlier == 0


def _hold(lab: Lab, batch_id: int, identity: BatchIdentity) -> None:
    """Tell once that a batch waits for the one before it."""
    missing = identity._replace(number=identity.number - 1).order
    note = f"it waits for batch {identity.batch_type} {missing}, which is missing; ask the bank for it"
    with lab.database.tx("ops") as cursor:
        told = cursor.execute("SELECT count(*) FROM ops.batch_event WHERE batch_id = ? AND note = ?", [batch_id, note])
        if not told.fetchall()[0][0]:
            note_event(lab, cursor, batch_id, Received.RECEIVED, note)
            lab.log(cursor, "batch_missing", f"{identity.batch_type} {missing}", waits=identity.order)


def _identity(lab: Lab, one: Announced) -> BatchIdentity:
    """Return the identity of an announced batch; BadArgument for what is none."""
    year, number = read_order(one.order)
    return BatchIdentity(point_of(lab, BANK).point, point_of(lab, OWN).point, one.batch_type, year, number)


def _not_taken(batch_type: int) -> str:
    """Return why batches of a type are refused whatever they say; empty when they are not."""
    if PROGRAMS[0] <= batch_type <= PROGRAMS[1]:
        return f"type {batch_type} brings a program or a change of the database; it is never run (decided once for all)"
    known = {int(row["code"]) for row in rows("batch_types") if row["direction"] in ("both", "from_bank")}
    return "" if batch_type in known else f"type {batch_type} is no type of batch that a bank sends"
