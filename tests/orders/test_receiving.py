"""Files of accounting systems: what is refused as a whole, what becomes of each order, and what is told of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.access.configuration import configure
from bankklient_lab.errors import UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounting_systems import add_accounting_system, change_accounting_system, files_waiting
from bankklient_lab.orders.receiving import receive_file
from bankklient_lab.orders.text_replacements import replace_texts
from bankklient_lab.orders.transmissions import received_file
from tests.orders.labs import MAIN, SAVINGS, SUPPLIER, created, hands

WAGES = 7
IBAN = "CZ7706000006090150012947"  # of MAIN
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


@pytest.mark.spec("FLW-001", "TRN-061")
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


def refused(lab: Lab, name: str, why: str) -> None:
    """Check that a file is refused, stores nothing and leaves a line in the protocol."""
    before = len(kept(lab))
    report = receive_file(lab, WAGES, name)
    assert report["status"] == "refused"
    assert why in report["message"]
    assert len(kept(lab)) == before
    ((error, count, wrong),) = lab.rows(
        "SELECT error, orders, wrong FROM ops.transmission ORDER BY transmission_id DESC LIMIT 1"
    )
    assert (error, count, wrong) == (report["message"], 0, 0)


@pytest.mark.spec("IMP-007", "IMP-010", "IMP-034", "BAS-127")
def test_the_same_file_name_again_is_refused(company: Lab, inbox: Path) -> None:
    receive_file(company, WAGES, written(inbox, "wages01.txt", orders()))
    written(inbox, "wages01.txt", [["too", "few"]])  # the name is looked at before the content
    refused(company, "wages01.txt", "received from the accounting system before")
    refused(company, written(inbox, "WAGES01.txt", orders(1)), "received from the accounting system before")


@pytest.mark.spec("IMP-008", "IMP-035")
def test_the_same_file_name_is_allowed_to_others_and_after_a_refusal(company: Lab, inbox: Path, tmp_path: Path) -> None:
    written(inbox, "wages01.txt", [["too", "few"]])
    refused(company, "wages01.txt", "line 2")
    assert receive_file(company, WAGES, written(inbox, "wages01.txt", orders(1)))["status"] == "received"
    add_accounting_system(company, 8, "Invoices", folder_in=str(inbox))
    report = receive_file(company, 8, "wages01.txt")
    assert (report["status"], report["batch_order"], report["duplicates"]) == ("received", "20260001", 1)


@pytest.mark.spec("IMP-009", "IMP-036")
def test_a_file_name_has_at_most_30_characters(company: Lab, inbox: Path) -> None:
    assert receive_file(company, WAGES, written(inbox, "a" * 26 + ".csv", orders(1)))["status"] == "received"
    refused(company, written(inbox, "b" * 27 + ".csv", orders(1)), "at most 30 characters")


@pytest.mark.spec("FLW-009")
@pytest.mark.spec("IMP-006", "BAS-125")
@pytest.mark.parametrize("name", ["../elsewhere.csv", "link.csv", "folder", "", ".", "..", "sub/file.csv"])
def test_files_come_from_the_folder_of_the_system_alone(company: Lab, inbox: Path, tmp_path: Path, name: str) -> None:
    written(tmp_path, "elsewhere.csv", orders(1))
    (inbox / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    (inbox / "folder").mkdir()
    (inbox / "sub").mkdir()
    written(inbox / "sub", "file.csv", orders(1))
    refused(company, name, "")
    given = receive_file(company, WAGES, "elsewhere.csv", path=tmp_path / "elsewhere.csv")
    assert given["status"] == "refused"
    assert "from its folder alone" in given["message"]
    with pytest.raises(UnknownName):
        receive_file(company, WAGES + 1, name)


@pytest.mark.spec("BAS-125")
def test_files_that_wait_are_those_in_the_folder(company: Lab, inbox: Path, tmp_path: Path) -> None:
    receive_file(company, WAGES, written(inbox, "one.csv", orders(1)))
    written(inbox, "two.csv", orders(1))
    (inbox / "link.csv").symlink_to(inbox / "two.csv")
    (inbox / "folder").mkdir()
    assert [(file["name"], file["received"]) for file in files_waiting(company, WAGES)] == [
        ("one.csv", True),
        ("two.csv", False),
    ]


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", "~", "~root", ".hidden", "a/b.csv", "a\\b.csv", "a\nb.csv", "a\u202eb.csv"]
)
def test_an_uploaded_file_has_the_plain_name_of_a_file(company: Lab, tmp_path: Path, name: str) -> None:
    add_accounting_system(company, 8, "Uploads")
    written(tmp_path, "up.csv", orders(1))
    report = receive_file(company, 8, name, path=tmp_path / "up.csv")
    assert report["status"] == "refused"
    assert "is not the name of a file" in report["message"]


def test_a_system_without_a_folder_takes_uploaded_files(company: Lab, tmp_path: Path) -> None:
    add_accounting_system(company, 8, "Uploads")
    written(tmp_path, "up.csv", orders(2))
    report = receive_file(company, 8, "up.csv", path=tmp_path / "up.csv")
    assert (report["status"], kept(company)) == ("received", [("", "")] * 2)


@pytest.mark.spec("FLW-012", "FLW-014")
@pytest.mark.spec("IMP-013", "IMP-037", "BAS-118", "BAS-121")
def test_a_formal_error_refuses_the_whole_file(company: Lab, inbox: Path) -> None:
    rows = [*orders(3), ["609-150012947/0600"]]
    refused(company, written(inbox, "short.csv", rows), "line 5")
    refused(company, written(inbox, "column.csv", orders(1), HEADER.replace("amount", "sum")), "")
    (inbox / "empty.csv").write_bytes(b"")
    refused(company, "empty.csv", "empty")
    refused(company, "missing.csv", "No such file")


@pytest.mark.spec("FLW-012", "FLW-014")
@pytest.mark.spec("IMP-014", "IMP-015", "IMP-038", "IMP-039", "IMP-040", "IMP-153", "BAS-119", "BAS-120")
def test_an_order_with_logic_errors_is_stored_with_all_of_them(company: Lab, inbox: Path) -> None:
    rows = orders(
        at_3=[MAIN, SUPPLIER, "0", "2026-11-22", "4", "", ""],
        at_5=[MAIN, "19-2000145399/9999", "0.00", "2026-11-22", "6", "", ""],
        at_7=[MAIN, MAIN, "5.00", "2026-11-22", "8", "", ""],
    )
    report = receive_file(company, WAGES, written(inbox, "wages01.txt", rows))
    assert (report["right"], report["wrong"]) == (7, 3)
    states = kept(company)
    assert [states[n] for n in (3, 5, 7)] == [("E", "73"), ("E", "45 73"), ("E", "61")]
    assert [state for n, state in enumerate(states) if n not in (3, 5, 7)] == [("F", "")] * 7
    assert [(row["code"], row["orders"]) for row in report["errors"]] == [(45, 1), (61, 1), (73, 2)]


@pytest.mark.spec("FLW-015")
@pytest.mark.spec("IMP-016", "IMP-142", "IMP-150", "IMP-151", "IMP-152")
@pytest.mark.parametrize(
    ("start", "status", "verified", "confirmed"),
    [("created", "", False, False), ("verified", "V", True, False), ("confirmed", "F", True, True)],
)
def test_the_accounting_system_says_how_right_orders_begin(
    company: Lab, inbox: Path, start: str, status: str, *, verified: bool, confirmed: bool
) -> None:
    change_accounting_system(company, WAGES, {"start_status": start})
    receive_file(company, WAGES, written(inbox, "one.csv", orders(1)))
    me = company.caller.reference
    assert company.rows("SELECT status, created_by, verified_by, confirmed_by FROM ops.domestic_order") == [
        (status, me, me if verified else None, me if confirmed else None)
    ]


@pytest.mark.spec("IMP-017", "IMP-018", "IMP-041")
def test_past_maturities_become_today_and_are_counted(company: Lab, inbox: Path) -> None:
    rows = [[MAIN, SUPPLIER, f"{n + 1}.00", day, str(n), "", ""] for n, day in enumerate(
        ("2026-11-18", "18.11.2026", "2026-11-21", "2026-11-22", "2026-12-24", "31.2.2026")
    )]  # fmt: skip
    report = receive_file(company, WAGES, written(inbox, "late.csv", rows))
    assert report["moved"] == 3
    assert [row[0] for row in company.rows("SELECT maturity_date FROM ops.domestic_order ORDER BY order_id")] == [
        "2026-11-22", "2026-11-22", "2026-11-22", "2026-11-22", "2026-12-24", "31.2.2026",
    ]  # fmt: skip
    assert [errors for _, errors in kept(company)] == ["", "", "", "", "", "83"]
    assert company.rows("SELECT moved FROM ops.transmission") == [(3,)]


@pytest.mark.spec("FLW-012", "FLW-014")
@pytest.mark.spec("IMP-019", "IMP-042", "IMP-154", "TXN-038")
def test_a_suspected_duplicate_becomes_wrong_and_is_counted(company: Lab, inbox: Path) -> None:
    created(company, amount="100.00", variable_symbol="1")
    report = receive_file(company, WAGES, written(inbox, "wages01.txt", orders()))
    assert report["duplicates"] == 1
    assert kept(company)[1:] == [("E", "151")] + [("F", "")] * 9


@pytest.mark.spec("IMP-022", "ADM-142")
def test_an_order_without_a_variable_symbol_becomes_wrong_where_one_is_demanded(company: Lab, inbox: Path) -> None:
    configure(company, {"check_variable_symbol": "yes"})
    rows = orders(2, at_1=[MAIN, SUPPLIER, "1.00", "2026-11-22", "", "", ""])
    receive_file(company, WAGES, written(inbox, "wages01.txt", rows))
    assert kept(company) == [("F", ""), ("E", "152")]


@pytest.mark.spec("IMP-024", "BAS-094")
def test_identifications_of_the_client_are_kept_and_repeated_ones_counted(company: Lab, inbox: Path) -> None:
    header = f"{HEADER};client_transaction_id"
    rows = [[*row, identification] for row, identification in zip(orders(4), ["A1", "b2", "A1", ""], strict=True)]
    assert receive_file(company, WAGES, written(inbox, "one.csv", rows, header))["repeated"] == 1
    more = [[*row[:2], f"{9 + n}.00", *row[3:], text] for n, (row, text) in enumerate(
        zip(orders(3), ["A1", "c3", "b2"], strict=True)
    )]  # fmt: skip
    assert receive_file(company, WAGES, written(inbox, "two.csv", more, header))["repeated"] == 2
    found = company.rows("SELECT client_transaction_id, errors FROM ops.domestic_order ORDER BY order_id")
    assert found == [(text, "") for text in ("A1", "b2", "A1", None, "A1", "c3", "b2")]


@pytest.mark.spec("IMP-025")
def test_the_summary_has_the_sums_of_each_own_account(company: Lab, inbox: Path) -> None:
    rows = orders(3, at_2=[SAVINGS, SUPPLIER, "7.50", "2026-11-20", "3", "", ""])
    report = receive_file(company, WAGES, written(inbox, "wages01.txt", rows))
    assert [(row["account"], row["orders"], row["amount"]) for row in report["accounts"]] == [
        (SAVINGS, 1, Decimal("7.500")),
        (MAIN, 2, Decimal("201.000")),
    ]
    assert {name: report[name] for name in ("orders", "right", "wrong", "duplicates", "moved")} == {
        "orders": 3, "right": 3, "wrong": 0, "duplicates": 0, "moved": 1,
    }  # fmt: skip


@pytest.mark.spec("IMP-026")
def test_a_received_file_stays_and_is_kept_in_the_archive(company: Lab, inbox: Path) -> None:
    name = written(inbox, "wages01.txt", orders(300))
    content = (inbox / name).read_bytes()
    report = receive_file(company, WAGES, name)
    assert (inbox / name).read_bytes() == content
    assert received_file(company, report["transmission_id"]) == content
    assert received_file(hands(company, "BB", {36, 156}), report["transmission_id"]) == content
    for number in (report["transmission_id"], report["transmission_id"] + 1):
        with pytest.raises(UnknownName):
            received_file(hands(company, "CC", {36, 141}), number)


@pytest.mark.spec("TRN-090", "TRN-091")
@pytest.mark.spec("IMP-027", "IMP-028", "IMP-030", "IMP-043")
def test_texts_are_replaced_by_account_and_symbol(company: Lab, inbox: Path) -> None:
    replace_texts(company, WAGES, IBAN, {"client_message": "wages"}, symbol="constant_symbol", value="0138")
    rows = [
        [MAIN, SUPPLIER, f"{n}.00", "2026-11-22", str(n), symbol, "delivered"]
        for n, symbol in ((1, "138"), (2, "0308"))
    ]
    rows.append([SAVINGS, SUPPLIER, "3.00", "2026-11-22", "3", "0138", "delivered"])
    receive_file(company, WAGES, written(inbox, "one.csv", rows))
    texts = "SELECT client_message_line_1 FROM ops.domestic_order ORDER BY order_id"
    assert company.rows(texts) == [("wages",), ("delivered",), ("delivered",)]


@pytest.mark.spec("TRN-093")
@pytest.mark.spec("IMP-030", "IMP-031", "IMP-032")
def test_the_most_specific_replacement_counts_and_sides_follow_the_kind(company: Lab, inbox: Path) -> None:
    replace_texts(company, WAGES, IBAN, {"own_identification": "general", "abbreviation": ""})
    replace_texts(company, WAGES, IBAN, {"own_identification": "later"})
    replace_texts(company, WAGES, IBAN, {"counter_identification": "a\nb"}, symbol="variable_symbol", value="5")
    header = f"kind;{HEADER};abbreviation"
    rows = [
        [kind, *cells, "short"]
        for kind, cells in zip(
            ("payment", "collection", "payment"),
            [[MAIN, SUPPLIER, f"{n}.00", "2026-11-22", str(n), "", ""] for n in (1, 2, 5)],
            strict=True,
        )
    ]
    receive_file(company, WAGES, written(inbox, "one.csv", rows, header))
    assert company.rows(
        "SELECT debit_identification_line_1, credit_identification_line_1, credit_identification_line_2,"
        " debit_abbreviation, credit_abbreviation FROM ops.domestic_order ORDER BY order_id"
    ) == [
        ("general", None, None, None, None),
        (None, "general", None, None, None),
        (None, "a", "b", None, "short"),
    ]
    assert company.rows("SELECT kind FROM ops.domestic_order ORDER BY order_id") == [
        ("domestic_payment",), ("domestic_collection",), ("domestic_payment",),
    ]  # fmt: skip
