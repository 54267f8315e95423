"""A real browser for the page tests: the system's Chromium, driven by Playwright.

Tests in this folder run in one worker, after another, so that they don't compete for the processor (tests/conftest.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bankklient_lab.dashboards.app import DashboardServer, start
from bankklient_lab.dashboards.state import PAGES
from bankklient_lab.dashboards.texts import text
from bankklient_lab.lab import Lab, open_here

# Nothing but the page under test may use the network; the sandbox needs rights that containers lack.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = 1400
NARROW = 400
HEIGHT = 900
TIMEOUT_MS = 60_000  # a slow machine under load; nobody waits longer than what is looked for takes
TITLES = {page: text(f"page.{page}") for page in PAGES}
READY_MS = 60_000
expect.set_options(timeout=READY_MS)

Scheme = Literal["light", "dark"]
NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium with an empty profile. Its loop runs while it is there: tests with one of their own could not."""
    program = shutil.which("chromium")
    assert program, "the browser tests need Debian's package chromium; scripts/system-packages installs it"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, headless=True)
        yield running
        running.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Make pages: `new_page(width=NARROW, scheme="dark")`; each has its own cookies and storage."""
    contexts = []

    def make(*, width: int = WIDE, scheme: Scheme = "light", url: str | None = None) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, accept_downloads=True
        )
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        if url is not None:
            page.goto(url)
        return page

    yield make
    for context in contexts:
        context.close()


def clock() -> datetime:
    return datetime(2026, 11, 22, 9, tzinfo=UTC)


def served(lab: Lab) -> Iterator[DashboardServer]:
    server = start(lab)
    yield server
    server.stop()
    lab.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[DashboardServer]:
    """A lab without anything."""
    yield from served(open_here(tmp_path / "empty.duckdb", create=True, clock=clock))


@pytest.fixture(scope="session")
def demo(demo_lab: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardServer]:
    """The demo company; tests only look at it."""
    copy = tmp_path_factory.mktemp("served") / "demo.duckdb"
    shutil.copy(demo_lab, copy)
    yield from served(open_here(copy))


def opened(page: Page, server: DashboardServer, query: str = "") -> Page:
    """Let the page in and wait until it stands."""
    page.goto(f"{server.new_link()}&{query}")
    expect(page.locator("h1")).to_be_visible(timeout=READY_MS)
    page.wait_for_function("document.body.inert === false")  # the server takes events
    return page


def go_to(page: Page, name: str) -> None:
    page.get_by_role("button", name=TITLES[name], exact=True).click()
    expect(page.locator("h1")).to_have_text(TITLES[name])
