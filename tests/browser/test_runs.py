"""Runs started from the page, in a real browser: progress, cancelling, the failing cell, files to take."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.runs.notebooks import register_notebooks
from tests.browser.conftest import READY_MS, NewPage, opened

BOOKS = {
    "greeting": (
        'word: str = None  # word to write\noutput: str = ""',
        'open(f"{output}/greeting.txt", "w").write(word)',
    ),
    "broken": ('output: str = ""', "1 / 0"),
    "endless": ('output: str = ""', "import time\nwhile True:\n    time.sleep(0.1)"),
}


@pytest.fixture
def books(empty: DashboardServer, tmp_path: Path) -> DashboardServer:
    """The server of a lab with three notebooks."""
    folder = tmp_path / "books"
    folder.mkdir()
    for name, (parameters, cell) in BOOKS.items():
        first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
        title = nbformat.v4.new_markdown_cell(f"# {name.capitalize()}")
        nbformat.write(
            nbformat.v4.new_notebook(cells=[title, first, nbformat.v4.new_code_cell(cell)]), folder / f"{name}.ipynb"
        )
    register_notebooks(empty.lab, str(folder))
    return empty


def test_a_run_is_started_followed_cancelled_and_its_files_taken(books: DashboardServer, new_page: NewPage) -> None:
    page = opened(new_page(), books, "page=runs")

    def choose(title: str) -> None:
        page.get_by_role("combobox", name="Notebook").click()
        page.locator("li", has_text=title).click()
        expect(page.get_by_label("Folder for its files")).to_have_value(f"runs/{title.lower()}")

    choose("Greeting")
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("Fill in Word; a run needs it.")).to_be_visible()
    page.get_by_label("Word").fill("ahoj")
    page.get_by_label("Word").press("Tab")
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("progressbar").first).to_be_visible()
    expect(page.get_by_text("greeting is done: 3 files")).to_be_visible(timeout=READY_MS)
    page.get_by_role("gridcell", name="greeting", exact=True).first.click()
    with page.expect_download(timeout=READY_MS) as taken:
        page.get_by_role("button", name="greeting.txt").click()
    assert Path(taken.value.path()).read_text() == "ahoj"
    page.keyboard.press("Escape")

    choose("Broken")
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_role("gridcell", name="failed")).to_be_visible(timeout=READY_MS)
    page.get_by_role("gridcell", name="failed").click()
    expect(page.locator("dd").filter(has_text="ZeroDivisionError")).to_contain_text("cell In [3] (1 / 0)")
    page.keyboard.press("Escape")

    choose("Endless")
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("Running endless")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("gridcell", name="cancelled", exact=True)).to_be_visible(timeout=READY_MS)
