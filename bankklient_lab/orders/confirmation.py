"""Confirming orders, including them for the next balancing, and discarding imported ones."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.lab import Lab
from bankklient_lab.orders.signing import CONFIRMS, signer
from bankklient_lab.orders.steps import Signer, log_orders, take_step
from bankklient_lab.rights.permissions import needed

CONFIRMING, INCLUDING = "batch_confirmation", "batch_including"


@action(CONFIRMS, mode="batch", record="order_id", batch_if=CONFIRMING)
def confirm_orders(lab: Lab, order_ids: list[int], *, versions: list[int] | None = None) -> dict[str, Any]:
    """Confirm orders that the caller may confirm; the others stay as they are and are counted by reason.

    One order alone that can't be confirmed is Refused with the reason, and so are all when somebody changed one since
    the caller saw the `versions`.
    """
    return _step(lab, "confirm", order_ids, versions)


@action(CONFIRMS, mode="batch", record="order_id", steps=True, batch_if=CONFIRMING)
def confirm_and_sign(
    lab: Lab, order_ids: list[int], password: str, *, versions: list[int] | None = None
) -> dict[str, Any]:
    """Confirm orders as `confirm_orders` does, and sign each confirmation with the caller's own key.

    `password` is that of the key (`create_personal_key`); when it is wrong nothing is confirmed and the try counts.
    """
    return _step(lab, "confirm", order_ids, versions, signer(lab, password))


@action(CONFIRMS, mode="batch", record="order_id", batch_if=CONFIRMING)
def cancel_confirmation(lab: Lab, order_ids: list[int], *, versions: list[int] | None = None) -> dict[str, Any]:
    """Take the confirmations of orders back; they are verified again and nobody has confirmed them."""
    return _step(lab, "cancel_confirmation", order_ids, versions)


@action("16", mode="batch", record="order_id", batch_if=INCLUDING)
def include_orders(lab: Lab, order_ids: list[int], *, versions: list[int] | None = None) -> dict[str, Any]:
    """Mark confirmed orders for the next balancing of included orders."""
    return _step(lab, "include", order_ids, versions)


@action("16", mode="batch", record="order_id", batch_if=INCLUDING)
def exclude_orders(lab: Lab, order_ids: list[int], *, versions: list[int] | None = None) -> dict[str, Any]:
    """Take the mark of included orders back; they are confirmed again."""
    return _step(lab, "exclude", order_ids, versions)


@action("106", mode="batch", record="order_id")
def discard_orders(lab: Lab, order_ids: list[int], *, versions: list[int] | None = None) -> dict[str, Any]:
    """Give up imported orders; this can't be taken back."""
    return _step(lab, "discard", order_ids, versions)


_MESSAGES = {
    "confirm": "confirm_orders",
    "cancel_confirmation": "cancel_confirmation",
    "include": "include_orders",
    "exclude": "exclude_orders",
    "discard": "discard_orders",
}


def _step(
    lab: Lab, step: str, order_ids: list[int], versions: list[int] | None, sign: Signer | None = None
) -> dict[str, Any]:
    with lab.database.tx("ops") as cursor:
        if sign is not None:  # the key took its time, and the right may be gone since (ADM-241)
            lab.rights.demand(lab.caller, needed(CONFIRMS), "confirm_and_sign")
        outcome = take_step(lab, step, order_ids, versions=versions, signer=sign)
        log_orders(lab, cursor, _MESSAGES[step], outcome.ids, every=step == "discard")
    return outcome.as_dict()
