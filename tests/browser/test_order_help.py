"""Patterns, regular payments and counterparties in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import expect

import bankklient_lab as bl
from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.lab import open_here
from tests.browser.conftest import READY_MS, NewPage, Scheme, clock, opened, served
from tests.browser.looks import LOOKS, accessible, look_over, turn_to
from tests.orders.labs import DOMESTIC, LANDLORD, MAIN, STATE, SUPPLIER, domestic_values, equip

PAGES = ("patterns", "regular", "counterparties")


@pytest.fixture(scope="module")
def helped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardServer]:
    """A company with patterns, regular payments and counterparties; tests only look at it."""
    lab = equip(open_here(tmp_path_factory.mktemp("helped") / "helped.duckdb", create=True, clock=clock))
    for number, name in enumerate(("Without a group", "Wages", "Rents")):
        bl.create_pattern_group(lab, number, name)
    for name, account in (("Clerk", SUPPLIER), ("Driver", STATE), ("Accountant", LANDLORD)):
        wage = {"own_account": MAIN, "counter_account": account, "currency": "CZK", "constant_symbol": "138"}
        bl.create_pattern(lab, DOMESTIC, name, wage, group=1)
    rent = domestic_values(counter_account=LANDLORD, amount="42000", currency="CZK", variable_symbol="77")
    bl.create_pattern(lab, DOMESTIC, "Office rent", rent, group=2)
    bl.save_header(lab, DOMESTIC, "Suppliers", {"own_account": MAIN, "constant_symbol": "308"})
    bl.create_regular_payment(lab, "Office rent", rent, periodicity="month", day=15, valid_from=date(2026, 9, 1))
    van = domestic_values(amount="8999.90", variable_symbol="884411")
    bl.create_regular_payment(
        lab, "Leasing of a van", van, periodicity="month", day=30, valid_from=date(2026, 11, 1), instalments=36
    )
    tax = domestic_values(counter_account=STATE, amount="31000", variable_symbol="990")
    bl.create_regular_payment(
        lab, "Insurance", tax, periodicity="quarter", month=1, day=10, valid_from=date(2027, 1, 1)
    )
    bl.save_counterparty(
        lab, "Landlord, s. r. o.", LANDLORD, {"variable_symbol": "77", "message": "Rent of the office"}
    )
    bl.save_counterparty(lab, "Muster GmbH", "DE89370400440532013000", {"bic": "COBADEFFXXX", "currency": "EUR"})
    bl.save_counterparty(lab, "Supplier", SUPPLIER)
    yield from served(lab)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pages_are_accessible_and_fit(
    helped: DashboardServer, new_page: NewPage, width: int, scheme: Scheme, request: pytest.FixtureRequest
) -> None:
    page = opened(new_page(width=width, scheme=scheme), helped)
    for name in PAGES:
        turn_to(page, name)
        expect(page.locator(".tabulator-row:visible").first).to_be_visible(timeout=READY_MS)
        look_over(page, image=name if request.config.getoption("--update-images") else "")
        page.locator(".tabulator-row:visible").first.click()
        expect(page.get_by_role("button", name="Delete", exact=True).last).to_be_visible()
        accessible(page)
        page.keyboard.press("Escape")


@pytest.fixture
def company(tmp_path: Path) -> Iterator[DashboardServer]:
    yield from served(equip(open_here(tmp_path / "company.duckdb", create=True, clock=clock)))


def test_a_regular_payment_is_entered_and_imported(company: DashboardServer, new_page: NewPage) -> None:
    page = opened(new_page(), company, "page=regular")
    page.get_by_role("button", name="New regular payment").click()
    page.get_by_label("Name", exact=True).fill("Rent")
    page.get_by_label("Day (DD)").fill("22")
    page.locator("input[name=own_account]:visible").fill(MAIN)
    page.locator("input[name=counter_account]:visible").fill(LANDLORD)
    page.locator("input[name=amount]:visible").fill("0")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Amount is zero").first).to_be_visible()
    page.locator("input[name=amount]:visible").fill("500")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Rent is saved.")).to_be_visible()
    expect(page.get_by_text("2 orders", exact=True)).to_be_visible()
    page.get_by_role("button", name="Import up to 2026-12-22").click()
    expect(page.get_by_text("2 orders were made.")).to_be_visible()
    assert company.lab.rows("SELECT status, maturity_date_value FROM ops.domestic_order ORDER BY order_id") == [
        ("V", date(2026, 11, 22)), ("V", date(2026, 12, 22)),
    ]  # fmt: skip


def test_a_pattern_becomes_an_order_with_two_presses(company: DashboardServer, new_page: NewPage) -> None:
    bl.create_pattern(company.lab, DOMESTIC, "Rent", domestic_values(counter_account=LANDLORD, currency="CZK"))
    page = opened(new_page(), company, "page=patterns")
    page.locator(".tabulator-row").first.click()
    page.get_by_role("button", name="Make an order").click()
    expect(page.get_by_label("Filter Errors")).to_be_visible()  # the page of orders is laid out
    page.locator(".tabulator-row:visible").first.click()
    page.get_by_role("button", name="Save as it is").click()
    expect(page.get_by_text("The order is saved")).to_be_visible()
    assert company.lab.rows("SELECT status, saved FROM ops.domestic_order") == [("F", True)]
