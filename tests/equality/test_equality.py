"""The same calls give the same results embedded, through the server, and in a notebook run, while a browser works."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pyarrow as pa
import pytest
from playwright.sync_api import sync_playwright

import bankklient_lab as bl
from bankklient_lab.access.users import create_user, set_password
from bankklient_lab.lab import open_here
from bankklient_lab.rights.identity import ENVIRONMENT_PASSWORD_FILE, ENVIRONMENT_TOKEN
from bankklient_lab.runs.execute import execute
from bankklient_lab.runs.notebooks import register_notebooks
from tests.browser.conftest import ARGUMENTS
from tests.server.conftest import card_of, made  # noqa: F401 - a fixture
from tests.server.test_remote import READS, results

ROOT = Path(__file__).parents[2]
USER, PASSWORD = "analyst", "Correct-Horse-7x"
PARAMETERS = 'lab: str = ""  # the lab\noutput: str = "."  # the folder\nroot: str = "."  # where the tests are'
CALLS = """
import pickle, sys
from pathlib import Path
sys.path.insert(0, root)
import bankklient_lab as bl
from tests.server.test_remote import results
with bl.open(lab) as company:
    assert company.remote is not None
    Path(output, "results.pickle").write_bytes(pickle.dumps(results(company)))
"""


@pytest.fixture
def shared(made: Path, tmp_path: Path) -> Path:  # noqa: F811
    """Return the file of a filled lab with two users that nobody holds, and a registered notebook."""
    path = Path(shutil.copy(made, tmp_path))
    books = tmp_path / "books"
    books.mkdir()
    first = nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})  # type: ignore[no-untyped-call]
    cells = [first, nbformat.v4.new_code_cell(CALLS)]  # type: ignore[no-untyped-call]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), books / "calls.ipynb")  # type: ignore[no-untyped-call]
    with open_here(path) as lab:
        register_notebooks(lab, str(books))
        set_password(lab, "tester", PASSWORD)
        create_user(lab, USER, reference="AN", role="SUPERUSER", password=PASSWORD)
    return path


@contextmanager
def served(lab: Path) -> Iterator[str]:
    """Give the address of the pages of a server of its own process."""
    command = [sys.executable, "-m", "bankklient_lab.cli", "serve", "--lab", str(lab)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline().strip() == str(lab)
            address = server.stdout.readline().strip()
            card_of(lab)
            yield address
        finally:
            server.terminate()
            assert server.wait(60) == 0


class Browsing:
    """A person in a real browser who logs in and changes the period again and again."""

    def __init__(self, address: str) -> None:
        self._address, self._stop, self.ready = address, threading.Event(), threading.Event()
        self.changes, self.error = 0, ""
        self._thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        program = shutil.which("chromium")
        assert program, "this needs Debian's package chromium; scripts/system-packages installs it"
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS, headless=True)
                page = browser.new_page(viewport={"width": 1400, "height": 900})
                page.set_default_timeout(60_000)
                page.goto(self._address)
                page.get_by_label("Identification").fill(USER)
                page.get_by_label("Password").fill(PASSWORD)
                page.get_by_role("button", name="Log in").click()
                page.locator(".tabulator-row:visible").first.wait_for()
                while not self._stop.is_set():
                    for period in ("3M", "ALL", "1M", "1Y"):
                        page.get_by_role("button", name=period, exact=True).first.click()
                        page.wait_for_timeout(100)
                        self.changes += 1
                        self.ready.set()
                browser.close()
        except Exception as error:  # told by the test
            self.error = f"{type(error).__name__}: {error}"
        self.ready.set()

    def __enter__(self) -> Browsing:
        self._thread.start()
        self.ready.wait()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()


def compare(one: list[Any], other: list[Any]) -> None:
    """Compare results exactly: types, columns with their types, rows in their order."""
    for (name, _, _), here, there in zip(READS, one, other, strict=True):
        if name == "backup_offer":  # counts logins, and every way logged in once more
            continue
        assert type(here) is type(there), name
        if isinstance(here, pa.Table):
            assert here.schema == there.schema, name
        assert here == there, name


def test_results_are_equal_wherever_the_calls_are_made(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (ENVIRONMENT_TOKEN, ENVIRONMENT_PASSWORD_FILE):
        monkeypatch.delenv(name, raising=False)
    with bl.open(shared, user=USER, password=PASSWORD) as lab:
        assert lab.remote is None
        embedded = results(lab)
    with served(shared) as address, Browsing(address) as browser:
        assert browser.error == ""
        with bl.open(shared, user=USER, password=PASSWORD) as lab:
            assert lab.remote is not None
            through_server = results(lab)
        before = browser.changes
        done = execute(
            lambda: bl.open(shared, user=USER, password=PASSWORD), "calls", {"root": str(ROOT)}, tmp_path / "out"
        )
        assert done.state == "done"
        assert browser.changes > before
    assert browser.error == ""
    compare(embedded, through_server)
    compare(embedded, pickle.loads((tmp_path / "out" / "results.pickle").read_bytes()))
