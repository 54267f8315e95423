"""A7: the dashboards in Chromium, served by the command itself, over a lab of any size."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from tests.bench.measure import Measurement, Target, bankklient, task
from tests.bench.tasks import a_task

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PRESETS = ("3M", "ALL", "1M", "1Y")
# Notes when something was last drawn and when a text last changed, without looking, which would cost time itself.
_WATCH = """
(() => {
  const last = window.lastChange = {drawn: 0, written: 0};
  const pen = CanvasRenderingContext2D.prototype;
  for (const name of ["clearRect", "drawImage", "fill", "fillRect", "fillText", "stroke"]) {
    const plain = pen[name];
    pen[name] = function (...given) { last.drawn = performance.now(); return plain.apply(this, given); };
  }
  const isText = (node) => node.textContent.trim() !== "" && !["STYLE", "SCRIPT"].includes(node.nodeName);
  const counts = ({type, target, addedNodes, removedNodes}) =>
    !(target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement)?.closest("button") &&
    (type === "characterData" || [...addedNodes, ...removedNodes].some(isText));
  const observer = new MutationObserver((records) => {
    if (records.some(counts)) last.written = performance.now();
  });
  const follow = (root) => observer.observe(root, {subtree: true, childList: true, characterData: true});
  const plain = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (init) { const root = plain.call(this, init); follow(root); return root; };
  follow(document);
})()
"""
# Clicks and returns the milliseconds until charts and texts were last changed, when nothing has changed for a while.
_CHANGE = """
(button) => new Promise((resolve, reject) => {
  const pictures = (root, found = []) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) pictures(element.shadowRoot, found);
      if (element.tagName === "CANVAS" && element.width && element.checkVisibility()) found.push(element.toDataURL());
    }
    return found;
  };
  const before = pictures(document).join(), last = window.lastChange, start = performance.now();
  button.click();
  const look = setInterval(() => {
    const at = performance.now(), changed = Math.max(last.drawn, last.written);
    if (last.drawn > start && last.written > start && at - changed > 1500) {
      clearInterval(look);
      if (pictures(document).join() === before) reject(new Error("the chart is drawn anew but shows the same"));
      else resolve(changed - start);
    } else if (at - start > 30000) {
      clearInterval(look);
      reject(new Error("the page did not change in 30 seconds"));
    }
  }, 100);
})
"""


@contextmanager
def served(lab: Path) -> Iterator[str]:
    """Give the one-time link of a server of its own process."""
    command = [str(part) for part in bankklient("serve", "--lab", lab)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            link = next(found[0] for line in server.stdout if (found := re.search(r"http://\S+", line)))
            yield link
        finally:
            server.terminate()
            server.wait()


@a_task
def dashboards(lab: str, rounds: int, changes: int) -> dict[str, Any]:
    """Open windows, go to another page and change the period."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import ARGUMENTS, HEIGHT, WIDE

    program = shutil.which("chromium")
    assert program, "this needs Debian's package chromium"
    result: dict[str, Any] = {"first": [], "page": [], "overview": [], "explorer": []}
    with served(Path(lab)) as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, headless=True)
        cookies, address = let_in(browser, link)
        for _ in range(rounds):
            context = browser.new_context(viewport={"width": WIDE, "height": HEIGHT}, storage_state=cookies)
            page = context.new_page()
            page.add_init_script(_WATCH)
            began = time.perf_counter()
            page.goto(address, wait_until="commit")
            wait_for_content(page)
            result["first"].append(time.perf_counter() - began)
            if not result["overview"]:
                result["overview"] = _changes(page, changes)
            began = time.perf_counter()
            page.get_by_text("Explorer", exact=True).first.click()
            page.get_by_role("heading", name="Explorer").wait_for()
            wait_for_content(page)
            result["page"].append(time.perf_counter() - began)
            if not result["explorer"]:
                result["explorer"] = _changes(page, changes)
            context.close()
        browser.close()
    return result


def let_in(browser: Browser, link: str) -> tuple[Any, str]:
    """Use the link once, and return the cookies and the address that they open."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    wait_for_content(page)
    cookies, address = context.storage_state(), page.url.partition("?")[0]
    context.close()
    return cookies, address


def wait_for_content(page: Page) -> None:
    """Wait until a chart and a row of a table are there."""
    page.locator("canvas:visible").first.wait_for()
    page.locator(".tabulator-row:visible").first.wait_for()


def _changes(page: Page, number: int) -> list[float]:
    """Choose presets in turn, beginning with one that is not chosen yet, and return the milliseconds of each change."""
    buttons = [page.get_by_role("button", name=preset, exact=True) for preset in PRESETS]
    first = 1 + next((at for at, one in enumerate(buttons) if one.first.get_attribute("aria-pressed") == "true"), -1)
    return [float(buttons[(first + turn) % len(buttons)].first.evaluate(_CHANGE)) for turn in range(number)]


def in_chromium(lab: Path, *, entries: int, rounds: int, changes: int) -> Iterator[Measurement]:
    """Measure A7."""
    result = task("dashboards", lab=lab, rounds=rounds, changes=changes)
    where = f"{entries:,} entries, Chromium"
    yield Measurement(
        "A7", f"Overview opened until chart and table are there, {where}", tuple(result["first"]), Target("limit", 4)
    )
    yield Measurement(
        "A7", f"to the Explorer until chart and table are there, {where}", tuple(result["page"]), Target("limit", 1)
    )
    for page in ("overview", "explorer"):
        samples = sorted(result[page])
        slow = quantiles(samples, n=20)[-1] if len(samples) > 1 else samples[0]
        note = f"median {samples[len(samples) // 2]:.0f}, slowest {samples[-1]:.0f} ms"
        work = (
            f"period changed on the {page.capitalize()} until chart and figures show it, p95 of {len(samples)}, {where}"
        )
        yield Measurement("A7", work, (slow,), Target("limit", 400), unit="ms", note=note)
