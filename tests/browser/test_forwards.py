"""Forward deals in a real browser: the contract, a deal that is agreed to with its summary, values and exposure."""

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
from tests.orders.labs import EURO, FOREIGN, MAIN, created, equip
from tests.services.labs import DEAL, deal, dealing, entered


@pytest.fixture
def dealing_company(tmp_path: Path) -> Iterator[DashboardServer]:
    """A company with a contract, an open deal to buy and one to sell, one that was refused, and one that waits."""
    time = Clock(NOON)
    time.move(hours=21)
    pair = Pair(introduced(equip(open_here(tmp_path / "deals.duckdb", create=True, clock=time))), a_bank(time), time)
    dealing(pair, tmp_path)
    sells = deal(deal_type="sell", own_account=EURO, recipient_account=MAIN, amount="500000", maturity="2027-05-24")
    for items in (deal(), sells, deal(amount="190000")):
        entered(pair.lab, DEAL, items, confirmed=True)
    pair.balance()
    pair.transmit()
    created(pair.lab, FOREIGN, maturity_date="2026-12-15", amount="9500")
    pair.later(hours=21, minutes=30)
    pair.transmit()
    entered(pair.lab, DEAL, deal(amount="21000", maturity="2027-03-23"), confirmed=True)
    yield from served(pair.lab)


@pytest.mark.parametrize("look", [(WIDE, "light"), (NARROW, "dark")])
@pytest.mark.spec("SRV-026", "SRV-040", "SRV-044", "SRV-047", "SRV-052", "SRV-055")
def test_a_deal_is_agreed_to_and_kept(
    dealing_company: DashboardServer, new_page: NewPage, look: tuple[int, Scheme]
) -> None:
    width, scheme = look
    page = opened(new_page(width=width, scheme=scheme), dealing_company, "page=forward_deals")
    rows = page.locator(".tabulator-row")
    expect(rows).to_have_count(5, timeout=READY_MS)  # two at the bank, one that waits, two values
    accessible(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    if width == WIDE:
        expect(page.get_by_text("running").first).to_be_visible()
    expect(page.get_by_text("2\u202f000\u202f000.00").first).to_be_visible()
    page.get_by_role("button", name="New forward deal").click()
    amount = page.get_by_label("Amount bought").locator("visible=true")
    expect(amount).to_be_visible(timeout=READY_MS)
    accessible(page)
    amount.fill("20000")
    page.get_by_role("group", name="Settlement day").locator("visible=true").get_by_role("spinbutton").first.click()
    page.keyboard.type("20270123")
    save = page.get_by_role("button", name="Save").locator("visible=true")
    save.click()
    expect(page.get_by_text("Maturity is a business day of CZK and EUR").locator("visible=true")).to_be_visible()
    page.get_by_role("group", name="Settlement day").locator("visible=true").get_by_role("spinbutton").first.click()
    page.keyboard.type("20270125")
    save.click()
    expect(page.get_by_text("Do you agree to this deal?").locator("visible=true")).to_be_visible(timeout=READY_MS)
    accessible(page)
    page.get_by_role("button", name="No", exact=True).locator("visible=true").click()
    expect(rows).to_have_count(5)
    save.click()
    page.get_by_role("button", name="Yes, ask the bank for it").locator("visible=true").click()
    expect(rows).to_have_count(6, timeout=READY_MS)
