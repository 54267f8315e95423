"""The summaries before balancing: what would be taken of each type, and what only counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bankklient_lab.balancing.making import Signer
from bankklient_lab.balancing.summaries import balancing_duplicates, balancing_summary, balancing_types
from bankklient_lab.errors import NotAllowed, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.confirmation import cancel_confirmation, discard_orders, include_orders
from bankklient_lab.orders.creating import create_order
from tests.balancing.labs import agreed, balanced
from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN, MAIN, SAVINGS, created, domestic_values, hands, many


def level(lab: Lab, name: str, which: str = "complete") -> list[tuple[Any, ...]]:
    """Return the rows of one level of the summary."""
    shown = ("record_type", "part", "status", "own_account", "currency", "orders", "amount", "placed", "placed_amount")
    return [
        tuple(value for value in (row[column] for column in shown) if value is not None)
        for row in balancing_summary.rows(lab, which)
        if row["level"] == name
    ]


@pytest.mark.spec("BAL-006", "BAL-008", "BAL-027")
def test_the_types_come_in_their_order_also_without_records(company: Lab) -> None:
    rows = balancing_types.rows(company)
    assert [(row["record_type"], row["batch_type"], row["records"], row["batches"]) for row in rows] == [
        ("revocations", 13, 0, 0), ("priority_payments", 1, 0, 0), ("domestic_orders", 1, 0, 0),
        ("foreign_payments", 11, 0, 0), ("permitted_collections", 14, 0, 0), ("standing_orders", 17, 0, 0),
        ("time_deposits", 16, 0, 0), ("forward_deals", 18, 0, 0), ("account_parameters", 4, 0, 0),
        ("document_orders", 19, 0, 0), ("client_messages", 7, 0, 0), ("receivables", 15, 0, 0),
    ]  # fmt: skip
    assert balancing_summary.rows(company) == []


@pytest.mark.spec("BAL-014", "BAL-015", "BAL-016", "BAL-025")
def test_numbers_and_sums_by_part_status_and_account(company: Lab) -> None:
    created(company, express_payment=True, amount="10")
    created(company, amount="20.50")
    created(company, amount="30", own_account=SAVINGS)
    created(company, COLLECTION, amount="40")
    many(company, 1, "verified")
    created(company, FOREIGN, amount="50")
    cancel_confirmation(company, [created(company, FOREIGN, amount="60", currency="USD")])
    zero = Decimal("0.000")
    assert level(company, "account") == [
        ("priority_payments", "payments", "F", MAIN, "CZK", 1, Decimal("10"), 1, Decimal("10")),
        ("domestic_orders", "payments", "F", SAVINGS, "CZK", 1, Decimal("30"), 1, Decimal("30")),
        ("domestic_orders", "payments", "F", MAIN, "CZK", 1, Decimal("20.50"), 1, Decimal("20.50")),
        ("domestic_orders", "payments", "V", MAIN, "CZK", 1, Decimal("100"), 0, zero),
        ("domestic_orders", "collections", "F", MAIN, "CZK", 1, Decimal("40"), 1, Decimal("40")),
        ("foreign_payments", "payments", "F2", "202016-303634/0600", "EUR", 1, Decimal("50"), 1, Decimal("50")),
        ("foreign_payments", "payments", "V", "202016-303634/0600", "USD", 1, Decimal("60"), 0, zero),
    ]
    assert level(company, "part") == [
        ("priority_payments", "payments", "CZK", 1, Decimal("10"), 1, Decimal("10")),
        ("domestic_orders", "payments", "CZK", 3, Decimal("150.50"), 2, Decimal("50.50")),
        ("domestic_orders", "collections", "CZK", 1, Decimal("40"), 1, Decimal("40")),
        ("foreign_payments", "payments", "EUR", 1, Decimal("50"), 1, Decimal("50")),
        ("foreign_payments", "payments", "USD", 1, Decimal("60"), 0, zero),
    ]
    assert level(company, "type")[1] == ("domestic_orders", "CZK", 4, Decimal("190.50"), 3, Decimal("90.50"))
    types = {row["record_type"]: (row["records"], row["batches"]) for row in balancing_types.rows(company)}
    assert {name: counted for name, counted in types.items() if counted != (0, 0)} == {
        "priority_payments": (1, 1), "domestic_orders": (3, 1), "foreign_payments": (1, 1),
    }  # fmt: skip


@pytest.mark.spec("FLW-059", "FLW-068")
@pytest.mark.spec("BAL-028", "BAL-030")
def test_what_is_taken_depends_on_the_way(company: Lab, signer: Signer) -> None:
    include_orders(company, [created(company)])
    created(company, amount="1")
    discard_orders(company, [many(company, 1, "confirmed").first])
    for which, records in (("complete", 2), ("included", 1)):
        types = {row["record_type"]: row["records"] for row in balancing_types.rows(company, which) if row["records"]}
        assert types == {"domestic_orders": records}
    balanced(company, signer)
    assert balancing_summary.rows(company) == []  # what is on its way counts no more, and neither do discarded ones


@pytest.mark.spec("BAL-012", "BAS-281")
def test_allowed_duplicates_are_counted_and_listed(company: Lab) -> None:
    created(company)
    again = created(company)  # with a reason
    urgent = created(company, express_payment=True)
    create_order(company, DOMESTIC, domestic_values(), duplicate="error")
    types = {row["record_type"]: row["allowed_duplicates"] for row in balancing_types.rows(company)}
    assert {name for name, count in types.items() if count} == {"priority_payments", "domestic_orders"}
    assert (types["priority_payments"], types["domestic_orders"]) == (1, 1)
    assert [(row["record_type"], row["order_id"], row["amount"]) for row in balancing_duplicates.rows(company)] == [
        ("priority_payments", urgent, Decimal("1500")), ("domestic_orders", again, Decimal("1500")),
    ]  # fmt: skip
    assert balancing_duplicates.rows(company, "included") == []


def test_the_digest_tells_one_set_from_another(company: Lab) -> None:
    seen = [agreed(company)]
    first = created(company)
    seen.append(agreed(company))
    created(company, amount="5")
    seen.append(agreed(company))
    include_orders(company, [first])
    seen.append(agreed(company))
    digests = [one.get("domestic_orders", "") for one in seen]
    assert len(set(digests)) == len(digests)
    assert agreed(company) == seen[-1]


@pytest.mark.spec("FLW-056")
@pytest.mark.spec("BAL-003")
def test_a_summary_is_for_those_who_can_balance(company: Lab) -> None:
    created(company)
    for held, ways in (({11}, ["complete"]), ({16}, ["included"]), ({11, 16}, ["complete", "included"]), ({56}, [])):
        lab = hands(company, "XY", held)
        for which in ("complete", "included"):
            for read in (balancing_types, balancing_summary, balancing_duplicates):
                if which in ways:
                    read.rows(lab, which)
                else:
                    with pytest.raises(NotAllowed):
                        read.rows(lab, which)
    with pytest.raises(UnknownName, match="way of balancing"):
        balancing_types.rows(hands(company, "XY", {11}), "'; DROP TABLE ops.batch; --")
