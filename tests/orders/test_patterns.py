"""Patterns, their groups and headers: what is kept, what is checked, and the orders that are made from them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, NotAllowed, Refused, SuspectedDuplicate, UnknownName, WrongOrder
from bankklient_lab.lab import Lab
from tests.clocks import Clock
from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN, LANDLORD, SUPPLIER, created, hands, status
from tests.orders.labs import collection_values as collection
from tests.orders.labs import domestic_values as payment
from tests.orders.labs import foreign_values as foreign

TODAY = date(2026, 11, 22)
VALUES = {DOMESTIC: payment(currency="CZK"), COLLECTION: collection(currency="CZK"), FOREIGN: foreign()}


def complete(**other: object) -> dict[str, Any]:
    return payment(currency="CZK", counter_account=LANDLORD, **other)


def without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def order(lab: Lab, order_id: int) -> dict[str, Any]:
    names = "order_id, kind, status, saved, errors, maturity_date_value AS maturity, created_on, amount, currency"
    for table in ("domestic_order", "foreign_order"):
        found = lab.query(f"SELECT {names} FROM ops.{table} WHERE order_id = $id", {"id": order_id}).to_pylist()
        if found:
            return dict(found[0])
    raise AssertionError(order_id)


@pytest.mark.spec("ORD-228", "ORD-233", "ORD-234", "BAS-221")
@pytest.mark.parametrize("kind", [DOMESTIC, COLLECTION, FOREIGN])
def test_patterns_of_each_kind(company: Lab, kind: str) -> None:
    bl.create_pattern_group(company, 0, "All")
    number = bl.create_pattern(company, kind, "one", VALUES[kind])
    bl.change_pattern(company, number, {"amount": "12"}, name="two")
    (row,) = bl.patterns.rows(company, kind)
    assert (row["name"], row["amount"], row["group_number"], row["group_name"]) == ("two", "12", 0, "All")
    assert "maturity_date" not in bl.pattern_values(company, number)
    with pytest.raises(BadArgument, match="has no maturity"):
        bl.change_pattern(company, number, {"maturity_date": "2026-12-01"})
    bl.delete_pattern(company, number)
    assert bl.patterns.rows(company, kind) == []
    with pytest.raises(UnknownName, match="pattern"):
        bl.delete_pattern(company, number)


@pytest.mark.spec("ORD-124")
def test_the_list_of_patterns(company: Lab) -> None:
    bl.create_pattern(company, DOMESTIC, "rent", complete())
    bl.create_pattern(company, DOMESTIC, "open", {"amount": "5"})
    opened, rent = bl.patterns.rows(company, DOMESTIC)
    names = ("own_account", "counter_account", "amount", "currency", "state", "errors")
    assert [rent[name] for name in names] == ["609-150012947/0600", LANDLORD, "1500.00", "CZK", "check", ""]
    assert (opened["own_account"], opened["counter_account"], opened["state"], opened["errors"]) == (
        None, None, "incomplete", "",
    )  # fmt: skip


@pytest.mark.spec("ORD-229")
@pytest.mark.parametrize(
    ("kind", "values", "codes"),
    [
        (DOMESTIC, {}, []),
        (DOMESTIC, {"message": "x"}, None),
        (DOMESTIC, {"amount": "0"}, [73]),
        (DOMESTIC, {"counter_account": "19-2000145398/0800"}, [33]),
        (DOMESTIC, {"counter_account": "19-2000145399/9999", "amount": "1,234"}, [45, 71]),
        (FOREIGN, {"currency": "XXX"}, [721]),
        (FOREIGN, {"recipient": "Muster"}, []),
    ],
)  # fmt: skip
def test_only_what_is_filled_in_is_checked(
    company: Lab, kind: str, values: dict[str, Any], codes: list[int] | None
) -> None:
    if codes is None:
        with pytest.raises(UnknownName, match="unknown item"):
            bl.create_pattern(company, kind, "one", values)
    elif codes:
        with pytest.raises(WrongOrder) as caught:
            bl.create_pattern(company, kind, "one", values)
        assert [one["code"] for one in caught.value.details["errors"]] == codes
    else:
        bl.create_pattern(company, kind, "one", values)
    assert len(bl.patterns.rows(company, kind)) == (codes == [])


@pytest.mark.spec("ORD-230")
def test_name_and_group_are_unique_within_a_kind(company: Lab) -> None:
    bl.create_pattern_group(company, 0, "All")
    bl.create_pattern_group(company, 1, "Wages")
    bl.create_pattern(company, DOMESTIC, "one", {})
    bl.create_pattern(company, DOMESTIC, "one", {}, group=1)
    bl.create_pattern(company, COLLECTION, "one", {})
    with pytest.raises(Refused, match="group 0 has a pattern 'one' already"):
        bl.create_pattern(company, DOMESTIC, " one ", {})
    with pytest.raises(Refused, match="group 1 has a pattern 'one' already"):
        bl.change_pattern(company, 1, {}, group=1)
    for name in ("", " ", "x" * 41):
        with pytest.raises(BadArgument, match="1 to 40 characters"):
            bl.create_pattern(company, DOMESTIC, name, {})


@pytest.mark.spec("ORD-231", "ORD-232", "BAS-218", "ADM-174", "ADM-175", "ADM-176", "ADM-178")
def test_groups(company: Lab) -> None:
    number = bl.create_pattern(company, DOMESTIC, "first", {})
    with pytest.raises(UnknownName, match="group of patterns '1'"):
        bl.create_pattern(company, DOMESTIC, "second", {}, group=1)
    with pytest.raises(Refused, match="define group 0 first"):
        bl.create_pattern_group(company, 1, "Wages")
    bl.create_pattern_group(company, 0, "Without")
    bl.create_pattern_group(company, 1, "Wages")
    with pytest.raises(Refused, match="there is a group 1 already"):
        bl.create_pattern_group(company, 1, "Rents")
    bl.rename_pattern_group(company, 1, "Rents")
    bl.change_pattern(company, number, {}, group=1)
    assert [tuple(row.values()) for row in bl.pattern_groups.rows(company)] == [(0, "Without", 0), (1, "Rents", 1)]
    with pytest.raises(Refused, match="group 1 has 1 patterns"):
        bl.delete_pattern_group(company, 1)
    with pytest.raises(Refused, match="group 0 stays"):
        bl.delete_pattern_group(company, 0)
    bl.delete_pattern(company, number)
    bl.delete_pattern_group(company, 1)
    bl.delete_pattern_group(company, 0)
    assert bl.pattern_groups.rows(company) == []


@pytest.fixture
def wages(company: Lab) -> Lab:
    """Return a lab with the group 1, Wages, of three employees without amounts."""
    bl.create_pattern_group(company, 0, "Without")
    bl.create_pattern_group(company, 1, "Wages")
    for n, account in enumerate((LANDLORD, SUPPLIER, "150006432/0600"), 1):
        values = without(complete(), "amount") | {"counter_account": account}
        bl.create_pattern(company, DOMESTIC, f"employee {n}", values, group=1)
    return company


@pytest.mark.spec("FLW-035", "FLW-036")
@pytest.mark.spec("ORD-123", "ORD-125", "ORD-127", "ORD-236", "ORD-238", "BAS-219", "ADM-174")
def test_a_whole_group_is_taken_over(wages: Lab) -> None:
    taken = bl.take_over_patterns(wages, DOMESTIC, group=1)
    assert [(one["name"], one["state"]) for one in taken] == [(f"employee {n}", "incomplete") for n in (1, 2, 3)]
    assert [[error["code"] for error in one["errors"]] for one in taken] == [[71]] * 3
    for one in taken:
        row = order(wages, one["order_id"])
        assert (row["status"], row["saved"], row["maturity"], row["created_on"]) == ("E", False, TODAY, TODAY)
        with pytest.raises(Refused, match="71 Amount"):
            bl.save_from_pattern(wages, one["order_id"])


@pytest.mark.spec("FLW-036")
@pytest.mark.spec("ORD-127", "ORD-239")
def test_what_is_missing_is_filled_in_and_saved(wages: Lab) -> None:
    clerk = hands(wages, "CL", [51])
    first, *others = (one["order_id"] for one in bl.take_over_patterns(clerk, DOMESTIC, group=1))
    assert bl.correct_order(clerk, first, {"amount": "100"})["status"] == ""
    assert [status(clerk, one) for one in (first, *others)] == ["", "E", "E"]


@pytest.mark.spec("FLW-002", "FLW-035", "FLW-038")
@pytest.mark.spec("ORD-126", "ORD-240", "BAS-221")
@pytest.mark.parametrize(("held", "expected"), [([51], ""), ([51, 76, 61], "V"), ([51, 76, 81, 61, 71], "F")])
def test_a_complete_one_is_saved_at_once(company: Lab, held: list[int], expected: str) -> None:
    clerk = hands(company, "CL", held)
    bl.create_pattern(clerk, DOMESTIC, "rent", complete())
    (taken,) = bl.take_over_patterns(clerk, DOMESTIC, name="rent", group=0)
    assert (taken["state"], taken["errors"]) == ("check", [])
    assert bl.save_from_pattern(clerk, taken["order_id"])["status"] == expected
    assert order(clerk, taken["order_id"])["saved"]
    with pytest.raises(Refused, match="does not wait"):
        bl.save_from_pattern(clerk, taken["order_id"])


@pytest.mark.spec("ORD-128", "ORD-241")
def test_a_changed_one_is_saved_as_usual(company: Lab) -> None:
    bl.create_pattern(company, DOMESTIC, "rent", complete())
    (taken,) = bl.take_over_patterns(company, DOMESTIC, name="rent", group=0)
    assert bl.correct_order(company, taken["order_id"], {"client_message": "November"})["status"] == "F"
    with pytest.raises(Refused, match="does not wait"):
        bl.save_from_pattern(company, taken["order_id"])
    with pytest.raises(Refused, match="does not wait"):
        bl.save_from_pattern(company, created(company))


@pytest.mark.spec("ORD-129")
def test_duplicates_are_looked_for_at_saving(company: Lab) -> None:
    bl.create_pattern(company, DOMESTIC, "rent", complete())
    first, second, third = (
        bl.take_over_patterns(company, DOMESTIC, name="rent", group=0)[0]["order_id"] for _ in range(3)
    )
    bl.delete_orders(company, [second, third])
    bl.save_from_pattern(company, first)
    (again,) = bl.take_over_patterns(company, DOMESTIC, name="rent", group=0)
    with pytest.raises(SuspectedDuplicate, match=f"151 it pays the same as order {first}"):
        bl.save_from_pattern(company, again["order_id"])
    assert not order(company, again["order_id"])["saved"]
    assert bl.save_from_pattern(company, again["order_id"], reason="twice this month")["status"] == "F"


@pytest.mark.spec("ORD-123")
def test_neither_name_nor_group_is_refused(company: Lab) -> None:
    bl.create_pattern(company, DOMESTIC, "rent", complete())
    for given in ({}, {"name": "rent"}):
        with pytest.raises(BadArgument, match="which group"):
            bl.take_over_patterns(company, DOMESTIC, **given)
    with pytest.raises(UnknownName, match="no such of group 0"):
        bl.take_over_patterns(company, DOMESTIC, name="no such", group=0)
    with pytest.raises(UnknownName, match="any of group 7"):
        bl.take_over_patterns(company, DOMESTIC, group=7)


@pytest.mark.spec("ORD-127", "ADM-142")
def test_a_variable_symbol_that_the_configuration_demands_is_missing(company: Lab) -> None:
    bl.configure(company, {"check_variable_symbol": "yes"})
    bl.create_pattern(company, DOMESTIC, "rent", without(complete(), "variable_symbol"))
    (taken,) = bl.take_over_patterns(company, DOMESTIC, name="rent", group=0)
    assert (taken["state"], [one["code"] for one in taken["errors"]]) == ("incomplete", [152])
    with pytest.raises(Refused, match="152"):
        bl.save_from_pattern(company, taken["order_id"])


@pytest.mark.spec("ORD-235", "ORD-236", "ORD-237")
def test_the_three_states_of_foreign_patterns(company: Lab) -> None:
    bl.create_pattern(company, FOREIGN, "a complete", foreign(bank_operation_code="CRED"))
    bl.create_pattern(company, FOREIGN, "b incomplete", without(foreign(), "amount"))
    bl.create_pattern(company, FOREIGN, "c wrong", foreign(bank_operation_code="CRED", currency="USD"))
    with company.database.tx("ops") as cursor:
        cursor.execute(
            "UPDATE ops.codebook SET valid_until = '2026-11-22' WHERE codebook = 'currencies' AND code = 'USD'"
        )
    assert [(row["name"], row["state"], row["errors"]) for row in bl.patterns.rows(company, FOREIGN)] == [
        ("a complete", "check", ""), ("b incomplete", "incomplete", ""), ("c wrong", "error", "721"),
    ]  # fmt: skip
    taken = bl.take_over_patterns(company, FOREIGN, group=0)
    assert [one["state"] for one in taken] == ["check", "incomplete", "error"]
    listed = {row["order_id"]: row["sub_state"] for row in bl.payment_orders.rows(company)}
    assert [listed[one["order_id"]] for one in taken] == [one["state"] for one in taken]
    assert [[error["item"] for error in one["errors"]] for one in taken] == [
        [], ["amount", "bank_operation_code"], ["currency"],
    ]  # fmt: skip
    assert [status(company, one["order_id"]) for one in taken] == ["E", "E", "E"]
    assert bl.save_from_pattern(company, taken[0]["order_id"])["status"] == "F2"


@pytest.mark.spec("ORD-237")
def test_a_pattern_is_right_again_with_its_codebook(company: Lab, clock: Clock) -> None:
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.codebook SET valid_until = '2026-12-01' WHERE codebook = 'banks' AND code = '0710'")
    bl.create_pattern(company, DOMESTIC, "rent", complete())
    assert [row["state"] for row in bl.patterns.rows(company, DOMESTIC)] == ["check"]
    clock.move(days=20)
    assert [(row["state"], row["errors"]) for row in bl.patterns.rows(company, DOMESTIC)] == [("error", "45")]
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.codebook SET valid_until = NULL WHERE codebook = 'banks' AND code = '0710'")
    assert [row["state"] for row in bl.patterns.rows(company, DOMESTIC)] == ["check"]


@pytest.mark.spec("ORD-114", "ORD-118", "ORD-119", "BAS-220")
def test_headers(company: Lab) -> None:
    values = {"own_account": "609-150012947/0600", "constant_symbol": "308", "maturity_date": "2026-12-01"}
    saved = bl.save_header(company, DOMESTIC, "Rents", values)
    assert saved["left_out"] == ["maturity_date"]
    assert bl.header_values(company, DOMESTIC, "Rents") == saved["values"]
    assert "maturity_date" not in saved["values"]
    bl.save_header(company, DOMESTIC, "Rents", {"constant_symbol": "558"})
    bl.save_header(company, FOREIGN, "Abroad", {"charges": "SHA"})
    assert [(row["kind"], row["name"]) for row in bl.headers.rows(company)] == [
        (DOMESTIC, "Rents"), (FOREIGN, "Abroad"),
    ]  # fmt: skip
    assert bl.header_values(company, DOMESTIC, "Rents") == {"constant_symbol": "558"}
    with pytest.raises(WrongOrder, match="62 Constant symbol has a wrong length"):
        bl.save_header(company, DOMESTIC, "Wrong", {"constant_symbol": "55812"})
    bl.delete_header(company, DOMESTIC, "Rents")
    for used in (bl.header_values, bl.delete_header):
        with pytest.raises(UnknownName, match="header 'Rents'"):
            used(company, DOMESTIC, "Rents")


@pytest.mark.spec("FLW-002", "FLW-034")
@pytest.mark.spec("ORD-115", "ORD-116", "ORD-122")
def test_an_order_takes_the_values_of_a_header_and_the_defaults_of_the_rest(company: Lab) -> None:
    bl.save_header(company, DOMESTIC, "Rents", {"constant_symbol": "308", "currency": ""})
    header = bl.header_values(company, DOMESTIC, "Rents")
    with_header = bl.create_order(company, DOMESTIC, header | payment())["order_id"]
    without_header = bl.create_order(company, DOMESTIC, payment(amount="2"))["order_id"]
    assert company.rows(
        "SELECT constant_symbol, currency, maturity_date_value FROM ops.domestic_order WHERE order_id IN ($a, $b)"
        " ORDER BY order_id",
        {"a": with_header, "b": without_header},
    ) == [("308", "CZK", TODAY), (None, "CZK", TODAY)]


@pytest.mark.spec("ORD-424")
def test_a_header_adds_nothing_to_a_pattern(company: Lab) -> None:
    bl.save_header(company, DOMESTIC, "Rents", {"constant_symbol": "308"})
    bl.create_pattern(company, DOMESTIC, "rent", without(complete(), "currency"))
    (taken,) = bl.take_over_patterns(company, DOMESTIC, name="rent", group=0)
    row = order(company, taken["order_id"])
    assert (row["currency"], taken["state"]) == (None, "incomplete")
    assert company.rows("SELECT constant_symbol FROM ops.domestic_order") == [(None,)]


@pytest.mark.spec("ORD-228", "ORD-234")
def test_who_may(company: Lab) -> None:
    domestic, abroad, other = hands(company, "DO", [51]), hands(company, "FO", [120]), hands(company, "OT", [151])
    number = bl.create_pattern(domestic, DOMESTIC, "rent", complete())
    bl.create_pattern(abroad, FOREIGN, "abroad", foreign())
    for refused in (
        lambda: bl.create_pattern(domestic, FOREIGN, "x", {}),
        lambda: bl.change_pattern(abroad, number, {}),
        lambda: bl.take_over_patterns(domestic, FOREIGN, group=0),
        lambda: bl.save_header(abroad, COLLECTION, "x", {}),
    ):
        with pytest.raises(Refused, match="permission"):
            refused()
    for barred in (
        lambda: bl.patterns(other, DOMESTIC),
        lambda: bl.headers(other),
        lambda: bl.delete_pattern(other, number),
    ):
        with pytest.raises(NotAllowed):
            barred()
