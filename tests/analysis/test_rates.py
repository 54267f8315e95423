"""Amounts in other currencies and rates over time, by a second computation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from bankklient_lab.analysis.rates import convert_amount, rate_series
from bankklient_lab.errors import BadArgument, NoRate
from bankklient_lab.history.importing import import_file
from bankklient_lab.lab import Lab, open_here

HEAD = "Country|Currency|Amount|Code|Rate\n"
LISTS = {
    "20.11.2026 #1": "EMU|euro|1|EUR|24,500\nHungary|forint|100|HUF|6,200\nUSA|dollar|1|USD|21,000\n",
    "23.11.2026 #2": "EMU|euro|1|EUR|25,000\nHungary|forint|100|HUF|6,200\nUSA|dollar|1|USD|20,000\n",
    "24.11.2026 #3": "EMU|euro|1|EUR|25,000\nHungary|forint|100|HUF|6,250\nUSA|dollar|1|USD|20,000\n",
}
FRIDAY, MONDAY, TUESDAY = date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 24)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Give a lab with the CNB's lists of three days."""
    with open_here(tmp_path / "rates.lab", create=True, user="tester") as one:
        for number, (title, lines) in enumerate(LISTS.items()):
            path = tmp_path / f"{number}.txt"
            path.write_text(f"{title}\n{HEAD}{lines}")
            assert import_file(one, path)["status"] == "imported"
        yield one


@pytest.mark.spec("CB-015")
@pytest.mark.parametrize(
    ("amount", "currency", "into", "on", "rate", "day"),
    [
        ("1000", "EUR", "CZK", FRIDAY, Fraction(49, 2), FRIDAY),
        ("1000", "eur", "czk", date(2026, 11, 22), Fraction(49, 2), FRIDAY),
        ("1000", "CZK", "EUR", MONDAY, Fraction(1, 25), MONDAY),
        ("123.45", "HUF", "CZK", TUESDAY, Fraction(625, 10_000), TUESDAY),
        ("-99.99", "EUR", "USD", MONDAY, Fraction(25, 20), MONDAY),
        ("1", "USD", "HUF", TUESDAY, Fraction(20 * 10_000, 625), TUESDAY),
        ("0.005", "CZK", "CZK", FRIDAY, Fraction(1), None),
    ],
)
def test_an_amount_is_converted_exactly(
    lab: Lab, amount: str, currency: str, into: str, on: date, rate: Fraction, day: date | None
) -> None:
    told = convert_amount(lab, Decimal(amount), currency, into=into, on=on)
    exact = Fraction(amount) * rate
    cents = Decimal(exact.numerator * 100) / Decimal(exact.denominator)
    assert told["amount"] == cents.quantize(Decimal(1), ROUND_HALF_UP) / 100
    assert told["rate"] == round(Decimal(rate.numerator) / Decimal(rate.denominator), 8)
    assert (told["currency"], told["day"]) == (into.upper(), day)


def test_without_a_rate_it_is_refused(lab: Lab) -> None:
    for currency, on in (("SEK", MONDAY), ("EUR", date(2026, 11, 19))):
        with pytest.raises(NoRate, match="import rates"):
            convert_amount(lab, Decimal(1), currency, into="CZK", on=on)


@pytest.mark.spec("CB-015")
def test_rates_over_time_begin_with_the_first_day_of_the_period(lab: Lab) -> None:
    def series(currency: str, into: str, since: date, until: date) -> list[tuple[date, Decimal]]:
        rows = rate_series.rows(lab, currency, into=into, since=since, until=until)
        assert {row["source"] for row in rows} <= {"CNB"}
        return [(row["day"], row["rate"]) for row in rows]

    assert series("EUR", "CZK", date(2026, 11, 1), date(2026, 12, 1)) == [
        (FRIDAY, Decimal("24.5")), (MONDAY, Decimal(25)), (TUESDAY, Decimal(25)),
    ]  # fmt: skip
    assert series("EUR", "CZK", date(2026, 11, 21), TUESDAY) == [
        (date(2026, 11, 21), Decimal("24.5")), (MONDAY, Decimal(25)),
    ]  # fmt: skip
    assert series("EUR", "USD", MONDAY, TUESDAY) == [(MONDAY, Decimal("1.25"))]
    assert series("CZK", "EUR", FRIDAY, MONDAY) == [(FRIDAY, Decimal("0.04081633"))]
    assert series("EUR", "CZK", date(2026, 1, 1), FRIDAY) == []
    with pytest.raises(BadArgument):
        rate_series.rows(lab, "EUR", into="CZK", since=MONDAY, until=MONDAY)
