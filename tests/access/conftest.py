"""A lab with users, and a clock that a test sets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bankklient_lab.lab import Lab, open_here
from tests.access.people import with_users
from tests.clocks import NOON, Clock


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands a minute after noon of 22 November 2026."""
    return Clock(NOON + timedelta(minutes=1))


@pytest.fixture(scope="session")
def office_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a lab with `tester` (who may everything) and `alice` (who views); it is only copied."""
    path = tmp_path_factory.mktemp("office") / "office.lab"
    with open_here(path, create=True, clock=lambda: NOON, user="tester") as lab:
        with_users(lab, alice="VIEW")
        with lab.database.tx("ops") as cursor:  # nobody is logged in
            cursor.execute("UPDATE ops.session SET ended_at = opened_at")
    return path


@pytest.fixture
def office(office_file: Path, tmp_path: Path, clock: Clock) -> Iterator[Lab]:
    """Give a lab with users in nobody's hands."""
    with open_here(Path(shutil.copy(office_file, tmp_path)), clock=clock) as lab:
        yield lab
