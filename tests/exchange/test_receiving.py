"""Receiving: once, whole, checked before a byte of it counts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from bankklient_lab.analysis.accounts import accounts
from bankklient_lab.analysis.balances import balances
from bankklient_lab.analysis.statement import statement
from bankklient_lab.bank import Waiting
from bankklient_lab.bank.faults import Fault
from bankklient_lab.formats.batches import Batch, Message, write_batch
from bankklient_lab.formats.order_answers import OrderAnswer, write_status
from bankklient_lab.history.importing import imports
from bankklient_lab.orders.columns import SENT
from bankklient_lab.orders.detail import order_detail
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.listing import order_ids, payment_orders
from bankklient_lab.sealing.container import seal, sign
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.sealing.keys import SigningKey
from tests.balancing.labs import OWN_POINT
from tests.bank.banks import key_of
from tests.exchange.labs import BANK_KEY, BANK_POINT, Pair
from tests.orders.labs import FOREIGN, broken_checks, created, status


def sent(pair: Pair, *kinds: str, **values: object) -> list[int]:
    """Create, balance and transmit orders."""
    orders = [created(pair.lab, kind, **values) for kind in kinds or ("domestic_payment",)]
    pair.balance()
    assert pair.transmit()["complete"]
    return orders


def statements_taken(pair: Pair) -> int:
    """Return how many files of statements were taken over."""
    return sum(row["statements"] > 0 for row in imports.rows(pair.lab))


def arrive(
    pair: Pair, batch_type: int, number: int, *messages: Message, key: SigningKey = BANK_KEY, **changes: Any
) -> bytes:
    """Let the bank have a batch for the client that it did not make itself, and return its payload."""
    identity = BatchIdentity(BANK_POINT, OWN_POINT, batch_type, 2026, number)
    payload = changes.get("payload") or write_batch(Batch(changes.get("inner", identity), False, (), messages))
    announced = sha256(payload).hexdigest()
    signature = sign(identity, sha256(payload).digest(), BANK_KEY, pair.clock())
    container = seal(
        identity, payload, changes.get("signatures", [signature]), key, at=pair.clock(),
        record_format="06" if "encrypt_for" in changes else "02", encrypt_for=changes.get("encrypt_for"),
    )  # fmt: skip
    bank = pair.bank
    fetch, waiting, taken = bank.fetch, bank.waiting, bank.taken
    order = f"2026{number:04d}"
    confirmed: list[str] = changes.setdefault("confirmed", [])
    pair.line.bank = _Extended(
        bank,
        lambda client: [*waiting(client), *([] if confirmed else [Waiting(batch_type, order, announced)])],
        lambda client, kind, name: container if (kind, name) == (batch_type, order) else fetch(client, kind, name),
        lambda client, kind, name, digest: (
            confirmed.append(digest) if (kind, name) == (batch_type, order) else taken(client, kind, name, digest)
        ),
    )  # type: ignore[assignment]
    return payload


class _Extended:
    """The bank with other doors for what waits."""

    def __init__(self, bank: Any, waiting: Any, fetch: Any, taken: Any) -> None:
        self._bank = bank
        self.waiting, self.fetch, self.taken = waiting, fetch, taken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bank, name)


def answers(pair: Pair, *given: OrderAnswer) -> Message:
    """Return a message with answers."""
    return write_status("1/20260001", given, "M1", pair.clock())


@pytest.mark.spec("BAS-091", "BAS-092")
@pytest.mark.spec("ORD-266", "ORD-268")
@pytest.mark.spec("FLW-106", "FLW-107", "FLW-110", "FLW-113", "FLW-114", "TXN-022", "TXN-024", "TXN-027", "ORD-264")
@pytest.mark.spec(
    "TRN-010", "TRN-023", "TRN-073", "TRN-074", "TRN-076", "TRN-078", "TXN-052", "TXN-053", "TXN-054", "TXN-055",
    "TXN-095", "ORD-296", "ORD-300",
)  # fmt: skip
def test_what_the_bank_says_of_orders_becomes_their_status(pair: Pair) -> None:
    (now,), (later,) = sent(pair, client_transaction_id="A1"), sent(pair, maturity_date="2026-12-01")
    (poor,) = sent(pair, own_account="150000030/0600", amount="60000")
    assert [status(pair.lab, one) for one in (now, later, poor)] == ["OK", "RV", "IS"]
    for which in ("in_process", "history"):
        assert order_ids(pair.lab, which=which) == [now, later, poor]
    told = order_detail(pair.lab, now)
    own = next(item["value"] for item in told["items"] if item["name"] == "client_transaction_id")
    assert (own, told["transmission_id"]) == ("A1", f"20001{now % 10**8:08}")
    assert told["bank_reference"] not in (None, own, told["transmission_id"])
    assert not any("bank_reference" in kind.names for kind in KINDS.values())  # nobody enters it
    assert pair.lab.rows("SELECT count(*) FROM ops.sent_order WHERE in_process AND bank_reference IS NOT NULL") == [
        (3,)
    ]
    first = pair.lab.rows("SELECT min(batch_id) FROM ops.batch WHERE direction = 'receive'")[0][0]
    assert pair.statuses(first) == [0, 9, 12, 14]
    assert broken_checks(pair.lab) == {}


@pytest.mark.spec("FLW-115")
@pytest.mark.spec("TXN-058", "TXN-091", "TRN-134", "TRN-141", "ORD-299", "BNK-094", "ORD-407")
def test_an_order_without_funds_is_rejected_with_its_reason(pair: Pair) -> None:
    (poor,) = sent(pair, own_account="150000030/0600", amount="60000")
    pair.later(days=7)
    assert pair.transmit()["complete"]
    assert status(pair.lab, poor) == "ER"
    told = order_detail(pair.lab, poor)
    assert (told["reason"], told["in_process"], told["sent_batch"]) == (202, False, "20260001")
    assert told["reason_name"] == "Insufficient funds on the debited account"
    listed = payment_orders.rows(pair.lab, which="history", where={"reason": "202"}, order_by=("reason_name",))
    assert [{name: row[name] for name in SENT} for row in listed] == [{name: told[name] for name in SENT}]
    assert payment_orders.rows(pair.lab, where={"reason": "205"}) == []


@pytest.mark.spec("TRN-026", "TXN-070", "TXN-071", "ORD-330", "ORD-335")
def test_foreign_payments_get_reference_hold_and_status(pair: Pair) -> None:
    (order,) = sent(pair, FOREIGN)
    assert status(pair.lab, order) == "PR"
    (row,) = payment_orders.rows(pair.lab)
    assert row["bank_reference"]
    assert row["held"] > 500
    pair.later(days=1)
    pair.transmit()
    assert status(pair.lab, order) == "OK"
    assert order_detail(pair.lab, order)["held"] is None


@pytest.mark.spec("TXN-072", "TXN-146")
def test_a_foreign_payment_is_tested_for_funds_when_its_day_begins(pair: Pair) -> None:
    orders = sent(pair, FOREIGN, FOREIGN, amount="15000.00", maturity_date="2026-11-24")
    assert [status(pair.lab, one) for one in orders] == ["RV", "RV"]
    pair.later(hours=21)  # Tuesday at seven
    pair.transmit()
    told = [order_detail(pair.lab, one) for one in orders]
    assert [(one["status"], one["reason"]) for one in told] == [("PR", None), ("ER", 302)]


@pytest.mark.spec("FLW-113", "FLW-116", "FLW-117", "FLW-118", "FLW-119", "TRN-022")
@pytest.mark.spec("TXN-095", "TXN-088", "TXN-092")
def test_statements_of_the_closed_day_go_into_the_history_and_settle_what_they_book(pair: Pair) -> None:
    orders = sent(pair, "domestic_payment", FOREIGN)
    assert [order_detail(pair.lab, one)["in_process"] for one in orders] == [True, False]
    assert status(pair.lab, orders[0]) == "OK"  # the bank said so, and the statement still comes
    pair.later(days=1)
    told = pair.transmit()
    assert told["complete"], told["message"]
    settled = [order_detail(pair.lab, one) for one in orders]
    assert [(one["status"], one["in_process"], one["settled"]) for one in settled] == [
        ("OK", False, 1500), ("OK", False, 500),
    ]  # fmt: skip
    assert broken_checks(pair.lab) == {}
    assert pair.received(1)[-1][0] == 14
    assert statements_taken(pair) == 1
    assert {row["currency"] for row in accounts.rows(pair.lab)} == {"CZK", "EUR"}
    day = date(2026, 11, 23)
    lines = statement.rows(pair.lab, "CZ7706000006090150012947", since=day, until=day + timedelta(days=1))
    assert [(row["amount"], row["balance"]) for row in lines][-1] == (Decimal(-1500), Decimal(998_500))
    (closing,) = balances.rows(pair.lab, on=day, accounts=["CZ7706000006090150012947"])
    assert closing["balance"] == Decimal(998_500)


@pytest.mark.spec("TRN-005", "TRN-075", "BAS-106")
@pytest.mark.parametrize("broken", [2, 3, 4, 5])
def test_a_batch_that_comes_again_counts_once(pair: Pair, broken: int) -> None:
    (order,) = sent(pair)
    versions = pair.lab.rows("SELECT version, status FROM ops.domestic_order")
    pair.later(days=1)
    faults: list[Fault | None] = [None] * broken + [Fault.UNANSWERED]
    pair.transmit(*faults)
    pair.transmit()
    assert {status for status, _ in pair.received(1)} <= {11, 14}
    assert statements_taken(pair) == 1
    assert pair.lab.rows("SELECT version, status FROM ops.domestic_order") == versions
    assert pair.bank.waiting(OWN_POINT) == []
    assert status(pair.lab, order) == "OK"


@pytest.mark.spec("TRN-034", "TRN-077", "TRN-019")
@pytest.mark.parametrize("fault", [Fault.TAMPERED, Fault.TRUNCATED])
def test_a_damaged_batch_has_no_effect_and_is_fetched_again(pair: Pair, fault: Fault) -> None:
    order = created(pair.lab)
    pair.balance()
    told = pair.transmit(None, None, fault)  # send, ask for what waits, fetch
    assert (told["complete"], "batch 3 20260001 was refused" in told["message"]) == (False, True)
    ((state, why),) = pair.received(3)
    assert (state, status(pair.lab, order)) == (13, "SE")
    assert why
    assert pair.logged("refuse_batch") == ["3 20260001"]
    pair.transmit()
    assert (pair.received(3)[0][0], status(pair.lab, order)) == (14, "OK")


@pytest.mark.spec("FLW-111", "FLW-112", "FLW-126")
@pytest.mark.spec("TRN-034")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": key_of(BANK_POINT, "operational", "ecdsa")}, "nobody|known|registered"),
        ({"signatures": []}, "not signed"),
        ({"inner": BatchIdentity(BANK_POINT, OWN_POINT, 3, 2026, 9)}, "another batch than its container"),
        ({"payload": b"<Batch/>"}, "XML declaration"),
        ({"encrypt_for": key_of(OWN_POINT, "operational", "rsa").certificate}, "key"),  # not ours
    ],
)
def test_what_the_bank_did_not_make_so_is_refused(pair: Pair, changes: dict[str, Any], reason: str) -> None:
    (order,) = sent(pair, maturity_date="2026-12-01")
    arrive(pair, 3, 7, answers(pair, OrderAnswer(order, "ER", 205)), **changes)
    pair.transmit()
    state, why = pair.received(3)[-1]
    assert state == 13
    assert any(word in why for word in reason.split("|")), why
    assert status(pair.lab, order) == "RV"


@pytest.mark.spec("TRN-040", "TRN-048")
@pytest.mark.parametrize("batch_type", [51, 52, 75, 89, 22, 15])
def test_programs_and_unknown_types_are_refused_and_never_run(pair: Pair, batch_type: int) -> None:
    arrive(pair, batch_type, 1, answers(pair))
    pair.transmit()
    ((state, why),) = pair.received(batch_type)
    assert (state, f"type {batch_type}" in why) == (13, True)
    assert pair.lab.rows("SELECT count(*) FROM ops.batch_content") == [(0,)]
    assert pair.lab.rows("SELECT error_status FROM ops.batch") == [(3,)]


@pytest.mark.spec("TXN-060")
def test_a_status_never_goes_backwards_and_what_does_not_fit_is_told(pair: Pair) -> None:
    (order,) = sent(pair)
    stranger = order + 77
    arrive(
        pair, 3, 7,
        answers(pair, OrderAnswer(order, "RV"), OrderAnswer(stranger, "PR"), OrderAnswer(10**17, "OK")),
    )  # fmt: skip
    pair.transmit()
    state, note = pair.received(3)[-1]
    assert (state, status(pair.lab, order)) == (14, "OK")
    assert f"order {order}: the bank says received, and it is done" in note
    assert f"order {stranger}: the bank says in processing, and it was not sent from here" in note
    assert str(10**17) in note


@pytest.mark.spec("BAS-108")
def test_a_message_that_its_type_does_not_have_refuses_the_whole_batch(pair: Pair) -> None:
    (order,) = sent(pair, maturity_date="2026-12-01")
    other = Message("pain.001.001.09", answers(pair).content.replace(b"pain.002.001.10", b"pain.001.001.09"))
    arrive(pair, 3, 7, answers(pair, OrderAnswer(order, "PR")), other)
    pair.transmit()
    assert (pair.received(3)[-1][0], status(pair.lab, order)) == (13, "RV")


@pytest.mark.spec("TRN-006", "BAS-107")
def test_a_later_batch_of_statements_waits_for_a_missing_one(pair: Pair) -> None:
    sent(pair)
    pair.later(days=1)
    pair.transmit()
    pair.later(days=2)
    held = pair.bank.waiting
    missing = held(OWN_POINT)[0]
    pair.line.bank = _Extended(pair.bank, lambda client: held(client)[1:], pair.bank.fetch, pair.bank.taken)  # type: ignore[assignment]
    pair.transmit()
    state, note = pair.received(1)[-1]
    assert (state, missing.batch_type) == (12, 1)
    assert f"waits for batch 1 {missing.order}" in note
    pair.transmit()
    assert pair.logged("batch_missing") == [f"1 {missing.order}"]  # told once
    pair.line.bank = pair.bank
    pair.transmit()
    assert {state for state, _ in pair.received(1)} == {14}
    assert statements_taken(pair) == 3


def test_what_can_be_no_batch_is_told_and_the_rest_is_received(pair: Pair) -> None:
    order = created(pair.lab)
    pair.balance()
    waiting = pair.bank.waiting
    odd = [Waiting(3, "2026", "0" * 64), Waiting(300, "20260001", "0" * 64), Waiting(3, "20260000", "0" * 64)]
    pair.line.bank = _Extended(pair.bank, lambda client: [*odd, *waiting(client)], pair.bank.fetch, pair.bank.taken)  # type: ignore[assignment]
    told = pair.transmit()
    assert told["message"].count("what can be no batch") == 3
    assert status(pair.lab, order) == "OK"


@pytest.mark.spec("BAS-104")
def test_another_content_under_a_number_that_is_here_is_an_alarm(pair: Pair) -> None:
    sent(pair)
    pair.line.bank = _Extended(
        pair.bank, lambda _: [Waiting(3, "20260001", "0" * 64)], pair.bank.fetch, pair.bank.taken
    )  # type: ignore[assignment]
    told = pair.transmit()
    assert (told["complete"], "another content" in told["message"]) == (False, True)
    assert pair.logged("exchange_alarm") == ["3 20260001"]
    assert pair.received(3)[0][0] == 14
