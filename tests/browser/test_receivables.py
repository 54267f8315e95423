"""Receivables in a real browser: a workbook is dropped and taken over, one is entered, and the page fits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.lab import open_here
from tests.balancing.labs import OWN_POINT
from tests.browser.conftest import NARROW, READY_MS, WIDE, NewPage, Scheme, opened, served
from tests.browser.looks import accessible
from tests.clocks import NOON, Clock
from tests.exchange.labs import Pair, a_bank, introduced
from tests.orders.labs import equip
from tests.services.receivables import invoice
from tests.services.test_receivables import MAIN_IBAN, statuses, ten_rows, workbook


@pytest.fixture
def financed(tmp_path: Path) -> Iterator[DashboardServer]:
    """A company with an agreement on financing."""
    time = Clock(NOON)
    time.move(hours=21)
    pair = Pair(introduced(equip(open_here(tmp_path / "bills.duckdb", create=True, clock=time))), a_bank(time), time)
    pair.bank.agree_financing(OWN_POINT, MAIN_IBAN)
    pair.transmit()
    yield from served(pair.lab)


@pytest.mark.parametrize("look", [(WIDE, "light"), (NARROW, "dark")])
@pytest.mark.spec("SRV-229", "SRV-230", "SRV-256", "SRV-258")
def test_a_workbook_is_taken_over_and_one_is_entered(
    financed: DashboardServer, new_page: NewPage, look: tuple[int, Scheme], tmp_path: Path
) -> None:
    width, scheme = look
    page = opened(new_page(width=width, scheme=scheme), financed, "page=receivables")
    page.locator("input[type=file]").first.set_input_files(workbook(tmp_path / "bills.xlsx", ten_rows()))
    expect(page.get_by_text("1 unreadable, left out")).to_be_visible(timeout=READY_MS)
    accessible(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    page.get_by_role("button", name="Take over 9 with the wrong ones").click()
    expect(page.get_by_text("Taken over: 9 of 10 rows.")).to_be_visible()
    expect(page.get_by_text("○ wrong").first).to_be_visible()
    page.get_by_role("button", name="New receivable").first.click()
    for name, text in invoice(variable_symbol="77").items():
        label = {"variable_symbol": "Variable symbol", "debtor_identification": "Identification",
                 "debtor_name": "Debtor", "debtor_address": "Debtor's address", "amount": "Amount",
                 "legal_reason": "Legal reason"}.get(name)  # fmt: skip
        if label:
            page.get_by_label(label, exact=True).locator("visible=true").last.fill(text)
    for label, day in (("Issued on", "20261120"), ("Due on", "20261220")):
        day_field = page.get_by_role("group", name=label).locator("visible=true").get_by_role("spinbutton").first
        day_field.click()
        page.keyboard.type(day)
    accessible(page)
    page.get_by_role("button", name="Save", exact=True).locator("visible=true").click()
    expect(page.get_by_text("goes out with the next balancing")).to_be_visible()
    assert sorted(statuses(financed.lab)) == ["CO"] * 8 + ["E"] * 2
