"""Look at pages as people do: in one window, page after page, once wide and light, once narrow and dark."""

from __future__ import annotations

import time
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, READY_MS, TITLES, WIDE, Scheme

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LOOKS: tuple[tuple[int, Scheme], ...] = ((WIDE, "light"), (NARROW, "dark"))
MENDED_SECONDS = 10.0
# Cards that hide a row of what they hold.
CUT_OFF = """() => {
  const within = (root) => [...root.querySelectorAll("*")].flatMap((one) => [
    ...(one.classList.contains("card") && one.scrollHeight > one.clientHeight + 40 ? [one] : []),
    ...(one.shadowRoot ? within(one.shadowRoot) : []),
  ]);
  return within(document).length;
}"""
# Icons in fields that stand out from the card by less than 3 : 1 (WCAG 1.4.11, which the judge does not look at).
DIM = """() => {
  const shade = (colour) => {
    const [r, g, b] = colour.startsWith("#")
      ? [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) : colour.match(/[\\d.]+/g).map(Number);
    const linear = (one) => ((one /= 255) <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const dim = (icon) => {
    const style = getComputedStyle(icon);
    const ends = [style.color, style.getPropertyValue("--mui-palette-background-paper").trim()].map(shade);
    return (Math.max(...ends) + 0.05) / (Math.min(...ends) + 0.05) < 3;
  };
  const within = (root) => [...root.querySelectorAll("*")].flatMap((one) => [
    ...(one.matches(".MuiInputAdornment-root button") && dim(one) ? [one.outerHTML.slice(0, 200)] : []),
    ...(one.shadowRoot ? within(one.shadowRoot) : []),
  ]);
  return within(document);
}"""
# As the browser's own way back: it leads to an address without a new load.
TO = "search => { history.pushState(null, '', search); dispatchEvent(new PopStateEvent('popstate')); }"


def turn_to(page: Page, name: str, query: str = "") -> None:
    """Go to a page of the window and wait until all that it reads is there."""
    page.evaluate(TO, f"?page={name}{query}")
    expect(page.locator("h1")).to_have_text(TITLES[name], timeout=READY_MS)
    expect(page.locator("#busy")).to_be_empty(timeout=READY_MS)
    shown(page, name)


def shown(page: Page, name: str) -> None:
    """See that this page is shown, and no other."""
    expect(page.locator(f".place-{name}")).to_be_visible(timeout=READY_MS)
    expect(page.locator(".place:visible")).to_have_count(1)


def serious(page: Page) -> list[str]:
    """Return what a judge of accessibility finds grave."""
    # Style sheets and media are preloaded for rules that are not asked for here; that took more than all the others.
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")
    ]


def accessible(page: Page) -> None:
    """Wait until nothing serious is found: names and roles are mended once a second, what opens fades in."""
    until = time.monotonic() + MENDED_SECONDS
    while (found := serious(page)) and time.monotonic() < until:
        pass
    assert found == [], page.url


def look_over(page: Page, image: str = "") -> None:
    """See that what is shown can be used by everybody, fits and is whole; `image` keeps a picture."""
    accessible(page)
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width, page.url
    assert page.evaluate(CUT_OFF) == 0, page.url
    assert page.evaluate(DIM) == [], page.url
    if image:
        IMAGES.mkdir(exist_ok=True)
        page.screenshot(path=IMAGES / f"{image}-{width}.png")
