"""Amounts as people type them are read exactly or refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from bankklient_lab.errors import BadArgument
from bankklient_lab.money import AMOUNT_MAX, decimals, exact, parse_amount, to_minor_unit


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1 234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1.234.567", "1234567"),
        ("1,234,567.891", "1234567.891"),
        ("-1234.5", "-1234.5"),
        ("\u22121\u202f000", "-1000"),
        ("0,125", "0.125"),
        ("1'000.10", "1000.10"),
        ("+5", "5"),
    ],
)
def test_typed_amounts(text: str, amount: str) -> None:
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["", "-", "12..34", "1,2,3", "1.23.45", "12a", "1,234,50", "1e5", "NaN", "0.1234", "9" * 16]
)
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(BadArgument):
        parse_amount(text)


@pytest.mark.parametrize("value", [AMOUNT_MAX, -AMOUNT_MAX, Decimal("0.001")])
def test_the_largest_and_smallest_amounts_fit(value: Decimal) -> None:
    assert exact(value) == value


@pytest.mark.parametrize(
    "value", [AMOUNT_MAX + Decimal("0.001"), Decimal("0.0001"), Decimal("Infinity"), Decimal("1E+40")]
)
def test_what_does_not_fit_is_refused(value: Decimal) -> None:
    with pytest.raises(BadArgument):
        exact(value)


@pytest.mark.parametrize(("currency", "places"), [("CZK", 2), ("JPY", 0), ("KWD", 3)])
def test_decimals_of_currencies(currency: str, places: int) -> None:
    assert decimals(currency) == places


@pytest.mark.parametrize(
    ("value", "currency", "amount"),
    [
        (Fraction(1, 3), "CZK", "0.33"), (Fraction(5, 1000), "CZK", "0.01"), (Fraction(-5, 1000), "CZK", "-0.01"),
        (Fraction(1, 2), "JPY", "1"), (Fraction(2, 3), "TND", "0.667"), (Fraction(10**15), "CZK", "1e15"),
    ],
)  # fmt: skip
def test_fractions_become_amounts_of_a_currency(value: Fraction, currency: str, amount: str) -> None:
    assert to_minor_unit(value, currency) == Decimal(amount)
