"""Persons whom the contract with the bank authorizes, each with a personal key, and their rights to sign."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any

from bankklient_lab.balancing.balance import balance
from bankklient_lab.balancing.signature_rights import give_signature_right
from bankklient_lab.balancing.signatures import sign_batch, waiting_signatures
from bankklient_lab.keys.register import insert_key, next_order
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.keys import SigningKey, new_key
from bankklient_lab.sealing.private_keys import sealed_key
from tests.balancing.labs import OWN_POINT, agreed
from tests.clocks import NOON
from tests.orders.labs import hands

PASSWORD = "Eight-8x"


def person(lab: Lab, reference: str, name: str = "", permissions: Iterable[int] | None = None, number: str = "") -> Lab:
    """Return the lab in the hands of an authorized person of a name, with a personal key that the bank has."""
    who = hands(lab, reference, permissions)
    first, _, last = (name or f"Person {reference}").partition(" ")
    with lab.database.tx("ops") as cursor:
        cursor.execute(
            "UPDATE ops.user SET kind = 'authorized', first_name = ?, last_name = ?, personal_number = ?"
            " WHERE user_id = ?",
            [first, last, number, who.caller.user_id],
        )
    key = personal_key(reference)
    with lab.database.tx("ops") as cursor:
        insert_key(
            who, cursor, key.certificate, key_order=next_order(who, cursor, OWN_POINT), user_id=who.caller.user_id,
            private_key=sealed_key(key, PASSWORD), warn_days=90, delivered=True, proven=True,
        )  # fmt: skip
    return who


@cache
def personal_key(reference: str) -> SigningKey:
    """Return the key of a person; the same for the same reference."""
    return new_key(point=OWN_POINT, kind="personal", at=NOON, expires_on=date(2028, 1, 1), algorithm="ecdsa")


def right(administrator: Lab, who: Lab, signature_class: str, currency: str = "CZK", **limits: Any) -> int:
    """Give somebody a right to sign and return its number."""
    given = give_signature_right.function(administrator, who.caller.name, signature_class, currency, **limits)
    return given["right_id"]


def made(who: Lab) -> list[int]:
    """Let somebody balance everything and return the numbers of the batches."""
    return [one["batch_id"] for one in balance(who, agreed(who), PASSWORD)["batches"]]


def signed(who: Lab, batch_id: int = 1) -> dict[str, Any]:
    """Let somebody sign a batch as the list shows it."""
    (row,) = [one for one in waiting_signatures.rows(who) if one["batch_id"] == batch_id]
    return sign_batch(who, batch_id, row["sha256"], PASSWORD)


def waiting(lab: Lab) -> list[tuple[int, int, str]]:
    """Return of each batch that waits its number, for how many orders the caller's signature counts, and who signed."""
    return [(row["batch_id"], row["counts_for"], row["signed_by"]) for row in waiting_signatures.rows(lab)]
