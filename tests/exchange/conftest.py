"""A client and its bank on a Monday at ten in the morning."""

from __future__ import annotations

import pytest

from bankklient_lab.lab import Lab
from tests.clocks import Clock
from tests.exchange.labs import Pair, a_bank, introduced
from tests.orders.conftest import clock, company, orders_file

__all__ = ["clock", "company", "orders_file", "pair"]


@pytest.fixture
def pair(company: Lab, clock: Clock) -> Pair:
    """Give both, with nothing sent."""
    clock.move(hours=21)  # from Sunday noon
    return Pair(introduced(company), a_bank(clock), clock)
