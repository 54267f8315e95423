"""Orders as files for a bank: only confirmed ones, whole, and the same when they are read back."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from bankklient_lab.errors import BadArgument, NotAllowed, Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounting_systems import add_accounting_system
from bankklient_lab.orders.creating import create_order
from bankklient_lab.orders.exporting import export_orders, order_template
from bankklient_lab.orders.receiving import receive_file
from tests.orders.labs import COLLECTION, FOREIGN, created, foreign_values, hands

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


ABROAD: tuple[tuple[dict[str, str], str], ...] = (
    ({"orderer_confirmation": "a@b.cz"}, "Confirmation to the orderer"),
    ({"recipient_confirmation": "a@b.cz"}, "Confirmation to the recipient"),
    ({"agreed_rate_marked": "yes", "amount": "900000"}, "Agreed rate"),
    ({"recipient_line_1": "Muster", "recipient_line_2": "", "recipient_line_3": "Koeln", "recipient": ""}, "address"),
)


@pytest.mark.parametrize(("values", "item"), ABROAD)
def test_an_item_without_a_field_is_refused_by_name(company: Lab, values: dict[str, str], item: str) -> None:
    more = {name: value for name, value in values.items() if name != "recipient"}
    base = foreign_values(**more)
    if "recipient" in values:
        del base["recipient"]
    order = int(create_order(company, FOREIGN, base)["order_id"])
    with pytest.raises(BadArgument, match=f"order {order}, .*{item}"):
        export_orders(company, [order], "pain.001")
    assert export_orders(company, [order], "csv")


def test_an_empty_line_between_others_is_kept(company: Lab, tmp_path: Path) -> None:
    lines = {"client_message_line_1": "one", "client_message_line_3": "three"}
    order = created(company, **lines)
    abroad = created(company, FOREIGN, recipient_info="one\n\nthree")
    add_accounting_system(company, 4, "Bank")
    for number, (ids, name) in enumerate([([order], "fixed"), ([order], "csv"), ([abroad], "pain.001")]):
        (tmp_path / f"{number}").write_bytes(export_orders(company, ids, name))
        report = receive_file(company, 4, f"{number}", path=tmp_path / f"{number}")
        assert (report["status"], report["orders"]) == ("received", 1), report["message"]
    texts = "SELECT DISTINCT {0}_line_1, {0}_line_2, {0}_line_3, {0}_line_4 FROM ops.{1}_order"
    assert company.rows(texts.format("client_message", "domestic")) == [("one", None, "three", None)]
    assert company.rows(texts.format("recipient_info", "foreign")) == [("one", None, "three", None)]


@pytest.mark.parametrize(
    ("entered", "written"), [("+5", "5.00"), ("1 500,5", "1500.50"), ("0007", "7.00")], ids=["sign", "blank", "zeros"]
)
def test_a_table_has_amounts_and_days_as_they_are_meant(company: Lab, entered: str, written: str) -> None:
    order = created(company, amount=entered, maturity_date="22. 11. 2026", express_payment="Yes")
    (row,) = csv.DictReader(export_orders(company, [order], "csv").decode("utf-8-sig").splitlines(), delimiter=";")
    assert (row["amount"], row["maturity_date"], row["express_payment"]) == (written, "2026-11-22", "yes")


@pytest.mark.parametrize(
    "tampered",
    [
        "UPDATE ops.domestic_order SET amount = '9', amount_value = 9",
        "UPDATE ops.domestic_order SET credit_account_base = '2000145400', digest = 'x'",
        "UPDATE ops.order_step SET digest = 'x'",
    ],
)
def test_what_was_changed_past_the_steps_is_not_written(company: Lab, tampered: str) -> None:
    order = created(company)
    with company.database.tx("ops") as cursor:
        cursor.execute(tampered)
    with pytest.raises(Refused, match=f"order {order} does not say what was confirmed"):
        export_orders(company, [order], "kpc")


def test_only_orders_that_the_caller_sees_are_written(company: Lab) -> None:
    orders = [created(company, amount="1"), created(company, FOREIGN, amount="2")]
    with pytest.raises(UnknownName):
        export_orders(hands(company, "BB", {11}), orders, "csv")  # sees sums only
    assert export_orders(hands(company, "CC", {11, 141, 156}), orders, "csv")
    assert export_orders(hands(company, "DD", {16}), orders, "csv")  # can include them
    with pytest.raises(UnknownName):
        export_orders(hands(company, "DD", {11, 156}), orders, "csv")


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
