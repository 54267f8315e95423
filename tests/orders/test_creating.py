"""Creating orders: what a new one begins with, whose it is, and what a deletion leaves."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bankklient_lab.codebooks import rows
from bankklient_lab.errors import NotAllowed, Refused, UnknownName, WrongOrder
from bankklient_lab.lab import Lab
from bankklient_lab.orders.checking import checked, rule_parameters
from bankklient_lab.orders.confirmation import cancel_confirmation, confirm_orders, discard_orders, include_orders
from bankklient_lab.orders.creating import check_order, correct_order, create_order, delete_orders, order_defaults
from bankklient_lab.orders.exporting import export_orders
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.storing import Source, store_orders
from bankklient_lab.orders.verification import cancel_verification, verify_by_typing, verify_orders
from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN, LANDLORD, broken_checks, created, hands, many, status


@pytest.mark.spec("ORD-065", "ORD-064", "ORD-131")
def test_the_only_own_account_of_a_side_is_filled_in(company: Lab) -> None:
    assert not {"debit_account_base", "credit_account_base"} & order_defaults(company, DOMESTIC).keys()
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.account SET position = 'credit' WHERE name <> 'Main'")
    begun = order_defaults(company, DOMESTIC)
    assert (begun["debit_account_prefix"], begun["debit_account_base"]) == ("609", "150012947")
    assert "credit_account_base" not in begun
    assert "credit_account_base" not in order_defaults(company, COLLECTION)  # three may stand there
    values = {"counter_account": LANDLORD, "amount": "1", "variable_symbol": "2"}
    made = create_order(company, DOMESTIC, values)["order_id"]
    told = "debit_account_prefix, debit_account_base, debit_bank, currency, maturity_date"
    assert company.rows(f"SELECT {told} FROM ops.domestic_order WHERE order_id = $o", {"o": made}) == [
        ("609", "150012947", "0600", "CZK", "2026-11-22")
    ]
    with pytest.raises(WrongOrder):
        create_order(company, DOMESTIC, values, use_defaults=False)


@pytest.mark.spec("BAS-086", "BAS-087", "BAS-088", "ORD-130", "BAS-098")
def test_kinds_and_origins(company: Lab) -> None:
    assert {name: (kind.family, kind.own, kind.counter) for name, kind in KINDS.items()} == {
        DOMESTIC: ("domestic", "debit", "credit"),
        COLLECTION: ("domestic", "credit", "debit"),
        FOREIGN: ("foreign", "orderer", "recipient"),
    }
    created(company, DOMESTIC)
    created(company, COLLECTION)
    sides = "origin, debit_account_base, credit_account_base"
    assert company.rows(f"SELECT {sides} FROM ops.domestic_order ORDER BY order_id") == [
        ("creation", "150012947", "2000145399"),
        ("creation", "921811", "150012947"),
    ]


def test_czech_accounts_may_be_given_by_their_iban(company: Lab) -> None:
    values = {"own_account": "CZ77 0600 0006 0901 5001 2947", "counter_account": "cz6508000000192000145399"}
    values |= {"amount": "1", "variable_symbol": "2"}
    create_order(company, DOMESTIC, values)
    told = ", ".join(
        f"{side}_{part}" for side in ("debit", "credit") for part in ("account_prefix", "account_base", "bank")
    )
    assert company.rows(f"SELECT {told} FROM ops.domestic_order") == [
        ("609", "150012947", "0600", "19", "2000145399", "0800")
    ]
    with pytest.raises(WrongOrder, match="account"):  # its check digits are wrong
        create_order(company, DOMESTIC, values | {"counter_account": "CZ66 0800 0000 1920 0014 5399"})


@pytest.mark.spec("ORD-132")
def test_a_collection_has_no_priority(company: Lab) -> None:
    with pytest.raises(WrongOrder) as wrong:
        created(company, COLLECTION, express_payment=True)
    assert [one["code"] for one in wrong.value.details["errors"]] == [79]  # type: ignore[attr-defined]


@pytest.mark.spec("ORD-133")
@pytest.mark.parametrize("kind", [DOMESTIC, COLLECTION])
def test_payments_and_collections_need_the_same_permissions(company: Lab, kind: str) -> None:
    with pytest.raises((NotAllowed, Refused)):
        created(hands(company, "AA", {61, 66, 70, 71, 120, 121}), kind)
    order = created(hands(company, "AA", {51}), kind, amount="5")
    account = "19-2000145399" if kind == DOMESTIC else "3703-921811"
    typed = {"counter_account": account, "amount": "5"}
    assert verify_by_typing(hands(company, "BB", {66}), order, typed)["done"] == 1
    assert confirm_orders(hands(company, "CC", {70}), [order])["done"] == 1
    assert status(company, order) == "F"


@pytest.mark.spec("ORD-062", "ORD-136", "ORD-279", "ORD-280", "ORD-281", "ORD-428", "ORD-429")
def test_whose_orders_somebody_corrects_and_deletes(company: Lab) -> None:
    domestic, foreign = (created(hands(company, "AA", {51, 120}), kind) for kind in (DOMESTIC, FOREIGN))
    for order in (domestic, foreign):
        with pytest.raises(UnknownName):
            correct_order(hands(company, "DD", {51, 120}), order, {})
        with pytest.raises(UnknownName):
            delete_orders(hands(company, "DD", {51, 120}), [order])
    other = hands(company, "BB", {51, 120, 141, 156})
    for order in (domestic, foreign):
        with pytest.raises(Refused, match="can't be corrected"):
            correct_order(other, order, {"amount": "3"})
        with pytest.raises(Refused, match="can't delete"):
            delete_orders(other, [order])
    all_of_them = hands(company, "CC", {56, 121})
    for order in (domestic, foreign):
        assert correct_order(all_of_them, order, {"amount": "3"})["status"] == ""
    # Who corrected a foreign payment took part in it, who corrected a domestic one did not create it.
    part = hands(company, "CC", {51, 120})
    assert correct_order(part, foreign, {"amount": "4"})["status"] == ""
    with pytest.raises(Refused, match="another user created it"):
        correct_order(part, domestic, {"amount": "4"})


ORDERS_NOBODY_SHOWED: dict[str, Callable[[Lab, int], object]] = {
    "correct": lambda lab, order: correct_order(lab, order, {"amount": "3"}),
    "correct nothing": lambda lab, order: correct_order(lab, order, {}),
    "guess": lambda lab, order: correct_order(lab, order, {"amount": "1500.00"}),
    "check": lambda lab, order: check_order(lab, DOMESTIC, {}, order_id=order),
    "delete": lambda lab, order: delete_orders(lab, [order]),
    "verify": lambda lab, order: verify_orders(lab, [order]),
    "verify by typing": lambda lab, order: verify_by_typing(lab, order, {}),
    "cancel verification": lambda lab, order: cancel_verification(lab, [order]),
    "confirm": lambda lab, order: confirm_orders(lab, [order]),
    "confirm, seen": lambda lab, order: confirm_orders(lab, [order], versions=[1]),
    "cancel confirmation": lambda lab, order: cancel_confirmation(lab, [order]),
    "include": lambda lab, order: include_orders(lab, [order]),
    "export": lambda lab, order: export_orders(lab, [order], "csv"),
}


@pytest.mark.parametrize("step", ORDERS_NOBODY_SHOWED)
def test_an_order_that_nobody_shows_is_answered_as_one_that_there_is_not(company: Lab, step: str) -> None:
    order = created(hands(company, "AA", {51}))
    stranger = hands(company, "BB", {16, 51, 61, 70, 120})
    told = []
    for number in (order, order + 1):
        with pytest.raises(UnknownName) as unknown:
            ORDERS_NOBODY_SHOWED[step](stranger, number)
        told.append(unknown.value.message.replace(str(number), "N"))
    assert told[0] == told[1]


@pytest.mark.parametrize("kind", [DOMESTIC, COLLECTION, FOREIGN])
def test_a_correction_is_checked_by_the_kind_that_the_order_has(company: Lab, kind: str) -> None:
    order = created(company, FOREIGN)
    assert check_order(company, kind, {"recipient_info": "x"}, order_id=order)["errors"] == []
    with pytest.raises(UnknownName, match="credit_account_base"):
        check_order(company, kind, {"credit_account_base": "1"}, order_id=order)


def test_a_correction_that_is_not_allowed_does_not_tell_what_would_change(company: Lab) -> None:
    order = created(hands(company, "AA", {51}))
    onlooker = hands(company, "BB", {51, 156})
    for values in ({}, {"amount": "1500.00"}, {"amount": "3"}):
        with pytest.raises(Refused, match="another user created it"):
            correct_order(onlooker, order, values)


@pytest.mark.spec("ORD-067", "ORD-281", "ORD-429", "ORD-346", "IMP-170", "IMP-169")
def test_a_deleted_order_is_gone_and_the_log_says_so(company: Lab) -> None:
    orders = [created(company, DOMESTIC), created(company, FOREIGN)]
    discarded = many(company, 2).first
    with pytest.raises(Refused, match="it is verified"):
        delete_orders(company, [discarded])
    discard_orders(company, [discarded])
    with pytest.raises(Refused, match="permission 201"):
        delete_orders(hands(company, "AA", {56, 121, 156}), [discarded])
    mine = hands(company, "BB", {56, 121, 201})
    assert delete_orders(mine, [*orders, discarded])["done"] == 3
    assert [status(company, one) for one in (*orders, discarded)] == [None] * 3
    ((subject, by, details),) = company.rows(
        "SELECT subject, by_user, details FROM ops.log WHERE action = 'delete_orders'"
    )
    assert (subject, by) == ("3", "user BB")
    assert json.loads(details)["orders"] == [f"{orders[0]}-{discarded}"]
    with pytest.raises(UnknownName):
        delete_orders(mine, [discarded])
    assert created(mine) > discarded + 1  # no number comes back
    assert broken_checks(company) == {}


@pytest.mark.spec("ORD-253", "ORD-254", "ORD-255", "ORD-256", "ORD-257", "ORD-258", "ORD-260", "ORD-259")
def test_the_statuses_and_that_priority_is_a_mark_and_none(company: Lab) -> None:
    known = {row["code"]: row["name"] for row in rows("order_statuses") if row["stage"] == "created"}
    assert known == {
        "": "created", "V": "verified", "F": "confirmed", "F1": "confirmed once", "F2": "confirmed twice",
        "I": "included", "E": "error", "discarded": "discarded",
    }  # fmt: skip
    urgent = created(company, express_payment=True)
    assert company.rows("SELECT status, express_payment_value FROM ops.domestic_order") == [("F", True)]
    assert status(company, urgent) == "F"


@pytest.mark.spec("ADM-299", "ORD-310", "ORD-311", "ORD-309")
def test_an_imported_foreign_payment_is_saved_by_its_importer_and_changed_by_others(company: Lab) -> None:
    kind, today = KINDS[FOREIGN], bank_day(company)
    base = created(company, FOREIGN)
    entered = f"SELECT n AS entered_no, 'accounting_system' AS origin, created_on, {', '.join(kind.names)}"
    source = Source("accounting_system", "foreign", {"receive": "true"}, "receive", "receive", saved=False)
    importer = hands(company, "IM", {36})
    with company.database.tx("ops") as cursor:
        cursor.execute(
            "CREATE TEMP TABLE new_order AS "
            + checked(kind, f"{entered} FROM ops.foreign_order, range(1, 4) t(n) WHERE order_id = $base"),
            rule_parameters(company, today) | {"base": base},
        )
        first = store_orders(importer, cursor, kind, "new_order", source, today=today).first
    assert status(company, first) == "E"
    with pytest.raises(Refused, match="permission 120 or 121"):
        correct_order(importer, first, {"amount": "4"})
    with pytest.raises(Refused, match="permission 120 or 121"):
        correct_order(hands(company, "OT", {36, 141}), first, {})
    with pytest.raises(UnknownName):
        correct_order(hands(company, "OT", {36}), first, {})
    assert correct_order(importer, first, {})["status"] == ""
    assert correct_order(hands(company, "AA", {120}), first + 1, {})["status"] == ""  # to save it, part or not
    with pytest.raises(Refused, match="you took no part"):
        correct_order(hands(company, "AA", {120, 141}), first + 2, {"amount": "4"})
    assert correct_order(hands(company, "BB", {121, 125, 135}), first + 2, {"amount": "4"})["status"] == "V"
    assert broken_checks(company) == {}
