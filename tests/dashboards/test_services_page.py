"""The pages of services without a browser: entered, corrected, confirmed, and what the bank has changed and revoked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bankklient_lab.dashboards import (
    account_parameters,
    formatting,
    permitted_collections,
    standing_orders,
    time_deposits,
)
from bankklient_lab.dashboards.services import Services
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.services.listing import service_requests
from bankklient_lab.services.requests import (
    confirm_service_requests,
    correct_service_request,
    delete_service_requests,
    unconfirm_service_requests,
)
from tests.exchange.conftest import clock, company, orders_file, pair
from tests.exchange.labs import Pair
from tests.orders.labs import hands
from tests.services.labs import DEPOSIT, ORDER, PARAMETERS, PERMISSION, entered, in_state, monthly, update

__all__ = ["clock", "company", "orders_file", "pair"]


def page_of(lab: Lab, kind: str = ORDER) -> Services:
    pages = {ORDER: standing_orders, PERMISSION: permitted_collections, DEPOSIT: time_deposits}
    return Services(lab, new_state(lab, f"?page={kind}s"), kind, pages[kind].SHOWN)


def states(page: Services) -> list[str]:
    assert page.asked.table is not None
    return [state[2:] for state in page.asked.table["state"].to_pylist()]


@pytest.mark.spec("SRV-006", "SRV-118", "SRV-119", "SRV-127")
def test_a_standing_order_is_entered_corrected_and_confirmed(pair: Pair) -> None:
    entered(pair.lab, ORDER)
    page = page_of(hands(pair.lab, "AA", {193, 194, 195}))
    drawer = page.drawer
    drawer.new()
    form = drawer.forms["new"]
    assert list(form.widgets["own_account"].options) == ["150000030/0600 Savings", "609-150012947/0600 Main"]
    form.save()
    assert form.widgets["counter_account"].error_state
    form.widgets["period"].value = "day"
    assert list(form.widgets["frequency"].options) == ["7", "10"]
    for name, value in monthly(order_name="<b>Rent</b>", valid_from=None).items():
        if name != "own_account":
            form.widgets[name].value = value
    form.widgets["valid_from"].value = "2026-11-23"
    form.save()
    assert "2026-11-24 at the earliest" in form.widgets["valid_from"].helper_text
    assert drawer.view.open
    form.widgets["valid_from"].value = "2026-11-30"
    form.save()
    assert not drawer.view.open
    page.asked.refresh()
    assert states(page) == ["to be confirmed", "to be confirmed"]
    drawer.open_request(page.requests["2"])
    assert "&lt;b&gt;Rent" in drawer._facts.object
    assert "<dd>30</dd>" in drawer._facts.object.replace("\n", "")
    form.widgets["amount"].value = "2500.50"
    form.save()
    page._confirm_all()
    page.asked.refresh()
    assert states(page) == ["confirmed", "confirmed"]
    assert [str(row["amount"]) for row in service_requests.rows(page._lab, ORDER)] == ["2500.500", "1000.000"]


@pytest.mark.spec("SRV-088", "SRV-090", "SRV-003", "SRV-004")
@pytest.mark.parametrize("kind", [ORDER, PERMISSION])
def test_what_the_bank_has_is_changed_or_revoked(pair: Pair, kind: str) -> None:
    in_state(pair, kind, "OK")
    page = page_of(pair.lab, kind)
    drawer = page.drawer
    ((name, row),) = page.records.items()
    drawer.open_record(row)
    assert (drawer.change.visible, drawer.revoke.view.visible, drawer.copy.visible) == (True, True, False)
    assert ("Next payments" in drawer._facts.object) is (kind == ORDER)
    drawer._change()
    item = "amount" if kind == ORDER else "limit"
    assert set(drawer.forms["correction"].widgets) == {item.name for item in page.kind.items_of("correction")}
    drawer.forms["correction"].widgets[item].value = "77"
    drawer.forms["correction"].save()
    (change, _new) = service_requests.rows(pair.lab, kind)
    assert (change["request"], change["record"], str(change[item])) == ("correction", name, "77.000")
    page.asked.refresh()
    drawer.open_request(page.requests[str(change["request_id"])])
    drawer._decide(delete_service_requests)
    page.list.refresh()
    drawer.open_record(page.records[name])
    drawer._revoke()
    page.which.value = "all"
    assert page.asked.table is not None
    assert page.asked.table["request"].to_pylist() == ["revocation", "new"]
    page._clear_all()
    page.asked.refresh()
    assert page.asked.table["request"].to_pylist() == ["revocation"]


@pytest.mark.spec("SRV-005", "SRV-135")
def test_why_the_bank_rejected_a_request_is_told(pair: Pair) -> None:
    number = in_state(pair, ORDER, "ER")
    page = page_of(pair.lab)
    page.which.value = "processed"
    page.drawer.open_request(page.requests[str(number)])
    assert "205 \u00b7 Wrong account" in page.drawer._facts.object
    assert "the own account does not exist" in page.drawer._facts.object


@pytest.mark.parametrize(
    ("permissions", "new", "decides"), [({193}, False, False), ({193, 194}, True, False), ({193, 195}, False, True)]
)
def test_who_may_less_is_offered_less(pair: Pair, permissions: set[int], new: bool, decides: bool) -> None:
    number = entered(pair.lab, ORDER)
    page = page_of(hands(pair.lab, "AA", permissions))
    assert (page.new.visible, page.confirm_all.visible) == (new, decides)
    page.drawer.open_request(page.requests[str(number)])
    drawer = page.drawer
    assert (drawer.confirm.visible, drawer.delete.view.visible, drawer.forms["new"].view.visible) == (decides,) * 3
    assert drawer.copy.visible is new


def test_only_what_fits_is_offered(pair: Pair) -> None:
    page = page_of(pair.lab)

    def offered() -> tuple[bool, bool]:
        page.asked.refresh()
        return page.confirm_all.visible, page.clear_all.view.visible

    assert "The bank has not told of any yet" in page._told.object
    assert (page.list.view.visible, page.list.search.visible) == (False, False)
    assert offered() == (False, False)
    entered(pair.lab, ORDER, confirmed=True)
    assert offered() == (False, False)
    entered(pair.lab, ORDER)
    assert offered() == (True, False)
    pair.balance()
    pair.transmit()
    assert offered() == (True, False)
    page.which.value = "processed"
    assert offered() == (False, True)
    page.refresh()
    assert (page.list.view.visible, page.list.search.visible) == (True, True)


@pytest.mark.spec("SRV-147", "SRV-148", "SRV-152", "SRV-154")
def test_a_deposit_offers_what_its_variant_has(pair: Pair) -> None:
    page = page_of(pair.lab, DEPOSIT)
    page.drawer.new()
    form = page.drawer.forms["new"]
    offered = {name: list(form.widgets[name].options.values()) for name in ("length", "interest_to", "own_account")}
    assert offered["length"] == ["7 days", "14 days", "1 month", "3 months", "6 months", "12 months"]
    assert offered["interest_to"] == ["current account", "time deposit"]
    form.widgets["amount"].value = "5000"
    form.widgets["variant"].value = "one-time EUR"
    assert list(form.widgets["length"].options.values()) == ["3 months", "12 months"]
    assert list(form.widgets["interest_to"].options.values()) == ["current account"]
    assert list(form.widgets["own_account"].options) == ["202016-303634/0600 Euro"]
    form.widgets["amount"].value = "4999"
    form.save()
    assert "at least 5000 EUR" in form.widgets["amount"].helper_text
    form.widgets["amount"].value = "5000"
    form.save()
    (row,) = service_requests.rows(pair.lab, DEPOSIT)
    assert (row["variant"], row["length"], row["amount"]) == ("one-time EUR", "3 months", 5000)
    page.asked.refresh()
    page.drawer.open_request(page.requests["1"])
    assert formatting.money(Decimal(5000), "EUR") in page.drawer._facts.object
    assert not any(one.view.visible for one in page.drawer.forms.values())


@pytest.mark.spec("SRV-155", "SRV-157")
def test_a_deposit_is_terminated_after_a_warning(pair: Pair) -> None:
    in_state(pair, DEPOSIT, "OK")
    page = page_of(pair.lab, DEPOSIT)
    drawer = page.drawer
    drawer.open_record(page.records["TD1"])
    assert (drawer.change.visible, drawer.revoke.view.visible, drawer.end.visible) == (False, False, True)
    drawer._ask_how_to_end()
    assert "penalty" in drawer._warning.object
    form = drawer.forms["revocation"]
    assert form.widgets["principal_account"].value == "CZ7706000006090150012947"
    form.widgets["method"].value = "early with penalty"
    form.save()
    (ending, _new) = service_requests.rows(pair.lab, DEPOSIT)
    assert (ending["request"], ending["method"], ending["interest_account"]) == (
        "revocation", "early with penalty", None,
    )  # fmt: skip


def test_the_rates_stand_below(pair: Pair) -> None:
    view = time_deposits.page(pair.lab, new_state(pair.lab, "?page=time_deposits"))
    assert len(view.objects) == 2


@pytest.mark.spec("SRV-180", "SRV-189")
def test_parameters_of_an_account_are_changed_with_an_agreement(pair: Pair) -> None:
    update(pair, PARAMETERS)
    page = Services(pair.lab, new_state(pair.lab, "?page=account_parameters"), PARAMETERS, account_parameters.SHOWN)
    drawer = page.drawer
    assert not page.new.visible
    drawer.open_record(page.records["CZ7706000006090150012947"])
    assert (drawer.change.visible, drawer.revoke.view.visible, drawer.end.visible) == (True, False, False)
    drawer._change()
    form = drawer.forms["correction"]
    form.widgets["frequency"].value = "weekly"
    form.save()
    assert "is needed" in form.widgets["agreement"].helper_text
    form.widgets["agreement"].value = "yes"
    form.save()
    ((row),) = service_requests.rows(pair.lab, PARAMETERS)
    assert (row["status"], row["frequency"], row["delivery"]) == ("CO", "weekly", None)
    page.asked.refresh()
    assert page.asked.table is not None
    assert page.asked.table["frequency"].to_pylist() == ["weekly"]


@pytest.mark.parametrize(("kind", "permissions"), [(DEPOSIT, {186, 187}), (ORDER, {193, 194}), (PARAMETERS, set())])
def test_the_least_rights_are_enough_for_what_a_page_offers(pair: Pair, kind: str, permissions: set[int]) -> None:
    update(pair, PARAMETERS)
    lab = hands(pair.lab, "AA", permissions)
    if kind == PARAMETERS:
        page = Services(lab, new_state(lab, "?page=account_parameters"), kind, account_parameters.SHOWN)
        page.drawer.open_record(page.records["CZ7706000006090150012947"])
        assert (page.form, page.drawer.change.visible) == (None, False)
        return
    page = page_of(lab, kind)
    page.drawer.new()
    assert page.drawer.forms["new"].widgets["own_account"].options


def test_a_second_click_saves_nothing_more(pair: Pair) -> None:
    page = page_of(pair.lab)
    page.drawer.new()
    form = page.drawer.forms["new"]
    for name, value in monthly().items():
        form.widgets[name].value = "CZ7706000006090150012947" if name == "own_account" else value
    form.save()
    form.save()
    assert len(service_requests.rows(pair.lab, ORDER)) == 1


def test_what_somebody_changed_meanwhile_is_not_confirmed_unseen(pair: Pair) -> None:
    number = entered(pair.lab, ORDER)
    page = page_of(pair.lab)
    page.drawer.open_request(page.requests[str(number)])
    correct_service_request(pair.lab, number, {"amount": "999999"})
    unconfirm_service_requests(pair.lab, [number])
    page.drawer._decide(confirm_service_requests)
    with pytest.raises(Refused, match="changed meanwhile"):
        page._confirm_all()
    assert [row["status"] for row in service_requests.rows(pair.lab, ORDER)] == ["CR"]
