"""Available balances: the manual's formulas with its worked example, and what can be added to them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.analysis.after_orders import balances_after_orders
from bankklient_lab.errors import NotAllowed, UnknownName
from bankklient_lab.history.importing import import_file
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.orders.confirmation import cancel_confirmation, include_orders
from bankklient_lab.orders.creating import create_order
from bankklient_lab.orders.verification import cancel_verification
from bankklient_lab.reports.balancing import render_available
from tests.balancing.labs import a_signer, balanced
from tests.clocks import NOON
from tests.orders.conftest import orders_file
from tests.orders.labs import COLLECTION, DOMESTIC, MAIN, SAVINGS, created, domestic_values, hands
from tests.statements import mt940

__all__ = ["orders_file"]

TODAY = date(2026, 11, 22)
FIGURES = ("balance", "available", "after_balancing", "after_all")


def statement(folder: Path, account: str, amount: str) -> Path:
    """Write a statement whose balance is `amount`."""
    days = {"first": "261120", "last": "261121"}
    return mt940(folder, f"{account}.sta", account=account, opening=amount, closing=amount, entries=(), **days)


@pytest.fixture
def example(orders_file: Path, tmp_path: Path) -> Iterator[Lab]:
    """Give a lab with the orders of the worked example."""
    with open_here(Path(shutil.copy(orders_file, tmp_path)), clock=lambda: NOON) as lab:
        import_file(lab, statement(tmp_path, "CZ7706000006090150012947", "100000,00"))
        import_file(lab, statement(tmp_path, "CZ4906000000000150000030", "500,00"))
        sent = [
            created(lab, amount=amount, maturity_date=day)
            for amount, day in (("12000", "2026-11-22"), ("3500", "2026-12-02"), ("2000", "2026-11-22"))
        ]
        balanced(lab, a_signer())
        with lab.database.tx("ops") as cursor:
            for order, state in zip(sent, ("SE", "RV", "ER"), strict=True):
                cursor.execute("UPDATE ops.domestic_order SET status = ? WHERE order_id = ?", [state, order])
        created(lab, amount="5000")
        include_orders(lab, [created(lab, amount="1200.50")])
        blank, verified = created(lab, amount="700"), created(lab, amount="300.25")
        cancel_confirmation(lab, [blank, verified])
        cancel_verification(lab, [blank])
        create_order(lab, DOMESTIC, domestic_values(amount="5000"), duplicate="error")
        created(lab, amount="4000", counter_account=SAVINGS)
        yield lab


def figures(lab: Lab, account: str = "CZ7706000006090150012947", **given: Any) -> list[str]:
    """Return the four figures of an account."""
    (row,) = balances_after_orders.rows(lab, on=TODAY, accounts=[account], **given)
    return [f"{row[name]:.2f}" for name in FIGURES]


@pytest.mark.spec(
    "ADM-212", "ADM-213", "ADM-214", "ADM-215", "ADM-216", "ADM-217", "ADM-218", "ADM-219", "ADM-220", "ADM-221",
    "ADM-222", "ADM-223",
)  # fmt: skip
def test_the_worked_example(example: Lab) -> None:
    created(example, COLLECTION, amount="9")
    assert figures(example) == ["100000.00", "84500.00", "78299.50", "77299.25"]
    assert figures(example, future=False) == ["100000.00", "88000.00", "81799.50", "80799.25"]
    assert figures(example, "CZ4906000000000150000030") == ["500.00"] * 4


def test_what_can_be_added(example: Lab) -> None:
    created(example, COLLECTION, amount="9")
    assert figures(example, collections=True)[2] == "78308.50"
    assert figures(example, own_transfers=True)[2] == "74299.50"
    assert figures(example, "CZ4906000000000150000030", own_transfers=True)[2] == "4500.00"
    created(example, "foreign_payment", own_account=MAIN, amount="50")
    (row,) = balances_after_orders.rows(example, on=TODAY, accounts=["CZ7706000006090150012947"], foreign=True)
    assert (row["after_balancing"], row["not_counted"]) == (Decimal("78299.500"), 1)  # euros from an account in crowns


def test_of_what_is_settled_in_part_the_rest_counts(example: Lab) -> None:
    with example.database.tx("ops") as cursor:
        cursor.execute(
            "UPDATE ops.sent_order SET settled = 11000 WHERE order_id = (SELECT min(order_id) FROM ops.sent_order)"
        )
    assert figures(example)[1] == "95500.00"


@pytest.mark.spec("ADM-211", "ADM-224")
def test_who_may_see_and_print_them(example: Lab) -> None:
    assert render_available(example, ".pdf", on=TODAY).startswith(b"%PDF")
    assert len(render_available(example, ".csv", on=TODAY).splitlines()) == 3
    with pytest.raises(UnknownName):
        balances_after_orders(example, on=TODAY, accounts=["1"])
    with pytest.raises(NotAllowed):
        balances_after_orders(hands(example, "NO", {11, 156}), on=TODAY)
