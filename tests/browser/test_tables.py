"""Tables by keyboard alone, in a real browser."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bankklient_lab.dashboards.app import DashboardServer, start
from tests.browser.conftest import READY_MS, NewPage, Scheme, opened
from tests.exchange.test_foreign_details import Lived, lived
from tests.orders.conftest import orders_file

__all__ = ["lived", "orders_file"]

# The element that has the focus, through every shadow root.
FOCUSED = """(() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) { element = element.shadowRoot.activeElement; }
  return element;
})()"""


def focused(page: Page, what: str) -> str:
    return str(page.evaluate(f"(({what}))({FOCUSED})"))


def focused_row(page: Page) -> str:
    """Return the text of the focused row, one line a cell."""
    page.wait_for_function(f"{FOCUSED}?.classList.contains('tabulator-row')")
    return focused(page, "row => row.innerText")


def into_the_rows(page: Page) -> None:
    expect(page.locator(".tabulator-row").first).to_be_visible()
    expect(page.get_by_role("grid", name="Entries")).to_be_visible()
    page.get_by_label("Filter Message").press("Tab")
    focused_row(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_row_is_found_marked_and_opened_by_keyboard(demo: DashboardServer, new_page: NewPage, scheme: Scheme) -> None:
    page = opened(new_page(scheme=scheme), demo, "page=explorer")
    into_the_rows(page)
    first = focused_row(page)
    page.keyboard.press("ArrowDown")
    second = focused_row(page)
    assert second != first
    outline = focused(page, "row => getComputedStyle(row).outlineStyle + getComputedStyle(row).outlineWidth")
    assert outline == "solid2px"
    page.keyboard.press("Space")
    expect(page.locator(".totals").filter(has_text="1 row marked")).to_be_visible()
    assert focused(page, "row => row.getAttribute('aria-selected')") == "true"
    page.keyboard.press("Enter")
    expect(page.get_by_text("As the bank wrote it")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("As the bank wrote it")).to_be_hidden()
    assert focused_row(page) == second
    page.keyboard.press("Home")
    assert focused_row(page) == first
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert focused(page, "element => element.getAttribute('aria-label')") == "Filter Message"


def test_the_last_row_leads_to_the_next_page(demo: DashboardServer, new_page: NewPage) -> None:
    page = opened(new_page(), demo, "page=explorer")
    into_the_rows(page)
    where = page.locator(".where").filter(has_text=re.compile(r"1–50 of"))
    expect(where).to_be_visible()
    page.keyboard.press("PageDown")
    page.keyboard.press("End")
    last = focused_row(page)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".where").filter(has_text="51–100 of")).to_be_visible()
    page.wait_for_function(f"{FOCUSED}?.classList.contains('tabulator-row')")
    page.keyboard.press("ArrowUp")
    expect(where).to_be_visible()
    page.wait_for_function(f"(text => {FOCUSED}?.innerText === text)({last!r})")


def test_filter_columns_and_export_without_a_mouse(demo: DashboardServer, new_page: NewPage) -> None:
    page = opened(new_page(), demo, "page=explorer")
    expect(page.get_by_role("grid", name="Entries")).to_be_visible()
    page.get_by_label("Filter Amount").focus()
    page.keyboard.type("< -1000")
    page.keyboard.press("Enter")
    page.get_by_label("Filter Category").focus()
    page.keyboard.type("supp")
    expect(page.get_by_role("columnheader", name="Amount ≤")).to_be_visible()  # an answer leaves what is being typed
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Category: supp")).to_be_visible()
    expect(page).to_have_url(re.compile(r"in\.category=supp"))
    heading = page.get_by_role("columnheader", name="Day")
    heading.focus()
    page.keyboard.press("ArrowRight")
    heading = page.locator(".tabulator-col[tabulator-field=label]")
    heading.evaluate("""one => {
      window.moves = [];
      Tabulator.findTable(one.closest(".tabulator"))[0].on("columnMoved", (column) => moves.push(column.getField()));
    }""")
    for step in ("Left", "Right", "Left"):  # the answers to the first two come after the third
        page.keyboard.press(f"Shift+Arrow{step}")
    page.keyboard.press("Enter")  # at once: the heading keeps the focus and its order while the server hears of it
    expect(page).to_have_url(re.compile(r"columns=label\+day\+"))
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(page.locator(".tabulator-col[tabulator-field=label] ~ .tabulator-col[tabulator-field=day]")).to_be_visible()
    assert page.evaluate("moves") == ["label"] * 3
    page.get_by_role("button", name="CSV").focus()
    with page.expect_download(timeout=READY_MS) as taken:
        page.keyboard.press("Enter")
    head, *rows = list(csv.reader(Path(taken.value.path()).read_text("utf-8-sig").splitlines()))
    assert head[:3] == ["label", "day", "counterparty_name"]
    assert len(rows) == int(re.sub(r"\D", "", page.locator(".totals b").first.inner_text()))
    assert {row[head.index("category")] for row in rows} == {"Suppliers"}
    assert max(float(row[head.index("amount")]) for row in rows) < -1000
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    page.get_by_role("button", name="Category: supp").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Category: supp")).to_be_hidden()
    expect(page.get_by_label("Filter Category")).to_have_value("")
    page.get_by_role("combobox", name="Columns").press("Enter")
    expect(page.locator("li", has_text="Bank reference")).to_be_visible()
    page.keyboard.type("bank ref")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("bank_reference"))


def test_a_table_that_gets_more_rows_shows_them(lived: Lived, new_page: NewPage) -> None:
    server = start(lived.pair.lab)
    try:
        page = opened(new_page(), server, "page=foreign")
        table = page.get_by_role("grid", name="As the bank booked them")
        expect(table.get_by_text("Invoice 2")).to_be_visible()
        page.get_by_role("combobox", name="Batch", exact=True).click()
        page.get_by_text("All, with rejected orders", exact=True).click()
        expect(page.get_by_text("5 payments")).to_be_visible()
        last = table.get_by_text("ER 302")
        expect(last).to_be_in_viewport()
        inside = "row => row.getBoundingClientRect().bottom <= row.closest('.tabulator').getBoundingClientRect().bottom"
        assert last.evaluate(inside)
    finally:
        server.stop()
