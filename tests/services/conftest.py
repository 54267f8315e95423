"""A client and its bank, as in the tests of the exchange."""

from __future__ import annotations

from tests.exchange.conftest import clock, company, orders_file, pair

__all__ = ["clock", "company", "orders_file", "pair"]
