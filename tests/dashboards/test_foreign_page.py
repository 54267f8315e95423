"""The page of foreign payments without a browser: its list, the pages of one payment, the way to the order and back."""

from __future__ import annotations

from typing import Any

import pytest

from bankklient_lab.dashboards.foreign import Foreign
from bankklient_lab.dashboards.order_drawer import OrderDrawer
from bankklient_lab.dashboards.shell import new_state
from tests.exchange.test_foreign_details import Lived, lived
from tests.orders.conftest import orders_file
from tests.orders.labs import hands

__all__ = ["lived", "orders_file"]


def texts(page: Foreign, column: str) -> list[Any]:
    assert page.list.table is not None
    return list(page.list.table[column].to_pylist())


@pytest.mark.spec("BNK-103", "BNK-104", "BNK-106", "BNK-107")
def test_payments_of_a_batch_are_shown_each_with_its_pages_and_its_advice(lived: Lived) -> None:
    lab, files = hands(lived.pair.lab, "AA"), []
    state = new_state(lab, "?page=foreign")
    state.send_file = lambda name, content: files.append((name, content[:4]))
    page = Foreign(lab, state)
    assert texts(page, "purpose") == ["Invoice 2"]
    page.batch.value = "all"
    assert [status[:2] for status in texts(page, "status")] == ["OK", "OK", "OK", "OK", "ER"]
    assert "302" in texts(page, "status")[-1]
    page.direction.value = "incoming"
    assert texts(page, "type") == ["I incoming"]
    page.direction.value = "any"
    (row,) = [one for one in page.list.table.to_pylist() if one["order_id"] == lived.dollars]  # type: ignore[union-attr]
    page.open(row)
    assert "Muster GmbH" in page._head.object
    shown = {}
    for name in ("basic", "additional", "charges", "banks", "references"):
        page.pages.value = name
        shown[name] = page.body.object
    assert "PHOB/2255" in shown["additional"]
    assert "250.00" in shown["charges"]
    assert "SIMUUS33" in shown["banks"]
    assert lived.pair.lab.caller.reference in shown["references"]
    page.take_advice()
    assert [(name.startswith("advice_"), start) for name, start in files] == [(True, b"%PDF")]
    page._open_order()
    assert page.order is not None
    assert "Total debited" in page.order._body.object
    rejected = [one for one in page.list.table.to_pylist() if one["detail_id"] is None]  # type: ignore[union-attr]
    page.open(rejected[0])
    assert page.order.order["order_id"] == lived.rejected


@pytest.mark.spec("BNK-102")
def test_who_may_see_no_orders_sees_payments_alone_and_the_other_way_round(lived: Lived) -> None:
    looks = hands(lived.pair.lab, "BB", {231})
    page = Foreign(looks, new_state(looks, "?page=foreign"))
    assert page.order is None
    assert texts(page, "purpose") == ["Invoice 2"]
    page.open({"detail_id": None, "order_id": lived.rejected})
    sees = hands(lived.pair.lab, "CC", {141, 156})
    state = new_state(sees, "?page=orders")
    drawer = OrderDrawer(sees, state, lambda: None)
    drawer.open(lived.dollars)
    assert "Total debited" not in drawer._body.object
