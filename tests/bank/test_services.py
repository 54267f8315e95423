"""Services of the bank: standing orders and permitted collections, from what clients ask for to what is paid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from bankklient_lab.bank import Account
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.codebooks.services import CORRECTION, KINDS, NEW, REVOCATION
from bankklient_lab.formats.batches import Batch, read_batch, write_batch
from bankklient_lab.formats.letters import read_letter
from bankklient_lab.formats.services import (
    ServiceList,
    ServiceRecord,
    ServiceRequest,
    ServiceState,
    read_records,
    read_states,
    write_requests,
)
from bankklient_lab.sealing.container import opened
from tests.bank.banks import (
    CLIENT,
    ELSEWHERE,
    EURO,
    MAIN,
    NEIGHBOUR,
    OTHER_CLIENT,
    SECOND,
    World,
    a_world,
    collection,
    iban,
)

ORDER, PERMISSION = "standing_order", "permitted_collection"
_NUMBERS = count(1)


@pytest.fixture
def world() -> Iterator[World]:
    """A bank with a client, on a Wednesday noon; 10,000 CZK."""
    found = a_world()
    found.go("2026-04-01 12:00")
    found.batches()
    yield found
    assert found.whole()


def monthly(**changes: Any) -> dict[str, str]:
    """Return the items of a standing order of 100 CZK each month from 2 April on."""
    return {
        "own_account": MAIN, "counter_account": NEIGHBOUR, "amount": "100.00", "variable_symbol": "77",
        "valid_from": "2026-04-02", "period": "month", "frequency": "1",
    } | changes  # fmt: skip


def permission(**changes: Any) -> dict[str, str]:
    """Return the items of a permission to collect 10,000 CZK a month from the main account."""
    return {
        "own_account": MAIN, "counter_account": NEIGHBOUR, "limit": "10000.00", "period": "1 month",
        "valid_from": "2026-04-01",
    } | changes  # fmt: skip


def batch(world: World, kind: str, *requests: ServiceRequest, point: int = CLIENT) -> bytes:
    """Return the payload of a batch with requests."""
    identity = world.identity(KINDS[kind].batch_type, point)
    return write_batch(Batch(identity, False, (), [write_requests(requests)]))


def request(kind: str, items: dict[str, str], asks: str = NEW, record: str = "") -> ServiceRequest:
    """Return a request with the next number."""
    return ServiceRequest(next(_NUMBERS), kind, asks, record, items)


def ask(
    world: World, kind: str, *requests: ServiceRequest, point: int = CLIENT
) -> tuple[list[ServiceState], list[ServiceRecord]]:
    """Send requests, and return what became of them with the list that came after."""
    world.batches(point)
    receipt = world.bank.take(world.sealed(batch(world, kind, *requests, point=point)))
    assert receipt.status == "received", receipt
    states, listed = world.received(KINDS[kind].batch_type, point)
    return read_states(states), read_records(listed).records


def one(world: World, kind: str, items: dict[str, str], asks: str = NEW, record: str = "") -> ServiceState:
    """Ask for one thing, and return what became of it."""
    ((state,), _) = ask(world, kind, request(kind, items, asks, record))
    return state


def listed(world: World, kind: str) -> dict[str, ServiceRecord]:
    """Return the records as the bank tells them at any time."""
    return {record.name: record for record in told(world, kind).records}


def told(world: World, kind: str) -> ServiceList:
    """Return the list as the bank tells it at any time."""
    container = world.bank.service_list(CLIENT, kind)
    whole = opened(container, trust=lambda _: world.bank.certificate, decrypt_with=None, at=world.clock())
    (message,) = read_batch(whole.payload).messages
    return read_records(message)


def paid(world: World) -> list[tuple[date, Decimal]]:
    """Return the days and amounts by which the neighbour was credited."""
    return [
        (row["day"], row["amount"])
        for row in world.bank.ledger().to_pylist()
        if row["account"] == NEIGHBOUR and row["kind"] == "payment"
    ]


@pytest.mark.spec("SRV-114", "SRV-083")
def test_a_new_standing_order_is_kept_and_listed(world: World) -> None:
    (state,), records = ask(world, ORDER, request(ORDER, monthly()))
    assert (state.status, state.record) == ("OK", "SO1")
    assert records == [ServiceRecord("SO1", "valid", True, monthly())]
    assert listed(world, ORDER) == {"SO1": records[0]}


@pytest.mark.spec("SRV-132", "SRV-136")
def test_it_pays_on_its_days_or_the_working_day_after(world: World) -> None:
    one(world, ORDER, monthly(valid_from="2026-05-31", last_payment="2026-07-31", last_amount="40.00"))
    world.go("2026-09-01 12:00")
    assert paid(world) == [  # 31 May is a Sunday
        (date(2026, 6, 1), Decimal(100)),
        (date(2026, 6, 30), Decimal(100)),
        (date(2026, 7, 31), Decimal(40)),
    ]
    assert listed(world, ORDER)["SO1"].state == "ended"


def test_a_client_learns_without_asking_that_an_order_has_ended(world: World) -> None:
    one(world, ORDER, monthly(last_payment="2026-04-02"))
    world.go("2026-04-02 12:00")
    (last,) = world.received(KINDS[ORDER].batch_type)
    assert [record.state for record in read_records(last).records] == ["ended"]
    world.go("2026-04-07 12:00")
    assert world.received(KINDS[ORDER].batch_type) == []


def test_days_that_the_bank_slept_through_are_paid_once_each(world: World) -> None:
    one(world, ORDER, monthly(period="day", frequency="7"))
    world.go("2026-04-20 12:00")
    world.go("2026-04-20 13:00")
    assert [day for day, _ in paid(world)] == [date(2026, 4, 2), date(2026, 4, 9), date(2026, 4, 16)]


def test_what_a_payment_says_stands_in_the_statement(world: World) -> None:
    one(world, ORDER, monthly(specific_symbol="5", constant_symbol="308"))
    world.go("2026-04-02 12:00")
    (moved,) = [row for row in world.bank.ledger().to_pylist() if row["account"] == MAIN and row["kind"] == "payment"]
    assert (moved["message"], moved["amount"]) == ("Standing order SO1", -100)


def test_a_payment_without_funds_is_tried_like_any_other_and_then_told_in_a_letter(world: World) -> None:
    one(world, ORDER, monthly(amount="20000.00", last_payment="2026-04-02"))
    world.go("2026-04-14 12:00")
    (letter,) = [
        read_letter(m)
        for b in world.batches()
        if b.identity.batch_type == BatchType.INDIVIDUAL_MESSAGES
        for m in b.messages
    ]
    assert letter.subject == "Standing order SO1 was not paid"
    assert "20,000.00 CZK" in letter.text
    assert "Insufficient funds" in letter.text
    assert paid(world) == []


def test_payments_of_standing_orders_count_in_the_limit_of_a_day() -> None:
    world = a_world(start="2026-04-01 12:00")
    world.bank.open_account(
        Account(iban(71), "CZK", "Limited", CLIENT, opening=Decimal(1_000), day_max=Decimal(150))
    )  # fmt: skip
    given = monthly(own_account=iban(71), period="day", frequency="7")
    ask(world, ORDER, request(ORDER, given), request(ORDER, given | {"amount": "60.00"}))
    world.go("2026-04-09 12:00")
    assert paid(world) == [(date(2026, 4, 2), Decimal(100)), (date(2026, 4, 9), Decimal(100))]
    letters = [read_letter(m).text for m in world.received(BatchType.INDIVIDUAL_MESSAGES)]
    assert len(letters) == 2
    assert "over the limit of the account for one day" in letters[0]
    assert world.whole()


@pytest.mark.spec("SRV-131", "SRV-115", "SRV-005")
@pytest.mark.parametrize(
    ("moment", "valid_from", "status"),
    [
        ("2026-04-01 19:29", "2026-04-02", "OK"),
        ("2026-04-01 19:30", "2026-04-02", 209),
        ("2026-04-01 19:30", "2026-04-07", "OK"),  # Good Friday and Easter Monday are holidays
        ("2026-04-04 12:00", "2026-04-07", 209),
        ("2026-04-04 12:00", "2026-04-08", "OK"),
    ],
)
def test_what_comes_too_late_is_rejected(world: World, moment: str, valid_from: str, status: object) -> None:
    world.go(moment)
    world.batches()
    world.bank.take(world.sealed(batch(world, ORDER, request(ORDER, monthly(valid_from=valid_from)))))
    world.go("2026-04-07 12:00")
    messages = world.received(KINDS[ORDER].batch_type)
    (state,) = read_states(messages[0])
    assert (state.code or state.status) == status
    assert state.status == "OK" or state.text


@pytest.mark.parametrize(
    ("kind", "changes", "code"),
    [
        (ORDER, {"own_account": iban(777)}, 205),
        (ORDER, {"own_account": NEIGHBOUR}, 208),
        (ORDER, {"own_account": EURO}, 207),
        (ORDER, {"last_payment": "2026-04-01"}, 201),
        (PERMISSION, {"own_account": NEIGHBOUR}, 208),
        (PERMISSION, {"valid_from": "2026-03-31"}, 209),
        (PERMISSION, {"valid_until": "2026-03-31"}, 201),
    ],
)
def test_what_can_not_be_is_rejected_with_its_reason(
    world: World, kind: str, changes: dict[str, str], code: int
) -> None:
    items = (monthly if kind == ORDER else permission)(**changes)
    state = one(world, kind, items)
    assert (state.status, state.code) == ("ER", code)
    assert state.text
    assert listed(world, kind) == {}


def test_a_standing_order_is_changed_and_revoked(world: World) -> None:
    one(world, ORDER, monthly())
    assert one(world, ORDER, {"amount": "60.00", "variable_symbol": ""}, CORRECTION, "SO1").status == "OK"
    changed = listed(world, ORDER)["SO1"]
    assert (changed.items["amount"], "variable_symbol" in changed.items) == ("60.00", False)
    world.go("2026-04-03 12:00")
    assert paid(world) == [(date(2026, 4, 2), Decimal(60))]
    world.go("2026-04-07 12:00")
    assert one(world, ORDER, {}, REVOCATION, "SO1").status == "OK"
    assert listed(world, ORDER)["SO1"].state == "revoked"
    world.go("2026-06-10 12:00")
    assert len(paid(world)) == 1
    assert one(world, ORDER, {}, REVOCATION, "SO1").code == 208
    assert one(world, ORDER, {"amount": "1.00"}, CORRECTION, "SO9").code == 208


def test_requests_are_the_own_clients_alone(world: World) -> None:
    one(world, ORDER, monthly())
    ((state,), records) = ask(world, ORDER, request(ORDER, {}, REVOCATION, "SO1"), point=OTHER_CLIENT)
    assert (state.code, records) == (208, [])
    assert listed(world, ORDER)["SO1"].state == "valid"


def test_one_batch_has_many_requests_and_each_its_answer(world: World) -> None:
    many = [request(ORDER, monthly(amount=f"{n}.00")) for n in range(1, 121)]
    states, records = ask(world, ORDER, *many)
    assert [state.number for state in states] == [one.number for one in many]
    assert len(records) == 120


@pytest.mark.parametrize("again", ["in its batch", "in another"])
def test_a_request_that_comes_again_refuses_the_batch(world: World, again: str) -> None:
    first = request(ORDER, monthly())
    if again == "in another":
        ask(world, ORDER, first)
        payload = batch(world, ORDER, first)
    else:
        message = write_requests([first])
        payload = write_batch(Batch(world.identity(17), False, (), [message, message]))
    receipt = world.bank.take(world.sealed(payload))
    assert receipt.status == "refused"
    assert f"found '{first.number}'" in receipt.error


@pytest.mark.spec("SRV-093")
@pytest.mark.parametrize("requests", [[permission(), permission(counter_account=ELSEWHERE)], [monthly()]])
def test_a_batch_of_permissions_has_one_and_nothing_else(world: World, requests: list[dict[str, str]]) -> None:
    asked = [request(ORDER if "amount" in one else PERMISSION, one) for one in requests]
    receipt = world.bank.take(world.sealed(batch(world, PERMISSION, *asked)))
    assert receipt.status == "refused"


def collected(world: World, by: str, amount: int) -> tuple[str, int | None]:
    """Let the other client collect on an account of its own, and return what became of it."""
    day = world.clock.now.astimezone(world.clock.zone).date()
    order = collection(own_account=by, counter_account=iban(53), amount=Decimal(amount), maturity=day)
    world.send(1, order, point=OTHER_CLIENT)
    return [(a.status, a.reason) for a in world.answers(OTHER_CLIENT) if a.order_id == world.orders][-1]


@pytest.mark.spec(
    "SRV-085", "SRV-086", "SRV-087", "SRV-096", "SRV-097", "SRV-098", "SRV-099", "SRV-100"
)  # fmt: skip
def test_collections_within_the_limit_of_a_calendar_month_are_paid() -> None:
    world = a_world(start="2026-12-30 12:00")
    for number, point in ((51, OTHER_CLIENT), (52, OTHER_CLIENT), (53, CLIENT)):
        world.bank.open_account(Account(iban(number), "CZK", "Account", point, opening=Decimal(50_000)))
    items = permission(own_account=iban(53), counter_account=iban(51), valid_from="2027-01-01")
    assert one(world, PERMISSION, items).status == "OK"
    ok, over = ("OK", None), ("ER", 203)
    for moment, amount, expected in (
        ("2027-01-05 10:00", 4_000, ok),
        ("2027-01-20 10:00", 5_000, ok),
        ("2027-01-28 10:00", 2_000, over),
        ("2027-01-29 10:00", 1_000, ok),
        ("2027-02-01 10:00", 10_000, ok),
        ("2027-02-01 10:01", 1, over),
    ):
        world.go(moment)
        assert collected(world, iban(51), amount) == expected, moment
    assert collected(world, iban(52), 1) == ("ER", 200)
    assert world.whole()


@pytest.mark.spec("SRV-086")
@pytest.mark.parametrize(
    ("period", "first", "within", "after"),
    [
        ("1 day", "2026-11-27 10:00", "2026-11-27 11:00", "2026-11-30 10:00"),
        ("1 week", "2026-11-24 10:00", "2026-11-27 10:00", "2026-11-30 10:00"),
        ("1 month", "2026-11-24 10:00", "2026-11-30 10:00", "2026-12-01 10:00"),
        ("3 months", "2026-12-21 10:00", "2026-12-31 10:00", "2027-01-04 10:00"),
        ("6 months", "2026-12-21 10:00", "2026-12-31 10:00", "2027-01-04 10:00"),
        ("12 months", "2026-12-21 10:00", "2026-12-31 10:00", "2027-01-04 10:00"),
    ],
)
def test_the_limit_is_counted_anew_in_each_calendar_period(period: str, first: str, within: str, after: str) -> None:
    world = a_world(start=first)
    items = permission(limit="50.00", period=period, valid_from=first[:10])
    assert one(world, PERMISSION, items).status == "OK"
    for moment, amount, outcome in (
        (first, 50, ("OK", None)), (within, 1, ("ER", 203)), (after, 50, ("OK", None)), (after, 1, ("ER", 203)),
    ):  # fmt: skip
        world.go(moment)
        assert world.bank.collected(world.bank.collect(NEIGHBOUR, MAIN, Decimal(amount))) == outcome, moment


@pytest.mark.spec("SRV-086")
@pytest.mark.parametrize(("period", "outcome"), [("3 months", "OK"), ("6 months", "ER"), ("12 months", "ER")])
def test_a_quarter_is_over_before_a_half_year(period: str, outcome: str) -> None:
    world = a_world(start="2026-03-30 10:00")
    one(world, PERMISSION, permission(limit="50.00", period=period, valid_from="2026-03-30"))
    world.bank.collect(NEIGHBOUR, MAIN, Decimal(50))
    world.go("2026-04-01 10:00")
    assert world.bank.collected(world.bank.collect(NEIGHBOUR, MAIN, Decimal(50)))[0] == outcome


@pytest.mark.spec("SRV-087", "SRV-089")
def test_a_permission_counts_within_its_validity_and_until_it_is_revoked(world: World) -> None:
    one(world, PERMISSION, permission(valid_from="2026-04-02", valid_until="2026-04-08"))
    for day, outcome in (
        ("2026-04-01", ("ER", 200)),
        ("2026-04-02", ("OK", None)),
        ("2026-04-08", ("OK", None)),
        ("2026-04-09", ("ER", 200)),
    ):
        world.go(f"{day} 12:00")
        assert world.bank.collected(world.bank.collect(NEIGHBOUR, MAIN, Decimal(10))) == outcome, day
    assert listed(world, PERMISSION)["PC1"].state == "ended"
    one(world, PERMISSION, permission(valid_from="2026-04-09"))
    assert one(world, PERMISSION, {"limit": "9.99"}, CORRECTION, "PC2").status == "OK"
    assert world.bank.collected(world.bank.collect(NEIGHBOUR, MAIN, Decimal(10))) == ("ER", 203)
    assert one(world, PERMISSION, {}, REVOCATION, "PC2").status == "OK"
    assert world.bank.collected(world.bank.collect(NEIGHBOUR, MAIN, Decimal(1))) == ("ER", 200)


@pytest.mark.spec("SRV-084", "SRV-101")
def test_there_is_one_valid_permission_of_an_account_and_a_recipient(world: World) -> None:
    one(world, PERMISSION, permission())
    assert one(world, PERMISSION, permission()).code == 208
    assert one(world, PERMISSION, permission(own_account=SECOND)).status == "OK"
    one(world, PERMISSION, {}, REVOCATION, "PC1")
    assert one(world, PERMISSION, permission()).record == "PC3"


def test_a_permission_given_at_a_branch_is_in_the_list(world: World) -> None:
    world.bank.permit_collection(MAIN, NEIGHBOUR, limit=Decimal(5), period="1 day")
    world.go("2026-04-02 12:00")
    (message,) = world.received(KINDS[PERMISSION].batch_type)
    (record,) = read_records(message).records
    assert (record.items["limit"], record.items["period"]) == ("5.00", "1 day")
