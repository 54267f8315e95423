"""The doors: a lab in, a file out, in every form."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pypdf
import pytest

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.reports import (
    SUFFIXES,
    StatementOptions,
    StatementRequest,
    render_cash_position,
    render_many,
    render_statement,
)
from bankklient_lab.reports.doors import rendered_many, rendered_statements
from tests.reports.samples import a_statement
from tests.statements import ACCOUNT, mt940

EURO = "DE89370400440532013000"
RATES = "Datum|1 EUR|1 USD\n02.11.2026|24,215|22,105\n"
NOVEMBER = {"since": date(2026, 11, 1), "until": date(2026, 12, 1)}
BEGINNINGS = {
    ".pdf": b"%PDF-",
    ".xlsx": b"PK",
    ".html": b"<!doctype html>",
    ".csv": b"\xef\xbb\xbf",
    ".parquet": b"PAR1",
}


@pytest.fixture
def two_accounts(lab: Lab, tmp_path: Path) -> Lab:
    """Give a lab with an account in CZK, one in EUR, and rates."""
    entries = (("261102", "C15,00", "E1"),)
    euro = mt940(tmp_path, "eur.sta", account=EURO, currency="EUR", opening="10,00", closing="25,00", entries=entries)
    (tmp_path / "rates.txt").write_text(RATES, "utf-8")
    for path in (mt940(tmp_path), euro, tmp_path / "rates.txt"):
        assert bl.import_file(lab, path)["status"] == "imported"
    return lab


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_form_of_both_reports_is_made_from_a_lab(two_accounts: Lab, suffix: str) -> None:
    statement = render_statement(two_accounts, [ACCOUNT], **NOVEMBER, suffix=suffix)
    position = render_cash_position(two_accounts, on=date(2026, 11, 2), in_currency="czk", suffix=suffix)
    assert statement.startswith(BEGINNINGS[suffix])
    assert position.startswith(BEGINNINGS[suffix])


@pytest.mark.spec("BNK-010", "EL-025")
def test_a_statement_in_print_has_the_figures_of_the_lab(two_accounts: Lab) -> None:
    content = render_statement(two_accounts, [ACCOUNT], **NOVEMBER, suffix=".pdf")
    (page,) = pypdf.PdfReader(io.BytesIO(content)).pages
    text = page.extract_text()
    for line in ("2026-11-01 Payment REF1 200.00 1\u2009200.00", "Payment REF2 \u221250.00 1\u2009150.00"):
        assert line in text
    assert "Closing balance credits 200.00, debits \u221250.00 150.00 1\u2009150.00" in text


@pytest.mark.spec("BNK-010")
def test_all_accounts_become_sheets_and_one_table(two_accounts: Lab) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(render_statement(two_accounts, **NOVEMBER, suffix=".xlsx")))
    assert len(workbook.worksheets) == 3  # two accounts and the control sheet
    table = pq.read_table(io.BytesIO(render_statement(two_accounts, **NOVEMBER, suffix=".parquet")))
    assert sorted(set(table["account"].to_pylist())) == [ACCOUNT, EURO]
    assert table.num_rows == 3
    euro = render_statement(two_accounts, **NOVEMBER, suffix=".parquet", currency="EUR")
    assert set(pq.read_table(io.BytesIO(euro))["account"].to_pylist()) == {EURO}


def test_cash_position_is_converted_by_the_rate_of_the_day(two_accounts: Lab) -> None:
    content = render_cash_position(two_accounts, on=date(2026, 11, 2), in_currency="CZK", suffix=".pdf")
    text = pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()
    total = Decimal("1150") + (Decimal(25) * Decimal("24.215")).quantize(Decimal("0.01"))
    assert f"Total {total:,.2f}".replace(",", "\u2009") in text
    assert "2026-11-02" in text


def test_a_miss_is_a_sentence(two_accounts: Lab) -> None:
    with pytest.raises(UnknownName, match="unknown account 'nobody'"):
        render_statement(two_accounts, ["nobody"], **NOVEMBER, suffix=".pdf")
    with pytest.raises(BadArgument, match="no such account in USD"):
        render_statement(two_accounts, currency="USD", **NOVEMBER, suffix=".pdf")
    with pytest.raises(BadArgument, match=r"'\.doc' is no form"):
        render_cash_position(two_accounts, on=date(2026, 11, 2), in_currency="CZK", suffix=".doc")
    with pytest.raises(BadArgument, match="list of names"):
        render_statement(two_accounts, ACCOUNT, **NOVEMBER, suffix=".pdf")


def test_many_statements_come_in_order_and_are_the_same_as_one_by_one(two_accounts: Lab) -> None:
    requests = [StatementRequest(account, **NOVEMBER) for account in (ACCOUNT, EURO, ACCOUNT)]
    made = list(render_many(two_accounts, requests, suffix=".pdf"))
    one_by_one = [render_statement(two_accounts, [account], **NOVEMBER, suffix=".pdf") for account in (ACCOUNT, EURO)]
    assert made == [*one_by_one, one_by_one[0]]


def test_an_error_in_another_process_is_raised_here() -> None:
    with pytest.raises(BadArgument, match="is no form"):
        list(rendered_many([a_statement(1)] * 3, ".doc", StatementOptions(), processes=1))
    assert rendered_statements([a_statement(1)], ".html", StatementOptions())


@pytest.mark.parametrize(
    ("since", "until", "warning"),
    [
        (date(2026, 11, 1), date(2026, 11, 3), None),
        (date(2026, 11, 1), date(2026, 12, 1), "The bank's statements tell only of 2026-11-01 \u2013 2026-11-02."),
        (date(2026, 10, 1), date(2026, 11, 1), "There is no statement of the bank for these days."),
        (date(2026, 12, 1), date(2027, 1, 1), "There is no statement of the bank for these days."),
    ],
)
def test_days_that_no_statement_tells_of_are_said(
    two_accounts: Lab, since: date, until: date, warning: str | None
) -> None:
    content = render_statement(two_accounts, [ACCOUNT], since=since, until=until, suffix=".xlsx")
    rows = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(max_row=12, values_only=True)
    said = [[cell for cell in row if cell][1] for row in rows if row[0] == "Warning"]
    assert said == ([warning] if warning else [])


def test_balances_that_no_bank_states_are_said_to_be_counted(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "movements.csv"
    path.write_text("Fecha;Concepto;Importe;Moneda;Cuenta;Referencia\n2026-11-01;x;-1,00;EUR;A1;\n", "utf-8")
    assert bl.import_file(lab, path)["status"] == "imported"
    content = render_statement(lab, ["A1"], since=date(2026, 11, 1), until=date(2026, 11, 2), suffix=".html")
    assert "The bank states no balance; these are counted from zero." in content.decode()
