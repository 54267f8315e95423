"""The page of forward deals without a browser: the contract, a deal that is agreed to once, details, and exposure."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankklient_lab.dashboards.forward_deals import ForwardDeals
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.lab import Lab
from bankklient_lab.services.listing import service_requests
from bankklient_lab.services.requests import correct_service_request
from tests.exchange.conftest import clock, company, orders_file, pair
from tests.exchange.labs import Pair
from tests.orders.labs import EURO, hands
from tests.services.labs import DEAL, deal, dealing, entered

__all__ = ["clock", "company", "orders_file", "pair"]


@pytest.fixture
def desk(pair: Pair, tmp_path: Path) -> Pair:
    """A client with a contract and one deal with the bank, which was told a day ago."""
    dealing(pair, tmp_path)
    entered(pair.lab, DEAL, confirmed=True)
    pair.balance()
    pair.transmit()
    pair.later(hours=24)
    return pair


def page_of(lab: Lab) -> ForwardDeals:
    return ForwardDeals(lab, new_state(lab, "?page=forward_deals"))


@pytest.mark.spec("SRV-052", "SRV-055")
def test_the_contract_with_its_age(desk: Pair) -> None:
    shown = page_of(desk.lab).contract.object
    for said in (
        "Client (20001)",
        "active",
        "2\u202f000\u202f000.00\xa0CZK",
        "3 to 365 days ahead",
        "16:00",
        "24 hours",
    ):
        assert said in shown, said
    desk.later(days=1)
    assert "2 days" in page_of(desk.lab).contract.object


def test_without_a_contract_it_says_what_to_do(pair: Pair) -> None:
    page = page_of(pair.lab)
    assert "The bank has told of no contract" in page.contract.object
    assert not page.services.list.view.visible


@pytest.mark.spec("SRV-044", "SRV-046", "SRV-048", "SRV-051")
def test_a_deal_opens_with_its_details(desk: Pair) -> None:
    page = page_of(desk.lab)
    table = page.services.list.table
    assert table is not None
    (row,) = table.to_pylist()
    assert (row["stored_pair"], row["deal_type"], row["own_account"], row["recipient_account"], row["reference"]) == (
        "EUR/CZK", "buy", "609-150012947/0600", "202016-303634/0600", "1",
    )  # fmt: skip
    page.services.drawer.open_record(page.services.records["FW1"])
    facts = page.services.drawer._facts.object
    for said in ("Standard", "40\u202f000.00\xa0EUR", "2027-02-23", "Agreed on", "Received by the bank", "Our request"):
        assert said in facts, said


@pytest.mark.spec("SRV-043")
def test_only_a_request_that_was_corrected_says_so(desk: Pair) -> None:
    page = page_of(desk.lab)
    page.services.which.value = "all"
    drawer = page.services.drawer
    drawer.open_request(page.services.requests["1"])
    assert "<dt>Sent by</dt>" in drawer._facts.object
    assert "<dt>Changed</dt>" not in drawer._facts.object
    desk.later(hours=-24)
    number = entered(desk.lab, DEAL, deal(amount="20000"), confirmed=True)
    desk.later(minutes=1)
    correct_service_request(desk.lab, number, {"amount": "20001", "agreement": "yes"})
    page.services.asked.refresh()
    drawer.open_request(page.services.requests[str(number)])
    assert "<dt>Changed</dt>" in drawer._facts.object


@pytest.mark.spec("SRV-040")
def test_two_clicks_on_yes_make_one_deal_and_no_makes_none(desk: Pair) -> None:
    desk.later(hours=-24)
    drawer = page_of(desk.lab).services.drawer
    drawer.new()
    form = drawer.forms["new"]
    form.widgets["amount"].value = "20000"
    form.widgets["maturity"].value = deal()["maturity"]
    own = next(one for name, one in form.widgets["own_account"].options.items() if "609-150012947" in name)
    form.widgets["own_account"].value = own
    assert form.widgets["recipient_account"].value == EURO  # the own account in the currency that is bought
    drawer._keep(form.values())
    assert drawer.agreement.view.visible
    drawer.agreement._no()
    assert len(service_requests.rows(desk.lab, DEAL)) == 1
    drawer._keep(form.values())
    drawer.agreement._yes()
    drawer.agreement._yes()
    assert [row["status"] for row in service_requests.rows(desk.lab, DEAL)] == ["CO", "OK"]


def test_what_is_not_said_of_a_recipient_is_not_asked_for(desk: Pair) -> None:
    drawer = page_of(desk.lab).services.drawer
    drawer.new()
    widgets = drawer.forms["new"].widgets
    assert not widgets["recipient_bic"].visible
    widgets["recipient"].value = "account abroad"
    assert all(widgets[name].visible for name in ("recipient_name", "recipient_bic", "bank_contact"))
    assert widgets["recipient_account"].value == ""
    widgets["recipient_bic"].value = "COBADEFF"
    widgets["recipient"].value = "account at another Czech bank"
    assert (widgets["recipient_bic"].visible, widgets["recipient_bic"].value) == (False, "")
    assert widgets["recipient_name"].visible


def test_exposure_is_for_those_who_may_see_balances(desk: Pair) -> None:
    page = page_of(desk.lab)
    assert (page.exposure.visible, page.currency.value) == (True, "EUR")
    less = page_of(hands(desk.lab, "AA", {911, 912}))
    assert not less.exposure.visible
    assert "active" in less.contract.object
