"""The browser of the page tests itself: widths, colour schemes and what it may reach."""

from __future__ import annotations

import pytest

from tests.browser.conftest import NARROW, WIDE, NewPage, Scheme

PAGE = """<!doctype html><title>page</title><h1>Příliš žluťoučký kůň</h1>
<script>
document.title = [innerWidth, matchMedia("(prefers-color-scheme: dark)").matches].join(" ")
</script>"""


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_has_the_width_and_scheme_asked_for(new_page: NewPage, width: int, scheme: Scheme) -> None:
    page = new_page(width=width, scheme=scheme)
    page.set_content(PAGE)
    assert page.title() == f"{width} {'true' if scheme == 'dark' else 'false'}"
    assert page.inner_text("h1") == "Příliš žluťoučký kůň"


def test_pages_share_no_storage(new_page: NewPage) -> None:
    first, second = new_page(), new_page()
    first.context.add_cookies([{"name": "seen", "value": "1", "url": "http://127.0.0.1"}])
    assert second.context.cookies() == []
