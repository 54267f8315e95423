"""Announcing a new key to the bank: a batch of type 2, signed by the key before it (TRN-170 to TRN-175)."""

from __future__ import annotations

import hashlib
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.balancing.batch_record import insert_batch, last_number
from bankklient_lab.codebooks.codes import BatchType, Sent
from bankklient_lab.errors import Refused
from bankklient_lab.keys.choosing import previous_key
from bankklient_lab.keys.points import BANK, FOLDER, OWN, point_of
from bankklient_lab.keys.register import Key, found_keys, key_numbered
from bankklient_lab.keys.unlocking import unlock
from bankklient_lab.lab import Lab
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.rights.permissions import needed
from bankklient_lab.sealing.container import agreed_format, sign
from bankklient_lab.sealing.identity import NUMBER_MAX, BatchIdentity
from bankklient_lab.sealing.key_change import announced_certificate, key_change

_ANNOUNCES = "6"


@action(_ANNOUNCES, record="key_id", steps=True, personal=True)
def announce_key(lab: Lab, key_id: int, password: str, previous_password: str) -> dict[str, Any]:
    """Put a key that replaced another one into a batch of type 2, which the next transmission brings to the bank.

    It is signed by the key before (`previous_password` opens it) and by the new one (`password`). That transmission
    still runs under the key before; once the bank has confirmed it, the new one is in use and the old one is refused.
    Returns batch_id and batch_order (rrrrnnnn).

    Refused for a first key (hand_over_key), one that the bank has or that is on its way, while batches with signatures
    of the key before wait for those of others, and for a wrong password, which is counted.
    """
    key = key_numbered(lab, key_id)
    before = _replaced(lab, key)
    previous = unlock(lab, before.key_id, previous_password)
    new = unlock(lab, key_id, password)
    with lab.database.tx("ops") as cursor:
        lab.rights.demand(lab.caller, needed(_ANNOUNCES), "announce_key")  # the keys took their time
        _replaced(lab, key_numbered(lab, key_id))
        now, bank, year = lab.clock(), point_of(lab, BANK), bank_day(lab).year
        number = last_number(cursor, bank.point, BatchType.PUBLIC_KEY, year) + 1
        if number > NUMBER_MAX:
            raise Refused(f"the numbers of batches that bring keys are used up in {year}")
        identity = BatchIdentity(point_of(lab, OWN).point, bank.point, BatchType.PUBLIC_KEY, year, number)
        payload = key_change(new, previous, key.key_order, now)
        digest = hashlib.sha256(payload)
        batch_id = insert_batch(
            lab, cursor, "send", identity, digest.hexdigest(), records=1,
            record_format=agreed_format(encrypted=bank.encrypted),
        )  # fmt: skip
        cursor.execute("INSERT INTO ops.batch_content VALUES (?, ?)", [batch_id, payload])
        cursor.execute(
            "INSERT INTO ops.batch_signature VALUES (?, ?, ?, ?, ?)",
            [batch_id, before.key_id, sign(identity, digest.digest(), previous, now), lab.caller.reference, now],
        )
        lab.log(cursor, "announce_key", key.title, batch=identity.order, replaces=before.key_order)
    return {"batch_id": batch_id, "batch_order": identity.order}


def announced_key(lab: Lab, payload: bytes) -> Key:
    """Return the key of the register that the payload of a batch of type 2 brings."""
    (key,) = found_keys(lab, "certificate = $der", der=announced_certificate(payload).der)
    return key


def _replaced(lab: Lab, key: Key) -> Key:
    """Return the key that one replaced; Refused when it can't be announced now."""
    if key.point != point_of(lab, OWN).point or not key.valid:
        raise Refused(f"the {key.title} is no valid own key; the bank needs no other one")
    if key.delivered:
        raise Refused(f"the bank has the {key.title} already")
    before = previous_key(lab, key)
    if before is None:
        raise Refused(f"the {key.title} is the first of its kind; hand it over to the bank (hand_over_key)")
    if point_of(lab, BANK).channel == FOLDER:
        raise Refused("the bank is reached through a folder, which brings no keys; bring it to the bank by hand")
    for (payload,) in lab.rows(
        "SELECT payload FROM ops.batch JOIN ops.batch_content USING (batch_id)"
        " WHERE direction = 'send' AND batch_type = $type AND status <> $rejected",
        {"type": BatchType.PUBLIC_KEY, "rejected": Sent.REJECTED},
    ):
        if announced_key(lab, bytes(payload)).key_id == key.key_id:
            raise Refused(f"the {key.title} is in a batch for the bank already; transmit it")
    waiting = lab.rows(
        "SELECT 1 FROM ops.unsigned_batch JOIN ops.batch USING (batch_id) JOIN ops.batch_signature USING (batch_id)"
        " WHERE key_id = $key AND status = $created",
        {"key": before.key_id, "created": Sent.CREATED},
    )
    if waiting:
        raise Refused(
            f"{len(waiting)} batches that the {before.title} signed wait for other signatures; send them first"
        )
    return before
