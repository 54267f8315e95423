"""Exchange rates of the bank: a list each morning, kept as a source of its own and used where there is no other."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from bankklient_lab.analysis.balances import balances
from bankklient_lab.analysis.entries import entries
from bankklient_lab.analysis.rates import rates
from bankklient_lab.bank import parameters_of
from bankklient_lab.formats.bank_files import BankFile, write_file
from bankklient_lab.history.importing import import_file, imports
from tests.bank.banks import a_world
from tests.exchange.labs import Pair
from tests.exchange.test_receiving import arrive
from tests.orders.labs import FOREIGN, created

TUESDAY = date(2026, 11, 24)
BIC = "SIMBCZPP"


@pytest.mark.spec("TRN-046", "BNK-152", "BAS-137")
def test_the_rates_of_each_morning_are_kept_with_their_source_and_day(pair: Pair) -> None:
    created(pair.lab, FOREIGN, maturity_date="2026-11-24")
    pair.balance()
    pair.transmit()
    pair.later(hours=21)  # Tuesday at seven
    assert pair.transmit()["complete"]
    pair.later(days=1)
    pair.transmit()
    assert [status for status, _ in pair.received(31)] == [14, 14]
    tuesday = {row["currency"]: row for row in rates.rows(pair.lab, on=TUESDAY, source=BIC)}
    assert set(tuesday) == {"EUR", "USD", "GBP", "CHF", "PLN", "HUF"}
    assert {(row["day"], row["base"], row["units"], row["indirect"]) for row in tuesday.values()} == {
        (TUESDAY, "CZK", 1, False)
    }
    wednesday = rates.rows(pair.lab, on=date(2026, 11, 25), source=BIC)
    assert {row["day"] for row in wednesday} == {date(2026, 11, 25)}
    fee = (parameters_of("cz").foreign_fee / tuesday["EUR"]["rate"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert -fee in [row["amount"] for row in entries.rows(pair.lab)]


@pytest.mark.spec("TRN-046")
def test_they_convert_where_no_central_bank_has_rates_and_stand_back_where_one_has(pair: Pair, tmp_path: Path) -> None:
    pair.later(days=1)
    pair.transmit()
    (euro,) = [row for row in rates.rows(pair.lab, on=TUESDAY) if row["currency"] == "EUR"]

    def converted() -> Decimal:
        rows = balances.rows(pair.lab, on=TUESDAY, in_currency="CZK")
        return next(row["converted"] for row in rows if row["currency"] == "EUR")

    assert (euro["source"], converted()) == (BIC, 20_000 * euro["rate"])
    older = tmp_path / "cnb.txt"
    older.write_text("23.11.2026 #1\nCountry|Currency|Amount|Code|Rate\nEMU|euro|1|EUR|30,000\n")
    assert import_file(pair.lab, older)["status"] == "imported"
    assert converted() == 600_000


@pytest.mark.parametrize("parameters", ["cz", "eur"])
def test_one_seed_gives_the_same_lists_for_every_client(parameters: str) -> None:
    def lists(seed: int) -> list[bytes]:
        world = a_world(parameters=parameters, seed=seed)
        world.go("2026-03-04 07:00")
        return [message.content for message in world.received(31)]

    assert len(lists(1)) == 1
    assert lists(1) == lists(1) != lists(2)


def test_a_list_with_a_wrong_cell_is_refused_whole(pair: Pair) -> None:
    text = b'<kurzy banka="AGBACZPP" datum="23.11.2026">\n<radek kod="EUR" mnozstvi="1" kurz="x"/></kurzy>'
    arrive(pair, 31, 1, write_file(BankFile("rates.xml", text)))
    pair.transmit()
    ((status, why),) = pair.received(31)
    assert (status, "no rate of an exchange rate" in why) == (13, True)
    assert imports.rows(pair.lab) == []
