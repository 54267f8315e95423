"""A lab with own accounts and codebooks, and what signs batches."""

from __future__ import annotations

import pytest

from bankklient_lab.balancing.making import Signer
from tests.balancing.labs import a_signer
from tests.orders.conftest import clock, company, orders_file

__all__ = ["clock", "company", "orders_file", "signer"]


@pytest.fixture(scope="session")
def signer() -> Signer:
    """Return what signs with a key of the client."""
    return a_signer()
