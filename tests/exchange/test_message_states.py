"""Messages to the bank through their states (table T10): what each state allows is done, all else is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from bankklient_lab.balancing.making import make_batches
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.errors import NotAllowed, Refused, UnknownName
from bankklient_lab.exchange.replies import (
    change_message,
    client_messages,
    read_client_message,
    withdraw_message,
    write_to_bank,
)
from tests.balancing.labs import a_signer, agreed
from tests.exchange.labs import Pair, a_bank
from tests.exchange.test_messages import statuses
from tests.orders.labs import broken_checks, hands

VIRUS = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
# Table T10: the next status by state and action of a user, None for gone; what is not here is refused.
T10: dict[tuple[str, str], str | None] = {
    ("", "change"): "", ("", "withdraw"): None, ("", "balance"): "NS", ("NS", "discard"): "DE",
}  # fmt: skip


def in_state(pair: Pair, state: str) -> int:
    """Bring a message into a state, and return its number."""
    if state == "SE":  # the bank waits for a batch before it
        write_to_bank(pair.lab, "Before")
        pair.balance()
        pair.transmit()
        pair.transmit()
        pair.line.bank = a_bank(pair.clock)
    number = write_to_bank(pair.lab, VIRUS if state == "ER" else "Text")
    if state == "":
        return number
    (batch,) = pair.balance()["batches"]
    if state == "DE":
        discard_batch(pair.lab, batch["batch_id"])
    if state == "RV":
        pair.later(hours=10)  # the bank takes it in and is closed
    for _ in range({"SE": 1, "RV": 1, "PR": 2, "OK": 2, "ER": 2}.get(state, 0)):
        pair.transmit()
    if state == "OK":
        pair.later(days=1)
        pair.transmit()
    return number


@pytest.mark.spec("SRV-306", "SRV-317", "SRV-321", "SRV-328", "SRV-329", "SRV-330", "SRV-331", "SRV-332")
@pytest.mark.parametrize("state", ["", "NS", "SE", "RV", "PR", "OK", "ER", "DE"])
def test_each_action_in_each_state(pair: Pair, state: str) -> None:
    lab, number = pair.lab, in_state(pair, state)
    before = read_client_message(lab, number)
    assert before["status"] == state
    batch = lab.rows("SELECT batch_id FROM ops.client_message WHERE message_id = $id", {"id": number})[0][0]
    actions: dict[str, Callable[[], Any]] = {
        "change": lambda: change_message(lab, number, "Other"),
        "withdraw": lambda: withdraw_message(lab, number),
        "balance": lambda: make_batches(lab, agreed(lab), a_signer(), which="complete"),
        "discard": lambda: discard_batch(lab, batch or 999),
    }
    for name, act in actions.items():
        if (state, name) not in T10:
            with pytest.raises((Refused, UnknownName)):
                act()
            assert read_client_message(lab, number) == before
            continue
        with suppress(_Undone), lab.database.tx("ops"):
            act()
            found = [row["status"] for row in client_messages.rows(lab) if row["message_id"] == number]
            assert found == [T10[state, name]] * (T10[state, name] is not None), name
            raise _Undone
    assert broken_checks(lab) == {}


@pytest.mark.spec("SRV-307", "SRV-318", "SRV-319", "SRV-333", "SRV-334", "SRV-335", "SRV-336")
def test_a_message_goes_its_whole_way_and_each_step_has_its_time(pair: Pair) -> None:
    lab = pair.lab
    good, bad = write_to_bank(lab, "Text"), write_to_bank(lab, VIRUS)
    assert len(pair.balance()["batches"]) == 2
    assert (statuses(pair), times(pair, good)) == (["NS", "NS"], (None, None, None))
    pair.later(hours=10)
    sent = pair.clock()
    pair.transmit()
    assert (statuses(pair), times(pair, good)) == (["RV", "RV"], (sent, sent, None))
    pair.later(hours=11)
    heard = pair.clock()
    pair.transmit()
    assert (statuses(pair), times(pair, bad)) == (["ER", "PR"], (sent, sent, heard))
    pair.later(days=1)
    pair.transmit()
    assert (statuses(pair), times(pair, good)) == (["ER", "OK"], (sent, sent, heard + timedelta(days=1)))


def times(pair: Pair, number: int) -> tuple[Any, ...]:
    found = read_client_message(pair.lab, number)
    return found["sent_at"], found["confirmed_at"], found["received_at"]


@pytest.mark.spec("SRV-299", "SRV-331", "SRV-332")
def test_who_writes_does_not_balance_without_the_right_and_the_other_way_round(pair: Pair) -> None:
    clerk, balancer = hands(pair.lab, "AA", {246}), hands(pair.lab, "BB", {11, 26})
    number = write_to_bank(clerk, "Text")
    stale = agreed(hands(pair.lab, "CC"))
    for call in (
        lambda: make_batches(clerk, stale, a_signer(), which="complete"), lambda: discard_batch(clerk, 1),
        lambda: write_to_bank(balancer, "Text"), lambda: change_message(balancer, number, "Text"),
        lambda: withdraw_message(balancer, number), lambda: client_messages.rows(balancer),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            call()


class _Undone(Exception):
    """What was tried is taken back."""
