"""Available balances: what accounts have left when the orders that debit them are settled.

The manual's formulas: B is the balance that the bank stated last, A1 (available) is B without orders in process, A2
(after balancing) is A1 without confirmed and included orders, A3 (after all) is A2 without created and verified ones.
Transfers between own accounts, collections and foreign payments do not count unless they are asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from bankklient_lab.actions import table_action
from bankklient_lab.analysis.parameters import known_accounts
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Kind

# ruff: noqa: S608 - every text below is made of our own declarations

OWN_ACCOUNTS = (
    "SELECT account_id, currency, concat(nullif(prefix, '0') || '-', base, '/', bank_code) AS own_account, number"
    " FROM own_accounts()"
)
# 1: in process, 2: balancing would take it, 3: to be confirmed first. Foreign payments are not watched in process.
_STAGE = {
    "domestic": "s.in_process AND o.status <> 'ER'",
    "foreign": "coalesce(o.status IN ('NS', 'SE', 'RV', 'PR'), false)",
}


@table_action("236")
def balances_after_orders(
    lab: Lab,
    *,
    on: date,
    future: bool = True,
    accounts: Collection[str] = (),
    own_transfers: bool = False,
    collections: bool = False,
    foreign: bool = False,
) -> Read:
    """Return for each account its balance at the end of `on` and what is left of it, by currency, then label.

    With `future` all orders count, otherwise those whose maturity is not after `on`. `own_transfers` adds transfers
    between own accounts (debited here, credited there), `collections` what collections bring in, `foreign` foreign
    payments. Columns: account, currency, label, balance, balance_day (the last day, not after `on`, that statements
    tell of), available (A1), after_balancing (A2), after_all (A3), not_counted (orders of the account in another
    currency, which are in no figure). Amounts DECIMAL, credit positive. Raises UnknownName for an account.
    """
    chosen = ["domestic_payment", *(["domestic_collection"] if collections or own_transfers else [])]
    chosen += ["foreign_payment"] if foreign else []
    parts = [debits(KINDS[name], own_transfers=own_transfers, collections=collections) for name in chosen]
    sums = ", ".join(f"coalesce(sum(debit) FILTER (stage = {stage}), 0) AS stage_{stage}" for stage in (1, 2, 3))
    return lab.read(
        f"""
        WITH own AS ({OWN_ACCOUNTS}),
        moved AS (
            SELECT own_account, currency, debit, stage FROM ({" UNION ALL ".join(parts)})
            WHERE stage IS NOT NULL AND ($future OR maturity <= $on)),
        debited AS (SELECT account_id, {sums} FROM moved JOIN own USING (own_account, currency) GROUP BY account_id),
        aside AS (
            SELECT own_account, count(*) AS orders FROM moved ANTI JOIN own USING (own_account, currency)
            GROUP BY own_account),
        left_out AS (SELECT account_id, orders FROM aside JOIN own USING (own_account))
        SELECT a.account, a.currency, a.label, b.balance, b.balance_day,
            (b.balance - coalesce(d.stage_1, 0))::DECIMAL(18,3) AS available,
            (b.balance - coalesce(d.stage_1 + d.stage_2, 0))::DECIMAL(18,3) AS after_balancing,
            (b.balance - coalesce(d.stage_1 + d.stage_2 + d.stage_3, 0))::DECIMAL(18,3) AS after_all,
            coalesce(l.orders, 0) AS not_counted
        FROM chosen_account($accounts) a JOIN balance_on($on) b USING (account_id)
            LEFT JOIN debited d USING (account_id) LEFT JOIN left_out l USING (account_id)
        ORDER BY a.currency, a.label, a.account
        """,
        {"accounts": known_accounts(lab, accounts), "on": on, "future": future},
    )


def debits(kind: Kind, *, own_transfers: bool, collections: bool) -> str:
    """Return what orders of a kind debit, in rows of an account, which is an own one where `own` has it.

    Columns: own_account, counter_account, currency, debit, maturity, stage (null: it does not count), order_id.
    """
    told = f"""
        SELECT o.order_id, {kind.own_account} AS own_account, {kind.counter_account} AS counter_account, o.currency,
            greatest(o.amount_value - coalesce(s.settled, 0), 0) AS amount, o.maturity_date_value AS maturity,
            CASE WHEN {_STAGE[kind.family]} THEN 1 WHEN o.status IN ('F', 'F2', 'I') THEN 2
                WHEN o.status IN ('', 'V', 'F1') THEN 3 END AS stage
        FROM {kind.table} o LEFT JOIN ops.sent_order s ON s.order_id = o.order_id WHERE o.kind = '{kind.name}'"""
    internal = "counter_account IN (SELECT own_account FROM own UNION ALL SELECT number FROM own)"
    collects = kind.name == "domestic_collection"
    sign = "-" if collects else ""
    rest = f"maturity, stage, order_id FROM ({told}) WHERE "
    own = f"SELECT own_account, counter_account, currency, {sign}amount AS debit, {rest}"
    parts = []
    if collections or not collects:
        parts.append(own + f"NOT {internal}")
    if own_transfers:
        parts.append(own + internal)
        other = "" if collects else "-"
        parts.append(f"SELECT counter_account, own_account, currency, {other}amount, {rest}{internal}")
    return " UNION ALL ".join(parts)
