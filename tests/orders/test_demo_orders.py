"""The orders of the demo company: in all states, made from a seed, by people of whom none does two of the steps."""

from __future__ import annotations

from datetime import date

import pytest

from bankklient_lab.demo.company import own_accounts
from bankklient_lab.demo.desks import DESKS, staff
from bankklient_lab.demo.orders import fill_orders
from bankklient_lab.history.upkeep import check
from bankklient_lab.lab import Lab
from bankklient_lab.orders.listing import order_counts, orders

TODAY = date(2026, 11, 1)
STATES = {"", "V", "F", "F1", "F2", "I", "E"}


@pytest.fixture
def firm(lab: Lab) -> Lab:
    """Give a lab with the accounts of the demo company."""
    with lab.database.tx("ops") as cursor:
        for account in own_accounts():
            cursor.execute(
                "INSERT INTO ops.account (account_id, number, currency, bank, name) VALUES (?, ?, ?, ?, ?)",
                [account.account_no, account.iban, account.currency, account.bank_code, account.name],
            )
    return lab


def test_one_user_has_orders_in_all_states_and_something_to_do(firm: Lab) -> None:
    assert fill_orders(firm, today=TODAY, seed=7) == 36
    rows = orders.rows(firm)
    assert {row["status"] for row in rows} == STATES
    assert {row["letter"] for row in rows} == {"P", "C", "F"}
    assert all(row["created_on"] < TODAY <= row["created_on"].replace(year=2027) for row in rows)
    assert {row["created_by"] for row in rows} == {firm.caller.reference}
    counts = {row["which"]: row["orders"] for row in order_counts.rows(firm)}
    assert counts["waiting"] > 10
    assert (counts["duplicates"], counts["allowed_duplicates"]) == (1, 1)
    assert firm.rows("SELECT count(*) FROM ops.token WHERE withdrawn_at IS NULL") == [(0,)]
    assert [row for row in check.rows(firm) if row["broken"]] == []


@pytest.mark.spec("ORD-214", "ORD-218")
def test_with_a_user_for_each_desk_nobody_does_two_steps(firm: Lab) -> None:
    hands = staff(firm)
    assert set(hands) == {*DESKS, "administrator"}
    fill_orders(firm, today=TODAY, seed=7, hands=hands)
    rows = orders.rows(hands["approver"])
    assert {row["status"] for row in rows} == STATES
    for row in rows:
        people = [row[f"{step}_by"] for step in ("created", "verified", "confirmed", "confirmed_again")]
        done = [person for person in people if person]
        assert len(done) == len(set(done)), row
    assert {row["which"]: row["orders"] for row in order_counts.rows(hands["clerk"])}["waiting"] == 0
