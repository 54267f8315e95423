"""Lists of orders and single orders as PDF, page, workbook and tables."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from bankklient_lab.errors import BadArgument, NotAllowed, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.reports.orders import ORDER_SUFFIXES, render_order, render_orders
from tests.orders.labs import FOREIGN, SAVINGS, created, hands

HOSTILE = "=HYPERLINK(1)<b>&#x"


def pdf_text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


@pytest.mark.spec("ORD-016", "ORD-051", "ORD-054", "ORD-056", "ORD-058")
def test_a_list_begins_with_the_sums_of_each_account(company: Lab) -> None:
    created(company, amount="1000.50")
    created(company, amount="2")
    one = pdf_text(render_orders(company, ".pdf"))
    assert "By account" not in one
    assert "1 000.50" in one.replace("\u2060", "").replace("\u2009", " ")
    created(company, own_account=SAVINGS, amount="40")
    created(company, FOREIGN, amount="7")
    for suffix in (".pdf", ".html"):
        content = render_orders(company, suffix)
        text = pdf_text(content) if suffix == ".pdf" else content.decode()
        assert text.index("By account") < text.index("150000030/0600") < text.index("Muster GmbH")
    assert "By account" not in render_orders(company, ".html", where={"amount": "40"}).decode()
    book = load_workbook(io.BytesIO(render_orders(company, ".xlsx")))
    assert book.sheetnames[:2] == ["By account", "Payment orders"]
    sums = {row[0]: row[-1] for row in book["By account"].iter_rows(min_row=2, values_only=True)}
    assert Decimal(str(sums["609-150012947/0600"])) == Decimal("1002.5")
    assert book["Payment orders"]["A2"].value == "2026112200000004"


@pytest.mark.spec("ORD-055")
def test_the_details_tell_who_did_what(company: Lab) -> None:
    created(company)
    assert "TE 2026-11-22" not in pdf_text(render_orders(company, ".pdf"))
    assert "TE 2026-11-22" in pdf_text(render_orders(company, ".pdf", details=True)).replace("\n", " ")


def test_what_an_order_says_is_never_a_formula_nor_markup(company: Lab) -> None:
    order_id = created(company, abbreviation=HOSTILE)
    page = render_orders(company, ".html").decode()
    assert "<b>" not in page
    assert "=HYPERLINK(1)&lt;b&gt;&amp;#x" in page
    rows = list(csv.DictReader(io.StringIO(render_orders(company, ".csv").decode("utf-8-sig"))))
    assert rows[0]["counter_name"] == f"'{HOSTILE}"
    sheet = load_workbook(io.BytesIO(render_orders(company, ".xlsx")))["Payment orders"]
    values = [cell for row in sheet.iter_rows() for cell in row if cell.value == HOSTILE]
    assert [cell.data_type for cell in values] == ["s"]
    assert HOSTILE in pdf_text(render_order(company, order_id, ".pdf"))
    assert "<b>" not in render_order(company, order_id, ".html").decode()


@pytest.mark.spec("ORD-051", "ORD-352")
def test_a_single_order_tells_its_items_errors_and_steps(company: Lab) -> None:
    order_id = created(company, client_message="Invoice 7")
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.domestic_order SET status = 'E', errors = '45' WHERE order_id = ?", [order_id])
    text = pdf_text(render_order(company, order_id, ".pdf"))
    for told in ("Domestic payment 2000100000001 of 2026-11-22, error", "Invoice 7", "45", "Steps", "create"):
        assert told in text


@pytest.mark.parametrize("suffix", ORDER_SUFFIXES)
def test_exports_need_their_permission_and_prints_do_not(company: Lab, suffix: str) -> None:
    order_id = created(company)
    printer = hands(company, "AB", {156})
    exporter = hands(company, "CD", {156, 241})
    assert render_orders(exporter, suffix)
    assert render_order(exporter, order_id, suffix)
    if suffix in (".pdf", ".html"):
        assert render_orders(printer, suffix)
        return
    for report in (lambda: render_orders(printer, suffix), lambda: render_order(printer, order_id, suffix)):
        with pytest.raises(NotAllowed):
            report()


def test_an_order_that_is_not_seen_is_not_printed(company: Lab) -> None:
    order_id = created(company)
    stranger = hands(company, "AB", {151})
    with pytest.raises(UnknownName):
        render_order(stranger, order_id, ".pdf")
    assert str(order_id) not in render_orders(stranger, ".html").decode()
    with pytest.raises(BadArgument):
        render_orders(stranger, ".doc")
