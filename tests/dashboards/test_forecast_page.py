"""The page of the liquidity forecast without a browser: tiles, bars that open to their items, and empty states."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from bankklient_lab.dashboards.forecast import Forecast
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.lab import Lab
from tests.analysis.ahead import tell
from tests.analysis.test_forecast import IBAN, TODAY, a_year
from tests.orders.labs import LANDLORD, created, equip

FIRST = date(2025, 9, 1)


def shown(lab: Lab, folder: Path) -> Forecast:
    """Return the page of a lab with fourteen months, an order for the rent and one without a rate."""
    tell(equip(lab), folder, a_year(), account=IBAN, first=FIRST, last=TODAY, opening="400000.00")
    created(lab, counter_account=LANDLORD, amount="8000", maturity_date="2026-12-02")
    page = Forecast(lab, new_state(lab, "?page=forecast"))
    page.refresh()
    return page


def items(page: Forecast) -> list[dict[str, Any]]:
    """Return the rows of the list of expected payments."""
    assert page.items.shown is not None
    return list(page.items.shown.to_pylist())


def plain(markup: str) -> str:
    """Return markup with ordinary blanks."""
    return markup.replace("\u202f", " ").replace("\xa0", " ").replace("&nbsp;", " ")


def test_a_forecast_is_told_drawn_and_listed(lab: Lab, tmp_path: Path) -> None:
    page = shown(lab, tmp_path)
    assert "by statements up to 2026-11-22" in page.tiles[0].object
    assert "low end of the band down to" in page.tiles[1].object
    assert "At the end, 2027-02-20" in page.tiles[2].object
    assert page._chart.pane.visible
    rents = [row for row in items(page) if row["category"] == "Rent and utilities"][:2]
    assert [(row["source"], row["amount"]) for row in rents] == [("Order", -8_000), ("Usual", -2_000)]
    assert rents[0]["reference"].startswith("20261122")
    assert rents[1]["what"] == "mean of 12 months"
    errors = page.errors.shown
    assert errors is not None
    assert errors["ahead"].to_pylist() == ["1 day", "7 days", "14 days", "28 days", "56 days", "91 days"]
    assert all(share.endswith("\u00a0%") for share in errors["within"].to_pylist())


def test_a_bar_opens_to_its_items(lab: Lab, tmp_path: Path) -> None:
    page = shown(lab, tmp_path)
    assert not page.all.visible
    page._bars.hits.selected.indices = [2]  # the second whole week
    assert "2026-11-30" in page.items_title.object
    assert {row["day"] for row in items(page)} == {date(2026, 11, 30), date(2026, 12, 2), date(2026, 12, 4)}
    assert page.all.visible
    page.span.value = "2W"
    assert not page.all.visible
    assert {row["day"] for row in items(page)} >= {date(2026, 11, 27), date(2026, 12, 4)}


def test_one_account_can_be_looked_at(lab: Lab, tmp_path: Path) -> None:
    page = shown(lab, tmp_path)
    assert list(page.of.options) == [
        "All accounts in CZK",
        "All accounts in EUR",
        "Incoming",
        "Main",
        "Savings",
        "Euro",
    ]
    page.of.value = page.of.options["Main"]
    assert "400" not in plain(page.tiles[0].object).split("title='")[0]
    assert items(page)
    page.of.value = page.of.options["Savings"]
    assert "No balance is known yet." in page._notice.object
    assert items(page) == []
    assert not page._chart.pane.visible


def test_without_accounts_it_says_what_to_do(lab: Lab) -> None:
    page = Forecast(lab, new_state(lab, "?page=forecast"))
    page.refresh()
    assert page.empty.visible
    assert not page.full.visible
