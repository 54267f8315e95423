"""Entries by any selection; totals, cash flow and counterparties agree with them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab
from tests.statements import ACCOUNT, mt940

MONTHS = (
    ("261001", "C100,00", "A1"),
    ("261002", "D30,00", "A2"),
    ("261105", "C40,00", "A3"),
    ("261106", "D5,50", "A4"),
)


@pytest.fixture
def filled(lab: Lab, tmp_path: Path) -> Lab:
    bl.import_file(
        lab, mt940(tmp_path, opening="0,00", closing="104,50", first="261001", last="261106", entries=MONTHS)
    )
    return lab


@pytest.mark.parametrize(
    ("criteria", "references"),
    [
        ({}, {"A1", "A2", "A3", "A4"}),
        ({"since": date(2026, 10, 2), "until": date(2026, 11, 6)}, {"A2", "A3"}),
        ({"side": "debit"}, {"A2", "A4"}),
        ({"amount_from": Decimal(40)}, {"A1", "A3"}),
        ({"amount_to": Decimal("-5.5")}, {"A2", "A4"}),
        ({"text": "payment a3"}, {"A3"}),
        ({"text": "100%_"}, set()),
        ({"accounts": [ACCOUNT], "currency": "czk"}, {"A1", "A2", "A3", "A4"}),
        ({"text": "' OR 1=1 --"}, set()),
        ({"containing": {"bank_reference": "a", "remittance": "T A3"}}, {"A3"}),
        ({"containing": {"label": ACCOUNT[4:9], "counterparty_name": ""}}, {"A1", "A2", "A3", "A4"}),
        ({"containing": {"day": "2026-10", "currency": "cz"}}, {"A1", "A2"}),
        ({"containing": {"bank_reference": "' OR 1=1 --"}}, set()),
    ],
)
@pytest.mark.spec("BNK-077", "BNK-078")
def test_selections(filled: Lab, criteria: dict[str, object], references: set[str]) -> None:
    table = bl.entries.arrow(filled, **criteria)
    assert set(table["bank_reference"].to_pylist()) == references
    totals = bl.entry_totals.arrow(filled, **criteria).to_pylist()
    assert sum(row["entries"] for row in totals) == len(references)
    assert sum(row["net"] for row in totals) == sum(table["amount"].to_pylist())


def test_pages_of_rows_are_the_rows(filled: Lab) -> None:
    whole = bl.entries.arrow(filled, order_by=("amount",))["bank_reference"].to_pylist()
    pages = [
        bl.entries.arrow(filled, order_by=("amount",), limit=1, offset=n)["bank_reference"][0].as_py() for n in range(4)
    ]
    assert whole == pages == ["A2", "A4", "A3", "A1"]


@pytest.mark.parametrize(
    "criteria",
    [{"side": "left"}, {"limit": 0}, {"offset": -1}, {"order_by": ("raw; DROP",)}, {"containing": {"raw": "x"}}],
)
def test_bad_selections_are_refused(filled: Lab, criteria: dict[str, object]) -> None:
    with pytest.raises(BadArgument):
        bl.entries(filled, **criteria)


def test_detail_keeps_the_raw_text_and_its_place(filled: Lab) -> None:
    detail = bl.entry_detail.arrow(filled, 1, 1, 2).to_pylist()[0]
    assert ":61:2610021002D30,00NTRFNONREF//A2" in detail["raw"]
    assert detail["place"].startswith("line ")
    assert detail["file_name"] == "statement.sta"
    with pytest.raises(UnknownName):
        bl.entry_detail(filled, 1, 1, 99)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("month", [(date(2026, 10, 1), Decimal(100), Decimal(30)), (date(2026, 11, 1), Decimal(40), Decimal("5.5"))]),
        ("year", [(date(2026, 1, 1), Decimal(140), Decimal("35.5"))]),
    ],
)
def test_cash_flow_by_period(filled: Lab, period: str, expected: list[tuple[date, Decimal, Decimal]]) -> None:
    table = bl.cash_flow.arrow(filled, since=date(2026, 1, 1), until=date(2027, 1, 1), period=period, by="none")
    assert [(row["period"], row["credit"], row["debit"]) for row in table.to_pylist()] == expected


def test_cash_flow_by_category_is_the_sum_of_the_entries(filled: Lab) -> None:
    span = {"since": date(2026, 10, 2), "until": date(2026, 11, 6)}
    flow = bl.cash_flow.arrow(filled, **span)
    assert sum(flow["net"].to_pylist()) == sum(bl.entries.arrow(filled, **span)["amount"].to_pylist()) == Decimal(10)


def test_saved_selections_are_kept_and_forgotten(filled: Lab) -> None:
    bl.save_selection(filled, "Large  receipts", {"amount_from": "40", "side": "credit"})
    assert bl.selections.arrow(filled)["name"].to_pylist() == ["Large receipts"]
    bl.delete_selection(filled, "Large receipts")
    with pytest.raises(UnknownName):
        bl.delete_selection(filled, "Large receipts")


def test_own_names_of_accounts(filled: Lab) -> None:
    bl.rename_account(filled, ACCOUNT, "Main account")
    assert bl.accounts.arrow(filled)["label"].to_pylist() == ["Main account"]
    assert bl.entries.arrow(filled, accounts=["Main account"]).num_rows == 4
    with pytest.raises(UnknownName):
        bl.rename_account(filled, "CZ00", "x")
