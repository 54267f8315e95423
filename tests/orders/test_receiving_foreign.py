"""Foreign payments from accounting systems: all of them wait to be saved by a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounting_systems import add_accounting_system
from bankklient_lab.orders.creating import correct_order
from bankklient_lab.orders.receiving import receive_file
from bankklient_lab.orders.text_replacements import replace_texts
from tests.orders.labs import EURO, hands, status

TRADE = 9
HEADER = (
    "kind;own_account;recipient_account;recipient;amount;currency;maturity_date;country;bank_connection;"
    "recipient_info;charges"
)
RIGHT = {
    "kind": "foreign", "own_account": EURO, "recipient_account": "DE89 3704 0044 0532 0130 00",
    "recipient": "Muster GmbH", "amount": "500.00", "currency": "EUR", "maturity_date": "2026-11-23",
    "country": "de", "bank_connection": "Commerzbank Koeln", "recipient_info": "Invoice 1", "charges": "SHA",
}  # fmt: skip


@pytest.fixture
def received(company: Lab, tmp_path: Path) -> Path:
    """Return the folder of an accounting system of which right domestic orders would be confirmed."""
    add_accounting_system(company, TRADE, "Trade", start_status="confirmed", folder_in=str(tmp_path))
    return tmp_path


def receive(
    lab: Lab, folder: Path, *orders: dict[str, str], name: str = "trade.csv", header: str = HEADER
) -> list[int]:
    """Receive orders with the given cells and return their ids."""
    rows = [";".join((RIGHT | order)[column] for column in header.split(";")) for order in orders]
    (folder / name).write_text("\n".join([header, *rows]), "utf-8")
    report = receive_file(lab, TRADE, name)
    assert report["status"] == "received", report["message"]
    found = lab.rows("SELECT order_id FROM ops.foreign_order WHERE origin <> 'creation' ORDER BY order_id")
    return [order_id for (order_id,) in found]


@pytest.mark.spec("IMP-044", "IMP-047", "IMP-048", "IMP-051", "IMP-052")
def test_every_payment_is_wrong_until_a_person_saves_it(company: Lab, received: Path) -> None:
    ids = receive(company, received, {}, {"charges": "OUR"}, {"maturity_date": "2026-11-20"})
    rows = company.rows("SELECT status, saved, errors FROM ops.foreign_order ORDER BY order_id")
    assert rows[0] == ("E", False, "")
    assert rows[1] == ("E", False, "766")
    assert rows[2][:2] == ("E", False)
    assert "775" in rows[2][2].split()
    assert company.rows("SELECT batch_type, orders, wrong FROM ops.transmission") == [(0, 3, 2)]
    assert correct_order(company, ids[0], {})["status"] == status(company, ids[0]) == "F2"


@pytest.mark.spec("IMP-049")
def test_after_correction_a_payment_follows_its_table(company: Lab, received: Path) -> None:
    (wrong,) = receive(company, received, {"charges": "OUR"})
    clerk = hands(company, "AA", {121, 36})
    assert correct_order(clerk, wrong, {"charges": "SHA"})["status"] == ""
    with pytest.raises(Refused):
        correct_order(hands(company, "BB", {101, 141}), wrong, {"charges": "BEN"})


@pytest.mark.spec("IMP-045")
def test_blanks_at_the_beginning_of_texts_are_removed(company: Lab, received: Path) -> None:
    receive(company, received, {"recipient_info": "  Invoice 1", "bank_connection": " Commerzbank", "recipient": "  M"})
    assert company.rows(
        "SELECT recipient_info_line_1, bank_connection_line_1, recipient_line_1, recipient_account, country"
        " FROM ops.foreign_order"
    ) == [("Invoice 1", "Commerzbank", "M", "DE89370400440532013000", "DE")]


@pytest.mark.spec("IMP-046")
def test_a_formal_error_refuses_a_file_of_payments(company: Lab, received: Path) -> None:
    (received / "bad.csv").write_text(f"{HEADER}\n{';'.join(RIGHT.values())};more\n")
    assert receive_file(company, TRADE, "bad.csv")["status"] == "refused"
    assert not company.rows("FROM ops.foreign_order")


@pytest.mark.spec("IMP-050", "BAS-274")
def test_payments_are_not_searched_for_duplicates(company: Lab, received: Path) -> None:
    receive(company, received, {}, {})
    assert company.rows("SELECT errors FROM ops.foreign_order") == [("",), ("",)]


@pytest.mark.spec("TRN-090")
@pytest.mark.spec("IMP-029")
def test_texts_of_payments_are_not_replaced(company: Lab, received: Path) -> None:
    replace_texts(company, TRADE, "CZ8406002020160000303634", {"client_message": "other", "abbreviation": "other"})
    receive(company, received, {})
    assert company.rows("SELECT recipient_info_line_1, recipient_line_1 FROM ops.foreign_order") == [
        ("Invoice 1", "Muster GmbH")
    ]


def test_kinds_in_one_file_keep_the_order_of_the_file(company: Lab, received: Path) -> None:
    header = "kind;own_account;counter_account;recipient_account;amount;currency;maturity_date;charges"
    lines = [
        "domestic_payment;609-150012947/0600;19-2000145399/0800;;1.00;CZK;2026-11-22;",
        "foreign_payment;202016-303634/0600;;DE89370400440532013000;2.00;EUR;2026-11-23;SHA",
        "domestic_collection;609-150012947/0600;19-2000145399/0800;;3.00;CZK;2026-11-22;",
    ]
    (received / "mixed.csv").write_text("\n".join([header, *lines]), "utf-8")
    report = receive_file(company, TRADE, "mixed.csv")
    assert report["orders"] == 3
    numbers = company.rows(
        "SELECT kind, order_in_batch, order_id % 100 FROM ops.domestic_order"
        " UNION ALL SELECT kind, order_in_batch, order_id % 100 FROM ops.foreign_order ORDER BY 2"
    )
    assert numbers == [("domestic_payment", 1, 1), ("foreign_payment", 2, 2), ("domestic_collection", 3, 3)]
    lines.insert(2, lines[0].replace("domestic_payment", "cheque"))
    (received / "unknown.csv").write_text("\n".join([header, *lines]), "utf-8")
    refused = receive_file(company, TRADE, "unknown.csv")
    assert "needs a kind" in refused["message"]
    assert (refused["place"], refused["field"]) == ("order 3", "kind")
