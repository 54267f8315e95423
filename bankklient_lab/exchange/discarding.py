"""Discarding a batch whose sending broke off: only after the bank was asked and does not have it (BAL-078)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.balancing.unsent import discard, discardable
from bankklient_lab.codebooks.codes import Sent
from bankklient_lab.errors import Refused
from bankklient_lab.exchange.channels import VOID, Link
from bankklient_lab.exchange.connecting import channel_name, opened_link
from bankklient_lab.exchange.folder import Folder
from bankklient_lab.exchange.journal import Journal
from bankklient_lab.exchange.protocol import one_transmission
from bankklient_lab.exchange.receipts import Receipt
from bankklient_lab.exchange.sending import Outgoing, Sender, note_void, outgoing
from bankklient_lab.jobs import Job
from bankklient_lab.keys.points import BANK, FOLDER, point_of
from bankklient_lab.lab import Lab


@action("11&26", mode="batch", record="order_id", steps=True)
def discard_aborted(lab: Lab, batch_id: int, password: str = "", *, job: Job | None = None) -> dict[str, Any]:
    """Discard a batch that is aborted, as a whole, once the bank has recorded that its number is given up.

    `password` is that of the key which `way_to_bank` names, if it asks for one. Refused when the bank has the batch, or
    its files lie in the folder of a bank that does not answer: then transmit. What it does and returns, and its other
    errors, are those of `discard_batch`; what was still on its way to the bank is refused there from then on.
    """
    job = job or Job()
    if channel_name(lab) == FOLDER:
        return discard_over(lab, None, batch_id, job)
    with opened_link(lab, password) as link:
        return discard_over(lab, link, batch_id, job)


def discard_over(lab: Lab, link: Link | None, batch_id: int, job: Job) -> dict[str, Any]:
    """Discard over a link, as `discard_aborted` says; None: files are left in a folder for the bank."""
    with one_transmission(lab):
        with lab.database.reading() as cursor:
            discardable(cursor, batch_id, Sent.ABORTED)  # a transmission may have brought it, or somebody discarded it
        (batch,) = (one for one in outgoing(lab, Sent.ABORTED) if one.batch_id == batch_id)
        receipt = _given_up(lab, link, batch, job) if link else _not_left(lab, batch)
        with lab.database.tx("ops") as cursor:
            told = discard(lab, cursor, batch_id, Sent.ABORTED)
            if receipt is not None:
                note_void(lab, cursor, batch_id, receipt)
    return told


def _not_left(lab: Lab, batch: Outgoing) -> Receipt | None:
    """Return no receipt, since nobody gives one; Refused when files of the batch are there to be uploaded."""
    folder = Path(point_of(lab, BANK).settings["send_to"])
    if Folder(folder).has(batch.identity):
        raise Refused(f"files of batch {batch.name} lie in {folder}; transmit, or remove them if none was uploaded")
    return None


def _given_up(lab: Lab, link: Link, batch: Outgoing, job: Job) -> Receipt:
    """Give up the number of a batch at the bank and return its receipt; Refused when the bank has the batch."""
    job.step(f"asking for batch {batch.name}")
    state = link.service.state(batch.identity)
    if state is not None and state.status != VOID:
        raise Refused(f"the bank has batch {batch.name}; transmit, and you are told what becomes of it")
    return Sender(lab, link, Journal(lab), job).voided(link, batch)
