"""Documents of the bank in a real browser: found, ordered, one opened beside the list and downloaded as it came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.formats.bank_files import BankFile, write_file
from bankklient_lab.formats.documents import About, write_list
from bankklient_lab.lab import open_here
from tests.browser.conftest import NARROW, READY_MS, WIDE, NewPage, Scheme, opened, served
from tests.browser.looks import accessible
from tests.clocks import NOON, Clock
from tests.exchange.labs import Pair, a_bank, introduced
from tests.exchange.test_documents import OLD, PDF, came, paper
from tests.orders.labs import equip

MADE = date(2006, 1, 2)
LINES = 60  # on two pages


@pytest.fixture
def told(tmp_path: Path) -> Iterator[DashboardServer]:
    """A company whose bank told of some documents and sent one."""
    time = Clock(NOON)
    pair = Pair(introduced(equip(open_here(tmp_path / "told.duckdb", create=True, clock=time))), a_bank(time), time)
    others = [
        About(OLD._replace(kind="ADV", number=str(n)), MADE, n < 9, f"{n}00.00 EUR", f"Muster GmbH, Invoice {n}")
        for n in range(1, 10)
    ]
    told = write_list([About(OLD, MADE, True, "1250.00 CZK", "from 2005-12-01 to 2005-12-31"), *others])
    damaged = BankFile(OLD._replace(number="2").file_name, PDF)
    came(pair, 1, told, write_file(BankFile(OLD.file_name, paper(LINES))), write_file(damaged))
    yield from served(pair.lab)


@pytest.mark.parametrize("look", [(WIDE, "light"), (NARROW, "dark")])
@pytest.mark.spec("BNK-019", "BNK-027", "BNK-033")
def test_documents_are_looked_at_ordered_and_downloaded(
    told: DashboardServer, new_page: NewPage, look: tuple[int, Scheme]
) -> None:
    width, scheme = look
    page = opened(new_page(width=width, scheme=scheme), told, "page=documents")
    row = page.locator(".tabulator-row")
    expect(row).to_have_count(2, timeout=READY_MS)
    page.get_by_role("button", name="All", exact=True).click()
    expect(row).to_have_count(11)
    page.get_by_role("button", name="Order all of the list").click()
    expect(page.get_by_text("Ordered: 10, left: 1")).to_be_visible(timeout=READY_MS)
    accessible(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    page.get_by_role("button", name="Here", exact=True).click()
    expect(row).to_have_count(2)
    row.filter(has_text="2006").click()
    expect(page.get_by_text("ordered, not balanced").last).to_be_visible()
    picture = page.get_by_alt_text("Account statement 2005999999, page 1 of 2")
    expect(picture).to_be_visible(timeout=READY_MS)
    accessible(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    page.get_by_role("button", name="Next page").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_alt_text("page 2 of 2")).to_be_visible(timeout=READY_MS)
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    page.get_by_role("button", name="Larger").click()
    frame = page.get_by_role("region", name="The document")
    expect(frame).to_have_class("paper large")
    page.wait_for_function("one => one.scrollWidth > one.clientWidth", arg=frame.element_handle())
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == OLD.file_name
    assert Path(download.value.path()).read_bytes() == paper(LINES)
    page.keyboard.press("Escape")
    row.filter(has_not_text="2006").click()
    expect(
        page.get_by_text("The PDF is damaged or locked, and can't be shown; it can be saved as it came.")
    ).to_be_visible(timeout=READY_MS)
