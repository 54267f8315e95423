"""Each currency whose days or interest somebody counts has its money market."""

from __future__ import annotations

from datetime import date

from bankklient_lab.bank.parameters import parameter_sets, parameters_of
from bankklient_lab.calendars import is_working
from bankklient_lab.codebooks import rows
from bankklient_lab.codebooks.money_markets import markets


def test_currencies_of_banks_deposits_and_deals_have_a_market() -> None:
    banks = [parameters_of(name) for name in parameter_sets()]
    counted = {
        *(bank.currency for bank in banks),
        *(currency for bank in banks for currency in bank.rates),
        *(row["currency"] for row in rows("deposit_rates")),
        *(row["code"] for row in rows("bank/currencies") if row["forwards"] == "yes"),
    }
    assert sorted(counted - markets().keys()) == []


def test_each_market_has_a_calendar() -> None:
    new_year = date(2027, 1, 1)  # a Friday
    assert [name for name, market in markets().items() if is_working(new_year, [market.calendar])] == []
