"""Balancing as its users call it: with the key that they sign with."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.balancing.making import Signer, make_batches
from bankklient_lab.balancing.record_types import BALANCES, demand_way
from bankklient_lab.balancing.signature_rights import SIGNS
from bankklient_lab.keys.choosing import balancing_key
from bankklient_lab.keys.unlocking import unlock
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.container import sign


@action(SIGNS, mode="standard")
def key_for_balancing(lab: Lab) -> dict[str, Any]:
    """Return the key with which the caller balances and signs.

    key_id, title (as the prompt for its password names it), card (serial number of the chip card that has it, whose PIN
    is the password; empty: none).

    Refused, with what to do, when there is none: nothing is balanced without a key.
    """
    key = balancing_key(lab)
    return {"key_id": key.key_id, "title": key.title, "card": key.card}


@action(BALANCES, mode="batch", record="order_id", steps=True)
def balance(lab: Lab, chosen: dict[str, str], password: str, *, which: str = "complete") -> dict[str, Any]:
    """Put the ready records of the chosen types into signed batches for the bank; this can't be taken back.

    `chosen` has for each type of record that goes into this balancing the digest that `balancing_types` told: when the
    records are others by now, all is Refused, as when one does not say what was confirmed. `password` is that of the
    key (`key_for_balancing`); a wrong one is Refused and counted. `which` is as in `balancing_types`.

    All batches are made, or nothing is changed and no number is used. Returns balancing (its number), orders (how
    many), batches: batch_id, batch_type, batch_order (rrrrnnnn), file_name, priority, orders; and remote_backup: the
    batch (batch_id, batch_type, batch_order, records) that brings the settings to the bank, None while they have not
    changed since the last one.

    BadArgument names the order and the field that a message to the bank can't hold.
    """
    demand_way(lab, which, "balance")
    key = balancing_key(lab)
    opened = unlock(lab, key.key_id, password)
    signer = Signer(key.key_id, lambda identity, sha256, at: sign(identity, sha256, opened, at))
    return make_batches(lab, chosen, signer, which=which)
