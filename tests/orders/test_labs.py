"""The orders that other tests begin with are right, and their people have what they were given."""

from __future__ import annotations

import pytest

from bankklient_lab.lab import Lab
from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN, created, hands, status


@pytest.mark.parametrize(("kind", "confirmed"), [(DOMESTIC, "F"), (COLLECTION, "F"), (FOREIGN, "F2")])
def test_an_order_of_each_kind_is_right(company: Lab, kind: str, confirmed: str) -> None:
    assert status(company, created(company, kind)) == confirmed
    assert status(company, created(hands(company, "AB", [51, 120]), kind)) == ""
    assert status(company, created(hands(company, "AB", [51, 76, 61, 120, 125, 135]), kind)) == "V"
