"""A page whose figures come after the browser asked for it, and before it has built it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import date

import panel as pn
import pytest
from playwright.sync_api import expect

from bankklient_lab.dashboards.refresh import Refresh, window
from bankklient_lab.dashboards.state import State
from tests.browser.conftest import NewPage

SECONDS_BETWEEN_LOOKS = 0.002
DAY = date(2026, 11, 22)


@pytest.fixture
def address() -> Iterator[str]:
    """Serve a page that begins to read while it is made; what it reads comes when the browser is connected."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def page() -> pn.pane.Markdown:
        shown, document = pn.pane.Markdown("nothing yet"), window()
        connected = threading.Event()

        def prepare() -> Callable[[], str]:
            def read() -> str:
                while document.session_context.session is None or not document.session_context.session.connection_count:
                    connected.wait(SECONDS_BETWEEN_LOOKS)
                return "figures"

            return read

        def show(figures: str) -> None:
            shown.object = figures

        reading = Refresh(State(first_day=DAY, end=DAY), prepare, show, show)
        reading._laid_out = True  # as after the first content, which came with the page
        reading.start()
        return shown

    server = pn.serve(page, port=port, show=False, threaded=True, admin=False)
    yield f"http://127.0.0.1:{port}"
    server.stop()


def test_figures_that_come_while_the_browser_builds_the_page_are_shown_and_stop_nothing(
    address: str, new_page: NewPage
) -> None:
    for _ in range(3):  # the second and third ask whether the server still answers
        page = new_page()
        page.goto(address)
        expect(page.get_by_text("figures")).to_be_visible()
