"""Suspected duplicates of one order: what is compared, the dialogue, and its answers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bankklient_lab.access.configuration import configure
from bankklient_lab.errors import BadArgument, NotAllowed, Refused, SuspectedDuplicate, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.confirmation import discard_orders
from bankklient_lab.orders.creating import check_order, correct_order, create_order
from bankklient_lab.orders.storing import Source
from tests.clocks import Clock
from tests.orders.labs import (
    COLLECTION,
    DOMESTIC,
    FOREIGN,
    LANDLORD,
    MAIN,
    SAVINGS,
    broken_checks,
    collection_values,
    created,
    domestic_values,
    foreign_values,
    hands,
    status,
)
from tests.orders.test_storing import store

# The specification's worked example: 1,500.00 to 3703-921811/0710, maturity 24 January 2014.
EXAMPLE: dict[str, Any] = {
    "own_account": MAIN, "counter_account": LANDLORD, "amount": "1500.00", "variable_symbol": "7",
    "maturity_date": date(2014, 1, 24),
}  # fmt: skip
FILE = Source("accounting_system", "imported", {"receive_blank": "true"}, "receive_wrong", "receive")


@pytest.fixture
def example(company: Lab, clock: Clock) -> Lab:
    """Give a lab of 1 January 2014 in which the payment of the example is the only order."""
    clock.move(days=(date(2014, 1, 1) - clock.now.date()).days)
    created(company, **EXAMPLE)
    return company


def repeats(lab: Lab, kind: str = DOMESTIC, **other: object) -> bool:
    """Tell whether the example with other values is a suspected duplicate."""
    found = check_order(lab, kind, EXAMPLE | {"currency": "CZK", "debit_bank": "0600"} | other)
    assert found["errors"] == []
    return bool(found["twins"])


def day(number: int, month: int = 1) -> date:
    return date(2014, month, number)


@pytest.mark.spec(
    "BAS-265", "BAS-268", "BAS-283", "BAS-284", "BAS-285", "BAS-286", "BAS-287", "BAS-288", "BAS-289", "BAS-290"
)
@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, True),
        ({"maturity_date": day(13, 2)}, True),  # 20 days after the one that is there
        ({"maturity_date": day(14, 2)}, False),
        ({"maturity_date": day(14)}, True),  # 10 days before it
        ({"maturity_date": day(13)}, False),
        ({"amount": "1500.01"}, False),
        ({"amount": "1 500,0"}, True),
        ({"variable_symbol": "8"}, False),
        ({"variable_symbol": "0007"}, True),
        ({"counter_account": "003703-0000921811/0710"}, True),
        ({"counter_account": "3703-921811/0800"}, False),
        ({"counter_account": "19-921811/0710"}, False),
        ({"own_account": SAVINGS}, False),
        ({"specific_symbol": "1"}, True),
        ({"constant_symbol": "8"}, True),
        ({"client_message": "another text", "credit_abbreviation": "other"}, True),
    ],
)
def test_what_is_compared_at_first(example: Lab, other: dict[str, Any], expected: bool) -> None:
    assert repeats(example, **other) is expected


@pytest.mark.spec("BAS-265", "BAS-267", "BAS-289", "BAS-270")
@pytest.mark.parametrize(
    ("setting", "at_first", "other"),
    [
        ("duplicates_own_account", True, {"own_account": SAVINGS}),
        ("duplicates_variable_symbol", True, {"variable_symbol": "8"}),
        ("duplicates_specific_symbol", False, {"specific_symbol": "8"}),
        ("duplicates_constant_symbol", False, {"constant_symbol": "8"}),
    ],
)
def test_an_optional_item_counts_while_it_is_marked(
    example: Lab, setting: str, at_first: bool, other: dict[str, Any]
) -> None:
    assert repeats(example, **other) is not at_first
    configure(example, {setting: not at_first})
    assert repeats(example, **other) is at_first
    assert not repeats(example, **other, amount="7")
    assert not repeats(example, **other, counter_account="3703-921811/0800")


@pytest.mark.spec("BAS-268", "BAS-269")
def test_range_and_check_are_set_by_whoever_has_permission_2(example: Lab) -> None:
    assert repeats(example, maturity_date=day(24))
    configure(example, {"duplicates_days_before": 0, "duplicates_days_after": 3})
    assert [repeats(example, maturity_date=day(n)) for n in (20, 21, 24, 25)] == [False, True, True, False]
    configure(example, {"duplicates": False})
    assert not repeats(example)
    with pytest.raises(NotAllowed):
        configure(hands(example, "AB", {1, 51, 56}), {"duplicates": True})
    configure(hands(example, "AD", {2}), {"duplicates": True})
    assert repeats(hands(example, "AB", {51}))


@pytest.mark.spec("BAS-265", "BAS-266", "BAS-274", "BAS-275", "BAS-291", "ORD-135")
def test_kinds_are_compared_among_themselves_and_foreign_payments_not_at_all(example: Lab) -> None:
    assert not repeats(example, COLLECTION, credit_bank="0600")
    created(example, COLLECTION, **collection_values(maturity_date=day(24)))
    same = collection_values(maturity_date=day(25), credit_bank="0600", currency="CZK")
    assert check_order(example, COLLECTION, same)["twins"]
    assert not check_order(example, COLLECTION, same | {"counter_account": "3703-921811/0800"})["twins"]
    for _ in range(2):
        made = create_order(example, FOREIGN, foreign_values(maturity_date=day(24)))
        assert made["status"] == "F2"


@pytest.mark.spec("BAS-271", "BAS-276", "BAS-277", "BAS-278", "BAS-280", "ORD-277", "ORD-111")
def test_without_an_answer_nothing_is_stored_and_the_dialogue_has_what_it_shows(company: Lab) -> None:
    first = create_order(company, DOMESTIC, domestic_values())["order_id"]
    for reason in ("", "   "):
        with pytest.raises(SuspectedDuplicate) as suspected:
            create_order(company, DOMESTIC, domestic_values(), reason=reason)
    told = suspected.value.details
    assert suspected.value.message.startswith(f"151 it pays the same as order {first}:")
    assert told["twins"] == [first]
    assert (told["days_before"], told["days_after"], told["reason"]) == (20, 10, "")
    assert told["compared"] == [
        "Amount", "Credit account", "Credit prefix", "Credit bank", "Debit prefix", "Debit account", "Debit bank",
        "Credit variable symbol",
    ]  # fmt: skip
    assert told["orders"] == [{
        "order_id": first, "status": "F", "own_account": MAIN, "counter_account": "19-2000145399/0800",
        "amount": "1500.000", "currency": "CZK", "maturity_date": "2026-11-22", "variable_symbol": "2026001",
        "specific_symbol": None, "constant_symbol": None, "origin": "creation",
        "created_by": company.caller.reference, "created_on": "2026-11-22",
    }]  # fmt: skip
    assert company.rows("SELECT count(*) FROM ops.domestic_order") == [(1,)]
    made = create_order(company, DOMESTIC, domestic_values(), reason=" second delivery ")
    assert made["status"] == "F"
    assert company.rows("SELECT duplicate_reason, errors FROM ops.domestic_order ORDER BY order_id") == [
        (None, ""), ("second delivery", ""),
    ]  # fmt: skip
    ((details,),) = company.rows(
        "SELECT details FROM ops.log WHERE action = 'create_order' ORDER BY log_id DESC LIMIT 1"
    )
    assert "second delivery" in details


@pytest.mark.spec("FLW-037")
@pytest.mark.spec("BAS-279", "ORD-276", "ORD-379")
def test_kept_as_an_error(company: Lab) -> None:
    create_order(company, DOMESTIC, domestic_values())
    made = create_order(company, DOMESTIC, domestic_values(), duplicate="error")
    assert made["status"] == "E"
    told = "status, errors, duplicate_reason, verified_by"
    assert company.rows(f"SELECT {told} FROM ops.domestic_order WHERE order_id = $o", {"o": made["order_id"]}) == [
        ("E", "151", None, None)
    ]
    assert broken_checks(company) == {}


def test_a_reason_is_kept_only_of_what_is_suspected_and_answers_are_checked(company: Lab) -> None:
    create_order(company, DOMESTIC, domestic_values(), reason="because")
    create_order(company, DOMESTIC, domestic_values(amount="2"), duplicate="error")
    assert company.rows("SELECT duplicate_reason, status FROM ops.domestic_order") == [(None, "F")] * 2
    with pytest.raises(BadArgument, match="it takes 'error'"):
        create_order(company, DOMESTIC, domestic_values(), duplicate="maybe")
    with pytest.raises(BadArgument, match="at most 200"):
        create_order(company, DOMESTIC, domestic_values(), reason="x" * 201)


@pytest.mark.spec("BAS-282", "ORD-129", "ORD-279")
def test_a_changed_allowed_duplicate_is_checked_again_and_the_old_reason_offered(company: Lab) -> None:
    first = created(company)
    second = create_order(company, DOMESTIC, domestic_values(), reason="two of them")["order_id"]
    assert check_order(company, DOMESTIC, {"client_message": "x"}, order_id=second)["reason"] == "two of them"
    with pytest.raises(SuspectedDuplicate) as suspected:
        correct_order(company, second, {"client_message": "changed"})
    assert (suspected.value.details["twins"], suspected.value.details["reason"]) == ([first], "two of them")
    correct_order(company, second, {"client_message": "changed"}, reason="two of them")
    reason = "SELECT duplicate_reason FROM ops.domestic_order WHERE order_id = $o"
    assert company.rows(reason, {"o": second}) == [("two of them",)]
    correct_order(company, second, {"amount": "9"})  # it repeats nothing any more
    assert company.rows(reason, {"o": second}) == [(None,)]
    assert check_order(company, DOMESTIC, {}, order_id=second)["twins"] == []


@pytest.mark.spec("FLW-037")
@pytest.mark.spec("ORD-279", "BAS-271", "ORD-275")
def test_a_suspected_duplicate_is_checked_again_and_saved_or_allowed(company: Lab) -> None:
    first = created(company)
    second, third = (create_order(company, DOMESTIC, domestic_values(), duplicate="error")["order_id"] for _ in "ab")
    with pytest.raises(SuspectedDuplicate) as suspected:
        correct_order(company, second, {})
    assert suspected.value.details["twins"] == [first, third]
    assert correct_order(company, second, {}, duplicate="error")["status"] == "E"
    assert correct_order(company, second, {}, reason="right so")["status"] == "F"
    for other in (first, second):
        correct_order(company, other, {"amount": str(other % 10 + 1)})
    assert correct_order(company, third, {})["status"] == "F"
    assert company.rows("SELECT errors FROM ops.domestic_order") == [("",)] * 3
    assert broken_checks(company) == {}


@pytest.mark.spec("IMP-132", "IMP-161", "IMP-162", "IMP-133", "IMP-148", "BAS-272")
def test_an_imported_duplicate_is_checked_again_by_101(company: Lab) -> None:
    importer = hands(company, "IM", {36})
    same = {"credit_variable_symbol": "1"}
    first = store(importer, [same, same], FILE).first
    second = first + 1
    third = store(importer, [same], FILE).first
    assert [status(company, one) for one in (first, second, third)] == ["", "E", "E"]
    corrector = hands(company, "CO", {101, 108, 115})
    with pytest.raises(SuspectedDuplicate):
        correct_order(corrector, second, {})
    assert correct_order(corrector, second, {}, reason="both are due")["status"] == "V"
    assert correct_order(hands(company, "C2", {101}), second, {})["status"] == "V"  # nothing changed, nothing wrong
    discard_orders(hands(company, "DI", {106}), [first, second])
    assert correct_order(hands(company, "C2", {101}), third, {})["status"] == ""
    with pytest.raises(Refused, match="discarded"):
        correct_order(hands(company, "CO", {101, 156}), first, {"amount": "4"})


@pytest.mark.spec("BAS-300")
def test_instalments_of_one_regular_payment_are_not_compared_with_each_other(company: Lab) -> None:
    instalments = Source("automatic", "imported", {"instalment_verified": "true"}, "instalment_wrong", "instalment")
    further = "(SELECT unnest([1, 2, 3]) AS entered_no, unnest([5, 5, 6]) AS regular_payment_id)"
    same = {"credit_variable_symbol": "1"}
    stored = store(hands(company, "RE", {21}), [same, same, same], instalments, further)
    assert [status(company, stored.first + n) for n in range(3)] == ["V", "V", "E"]
    typist = hands(company, "TY", {51})
    values = domestic_values(counter_account="19-2000145399/0800", amount="100", variable_symbol="1")
    with pytest.raises(SuspectedDuplicate) as suspected:
        create_order(typist, DOMESTIC, values)
    assert len(suspected.value.details["twins"]) == 3
    corrector = hands(company, "CO", {101})
    with pytest.raises(SuspectedDuplicate) as again:
        correct_order(corrector, stored.first, {"client_message": "x"})
    assert again.value.details["twins"] == [stored.last]


def test_checking_corrections_tells_nothing_about_orders_that_one_can_not_correct(company: Lab) -> None:
    order = created(hands(company, "CD", {51}), amount="4711")
    with pytest.raises(Refused, match="another user created it"):
        check_order(hands(company, "AB", {51, 156}), DOMESTIC, {}, order_id=order)
    with pytest.raises(UnknownName):
        check_order(hands(company, "AB", {51}), DOMESTIC, {}, order_id=order)
