"""B1: many at work on one served lab: clients that ask for balances, and browsers that open pages and change filters.

The clients are threads of one process, each with a connection of its own. The browsers run at the lowest priority,
because in an office each has a machine of its own, while here all share the processors with the server.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.bench.browser import PRESETS, let_in, served, wait_for_content
from tests.bench.business import FIRST_DAY
from tests.bench.measure import Measurement, Target, task
from tests.bench.tasks import a_task

P95_MS = 150
SECONDS_BETWEEN_CALLS = 1.0
PATIENCE_MS = 180_000  # of browsers that get what time is left
_PATIENT = """#!/bin/sh
{{ echo 19 > /proc/self/autogroup; }} 2> /dev/null  # not there where sessions are not weighed
exec chrt --idle 0 {program} "$@"
"""


@a_task
def load(lab: str, clients: int, sessions: int, seconds: float) -> dict[str, Any]:
    """Let all work for so long; return milliseconds and errors of the clients, and what the browsers did."""
    browsers: dict[str, Any] = {"opened": 0, "changed": 0, "errors": []}
    with served(Path(lab)) as link:
        stop = threading.Event()
        ready = threading.Event()
        pages = threading.Thread(target=_browse, args=(link, sessions, stop, ready, browsers))
        if sessions:
            pages.start()
            ready.wait()
        before = os.getloadavg()[0]
        with ThreadPoolExecutor(clients) as pool:
            asked = [pool.submit(_client, Path(lab), number / clients, seconds) for number in range(clients)]
            samples = [sample for one in asked for sample in one.result()]
        stop.set()
        if sessions:
            pages.join()
    good = [milliseconds for milliseconds, error in samples if not error]
    errors = [error for _, error in samples if error]
    return {"milliseconds": good, "errors": errors, "browsers": browsers, "load": before}


def _client(lab: Path, wait: float, seconds: float) -> list[tuple[float, str]]:
    """Ask once a second, beginning `wait` of a second late, as everybody does at a time of their own."""
    import bankklient_lab as bl

    samples: list[tuple[float, str]] = []
    with bl.open(lab) as one:
        assert one.remote is not None
        bl.accounts.arrow(one)  # connected
        time.sleep(wait * SECONDS_BETWEEN_CALLS)
        began, day = time.monotonic(), FIRST_DAY
        while time.monotonic() - began < seconds:
            day += timedelta(days=1)
            at = time.perf_counter()
            samples.append(_timed(partial(bl.balances.arrow, one, on=day), at))
            time.sleep(max(0.0, SECONDS_BETWEEN_CALLS - (time.perf_counter() - at)))
    return samples


def _timed(call: Callable[[], object], at: float) -> tuple[float, str]:
    try:
        call()
    except Exception as error:  # each is counted and told
        return 0.0, f"{type(error).__name__}: {error}"
    return (time.perf_counter() - at) * 1000, ""


def _browse(link: str, sessions: int, stop: threading.Event, ready: threading.Event, done: dict[str, Any]) -> None:
    """Go round the sessions: change a filter in one, open a page in the next, and now and then a new window."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import ARGUMENTS, HEIGHT, WIDE

    try:
        with _patient_chromium() as program, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, headless=True)
            cookies, address = let_in(browser, link)
            contexts = [
                browser.new_context(viewport={"width": WIDE, "height": HEIGHT}, storage_state=cookies)
                for _ in range(sessions)
            ]
            pages = [context.new_page() for context in contexts]
            for page in pages:
                page.set_default_timeout(PATIENCE_MS)
            ready.set()
            turn = 0
            while not stop.is_set():
                page = pages[turn % sessions]
                if turn < sessions or turn % (3 * sessions) < sessions:
                    page.goto(address, wait_until="commit")
                    wait_for_content(page)
                    done["opened"] += 1
                else:
                    page.get_by_role("button", name=PRESETS[turn % len(PRESETS)], exact=True).first.click()
                    page.wait_for_timeout(200)
                    done["changed"] += 1
                turn += 1
            browser.close()
    except Exception as error:  # told with the result
        done["errors"].append(f"{type(error).__name__}: {error}"[:500])
    finally:
        ready.set()


@contextmanager
def _patient_chromium() -> Iterator[str]:
    """Give a program that runs Chromium when nothing else wants to run; set later, it would hold for some threads only.

    A nice value would not do: as root Chromium raises its threads over ours, and the system weighs sessions (Playwright
    starts one for it) against each other before it looks at the processes in them.
    """
    program = shutil.which("chromium")
    assert program, "this needs Debian's package chromium"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "chromium")
        script.write_text(_PATIENT.format(program=program), "utf-8")
        script.chmod(0o700)
        yield str(script)


def many_at_work(lab: Path, *, entries: int, clients: int, sessions: int, seconds: float) -> Iterator[Measurement]:
    """Measure B1: without browsers, then with them."""
    for number in (0, sessions):
        result = task("load", lab=lab, clients=clients, sessions=number, seconds=seconds)
        samples, errors, browsers = sorted(result["milliseconds"]), result["errors"], result["browsers"]
        if errors or browsers["errors"]:
            raise RuntimeError(f"{len(errors)} of {len(samples) + len(errors)} calls failed: {errors[:3]} {browsers}")
        parts = quantiles(samples, n=100)
        beside = (
            f", {number} browser sessions ({browsers['opened']} pages opened, {browsers['changed']} filters changed)"
            if number
            else ""
        )
        yield Measurement(
            "B1",
            f"balances by HTTP, p95 of {len(samples)} calls, {clients} clients at one a second{beside},"
            f" {entries:,} entries",
            (parts[94],),
            Target("limit", P95_MS),
            unit="ms",
            note=f"p50 {parts[49]:.0f}, p99 {parts[98]:.0f}, slowest {samples[-1]:.0f} ms, no error;"
            f" load average before {result['load']:.1f}",
        )
