"""The liquidity forecast: what is usual, what is known, the balances they make, and how wrong forecasts were."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.analysis.expected_flows import forecast_flows
from bankklient_lab.analysis.forecast import forecast_errors, liquidity_forecast
from bankklient_lab.errors import BadArgument, NotAllowed, UnknownName
from bankklient_lab.history.importing import import_file
from bankklient_lab.lab import Lab
from bankklient_lab.services.requests import create_service_request
from tests.analysis.ahead import Entry, tell, usual, working_before
from tests.exchange.conftest import clock, company, orders_file, pair
from tests.exchange.labs import Pair
from tests.orders.labs import COLLECTION, FOREIGN, LANDLORD, MAIN, SAVINGS, created, equip, hands
from tests.services.labs import DEAL, DEPOSIT, ORDER, PERMISSION, deal, dealing, deposit, monthly, permission

__all__ = ["clock", "company", "orders_file", "pair"]
IBAN, SAVED = "CZ7706000006090150012947", "CZ4906000000000150000030"
OWNER = "CZ3807100037030000921811"  # the landlord
TODAY = date(2026, 11, 22)
DECEMBER: dict[str, Any] = {"on": TODAY, "until": date(2027, 1, 1)}


def months(first: date, last: date) -> Iterator[tuple[int, int]]:
    """Yield year and month of the months that [first, last] touches."""
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield number // 12, number % 12 + 1


def a_year(first: date = date(2025, 9, 1), last: date = TODAY) -> list[Entry]:
    """Return entries: a rent, receipts that have a season, salaries on last days, and two flows that are not usual."""
    found = [Entry(date(2026, 3, 9), Decimal(-500_000), "invoice of a machine")]
    for year, month in months(first, last):
        found += [
            Entry(date(year, month, 5), Decimal(-10_000), "rent", OWNER),
            Entry(date(year, month, 15), Decimal(20_000 + 1_000 * month), "customer receipt"),
            Entry(date(year, month, monthrange(year, month)[1]), Decimal(-7_000), "salary"),
        ]
        if (year, month) < (2026, 7):
            found.append(Entry(date(year, month, 20), Decimal(90), "interest"))
    return [entry for entry in found if first <= entry.day <= last]


@pytest.fixture
def told(lab: Lab, tmp_path: Path) -> Lab:
    """Give a lab with own accounts, and fourteen months and three weeks of the main one."""
    tell(equip(lab), tmp_path, a_year(), account=IBAN, first=date(2025, 9, 1), last=TODAY, opening="400000.00")
    return lab


def flows(lab: Lab, source: str = "", **asked: Any) -> list[tuple[Any, ...]]:
    """Return day, amount and category or what of the expected flows, those of a source alone if it is named."""
    rows = forecast_flows.rows(lab, **(DECEMBER | asked))
    return [
        (row["day"], row["amount"], row["category"] if source == "usual" else row["what"])
        for row in rows
        if source in ("", row["source"])
    ]


def test_what_is_usual_comes_again(told: Lab) -> None:
    found = flows(told, "usual")
    assert found == [
        (date(2026, 11, 27), Decimal("-583.330"), "Salaries"),  # of a February: the 28th, a Saturday, comes on Friday
        (date(2026, 11, 30), Decimal("-6416.670"), "Salaries"),  # of days 30 and 31
        (date(2026, 12, 4), Decimal(-10_000), "Rent and utilities"),  # the 5th is a Saturday
        (date(2026, 12, 15), Decimal(29_250), "Customers"),  # half of the mean 26,500, and half of December's 32,000
        (date(2026, 12, 28), Decimal("-583.330"), "Salaries"),
        (date(2026, 12, 30), Decimal("-2333.330"), "Salaries"),
        (date(2026, 12, 31), Decimal("-4083.330"), "Salaries"),
    ]
    assert {row["months"] for row in forecast_flows.rows(told, **DECEMBER)} == {12}


def test_what_is_usual_agrees_with_another_calculation(told: Lab) -> None:
    until = date(2027, 6, 1)
    kinds = {"Rent and utilities": "rent", "Customers": "customer receipt", "Salaries": "salary"}
    found = {(day, name): amount for day, amount, name in flows(told, "usual", until=until)}
    for day in (TODAY + timedelta(days=n) for n in range(1, (until - TODAY).days)):
        for name, text in kinds.items():
            entries = [entry for entry in a_year() if entry.text == text]
            by_hand = usual(entries, date(2026, 11, 1), date(2025, 9, 1), day) if working_before(day) == day else 0
            assert abs(found.pop((day, name), Decimal(0)) - by_hand) <= Decimal("0.01"), (day, name)
    assert found == {}


def test_a_short_history_teaches_by_its_mean_and_a_very_short_one_nothing(lab: Lab, tmp_path: Path) -> None:
    equip(lab)
    tell(lab, tmp_path, a_year(date(2026, 8, 2)), account=IBAN, first=date(2026, 8, 2), last=TODAY)
    # September and October are whole months.
    assert (date(2026, 12, 15), Decimal("29500.000"), "Customers") in flows(lab, "usual")
    tell(lab, tmp_path, a_year(date(2026, 9, 2)), account=SAVED, first=date(2026, 9, 2), last=TODAY)
    assert forecast_flows.rows(lab, **DECEMBER, accounts=[SAVED]) == []
    # Of an account that nothing was heard of for long, nothing is expected either.
    assert flows(lab, "usual", on=date(2027, 2, 22), until=date(2027, 4, 1)) != []
    assert flows(lab, "usual", on=date(2027, 2, 23), until=date(2027, 4, 1)) == []


@pytest.mark.parametrize(
    ("amount", "maturity", "left"),
    [
        ("8000", date(2026, 12, 2), Decimal(-2_000)),  # in the week of the rent
        ("12000", date(2026, 12, 2), None),
        ("8000", date(2026, 12, 7), Decimal(-10_000)),  # a week later it is another payment
    ],
)
def test_a_known_payment_takes_the_place_of_what_is_usual_in_its_week(
    told: Lab, amount: str, maturity: date, left: Decimal | None
) -> None:
    created(told, counter_account=LANDLORD, amount=amount, maturity_date=f"{maturity}")
    assert [found for _, found, _ in flows(told, "order")] == [-Decimal(amount)]
    rents = [found for _, found, name in flows(told, "usual") if name == "Rent and utilities"]
    assert rents == ([] if left is None else [left])


def test_whom_nobody_paid_before_takes_no_place(told: Lab) -> None:
    created(told, amount="9000", maturity_date="2026-12-02")
    assert [amount for _, amount, name in flows(told, "usual") if name == "Rent and utilities"] == [-10_000]


def test_orders_count_on_the_day_on_which_a_bank_can_pay_them(told: Lab) -> None:
    late = created(told, amount="100", maturity_date="2026-12-05")  # Saturday
    abroad = created(told, FOREIGN, own_account=MAIN, amount="200", maturity_date="2026-12-01")
    within = created(told, counter_account=SAVINGS, amount="300", maturity_date="2026-12-01")
    brings = created(told, COLLECTION, amount="400", maturity_date="2026-12-03")
    rows = {row["reference"]: row for row in forecast_flows.rows(told, **DECEMBER) if row["source"] == "order"}
    assert rows.keys() == {f"{number}" for number in (late, abroad, within, brings)}
    assert (rows[f"{late}"]["day"], rows[f"{late}"]["amount"]) == (date(2026, 12, 7), -100)
    assert (rows[f"{brings}"]["day"], rows[f"{brings}"]["amount"]) == (date(2026, 12, 3), 400)
    unpriced = rows[f"{abroad}"]
    assert (unpriced["amount"], unpriced["known_amount"], unpriced["known_currency"]) == (None, -200, "EUR")
    *_, last = liquidity_forecast.rows(told, **DECEMBER)
    assert last["not_counted"] == 1
    assert within not in {row["reference"] for row in rows.values() if row["account"] == SAVED}  # it has no balance yet


def test_an_order_in_another_currency_counts_by_the_rates_of_the_day(told: Lab, tmp_path: Path) -> None:
    created(told, FOREIGN, own_account=MAIN, amount="200", maturity_date="2026-12-01")
    rates = tmp_path / "cnb.txt"
    rates.write_text("20.11.2026 #1\nCountry|Currency|Amount|Code|Rate\nEMU|euro|1|EUR|25,005\n")
    import_file(told, rates)
    (row,) = (row for row in forecast_flows.rows(told, **DECEMBER) if row["source"] == "order")
    assert (row["amount"], row["known_amount"]) == (Decimal(-5_001), -200)


def test_balances_are_the_last_one_with_all_that_moves_until_the_day(told: Lab) -> None:
    created(told, amount="100", maturity_date="2026-12-05")
    created(told, amount="250", maturity_date="2026-11-24")
    expected = forecast_flows.rows(told, **DECEMBER)
    rows = liquidity_forecast.rows(told, **DECEMBER)
    assert [row["day"] for row in rows] == [TODAY + timedelta(days=n) for n in range(40)]
    start = Decimal(400_000) + sum(entry.amount for entry in a_year())
    for row in rows:
        until_then = [flow["amount"] for flow in expected if flow["day"] <= row["day"]]
        assert row["balance"] == start + sum(until_then)
    of_day = {name: sum(row[name] for row in rows) for name in ("known_in", "known_out", "usual_in", "usual_out")}
    assert of_day == {
        "known_in": 0, "known_out": 350, "usual_in": 29_250,
        "usual_out": -sum(flow["amount"] for flow in expected if flow["source"] == "usual" and flow["amount"] < 0),
    }  # fmt: skip
    (by_account,) = {row["key"] for row in liquidity_forecast.rows(told, **DECEMBER, by="account")}
    assert (by_account, rows[0]["key"]) == ("Main", "CZK")


def test_what_came_due_since_an_old_statement_counts_at_once(told: Lab) -> None:
    later: dict[str, Any] = {"on": date(2026, 12, 7), "until": date(2026, 12, 14)}
    rows = liquidity_forecast.rows(told, **later)
    start = Decimal(400_000) + sum(entry.amount for entry in a_year())
    assert rows[0]["usual_out"] == Decimal("17000.000")  # November's salaries and December's rent
    assert rows[0]["balance"] == start - 17_000


def _tried(entries: list[Entry], last: date) -> dict[int, list[tuple[date, Decimal, Decimal]]]:
    """Return by days ahead: day of beginning, error, and what came, of all forecasts that can be tried."""
    first_month = entries[0].day.replace(day=1)
    balance: dict[date, Decimal] = {}
    level, day = Decimal(0), first_month
    by_day: dict[date, Decimal] = {}
    for entry in entries:
        by_day[entry.day] = by_day.get(entry.day, Decimal(0)) + entry.amount
    while day <= last:
        level += by_day.get(day, Decimal(0))
        balance[day] = level
        day += timedelta(days=1)
    found: dict[int, list[tuple[date, Decimal, Decimal]]] = {}
    begun_first = date(last.year - 1, last.month, 1)
    for begun_on in (day for day in balance if day >= begun_first and working_before(day) == day):
        begun, expected = begun_on.replace(day=1), Decimal(0)
        for ahead in range(1, 92):
            day = begun_on + timedelta(days=ahead)
            if day > last:
                break
            if working_before(day) == day:
                expected += usual(entries, begun, first_month, day)
            came = balance[day] - balance[begun_on]
            found.setdefault(ahead, []).append((begun_on, came - expected, came))
    return found


def test_past_forecasts_are_tried_as_another_calculation_tries_them(lab: Lab, tmp_path: Path) -> None:
    equip(lab)
    entries = [
        Entry(date(year, month, day), Decimal(1_000 + (year * 31 + month * 17 + day * 7) % 211), "customer receipt")
        for year, month in months(date(2025, 3, 1), TODAY)
        for day in (3, 11, 24)
        if date(year, month, day) <= TODAY
    ]
    tell(lab, tmp_path, entries, account=IBAN, first=date(2025, 3, 1), last=TODAY)
    by_hand = _tried(entries, TODAY)
    for row in forecast_errors.rows(lab, on=TODAY):
        tried = by_hand[row["ahead"]]
        assert row["forecasts"] == len(tried)
        mean = sum(abs(error) for _, error, _ in tried) / len(tried)
        none = sum(abs(came) for *_, came in tried) / len(tried)
        assert abs(row["error"] - mean) <= Decimal("0.02"), row["ahead"]
        assert abs(row["error_of_none"] - none) <= Decimal("0.01")
        assert 0 <= row["within"] <= row["forecasts"]
    assert [row["ahead"] for row in forecast_errors.rows(lab, on=TODAY)] == [1, 7, 14, 28, 56, 91]
    # The band: a tenth of the errors lies below, a tenth above.
    for row in liquidity_forecast.rows(lab, **DECEMBER)[1:]:
        errors = sorted(error for _, error, _ in by_hand[(row["day"] - TODAY).days])
        below = sum(error < row["low"] - row["balance"] - Decimal("0.02") for error in errors)
        above = sum(error > row["high"] - row["balance"] + Decimal("0.02") for error in errors)
        assert below <= len(errors) // 10
        assert above <= len(errors) // 10 + 1
        assert row["low"] <= row["balance"] + errors[len(errors) // 2] <= row["high"]


def test_a_band_needs_forty_forecasts(lab: Lab, tmp_path: Path) -> None:
    equip(lab)
    first = date(2026, 10, 1)
    tell(lab, tmp_path, a_year(first), account=IBAN, first=first, last=TODAY)
    assert {(row["low"], row["high"]) for row in liquidity_forecast.rows(lab, **DECEMBER)} == {(None, None)}
    assert forecast_errors.rows(lab, on=TODAY) == []


def test_records_at_the_bank_are_known(pair: Pair, tmp_path: Path) -> None:
    dealing(pair, tmp_path)
    for kind, items in (
        (ORDER, monthly(valid_from="2026-12-05")),
        (DEPOSIT, deposit(variant="one-time CZK", length="1 month")),
        (DEPOSIT, deposit(amount="100000", length="1 month")),
        (DEAL, deal()),
    ):
        create_service_request(pair.lab, kind, items)
    pair.balance()
    assert pair.transmit()["complete"]
    pair.later(hours=21)
    pair.transmit()  # the statements of Monday
    rows = forecast_flows.rows(pair.lab, on=date(2026, 11, 24), until=date(2027, 3, 1))
    found = [(row["source"], row["label"], row["day"], row["amount"], row["what"]) for row in rows]
    orders = [(day, amount) for source, _, day, amount, _ in found if source == ORDER]
    assert orders == [(date(2026, 12, 7), -1_000), (date(2027, 1, 5), -1_000), (date(2027, 2, 5), -1_000)]
    legs = [(label, day, amount) for source, label, day, amount, _ in found if source == DEAL]
    assert [(label, day) for label, day, _ in legs] == [("Main", date(2027, 2, 23)), ("Euro", date(2027, 2, 23))]
    assert legs[1][2] == 40_000
    assert legs[0][2] == -_told(pair.lab, "second_amount")
    ended = [(label, amount) for source, label, _, amount, what in found if source == DEPOSIT and what == "deposit"]
    assert sorted(ended) == [("Main", 100_000), ("Time deposit TD1", -100_000)]
    earned = [(day, amount) for source, _, day, amount, what in found if source == DEPOSIT and what == "interest"]
    assert [day for day, _ in earned] == [date(2026, 12, 23)] * 2 + [date(2027, 1, 25), date(2027, 2, 25)]
    assert all(amount > 0 for _, amount in earned)


def _told(lab: Lab, item: str) -> Decimal:
    ((amount,),) = lab.rows(
        "SELECT (items ->> $path)::DECIMAL(18,3) FROM ops.service_record WHERE kind = 'forward_deal'",
        {"path": f"$.{item}"},
    )
    return Decimal(amount)


def test_permitted_collections_come_by_habit_up_to_their_limit(pair: Pair, tmp_path: Path) -> None:
    create_service_request(pair.lab, PERMISSION, permission(counter_account=LANDLORD, limit="9500"))
    pair.balance()
    assert pair.transmit()["complete"]
    with pair.lab.database.tx("ops") as cursor:  # as if it had been valid for long
        cursor.execute(
            "UPDATE ops.service_record SET items = replace(items, '2026-11-23', '2025-09-01') WHERE kind = $kind",
            {"kind": PERMISSION},
        )
    tell(pair.lab, tmp_path, a_year(), account=IBAN, first=date(2025, 9, 1), last=TODAY, opening="400000.00")
    rows = forecast_flows.rows(pair.lab, **DECEMBER)
    (row,) = (row for row in rows if row["source"] == PERMISSION)
    assert (row["day"], row["amount"], row["category"]) == (date(2026, 12, 4), Decimal(-9_500), "Rent and utilities")
    left = [row["amount"] for row in rows if row["source"] == "usual" and row["category"] == "Rent and utilities"]
    assert left == [-500]


def test_with_whom_is_told_to_those_who_may_see_it(told: Lab) -> None:
    order = created(told, amount="100", maturity_date="2026-12-03")
    with pytest.raises(NotAllowed):
        liquidity_forecast.rows(hands(told, "AA", {236}), **DECEMBER)
    for permissions, reference in (({236, 161}, None), ({236, 161, 156, 51}, f"{order}")):
        rows = forecast_flows.rows(hands(told, "BB", permissions), **DECEMBER)
        (row,) = (row for row in rows if row["source"] == "order")
        assert (row["amount"], row["reference"], bool(row["counterparty_account"])) == (
            -100, reference, bool(reference),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"until": TODAY}, BadArgument),
        ({"until": TODAY + timedelta(days=367)}, BadArgument),
        ({"by": "bank"}, BadArgument),
        ({"accounts": ["nobody"]}, UnknownName),
    ],
)
def test_what_no_forecast_can_be_made_of_is_refused(told: Lab, asked: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        liquidity_forecast.rows(told, **(DECEMBER | asked))


def test_an_order_counts_until_a_statement_tells_of_it(pair: Pair) -> None:
    asked: dict[str, Any] = {"on": date(2026, 11, 23), "until": date(2026, 12, 1), "accounts": ["Main"]}
    created(pair.lab, amount="1500.00")
    pair.balance()
    pair.transmit()
    pair.later(hours=21)
    pair.transmit()  # the statements of Monday tell of it
    told = liquidity_forecast.rows(pair.lab, **asked)
    assert forecast_flows.rows(pair.lab, **asked) == []
    created(pair.lab, amount="700.00", maturity_date="2026-11-26")
    for step in (pair.balance, pair.transmit):
        assert [row["amount"] for row in forecast_flows.rows(pair.lab, **asked)] == [-700]
        step()
    assert [row["amount"] for row in forecast_flows.rows(pair.lab, **asked)] == [-700]
    before, after = told[-1]["balance"], liquidity_forecast.rows(pair.lab, **asked)[-1]["balance"]
    assert before - after == 700
    pair.later(days=3)
    pair.transmit()  # those of Thursday
    assert forecast_flows.rows(pair.lab, **asked) == []
    assert liquidity_forecast.rows(pair.lab, **(asked | {"on": date(2026, 11, 27)}))[-1]["balance"] == after
