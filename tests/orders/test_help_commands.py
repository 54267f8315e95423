"""The commands around orders: patterns, headers, regular payments, counterparties, as somebody types them."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import bankklient_lab as bl
from bankklient_lab.cli import run
from bankklient_lab.lab import Lab
from tests.clocks import Clock
from tests.orders.labs import LANDLORD, MAIN, SUPPLIER, domestic_values


class Said:
    """Runs commands and returns what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> str:
        """Run a command that succeeds."""
        assert run([*map(str, arguments)]) == 0, self._capsys.readouterr()
        return self._capsys.readouterr().out

    def json(self, *arguments: object) -> Any:
        """Run a command with --json and return the value."""
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def said(
    orders_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Said:
    """Return what runs commands on a lab for orders."""
    monkeypatch.setenv("BANKKLIENT_LAB", str(shutil.copy(orders_file, tmp_path / "commands.lab")))
    return Said(capsys)


def test_the_way_of_a_pattern(said: Said, tmp_path: Path) -> None:
    values = [f"own_account={MAIN}", f"counter_account={SUPPLIER}"]
    number = said.json("patterns", "create", "domestic_payment", "rent", *values)["pattern_id"]
    assert said("patterns", "change", number, "amount=12") == f"pattern {number} is changed\n"
    (row,) = said.json("patterns", "list", "domestic_payment")
    assert (row["pattern_id"], row["name"], row["amount"]) == (number, "rent", "12")
    assert said("patterns", "list", "domestic_payment").split()[:2] == ["pattern", "id"]
    said("patterns", "list", "domestic_payment", "-o", tmp_path / "patterns.csv")
    assert "rent" in (tmp_path / "patterns.csv").read_text("utf-8-sig")
    said("patterns", "delete", number)
    assert said("patterns", "list", "domestic_payment") == "there is no pattern\n"


def test_the_way_of_a_regular_payment(said: Said) -> None:
    values = [f"own_account={MAIN}", f"counter_account={LANDLORD}", "amount=500", "currency=CZK"]
    told = said.json("regular-payments", "create", "rent", *values, "--day", 15, "--from", "2030-01-01")
    number = told["regular_payment_id"]
    said("regular-payments", "change", number, "--periodicity", "year", "--month", 3, "--day", 20)
    (row,) = said.json("regular-payments", "list")
    assert (row["periodicity"], row["month"], row["day"], row["next_due"]) == ("year", 3, 20, "2030-03-20")
    assert [row["due_on"] for row in said.json("regular-payments", "simulate", "2031-12-31")] == [
        "2030-03-20",
        "2031-03-20",
    ]
    said("regular-payments", "delete", number)
    assert said("regular-payments", "list") == "there is no regular payment\n"


def test_a_regular_payment_begins_on_the_day_of_the_bank(company: Lab, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 22, 23, 30, tzinfo=ZoneInfo("UTC"))  # at the bank it is the next day
    payment = domestic_values(counter_account=LANDLORD, currency="CZK", amount="500.00")
    bl.create_regular_payment(company, "rent", payment, periodicity="month", day=15)
    (row,) = bl.regular_payments.rows(company)
    assert str(row["valid_from"]) == "2026-11-23"


def test_the_way_of_a_counterparty(said: Said, tmp_path: Path) -> None:
    number = said.json("counterparties", "save", "Landlord", LANDLORD, "message=Rent")["counterparty_id"]
    assert LANDLORD in said("counterparties", "list", "landl")
    assert said("counterparties", "export", tmp_path / "all.csv") == f"{tmp_path / 'all.csv'} is written\n"
    said("counterparties", "delete", number)
    assert said("counterparties", "import", tmp_path / "all.csv") == "counterparties added: 1, changed: 0\n"


def test_numbers_to_type_again_have_no_blanks(said: Said, tmp_path: Path) -> None:
    said("accounting-systems", "add", 12345, "Wages", "--out", tmp_path)
    assert said("accounting-systems", "list").splitlines()[1].split()[0] == "12345"
