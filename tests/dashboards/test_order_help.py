"""The pages of patterns, regular payments and counterparties without a browser."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

import bankklient_lab as bl
from bankklient_lab.dashboards.counterparties import Counterparties
from bankklient_lab.dashboards.order_drawer import OrderDrawer
from bankklient_lab.dashboards.order_form import OrderForm
from bankklient_lab.dashboards.patterns import GROUPS, HEADERS, LAYOUTS, PATTERNS, Patterns
from bankklient_lab.dashboards.regular import Regular
from bankklient_lab.dashboards.regular_offer import RegularOffer
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.dashboards.state import State
from bankklient_lab.errors import BadArgument, NotAllowed
from bankklient_lab.lab import Lab
from bankklient_lab.orders.numbers import bank_day
from tests.orders.labs import DOMESTIC, LANDLORD, MAIN, SUPPLIER, created, domestic_values, equip, hands


@pytest.fixture
def company(lab: Lab) -> Lab:
    return equip(lab)


@pytest.fixture
def state(company: Lab) -> State:
    return new_state(company, "?page=patterns")


def press(form: OrderForm, **values: str) -> None:
    view = form.view
    view.pressed = {"button": "save", "values": view.values | values, "number": view.pressed.get("number", 0) + 1}


def cells(listing: Any, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in columns) for row in listing.table.to_pylist()]


def test_a_pattern_is_made_changed_taken_over_and_deleted(company: Lab, state: State) -> None:
    page = Patterns(company, state)
    page.new()
    page.pattern.name.value = "Rent"
    press(page.pattern.form, own_account=MAIN, counter_account=LANDLORD, amount="0")
    assert "amount" in page.pattern.form.view.problems
    assert page.pattern.view.open
    press(page.pattern.form, own_account=MAIN, counter_account=LANDLORD, amount="42000")
    assert not page.pattern.view.open
    assert cells(page.lists[PATTERNS], "name", "state") == [("Rent", "\u25cf complete")]
    page.pattern.open(DOMESTIC, page.rows[PATTERNS][0])
    press(page.pattern.form, amount="")
    assert cells(page.lists[PATTERNS], "name", "state", "amount_value") == [("Rent", "\u25d4 incomplete", None)]
    page.pattern.open(DOMESTIC, page.rows[PATTERNS][0])
    page.pattern.take.param.trigger("clicks")
    assert company.rows("SELECT status, saved FROM ops.domestic_order") == [("E", False)]
    assert state.page == "orders"
    page.pattern.open(DOMESTIC, page.rows[PATTERNS][0])
    page.pattern.delete._do()
    assert page.rows[PATTERNS] == []


def test_what_came_complete_from_a_pattern_is_saved_as_it_is(company: Lab, state: State) -> None:
    bl.create_pattern(company, DOMESTIC, "Rent", domestic_values(currency="CZK"))
    drawer = OrderDrawer(company, state, lambda: None)
    drawer.open(bl.take_over_patterns(company, DOMESTIC, name="Rent", group=0)[0]["order_id"])
    assert drawer._bar.buttons[0] == {"name": "save_taken", "label": "Save as it is"}
    drawer._pressed("save_taken")
    assert drawer.order["saved"]
    drawer.open(bl.take_over_patterns(company, DOMESTIC, name="Rent", group=0)[0]["order_id"])
    drawer._pressed("save_taken")
    assert not drawer.order["saved"]
    assert drawer.correction.view.visible
    assert "duplicate_reason" in drawer.correction.view.problems


@pytest.mark.spec("ADM-177")
def test_groups_and_headers(company: Lab, state: State) -> None:
    page = Patterns(company, state)
    page.which.value = GROUPS
    for name in ("All", "Wages"):
        page.new()
        page.group.adding.widgets["name"].value = name
        page.group.adding.save()
    assert cells(page.lists[GROUPS], "group_number", "name") == [("0", "All"), ("1", "Wages")]
    bl.create_pattern(company, DOMESTIC, "Clerk", {"own_account": MAIN}, group=1)
    page.group.open(page.rows[GROUPS][1], DOMESTIC)
    page.group.renaming.widgets["name"].value = "Salaries"
    page.group.renaming.save()
    page.group.open(page.rows[GROUPS][1], DOMESTIC)
    assert page.group.delete._really.label == "Delete the group Salaries for good"
    page.group.take.param.trigger("clicks")
    assert company.rows("SELECT count(*) FROM ops.domestic_order") == [(1,)]
    page.which.value = HEADERS
    page.new()
    page.header.name.value = "Suppliers"
    press(page.header.form, own_account=MAIN, constant_symbol="308")
    ((name, values),) = cells(page.lists[HEADERS], "name", "values")
    assert name == "Suppliers"
    assert "609-150012947" in values
    assert "308" in values


def test_a_layout_is_arranged_used_and_dropped(company: Lab, state: State) -> None:
    page = Patterns(company, state)
    page.which.value = LAYOUTS
    assert cells(page.lists[LAYOUTS], "shown_name", "current") == [("Standard", "\u25cf used now")]
    page.new()
    page.layout.name.value = "Mine"
    amount, first = page.layout.rows["amount"], page.layout.rows["own_account"]
    first[0].value = amount[0].value
    with pytest.raises(BadArgument, match="1 is missing"):
        page.layout.save()
    amount[0].value, amount[1].value = "1", "How much"
    page.layout.save()
    assert [one["label"] for one in bl.current_layout(company, DOMESTIC)["fields"]][:1] == ["How much"]
    assert cells(page.lists[LAYOUTS], "shown_name", "current") == [("Standard", ""), ("Mine", "\u25cf used now")]
    page.layout.open(DOMESTIC, page.rows[LAYOUTS][0])
    page.layout.use()
    assert bl.current_layout(company, DOMESTIC)["name"] == "standard"
    page.layout.open(DOMESTIC, page.rows[LAYOUTS][1])
    assert page.layout.rows["amount"][0].value == "1"
    page.layout.delete._do()
    assert cells(page.lists[LAYOUTS], "shown_name") == [("Standard",)]


def test_a_regular_payment_is_entered_simulated_imported_and_ended(company: Lab) -> None:
    page = Regular(company, new_state(company, "?page=regular"))
    today = bank_day(company)
    page.drawer.new()
    schedule = page.drawer.schedule.widgets
    schedule["name"].value, schedule["periodicity"].value, schedule["day"].value = "Rent", "week", "7"
    schedule["valid_from"].value = today
    press(page.drawer.form, own_account=MAIN, counter_account=LANDLORD, amount="500")
    assert "takes 1 to 5" in schedule["day"].helper_text
    assert not schedule["month"].visible
    schedule["day"].value = str(min(today.isoweekday(), 5))
    press(page.drawer.form, own_account=MAIN, counter_account=LANDLORD, amount="500")
    assert [row["name"] for row in page.rows] == ["Rent"]
    shown = page.due.table
    assert shown is not None
    assert shown.num_rows >= 4
    page.until.value = today + timedelta(days=76)
    assert page._import.disabled
    page.until.value = today + timedelta(days=21)
    expected = page.due.table
    assert expected is not None
    page.import_due()
    assert company.rows("SELECT count(*) FROM ops.domestic_order") == [(expected.num_rows,)]
    assert page._summary.visible
    assert page.due.table is not None
    assert page.due.table.num_rows == 0
    page.drawer.open(page.rows[0])
    assert page.drawer.schedule.widgets["day"].disabled
    press(page.drawer.form, amount="600")
    assert str(page.rows[0]["amount"]) == "600.000"
    page.drawer.open(page.rows[0])
    page.drawer.end._do()
    assert page.rows[0]["state"] == "finished"


def test_a_far_simulation_draws_only_days_on_which_something_is_due(company: Lab) -> None:
    bl.create_regular_payment(
        company, "Rent", domestic_values(), periodicity="month", day=1, valid_from=bank_day(company)
    )
    page = Regular(company, new_state(company, "?page=regular"))
    page.until.value = date(bank_day(company).year + 5, 1, 1)
    assert page.due.table is not None
    assert len(page._chart.hits.data["x"]) == page.due.table.num_rows


def test_the_offer_of_the_day(company: Lab) -> None:
    bl.create_regular_payment(
        company, "Rent", domestic_values(), periodicity="month", day=1, valid_from=date(2026, 1, 1)
    )
    state = new_state(company, "?page=overview")
    offer = RegularOffer(company, state)
    offer.ask()
    assert not offer.view.open
    bl.configure(company, {"regular_payments_at_start": "yes"})
    offer.ask()
    assert offer.view.open
    offer.accept()
    assert company.rows("SELECT count(*) > 0 FROM ops.domestic_order") == [(True,)]
    assert state.page == "regular"
    offer.ask()
    assert not offer.view.open


def test_counterparties_are_typed_learnt_and_deleted(company: Lab) -> None:
    created(company, abbreviation="Supplier")
    page = Counterparties(company, new_state(company, "?page=counterparties"))
    page.learn()
    assert cells(page.list, "name", "account", "source") == [("Supplier", SUPPLIER, "orders")]
    page.new()
    page.form.widgets["name"].value, page.form.widgets["account"].value = "Landlord", "3703-921812/0710"
    page.form.save()
    assert page.form._problem.visible
    page.form.widgets["account"].value = LANDLORD
    page.form.widgets["message"].value = "Rent\nof the office"
    page.form.save()
    assert cells(page.list, "name", "message") == [("Landlord", "Rent of the office"), ("Supplier", "")]
    page.open(page.rows[SUPPLIER])
    page.delete._do()
    assert list(page.rows) == [LANDLORD]


def test_who_only_imports_looks_at_regular_payments(company: Lab) -> None:
    bl.create_regular_payment(
        company, "Rent", domestic_values(), periodicity="month", day=1, valid_from=bank_day(company)
    )
    importer = hands(company, "IM", [21])
    page = Regular(importer, new_state(importer, "?page=regular"))
    page.drawer.open(page.rows[0])
    assert not page.drawer.form.view.visible
    assert page.drawer.schedule.widgets["name"].disabled
    editor = hands(company, "ED", [96])
    page = Regular(editor, new_state(editor, "?page=regular"))
    page.drawer.open(page.rows[0])
    press(page.drawer.form, amount="7")
    assert str(page.rows[0]["amount"]) == "7.000"
    assert not page._import.visible
    with pytest.raises(NotAllowed):
        page.import_due()
