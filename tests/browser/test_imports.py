"""Bringing files in as an analyst would, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from bankklient_lab.dashboards.app import DashboardServer
from tests.browser.conftest import READY_MS, NewPage, opened
from tests.statements import ACCOUNT, mt940

CSV = Path(__file__).parents[1] / "samples" / "csv" / "ceska_sporitelna.csv"


def test_files_are_seen_told_what_they_lack_taken_over_and_withdrawn(
    empty: DashboardServer, new_page: NewPage, tmp_path: Path
) -> None:
    wrong = mt940(tmp_path, "wrong.sta", closing="9999,00")
    other = tmp_path / "holiday.pdf"
    other.write_bytes(b"%PDF-1.4")
    page = opened(new_page(), empty, "page=imports")
    page.locator("input[type=file]").set_input_files([wrong, other, CSV])
    expect(
        page.get_by_text("3 files \u00b7 1 ready \u00b7 1 to be answered \u00b7 1 can't be taken over")
    ).to_be_visible(timeout=READY_MS)
    expect(page.get_by_text("Ready, with 1 error")).to_be_visible()
    expect(page.get_by_text("Needs an answer")).to_be_visible()
    expect(page.get_by_text("The content is of no known format.")).to_be_visible()
    page.get_by_role("button", name="Put holiday.pdf away").click()
    expect(page.get_by_text("2 files \u00b7 1 ready")).to_be_visible()
    page.get_by_label("Account number or IBAN").fill("CZ4906000000000150000030")
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_text("2 files \u00b7 2 ready")).to_be_visible(timeout=READY_MS)
    page.get_by_role("button", name="Take over 2 files with 2 statements").click()
    expect(page.get_by_text("Taken over: 2 files with 2 statements.")).to_be_visible(timeout=READY_MS)
    page.get_by_role("button", name="Withdraw this import").first.click()
    page.get_by_label("Reason for the withdrawal").fill("does not add up")
    page.get_by_role("button", name=re.compile("Withdraw 1 statement")).click()
    expect(page.get_by_text("its statements no longer count")).to_be_visible()
    expect(page.get_by_role("gridcell", name="withdrawn")).to_be_visible()
    assert ACCOUNT not in page.locator("body").inner_text()
