"""Receivables from end to end: entered or taken over, sent, taken over or rejected by the bank, deleted (table T9)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from bankklient_lab.balancing.summaries import balancing_summary, balancing_types
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.bank import Account
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.errors import BadArgument, FormatError, LimitExceeded, NotAllowed, Refused, UnknownName, WrongOrder
from bankklient_lab.exchange.documents import document_content, documents
from bankklient_lab.exchange.ordering import order_documents
from bankklient_lab.formats.receivables import COLUMNS, template
from bankklient_lab.formats.services import ServiceState, write_states
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounting_systems import add_accounting_system
from bankklient_lab.orders.transmissions import received_file, transmissions
from bankklient_lab.services.debtors import debtors, delete_debtors, keep_debtor
from bankklient_lab.services.listing import service_records, service_requests
from bankklient_lab.services.receivables import (
    clear_receivables,
    delete_receivable_file,
    import_receivables,
    receivable_files,
    receivables_sheet,
    receivables_summary,
    receive_receivables,
)
from bankklient_lab.services.requests import (
    clear_service_requests,
    copy_service_request,
    correct_service_request,
    create_service_request,
    delete_service_requests,
)
from tests.balancing.labs import OWN_POINT
from tests.exchange.labs import Pair
from tests.exchange.test_receiving import arrive
from tests.orders.labs import EURO, MAIN, broken_checks, hands
from tests.services.labs import request
from tests.services.receivables import RECEIVABLE, credit_note, invoice
from tests.services.states import try_each_action

MAIN_IBAN, EURO_IBAN = "CZ7706000006090150012947", "CZ8406002020160000303634"
HEADER = [name for name in COLUMNS if name != "own_account"]


@pytest.fixture
def desk(pair: Pair) -> Pair:
    """A client with agreements on financing for its main and its euro account."""
    for account in (MAIN_IBAN, EURO_IBAN):
        pair.bank.agree_financing(OWN_POINT, account)
    assert pair.transmit()["complete"]
    return pair


def entered(lab: Lab, values: dict[str, Any]) -> int:
    return int(create_service_request(lab, RECEIVABLE, values)["request_id"])


def sent(pair: Pair) -> None:
    pair.balance()
    assert pair.transmit()["complete"]


def statuses(lab: Lab) -> list[str]:
    return [row["status"] for row in reversed(service_requests.rows(lab, RECEIVABLE))]


def workbook(path: Path, rows: Sequence[dict[str, Any]], account: str = MAIN, header: Sequence[str] = HEADER) -> Path:
    """Write a filled-in template."""
    path.write_bytes(template())
    book = openpyxl.load_workbook(path)
    page = book["receivables"]
    page["E4"] = account
    for place, name in enumerate(header, start=1):
        page.cell(6, place, name)
    for number, row in enumerate(rows, start=7):
        for place, name in enumerate(header, start=1):
            page.cell(number, place, row.get(name))
    book.save(path)
    return path


def ten_rows() -> list[dict[str, Any]]:
    """Return ten invoices, one with a formal error and two with logical ones."""
    rows = [invoice(variable_symbol=f"{n}", sequence_number=f"{n}") for n in range(1, 11)]
    rows[2]["debtor_identification"] = "2567272"
    rows[4]["debtor_identification"] = "25672721"
    rows[7]["due_date"] = "2026-11-19"
    return rows


@pytest.mark.spec("SRV-228", "SRV-272", "SRV-277", "SRV-278", "SRV-279", "BAL-023", "TRN-189", "BAS-017", "BAS-055")
def test_the_whole_life_of_an_invoice_and_its_credit_note(desk: Pair) -> None:
    lab = desk.lab
    entered(lab, invoice())
    entered(lab, credit_note())
    counted = [(row["part"], row["placed"]) for row in balancing_summary.rows(lab) if row["level"] == "part"]
    assert counted == [("invoice", 1), ("credit note", 1)]
    (batch,) = desk.balance()["batches"]
    assert (batch["batch_type"], statuses(lab)) == (15, ["NS", "NS"])
    assert desk.transmit()["complete"]
    rows = service_requests.rows(lab, RECEIVABLE)
    assert [(row["status"], row["record"]) for row in rows] == [("OK", "RC2"), ("OK", "RC1")]
    assert [status for status, _ in desk.received(3)] == [14]
    assert broken_checks(lab) == {}


@pytest.mark.spec("SRV-279")
@pytest.mark.parametrize(
    ("values", "error", "why"),
    [
        (invoice(), 208, "the invoice was taken over before"),
        (credit_note(amount="121000.01"), 203, "it is more than is left of invoice 2026001: 121000.00"),
        (credit_note(original_variable_symbol="7"), 208, "no invoice 7 of this debtor was taken over"),
        (credit_note(debtor_identification="12345679"), 208, "no invoice 2026001 of this debtor was taken over"),
        (
            invoice(own_account=EURO, currency="EUR"), 208,
            "there is no agreement on financing for this account and currency",
        ),
    ],
)  # fmt: skip
def test_the_bank_rejects_what_does_not_fit(desk: Pair, values: dict[str, Any], error: int, why: str) -> None:
    entered(desk.lab, invoice())
    sent(desk)
    number = entered(desk.lab, values)
    desk.bank.end_financing(EURO_IBAN)
    sent(desk)
    told = request(desk.lab, number)
    assert (told["status"], told["error_code"], told["answer"]) == ("ER", error, why)
    assert not any(desk.bank.check().values())


def test_agreements_come_from_the_bank_and_end_there(desk: Pair) -> None:
    rows = service_records.rows(desk.lab, RECEIVABLE)
    assert [(row["record"], row["state"], row["agreement_account"], row["agreement_currency"]) for row in rows] == [
        ("FA1", "valid", MAIN_IBAN, "CZK"), ("FA2", "valid", EURO_IBAN, "EUR"),
    ]  # fmt: skip
    desk.bank.end_financing(EURO_IBAN)
    desk.transmit()
    assert [row["state"] for row in service_records.rows(desk.lab, RECEIVABLE)] == ["valid", "ended"]
    with pytest.raises(BadArgument):
        desk.bank.agree_financing(OWN_POINT, "CZ6508000000192000145399")
    with pytest.raises(UnknownName):
        desk.bank.end_financing(EURO_IBAN)


@pytest.mark.spec("SRV-340", "SRV-275", "SRV-280", "ORD-094")
def test_what_waits_is_wrong_when_its_agreement_ends_and_right_when_it_comes_back(desk: Pair) -> None:
    lab = desk.lab
    number = entered(lab, invoice(own_account=EURO, currency="EUR"))
    other = entered(lab, invoice())
    desk.bank.end_financing(EURO_IBAN)
    desk.transmit()
    assert [request(lab, one)["status"] for one in (number, other)] == ["E", "CO"]
    (ready,) = [row["records"] for row in balancing_types.rows(lab) if row["record_type"] == "receivables"]
    assert ready == 1
    desk.bank.agree_financing(OWN_POINT, EURO_IBAN)
    desk.transmit()
    assert request(lab, number)["status"] == "CO"
    desk.bank.end_financing(EURO_IBAN)
    desk.transmit()
    told = correct_service_request(lab, number, {"own_account": MAIN, "currency": "CZK", "variable_symbol": "9"})
    assert (told["status"], request(lab, number)["status"]) == ("CO", "CO")


# Table T9: what is allowed, and the next status; all others are refused.
_DELETED = {(state, "delete"): "" for state in ("CO", "E")}
T9 = _DELETED | {("CO", "correct"): "CO", ("E", "correct"): "CO"} | {
    (state, "clear"): "" for state in ("OK", "ER", "DE")
}  # fmt: skip


@pytest.mark.spec("SRV-273", "SRV-274", "SRV-276", "SRV-339", "SRV-281")
@pytest.mark.parametrize("state", ["CO", "E", "NS", "RV", "OK", "ER", "DE"])
def test_each_action_in_each_state(desk: Pair, tmp_path: Path, state: str) -> None:
    lab = desk.lab
    if state == "E":
        wrong = [invoice(due_date="2026-11-01", issue_date="2026-10-01")]
        import_receivables(lab, workbook(tmp_path / "one.xlsx", wrong), also_wrong=True)
        number = 1
    else:
        if state == "ER":
            entered(lab, invoice())
            sent(desk)
        number = entered(lab, invoice())
    if state not in ("CO", "E"):
        batch = desk.balance()["batches"][0]["batch_id"]
        if state == "DE":
            discard_batch(lab, batch)
        elif state == "RV":
            desk.later(hours=9, minutes=10)
        if state not in ("NS", "DE"):
            desk.transmit()
    assert request(lab, number)["status"] == state
    try_each_action(lab, number, state, T9, {"due_date": "2026-12-31"})


@pytest.mark.spec("SRV-254", "SRV-255", "SRV-256", "SRV-257", "SRV-258", "SRV-259", "SRV-270", "SRV-271", "BAS-054")
def test_a_sheet_is_seen_and_taken_over(desk: Pair, tmp_path: Path) -> None:
    lab, path = desk.lab, workbook(tmp_path / "invoices.xlsx", ten_rows())
    seen = receivables_sheet(lab, path)
    assert (seen["sheets"], seen["sheet"], seen["account"]) == (["receivables"], "receivables", MAIN)
    assert {row["row_no"]: ([one["code"] for one in row["errors"]], row["formal"]) for row in seen["rows"]} == {
        n: ([], False) for n in range(7, 17)
    } | {9: ([536], True), 11: ([538], False), 14: ([554, 556], False)}
    told = import_receivables(lab, path)
    assert told == {"file_no": 1, "rows": 10, "taken": 7, "wrong": 0, "left_out": 3, "repeated": 0}
    assert statuses(lab) == ["CO"] * 7
    assert delete_receivable_file(lab, 1) == {"done": 7}
    told = import_receivables(lab, path, also_wrong=True)
    assert told == {"file_no": 2, "rows": 10, "taken": 9, "wrong": 2, "left_out": 1, "repeated": 0}
    assert sorted(statuses(lab)) == ["CO"] * 7 + ["E"] * 2
    wrong = next(row for row in service_requests.rows(lab, RECEIVABLE) if row["status"] == "E")
    assert wrong["request_id"] > 7
    correct_service_request(lab, wrong["request_id"], {"due_date": "2026-12-19", "debtor_identification": "25672720"})
    entered(lab, invoice(variable_symbol="77"))
    (file,) = receivable_files.rows(lab)
    assert (file["name"], file["origin"], file["receivables"], file["wrong"]) == ("invoices.xlsx", "spreadsheet", 9, 1)
    assert delete_receivable_file(lab, 2) == {"done": 9}
    assert statuses(lab) == ["CO"]
    with pytest.raises(UnknownName):
        delete_receivable_file(lab, 2)


@pytest.mark.spec("SRV-254")
def test_the_account_of_a_sheet_is_asked_for_when_it_is_empty(desk: Pair, tmp_path: Path) -> None:
    path = workbook(tmp_path / "invoices.xlsx", [invoice()], account="")
    with pytest.raises(BadArgument, match="E4"):
        receivables_sheet(desk.lab, path)
    assert receivables_sheet(desk.lab, path, account=MAIN)["rows"][0]["errors"] == []
    with pytest.raises(BadArgument, match="E4"):
        receivables_sheet(desk.lab, workbook(path, [invoice()]), account=EURO)


@pytest.mark.parametrize(
    ("header", "rows", "sheet", "why"),
    [
        (HEADER, [], "", "no receivable below"),
        ([*HEADER, "price"], [invoice()], "", "a column is one of"),
        ([*HEADER, "amount"], [invoice()], "", "stands twice"),
        (["symbol"], [invoice()], "", "no row down to 20"),
        (HEADER, [invoice()], "other", "the sheets receivables"),
    ],
)
def test_a_workbook_that_is_none(
    desk: Pair, tmp_path: Path, header: list[str], rows: list[dict[str, Any]], sheet: str, why: str
) -> None:
    path = tmp_path / "invoices.xlsx"
    workbook(path, rows, header=header)
    if header == ["symbol"]:
        book = openpyxl.load_workbook(path)
        book["receivables"].delete_rows(6)
        book.save(path)
    with pytest.raises(FormatError, match=why):
        receivables_sheet(desk.lab, path, sheet=sheet)
    path.write_text("receivable_type\ninvoice\n")
    with pytest.raises(FormatError, match="no Excel workbook"):
        import_receivables(desk.lab, path)


def test_too_many_rows_are_refused_and_many_are_quick(desk: Pair, tmp_path: Path) -> None:
    rows = [invoice(variable_symbol=f"{n}", sequence_number=f"{n}") for n in range(1, 10_002)]
    with pytest.raises(LimitExceeded, match="10000"):
        import_receivables(desk.lab, workbook(tmp_path / "many.xlsx", rows))
    told = import_receivables(desk.lab, workbook(tmp_path / "many.xlsx", rows[:10_000]))
    assert told["taken"] == 10_000


def csv_file(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    lines = [";".join(COLUMNS), *(";".join(str(row.get(name, "")) for name in COLUMNS) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.spec("IMP-053", "IMP-054", "IMP-055", "IMP-056", "SRV-230", "BAS-127")
def test_a_file_of_an_accounting_system_is_taken_over_whole_or_refused(desk: Pair, tmp_path: Path) -> None:
    lab = desk.lab
    add_accounting_system(lab, 7, "ERP", folder_in=str(tmp_path))
    rows = ten_rows()
    csv_file(tmp_path / "bad.csv", rows)
    told = receive_receivables(lab, 7, "bad.csv")
    assert (told["status"], told["place"]) == ("refused", "line 4")
    assert "536" in told["message"]
    assert statuses(lab) == []
    rows[2]["debtor_identification"] = "25672720"
    path = csv_file(tmp_path / "good.csv", rows)
    told = receive_receivables(lab, 7, "good.csv")
    assert (told["status"], told["receivables"], told["wrong"], told["batch_order"]) == ("received", 10, 2, "20260002")
    assert sorted(statuses(lab)) == ["CO"] * 8 + ["E"] * 2
    again = receive_receivables(lab, 7, "GOOD.csv")
    assert "received from the accounting system before" in again["message"]
    lines = transmissions.rows(lab)
    assert [(row["batch_type"], row["file_name"], bool(row["error"])) for row in lines] == [
        (0, "GOOD.csv", True), (0, "good.csv", False), (0, "bad.csv", True),
    ]  # fmt: skip
    assert received_file(lab, told["transmission_id"]) == path.read_bytes()
    (tmp_path / "empty.csv").write_text(";".join(COLUMNS) + "\n" + ";" * (len(COLUMNS) - 1) + "\n")
    assert receive_receivables(lab, 7, "empty.csv")["message"] == "whole file: the file has no receivable"
    assert receive_receivables(lab, 7, "../good.csv")["status"] == "refused"
    assert receive_receivables(lab, 7, "none.csv")["status"] == "refused"
    with pytest.raises(UnknownName):
        receive_receivables(lab, 8, "good.csv")


@pytest.mark.spec("SRV-232", "SRV-233", "SRV-229")
def test_the_summary_counts_and_the_history_is_deleted_by_batches(desk: Pair, tmp_path: Path) -> None:
    lab = desk.lab
    for symbol in ("1", "2", "3"):
        entered(lab, invoice(variable_symbol=symbol, amount="1000"))
        sent(desk)
    import_receivables(lab, workbook(tmp_path / "invoices.xlsx", ten_rows()[3:6]), also_wrong=True)
    found = [tuple(row.values()) for row in receivables_summary.rows(lab)]
    first = ("invoice", MAIN_IBAN, "CZK")
    assert [(*row[:3], *row[3:6], str(row[6])) for row in found] == [
        (*first, "CO", "spreadsheet", 2, "242000.000"), (*first, "E", "spreadsheet", 1, "121000.000"),
        (*first, "OK", "creation", 3, "3000.000"),
    ]  # fmt: skip
    one, two, three = sorted(row["batch_order"] for row in service_requests.rows(lab, RECEIVABLE, "history"))
    assert (one, three) == (20260001, 20260003)
    with pytest.raises(UnknownName):
        clear_receivables(lab, three + 1, older=True)
    assert clear_receivables(lab, two) == {"done": 1}
    assert clear_receivables(lab, three, older=True) == {"done": 2}
    for batch in (one, two, three):
        with pytest.raises(Refused):
            clear_receivables(lab, batch)
    assert sorted(statuses(lab)) == ["CO", "CO", "E"]


@pytest.mark.spec("ADM-130", "BAS-184")
def test_without_the_permission_nothing_is_seen_or_done(desk: Pair, tmp_path: Path) -> None:
    lab = desk.lab
    number = entered(lab, invoice())
    path = workbook(tmp_path / "invoices.xlsx", [invoice()])
    ann = hands(lab, "0001", {193, 194, 195, 36})
    for act in (
        lambda: service_requests.rows(ann, RECEIVABLE), lambda: receivables_summary.rows(ann),
        lambda: create_service_request(ann, RECEIVABLE, invoice()), lambda: copy_service_request(ann, number),
        lambda: delete_service_requests(ann, [number]), lambda: receivables_sheet(ann, path),
        lambda: import_receivables(ann, path), lambda: receive_receivables(ann, 1, "x"),
        lambda: clear_receivables(ann, 1), lambda: delete_receivable_file(ann, 1),
        lambda: clear_service_requests(ann, [number]),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            act()


def test_nothing_is_taken_over_of_a_sheet_where_all_is_wrong(desk: Pair, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="1 of 1 rows"):
        import_receivables(desk.lab, workbook(tmp_path / "one.xlsx", [invoice(amount="0")]))
    assert receivable_files.rows(desk.lab) == []


@pytest.mark.spec("SRV-253", "ADM-185", "ADM-186")
def test_debtors_are_kept_and_receivables_stay_as_they_were(desk: Pair) -> None:
    lab = desk.lab
    values = {name: text for name, text in invoice().items() if name.startswith("debtor_")}
    number = keep_debtor(lab, values)
    keep_debtor(lab, values | {"debtor_identification": "12345679", "debtor_name": "Auto a.s."})
    entered(lab, invoice())
    assert keep_debtor(lab, {"debtor_name": "Novak a.s."}, debtor_id=number) == number
    assert [(row["debtor_id"], row["debtor_name"]) for row in debtors.rows(lab)] == [
        (2, "Auto a.s."),
        (1, "Novak a.s."),
    ]
    assert request(lab, 1)["debtor_name"] == "Novak s.r.o."
    assert keep_debtor(lab, values) == number  # the same identification stays one debtor
    with pytest.raises(WrongOrder, match="538") as refused:
        keep_debtor(lab, values | {"debtor_identification": "25672721"})
    assert [one["item"] for one in refused.value.details["errors"]] == ["debtor_identification"]
    with pytest.raises(WrongOrder, match=r"523 .*; 527 .*; 531"):
        keep_debtor(lab, {})
    for given, number in (({"price": "1"}, 0), (values, 9)):
        with pytest.raises(UnknownName):
            keep_debtor(lab, given, debtor_id=number)
    with pytest.raises(UnknownName):
        delete_debtors(lab, [1, 9])
    with pytest.raises(Refused, match="debtor 1 has this identification"):
        keep_debtor(lab, {"debtor_identification": "25672720"}, debtor_id=2)
    assert delete_debtors(lab, [2]) == {"done": 1}
    with pytest.raises(UnknownName):
        keep_debtor(lab, {"debtor_name": "Other"}, debtor_id=2)
    assert keep_debtor(lab, values | {"debtor_identification": "12345679"}) == 3  # no number is used again
    assert delete_debtors(lab, [1]) == {"done": 1}
    assert [row["debtor_id"] for row in debtors.rows(lab)] == [3]
    assert request(lab, 1)["status"] == "CO"


@pytest.mark.spec("SRV-016", "BNK-020")
def test_the_bank_lists_what_it_took_over_in_a_document_of_the_day(desk: Pair) -> None:
    lab = desk.lab
    entered(lab, invoice())
    entered(lab, credit_note())
    sent(desk)
    desk.later(hours=21)
    desk.transmit()
    (listed,) = documents.rows(lab, kind="ARF")
    assert (listed["account"], listed["day"], listed["info"]) == (MAIN_IBAN, date(2026, 11, 23), "100000.00 CZK")
    order_documents(lab, [listed["document_id"]])
    sent(desk)
    content = document_content(lab, listed["document_id"])
    text = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    for said in ("List of receivables 2026000001", "RC1: invoice 2026001", "RC2: credit note 2026901 to 2026001",
                 "-21000.00", "100000.00 CZK", "Novak s.r.o."):  # fmt: skip
        assert said in text, said


@pytest.mark.spec("SRV-235", "SRV-245", "SRV-340")
def test_what_is_wrong_is_kept_as_it_is_and_has_its_one_form_when_it_is_right(desk: Pair, tmp_path: Path) -> None:
    lab = desk.lab
    path = workbook(tmp_path / "one.xlsx", [invoice(amount="12.345")])
    import_receivables(lab, path, also_wrong=True)
    import_receivables(lab, workbook(path, [invoice(variable_symbol="2")], account="310000006/0600"), also_wrong=True)
    desk.bank.end_financing(EURO_IBAN)
    desk.transmit()  # everything is checked anew
    assert [lab.rows(f"SELECT items ->> '$.{name}' FROM ops.service_request ORDER BY request_id")[n][0]
            for n, name in enumerate(("amount", "own_account"))] == ["12.345", "310000006/0600"]  # fmt: skip
    with pytest.raises(WrongOrder, match="550"):
        correct_service_request(lab, 1, {"debtor_name": "Other"})
    account = "CZ" + "00" + "06000000000310000006"
    account = f"CZ{98 - int(account[4:] + '123500') % 97:02d}{account[4:]}"
    desk.bank.open_account(Account(account, "CZK", "New", OWN_POINT))
    desk.bank.agree_financing(OWN_POINT, account)
    desk.bank.send_accounts(OWN_POINT)
    desk.transmit()
    told = request(lab, 2)
    assert (told["status"], told["own_account"]) == ("CO", account)
    sent(desk)
    assert [request(lab, number)["status"] for number in (1, 2)] == ["E", "OK"]


@pytest.mark.spec("SRV-239", "SRV-240")
def test_the_sequence_number_orders_a_batch_and_what_was_filled_in_is_filled_in_anew(desk: Pair) -> None:
    lab = desk.lab
    note = entered(lab, credit_note(sequence_number="2"))
    bill = entered(lab, invoice(variable_symbol="77"))
    assert correct_service_request(lab, bill, {"variable_symbol": "2026001"})["status"] == "CO"
    assert request(lab, bill)["invoice_number"] == "2026001"
    copy = copy_service_request(lab, bill, {"variable_symbol": "78"})["request_id"]
    assert [request(lab, copy)[name] for name in ("invoice_number", "sequence_number")] == ["78", "3"]
    with pytest.raises(WrongOrder, match="525"):
        correct_service_request(lab, bill, {"debtor_name": "Nakla\u00addatel"})
    desk.later(days=42)  # what is due meanwhile stays right
    desk.bank.end_financing(EURO_IBAN)
    desk.transmit()
    sent(desk)
    assert [request(lab, number)["status"] for number in (note, bill, copy)] == ["OK"] * 3


def test_an_answer_counts_for_the_kinds_of_its_batch_alone(desk: Pair) -> None:
    lab = desk.lab
    number = entered(lab, invoice())
    desk.balance()
    desk.later(hours=9, minutes=10)  # the bank takes it in, and processes it in the morning
    desk.transmit()
    answers = ServiceState(number, "OK", "SO9"), ServiceState(number, "ER", "", 208, "no")
    for batch_type, answer, status in zip(
        (BatchType.STANDING_ORDERS, BatchType.CONFIRMATION), answers, ("RV", "ER"), strict=True
    ):
        arrive(desk, batch_type, 1, write_states([answer]))
        desk.transmit()
        assert (request(lab, number)["status"], request(lab, number)["record"]) == (status, None)


def test_the_sheet_with_the_header_is_found_and_another_one_can_be_named(desk: Pair, tmp_path: Path) -> None:
    path = workbook(tmp_path / "book.xlsx", [invoice()])
    book = openpyxl.load_workbook(path)
    book.create_sheet("cover", 0)["A1"] = "Our receivables"
    book.save(path)
    assert receivables_sheet(desk.lab, path)["sheet"] == "receivables"
    with pytest.raises(FormatError, match="no row down to 20"):
        receivables_sheet(desk.lab, path, sheet="cover")


def test_what_is_here_already_is_told_and_not_refused(desk: Pair, tmp_path: Path) -> None:
    lab = desk.lab
    rows = [invoice(variable_symbol="1"), invoice(variable_symbol="2"), invoice(variable_symbol="2"),
            invoice(variable_symbol="1", debtor_identification="12345679")]  # fmt: skip
    path = workbook(tmp_path / "one.xlsx", rows[:1])
    assert import_receivables(lab, path)["repeated"] == 0
    path = workbook(path, rows)
    assert [row["repeated"] for row in receivables_sheet(lab, path)["rows"]] == [True, False, True, False]
    assert (import_receivables(lab, path)["repeated"], len(statuses(lab))) == (2, 5)
    delete_receivable_file(lab, 2)
    discard_batch(lab, desk.balance()["batches"][0]["batch_id"])
    assert not receivables_sheet(lab, path)["rows"][0]["repeated"]
    add_accounting_system(lab, 7, "ERP")
    told = receive_receivables(lab, 7, "two.csv", path=csv_file(tmp_path / "two.csv", rows[1:3]))
    assert (told["receivables"], told["repeated"]) == (2, 1)
