"""The page On-line without a browser: of when the state is, and its tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bankklient_lab.dashboards.online import OnLine
from bankklient_lab.dashboards.shell import new_state
from tests.exchange.conftest import clock, company, orders_file, pair
from tests.exchange.labs import Pair
from tests.exchange.test_current import ask
from tests.orders.labs import EURO, FOREIGN, created, hands

__all__ = ["clock", "company", "orders_file", "pair"]


@pytest.mark.spec("BNK-043", "BNK-044", "BNK-048", "BNK-053", "BNK-062", "BNK-163")
def test_the_state_is_shown_with_its_age(pair: Pair) -> None:
    page = OnLine(pair.lab, new_state(pair.lab, "?page=online"))
    assert "not asked yet" in page._age.object
    created(pair.lab, amount="1500.50")
    pair.balance()
    pair.transmit()
    pair.later(minutes=5)
    ask(pair)
    pair.later(minutes=3)
    page = OnLine(pair.lab, new_state(pair.lab, "?page=online"))
    assert "3 minutes old" in page._age.object
    balances, posted = page.lists["balances"].table, page.lists["posted"].table
    assert balances is not None
    assert posted is not None
    assert "Main" in balances["label"].to_pylist()
    assert [str(one) for one in posted["amount"].to_pylist() if one < 0] == ["-1500.500"]
    assert balances["listed"].to_pylist()[balances["label"].to_pylist().index("Main")] == "2"
    page.what.value = "posted"
    assert [what for what, table in page._tables.items() if table.visible] == ["posted"]
    assert page.form is not None
    assert page.form.no_way.visible  # the way to the bank is not set up here
    looks = hands(pair.lab, "BB", {231})
    page = OnLine(looks, new_state(looks, "?page=online"))
    assert page.form is None
    assert "3 minutes old" in page._age.object


@pytest.mark.spec("BNK-051")
def test_a_list_that_is_not_complete_says_so(pair: Pair) -> None:
    pair.bank.parameters = replace(pair.bank.parameters, current_entries=1)
    created(pair.lab)
    pair.balance()
    pair.transmit()
    pair.later(minutes=5)
    ask(pair)
    table = OnLine(pair.lab, new_state(pair.lab, "?page=online")).lists["balances"].table
    assert table is not None
    told = dict(zip(table["label"].to_pylist(), table["listed"].to_pylist(), strict=True))
    assert (told["Main"], told["Savings"]) == ("last 1 of 2", "1")


@pytest.mark.spec("BNK-060")
def test_a_foreign_payment_that_the_bank_rejected_today_is_told_with_day_and_reason(pair: Pair) -> None:
    order = created(pair.lab, FOREIGN, amount="9000000")
    pair.balance()
    pair.transmit()
    pair.later(minutes=5)
    ask(pair)
    page = OnLine(pair.lab, new_state(pair.lab, "?page=online"))
    listed = page.lists["international rejected"]
    assert listed.table is not None
    (row,) = listed.table.to_pylist()
    assert (row["own_account"], row["counter_account"], row["currency"]) == (EURO, "DE89370400440532013000", "EUR")
    assert (row["amount"], row["rejected_on"], row["reason"][:3]) == (9_000_000, date(2026, 11, 23), "302")
    for words, found in (
        ("202016-303634", 1),
        ("DE8937", 1),
        ("9000000", 1),
        ("2026-11-23", 1),
        ("302", 1),
        ("CZK", 0),
    ):
        listed.search.value_input = words
        assert listed.shown is not None
        assert listed.shown.num_rows == found, words
    page._open(row)
    assert page.order is not None
    assert page.order.order["order_id"] == order
