"""On-line information: the current state of accounts and orders, as the bank told it last (exchange.current)."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.codebooks import name_sql
from bankklient_lab.history.matching import sent
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.numbers import BANK_ZONE

# ruff: noqa: S608 - every text below is made of our own declarations

SETS = ("unprocessed", "rejected", "international in processing", "international rejected", "international booked")
_LABEL = "coalesce(a.label, s.account) AS label"
_ACCOUNTS = "LEFT JOIN labelled_account() a ON a.account = s.account AND a.currency = s.currency"
_SET = """CASE WHEN o.family = 'foreign' THEN CASE WHEN s.status = 'ER' THEN 'international rejected'
        WHEN s.status = 'OK' THEN 'international booked' ELSE 'international in processing' END
    WHEN s.status = 'ER' THEN 'rejected' WHEN s.status = 'IS' THEN 'unprocessed' END"""


@action("231", mode="standard")
def current_state(lab: Lab) -> dict[str, Any] | None:
    """Return of what time the current state is (stated_at, by the bank) and who asked (asked_at, asked_by), or None."""
    found = lab.rows("SELECT stated_at, asked_at, asked_by FROM ops.current_state")
    return dict(zip(("stated_at", "asked_at", "asked_by"), found[0], strict=True)) if found else None


@table_action("231")
def current_balances(lab: Lab) -> Read:
    """Return the accounts of the current state by label.

    Columns: account, label, currency, booked (after the last posting), available (by the bank's logic), held (the
    holds), posted (postings since the last statement) and listed (how many of them the bank gave: the last ones).
    Amounts DECIMAL, credit positive.
    """
    return lab.read(
        f"""
        SELECT s.account, {_LABEL}, s.currency, s.booked, s.available, coalesce(e.held, 0)::DECIMAL(18,3) AS held,
            greatest(coalesce(s.posted, 0), coalesce(e.listed, 0)) AS posted, coalesce(e.listed, 0) AS listed
        FROM ops.current_balance s {_ACCOUNTS} LEFT JOIN (
            SELECT account, currency, sum(amount) FILTER (held) AS held, count(*) FILTER (NOT held) AS listed
            FROM ops.current_entry GROUP BY ALL) e ON e.account = s.account AND e.currency = s.currency
        ORDER BY label, s.currency
        """
    )


@table_action("231")
def current_entries(lab: Lab, *, held: bool) -> Read:
    """Return the postings of the running day, or the holds, by account in the order of the bank.

    Columns: account, label, entry_no, booking_day, amount (credit positive), currency, counterparty_name,
    counterparty_account, variable_symbol, order_id (the order that the bank names), bank_reference, remittance,
    additional_info.
    """
    return lab.read(
        f"""
        SELECT s.account, {_LABEL}, s.entry_no, s.booking_day, s.amount, s.currency, s.counterparty_name,
            s.counterparty_account, s.variable_symbol, s.order_id, s.bank_reference, s.remittance, s.additional_info
        FROM ops.current_entry s {_ACCOUNTS} WHERE s.held = $held ORDER BY label, s.entry_no
        """,
        {"held": held},
    )


@table_action("231")
def current_orders(lab: Lab) -> Read:
    """Return the sent orders that the current state tells of, by set, then number.

    `in_set` is one of SETS: domestic orders that wait for funds or were rejected today, and foreign payments under way,
    rejected, or booked today. Columns: in_set, order_id, own_account, counter_account, amount (unsigned), currency,
    status, rejected_on (the day of the state; null: not rejected), reason, reason_name, reason_text, bank_reference.
    """
    reason = name_sql("bank_rejections", "s.reason", name="meaning")
    booked = (
        "SELECT DISTINCT ON (order_id) order_id, 'OK' AS status, NULL AS reason, NULL AS reason_text, bank_reference"
        " FROM ops.current_entry WHERE NOT held AND order_id IS NOT NULL"
    )
    return lab.read(
        f"""
        SELECT {_SET} AS in_set, s.order_id, o.own_account, account_number(o.other) AS counter_account,
            o.ordered AS amount, o.currency, s.status,
            CASE WHEN s.status = 'ER' THEN (SELECT (stated_at AT TIME ZONE $zone)::DATE FROM ops.current_state) END
                AS rejected_on, s.reason, {reason} AS reason_name, s.reason_text,
            s.bank_reference
        FROM (FROM ops.current_order UNION ALL BY NAME ({booked})) s JOIN ({sent()}) o USING (order_id)
        WHERE in_set IS NOT NULL ORDER BY in_set, s.order_id
        """,
        {"zone": BANK_ZONE},
    )
