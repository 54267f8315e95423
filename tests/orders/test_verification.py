"""Verifying by sight and by typing the marked items again."""

from __future__ import annotations

from typing import Any

import pytest

from bankklient_lab.access.configuration import configure
from bankklient_lab.errors import NotAllowed, Refused
from bankklient_lab.lab import Lab
from bankklient_lab.orders.confirmation import cancel_confirmation, confirm_orders
from bankklient_lab.orders.creating import correct_order, create_order
from bankklient_lab.orders.storing import Source
from bankklient_lab.orders.verification import cancel_verification, items_to_type, verify_by_typing, verify_orders
from tests.clocks import Clock
from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN, broken_checks, created, domestic_values, hands, status
from tests.orders.test_storing import store

CLERK, VERIFIER = frozenset({51, 120}), frozenset({66, 108, 126})
FILE = Source("accounting_system", "imported", {"receive_blank": "true"}, "receive_wrong", "receive")


def mark(lab: Lab, *items: str, foreign: tuple[str, ...] = ()) -> None:
    """Set the items to type again, as somebody with permission 2 does."""
    configure(hands(lab, "AD"), {"verified_items": list(items), "verified_items_foreign": list(foreign)})


@pytest.fixture
def order(company: Lab) -> int:
    """Return an order that user CD created, with account and amount to be typed again."""
    return created(hands(company, "CD", CLERK), counter_account="19/0100", amount="250.00", variable_symbol="")


@pytest.mark.spec("ORD-193", "ORD-192", "ORD-427", "ADM-162")
def test_at_first_account_and_amount_are_typed_again_and_nothing_of_foreign_payments(company: Lab) -> None:
    assert items_to_type(company, DOMESTIC) == ["credit_account_prefix", "credit_account_base", "amount"]
    assert items_to_type(company, COLLECTION) == ["debit_account_prefix", "debit_account_base", "amount"]
    assert items_to_type(company, FOREIGN) == []
    foreign = created(hands(company, "CD", CLERK), FOREIGN)
    assert verify_orders(hands(company, "AB", VERIFIER), [foreign])["done"] == 1
    assert status(company, foreign) == "V"


@pytest.mark.spec("FLW-044")
@pytest.mark.spec("ORD-195", "ORD-207")
@pytest.mark.parametrize("account", ["19/0100", "19", "000000-0000000019/0100", "0-19"])
@pytest.mark.parametrize("amount", ["250", "250.00", "250,0", " 250 "])
def test_equal_items_verify(company: Lab, order: int, account: str, amount: str) -> None:
    found = verify_by_typing(hands(company, "AB", VERIFIER), order, {"counter_account": account, "amount": amount})
    assert found == {"done": 1, "skipped": 0, "reasons": {}}
    assert status(company, order) == "V"
    ((by, note),) = company.rows("SELECT done_by, note FROM ops.order_step WHERE action = 'verify'")
    assert (by, note) == ("AB", "by items")


@pytest.mark.spec("ORD-195", "ORD-208")
@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"counter_account": "19/0100", "amount": "205"}, ["amount"]),
        ({"counter_account": "27/0100", "amount": "250"}, ["credit_account_base"]),
        ({"counter_account": "1-19", "amount": "249.99"}, ["credit_account_prefix", "amount"]),
        ({"amount": "250"}, ["credit_account_base"]),
        ({"counter_account": "19/0100", "amount": ""}, ["amount"]),
        ({"counter_account": "19/0100", "amount": "no number"}, ["amount"]),
        ({}, ["credit_account_base", "amount"]),
    ],
)
def test_an_unequal_item_is_named_and_its_value_never_shown(
    company: Lab, order: int, typed: dict[str, Any], wrong: list[str]
) -> None:
    mine = hands(company, "AB", VERIFIER)
    with pytest.raises(Refused) as refused:
        verify_by_typing(mine, order, typed)
    assert refused.value.details == {"items": wrong}
    assert "250" not in refused.value.message
    assert "19" not in refused.value.message.removeprefix(f"order {order}")
    assert status(company, order) == ""
    assert company.rows("SELECT version, verified_by FROM ops.domestic_order") == [(1, None)]
    assert company.rows("SELECT count(*) FROM ops.order_step") == [(1,)]


@pytest.mark.spec("ORD-196", "ORD-209", "ORD-210")
@pytest.mark.parametrize("symbol", ["variable_symbol", "specific_symbol", "constant_symbol"])
def test_an_empty_symbol_is_typed_as_zero(company: Lab, order: int, symbol: str) -> None:
    mark(company, symbol)
    mine = hands(company, "AB", VERIFIER)
    for text in (None, "", " ", "1", "0x"):
        with pytest.raises(Refused, match="symbol differ"):
            verify_by_typing(mine, order, {symbol: text} if text is not None else {})
    assert verify_by_typing(mine, order, {symbol: "00"})["done"] == 1


@pytest.mark.spec("ORD-196")
def test_a_symbol_that_is_there_is_typed_as_it_is(company: Lab) -> None:
    order = created(hands(company, "CD", CLERK), variable_symbol="0012")
    zero = created(hands(company, "CD", CLERK), variable_symbol="0")
    mark(company, "variable_symbol")
    mine = hands(company, "AB", VERIFIER)
    for number, text in ((order, "0"), (order, ""), (order, "13"), (zero, "")):
        with pytest.raises(Refused, match="differ"):
            verify_by_typing(mine, number, {"variable_symbol": text})
    assert verify_by_typing(mine, order, {"variable_symbol": "12"})["done"] == 1
    assert verify_by_typing(mine, zero, {"variable_symbol": "0"})["done"] == 1


@pytest.mark.spec("ORD-195", "ADM-145", "ADM-162")
def test_every_item_that_can_be_marked_can_be_typed(company: Lab) -> None:
    values = domestic_values(
        constant_symbol="308", specific_symbol="9", abbreviation="Supplier", client_message="first\nsecond",
        debit_identification="Me", credit_identification="You", express_payment=True, maturity_date="2026-11-25",
    )  # fmt: skip
    clerk = hands(company, "CD", CLERK)
    domestic = create_order(clerk, DOMESTIC, values)["order_id"]
    abroad = created(clerk, FOREIGN, agreed_rate_marked=False, swift_bic="COBADEFF")
    every = [
        "own_account", "counter_account", "bank", "maturity_date", "amount", "currency", "constant_symbol",
        "variable_symbol", "specific_symbol", "abbreviation", "message_av", "debit_identification_di",
        "credit_identification_ci", "priority_payment", "client_transaction_id",
    ]  # fmt: skip
    mark(company, *every, foreign=("recipient_account", "amount", "recipient_information", "swift_bic"))
    mine = hands(company, "AB", VERIFIER)
    marked = items_to_type(mine, DOMESTIC)
    kept = {name: text for name, text in _texts(company, "ops.domestic_order", domestic).items() if name in marked}
    assert set(kept) == set(marked)
    for name, text in kept.items():
        if text not in (None, "0"):
            with pytest.raises(Refused) as refused:
                verify_by_typing(mine, domestic, kept | {name: "7"})
            assert refused.value.details["items"] == [name]
    assert verify_by_typing(mine, domestic, kept | {"currency": "czk", "maturity_date": "25. 11. 2026"})["done"] == 1
    with pytest.raises(Refused, match="typed again"):  # and by sight, alone or in a group, it is not verified
        verify_orders(mine, [abroad])
    typed = {"recipient_account": "DE89 3704 0044 0532 0130 00", "amount": "500", "recipient_info": "Invoice 1"}
    with pytest.raises(Refused, match="BIC"):
        verify_by_typing(mine, abroad, typed | {"swift_bic": "COBADEFX"})
    assert verify_by_typing(mine, abroad, typed | {"swift_bic": "cobadeff"})["done"] == 1


def _texts(lab: Lab, table: str, order_id: int) -> dict[str, str | None]:
    with lab.database.reading() as cursor:
        found = cursor.execute(f"SELECT * FROM {table} WHERE order_id = ?", [order_id])
        return dict(zip([column[0] for column in found.description], found.fetchone() or (), strict=True))


@pytest.mark.spec("ORD-197", "IMP-135", "IMP-138")
def test_no_group_is_verified_by_sight_while_items_are_marked_but_imported_ones_are(company: Lab, order: int) -> None:
    clerk = hands(company, "CD", CLERK | {36})
    collection = created(clerk, COLLECTION)
    foreign = created(clerk, FOREIGN)
    stored = store(clerk, [{}, {}], FILE)
    mine = hands(company, "AB", VERIFIER)
    found = verify_orders(mine, [order, collection, foreign, stored.first, stored.last])
    assert found == {
        "done": 3, "skipped": 2, "reasons": {"can't verify: its items are to be typed again": 2},
    }  # fmt: skip
    assert [status(company, one) for one in (order, collection, foreign, stored.first)] == ["", "", "V", "V"]
    with pytest.raises(Refused, match="typed again"):
        verify_orders(mine, [order])
    cancel_verification(mine, [stored.first])
    with pytest.raises(Refused, match="no items to type"):
        verify_by_typing(mine, stored.first, {"amount": "100.00"})


@pytest.mark.spec("FLW-044", "FLW-046")
@pytest.mark.spec("ORD-194", "ORD-200", "ORD-205")
def test_by_sight_one_or_a_group_is_verified_and_each_can_be_cancelled(company: Lab, order: int) -> None:
    mark(company)
    collection = created(hands(company, "CD", CLERK), COLLECTION)
    mine = hands(company, "AB", VERIFIER)
    assert verify_orders(mine, [order, collection])["done"] == 2
    assert cancel_verification(mine, [order])["done"] == 1
    assert [status(company, one) for one in (order, collection)] == ["", "V"]
    assert company.rows("SELECT verified_by FROM ops.domestic_order ORDER BY order_id") == [(None,), ("AB",)]
    assert verify_orders(mine, [order, collection]) == {
        "done": 1, "skipped": 1, "reasons": {"can't verify: it is verified": 1},
    }  # fmt: skip


@pytest.mark.spec("ORD-202", "ORD-203", "ORD-204", "ORD-211")
def test_whose_orders_somebody_verifies(company: Lab, order: int) -> None:
    typed = {"counter_account": "19/0100", "amount": "250"}
    with pytest.raises(Refused, match="another user entered it"):
        verify_by_typing(hands(company, "AB", {61, 156}), order, typed)
    with pytest.raises(Refused, match="you entered it yourself"):
        verify_by_typing(hands(company, "CD", {66}), order, typed)
    correct_order(hands(company, "EF", {56}), order, {"amount": "251"})
    typed["amount"] = "251"
    with pytest.raises(Refused, match="another user entered it"):
        verify_by_typing(hands(company, "CD", {61}), order, typed)
    with pytest.raises(Refused, match="you entered it yourself"):
        verify_by_typing(hands(company, "EF", {66}), order, typed)
    assert verify_by_typing(hands(company, "EF", {61}), order, typed)["done"] == 1
    with pytest.raises(NotAllowed):
        verify_by_typing(hands(company, "GH", {56, 70}), order, typed)


@pytest.mark.spec("ORD-195")
def test_who_may_not_verify_learns_nothing_by_typing(company: Lab, order: int) -> None:
    mine = hands(company, "AB", {61, 156})
    told = set()
    for amount in ("250", "251"):
        with pytest.raises(Refused) as refused:
            verify_by_typing(mine, order, {"counter_account": "19/0100", "amount": amount})
        told.add((refused.value.message, str(refused.value.details)))
    assert len(told) == 1


@pytest.mark.spec("ORD-206", "ORD-217", "ORD-111", "ORD-221", "ORD-420")
def test_permission_verifies_and_confirms_by_itself(company: Lab) -> None:
    who = "verified_by, confirmed_by, confirmed_again_by"
    for held, kind, state, by in (
        ({51, 61, 76}, DOMESTIC, "V", ("AA", None, None)),
        ({51, 61, 70, 76, 81}, DOMESTIC, "F", ("AA", "AA", None)),
        ({120, 125, 135}, FOREIGN, "V", ("AA", None, None)),
        ({120, 125, 130, 135, 136}, FOREIGN, "F1", ("AA", "AA", None)),
        ({120, 125, 130, 132, 135, 136}, FOREIGN, "F2", ("AA", "AA", "AA")),
    ):
        order = created(hands(company, "AA", held), kind)
        table = "ops.foreign_order" if kind == FOREIGN else "ops.domestic_order"
        assert company.rows(f"SELECT status, {who} FROM {table} WHERE order_id = $o", {"o": order}) == [(state, *by)]
    clerk = hands(company, "CD", CLERK)
    mark(company)
    # 81 and 136 confirm at the verification, also beside 70 and 130.
    for held, kind, state, by in (
        ({66, 70, 81}, DOMESTIC, "F", ("AB", "AB", None)),
        ({126, 130, 136}, FOREIGN, "F1", ("AB", "AB", None)),
        ({126, 130, 132, 136}, FOREIGN, "F2", ("AB", "AB", "AB")),
    ):
        order = created(clerk, kind)
        verify_orders(hands(company, "AB", held), [order])
        table = "ops.foreign_order" if kind == FOREIGN else "ops.domestic_order"
        assert company.rows(f"SELECT status, {who} FROM {table} WHERE order_id = $o", {"o": order}) == [(state, *by)]


@pytest.mark.spec("IMP-142")
def test_who_took_a_file_over_as_verified_counts_as_verifier(company: Lab) -> None:
    verified = Source("accounting_system", "imported", {"receive_verified": "true"}, "receive_wrong", "receive")
    importer = hands(company, "IM", {36, 110})
    first = store(importer, [{}], verified).first
    assert company.rows("SELECT verified_by FROM ops.domestic_order") == [("IM",)]
    with pytest.raises(Refused, match="another person confirms it"):
        confirm_orders(importer, [first])
    assert confirm_orders(hands(company, "AB", {110}), [first])["done"] == 1


@pytest.mark.spec("ORD-223", "ORD-432", "ORD-218", "ORD-222")
def test_two_confirmations_are_kept_apart_and_cancelled_together(company: Lab, clock: Clock) -> None:
    order = created(hands(company, "CD", CLERK), FOREIGN)
    verify_orders(hands(company, "AB", VERIFIER), [order])
    for reference, state in (("EF", "F1"), ("GH", "F2")):
        clock.move(minutes=5)
        confirm_orders(hands(company, reference, {130}), [order])
        assert status(company, order) == state
    told = "confirmed_by, confirmed_again_by, date_diff('minute', confirmed_at, confirmed_again_at)"
    assert company.rows(f"SELECT {told} FROM ops.foreign_order") == [("EF", "GH", 5)]
    cancel_confirmation(hands(company, "GH", {130}), [order])
    assert status(company, order) == "V"
    assert company.rows(f"SELECT {told}, verified_by FROM ops.foreign_order") == [(None, None, None, "AB")]
    assert broken_checks(company) == {}
