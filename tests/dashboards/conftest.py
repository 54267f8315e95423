"""A lab in a temporary folder and a window's state on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bankklient_lab.dashboards.app import DashboardServer, start
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.dashboards.state import State
from bankklient_lab.lab import Lab, open_here
from tests.clocks import Clock
from tests.dashboards.people import shared


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with open_here(tmp_path / "lab.duckdb", create=True, clock=lambda: datetime(2026, 11, 22, 9, tzinfo=UTC)) as lab:
        yield lab


@pytest.fixture
def state(lab: Lab) -> State:
    """The state on what the lab holds when a test asks for it: import first."""
    return new_state(lab)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 22, 9, tzinfo=UTC))


@pytest.fixture
def server(tmp_path: Path, clock: Clock) -> Iterator[DashboardServer]:
    lab = shared(tmp_path / "shared.duckdb", clock)
    running = start(lab)
    yield running
    running.stop()
    lab.close()
