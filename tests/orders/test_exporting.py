"""Orders as files for a bank: only confirmed ones, whole, and the same when they are read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankklient_lab.errors import BadArgument, NotAllowed, Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounting_systems import add_accounting_system
from bankklient_lab.orders.exporting import export_orders, order_template
from bankklient_lab.orders.receiving import receive_file
from tests.orders.labs import COLLECTION, FOREIGN, created, hands

_SAME = (
    "kind, amount_value, currency, maturity_date_value, significant(debit_account_base),"
    " significant(credit_account_base), credit_variable_symbol, constant_symbol, client_message_line_1,"
    " client_message_line_2"
)


@pytest.mark.parametrize("name", ["csv", "xlsx", "fixed", "kpc", "pain.001"])
def test_written_orders_are_read_back_equal(company: Lab, tmp_path: Path, name: str) -> None:
    message = "November" if name == "kpc" else "November\nsecond line"
    ids = [created(company, amount=f"{n}.10", constant_symbol="0308", client_message=message) for n in (1, 2)]
    content = export_orders(company, ids, name)
    written = company.rows(f"SELECT {_SAME} FROM ops.domestic_order ORDER BY order_id")
    (tmp_path / "orders").write_bytes(content)
    add_accounting_system(company, 4, "Bank")
    report = receive_file(company, 4, "orders", path=tmp_path / "orders")
    assert (report["status"], report["orders"]) == ("received", 2), report["message"]
    read = company.rows(f"SELECT {_SAME} FROM ops.domestic_order WHERE accounting_system = 4 ORDER BY order_id")
    plain = [[str(value).lstrip("0") for value in row] for row in written]
    joined = [[str(value).lstrip("0") for value in row] for row in read]
    if name == "pain.001":  # its message is one text
        plain = [[*row[:-2], " ".join(row[-2:])] for row in plain]
        joined = [[*row[:-2], " ".join(part for part in row[-2:] if part != "None")] for row in joined]
    assert joined == plain


def test_foreign_payments_are_written_as_pain_001(company: Lab, tmp_path: Path) -> None:
    order = created(company, FOREIGN)
    content = export_orders(company, [order], "pain.001", version="09")
    assert b"pain.001.001.09" in content
    (tmp_path / "abroad.xml").write_bytes(content)
    add_accounting_system(company, 4, "Bank")
    assert receive_file(company, 4, "abroad.xml", path=tmp_path / "abroad.xml")["status"] == "received"
    items = (
        "recipient_account, recipient_line_1, recipient_line_2, bank_connection_line_1, bank_connection_line_2,"
        " country, recipient_info_line_1, charges, amount_value, currency, errors"
    )
    assert len(company.rows(f"SELECT DISTINCT {items} FROM ops.foreign_order")) == 1


def test_a_sepa_payment_is_marked_as_banks_want_it(company: Lab) -> None:
    content = export_orders(company, [created(company, FOREIGN)], "pain.001")
    ((currency, country),) = company.rows("SELECT currency, country FROM ops.foreign_order")
    assert (currency, country) == ("EUR", "DE")
    assert b"<SvcLvl><Cd>SEPA</Cd></SvcLvl>" in content
    assert b"<ChrgBr>SLEV</ChrgBr>" in content


def test_only_confirmed_orders_are_written(company: Lab) -> None:
    clerk = hands(company, "AA", {56, 16})
    order = created(clerk, amount="5")
    with pytest.raises(Refused, match="not confirmed"):
        export_orders(clerk, [order], "csv")
    with pytest.raises(UnknownName):
        export_orders(clerk, [1], "csv")
    with pytest.raises(BadArgument):
        export_orders(clerk, [], "csv")
    with pytest.raises(NotAllowed):
        export_orders(hands(company, "BB", {56}), [order], "csv")


def test_what_a_format_cannot_hold_is_refused_by_name(company: Lab) -> None:
    order = created(company, COLLECTION, counter_account="3703-921811/0710", amount="4")
    with pytest.raises(BadArgument, match=f"order {order}"):
        export_orders(company, [order], "pain.001")


def test_an_export_is_logged(company: Lab) -> None:
    order = created(company)
    export_orders(company, [order], "kpc")
    assert company.rows("SELECT subject FROM ops.log WHERE action = 'export_orders'") == [("1",)]


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_the_template_of_a_kind_can_be_filled_in(company: Lab, tmp_path: Path, name: str) -> None:
    content = order_template(company, "domestic_payment", name)
    assert content
    if name == "csv":
        assert content.decode().startswith("kind;own_account;counter_account;amount;currency;maturity_date;")
