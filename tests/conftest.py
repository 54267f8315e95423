"""Options, the head of the test report, and the check that tests name only lines of the specification."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from bankklient_lab.lab import Lab, open_here
from bankklient_lab.rights import passwords
from tests import corpus, spec
from tests.clocks import NOON

# Folders of tests that show pages in Chromium: two of them at once would compete for the processor.
_IN_CHROMIUM = ("tests/browser/", "tests/equality/", "tests/bench/")


class _InTurn(LoadScopeScheduling):
    """Each test goes to whichever worker is free, but for those in Chromium: all of them go to one."""

    def _split_scope(self, nodeid: str) -> str:
        return "chromium" if nodeid.startswith(_IN_CHROMIUM) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Say which worker gets which tests; xdist's own groups by marks are not seen with pytest 9.2."""
    return _InTurn(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the counts of the heavy tests; the defaults are what every run of `make test` does."""
    heavy = parser.getgroup("bankklient", "counts of the heavy tests")
    heavy.addoption("--mutations", type=int, default=20_000, help="mutated files to read, over all formats")
    heavy.addoption("--kills", type=int, default=60, help="processes to kill at a random instant")
    heavy.addoption("--histories", type=int, default=300, help="histories of a client and its bank")
    heavy.addoption("--months", type=int, default=1, help="months of the demo company with its bank, lived twice")
    heavy.addoption("--update-images", action="store_true", help="take the screenshots of docs/images anew")
    heavy.addoption("--update-expected", action="store_true", help="write expected twins instead of comparing")


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> None:
    """Hash the passwords of tests at the least cost: thousands of logins would take as long as all else together."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._hasher = lambda: quick  # type: ignore[assignment]


def pytest_configure() -> None:
    """Let processes that tests start be interrupted, even when this run was started in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> list[str]:
    """Say whether the corpus is read."""
    folder = corpus.corpus()
    if folder is None:
        return ["corpus: not present (BANKKLIENT_CORPUS is not set), own samples only"]
    return [f"corpus: {len(corpus.expected())} files with expected figures"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Stop when a test names a line that the specification does not have; update only what has twins."""
    known = spec.lines()
    wrong = [
        f"{item.nodeid} names {line!r}"
        for item in items
        for mark in item.iter_markers("spec")
        for line in mark.args
        if line not in known
    ]
    if wrong:
        raise pytest.UsageError("no such line in docs/spec: " + "; ".join(wrong))
    if config.getoption("--update-expected"):
        items[:] = [item for item in items if "update_expected" in getattr(item, "fixturenames", ())]


@pytest.fixture(scope="session")
def mutations(request: pytest.FixtureRequest) -> int:
    """Return how many mutated files to read, over all formats."""
    return int(request.config.getoption("--mutations"))


@pytest.fixture(scope="session")
def kills(request: pytest.FixtureRequest) -> int:
    """Return how many processes to kill."""
    return int(request.config.getoption("--kills"))


@pytest.fixture(scope="session")
def histories(request: pytest.FixtureRequest) -> int:
    """Return how many histories of a client and its bank to go through."""
    return int(request.config.getoption("--histories"))


@pytest.fixture(scope="session")
def months(request: pytest.FixtureRequest) -> int:
    """Return how many months the demo company lives with its bank."""
    return int(request.config.getoption("--months"))


@pytest.fixture(scope="session")
def update_expected(request: pytest.FixtureRequest) -> bool:
    """Tell whether expected twins are to be written instead of compared."""
    return bool(request.config.getoption("--update-expected"))


@pytest.fixture(scope="session")
def demo_lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a small demo lab that no process holds; copy it to change it."""
    lab = tmp_path_factory.mktemp("demo") / "demo.lab"
    command = [sys.executable, "-m", "bankklient_lab.cli", "demo", "--once", "--entries", "2000", "--months", "13"]
    command += ["--bank-months", "0"]
    environment = os.environ | {"BANKKLIENT_LAB": str(lab)}
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return lab


@pytest.fixture(scope="session")
def new_lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a new, empty lab; it is only copied, which takes half the time of making another."""
    path = tmp_path_factory.mktemp("new") / "new.lab"
    open_here(path, create=True, clock=lambda: NOON, user="tester").close()
    return path


@pytest.fixture
def lab(new_lab: Path, tmp_path: Path) -> Iterator[Lab]:
    """Give a new, empty lab whose clock stands at noon of 22 November 2026."""
    with open_here(Path(shutil.copy(new_lab, tmp_path / "test.lab")), clock=lambda: NOON, user="tester") as opened:
        yield opened
