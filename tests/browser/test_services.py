"""Standing orders and permitted collections in a real browser: entered, confirmed, and a record of the bank revoked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.lab import open_here
from tests.browser.conftest import NARROW, READY_MS, WIDE, NewPage, Scheme, opened, served
from tests.browser.looks import accessible
from tests.clocks import NOON, Clock
from tests.exchange.labs import Pair, a_bank, introduced
from tests.orders.labs import LANDLORD, STATE, SUPPLIER, equip
from tests.services.labs import DEPOSIT, ORDER, PERMISSION, deposit, entered, monthly, permission


@pytest.fixture
def told(tmp_path: Path) -> Iterator[DashboardServer]:
    """A company with standing orders and a permission at its bank, and a request that waits."""
    time = Clock(NOON)
    time.move(hours=21)
    pair = Pair(introduced(equip(open_here(tmp_path / "told.duckdb", create=True, clock=time))), a_bank(time), time)
    for account, amount, name in ((LANDLORD, "46500", "Office rent"), (SUPPLIER, "8240.50", "Insurance")):
        items = monthly(counter_account=account, amount=amount, order_name=name, variable_symbol="2026014")
        entered(pair.lab, ORDER, items, confirmed=True)
    entered(pair.lab, PERMISSION, permission(description="Water works"), confirmed=True)
    entered(pair.lab, ORDER, monthly(own_account="150000030/0600", amount="2000000"), confirmed=True)
    entered(pair.lab, DEPOSIT, deposit(variant="one-time CZK", length="3 months"), confirmed=True)
    pair.bank.close_account("CZ4906000000000150000030")
    pair.balance()
    pair.transmit()
    entered(pair.lab, ORDER, monthly(counter_account=STATE, amount="12000", order_name="Leasing"))
    yield from served(pair.lab)


@pytest.mark.parametrize("look", [(WIDE, "light"), (NARROW, "dark")])
@pytest.mark.spec("SRV-003", "SRV-006", "SRV-088", "SRV-103", "SRV-108")
def test_a_standing_order_is_entered_and_confirmed(
    told: DashboardServer, new_page: NewPage, look: tuple[int, Scheme]
) -> None:
    width, scheme = look
    page = opened(new_page(width=width, scheme=scheme), told, "page=standing_orders")
    rows = page.locator(".tabulator-row")
    expect(rows).to_have_count(3, timeout=READY_MS)
    accessible(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    page.get_by_role("button", name="New standing order").click()
    recipient = page.get_by_label("Recipient's account").locator("visible=true")
    expect(recipient).to_be_visible(timeout=READY_MS)
    accessible(page)
    page.get_by_role("button", name="Save").locator("visible=true").click()
    expect(page.get_by_text("Fill this in.").locator("visible=true").first).to_be_visible(timeout=READY_MS)
    recipient.fill(LANDLORD)
    page.get_by_label("Amount", exact=True).locator("visible=true").fill("1234.50")
    page.get_by_role("group", name="Valid from").locator("visible=true").get_by_role("spinbutton").first.click()
    page.keyboard.type("20261130")
    page.get_by_role("button", name="Save").locator("visible=true").click()
    expect(page.get_by_text("goes out with the next balancing")).to_be_visible(timeout=READY_MS)
    expect(rows).to_have_count(4)
    page.get_by_role("button", name="Confirm all shown").click()
    expect(page.get_by_text("Confirmed: 1")).to_be_visible(timeout=READY_MS)


@pytest.mark.spec("SRV-073", "SRV-088", "SRV-090")
def test_a_permission_of_the_bank_is_revoked(told: DashboardServer, new_page: NewPage) -> None:
    page = opened(new_page(), told, "page=permitted_collections")
    row = page.locator(".tabulator-row")
    expect(row).to_have_count(1, timeout=READY_MS)
    row.click()
    page.get_by_role("button", name="Revoke").locator("visible=true").click()
    page.get_by_role("button", name="Really revoke it?").click()
    expect(page.get_by_text("goes out with the next balancing")).to_be_visible(timeout=READY_MS)
    expect(row).to_have_count(2)
    expect(page.get_by_text("revocation").first).to_be_visible()


@pytest.mark.parametrize("look", [(WIDE, "dark"), (NARROW, "light")])
@pytest.mark.spec("SRV-145", "SRV-155", "SRV-157")
def test_a_deposit_is_terminated(told: DashboardServer, new_page: NewPage, look: tuple[int, Scheme]) -> None:
    width, scheme = look
    page = opened(new_page(width=width, scheme=scheme), told, "page=time_deposits")
    record = page.locator(".tabulator-row", has_text="TD1")
    expect(record).to_have_count(1, timeout=READY_MS)
    accessible(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    record.click()
    page.get_by_role("button", name="Terminate").locator("visible=true").click()
    expect(page.get_by_text("costs a penalty")).to_be_visible(timeout=READY_MS)
    accessible(page)
    page.get_by_role("button", name="Save").locator("visible=true").click()
    expect(page.get_by_text("goes out with the next balancing")).to_be_visible(timeout=READY_MS)
