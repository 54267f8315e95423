"""Parameters of accounts: seen by everybody, changed with an agreement, once in a month, and what the bank does."""

from __future__ import annotations

from typing import Any

import pytest

from bankklient_lab.balancing.summaries import balancing_summary
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.codebooks.services import CORRECTION
from bankklient_lab.errors import BadArgument, NotAllowed, Refused, UnknownName
from bankklient_lab.formats.documents import LIST_MESSAGE
from bankklient_lab.services.listing import service_records, service_requests
from bankklient_lab.services.requests import (
    clear_service_requests,
    correct_service_request,
    create_service_request,
    delete_service_requests,
)
from tests.bank.banks import CLIENT, MAIN, a_world
from tests.bank.test_services import ask
from tests.bank.test_services import request as wanted
from tests.exchange.labs import Pair
from tests.orders.labs import broken_checks, hands
from tests.services.labs import DEPOSIT, PARAMETERS, entered, record, request, update

ACCOUNT = "CZ7706000006090150012947"
AGREED = {"agreement": "yes"}


@pytest.fixture
def listed(pair: Pair) -> Pair:
    """Both, and the client knows the parameters of its accounts."""
    update(pair, PARAMETERS)
    return pair


def change(pair: Pair, account: str = ACCOUNT, **values: Any) -> int:
    """Ask for a change that is agreed to, and return the request."""
    given = AGREED | values
    return int(create_service_request(pair.lab, PARAMETERS, given, request="correction", record=account)["request_id"])


def sent(pair: Pair) -> None:
    """Balance and transmit."""
    pair.balance()
    told = pair.transmit()
    assert told["complete"], told["message"]


@pytest.mark.spec("SRV-178", "SRV-180")
def test_everybody_sees_the_parameters_of_each_account(listed: Pair) -> None:
    rows = service_records.rows(hands(listed.lab, "AA", []), PARAMETERS)
    assert [row["record"] for row in rows] == sorted(row["own_account"] for row in rows)
    assert {(row["delivery"], row["frequency"], row["automatic"]) for row in rows} == {
        ("electronically", "monthly", "no"),
    }  # fmt: skip
    assert len(rows) == 4


@pytest.mark.spec("SRV-183", "SRV-191", "SRV-197", "SRV-199", "SRV-200", "SRV-201", "SRV-202", "BAL-020", "TRN-024")
def test_a_change_is_confirmed_with_its_saving_and_valid_when_the_bank_says_so(listed: Pair) -> None:
    number = change(listed, frequency="weekly", emails="a.b@firm.cz, c@firm.cz")
    assert request(listed.lab, number)["status"] == "CO"
    groups = [row for row in balancing_summary.rows(listed.lab) if row["level"] == "account"]
    assert [(row["record_type"], row["own_account"], row["placed"]) for row in groups] == [
        ("account_parameters", ACCOUNT, 1),
    ]  # fmt: skip
    batches = listed.balance()["batches"]
    assert [(one["batch_type"], one["orders"]) for one in batches] == [(4, 1)]
    assert request(listed.lab, number)["status"] == "NS"
    assert record(listed.lab, PARAMETERS, ACCOUNT)["frequency"] == "monthly"
    listed.transmit()
    assert request(listed.lab, number)["status"] == "OK"
    found = record(listed.lab, PARAMETERS, ACCOUNT)
    assert (found["frequency"], found["emails"]) == ("weekly", "a.b@firm.cz, c@firm.cz")
    assert [status for status, _ in listed.received(9)] == [14]
    assert broken_checks(listed.lab) == {}


@pytest.mark.spec("SRV-184", "SRV-185", "SRV-186", "SRV-187", "SRV-189", "SRV-196")
@pytest.mark.parametrize(
    ("item", "values"),
    [
        ("agreement", {"agreement": "", "frequency": "weekly"}),
        ("agreement", {"agreement": "no", "frequency": "weekly"}),
        ("delivery", {"delivery": "by pigeon"}),
        ("frequency", {"frequency": "yearly"}),
        ("automatic", {"delivery": "by mail", "automatic": "yes"}),
        ("emails", {"emails": "nobody"}),
        ("emails", {"emails": "a@b.cz <script>"}),
        ("emails", {"emails": "a@" + "b" * 200}),
        ("own_account", {"own_account": ACCOUNT}),
    ],
)
def test_what_can_not_be_changed_so(listed: Pair, item: str, values: dict[str, str]) -> None:
    with pytest.raises((BadArgument, UnknownName)) as refused:
        change(listed, **values)
    assert refused.value.details.get("parameter", item) == item
    assert service_requests.rows(listed.lab, PARAMETERS) == []


def test_a_change_that_changes_nothing_is_refused(listed: Pair) -> None:
    with pytest.raises(BadArgument, match="changes nothing"):
        change(listed, frequency="monthly")


@pytest.mark.spec("SRV-183", "SRV-192", "BAS-057", "ADM-184")
def test_an_account_has_one_change_under_way(listed: Pair) -> None:
    first = change(listed, emails="a@b.cz")
    with pytest.raises(Refused, match=f"request {first} already changes"):
        change(listed, emails="c@d.cz")
    change(listed, "CZ4906000000000150000030", emails="c@d.cz")


@pytest.mark.spec("SRV-188", "SRV-193", "SRV-194")
def test_delivery_and_frequency_change_once_in_a_calendar_month(listed: Pair) -> None:
    change(listed, delivery="by mail")
    sent(listed)
    with pytest.raises(Refused, match="once in a month"):
        change(listed, frequency="daily")
    number = change(listed, emails="a@b.cz")
    with pytest.raises(Refused, match="once in a month"):
        correct_service_request(listed.lab, number, {"frequency": "daily"})
    sent(listed)
    listed.later(days=8)  # December
    listed.transmit()
    number = change(listed, frequency="daily")
    sent(listed)
    assert request(listed.lab, number)["status"] == "OK"


@pytest.mark.spec("SRV-190", "SRV-198")
def test_until_balancing_a_change_is_corrected_or_cancelled(listed: Pair) -> None:
    number = change(listed, frequency="weekly")
    assert correct_service_request(listed.lab, number, {"frequency": "daily"})["status"] == "CO"
    assert request(listed.lab, number)["frequency"] == "daily"
    delete_service_requests(listed.lab, [number])
    number = change(listed, frequency="weekly")
    batch = listed.balance()["batches"][0]["batch_id"]
    for refused in (
        lambda: correct_service_request(listed.lab, number, {"frequency": "daily"}),
        lambda: delete_service_requests(listed.lab, [number]),
    ):
        with pytest.raises(Refused):
            refused()
    discard_batch(listed.lab, batch)
    assert request(listed.lab, number)["status"] == "DE"
    clear_service_requests(listed.lab, [number])
    change(listed, frequency="weekly")


@pytest.mark.spec("ADM-136", "BAS-201")
def test_only_who_may_changes(listed: Pair) -> None:
    others = list(range(186, 197))
    with pytest.raises(NotAllowed):
        create_service_request(
            hands(listed.lab, "AA", others), PARAMETERS, AGREED | {"frequency": "daily"}, request="correction",
            record=ACCOUNT,
        )  # fmt: skip
    with pytest.raises(UnknownName):
        create_service_request(hands(listed.lab, "BB", [247]), PARAMETERS, {})


@pytest.mark.spec("SRV-183")
def test_a_deposit_has_no_parameters_to_change(listed: Pair) -> None:
    entered(listed.lab, DEPOSIT, confirmed=True)
    sent(listed)
    update(listed, PARAMETERS)
    account = record(listed.lab, DEPOSIT, "TD1")["deposit_account"]
    with pytest.raises(Refused, match="can't be changed"):
        change(listed, account, frequency="daily")


@pytest.mark.spec("SRV-185", "SRV-189")
@pytest.mark.parametrize(
    ("frequency", "days"),
    [
        ("daily", ["2026-11-25", "2026-11-26", "2026-11-27", "2026-11-30"]),
        ("weekly", ["2026-11-25", "2026-11-27", "2026-11-30"]),
        ("monthly", ["2026-11-30"]),
    ],
)
def test_the_bank_makes_statements_as_often_as_it_is_told(frequency: str, days: list[str]) -> None:
    world = a_world(start="2026-11-25 12:00")
    ((state,), _) = ask(world, PARAMETERS, wanted(PARAMETERS, AGREED | {"frequency": frequency}, CORRECTION, MAIN))
    assert state.status == "OK"
    told = []
    for day in ("2026-11-25", "2026-11-26", "2026-11-27", "2026-11-30"):
        world.go(f"{day} 21:00")
        lists = [m.content for b in world.batches(CLIENT) for m in b.messages if m.name == LIST_MESSAGE]
        told += [day] if any(MAIN.encode() in one for one in lists) else []
    assert told == days
