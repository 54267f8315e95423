"""The address: what it keeps, and that nothing in it is trusted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankklient_lab.dashboards.state import PAGES, State

ACCOUNTS = {"CZ1": "one", "CZ2": "two"}
CURRENCIES = {"CZK": None, "EUR": None}


def a_state() -> State:
    return State(first_day=date(2024, 11, 1), end=date(2026, 11, 22))


def test_an_address_shows_the_same_to_a_colleague() -> None:
    mine, theirs = a_state(), a_state()
    mine.param.update(
        page="explorer", since=date(2026, 1, 5), until=date(2026, 2, 1), accounts=["CZ2", "CZ1"], currency="EUR",
        text="příliš & <b>", side="debit", amount_from="-12.5", category="Taxes",
    )  # fmt: skip
    theirs.param.update(**theirs.read(mine.address(), accounts=ACCOUNTS, currencies=CURRENCIES))
    for name in State.KEPT:
        assert getattr(theirs, name) == getattr(mine, name), name
    assert theirs.criteria() == mine.criteria()
    assert theirs.criteria()["amount_from"] == Decimal("-12.5")


@pytest.mark.parametrize(
    "search",
    [
        "?page=../etc&since=x&until=9999-99-99&accounts=nobody&currency=XXX&side=both&amount_from=1;drop",
        "?since=2026-02-01&until=2026-01-01",
        "?since=0001-01-01&until=9999-12-31",
        "?" + "a=1&" * 1500,
        "?" + "x" * 200_000,
    ],
)
def test_what_does_not_fit_is_left_out(search: str) -> None:
    plain = a_state().read("", accounts=ACCOUNTS, currencies=CURRENCIES)
    assert a_state().read(search, accounts=ACCOUNTS, currencies=CURRENCIES) == plain


@given(st.text(max_size=300))
def test_any_text_is_a_harmless_address(search: str) -> None:
    state = a_state()
    state.param.update(**state.read(search, accounts=ACCOUNTS, currencies=CURRENCIES))
    assert state.page in PAGES
    assert state.since < state.until
    assert set(state.accounts) <= set(ACCOUNTS)
    state.criteria()


def test_presets_end_with_the_last_known_day() -> None:
    state = a_state()
    assert state.preset == "1Y"
    assert state.period_of("1M") == (date(2026, 10, 22), date(2026, 11, 22))
    assert state.period_of("YTD") == (date(2026, 1, 1), date(2026, 11, 22))
    assert state.period_of("ALL") == (date(2024, 11, 1), date(2026, 11, 22))
