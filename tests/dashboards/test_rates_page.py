"""The page of exchange rates without a browser: the converter, the course, and what is said where there is no rate."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.dashboards.rates import Rates
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.formats.rates import write_bank_rates
from bankklient_lab.history.importing import import_file
from bankklient_lab.lab import Lab
from bankklient_lab.orders.numbers import bank_day


def with_rates(lab: Lab, folder: Path) -> Rates:
    """Return the page of a lab with rates of yesterday and the day before."""
    for number, (back, euro) in enumerate(((2, "24.00000000"), (1, "25.00000000"))):
        day = bank_day(lab) - timedelta(days=back)
        path = folder / f"{number}.xml"
        path.write_bytes(
            write_bank_rates("SIMBCZPP", day, "CZK", {"EUR": Decimal(euro), "USD": Decimal("20.00000000")})
        )
        import_file(lab, path)
    return Rates(lab, new_state(lab, "?page=rates"))


@pytest.mark.spec("CB-015", "BNK-152")
def test_an_amount_is_converted_while_it_is_typed(lab: Lab, tmp_path: Path) -> None:
    page = with_rates(lab, tmp_path)
    assert (page.currency.value, page.into.value) == ("EUR", "CZK")
    assert "25\u202f000.00\u00a0CZK" in page.result.object.replace("&nbsp;", "\u00a0").replace(" CZK", "\u00a0CZK")
    assert "1 EUR = 25 CZK" in page.result.object
    page.amount.value_input = "2,50"
    page.swap()
    assert "0.10" in page.result.object
    page.amount.value_input = "much"
    assert "much" in page.result.object
    page.day.value = date(2020, 1, 1)
    page.amount.value_input = "1"
    assert "There is no rate of" in page.result.object


@pytest.mark.spec("CB-015")
def test_a_currency_is_drawn_over_time(lab: Lab, tmp_path: Path) -> None:
    page = with_rates(lab, tmp_path)
    assert page._chart.pane.visible
    assert "24 to 25 CZK in this period" in page._legend.object
    page._choose("USD")
    assert "20 to 20 CZK" in page._legend.object
    page.into.value = "USD"
    assert not page._chart.pane.visible
    assert "Choose two currencies" in page._nothing.object


def test_without_any_rate_it_says_where_they_come_from(lab: Lab) -> None:
    page = Rates(lab, new_state(lab, "?page=rates"))
    page.list.refresh()
    assert page.list.table is not None
    assert page.list.table.num_rows == 0
    assert page.currency.value == page.into.value
