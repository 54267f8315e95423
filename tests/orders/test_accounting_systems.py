"""The register of accounting systems: who may change it, what it takes, and texts that it replaces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.actions import action_named
from bankklient_lab.errors import BadArgument, Blocked, LabError, NotAllowed, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounting_systems import (
    accounting_systems,
    add_accounting_system,
    change_accounting_system,
    delete_accounting_system,
    files_waiting,
)
from bankklient_lab.orders.listing import payment_orders
from bankklient_lab.orders.receiving import receive_file
from bankklient_lab.orders.text_replacements import replace_texts, stop_replacing_texts, text_replacements
from tests.orders.labs import MAIN, SUPPLIER, hands

IBAN = "CZ7706000006090150012947"


@pytest.mark.spec("FLW-009", "TRN-080")
@pytest.mark.spec("BAS-123", "BAS-124", "BAS-125")
def test_systems_are_added_changed_and_deleted_with_permission_2(company: Lab, tmp_path: Path) -> None:
    add_accounting_system(company, 20_000, "Last")
    clerk = hands(company, "AA", {2})
    add_accounting_system(clerk, 1, "Wages", format="kpc", charset="cp852", folder_in=str(tmp_path))
    change_accounting_system(clerk, 1, {"name": "Salaries", "folder_out": str(tmp_path), "accounts": [IBAN]})
    (first, last) = accounting_systems.rows(clerk)
    assert (first["number"], first["name"], first["format"], first["charset"]) == (1, "Salaries", "kpc", "cp852")
    assert (first["folder_in"], first["folder_out"], first["accounts"]) == (str(tmp_path), str(tmp_path), IBAN)
    assert (last["number"], last["start_status"], last["charset"]) == (20_000, "created", "utf-8")
    delete_accounting_system(clerk, 1)
    assert [row["number"] for row in accounting_systems.rows(clerk)] == [20_000]
    logged = clerk.rows("SELECT action FROM ops.log WHERE action LIKE '%accounting_system' ORDER BY log_id")
    assert [action for (action,) in logged] == [
        "add_accounting_system", "add_accounting_system", "change_accounting_system", "delete_accounting_system",
    ]  # fmt: skip


@pytest.mark.spec("TRN-080")
def test_the_register_is_changed_while_nobody_else_works(company: Lab) -> None:
    clerk, _other = hands(company, "AA", {2}), hands(company, "BB", {51})
    with pytest.raises(Blocked):
        add_accounting_system(clerk, 1, "Wages")


@pytest.mark.spec("BAS-116")
@pytest.mark.parametrize(
    ("number", "given"),
    [
        (0, {}),
        (20_001, {}),
        (5, {}),
        (6, {"name": "books"}),
        (6, {"name": " "}),
        (6, {"name": "x" * 41}),
        (6, {"format": "word"}),
        (6, {"charset": "ebcdic"}),
        (6, {"start_status": "sent"}),
        (6, {"folder_in": "relative"}),
        (6, {"folder_in": "/no/such/folder"}),
        (6, {"accounts": ["CZ0000"]}),
    ],
)
def test_what_an_accounting_system_cannot_be_is_refused(company: Lab, number: int, given: dict[str, Any]) -> None:
    add_accounting_system(company, 5, "Books")
    with pytest.raises((BadArgument, UnknownName)):
        add_accounting_system(company, number, **({"name": "Wages"} | given))
    assert [row["number"] for row in accounting_systems.rows(company)] == [5]


@pytest.mark.spec("IMP-002")
def test_receiving_and_the_register_need_their_permissions(company: Lab, tmp_path: Path) -> None:
    add_accounting_system(company, 5, "Books")
    (tmp_path / "a.csv").write_text("amount\n", "utf-8")
    clerk = hands(company, "AA", {56, 101, 181})
    for call in (
        lambda: receive_file(clerk, 5, "a.csv", path=tmp_path / "a.csv"),
        lambda: add_accounting_system(clerk, 6, "More"),
        lambda: change_accounting_system(clerk, 5, {"name": "x"}),
        lambda: delete_accounting_system(clerk, 5),
        lambda: replace_texts(clerk, 5, IBAN, {"abbreviation": "x"}),
        lambda: files_waiting(hands(company, "BB", {56, 101}), 5),  # with 181 one takes receivables out of it
    ):
        with pytest.raises(NotAllowed):
            call()
    assert not clerk.rows("FROM ops.transmission")


@pytest.mark.spec("IMP-003")
def test_receiving_is_a_batch_activity() -> None:
    declared = action_named("orders.receiving:receive_file".partition(":")[2]).declared
    assert (declared.mode, declared.needs) == ("batch", "36")


def test_a_change_names_fields_that_there_are(company: Lab) -> None:
    add_accounting_system(company, 5, "Books")
    for changes in ({"number": 6}, {"colour": "red"}, {"name": 7}, {"accounts": "all"}):
        with pytest.raises(LabError):
            change_accounting_system(company, 5, changes)
    with pytest.raises(UnknownName):
        change_accounting_system(company, 6, {"name": "x"})


@pytest.mark.spec("TRN-091", "TRN-095")
def test_replacements_are_listed_as_they_are_tried(company: Lab) -> None:
    add_accounting_system(company, 5, "Books")
    replace_texts(company, 5, IBAN, {"client_message": "all"})
    replace_texts(company, 5, IBAN, {"client_message": "wages"}, symbol="constant_symbol", value="0138")
    assert [(row["number"], row["symbol"], row["value"]) for row in text_replacements.rows(company, 5)] == [
        (2, "constant_symbol", "138"),
        (1, "", ""),
    ]
    stop_replacing_texts(company, 5, 2)
    assert [row["number"] for row in text_replacements.rows(company, 5)] == [1]
    for account, texts, more in (
        ("CZ00", {"client_message": "x"}, {}),
        (IBAN, {}, {}),
        (IBAN, {"note": "x"}, {}),
        (IBAN, {"client_message": "x" * 36}, {}),
        (IBAN, {"abbreviation": "a\nb"}, {}),
        (IBAN, {"abbreviation": "a"}, {"symbol": "constant_symbol"}),
        (IBAN, {"abbreviation": "a"}, {"value": "5"}),
        (IBAN, {"abbreviation": "a"}, {"symbol": "colour", "value": "5"}),
    ):
        with pytest.raises((BadArgument, UnknownName)):
            replace_texts(company, 5, account, texts, **more)


@pytest.mark.spec("IMP-021")
def test_duplicates_of_an_import_are_found_by_system_and_batch(company: Lab, tmp_path: Path) -> None:
    add_accounting_system(company, 5, "Books")
    line = f"{MAIN};{SUPPLIER};1.00;2026-11-22"
    (tmp_path / "a.csv").write_text(
        "\n".join(["own_account;counter_account;amount;maturity_date", line, line]), "utf-8"
    )
    batch = receive_file(company, 5, "a.csv", path=tmp_path / "a.csv")["batch_order"]
    found = payment_orders.rows(company, where={"accounting_system": "5", "batch_order": batch, "errors": "151"})
    assert len(found) == 1
