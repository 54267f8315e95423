"""Many orders stored at once: numbers, states, duplicates among them and with those that are there, first steps."""

from __future__ import annotations

from typing import Any

import pytest

from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.orders.checking import checked, rule_parameters
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.storing import Source, Stored, store_orders
from tests.orders.labs import DOMESTIC, created, hands

RECEIVED = Source("accounting_system", "imported", {"receive_confirmed": "true"}, "receive_wrong", "receive")
INSTALMENTS = Source(
    "automatic",
    "imported",
    {"instalment_confirmed": "confirm", "instalment_verified": "true"},
    "instalment_wrong",
    "instalment",
)


def store(lab: Lab, orders: list[dict[str, Any]], source: Source = RECEIVED, further: str = "") -> Stored:
    """Store domestic payments given by some of their items; the others are those of a right order."""
    kind, today = kind_named(DOMESTIC), bank_day(lab)
    usual = {
        "debit_account_base": "150012947", "debit_account_prefix": "609", "debit_bank": "0600",
        "credit_account_base": "2000145399", "credit_account_prefix": "19", "credit_bank": "0800",
        "amount": "100.00", "currency": "CZK", "maturity_date": today.isoformat(),
    }  # fmt: skip
    rows = [usual | {"credit_variable_symbol": str(number)} | order for number, order in enumerate(orders, 1)]
    values = ", ".join(
        f"({number}, {', '.join(_literal(row.get(name)) for name in kind.names)})" for number, row in enumerate(rows, 1)
    )
    entered = (
        f"SELECT *, '{source.origin}' AS origin, $today::DATE AS created_on"
        f" FROM (VALUES {values}) t(entered_no, {', '.join(kind.names)})"
    )
    with lab.database.tx("ops") as cursor:
        cursor.execute(f"CREATE TEMP TABLE new_order AS {checked(kind, entered)}", rule_parameters(lab, today))
        return store_orders(lab, cursor, kind, "new_order", source, today=today, further=further)


def _literal(value: str | None) -> str:
    return "NULL::VARCHAR" if value is None else f"'{value}'"


def test_orders_get_numbers_in_their_order_states_and_first_steps(company: Lab) -> None:
    stored = store(company, [{"amount": f"{n}.00"} for n in (5, 0, 7)])
    rows = company.rows(
        "SELECT order_id, amount, status, errors, confirmed_by, origin FROM ops.domestic_order ORDER BY 1"
    )
    me = company.caller.reference
    assert [row[0] for row in rows] == list(range(stored.first, stored.last + 1))
    assert [row[1:] for row in rows] == [
        ("5.00", "F", "", me, "accounting_system"),
        ("0.00", "E", "73", None, "accounting_system"),
        ("7.00", "F", "", me, "accounting_system"),
    ]
    assert (stored.right, stored.wrong, stored.duplicates) == (2, 1, 0)
    steps = company.rows("SELECT order_id, version, status_before, status, digest FROM ops.order_step ORDER BY 1")
    kept = company.rows("SELECT order_id, version, NULL, status, digest FROM ops.domestic_order ORDER BY 1")
    assert steps == kept
    assert created(company, amount="9") == stored.last + 1


@pytest.mark.spec("IMP-020")
def test_of_two_equal_orders_the_second_is_the_duplicate(company: Lab) -> None:
    equal = {"credit_variable_symbol": "1"}
    stored = store(company, [equal, {}, equal | {"amount": "0"}, equal])
    assert [row[0] for row in company.rows("SELECT errors FROM ops.domestic_order ORDER BY order_id")] == [
        "", "", "73", "151",
    ]  # fmt: skip
    assert (stored.right, stored.wrong, stored.duplicates) == (2, 2, 1)


def test_duplicates_of_orders_that_are_there_and_days_between(company: Lab) -> None:
    created(company, counter_account="19-2000145399/0800", amount="100", variable_symbol="0")
    near = {"credit_variable_symbol": "0", "maturity_date": "2026-12-12"}
    far = near | {"maturity_date": "2027-01-12"}
    store(company, [near, far, far | {"credit_account_prefix": "019"}])
    rows = company.rows("SELECT errors FROM ops.domestic_order WHERE origin <> 'creation' ORDER BY order_id")
    assert [row[0] for row in rows] == ["151", "", "151"]


@pytest.mark.spec("IMP-155", "IMP-156", "IMP-157")
def test_instalments_of_one_regular_payment_are_no_duplicates_of_each_other(company: Lab) -> None:
    equal = {"credit_variable_symbol": "1"}
    with company.database.tx("ops") as cursor:
        cursor.execute(
            "CREATE TABLE memory.instalment AS SELECT * FROM (VALUES (1, 7, true), (2, 7, false), (3, 8, true))"
            " t(entered_no, regular_payment_id, confirm)"
        )
    store(company, [equal, equal, equal], INSTALMENTS, "memory.instalment")
    rows = company.rows("SELECT regular_payment_id, status, errors FROM ops.domestic_order ORDER BY order_id")
    assert rows == [(7, "F", ""), (7, "V", ""), (8, "E", "151")]


def test_who_may_not_receive_stores_nothing(company: Lab) -> None:
    with pytest.raises(Refused, match="permission 36 is needed"):
        store(hands(company, "AA", {101}), [{}])
    assert not hands(company, "AA").rows("FROM ops.domestic_order")


def test_as_many_equal_orders_as_there_are_take_the_time_of_sorting(company: Lab) -> None:
    kind, today = kind_named(DOMESTIC), bank_day(company)
    texts = {
        "debit_account_base": "150012947", "debit_bank": "0600", "credit_account_base": "2000145399",
        "credit_bank": "0800", "amount": "1", "currency": "CZK", "maturity_date": today.isoformat(),
    }  # fmt: skip
    items = ", ".join(f"{_literal(texts.get(name))} AS {name}" for name in kind.names)
    entered = (
        f"SELECT entered_no, 'accounting_system' AS origin, $today::DATE AS created_on, {items}"
        " FROM range(1, 20001) t(entered_no)"
    )
    with company.database.tx("ops") as cursor:
        cursor.execute(f"CREATE TEMP TABLE new_order AS {checked(kind, entered)}", rule_parameters(company, today))
        assert store_orders(company, cursor, kind, "new_order", RECEIVED, today=today).duplicates == 19_999
