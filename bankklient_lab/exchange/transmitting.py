"""A transmission: what waits is sent, what waits at the bank is taken over and applied (TRN-008 to TRN-019)."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import BadArgument, LabError, Refused
from bankklient_lab.exchange.channels import Channel
from bankklient_lab.exchange.journal import check_journal
from bankklient_lab.exchange.protocol import line_of, one_transmission, shortened
from bankklient_lab.exchange.receiving import Receiver, apply_all
from bankklient_lab.exchange.sending import Sender
from bankklient_lab.jobs import Job
from bankklient_lab.keys.choosing import transmission_keys
from bankklient_lab.keys.delivering import note_proven
from bankklient_lab.keys.points import BANK, FOLDER, HTTPS, point_of
from bankklient_lab.keys.register import Key
from bankklient_lab.keys.saved import saved_password
from bankklient_lab.keys.unlocking import unlock
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.keys import SigningKey

TRANSMITS = "26"


@action(TRANSMITS, mode="standard")
def way_to_bank(lab: Lab) -> dict[str, Any]:
    """Return how the next transmission goes: channel (folder, https), and of its key key_id, title and password_asked.

    A folder needs no key: key_id is None there. Refused when the bank's connection point has no channel, or when there
    is no key for transmissions.
    """
    channel = _channel_name(lab)
    if channel == FOLDER:
        return {"channel": channel, "key_id": None, "title": "", "password_asked": False}
    key = transmission_keys(lab)[0]
    asked = saved_password(lab, key) is None
    return {"channel": channel, "key_id": key.key_id, "title": key.title, "password_asked": asked}


@action(TRANSMITS, steps=True)
def transmit(lab: Lab, password: str = "", *, job: Job | None = None) -> dict[str, Any]:
    """Send all batches that wait, take over and apply all that wait at the bank, and return what became of each.

    `password` is that of the key which `way_to_bank` names, if it asks for one; a wrong one is Refused and counted. The
    result: complete (both sides have exchanged all that was ready), message (why not, else empty), and batches in the
    order of their treatment: batch_id, batch_type, batch_order (rrrrnnnn), direction, status, note. What was done
    before it broke off stays, and the next transmission goes on from there: nothing is sent twice in effect.
    """
    channel = _channel_name(lab)
    if channel == FOLDER:
        from bankklient_lab.exchange.folder import Folder

        return transmit_through(lab, Folder(lab), None, job or Job())
    key = transmission_keys(lab)[0]
    given = password or saved_password(lab, key)
    if not given:
        raise BadArgument(f"the password of the {key.title} is needed")
    opened = unlock(lab, key.key_id, given)
    from bankklient_lab.exchange.https import Https

    with Https(lab, opened) as reached:
        return transmit_through(lab, reached, opened, job or Job(), key)


def transmit_through(
    lab: Lab, channel: Channel, opened: SigningKey | None, job: Job, key: Key | None = None
) -> dict[str, Any]:
    """Transmit through a channel, with the key that brings batches, as `transmit` says."""
    done: dict[int, None] = {}  # numbers of batches, in the order of their treatment
    message = ""
    with one_transmission(lab):
        check_journal(lab)
        try:
            job.step("connecting")
            sender = Sender(lab, channel, opened, job)
            done |= dict.fromkeys(sender.ask_all())
            for batch_id in sender.send_all():
                done[batch_id] = None
            if opened is not None:
                receiver = Receiver(lab, channel, opened, job)
                for batch_id in receiver.receive_all():
                    done[batch_id] = None
                message = shortened(receiver.troubles)
        except LabError as error:
            message = error.message
        try:
            for batch_id in apply_all(lab, job):
                done[batch_id] = None
        except LabError as error:
            message = message or error.message
        if key is not None and not message:
            note_proven(lab, key, domestic_batch=False)
        with lab.database.tx("ops") as cursor:
            lab.log(cursor, "transmit", "done" if not message else "broken off", batches=len(done), why=message)
    return {"complete": not message, "message": message, "batches": [line_of(lab, batch_id) for batch_id in done]}


def _channel_name(lab: Lab) -> str:
    channel = point_of(lab, BANK).channel
    if channel not in (FOLDER, HTTPS):
        raise Refused("how the bank is reached is not set up; set the channel of its connection point")
    return channel
