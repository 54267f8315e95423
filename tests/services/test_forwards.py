"""Requests for forward deals: rules, what is agreed to, table T4 state by state, the contract and its limits."""

from __future__ import annotations

from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.balancing.summaries import balancing_summary
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.errors import BadArgument, NoRate, NotAllowed, Refused
from bankklient_lab.formats.forwards import paid
from bankklient_lab.formats.services import ServiceList, ServiceState, write_records, write_states
from bankklient_lab.lab import Lab
from bankklient_lab.services.forwards import forward_contract, forward_summary
from bankklient_lab.services.listing import service_requests
from bankklient_lab.services.requests import (
    copy_service_request,
    correct_service_request,
    create_service_request,
    delete_service_requests,
)
from tests.balancing.labs import OWN_POINT
from tests.exchange.labs import Pair
from tests.exchange.test_receiving import arrive
from tests.formats.test_services import TERMS
from tests.orders.labs import EURO, MAIN, broken_checks, hands
from tests.services.labs import DEAL, deal, dealing, record, request, update
from tests.services.states import try_each_action

ABROAD = {
    "recipient": "account abroad", "recipient_account": "DE89 3704 0044 0532 0130 00", "recipient_name": "Muster GmbH",
    "recipient_address": "Domkloster 4, Koeln", "recipient_bic": "COBADEFF", "recipient_country": "DE",
    "bank_contact": "Commerzbank, Koeln",
}  # fmt: skip
ELSEWHERE = {
    "recipient": "account at another Czech bank", "recipient_account": "19-2000145399/0800", "recipient_name": "Novak",
    "recipient_address": "Dlouha 1, Praha",
}  # fmt: skip
SELLS = {"deal_type": "sell", "own_account": EURO, "recipient_account": MAIN}


@pytest.fixture
def desk(pair: Pair, tmp_path: Path) -> Pair:
    """A client with a contract of 2,000,000 CZK and rates of the CNB: 25 CZK for a euro, 20 for a dollar."""
    dealing(pair, tmp_path)
    return pair


def entered(lab: Lab, **changes: Any) -> int:
    """Enter a request, and return its number."""
    told = create_service_request(lab, DEAL, deal(**changes))
    assert told["status"] == "CO"
    return int(told["request_id"])


@pytest.mark.spec(
    "SRV-028", "SRV-029", "SRV-030", "SRV-031", "SRV-032", "SRV-033", "SRV-034", "SRV-036", "SRV-038", "SRV-039",
    "SRV-059", "SRV-060", "SRV-062", "SRV-063", "SRV-064",
)  # fmt: skip
@pytest.mark.parametrize(
    ("item", "changes"),
    [
        ("pair", {"pair": "EUR/GBP"}),
        ("pair", {"pair": ""}),
        ("deal_type", {"deal_type": "swap"}),
        ("own_account", {"own_account": EURO}),
        ("own_account", {"own_account": "CZ0006000006090150012947"}),
        ("own_account", {"deal_type": "sell"}),
        ("own_account", {"pair": "EUR/USD"}),
        ("amount", {"amount": "19999.99"}),
        ("amount", {**SELLS, "amount": "499999.99"}),
        ("amount", {"amount": "1.234"}),
        ("maturity", {"maturity": "2026-11-25"}),
        ("maturity", {"maturity": "2027-11-24"}),
        ("maturity", {"maturity": "2027-02-27"}),
        ("maturity", {"maturity": "2026-12-24"}),
        ("maturity", {"maturity": "2027-03-26"}),
        ("maturity", {**SELLS, "pair": "USD/CZK", "own_account": MAIN, "deal_type": "buy", "maturity": "2027-01-18"}),
        ("recipient_account", {"recipient_account": MAIN}),
        ("recipient_account", {"recipient_account": "19-2000145399/0800"}),
        ("recipient_name", {"recipient_name": "Novak"}),
        ("recipient_account", {"recipient": "account at this bank", "recipient_account": "19-2000145399/0800"}),
        ("recipient_account", {**ELSEWHERE, "recipient_account": "150006432/0600"}),
        ("recipient_address", {**ELSEWHERE, "recipient_address": ""}),
        ("recipient", {**SELLS, **ELSEWHERE, "amount": "500000"}),
        ("recipient_account", {**ABROAD, "recipient_account": "DE88370400440532013000"}),
        ("recipient_bic", {**ABROAD, "recipient_bic": "COBADE"}),
        ("recipient_country", {**ABROAD, "recipient_country": "FR"}),
        ("bank_contact", {**ABROAD, "bank_contact": ""}),
        ("amount", {"amount": "100000000000.00"}),
        ("amount", {"amount": "9999999999999.99"}),
        ("maturity", {**ABROAD, "pair": "GBP/CZK", "maturity": "2027-08-30"}),
        ("maturity", {**ABROAD, "pair": "CHF/CZK", "maturity": "2027-05-17"}),
        ("recipient_account", {"recipient_account": "CZ0002020160000303634"}),
        ("recipient_account", {"recipient_account": "CZ0006002020160000303634"}),
        ("recipient_account", {**ABROAD, "recipient_account": "19-2000145399/0800"}),
        ("recipient_account", {**ABROAD, "recipient_account": "FR1420041010050500013M02606"}),
        (
            "recipient_country",
            {
                **ABROAD,
                "recipient_bic": "AGBACZPP",
                "recipient_country": "CZ",
                "recipient_account": "CZ6508000000192000145399",
            },
        ),
        (
            "recipient_country",
            {**ABROAD, "recipient_bic": "AAAAZZPP", "recipient_country": "ZZ", "recipient_account": "40012377"},
        ),
        ("agreement", {"agreement": "no"}),
        ("agreement", {"agreement": ""}),
    ],
)
def test_what_can_not_be_asked_for(desk: Pair, item: str, changes: dict[str, str]) -> None:
    with pytest.raises(BadArgument) as refused:
        create_service_request(desk.lab, DEAL, deal(**changes))
    assert refused.value.details["parameter"] == item
    assert service_requests.rows(desk.lab, DEAL) == []


@pytest.mark.spec("SRV-030", "SRV-036", "SRV-061", "SRV-035", "SRV-031", "SRV-037")
@pytest.mark.parametrize(
    "changes",
    [
        {"maturity": "2027-11-23"},
        {"own_account": "CZ77 0600 0006 0901 5001 2947", "recipient_account": "CZ8406002020160000303634"},
        {"maturity": "2026-11-26", "amount": "20000"},
        {**SELLS, "amount": "500000"},
        {"recipient": "account at this bank", "recipient_account": "150006432/0600"},
        ELSEWHERE | {"information": "Invoice 77"},
        ABROAD,
        {**ABROAD, "pair": "USD/CZK", "recipient_account": "400 123 77", "recipient_bic": "CHASUS33XXX",
         "recipient_country": "US"},
        {**ABROAD, "recipient_bic": "cobadeff", "recipient_country": "de",
         "recipient_account": "de89370400440532013000"},
    ],
)  # fmt: skip
def test_what_can_be_asked_for(desk: Pair, changes: dict[str, str]) -> None:
    found = request(desk.lab, entered(desk.lab, **changes))
    bought = "CZK" if "deal_type" in changes else changes.get("pair", "EUR/CZK")[:3]
    assert (found["currency"], found["status"], found["confirmed_by"]) == (bought, "CO", found["created_by"])
    assert found["recipient_account"] == found["recipient_account"].replace(" ", "").upper()
    said = {item: changes[item].upper() for item in ("recipient_bic", "recipient_country") if item in changes}
    assert said.items() <= found.items()
    assert found["information"] == changes.get("information")


@pytest.mark.spec("SRV-040", "SRV-058", "SRV-053")
def test_the_summary_says_what_is_agreed_to_and_warns_of_the_limit(desk: Pair) -> None:
    summary = forward_summary(desk.lab, deal(amount="111111", agreement=""))
    assert summary["text"] == (
        "111,111.00 EUR are bought, paid in CZK from 609-150012947/0600 on 2027-02-23, and credited to"
        " 202016-303634/0600"
    )
    assert (summary["equivalent"], summary["sold_currency"]) == (Decimal("2777775.00"), "CZK")
    assert summary["warning"] == (
        "2,777,775.00 CZK is above what remains of the limit, 2,000,000.00 CZK: the bank will refuse it"
    )
    assert forward_summary(desk.lab, deal())["warning"] == ""
    waits = entered(desk.lab)  # of 1,000,000 CZK
    assert "1,000,000.00 CZK" in forward_summary(desk.lab, deal(amount="40001"))["warning"]
    assert forward_summary(desk.lab, deal(amount="40001"), request_id=waits)["warning"] == ""
    delete_service_requests(desk.lab, [waits])
    assert service_requests.rows(desk.lab, DEAL) == []
    with pytest.raises(BadArgument, match=r"40,000.00 EUR are bought, paid in CZK"):
        create_service_request(desk.lab, DEAL, deal(agreement="no"))
    number = entered(desk.lab, amount="111111")
    desk.balance()
    desk.transmit()
    assert (request(desk.lab, number)["status"], request(desk.lab, number)["error_code"]) == ("ER", 203)


@pytest.mark.spec("SRV-042", "SRV-054")
def test_not_after_the_daily_hour_nor_without_a_contract(pair: Pair, tmp_path: Path) -> None:
    assert forward_contract(pair.lab) == {}
    with pytest.raises(Refused, match="no active contract"):
        create_service_request(pair.lab, DEAL, deal())
    dealing(pair, tmp_path)
    pair.later(hours=5, minutes=59)
    entered(pair.lab)
    pair.later(minutes=1)
    with pytest.raises(Refused, match="until 16:00"):
        create_service_request(pair.lab, DEAL, deal())


@pytest.mark.spec("SRV-038")
def test_without_a_rate_it_is_refused_as_such(pair: Pair) -> None:
    pair.bank.allow_forwards(OWN_POINT, Decimal(2_000_000))
    pair.transmit()
    with pytest.raises(NoRate, match="import rates"):
        create_service_request(pair.lab, DEAL, deal(pair="USD/CZK", **ABROAD))


@pytest.mark.spec("SRV-052", "SRV-055", "SRV-037", "SRV-044", "TRN-188", "BAS-021")
def test_the_contract_and_the_whole_life_of_a_deal(desk: Pair) -> None:
    lab = desk.lab
    contract = forward_contract(lab)
    assert {name: contract[name] for name in ("status", "number", "client_name", "currency", "limit", "drawn")} == {
        "status": "A", "number": str(OWN_POINT), "client_name": "Client", "currency": "CZK",
        "limit": Decimal("2000000.00"), "drawn": Decimal("0.00"),
    }  # fmt: skip
    assert (contract["least_amount"], contract["least_days"], contract["most_days"], contract["curfew"]) == (
        Decimal("500000.00"), 3, 365, "16:00",
    )  # fmt: skip
    assert contract["told_at"] == desk.clock()
    number = entered(lab)
    desk.balance()
    assert desk.transmit()["complete"]
    found = request(lab, number)
    assert (found["status"], found["record"]) == ("OK", "FW1")
    row = record(lab, DEAL, "FW1")
    assert (row["state"], row["reference"], row["changeable"]) == ("valid", str(number), False)
    assert (row["stored_pair"], row["forward_type"]) == ("EUR/CZK", "standard")
    assert row["second_amount"] == round(row["amount"] * row["contract_rate"], 2)
    drawn = forward_contract(lab)
    assert drawn["remaining"] == drawn["limit"] - drawn["drawn"]
    assert 900_000 < drawn["drawn"] < 1_100_000
    desk.later(days=92)  # Tuesday, 23 February
    desk.transmit()
    assert record(lab, DEAL, "FW1")["state"] == "ended"
    assert broken_checks(lab) == {}


@pytest.mark.spec("SRV-051")
def test_the_list_is_updated_without_a_batch(desk: Pair) -> None:
    entered(desk.lab)
    desk.balance()
    desk.transmit()
    batches = desk.lab.rows("SELECT count(*) FROM ops.batch")
    desk.later(minutes=5)
    desk.bank.call_off_forward("FW1")
    update(desk, DEAL)
    assert record(desk.lab, DEAL, "FW1")["state"] == "revoked"
    contract = forward_contract(desk.lab)
    assert (contract["drawn"], contract["told_at"]) == (0, desk.clock())
    assert desk.lab.rows("SELECT count(*) FROM ops.batch") == batches


@pytest.mark.spec("BAL-086")
def test_balancing_counts_them_by_the_type_of_deal(desk: Pair) -> None:
    entered(desk.lab)
    entered(desk.lab)
    entered(desk.lab, **SELLS, amount="500000")
    rows = balancing_summary.rows(desk.lab)
    found = {
        row["part"]: row["placed"] for row in rows if row["record_type"] == "forward_deals" and row["level"] == "part"
    }
    assert found == {"buy": 2, "sell": 1}


def in_state(desk: Pair, state: str) -> int:
    """Return a request in a state of table T4."""
    desk.bank.allow_forwards(OWN_POINT, Decimal(2_000_000), by_dealer=state in ("RV", "cancelled"))
    number = entered(desk.lab, amount="100000" if state == "ER" else "40000")
    if state == "CO":
        return number
    batch = desk.balance()["batches"][0]["batch_id"]
    if state == "DE":
        discard_batch(desk.lab, batch)
    elif state != "NS":
        desk.transmit()
    if state == "cancelled":
        desk.bank.cancel_forward(OWN_POINT, number)
        desk.transmit()
    return number


_NEXT = {  # what is not here is refused and changes nothing
    ("CO", "correct"): "CO", ("CO", "delete"): "",
    **{(state, "clear"): "" for state in ("OK", "ER", "DE", "cancelled")},
}  # fmt: skip


@pytest.mark.spec("SRV-041", "SRV-065", "SRV-066", "SRV-067", "SRV-068", "SRV-069", "SRV-070", "SRV-338", "BAL-090")
@pytest.mark.parametrize("state", ["CO", "NS", "RV", "OK", "ER", "DE", "cancelled"])
def test_each_action_in_each_state(desk: Pair, state: str) -> None:
    lab = desk.lab
    number = in_state(desk, state)
    before = request(lab, number)
    assert before["status"] == ("DE" if state == "cancelled" else state)
    with pytest.raises(BadArgument, match="agreement"):
        copy_service_request(lab, number)
    copied = copy_service_request(lab, number, {"agreement": "yes", "amount": "25000"})["request_id"]
    assert (request(lab, copied)["status"], request(lab, copied)["amount"]) == ("CO", 25_000)
    try_each_action(lab, number, state, _NEXT, {"amount": "30000", "agreement": "yes"})


@pytest.mark.spec("SRV-041")
def test_a_correction_is_agreed_to_anew(desk: Pair) -> None:
    number = entered(desk.lab)
    with pytest.raises(BadArgument, match="agreement"):
        correct_service_request(desk.lab, number, {"amount": "30000"})
    correct_service_request(desk.lab, number, {"amount": "30000", "agreement": "yes"})
    assert request(desk.lab, number)["amount"] == 30_000


@pytest.mark.spec("SRV-043")
def test_the_history_says_who_created_corrected_and_sent_them(desk: Pair) -> None:
    desk.bank.allow_forwards(OWN_POINT, Decimal(2_000_000), by_dealer=True)
    creator, corrector, sender = (hands(desk.lab, reference) for reference in ("AA", "BB", "CC"))
    entered_at = desk.clock()
    cancelled, waits = entered(creator), entered(creator)
    desk.later(minutes=1)
    corrected_at = desk.clock()
    correct_service_request(corrector, waits, {"amount": "30000", "agreement": "yes"})
    desk.lab = sender
    desk.balance()
    desk.later(minutes=1)
    desk.transmit()
    desk.bank.cancel_forward(OWN_POINT, cancelled)
    desk.transmit()
    entered(creator)
    discard_batch(sender, desk.balance()["batches"][0]["batch_id"])
    told = ("status", "created_by", "changed_by", "changed_at", "sent_by")
    assert [tuple(row[name] for name in told) for row in service_requests.rows(sender, DEAL, "history")] == [
        ("DE", "AA", "AA", desk.clock(), None),
        ("RV", "AA", "BB", corrected_at, "CC"),
        ("DE", "AA", "AA", entered_at, "CC"),
    ]


@pytest.mark.spec("ADM-296", "SRV-027")
@pytest.mark.parametrize(
    ("permissions", "sees", "creates"), [({911}, True, False), ({912, 911}, True, True), ({193}, False, False)]
)
def test_who_may_see_and_who_may_deal(desk: Pair, permissions: set[int], *, sees: bool, creates: bool) -> None:
    number = entered(desk.lab)
    one = hands(desk.lab, "AA", permissions)
    for allowed, call in (
        (sees, lambda: service_requests.rows(one, DEAL)),
        (sees, lambda: forward_contract(one)),
        (creates, lambda: forward_summary(one, deal())),
        (creates, lambda: create_service_request(one, DEAL, deal())),
        (creates, lambda: delete_service_requests(one, [number])),
    ):
        with nullcontext() if allowed else pytest.raises(NotAllowed):
            call()


@pytest.mark.spec("SRV-057", "SRV-049")
def test_the_deal_of_the_manual() -> None:
    assert paid(Decimal("545895.00"), Decimal("0.031500"), "GBP") == Decimal("17195.69")


@pytest.mark.spec("SRV-056", "SRV-053", "SRV-054")
def test_the_limit_of_the_manual(pair: Pair) -> None:
    told = TERMS | {"contract_limit": "166666000.00", "limit_drawn": "26787977.43", "contract_status": "N"}
    arrive(pair, 18, 1, write_records(ServiceList(DEAL, pair.clock(), [], told)))
    pair.transmit()
    assert forward_contract(pair.lab)["remaining"] == Decimal("139878022.57")
    with pytest.raises(Refused, match="no active contract"):
        create_service_request(pair.lab, DEAL, deal())


def test_an_answer_comes_once_and_only_on_what_was_sent(desk: Pair) -> None:
    number = entered(desk.lab)
    arrive(desk, 18, 50, write_states([ServiceState(number, "DE")]))
    desk.transmit()
    assert request(desk.lab, number)["status"] == "CO"
    desk.balance()
    desk.transmit()
    assert request(desk.lab, number)["status"] == "OK"
    arrive(desk, 18, 60, write_states([ServiceState(number, "DE")]))
    desk.transmit()
    assert request(desk.lab, number)["status"] == "OK"
