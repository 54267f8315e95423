"""Services from end to end: asked for, balanced, sent, granted or rejected, changed, revoked, and listed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bankklient_lab.balancing.summaries import balancing_summary, balancing_types
from bankklient_lab.bank.faults import Fault
from bankklient_lab.errors import BadArgument, Refused, SealBroken, UnknownName
from bankklient_lab.formats.services import (
    ServiceList,
    ServiceRecord,
    ServiceState,
    write_records,
    write_states,
)
from bankklient_lab.services.listing import listed_at, service_records, service_requests
from bankklient_lab.services.requests import (
    correct_service_request,
    create_service_request,
    delete_service_requests,
)
from tests.balancing.labs import agreed
from tests.exchange.labs import Pair
from tests.exchange.test_receiving import arrive
from tests.orders.labs import broken_checks
from tests.services.labs import (
    ORDER,
    PERMISSION,
    entered,
    in_state,
    monthly,
    permission,
    record,
    request,
    update,
    values,
)

KINDS = (ORDER, PERMISSION)
LETTERS = {ORDER: "SO", PERMISSION: "PC"}
CHANGED: dict[str, dict[str, Any]] = {ORDER: {"amount": "2000"}, PERMISSION: {"limit": "500"}}


def granted(pair: Pair, kind: str) -> str:
    """Return the bank's name of a record that was asked for."""
    return str(request(pair.lab, in_state(pair, kind, "OK"))["record"])


def asked(pair: Pair, kind: str, record_name: str, asks: str, given: dict[str, Any] | None = None) -> int:
    """Ask for a change of a record, confirm it, and return the request."""
    return entered(pair.lab, kind, given or {}, confirmed=True, request=asks, record=record_name)


def sent(pair: Pair) -> None:
    """Balance and transmit."""
    pair.balance()
    told = pair.transmit()
    assert told["complete"], told["message"]


@pytest.mark.spec(
    "TRN-029", "TRN-031", "TRN-124", "TRN-139", "SRV-073", "SRV-082", "SRV-083", "SRV-088", "SRV-105", "SRV-134"
)
@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_life_of_a_record(pair: Pair, kind: str) -> None:
    name = granted(pair, kind)
    assert name == f"{LETTERS[kind]}1"
    assert (record(pair.lab, kind, name)["state"], listed_at(pair.lab, kind)) == ("valid", pair.clock())
    change = asked(pair, kind, name, "correction", CHANGED[kind])
    ((item, text),) = CHANGED[kind].items()
    assert {one: request(pair.lab, change)[one] for one in ("request", "record", item)} == {
        "request": "correction", "record": name, item: Decimal(text),
    }  # fmt: skip
    sent(pair)
    assert request(pair.lab, change)["status"] == "OK"
    assert record(pair.lab, kind, name)[item] == Decimal(text)
    revocation = asked(pair, kind, name, "revocation")
    sent(pair)
    assert request(pair.lab, revocation)["status"] == "OK"
    assert record(pair.lab, kind, name)["state"] == "revoked"
    with pytest.raises(Refused, match="is revoked"):
        create_service_request(pair.lab, kind, {}, request="revocation", record=name)
    assert broken_checks(pair.lab) == {}


@pytest.mark.spec("SRV-105", "SRV-091", "SRV-092")
@pytest.mark.parametrize("asks", ["correction", "revocation"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_record_has_one_change_under_way(pair: Pair, kind: str, asks: str) -> None:
    with pytest.raises(UnknownName):
        create_service_request(pair.lab, kind, {}, request=asks, record=f"{LETTERS[kind]}1")
    name = granted(pair, kind)
    given = CHANGED[kind] if asks == "correction" else {}
    first = entered(pair.lab, kind, given, request=asks, record=name)
    for other in ("correction", "revocation"):
        with pytest.raises(Refused, match=f"request {first} already changes"):
            create_service_request(pair.lab, kind, {}, request=other, record=name)
    delete_service_requests(pair.lab, [first])
    create_service_request(pair.lab, kind, given, request=asks, record=name)


@pytest.mark.spec("SRV-089", "SRV-102", "SRV-133")
@pytest.mark.parametrize(
    ("kind", "changeable"),
    [
        (ORDER, {"order_name", "amount", "variable_symbol", "specific_symbol", "constant_symbol", "abbreviation",
                 "last_payment", "last_amount"}),
        (PERMISSION, {"limit", "period", "description", "valid_until"}),
    ],
)  # fmt: skip
def test_what_a_correction_can_change(pair: Pair, kind: str, changeable: set[str]) -> None:
    name = granted(pair, kind)
    given: dict[str, Any] = {
        "order_name": "Other", "amount": "3", "variable_symbol": "4", "specific_symbol": "5", "constant_symbol": "308",
        "abbreviation": "B", "last_payment": "2027-03-31", "last_amount": "6", "limit": "7", "period": "1 week",
        "description": "C", "valid_until": "2027-01-01", "own_account": "150000030/0600",
        "counter_account": "150006432/0600", "valid_from": "2026-12-01", "frequency": "2",
    }  # fmt: skip
    items = {item for item in given if item in record(pair.lab, kind, name)}
    if kind == ORDER:
        given["period"] = "day"
    taken = set()
    for item in items:
        wanted = {item: given[item]} | ({"last_payment": "2027-03-31"} if item == "last_amount" else {})
        with suppress(BadArgument):
            number = entered(pair.lab, kind, wanted, request="correction", record=name)
            taken.add(item)
            delete_service_requests(pair.lab, [number])
    assert taken == changeable


@pytest.mark.spec("SRV-090")
def test_a_revocation_can_only_be_deleted(pair: Pair) -> None:
    name = granted(pair, ORDER)
    with pytest.raises(BadArgument, match="changes nothing else"):
        create_service_request(pair.lab, ORDER, {"amount": "1"}, request="revocation", record=name)
    number = create_service_request(pair.lab, ORDER, {}, request="revocation", record=name)["request_id"]
    with pytest.raises(Refused, match="nothing to correct"):
        correct_service_request(pair.lab, number, {"amount": "1"})
    delete_service_requests(pair.lab, [number])
    with pytest.raises(BadArgument, match="changes nothing"):
        create_service_request(pair.lab, ORDER, {"amount": "1000"}, request="correction", record=name)


@pytest.mark.spec("SRV-002", "SRV-093", "SRV-111", "BAL-017", "BAL-018")
def test_only_confirmed_ones_go_into_batches_a_permission_into_one_of_its_own(pair: Pair) -> None:
    lab = pair.lab
    for amount, confirmed in (("1", True), ("2", True), ("3", False)):
        entered(lab, ORDER, monthly(amount=amount), confirmed=confirmed)
    for account in ("19-2000145399/0800", "150006432/0600"):
        entered(lab, PERMISSION, permission(counter_account=account), confirmed=True)
    counted = {row["record_type"]: (row["records"], row["batches"]) for row in balancing_types.rows(lab)}
    assert (counted["standing_orders"], counted["permitted_collections"]) == ((2, 1), (2, 2))
    groups = [
        (row["part"], row["status"], row["own_account"], row["orders"], row["placed"])
        for row in balancing_summary.rows(lab)
        if (row["record_type"], row["level"]) == ("standing_orders", "account")
    ]
    assert groups == [
        ("new", "CO", "CZ7706000006090150012947", 2, 2), ("new", "CR", "CZ7706000006090150012947", 1, 0),
    ]  # fmt: skip
    batches = [(one["batch_type"], one["orders"]) for one in pair.balance()["batches"]]
    assert sorted(batches) == [(14, 1), (14, 1), (17, 2)]
    assert [row["status"] for row in service_requests.rows(lab, ORDER)] == ["CR", "NS", "NS"]
    told = pair.transmit()
    assert told["complete"]
    assert [row["status"] for row in service_requests.rows(lab, ORDER)] == ["CR", "OK", "OK"]
    assert [row["record"] for row in service_records.rows(lab, PERMISSION)] == ["PC1", "PC2"]


def test_what_changed_after_it_was_agreed_is_not_balanced(pair: Pair) -> None:
    from bankklient_lab.balancing.making import make_batches
    from tests.balancing.labs import a_signer

    number = in_state(pair, ORDER, "CO")
    summary = agreed(pair.lab)
    correct_service_request(pair.lab, number, {"amount": "9"})
    with pytest.raises(Refused):
        make_batches(pair.lab, summary, a_signer(), which="complete")
    assert request(pair.lab, number)["status"] == "CO"


@pytest.mark.spec("SRV-131", "SRV-135", "SRV-005")
def test_balanced_in_time_and_sent_too_late_is_rejected_with_its_reason(pair: Pair) -> None:
    number = in_state(pair, ORDER, "CO")
    pair.balance()
    pair.later(hours=10)
    pair.transmit()
    pair.later(hours=12)
    pair.transmit()
    found = request(pair.lab, number)
    assert (found["status"], found["error_code"], found["error"]) == ("ER", 209, "Delivered to the bank too late")
    assert "2026-11-25 is the first day" in found["answer"]


@pytest.mark.spec("SRV-094", "TRN-121")
@pytest.mark.parametrize("kind", KINDS)
def test_the_list_comes_on_line_without_a_batch(pair: Pair, kind: str) -> None:
    assert listed_at(pair.lab, kind) is None
    batches = pair.lab.rows("SELECT count(*) FROM ops.batch")
    update(pair, kind)
    assert (listed_at(pair.lab, kind), service_records.rows(pair.lab, kind)) == (pair.clock(), [])
    assert pair.lab.rows("SELECT count(*) FROM ops.batch") == batches
    name = granted(pair, kind)
    pair.later(days=1)
    update(pair, kind)
    assert (listed_at(pair.lab, kind), record(pair.lab, kind, name)["state"]) == (pair.clock(), "valid")
    pair.faults[:] = [Fault.TAMPERED]
    with pytest.raises(SealBroken):
        update(pair, kind)
    assert record(pair.lab, kind, name)["state"] == "valid"


def test_the_list_comes_with_a_transmission_when_it_has_changed(pair: Pair) -> None:
    entered(pair.lab, ORDER, monthly(last_payment="2026-11-24"), confirmed=True)
    sent(pair)
    pair.later(days=1)
    pair.transmit()
    assert record(pair.lab, ORDER, "SO1")["state"] == "ended"


def test_a_list_that_is_older_than_the_one_here_is_left(pair: Pair) -> None:
    name = granted(pair, ORDER)
    old = ServiceList(ORDER, datetime(2026, 11, 1, tzinfo=UTC), [])
    arrive(pair, 17, 2, write_records(old))
    pair.transmit()
    assert record(pair.lab, ORDER, name)["state"] == "valid"
    assert "is older than the one that is here" in pair.received(17)[-1][1]


def test_a_list_of_a_time_to_come_is_refused(pair: Pair) -> None:
    granted(pair, ORDER)
    arrive(pair, 17, 2, write_records(ServiceList(ORDER, datetime(2027, 1, 1, tzinfo=UTC), [])))
    pair.transmit()
    assert "is a clock wrong?" in pair.received(17)[-1][1]
    assert [row["record"] for row in service_records.rows(pair.lab, ORDER)] == ["SO1"]


def test_a_list_in_a_batch_of_another_kind_is_refused(pair: Pair) -> None:
    granted(pair, ORDER)
    arrive(pair, 14, 1, write_records(ServiceList(ORDER, pair.clock(), [])))
    pair.transmit()
    assert "lists permitted collections" in pair.received(14)[-1][1]
    assert [row["record"] for row in service_records.rows(pair.lab, ORDER)] == ["SO1"]


def test_an_answer_on_what_was_not_sent_is_told(pair: Pair) -> None:
    number = in_state(pair, ORDER, "CR")
    arrive(pair, 17, 1, write_states([ServiceState(number, "OK", "SO1"), ServiceState(99, "OK", "SO2")]))
    pair.transmit()
    assert request(pair.lab, number)["status"] == "CR"
    note = pair.received(17)[0][1]
    assert "request 1:" in note
    assert "request 99:" in note


def test_a_record_that_the_bank_does_not_let_change_is_left(pair: Pair) -> None:
    items = {
        "own_account": "CZ7706000006090150012947", "counter_account": "CZ6508000000192000145399", "amount": "1.00",
        "valid_from": "2026-01-01", "period": "month", "frequency": "1",
    }  # fmt: skip
    listed = ServiceList(ORDER, pair.clock(), [ServiceRecord("SO5", "valid", False, items)])
    arrive(pair, 17, 1, write_records(listed))
    pair.transmit()
    with pytest.raises(Refused, match="can't be changed here"):
        create_service_request(pair.lab, ORDER, {}, request="revocation", record="SO5")


@pytest.mark.spec("SRV-084")
def test_a_permission_that_the_bank_has_keeps_a_second_one_away(pair: Pair) -> None:
    name = granted(pair, PERMISSION)
    with pytest.raises(Refused, match=f"permitted collection {name} is there"):
        create_service_request(pair.lab, PERMISSION, values(PERMISSION))
