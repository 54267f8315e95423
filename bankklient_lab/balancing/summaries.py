"""What a balancing would take, before it is done: numbers and sums of each type of record, which a person agrees to."""

from __future__ import annotations

from bankklient_lab.actions import table_action
from bankklient_lab.balancing.record_types import BALANCES, TYPES, demand_way, records
from bankklient_lab.codebooks import name_sql
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.listing import OWN_NAMES

# ruff: noqa: S608 - every text below is made of our own declarations

# What a person agreed to: the records of a type that are ready, each with its version.
DIGEST = "sha256(coalesce(string_agg(record_id || ' ' || version, chr(10) ORDER BY record_id) FILTER (ready), ''))"


@table_action(BALANCES)
def balancing_types(lab: Lab, which: str = "complete") -> Read:
    """Return the types of record in the order in which balancing goes through them.

    `which`: "complete" takes all confirmed and included orders (permission 11), "included" only the included ones (16).
    Columns: record_type, label, batch_type, records (that would be taken), batches (that they would make),
    allowed_duplicates (of them, BAL-012), digest (what `balance` gets from whoever agrees to this). Raises UnknownName,
    NotAllowed.
    """
    step = demand_way(lab, which, "balancing_types")
    types = ", ".join(
        f"({number}, '{one.name}', '{one.label}', {one.batch_type}, {one.batch_max})"
        for number, one in enumerate(TYPES, start=1)
    )
    return lab.read(
        f"""
        SELECT t.record_type, t.label, t.batch_type, coalesce(c.records, 0) AS records,
            (coalesce(c.records, 0) + t.batch_max - 1) // t.batch_max AS batches,
            coalesce(c.allowed_duplicates, 0) AS allowed_duplicates, coalesce(c.digest, sha256('')) AS digest
        FROM (VALUES {types}) t(step_no, record_type, label, batch_type, batch_max)
        LEFT JOIN (
            SELECT step_no, count(*) FILTER (ready) AS records,
                count(*) FILTER (ready AND allowed_duplicate) AS allowed_duplicates, {DIGEST} AS digest
            FROM ({records(lab, step)}) GROUP BY step_no) c USING (step_no)
        ORDER BY t.step_no
        """
    )


@table_action(BALANCES)
def balancing_summary(lab: Lab, which: str = "complete") -> Read:
    """Return number and sum of the records of each type, whatever their status, and of those that would be taken.

    Payments and collections apart. Columns: record_type, level (account: of a status and an own account; status; part;
    type), part, status, status_name, own_account, own_account_name, currency, orders, amount, placed, placed_amount
    (what goes into a batch). Null in the columns that a level adds up; amounts of different currencies are never added;
    an amount that can't be read counts as 0. `which` and errors as in `balancing_types`.
    """
    step = demand_way(lab, which, "balancing_summary")
    return lab.read(
        f"""
        WITH grouped AS (
            SELECT step_no, any_value(record_type) AS record_type, part, status, own_account,
                coalesce(currency, '') AS currency, count(*) AS orders, sum(amount) AS amount,
                count(*) FILTER (ready) AS placed, sum(amount) FILTER (ready) AS placed_amount
            FROM ({records(lab, step)}) GROUP BY step_no, part, status, own_account, coalesce(currency, '')),
        totals AS (
            SELECT step_no, any_value(record_type) AS record_type,
                CASE GROUPING(part, status, own_account) WHEN 0 THEN 'account' WHEN 1 THEN 'status' WHEN 3 THEN 'part'
                    ELSE 'type' END AS level,
                part, status, own_account, currency, sum(orders)::BIGINT AS orders,
                coalesce(sum(amount), 0)::DECIMAL(18,3) AS amount, sum(placed)::BIGINT AS placed,
                coalesce(sum(placed_amount), 0)::DECIMAL(18,3) AS placed_amount
            FROM grouped
            GROUP BY GROUPING SETS ((step_no, part, status, own_account, currency), (step_no, part, status, currency),
                (step_no, part, currency), (step_no, currency)))
        SELECT t.record_type, t.level, t.part, t.status, {name_sql("order_statuses", "t.status")} AS status_name,
            t.own_account, a.name AS own_account_name, nullif(t.currency, '') AS currency, t.orders, t.amount, t.placed,
            t.placed_amount
        FROM totals t LEFT JOIN ({OWN_NAMES}) a USING (own_account)
        ORDER BY t.step_no, t.part DESC NULLS LAST, t.status NULLS LAST, t.own_account NULLS LAST, t.currency
        """
    )


@table_action(BALANCES)
def balancing_duplicates(lab: Lab, which: str = "complete") -> Read:
    """Return the allowed duplicates among the orders that would be taken, which the warning lists (BAL-012).

    Columns: record_type, order_id, part, own_account, amount, currency. `which` and errors as in `balancing_types`.
    """
    step = demand_way(lab, which, "balancing_duplicates")
    return lab.read(
        f"SELECT record_type, record_id AS order_id, part, own_account, amount, currency FROM ({records(lab, step)})"
        " WHERE ready AND allowed_duplicate ORDER BY step_no, record_id"
    )
