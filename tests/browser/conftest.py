"""A real browser for the page tests: the system's Chromium, driven by Playwright.

Tests in this folder run in one worker, after another, so that they don't compete for the processor.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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
TIMEOUT_MS = 30_000

Scheme = Literal["light", "dark"]
NewPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the browser tests in one worker."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium with an empty profile."""
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
