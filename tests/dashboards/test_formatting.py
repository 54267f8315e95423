"""Values as people see them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pyarrow as pa
import pytest

from bankklient_lab.dashboards import formatting
from bankklient_lab.dashboards.charts import plain, spread
from bankklient_lab.dashboards.paging import days_of_page
from bankklient_lab.dashboards.periods import all_periods, first_of, sampled_days, unit_for


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("1234567.5", "CZK", "1 234 567.50"),
        ("-0.05", "EUR", "\u22120.05"),
        ("1000", "JPY", "1 000"),
        ("1.234", "KWD", "1.234"),
        ("1.005", "CZK", "1.005"),  # a digit more than usual is not lost
        ("-999999999999999.999", "CZK", "\u2212999 999 999 999 999.999"),
        ("0", "CZK", "0.00"),
    ],
)
def test_amounts_have_thin_groups_a_true_minus_and_every_digit(value: str, currency: str, shown: str) -> None:
    assert formatting.amount(Decimal(value), currency) == shown.replace(" ", "\u202f")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("572250000", ("572.25", "M")),
        ("-1350000000", ("\u22121.35", "bn")),
        ("9999", ("9\u202f999.00", "")),
        ("12345", ("12.35", "k")),
    ],
)
def test_large_amounts_are_told_in_three_digits_or_more(value: str, shown: tuple[str, str]) -> None:
    assert formatting.short(Decimal(value)) == shown


def test_escape_leaves_no_markup_in_text_or_attributes() -> None:
    shown = formatting.escape("<b a='1' b=\"2\">&</b>")
    assert not set("<>'\"") & set(shown)


def test_a_page_shows_decimals_and_days_as_finished_texts() -> None:
    table = pa.table(
        {
            "day": [date(2026, 1, 2), None],
            "amount": pa.array([Decimal("-1.5"), None], pa.decimal128(18, 3)),
            "currency": ["CZK", None],
        }
    )
    shown = formatting.for_display(table, {"amount": "currency"}, ["day"])
    assert shown == {"day": ["2026-01-02", ""], "amount": ["\u22121.50", ""], "currency": ["CZK", None]}


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("CZ2708000000001234567899", "CZ27 0800 \u20267899"),
        ("Payroll", "Payroll"),
        (None, ""),
        ("1920010003", "1920010003"),
    ],
)
def test_an_iban_is_shortened_a_name_is_not(label: str | None, shown: str) -> None:
    assert formatting.short_account(label) == shown


def test_labels_keep_their_order_and_distance_within_the_frame() -> None:
    places = spread([1.0, 1.1, 1.2, 9.9, 9.95], 0.5, 0.0, 10.0)
    assert places == sorted(places)
    assert all(b - a >= 0.5 - 1e-9 for a, b in pairwise(places))
    assert places[0] >= 0
    assert places[-1] <= 10


def test_a_label_is_never_taken_for_a_formula() -> None:
    assert "$$" not in plain("$$x$$")


@pytest.mark.parametrize(
    ("since", "until", "unit", "number"),
    [
        (date(2026, 1, 1), date(2026, 2, 1), "day", 31),
        (date(2026, 1, 1), date(2026, 4, 1), "week", 14),  # from Monday 29 December to Sunday 5 April
        (date(2025, 11, 22), date(2026, 11, 22), "month", 13),
        (date(2020, 1, 1), date(2026, 1, 1), "quarter", 24),
    ],
)
def test_every_period_is_there_also_the_empty_ones(since: date, until: date, unit: str, number: int) -> None:
    assert unit_for(since, until) == unit
    periods = all_periods(since, until, unit)
    assert len(periods) == number
    assert periods[0][0] <= since < periods[0][1]
    assert all(a[1] == b[0] for a, b in pairwise(periods))
    assert all(first_of(first, unit) == first for first, _ in periods)


def test_a_long_line_is_thinned_and_keeps_its_last_day() -> None:
    days = sampled_days(date(2000, 1, 1), date(2026, 11, 22))
    assert len(days) <= 800
    assert days[-1] == date(2026, 11, 21)
    assert days == sorted(set(days))


def test_the_days_of_a_page_are_found_by_their_numbers() -> None:
    days = [(date(2026, 1, day), number) for day, number in ((5, 3), (4, 10), (3, 1), (2, 7))]
    assert days_of_page(days, 4, 2) == (date(2026, 1, 5), date(2026, 1, 4), 0)
    assert days_of_page(days, 4, 3) == (date(2026, 1, 4), date(2026, 1, 4), 3)
    assert days_of_page(days, 100, 13) == (date(2026, 1, 3), date(2026, 1, 2), 13)
    assert days_of_page(days, 5, 21)[0] is None
