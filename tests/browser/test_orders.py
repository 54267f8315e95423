"""Orders in a real browser: created, corrected, verified, confirmed by a second person, in groups, and by keyboard."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.orders.creating import create_order
from bankklient_lab.orders.verification import verify_by_typing
from tests.browser.conftest import READY_MS, NewPage, Scheme, served
from tests.browser.looks import LOOKS, accessible, look_over, serious, turn_to
from tests.browser.order_people import ANN, BEN, company, filled, hands
from tests.browser.test_login import log_in
from tests.browser.test_tables import FOCUSED, focused_row
from tests.dashboards.visitor import ALICE
from tests.orders.labs import DOMESTIC, domestic_values

KEY_MS = 90  # between two keys of somebody who types well
SECONDS_MAX = 20.0  # a payment of an experienced user


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[DashboardServer]:
    yield from served(company(tmp_path / "firm.duckdb"))


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardServer]:
    """A company with orders; tests only look at it."""
    for server in served(company(tmp_path_factory.mktemp("busy") / "busy.duckdb")):
        yield filled(server)


def focused_name(page: Page) -> str:
    return str(page.evaluate(f"{FOCUSED}?.name || {FOCUSED}?.textContent || ''"))


def in_field(page: Page, name: str) -> None:
    page.wait_for_function(f"{FOCUSED}?.name === '{name}'")


def typed(page: Page, text: str) -> None:
    page.keyboard.type(text, delay=KEY_MS)


def enter_payment(page: Page, *, to: str = "19-2000145399/0800", symbol: str = "2026001", amount: str) -> None:
    """Fill in a payment as people do who know the form; the cursor is in its first field."""
    in_field(page, "own_account")
    typed(page, "Main")
    page.keyboard.press("Enter")
    in_field(page, "counter_account")
    typed(page, to)
    page.keyboard.press("Enter")
    in_field(page, "credit_variable_symbol")
    typed(page, symbol)
    for _ in range(4):
        page.keyboard.press("Enter")
    in_field(page, "amount")
    typed(page, amount)
    page.keyboard.press("Control+Enter")


def statuses(server: DashboardServer) -> list[str]:
    return [status for (status,) in server.lab.rows("SELECT status FROM ops.domestic_order ORDER BY order_id")]


@pytest.mark.spec("ORD-112", "ORD-026")
def test_payments_are_created_one_after_another_without_a_mouse(firm: DashboardServer, new_page: NewPage) -> None:
    page = log_in(new_page(), firm.port, ANN, "page=create")
    in_field(page, "own_account")
    for amount in ("1500,50", "2 000"):
        begun = time.monotonic()
        enter_payment(page, amount=amount)
        expect(page.get_by_text(re.compile(r"is saved: created")).first).to_be_visible()
        in_field(page, "own_account")  # of the next one
        assert time.monotonic() - begun < SECONDS_MAX
    expect(page.get_by_text("2 orders")).to_be_visible()
    expect(page.get_by_text("3 500.50 CZK")).to_be_visible()
    assert statuses(firm) == ["", ""]


@pytest.mark.spec("ORD-089", "ORD-354", "ORD-113")
def test_what_is_wrong_is_said_at_its_field_and_kept_from_being_saved(firm: DashboardServer, new_page: NewPage) -> None:
    page = log_in(new_page(), firm.port, ANN, "page=create")
    enter_payment(page, to="5/0800", amount="0")
    counter = page.get_by_label("Credit account", exact=False).first
    expect(counter).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert").filter(has_text="Not saved")).to_contain_text("31 ")
    expect(page.get_by_role("alert").filter(has_text="Not saved")).to_contain_text("73 ")
    in_field(page, "counter_account")
    assert serious(page) == []
    page.keyboard.press("Control+a")
    typed(page, "19-2000145399/0800")
    expect(page.get_by_text("Česká spořitelna").first).to_be_visible()
    expect(counter).to_have_attribute("aria-invalid", "false")
    assert statuses(firm) == []


@pytest.mark.spec("BAS-277", "BAS-280")
def test_a_duplicate_is_shown_while_one_types_and_allowed_with_a_reason(
    firm: DashboardServer, new_page: NewPage
) -> None:
    create_order(hands(firm.lab, ANN), DOMESTIC, domestic_values())
    page = log_in(new_page(), firm.port, ANN, "page=create")
    enter_payment(page, amount="1500")
    expect(page.get_by_text("1 order pays the same")).to_be_visible()
    in_field(page, "duplicate_reason")
    assert serious(page) == []
    assert len(statuses(firm)) == 1
    typed(page, "second instalment")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(re.compile("is saved: created")).first).to_be_visible()
    reasons = firm.lab.rows("SELECT duplicate_reason FROM ops.domestic_order ORDER BY order_id")
    assert reasons == [(None,), ("second instalment",)]


def test_a_draft_outlasts_a_reload(firm: DashboardServer, new_page: NewPage) -> None:
    page = log_in(new_page(), firm.port, ANN, "page=create")
    in_field(page, "own_account")
    page.keyboard.press("Enter")
    in_field(page, "counter_account")
    typed(page, "19-2000145399/0800")
    page.wait_for_function("Object.values(sessionStorage).some((kept) => kept.includes('19-2000145399/0800'))")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_label("Credit account", exact=False).first).to_have_value("19-2000145399/0800", timeout=READY_MS)


def test_a_draft_of_now_is_not_taken_for_one_from_before(firm: DashboardServer, new_page: NewPage) -> None:
    page = new_page()
    page.clock.install()
    log_in(page, firm.port, ANN, "page=create")
    in_field(page, "own_account")
    page.keyboard.press("Enter")
    typed(page, "19-2000145399/0800")
    page.wait_for_function("Object.values(sessionStorage).some((kept) => kept.includes('19-2000145399/0800'))")
    page.keyboard.press("Enter")
    in_field(page, "credit_variable_symbol")
    typed(page, "1")
    page.clock.fast_forward(30_000)  # past all that waits for a page that is slow to load
    typed(page, "234567")
    page.wait_for_function("Object.values(sessionStorage).some((kept) => kept.includes('1234567'))")
    expect(page.get_by_label("Credit variable symbol")).to_have_value("1234567")


def open_first_row(page: Page) -> None:
    """Go into the rows of the list and open the first one, by keyboard."""
    expect(page.locator(".tabulator-row").first).to_be_visible()
    page.get_by_label("Filter Errors").press("Tab")
    focused_row(page)
    page.keyboard.press("Enter")


@pytest.mark.spec("ORD-195", "ORD-282", "ORD-285")
def test_one_person_verifies_by_typing_and_another_confirms_by_keyboard(
    firm: DashboardServer, new_page: NewPage
) -> None:
    create_order(hands(firm.lab, ANN), DOMESTIC, domestic_values())
    ann = log_in(new_page(), firm.port, ANN, "page=todo")
    open_first_row(ann)
    ann.wait_for_function(f"Boolean({FOCUSED}?.name)")
    accessible(ann)
    for name, answer in (("counter_account", "19-2000145399/0800"), ("amount", "1500")):
        in_field(ann, name)
        typed(ann, answer)
        ann.keyboard.press("Enter")
    ann.keyboard.press("Control+Enter")
    expect(ann.get_by_text("Nothing waits for you")).to_be_visible()
    assert statuses(firm) == ["V"]
    ben = log_in(new_page(), firm.port, BEN, "page=todo")
    open_first_row(ben)
    ben.wait_for_function(f"{FOCUSED}?.textContent?.startsWith('Confirm')")
    ben.keyboard.press("Enter")
    expect(ben.get_by_text("Nothing waits for you")).to_be_visible()
    assert statuses(firm) == ["F"]


def test_a_group_is_confirmed_as_far_as_one_may(firm: DashboardServer, new_page: NewPage) -> None:
    ann = hands(firm.lab, ANN)
    made = [create_order(ann, DOMESTIC, domestic_values(amount=f"{amount}")) for amount in (100, 200, 300)]
    for amount, one in zip((100, 200), made, strict=False):
        verify_by_typing(ann, one["order_id"], domestic_values(amount=f"{amount}", specific_symbol="0",
                         constant_symbol="0", maturity_date="2026-11-22", currency="CZK"))  # fmt: skip
    page = log_in(new_page(), firm.port, BEN, "page=orders")
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("3 orders (300.00 CZK)")
    expect(page.locator(".MuiDialog-container")).to_have_css("opacity", "1")  # it fades in
    assert serious(page) == []
    page.get_by_role("button", name="Confirm: 3 orders").click()
    expect(page.get_by_text("Confirm: 2 orders. 1 order stays as it is")).to_be_visible()
    expect(page.get_by_text("it is created")).to_be_visible()
    assert statuses(firm) == ["F", "F", ""]


@pytest.mark.spec("ORD-069")
def test_an_order_is_found_corrected_and_deleted(firm: DashboardServer, new_page: NewPage) -> None:
    ann = hands(firm.lab, ANN)
    for amount in (100, 200, 300):
        create_order(ann, DOMESTIC, domestic_values(amount=f"{amount}"))
    page = log_in(new_page(), firm.port, ANN, "page=orders")
    expect(page.locator(".totals").first).to_contain_text("3 orders")
    page.get_by_label("Filter Amount").fill("150..250")
    page.get_by_label("Filter Amount").press("Enter")
    expect(page.locator(".totals").first).to_contain_text("1 order")
    page.locator(".tabulator-row").first.get_by_text("200.00").click()
    page.get_by_role("button", name="Correct", exact=True).click()
    in_field(page, "own_account")
    page.locator("input[name=amount]:visible").fill("210")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("The order is saved: created.")).to_be_visible()
    expect(page.get_by_text("210.00 CZK").filter(visible=True).first).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).last.click()
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.get_by_text("Delete: 1 order.")).to_be_visible()
    assert len(statuses(firm)) == 2


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pages_with_orders_are_accessible_and_fit(
    busy: DashboardServer, new_page: NewPage, width: int, scheme: Scheme, request: pytest.FixtureRequest
) -> None:
    page = log_in(new_page(width=width, scheme=scheme), busy.port, ALICE, "page=create")
    for name in ("create", "orders", "todo"):
        turn_to(page, name)
        expect(page.locator("input[name=own_account]:visible, .tabulator-row:visible").first).to_be_visible()
        look_over(page, image=name if request.config.getoption("--update-images") else "")
