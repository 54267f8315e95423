"""The current state: asked for without exchanging a batch, kept as a whole, and told by account and order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256

import pytest

from bankklient_lab.analysis.current import current_balances, current_entries, current_orders, current_state
from bankklient_lab.bank.faults import Fault
from bankklient_lab.codebooks.codes import Sent
from bankklient_lab.errors import Blocked, FormatError, LabError, NotAllowed, Refused, SealBroken
from bankklient_lab.exchange.channels import Link
from bankklient_lab.exchange.current import take_current_state, update_current_state
from bankklient_lab.formats.batches import Batch, Message, read_batch, write_batch
from bankklient_lab.formats.order_answers import OrderAnswer, write_status
from bankklient_lab.keys.register import bank_trust
from bankklient_lab.sealing.container import opened, seal, sign
from tests.balancing.labs import KEY, OWN_POINT
from tests.exchange.inprocess import OverALine
from tests.exchange.labs import BANK_KEY, Pair
from tests.orders.labs import FOREIGN, created, hands

MAIN, EURO = "CZ7706000006090150012947", "CZ8406002020160000303634"


def ask(pair: Pair, *faults: Fault | None) -> None:
    pair.faults[:] = faults
    take_current_state(pair.lab, Link(OverALine(pair.line, OWN_POINT), KEY, bank_trust(pair.lab)))


@pytest.mark.spec("BNK-042", "BNK-045", "BNK-053", "BNK-055")
def test_the_state_of_the_day_is_told_without_exchanging_a_batch(pair: Pair) -> None:
    assert current_state(pair.lab) is None
    created(pair.lab, amount="1500.50")
    pair.balance()
    ask(pair)
    assert pair.bank.waiting(OWN_POINT) == []
    assert pair.batch_status() == Sent.CREATED
    before = {row["account"]: row["booked"] for row in current_balances.rows(pair.lab)}
    assert before[MAIN] == Decimal(1_000_000)
    pair.transmit()
    pair.later(minutes=5)
    ask(pair)
    state = current_state(pair.lab)
    assert state is not None
    assert (state["asked_at"], state["asked_by"]) == (pair.clock(), pair.lab.caller.reference)
    main = next(row for row in current_balances.rows(pair.lab) if row["account"] == MAIN)
    assert (main["booked"], main["posted"], main["listed"]) == (Decimal("998499.50"), 2, 2)
    entries = [row for row in current_entries.rows(pair.lab, held=False) if row["account"] == MAIN]
    assert [(row["amount"], row["currency"]) for row in entries] == [
        (Decimal(1_000_000), "CZK"), (Decimal("-1500.50"), "CZK"),
    ]  # fmt: skip


@pytest.mark.spec("BNK-051", "BNK-052")
def test_of_a_busy_account_the_last_postings_since_the_last_statements_are_told(pair: Pair) -> None:
    pair.bank.parameters = replace(pair.bank.parameters, current_entries=2)
    for amount in ("1", "2", "3"):
        created(pair.lab, amount=amount)
    pair.balance()
    pair.transmit()
    pair.later(minutes=5)
    ask(pair)
    amounts = [row["amount"] for row in current_entries.rows(pair.lab, held=False) if row["account"] == MAIN]
    assert amounts == [Decimal(-2), Decimal(-3)]
    main = next(row for row in current_balances.rows(pair.lab) if row["account"] == MAIN)
    assert (main["posted"], main["listed"]) == (4, 2)  # with the opening
    pair.later(days=1)
    pair.transmit()  # the statements of the day are here now
    ask(pair)
    assert [row for row in current_entries.rows(pair.lab, held=False) if row["account"] == MAIN] == []


def test_asking_is_batch_work_that_other_peoples_stops_with_a_sentence(pair: Pair) -> None:
    one, other = hands(pair.lab, "ON"), hands(pair.lab, "OT")
    pair.lab.locks._patience = 0.0
    with (
        pair.lab.locks.working(other.caller, "another question", "batch", ("current_state", None)),
        pytest.raises(Blocked, match="user OT"),
    ):
        update_current_state(one)


@pytest.mark.spec("BNK-056", "BNK-064", "BNK-057", "BNK-067")
def test_orders_that_wait_for_funds_and_those_rejected_are_told_with_the_reason(pair: Pair) -> None:
    created(pair.lab, own_account="150000030/0600", amount="60000")
    pair.balance()
    pair.transmit()
    pair.later(minutes=5)
    ask(pair)
    (row,) = current_orders.rows(pair.lab)
    assert (row["in_set"], row["status"], row["amount"]) == ("unprocessed", "IS", Decimal(60_000))
    pair.later(hours=13)
    for _day in range(9):  # in the evenings, until the period in which the bank tries it ends
        pair.later(days=1)
        ask(pair)
        rejected = [one for one in current_orders.rows(pair.lab) if one["in_set"] == "rejected"]
        if rejected:
            break
    assert [(one["status"], one["reason"], bool(one["reason_name"])) for one in rejected] == [("ER", 202, True)]


@pytest.mark.spec("BNK-054", "BNK-058", "BNK-059")
def test_foreign_payments_are_told_while_under_way_with_their_hold_and_when_they_are_booked(pair: Pair) -> None:
    order = created(pair.lab, FOREIGN)
    pair.balance()
    pair.transmit()
    pair.later(minutes=5)
    ask(pair)
    (row,) = current_orders.rows(pair.lab)
    assert (row["in_set"], row["order_id"]) == ("international in processing", order)
    (hold,) = current_entries.rows(pair.lab, held=True)
    assert (hold["order_id"], hold["amount"] < 0) == (order, True)
    balance = next(one for one in current_balances.rows(pair.lab) if one["account"] == hold["account"])
    assert (balance["held"], balance["available"]) == (hold["amount"], balance["booked"] + hold["amount"])
    for _hour in range(24 * 5):
        pair.later(hours=1)
        ask(pair)
        sets = {one["in_set"] for one in current_orders.rows(pair.lab)}
        if sets != {"international in processing"}:
            break
    assert sets == {"international booked"}
    assert current_entries.rows(pair.lab, held=True) == []


@pytest.mark.spec("BNK-047")
def test_what_can_not_be_had_leaves_the_state_before(pair: Pair) -> None:
    ask(pair)
    kept = current_state(pair.lab), current_balances.rows(pair.lab)
    for fault in (Fault.TAMPERED, Fault.DOWN):
        with pytest.raises(LabError):
            ask(pair, fault)
        assert (current_state(pair.lab), current_balances.rows(pair.lab)) == kept


@pytest.mark.spec("BNK-047")
def test_a_state_from_before_is_refused(pair: Pair) -> None:
    old = pair.bank.current(OWN_POINT)
    pair.later(minutes=5)
    ask(pair)
    link = Link(OverALine(pair.line, OWN_POINT), KEY, bank_trust(pair.lab))
    link.service.current = lambda: old  # type: ignore[method-assign]  # a line that plays an old answer again
    with pytest.raises(Refused, match="older than the one that is here"):
        take_current_state(pair.lab, link)


def answering(pair: Pair, change: Callable[[Batch], Batch]) -> Link:
    """Return a link to a bank whose current state is changed before it seals it."""
    found = opened(pair.bank.current(OWN_POINT), trust=bank_trust(pair.lab).get, decrypt_with=None, at=pair.clock())
    payload = write_batch(change(read_batch(found.payload)))
    sealed = seal(
        found.identity, payload, [sign(found.identity, sha256(payload).digest(), BANK_KEY, pair.clock())], BANK_KEY,
        record_format=found.record_format, at=pair.clock(),
    )  # fmt: skip
    link = Link(OverALine(pair.line, OWN_POINT), KEY, bank_trust(pair.lab))
    link.service.current = lambda: sealed  # type: ignore[method-assign]  # a bank with a fault of its own
    return link


def rewritten(old: str, new: str) -> Callable[[Batch], Batch]:
    """Return a change of the texts of a batch's messages."""

    def change(batch: Batch) -> Batch:
        texts = [
            Message(one.name, re.sub(old, new, one.content.decode(), flags=re.DOTALL).encode())
            for one in batch.messages
        ]
        assert texts != list(batch.messages)
        return replace(batch, messages=texts)

    return change


def test_a_state_of_a_time_to_come_is_refused_and_keeps_no_later_one_out(pair: Pair) -> None:
    ask(pair)
    kept = current_state(pair.lab)
    with pytest.raises(FormatError, match="time to come"):
        take_current_state(pair.lab, answering(pair, rewritten("<CreDtTm>20", "<CreDtTm>21")))
    assert current_state(pair.lab) == kept
    pair.later(minutes=5)
    ask(pair)
    assert current_state(pair.lab) != kept


def test_a_state_that_tells_an_order_twice_is_refused_whole(pair: Pair) -> None:
    ask(pair)
    kept = current_state(pair.lab), current_balances.rows(pair.lab)
    twice = write_status("x", [OrderAnswer(7, "RV"), OrderAnswer(7, "PR")], "1", pair.clock())
    with pytest.raises(FormatError, match="each order once"):
        take_current_state(pair.lab, answering(pair, lambda batch: replace(batch, messages=[batch.messages[0], twice])))
    assert (current_state(pair.lab), current_balances.rows(pair.lab)) == kept


@pytest.mark.spec("BNK-058")
def test_holds_and_postings_of_an_account_with_two_currencies_are_told_apart(pair: Pair) -> None:
    created(pair.lab, FOREIGN)
    pair.balance()
    pair.transmit()
    pair.later(minutes=5)
    ask(pair)
    (held,) = [row for row in current_balances.rows(pair.lab) if row["held"]]
    other = next(one for one in (MAIN, EURO) if one != held["account"])
    take_current_state(pair.lab, answering(pair, rewritten(other, held["account"])))
    rows = {row["currency"]: row for row in current_balances.rows(pair.lab) if row["account"] == held["account"]}
    assert {currency: (row["held"], row["listed"]) for currency, row in rows.items()} == {
        held["currency"]: (held["held"], 1), "CZK" if held["currency"] == "EUR" else "EUR": (Decimal(0), 1),
    }  # fmt: skip


def test_a_batch_is_no_current_state(pair: Pair) -> None:
    created(pair.lab, amount="10")
    pair.balance()
    pair.transmit()
    pair.later(hours=36)
    waiting = pair.bank.waiting(OWN_POINT)[0]
    batch = pair.bank.fetch(OWN_POINT, waiting.batch_type, waiting.order)
    link = Link(OverALine(pair.line, OWN_POINT), KEY, bank_trust(pair.lab))
    link.service.current = lambda: batch  # type: ignore[method-assign]  # a line that answers with something else
    with pytest.raises(SealBroken, match="not a current state"):
        take_current_state(pair.lab, link)
    assert current_state(pair.lab) is None


@pytest.mark.spec("BNK-043")
def test_looking_needs_231_and_asking_26_besides(pair: Pair) -> None:
    looks = hands(pair.lab, "BB", {231})
    assert current_balances.rows(looks) == []
    with pytest.raises(NotAllowed):
        update_current_state(looks)
    with pytest.raises(NotAllowed):
        current_balances(hands(pair.lab, "CC", {26}))
