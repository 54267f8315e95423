"""The register of counterparties: what is kept, where it comes from, and what it fills into orders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, FormatError, NotAllowed, Refused, UnknownName, WrongOrder
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.lab import Lab
from bankklient_lab.orders.counterparties import COLUMNS
from bankklient_lab.reports.doors import render_table
from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN, LANDLORD, SUPPLIER, created, hands, many
from tests.statements import mt940

IBAN = "DE89370400440532013000"


def register(lab: Lab) -> list[tuple[Any, ...]]:
    return [(row["name"], row["account"], row["source"]) for row in bl.counterparty_register.rows(lab)]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("000019-2000145399/0800", SUPPLIER),
        (" 19-2000145399 / 0800 ", SUPPLIER),
        ("CZ65 0800 0000 1920 0014 5399", SUPPLIER),
        ("de89 3704 0044 0532 0130 00", IBAN),
        ("0150006432/0600", "150006432/0600"),
    ],
)
def test_an_account_is_kept_in_one_form(company: Lab, given: str, kept: str) -> None:
    bl.save_counterparty(company, "Somebody", given)
    assert register(company) == [("Somebody", kept, "entered")]


def test_the_rules_of_orders_hold(company: Lab) -> None:
    for account, values, code in (
        ("19-2000145398/0800", {}, 33),
        ("19-2000145399/9999", {}, 45),
        (SUPPLIER, {"variable_symbol": "12a"}, 52),
        (IBAN, {"currency": "XXX"}, 721),
        ("CZ6608000000192000145399", {}, 713),
    ):
        with pytest.raises(WrongOrder) as caught:
            bl.save_counterparty(company, "Somebody", account, values)
        assert code in [one["code"] for one in caught.value.details["errors"]], account
    for name, account, values in (
        ("", SUPPLIER, {}),
        ("x" * 141, SUPPLIER, {}),
        ("Somebody", " ", {}),
        ("Somebody", SUPPLIER, {"constant_symbol": "12345"}),
    ):
        with pytest.raises(BadArgument):
            bl.save_counterparty(company, name, account, values)
    with pytest.raises(UnknownName, match="item of a counterparty 'colour'"):
        bl.save_counterparty(company, "Somebody", SUPPLIER, {"colour": "red"})
    assert register(company) == []


def test_an_account_stands_once(company: Lab) -> None:
    first = bl.save_counterparty(company, "First", SUPPLIER)
    second = bl.save_counterparty(company, "Second", LANDLORD)
    for given in ({}, {"counterparty_id": second}):
        with pytest.raises(Refused, match=f"counterparty {first} has the account {SUPPLIER} already"):
            bl.save_counterparty(company, "Third", SUPPLIER, **given)
    assert bl.save_counterparty(company, "Second, new", IBAN, counterparty_id=second) == second
    assert bl.save_counterparty(company, "First, new", SUPPLIER, counterparty_id=first) == first
    assert register(company) == [("First, new", SUPPLIER, "entered"), ("Second, new", IBAN, "entered")]
    bl.delete_counterparty(company, first)
    with pytest.raises(UnknownName, match="counterparty '1'"):
        bl.delete_counterparty(company, first)
    with pytest.raises(UnknownName, match="counterparty '1'"):
        bl.counterparty_values(company, first, DOMESTIC)
    with pytest.raises(UnknownName, match="counterparty '1'"):
        bl.save_counterparty(company, "First", SUPPLIER, counterparty_id=first)


def test_search(company: Lab) -> None:
    bl.save_counterparty(company, "Čtvrtá, s. r. o.", SUPPLIER)
    bl.save_counterparty(company, "Muster GmbH", IBAN, {"address": "Lange Str. 1"})
    for words, found in (("čtvrtá", 1), ("2000145399", 1), ("LANGE", 1), ("", 2), ("%", 0), ("nobody", 0)):
        assert len(bl.counterparty_register.rows(company, words)) == found, words
    assert len(bl.counterparty_register.rows(company, limit=1)) == 1
    for limit in (0, -1, 1_000_001, 10**30):
        with pytest.raises(BadArgument):
            bl.counterparty_register(company, limit=limit)


def test_the_whole_register_is_listed(company: Lab, tmp_path: Path) -> None:
    written = "name,account\n" + "".join(f"Number {n},90{n:08}\n" for n in range(1_001))
    bl.import_counterparties(company, file(tmp_path, written))
    assert len(bl.counterparty_register.rows(company)) == 1_001


def test_a_counterparty_fills_an_order(company: Lab) -> None:
    symbols = {"variable_symbol": "77", "constant_symbol": "308", "message": "Rent\nNovember"}
    landlord = bl.save_counterparty(company, "Landlord", LANDLORD, symbols)
    values = bl.counterparty_values(company, landlord, DOMESTIC)
    made = bl.create_order(company, DOMESTIC, {"own_account": "609-150012947/0600", "amount": "5"} | values)
    assert company.rows(
        "SELECT credit_account_base, credit_variable_symbol, constant_symbol, client_message_line_2,"
        " credit_abbreviation FROM ops.domestic_order WHERE order_id = $id",
        {"id": made["order_id"]},
    ) == [("921811", "77", "308", "November", "Landlord")]
    assert bl.counterparty_values(company, landlord, COLLECTION)["debit_account_base"] == "921811"
    with pytest.raises(Refused, match="can't stand in a foreign payment"):
        bl.counterparty_values(company, landlord, FOREIGN)


def test_a_counterparty_abroad_fills_a_foreign_payment(company: Lab) -> None:
    name = "Gesellschaft mit langem Namen und beschraenkter Haftung"
    abroad = bl.save_counterparty(
        company, name, IBAN, {"bank": "Commerzbank\nKoeln", "currency": "eur", "message": "Invoice"}
    )
    values = bl.counterparty_values(company, abroad, FOREIGN)
    assert (values["recipient_line_1"], values["recipient_line_2"]) == (
        "Gesellschaft mit langem Namen und", "beschraenkter Haftung",
    )  # fmt: skip
    assert (values["country"], values["currency"], values["bank_connection_line_2"]) == ("DE", "EUR", "Koeln")
    order = {"own_account": "202016-303634/0600", "amount": "5"} | values
    assert bl.check_order(company, FOREIGN, order | {"charges": "SHA", "bank_operation_code": "CRED",
        "maturity_date": "2026-11-22"})["errors"] == []  # fmt: skip
    with pytest.raises(Refused, match="can't stand in a domestic payment"):
        bl.counterparty_values(company, abroad, DOMESTIC)


def test_who_was_paid_is_learnt_from_orders(company: Lab) -> None:
    created(company, abbreviation="Old name")
    created(company, abbreviation="New name", amount="2")
    created(company, FOREIGN)
    created(company, COLLECTION)
    assert bl.learn_counterparties(company) == {"added": 2, "left_out": 0}
    assert register(company) == [("Muster GmbH", IBAN, "orders"), ("New name", SUPPLIER, "orders")]
    assert bl.learn_counterparties(company) == {"added": 0, "left_out": 0}


def test_nobody_learns_from_discarded_orders_or_those_of_others(company: Lab) -> None:
    many(company, 1)
    (order_id,) = company.rows("SELECT order_id FROM ops.domestic_order")[0]
    assert bl.discard_orders(company, [order_id])["done"] == 1
    assert bl.learn_counterparties(company) == {"added": 0, "left_out": 0}
    one, other = hands(company, "ON", [51, 120]), hands(company, "OT", [51, 120])
    created(one)
    created(one, FOREIGN)
    assert bl.learn_counterparties(other) == {"added": 0, "left_out": 0}
    assert bl.learn_counterparties(one) == {"added": 2, "left_out": 0}


def test_who_was_paid_is_learnt_from_statements(company: Lab, tmp_path: Path) -> None:
    bl.import_file(company, mt940(tmp_path))
    with company.database.tx("history") as cursor:
        for name, account, bank in (
            ("Supplier", "19-2000145399", "0800"), ("Nobody", "19-2000145398", "0800"), ("Abroad", IBAN, "COBADEFFXXX"),
        ):  # fmt: skip
            cursor.execute(
                "INSERT INTO history.entry SELECT * REPLACE (entry_no + 100 + len($account) AS entry_no, $name AS"
                " counterparty_name, $account AS counterparty_account, $bank AS counterparty_bank,"
                " -abs(amount) AS amount)"
                " FROM history.entry ORDER BY entry_no LIMIT 1",
                {"name": name, "account": account, "bank": bank},
            )
    learnt = bl.learn_counterparties_from_statements(company)
    assert learnt["left_out"] == 1
    assert ("Supplier", SUPPLIER, "history") in register(company)
    assert ("Abroad", IBAN, "history") in register(company)
    (abroad,) = bl.counterparty_register.rows(company, IBAN)
    assert abroad["bic"] == "COBADEFFXXX"


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "counterparties.csv"
    path.write_text(text, "utf-8")
    return path


def test_a_file_is_taken_over(company: Lab, tmp_path: Path) -> None:
    bl.save_counterparty(company, "Old", SUPPLIER, {"message": "old"})
    text = f'name;account;message\nNew;{SUPPLIER};"Two\nlines"\nAbroad;{IBAN};\n'
    assert bl.import_counterparties(company, file(tmp_path, text)) == {"added": 1, "changed": 1}
    assert register(company) == [("Abroad", IBAN, "file"), ("New", SUPPLIER, "file")]
    assert [row["message"] for row in bl.counterparty_register.rows(company)] == [None, "Two\nlines"]


def test_an_export_is_read_back_equal(company: Lab, tmp_path: Path) -> None:
    bl.save_counterparty(company, "=1+1", SUPPLIER, {"message": "-x", "variable_symbol": "007"})
    bl.save_counterparty(company, "Abroad", IBAN, {"address": "One\nTwo", "currency": "EUR"})
    before = bl.counterparty_register.arrow(company).select(COLUMNS)
    (tmp_path / "export.csv").write_bytes(render_table(before, ".csv", "Counterparties"))
    for row in bl.counterparty_register.rows(company):
        bl.delete_counterparty(company, row["counterparty_id"])
    assert bl.import_counterparties(company, tmp_path / "export.csv")["added"] == 2
    assert bl.counterparty_register.arrow(company).select(COLUMNS) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must name columns"),
        ("name,message\nA,b\n", "must name columns"),
        ("name,account,colour\n", "must name columns"),
        ("name,account,name\n", "must name columns"),
        (f"name,account\nA,{SUPPLIER},x\n", "line 2: the line has 3 values and the first line 2"),
        (f"name,account\nA,{SUPPLIER}\nB\n", "line 3: the line has 1 values and the first line 2"),
        (f'name,account,message\n\nA,{SUPPLIER},"x\ny"\n,{LANDLORD},\n', "line 5: a counterparty needs a name"),
        (f"name,account\n,{SUPPLIER}\n", "line 2: a counterparty needs a name"),
        (f"name,account\nA,{LANDLORD}\nB,19-2000145398/0800\n", "line 3: 33 Credit account"),
        (f"name,account\nA,{LANDLORD}\nB,{LANDLORD}\n", "line 3: the account 3703-921811/0710 stands in line 2 too"),
        ('name,account\n"A,b\n', "unexpected end"),
    ],
)
def test_a_wrong_file_changes_nothing(company: Lab, tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(FormatError, match=told):
        bl.import_counterparties(company, file(tmp_path, text))
    assert register(company) == []


def test_a_file_in_another_character_set_is_refused(company: Lab, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes("name,account\nČtvrtá,1\n".encode("cp1250"))
    with pytest.raises(FormatError, match="is not in UTF-8"):
        bl.import_counterparties(company, path)


def test_what_is_no_file_is_refused_in_a_sentence(company: Lab, tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe.csv", tmp_path / "large.csv"
    os.mkfifo(pipe)
    large.write_bytes(b"x" * (LIMITS.table_bytes + 1))
    for path, told in (
        (tmp_path / "none.csv", "can't be read: No such file"),
        (tmp_path, "is a folder"),
        (pipe, "not an ordinary file"),
        (large, "larger than 16 MB"),
    ):
        with pytest.raises(FormatError, match=told):
            bl.import_counterparties(company, path)


def test_who_may(company: Lab) -> None:
    clerk, viewer = hands(company, "CL", [51]), hands(company, "VI", [151])
    bl.save_counterparty(clerk, "Supplier", SUPPLIER)
    for barred in (
        lambda: bl.counterparty_register(viewer),
        lambda: bl.save_counterparty(viewer, "X", LANDLORD),
        lambda: bl.learn_counterparties(viewer),
        lambda: bl.learn_counterparties_from_statements(clerk),
    ):
        with pytest.raises(NotAllowed):
            barred()
