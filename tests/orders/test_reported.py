"""The lists around orders as files: what is printed, and what programs get."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest

import bankklient_lab as bl
from bankklient_lab.lab import Lab
from bankklient_lab.orders.reported import ORDER_LISTINGS
from bankklient_lab.reports.listings import render_listing
from tests.orders.labs import DOMESTIC, LANDLORD, SUPPLIER, domestic_values

GIVEN: dict[str, tuple[Any, ...]] = {
    "patterns": (DOMESTIC,),
    "simulation of regular payments": (date(2027, 1, 31),),
}


@pytest.fixture
def filled(company: Lab) -> Lab:
    """Return a lab with one of everything; the names begin as formulas do."""
    bl.create_pattern_group(company, 0, "=group")
    bl.create_pattern(company, DOMESTIC, "=pattern", {"counter_account": LANDLORD})
    bl.save_header(company, DOMESTIC, "=header", {"constant_symbol": "308"})
    bl.save_counterparty(company, "=counterparty", SUPPLIER)
    bl.create_regular_payment(
        company, "=payment", domestic_values(), periodicity="month", day=15, valid_from=date(2026, 11, 1)
    )
    bl.import_regular_payments(company)
    return company


@pytest.mark.spec("ORD-118", "ADM-179", "IMP-074", "IMP-075")
@pytest.mark.parametrize("name", ORDER_LISTINGS)
def test_a_list_as_a_file(filled: Lab, name: str) -> None:
    table = ORDER_LISTINGS[name].read.arrow(filled, *GIVEN.get(name, ()))
    content = render_listing(filled, name, ".csv", *GIVEN.get(name, ()))
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == table.num_rows >= 1
    assert list(rows[0]) == table.column_names
    assert not [text for row in rows for text in row.values() if text.startswith("=")]
    assert set(ORDER_LISTINGS[name].columns) <= set(table.column_names)


@pytest.mark.spec("ADM-179")
def test_a_list_is_printed(filled: Lab) -> None:
    assert render_listing(filled, "pattern groups", ".pdf").startswith(b"%PDF-")
