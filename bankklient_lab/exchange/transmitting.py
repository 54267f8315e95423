"""A transmission: what waits is sent, what waits at the bank is taken over and applied (TRN-008 to TRN-019)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.codebooks.codes import Sent
from bankklient_lab.errors import LabError, Refused
from bankklient_lab.exchange.channels import Link, Outlet
from bankklient_lab.exchange.connecting import channel_name, key_and_password, opened_link
from bankklient_lab.exchange.current import take_current_state
from bankklient_lab.exchange.folder import Folder
from bankklient_lab.exchange.inbox import take_files
from bankklient_lab.exchange.journal import Journal
from bankklient_lab.exchange.protocol import line_of, one_transmission, shortened
from bankklient_lab.exchange.receiving import Receiver, apply_all
from bankklient_lab.exchange.sending import Sender, outgoing
from bankklient_lab.jobs import Job
from bankklient_lab.keys.choosing import demand_not_replaced
from bankklient_lab.keys.delivering import note_proven
from bankklient_lab.keys.points import BANK, FOLDER, KPC, point_of
from bankklient_lab.lab import Lab
from bankklient_lab.orders.signing import CONFIRMS
from bankklient_lab.rights.settings import read_setting
from bankklient_lab.services.requests import ASKS

TRANSMITS = "26"


@action(f"{TRANSMITS}|{CONFIRMS}|{ASKS}", mode="standard")
def way_to_bank(lab: Lab) -> dict[str, Any]:
    """Return how the next transmission goes: channel (folder, https), and its key: key_id, title, card, password_asked.

    A folder needs no key: key_id is None there. Who confirms orders or sees services may ask, too: the bank is asked
    for their payees and its records by the same way. Refused when the bank's connection point has no channel, or when
    there is no key for transmissions.
    """
    channel = channel_name(lab)
    if channel == FOLDER:
        return {"channel": channel, "key_id": None, "title": "", "card": "", "password_asked": False}
    key, saved = key_and_password(lab)
    return {
        "channel": channel, "key_id": key.key_id, "title": key.title, "card": key.card, "password_asked": not saved,
    }  # fmt: skip


@action(TRANSMITS, steps=True)
def transmit(lab: Lab, password: str = "", *, job: Job | None = None) -> dict[str, Any]:
    """Send all batches that wait, take over and apply all that wait at the bank, and return what became of each.

    `password` is that of the key which `way_to_bank` names, if it asks for one; a wrong one is Refused and counted. The
    result: complete (both sides have exchanged all that was ready), message (why not, else empty), and batches in the
    order of their treatment: batch_id, batch_type, batch_order (rrrrnnnn), direction, status, note; files, those found
    in the folder of a bank that has one: name, status (taken, known, refused), note; unsigned, the names of the batches
    that stay because they wait for signatures; and state, why the current state (exchange.current) was not updated at
    the end, else empty. What was done before it broke off stays, and the next
    transmission goes on from there: nothing is sent twice in effect.
    """
    return _transmitted(lab, password, job or Job())


def receive_alone(lab: Lab, job: Job) -> dict[str, Any]:
    """Take over and apply what waits at the bank as `transmit` does, but send nothing and ask nobody.

    Refused where that can't be: see `demand_unattended`.
    """
    demand_unattended(lab)
    return _transmitted(lab, "", job, sends=False)


def demand_unattended(lab: Lab) -> None:
    """Raise Refused unless a transmission works with nobody there: no encryption (TRN-105), and no password to type."""
    if point_of(lab, BANK).encrypted:
        raise Refused("batches to and from the bank are encrypted; then nothing is received with nobody there")
    way = way_to_bank(lab)
    if way["password_asked"]:
        raise Refused(
            f"nobody is there to type the password of the {way['title']}; an authorized person saves it when making"
            " the next operational key (--save-password)"
        )


def _transmitted(lab: Lab, password: str, job: Job, *, sends: bool = True) -> dict[str, Any]:
    if channel_name(lab) == FOLDER:
        return _transmit_by_folder(lab, job, sends=sends)
    with opened_link(lab, password) as link:
        told = transmit_over(lab, link, job, sends=sends)
        if told["complete"]:
            told["state"] = _state_updated(lab, link, job)
    if told["complete"]:
        note_proven(lab, key_and_password(lab)[0], domestic_batch=False)
    return told


def _state_updated(lab: Lab, link: Link, job: Job) -> str:
    """Update the current state as each transmission does (BNK-049), and return why not: the exchange is done."""
    job.step("asking for the current state")
    try:
        take_current_state(lab, link)
    except LabError as error:
        return error.message
    return ""


def _transmit_by_folder(lab: Lab, job: Job, *, sends: bool) -> dict[str, Any]:
    settings = point_of(lab, BANK).settings
    kpc = settings.get("domestic_files") == KPC
    client_number = read_setting(lab.database, "client_identification") if kpc else ""
    outlet = Folder(Path(settings["send_to"]), kpc=kpc, client_number=client_number)
    return transmit_over(lab, outlet, job, inbox=Path(settings["receive_from"]), sends=sends)


def transmit_over(
    lab: Lab, channel: Link | Outlet, job: Job, *, inbox: Path | None = None, sends: bool = True
) -> dict[str, Any]:
    """Transmit over a channel, as `transmit` says; `inbox`: the folder of files from the bank."""
    done: dict[int, None] = {}  # numbers of batches, in the order of their treatment
    files: list[dict[str, Any]] = []
    troubles: list[str] = []
    with one_transmission(lab):
        journal = Journal(lab)
        for part in (_exchanged(lab, channel, journal, job, troubles, sends=sends), apply_all(lab, job)):
            try:
                for batch_id in part:
                    done[batch_id] = None
            except LabError as error:
                troubles.append(error.message)
        try:
            for file in take_files(lab, inbox, job) if inbox else ():
                files.append(file)
        except LabError as error:
            troubles.append(error.message)
        troubles += [f"{file['name']} was refused: {file['note']}" for file in files if file["status"] == "refused"]
        message = shortened(troubles)
        with lab.database.tx("ops") as cursor:
            lab.log(cursor, "transmit", "broken off" if message else "done", batches=len(done), why=message)
    batches = [line_of(lab, batch_id) for batch_id in done]
    unsigned = [one.name for one in outgoing(lab, Sent.CREATED) if one.unsigned]
    return {
        "complete": not message, "message": message, "batches": batches, "files": files, "unsigned": unsigned,
        "state": "",
    }  # fmt: skip


def _exchanged(
    lab: Lab, channel: Link | Outlet, journal: Journal, job: Job, troubles: list[str], *, sends: bool
) -> Iterator[int]:
    """Exchange what waits on both sides, and yield the number of each batch; what was not taken over is a trouble."""
    job.step("connecting")
    sender = Sender(lab, channel, journal, job)
    yield from sender.ask_all()
    if sends:
        yield from sender.send_all()
    if isinstance(channel, Link):
        demand_not_replaced(lab, channel.key.certificate.fingerprint)
        yield from Receiver(lab, channel, job, troubles).receive_all()
