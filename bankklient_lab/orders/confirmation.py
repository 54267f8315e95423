"""Confirming orders, including them for the next balancing, and discarding imported ones."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.lab import Lab
from bankklient_lab.orders.steps import take_step

CONFIRMS = "70|71|110|111|130|131"


@action(CONFIRMS, mode="batch", record="orders")
def confirm_orders(lab: Lab, order_ids: list[int]) -> dict[str, Any]:
    """Confirm orders that the caller may confirm; the others stay as they are and are counted by reason.

    One order alone that can't be confirmed is Refused with the reason.
    """
    return _step(lab, "confirm", "confirm_orders", order_ids)


@action(CONFIRMS, mode="batch", record="orders")
def cancel_confirmation(lab: Lab, order_ids: list[int]) -> dict[str, Any]:
    """Take the confirmations of orders back; they are verified again and nobody has confirmed them."""
    return _step(lab, "cancel_confirmation", "cancel_confirmation", order_ids)


@action("16", mode="batch", record="orders")
def include_orders(lab: Lab, order_ids: list[int]) -> dict[str, Any]:
    """Mark confirmed orders for the next balancing of included orders."""
    return _step(lab, "include", "include_orders", order_ids)


@action("16", mode="batch", record="orders")
def exclude_orders(lab: Lab, order_ids: list[int]) -> dict[str, Any]:
    """Take the mark of included orders back; they are confirmed again."""
    return _step(lab, "exclude", "exclude_orders", order_ids)


@action("106", mode="batch", record="orders")
def discard_orders(lab: Lab, order_ids: list[int]) -> dict[str, Any]:
    """Give up imported orders; this can't be taken back."""
    return _step(lab, "discard", "discard_orders", order_ids)


def _step(lab: Lab, step: str, message: str, order_ids: list[int]) -> dict[str, Any]:
    with lab.database.tx("ops") as cursor:
        outcome = take_step(lab, step, order_ids)
        if outcome.done:
            lab.log(cursor, message, str(outcome.done), orders=order_ids[:100])
    return outcome.as_dict()
