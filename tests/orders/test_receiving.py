"""Files of accounting systems: what is refused as a whole, what becomes of each order, and what is told of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounting_systems import add_accounting_system
from bankklient_lab.orders.receiving import receive_file
from bankklient_lab.orders.text_replacements import replace_texts
from tests.orders.labs import MAIN, SUPPLIER, created

WAGES = 7
HEADER = "own_account;counter_account;amount;maturity_date;variable_symbol;constant_symbol;client_message"


@pytest.fixture
def inbox(company: Lab, tmp_path: Path) -> Path:
    """Return the folder of an accounting system whose right orders become confirmed."""
    folder = tmp_path / "wages"
    folder.mkdir()
    add_accounting_system(company, WAGES, "Wages", start_status="confirmed", folder_in=str(folder))
    return folder


def orders(count: int = 10, **changed: list[str]) -> list[list[str]]:
    """Return the cells of right orders; `changed` puts others at the positions given after `at_`."""
    rows = [[MAIN, SUPPLIER, f"{100 + n}.00", "2026-11-22", str(n + 1), "0308", "November"] for n in range(count)]
    for position, cells in changed.items():
        rows[int(position.removeprefix("at_"))] = cells
    return rows


def written(folder: Path, name: str, rows: list[list[str]], header: str = HEADER) -> str:
    """Write a file of orders and return its name."""
    (folder / name).write_text("\r\n".join([header, *(";".join(row) for row in rows)]) + "\r\n", "utf-8")
    return name


def kept(lab: Lab) -> list[tuple[Any, ...]]:
    """Return status and errors of the orders in their order."""
    return lab.rows("SELECT status, errors FROM ops.domestic_order ORDER BY order_id")


@pytest.mark.spec("IMP-033", "IMP-004", "IMP-023")
def test_a_right_file_is_taken_over_and_written_into_the_protocol(company: Lab, inbox: Path) -> None:
    report = receive_file(company, WAGES, written(inbox, "wages01.txt", orders()))
    assert report["status"] == "received", report["message"]
    assert (report["orders"], report["right"], report["wrong"], report["duplicates"]) == (10, 10, 0, 0)
    assert kept(company) == [("F", "")] * 10
    assert company.rows(
        "SELECT batch_type, accounting_system, batch_order, file_name, orders, error, done_by FROM ops.transmission"
    ) == [(0, WAGES, "20260001", "wages01.txt", 10, "", company.caller.reference)]
    assert company.rows(
        "SELECT DISTINCT accounting_system, batch_order, list(order_in_batch ORDER BY order_id) FROM ops.domestic_order"
        " GROUP BY ALL"
    ) == [(WAGES, "20260001", list(range(1, 11)))]
    assert report["accounts"] == [
        {"kind": "domestic_payment", "account": MAIN, "currency": "CZK", "orders": 10, "amount": Decimal("1045.000")}
    ]
