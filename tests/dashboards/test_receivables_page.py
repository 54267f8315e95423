"""The page of receivables without a browser: entered with its errors, a workbook, a file, the summary, debtors."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankklient_lab.dashboards.receivables import Receivables
from bankklient_lab.dashboards.receiving import Receiving
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.orders.accounting_systems import add_accounting_system
from bankklient_lab.services.debtors import debtors
from bankklient_lab.services.listing import service_requests
from bankklient_lab.services.receivables import receive_receivables
from tests.exchange.conftest import clock, company, orders_file, pair
from tests.exchange.labs import Pair
from tests.orders.labs import hands
from tests.services.receivables import RECEIVABLE, invoice
from tests.services.test_receivables import csv_file, desk, entered, sent, ten_rows, workbook

__all__ = ["clock", "company", "desk", "orders_file", "pair"]


def page_of(pair: Pair) -> Receivables:
    return Receivables(pair.lab, new_state(pair.lab, "?page=receivables"))


@pytest.mark.spec("SRV-230", "SRV-235", "SRV-236", "SRV-238", "SRV-239", "SRV-240", "SRV-244")
def test_one_is_entered_with_all_its_errors_at_their_fields(desk: Pair) -> None:
    page = page_of(desk)
    drawer = page.services.drawer
    drawer.new()
    form = drawer.forms["new"]
    assert list(form.widgets["own_account"].options) == ["609-150012947/0600 CZK", "202016-303634/0600 EUR"]
    form.widgets["own_account"].value = "CZ8406002020160000303634"
    assert form.widgets["currency"].value == "EUR"
    assert not form.widgets["original_variable_symbol"].visible
    form.widgets["receivable_type"].value = "credit note"
    assert form.widgets["original_variable_symbol"].visible
    form.widgets["receivable_type"].value = "invoice"
    for name, text in invoice(debtor_identification="25672721", amount="0").items():
        if name not in ("own_account", "currency", "receivable_type", "issue_date", "due_date", "sequence_number"):
            form.widgets[name].value = text
    form.widgets["issue_date"].value = form.widgets["due_date"].value = desk.clock().date()
    form.save()
    said = {name: widget.helper_text for name, widget in form.widgets.items() if getattr(widget, "error_state", False)}
    assert {name: text[:4] for name, text in said.items()} == {"debtor_identification": "538 ", "amount": "549 "}
    form.widgets["debtor_identification"].value, form.widgets["amount"].value = "25672720", "4200"
    form.save()
    (row,) = service_requests.rows(desk.lab, RECEIVABLE)
    assert (row["status"], row["currency"], row["sequence_number"], row["invoice_number"]) == (
        "CO", "EUR", "1", "2026001",
    )  # fmt: skip
    page.services.drawer.open_request(row)
    assert not page.services.drawer.unconfirm.visible
    assert "to_confirm" not in page.services.which.options.values()


@pytest.mark.spec("SRV-254", "SRV-256", "SRV-257", "SRV-259")
def test_a_workbook_is_looked_at_and_taken_over(desk: Pair, tmp_path: Path) -> None:
    page = page_of(desk)
    files = page.files
    files.dropped("new.xlsx", workbook(tmp_path / "1.xlsx", ten_rows()))
    shown = files.preview.object
    for said in (
        "<tr class='formal'><td class='row'>9</td>",
        "<tr class='wrong'><td class='row'>11</td>",
        "538 ",
        "7 right",
    ):
        assert said in shown, said
    assert (files.take.label, files.take_wrong.label) == ("Take over 7 right ones", "Take over 9 with the wrong ones")
    assert not files.account.visible
    files.take_wrong.param.trigger("clicks")
    assert [row["status"] for row in service_requests.rows(desk.lab, RECEIVABLE)].count("E") == 2
    files.dropped("new.xlsx", workbook(tmp_path / "2.xlsx", ten_rows()))
    assert "9 here already" in files.preview.object
    page = page_of(desk)
    table = page.files.files.table
    assert table is not None
    assert table.select(["name", "receivables", "wrong"]).to_pylist() == [
        {"name": "new.xlsx", "receivables": 9, "wrong": 2}
    ]
    wrong = next(row for row in service_requests.rows(desk.lab, RECEIVABLE) if row["status"] == "E")
    page.services.drawer.open_request(wrong)
    assert "554 Issue date lies after the due date" in page.services.drawer._facts.object
    page.files.open("1")
    page.files.delete.view[0].param.trigger("clicks")
    page.files._delete()
    assert service_requests.rows(desk.lab, RECEIVABLE) == []


def test_a_workbook_without_account_and_one_that_is_none(desk: Pair, tmp_path: Path) -> None:
    files = page_of(desk).files
    files.dropped("new.xlsx", workbook(tmp_path / "1.xlsx", ten_rows(), account=""))
    assert files.account.visible
    assert "For 609-150012947/0600" in files.preview.object
    files.account.value = "CZ8406002020160000303634"
    assert "575" in files.preview.object
    (tmp_path / "2").write_text("<script>alert(1)</script>")
    files.dropped("<b>.xlsx", tmp_path / "2")
    assert (files._problem.visible, files.take.visible, files.take_wrong.visible) == (True, False, False)
    assert "no Excel workbook" in files._problem.object
    rows = ten_rows()
    rows[0]["debtor_name"] = "<script>alert(1)</script>"
    files.dropped("new.xlsx", workbook(tmp_path / "3.xlsx", rows))
    assert "<script>" not in files.preview.object


@pytest.mark.spec("SRV-233", "SRV-252", "ADM-187")
def test_the_summary_and_a_receivable_that_begins_with_a_debtor(desk: Pair) -> None:
    entered(desk.lab, invoice())
    page = page_of(desk)
    table = page.summary.table
    assert table is not None
    (row,) = table.to_pylist()
    assert (row["receivable_type"], row["state"][2:], row["origin"], row["receivables"], str(row["amount"])) == (
        "invoice", "confirmed", "entered here", 1, "121000.000",
    )  # fmt: skip
    page.debtors.open({})
    for name, text in invoice().items():
        if name in page.debtors.form.widgets:
            page.debtors.form.widgets[name].value = text
    page.debtors.form.save()
    (debtor,) = debtors.rows(desk.lab)
    page.debtors.open(debtor)
    page.debtors.bill.param.trigger("clicks")
    shown = page.services.drawer.forms["new"].widgets
    assert (shown["debtor_name"].value, shown["debtor_identification"].value) == ("Novak s.r.o.", "25672720")
    page.debtors.open(debtor)
    page.debtors._delete()
    assert debtors.rows(desk.lab) == []


@pytest.mark.spec("IMP-002", "IMP-053", "IMP-055")
def test_a_file_of_an_accounting_system_is_taken_over_by_its_page(desk: Pair, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    add_accounting_system(desk.lab, 7, "ERP", folder_in=str(folder))
    csv_file(folder / "good.csv", [invoice(), invoice(variable_symbol="2", due_date="2026-11-19")])
    csv_file(folder / "bad.csv", [invoice(debtor_identification="1")])
    ann = hands(desk.lab, "0001", {181})
    page = Receiving(ann, new_state(ann, "?page=receiving"))
    page.refresh()
    assert (page.what.value, page.what.visible, set(page.file.options.values())) == (
        "receivables", False, {"good.csv", "bad.csv"},
    )  # fmt: skip
    page._received(receive_receivables(ann, 7, "good.csv") | {"file_name": "good.csv"})
    assert "<div class='tile'><b>2</b><span>Receivables</span></div>" in page.result.object
    assert "<div class='tile bad'><b>1</b><span>With errors</span></div>" in page.result.object
    assert not page._to_orders.visible
    page._received(receive_receivables(ann, 7, "bad.csv") | {"file_name": "bad.csv"})
    assert "Nothing of it was kept" in page.result.object
    assert "line 2" in page.result.object


@pytest.mark.spec("SRV-232")
def test_the_history_is_deleted_by_batches(desk: Pair) -> None:
    assert not page_of(desk).history.visible
    for symbol in ("1", "2", "3"):
        entered(desk.lab, invoice(variable_symbol=symbol))
        sent(desk)
    page = page_of(desk)
    assert not page.history.visible  # nothing of what is to be worked on is history
    page.services.which.value = "processed"
    assert page.history.visible
    assert page.summary.table is not None
    assert page.summary.table["state"].to_pylist() == ["\u25cf taken over"]
    assert list(page.batch.options.values()) == [20260003, 20260002, 20260001]
    page._clear(older=False)
    assert len(service_requests.rows(desk.lab, RECEIVABLE)) == 2
    page = page_of(desk)
    page._clear(older=True)
    assert service_requests.rows(desk.lab, RECEIVABLE) == []
