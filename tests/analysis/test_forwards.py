"""What open forward deals are worth, and what currencies have before and after them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.analysis.forwards import currency_exposure, forward_values
from bankklient_lab.analysis.rates import convert_amount
from bankklient_lab.errors import BadArgument, NoRate, NotAllowed
from bankklient_lab.history.importing import import_file
from bankklient_lab.services.requests import create_service_request
from tests.exchange.conftest import clock, company, orders_file, pair
from tests.exchange.labs import Pair
from tests.orders.labs import EURO, FOREIGN, MAIN, created, hands
from tests.services.labs import DEAL, DEPOSIT, deal, dealing, deposit, record

__all__ = ["clock", "company", "orders_file", "pair"]
MONDAY = date(2026, 11, 23)


def dealt(pair: Pair, *wanted: dict[str, Any]) -> None:
    """Make deals with the bank."""
    for items in wanted:
        create_service_request(pair.lab, DEAL, items)
    pair.balance()
    assert pair.transmit()["complete"]


def test_a_deal_is_worth_what_it_is_ahead_of_the_rates_of_a_day(pair: Pair, tmp_path: Path) -> None:
    dealing(pair, tmp_path)
    sells = deal(deal_type="sell", own_account=EURO, recipient_account=MAIN, amount="500000")
    dealt(pair, deal(), sells)
    bought, sold = record(pair.lab, DEAL, "FW1"), record(pair.lab, DEAL, "FW2")
    first, second = forward_values.rows(pair.lab, on=MONDAY)
    assert (first["bought"], first["bought_currency"], first["sold"]) == (40_000, "EUR", bought["second_amount"])
    assert first["bought_worth"] == 1_000_000  # 25 CZK a euro
    assert first["value"] == 1_000_000 - bought["second_amount"]
    assert (first["current_rate"], second["current_rate"]) == (Decimal(25), Decimal("0.04"))
    assert second["value"] == 500_000 - 25 * sold["second_amount"]
    later = tmp_path / "later.txt"
    later.write_text("24.11.2026 #1\nCountry|Currency|Amount|Code|Rate\nEMU|euro|1|EUR|26,000\n")
    import_file(pair.lab, later)
    moved = forward_values.rows(pair.lab, on=date(2026, 11, 24))
    assert [row["value"] - before["value"] for row, before in zip(moved, (first, second), strict=True)] == [
        40_000, -sold["second_amount"],
    ]  # fmt: skip
    in_euro = forward_values.rows(pair.lab, on=MONDAY, in_currency="EUR")
    assert in_euro[0]["bought_worth"] == 40_000
    assert forward_values.rows(pair.lab, on=MONDAY, in_currency="eur") == in_euro
    converted = convert_amount(pair.lab, Decimal(40_000), "eur", into="czk", on=MONDAY)
    assert (converted["amount"], converted["currency"]) == (first["bought_worth"], "CZK")
    with pytest.raises(NoRate):
        forward_values.rows(pair.lab, on=MONDAY, in_currency="SEK")


def test_currencies_before_and_after_the_deals(pair: Pair, tmp_path: Path) -> None:
    dealing(pair, tmp_path)
    in_deposit = deposit(variant="one-time EUR", own_account=EURO, amount="10000", length="3 months")
    create_service_request(pair.lab, DEPOSIT, in_deposit)
    created(pair.lab, FOREIGN, maturity_date="2026-12-01", amount="500")
    abroad = {
        "recipient": "account abroad", "recipient_account": "DE89370400440532013000", "recipient_name": "Muster GmbH",
        "recipient_address": "Koeln", "recipient_bic": "COBADEFF", "recipient_country": "DE", "bank_contact": "Koeln",
    }  # fmt: skip
    dealt(pair, deal(), deal(amount="25000", maturity="2027-02-24", **abroad))
    paid = [record(pair.lab, DEAL, name)["second_amount"] for name in ("FW1", "FW2")]
    pair.later(hours=21)
    pair.transmit()  # the statements of Monday
    rows = currency_exposure.rows(pair.lab, on=MONDAY, until=date(2027, 3, 1))
    found = {
        (row["currency"], row["day"]): (row["known"], row["deals"]) for row in rows if row["known"] or row["deals"]
    }
    assert found == {
        ("CZK", date(2027, 2, 23)): (0, -paid[0]),
        ("CZK", date(2027, 2, 24)): (0, -paid[1]),
        ("EUR", date(2026, 12, 1)): (-500, 0),
        ("EUR", date(2027, 2, 23)): (0, 40_000),
    }
    euro = [(row["before"], row["after"]) for row in rows if row["currency"] == "EUR"]
    assert euro == [(20_000, 20_000), (19_500, 19_500), (19_500, 59_500)]  # with what is in the deposit
    assert currency_exposure.rows(pair.lab, on=MONDAY, until=date(2026, 11, 24))[-1]["deals"] == 0
    with pytest.raises(BadArgument):
        currency_exposure.rows(pair.lab, on=MONDAY, until=MONDAY)


def test_a_settled_deal_counts_until_a_statement_tells_of_it(pair: Pair, tmp_path: Path) -> None:
    dealing(pair, tmp_path)
    dealt(pair, deal(maturity="2026-11-27"))
    pair.later(days=3, hours=21)  # Friday at seven, the deal is settled and the last statement is of Thursday
    pair.transmit()
    assert record(pair.lab, DEAL, "FW1")["state"] == "ended"
    friday = date(2026, 11, 27)
    assert _last_euro(pair, friday) == (20_000, 60_000)
    pair.later(hours=24)
    pair.transmit()
    assert _last_euro(pair, friday) == (60_000, 60_000)


def _last_euro(pair: Pair, on: date) -> tuple[Decimal, Decimal]:
    rows = currency_exposure.rows(pair.lab, on=on, until=date(2027, 3, 1))
    *_, last = [row for row in rows if row["currency"] == "EUR"]
    return last["before"], last["after"]


def test_who_may_not_see_balances_sees_no_exposure(pair: Pair) -> None:
    only_deals, both = hands(pair.lab, "AA", {911}), hands(pair.lab, "BB", {911, 236})
    with pytest.raises(NotAllowed):
        currency_exposure.rows(only_deals, on=MONDAY, until=date(2027, 3, 1))
    assert forward_values.rows(only_deals, on=MONDAY) == []
    assert currency_exposure.rows(both, on=MONDAY, until=date(2027, 3, 1)) == []
