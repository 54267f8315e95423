"""Keys on chip cards (EL-011): made there, or registered when the card has one; the private key never leaves it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bankklient_lab.actions import action
from bankklient_lab.errors import Refused, SealBroken
from bankklient_lab.keys.creating import EXPIRES_DAYS, WARN_DAYS, register_new, replaced_by_new
from bankklient_lab.keys.points import BANK, OWN, point_of
from bankklient_lab.keys.register import OPERATIONAL, found_keys, today
from bankklient_lab.lab import Lab
from bankklient_lab.rights.permissions import needed
from bankklient_lab.sealing.certificates import self_signed

if TYPE_CHECKING:
    from bankklient_lab.sealing.cards import PrivateKeyOnCard


@action("6", mode="standard")
def chip_cards(lab: Lab) -> list[dict[str, Any]]:  # noqa: ARG001 - every action has one
    """Return the chip cards at the machine that has the lab: serial, label, and keys (number, label) that sign here.

    Refused when no library for cards is set up there, Unreachable when it does not answer.
    """
    from bankklient_lab.sealing.cards import cards

    return [one._asdict() | {"keys": [key._asdict() for key in one.keys]} for one in cards()]


_MAKES = "6"


@action(_MAKES, record="kind", steps=True, proof=True, personal=True)
def create_card_key(
    lab: Lab,
    kind: str,
    card: str,
    password: str,
    *,
    existing: str = "",
    expires_days: int = EXPIRES_DAYS,
    warn_days: int = WARN_DAYS,
) -> dict[str, Any]:
    """Make an operational or a personal key of the caller on a chip card, or register one that it has.

    `card` is its serial number, `password` its PIN, `existing` the number of a key on it (empty: a new one is made);
    the rest, what is returned and what is Refused is as for `create_key`. Refused, too, for a wrong PIN, which the card
    counts, and for an operational key while batches are encrypted, since a card opens none.

    Unreachable when the card is not there; UnknownName for a key that it has not. Nothing stays of what failed.
    """
    from bankklient_lab.sealing.cards import demand_card, forget_on_card, found_on_card, made_on_card

    replaced = replaced_by_new(lab, kind, expires_days, warn_days)
    if kind == OPERATIONAL and point_of(lab, BANK).encrypted:
        raise Refused("batches are encrypted, and a key on a chip card opens none; make a key in the lab")
    point = point_of(lab, OWN).point
    demand_card(card)
    try:
        key = found_on_card(card, password, existing) if existing else made_on_card(card, password, f"point {point}")
    except SealBroken:
        raise Refused(f"the PIN of card {card} is not right; the card counts how often") from None
    try:
        _check_unknown(lab, key)
        expires_on = today(lab) + timedelta(days=expires_days)
        certificate = self_signed(key, point=point, kind=kind, at=lab.clock(), expires_on=expires_on)
        with lab.database.tx("ops"):
            lab.rights.demand(lab.caller, needed(_MAKES), "create_card_key")  # the card took its time
            return register_new(lab, certificate, replaced, warn_days=warn_days, card=card)
    except BaseException:
        if not existing:
            forget_on_card(key)
        raise


def _check_unknown(lab: Lab, key: PrivateKeyOnCard) -> None:
    """Raise Refused for a key that is registered: a certificate of another day would make it another one."""
    if any(one.certificate.public_key == key.public_key() for one in found_keys(lab, "card <> ''")):
        raise Refused("this key of the card is registered already; make a new one")
