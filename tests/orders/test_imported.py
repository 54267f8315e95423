"""What becomes of imported orders: corrected as far as the configuration lets, verified, confirmed, discarded."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankklient_lab.access.configuration import configure
from bankklient_lab.errors import Refused, SuspectedDuplicate, WrongOrder
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounting_systems import add_accounting_system
from bankklient_lab.orders.confirmation import (
    cancel_confirmation,
    confirm_orders,
    discard_orders,
    exclude_orders,
    include_orders,
)
from bankklient_lab.orders.creating import check_order, correct_order, delete_orders
from bankklient_lab.orders.locked import locked_items
from bankklient_lab.orders.receiving import receive_file
from bankklient_lab.orders.verification import cancel_verification, verify_orders
from tests.orders.labs import DOMESTIC, MAIN, SUPPLIER, created, hands, status

IMPORTER, CORRECTOR = {36}, {101}


def imported(lab: Lab, folder: Path, *amounts: str, start: str = "created", number: int = 3) -> list[int]:
    """Import payments over these amounts, which have variable symbols from 1, and return their ids."""
    if not lab.rows("SELECT 1 FROM ops.accounting_system WHERE number = $number", {"number": number}):
        add_accounting_system(lab, number, f"Books {number}", start_status=start)
    lines = [f"{MAIN};{SUPPLIER};{amount};{n};2026-11-22" for n, amount in enumerate(amounts, 1)]
    path = folder / "books.csv"
    path.write_text("\n".join(["own_account;counter_account;amount;variable_symbol;maturity_date", *lines]))
    report = receive_file(lab, number, "books.csv", path=path)
    assert report["status"] == "received", report["message"]
    found = lab.rows(
        "SELECT order_id FROM ops.domestic_order WHERE accounting_system = $number ORDER BY order_id",
        {"number": number},
    )
    return [order_id for (order_id,) in found]


@pytest.mark.spec("FLW-016", "FLW-017")
@pytest.mark.spec("IMP-128", "IMP-129", "IMP-158")
def test_wrong_and_right_imported_orders_are_corrected_with_101(company: Lab, tmp_path: Path) -> None:
    wrong, right = imported(company, tmp_path, "0", "5.00")
    clerk = hands(company, "AA", CORRECTOR)
    with pytest.raises(WrongOrder) as caught:
        correct_order(clerk, wrong, {"amount": "-1", "credit_bank": "9999"})
    assert [(one["code"], one["item"]) for one in caught.value.details["errors"]] == [
        (45, "credit_bank"),
        (74, "amount"),
    ]
    assert correct_order(clerk, wrong, {"amount": "7.00"})["status"] == status(company, wrong) == ""
    assert correct_order(clerk, right, {"amount": "8.00"})["status"] == ""
    with pytest.raises(Refused):
        correct_order(hands(company, "BB", {51, 56, 108}), right, {"amount": "9.00"})


@pytest.mark.spec("FLW-016")
@pytest.mark.spec("IMP-130", "ADM-144")
def test_locked_items_stay_as_they_came(company: Lab, tmp_path: Path) -> None:
    configure(company, {"locked_items": ["amount", "counter_account"]})
    (order,) = imported(company, tmp_path, "5.00")
    typed = created(company, amount="12")
    clerk = hands(company, "AA", CORRECTOR)
    assert locked_items(clerk, DOMESTIC) == ["credit_account_prefix", "credit_account_base", "amount"]
    for values in ({"amount": "6.00"}, {"counter_account": "3703-921811/0800"}):
        with pytest.raises(Refused, match="is locked"):
            correct_order(clerk, order, values)
        with pytest.raises(Refused, match="is locked"):
            check_order(clerk, DOMESTIC, values, order_id=order)
    assert correct_order(clerk, order, {"amount": "5.00", "client_message": "changed"})["status"] == ""
    assert correct_order(hands(company, "BB", {56}), typed, {"amount": "13"})["status"] == ""


@pytest.mark.spec("IMP-131")
def test_a_wrong_value_in_a_locked_item_makes_the_order_uncorrectable(company: Lab, tmp_path: Path) -> None:
    configure(company, {"locked_items": ["amount"]})
    (order,) = imported(company, tmp_path, "0")
    clerk = hands(company, "AA", CORRECTOR)
    for values in ({"client_message": "x"}, {"amount": "5"}):
        with pytest.raises(Refused, match="discard the order, or unlock the item"):
            correct_order(clerk, order, values)
    configure(hands(company, "CC", {2}), {"locked_items": []})
    assert correct_order(clerk, order, {"amount": "5"})["status"] == ""


@pytest.mark.spec("IMP-134")
def test_closing_an_order_without_a_change_leaves_its_status(company: Lab, tmp_path: Path) -> None:
    (order,) = imported(company, tmp_path, "5.00", start="confirmed")
    kept = company.rows("SELECT version, corrected_by FROM ops.domestic_order")
    assert correct_order(hands(company, "AA", CORRECTOR), order, {"amount": "5.00"})["status"] == "F"
    assert hands(company, "AA").rows("SELECT version, corrected_by FROM ops.domestic_order") == kept


@pytest.mark.spec("FLW-018")
@pytest.mark.spec("IMP-133", "IMP-158", "IMP-159", "IMP-160", "TXN-061", "BAS-037")
@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ({101}, ""),
        ({101, 108}, ""),
        ({101, 108, 115}, "V"),
        ({101, 108, 110, 115, 116}, "F"),
        ({101, 108, 111, 115, 116}, "F"),
    ],
)
def test_a_correction_takes_the_confirmation(
    company: Lab, tmp_path: Path, permissions: set[int], expected: str
) -> None:
    (order,) = imported(company, tmp_path, "5.00", start="confirmed")
    assert correct_order(hands(company, "AA", permissions), order, {"amount": "6.00"})["status"] == expected
    assert status(company, order) == expected


@pytest.mark.spec("IMP-132", "IMP-161", "IMP-162", "TXN-039")
def test_a_suspected_duplicate_is_checked_again_or_allowed(company: Lab, tmp_path: Path) -> None:
    twin = created(company, amount="5.00", variable_symbol="1")
    (order,) = imported(company, tmp_path, "5.00")
    assert status(company, order) == "E"
    clerk = hands(company, "AA", CORRECTOR)
    with pytest.raises(SuspectedDuplicate) as caught:
        correct_order(clerk, order, {})
    assert caught.value.details["twins"] == [twin]
    assert correct_order(clerk, order, {}, reason="two invoices")["status"] == ""


@pytest.mark.spec("IMP-161")
def test_a_duplicate_whose_twin_is_gone_becomes_right(company: Lab, tmp_path: Path) -> None:
    twin = created(company, amount="5.00", variable_symbol="1")
    (order,) = imported(company, tmp_path, "5.00")
    delete_orders(company, [twin])
    assert correct_order(hands(company, "AA", CORRECTOR), order, {})["status"] == ""


@pytest.mark.spec("IMP-135", "IMP-136", "IMP-137", "IMP-138", "IMP-163", "IMP-164", "IMP-165")
def test_imported_orders_are_verified_by_sight_in_groups(company: Lab, tmp_path: Path) -> None:
    configure(company, {"verified_items": ["amount"]})
    ids = imported(company, tmp_path, "1.00", "2.00", "0", "4.00")
    verifier = hands(company, "AA", {108, 156})
    outcome = verify_orders(verifier, ids)
    assert (outcome["done"], outcome["skipped"]) == (3, 1)
    assert [status(company, order) for order in ids] == ["V", "V", "E", "V"]
    assert cancel_verification(verifier, ids[:1])["done"] == 1
    assert status(company, ids[0]) == ""
    assert verify_orders(hands(company, "BB", {108, 111, 116}), ids[:1])["done"] == 1
    assert status(company, ids[0]) == "F"


@pytest.mark.spec("IMP-140", "IMP-141", "IMP-142", "IMP-166", "IMP-167", "IMP-168")
def test_another_person_than_the_importer_confirms_with_110(company: Lab, tmp_path: Path) -> None:
    add_accounting_system(company, 3, "Books", start_status="verified")
    importer = hands(company, "AA", {36, 110})
    (order,) = imported(importer, tmp_path, "1.00")
    with pytest.raises(Refused, match="another person"):
        confirm_orders(importer, [order])
    other = hands(company, "BB", {110, 16})
    assert confirm_orders(other, [order])["done"] == 1
    assert include_orders(other, [order])["done"] == 1
    with pytest.raises(Refused, match="exclude it first"):
        discard_orders(hands(company, "CC", {106, 156}), [order])
    assert exclude_orders(other, [order])["done"] == 1
    assert cancel_confirmation(other, [order])["done"] == 1
    assert confirm_orders(hands(company, "AA", {111}), [order])["done"] == 1


@pytest.mark.spec("TXN-110", "TXN-122")
@pytest.mark.spec("FLW-019")
@pytest.mark.spec("IMP-145", "IMP-146", "IMP-147", "IMP-148", "IMP-169", "IMP-170", "IMP-174", "IMP-179", "TXN-048")
def test_discarded_orders_stay_to_be_seen_and_count_no_more(company: Lab, tmp_path: Path) -> None:
    add_accounting_system(company, 5, "More books")
    ids = imported(company, tmp_path, "1.00", "0", "3.00")
    discarder = hands(company, "AA", {106})
    assert discard_orders(discarder, ids[:2])["done"] == 2
    assert [status(company, order) for order in ids] == ["discarded", "discarded", ""]
    logged = company.rows("SELECT subject, details FROM ops.log WHERE action = 'discard_orders'")
    assert [subject for subject, _ in logged] == ["2"]
    assert all(str(order) in logged[0][1] for order in ids[:2])
    owner = hands(company, "ZZ")
    for step in (verify_orders, confirm_orders, discard_orders, include_orders):
        with pytest.raises(Refused, match="discarded"):
            step(owner, ids[:1])
    again = hands(company, "BB", IMPORTER)
    repeated = imported(again, tmp_path, "1.00", number=5)
    assert status(company, repeated[0]) == ""
    assert delete_orders(hands(company, "CC", {201}), ids[:2])["done"] == 2
    assert company.rows("SELECT subject FROM ops.log WHERE action = 'delete_orders'") == [("2",)]
    assert status(company, ids[0]) is None
