"""A lab with own accounts and codebooks, for orders."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bankklient_lab.lab import Lab, open_here
from tests.clocks import NOON, Clock
from tests.orders.labs import equip


@pytest.fixture(scope="session")
def orders_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a lab without orders whose only user is `tester`; it is only copied."""
    path = tmp_path_factory.mktemp("orders") / "orders.lab"
    with open_here(path, create=True, clock=lambda: NOON, user="tester") as lab:
        equip(lab)
    return path


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands at noon of 22 November 2026 until it is moved."""
    return Clock()


@pytest.fixture
def company(orders_file: Path, tmp_path: Path, clock: Clock) -> Iterator[Lab]:
    """Give a lab for orders; its only user may everything until tests.orders.labs.hands adds others."""
    with open_here(Path(shutil.copy(orders_file, tmp_path)), clock=clock) as lab:
        yield lab
