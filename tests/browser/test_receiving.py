"""Receiving a file of orders in a real browser: the file is chosen, taken over, and its good and bad lines are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.lab import open_here
from bankklient_lab.orders.accounting_systems import add_accounting_system
from tests.browser.conftest import NARROW, READY_MS, WIDE, NewPage, Scheme, clock, opened, served
from tests.browser.looks import IMAGES, accessible
from tests.orders.labs import LANDLORD, MAIN, SUPPLIER, equip

HEADER = "own_account;counter_account;amount;maturity_date;variable_symbol;constant_symbol;client_message"


@pytest.fixture
def wages(tmp_path: Path) -> Iterator[DashboardServer]:
    """A company whose accounting system has put a file into its folder: right, past, repeated and wrong lines."""
    lab = equip(open_here(tmp_path / "wages.duckdb", create=True, clock=clock))
    day = clock().date()
    lines = [f"{MAIN};{SUPPLIER};{1000 + n}.50;{day};{2026000 + n};0308;Wages of November" for n in range(8)]
    lines += [
        f"{MAIN};{LANDLORD};42000.00;{day.replace(year=day.year - 1)};77;0308;Rent",
        lines[0],
        f"{MAIN};{SUPPLIER};0;{day};9;0308;",
        f"{MAIN};19-2000145399/9999;5.00;{day};10;0308;",
    ]
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "wages-2026-11.csv").write_text("\n".join([HEADER, *lines]), "utf-8")
    (folder / "broken.csv").write_text(f"{HEADER}\n{MAIN}\n", "utf-8")
    add_accounting_system(lab, 7, "Wages and books", start_status="verified", folder_in=str(folder))
    yield from served(lab)


@pytest.mark.parametrize("look", [(WIDE, "light"), (NARROW, "dark")])
def test_a_file_with_good_and_bad_lines_is_received(
    wages: DashboardServer, new_page: NewPage, look: tuple[int, Scheme], request: pytest.FixtureRequest
) -> None:
    width, scheme = look
    page = opened(new_page(width=width, scheme=scheme), wages, "page=receiving")
    page.get_by_role("combobox", name="File", exact=True).click()
    page.locator("li", has_text="wages-2026-11.csv").click()
    page.get_by_role("button", name="Receive", exact=True).click()
    expect(page.get_by_text("Received as 2")).to_be_visible(timeout=READY_MS)
    expect(page.locator(".tile.bad", has_text="With errors")).to_contain_text("3")
    expect(page.locator(".tile.bad", has_text="Duplicates")).to_contain_text("1")
    expect(page.get_by_text("Moved to today").first).to_be_visible()
    accessible(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    if request.config.getoption("--update-images"):
        page.screenshot(path=IMAGES / f"receiving-{width}.png", full_page=True)
    page.get_by_role("button", name="Receive", exact=True).click()  # the other file, which is broken
    expect(page.get_by_text("Nothing of it was kept")).to_be_visible(timeout=READY_MS)
