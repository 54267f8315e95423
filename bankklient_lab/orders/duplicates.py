"""The search for duplicates: orders that pay the same to the same account within some days (error 151).

The key is set in the configuration; counter account and amount always belong to it. Payments are compared with
payments, collections with collections, also with those that were sent; orders that were discarded, deleted with their
batch or rejected by the bank don't count, and neither do instalments of one regular payment.
"""

from __future__ import annotations

from typing import Any

from bankklient_lab.lab import Lab
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import DELETED, DISCARDED, REJECTED
from bankklient_lab.rights.settings import read_setting, read_settings

# ruff: noqa: S608 - every text below is made of our own declarations

DUPLICATE = 151
_NOT_COUNTED = ", ".join(f"'{state}'" for state in (DISCARDED, DELETED, REJECTED))
_OPTIONAL = {
    "duplicates_own_account": ("{own}_account_prefix", "{own}_account_base", "{own}_bank"),
    "duplicates_variable_symbol": ("{counter}_variable_symbol",),
    "duplicates_specific_symbol": ("{counter}_specific_symbol",),
    "duplicates_constant_symbol": ("constant_symbol",),
}


def wanted(lab: Lab, kind: Kind) -> bool:
    """Tell whether orders of a kind are searched for duplicates."""
    return kind.duplicates and bool(read_setting(lab.database, "duplicates"))


def twins(lab: Lab, kind: Kind, new: str) -> tuple[str, dict[str, Any]]:
    """Return SQL, and what it binds, for the orders that those of the SELECT `new` suspectedly repeat.

    `new` has entered_no, the items with their values, and may have order_id and regular_payment_id. Columns:
    entered_no, order_id (of the one that is there).
    """
    key = " AND ".join(f"{_same(item, 'n')} IS NOT DISTINCT FROM {_same(item, 'e')}" for item in key_items(lab, kind))
    sql = f"""
        SELECT n.entered_no, e.order_id FROM (SELECT * FROM ({new}) WHERE maturity_date_value IS NOT NULL) n
        JOIN {kind.table} e ON e.kind = $kind AND e.amount_value = n.amount_value AND {key}
            AND e.maturity_date_value BETWEEN n.maturity_date_value - to_days($before::INTEGER)
                AND n.maturity_date_value + to_days($after::INTEGER)
        WHERE e.status NOT IN ({_NOT_COUNTED}) AND e.order_id IS DISTINCT FROM n.order_id
            AND (e.regular_payment_id IS NULL OR e.regular_payment_id IS DISTINCT FROM n.regular_payment_id)"""
    return sql, {"kind": kind.name, **days(lab)}


def repeated(lab: Lab, kind: Kind, first: int, last: int) -> tuple[str, dict[str, Any]]:
    """Return SQL, and what it binds, for the new orders that suspectedly repeat another one.

    New ones have ids from `first` to `last`; of two of them the second repeats the first. However many pay the same,
    the work is that of sorting them. Column: order_id.
    """
    keys = [_same(item, "e") for item in key_items(lab, kind)]
    named = ", ".join(f"{key} AS key_{n}" for n, key in enumerate(keys))
    partition = ", ".join(["amount_value", *(f"key_{n}" for n in range(len(keys)))])
    new = f"SELECT order_id AS entered_no, * FROM {kind.table} WHERE order_id BETWEEN $first AND $last"
    alone, values = twins(lab, kind, new)
    sql = f"""
        WITH comparable AS (
            SELECT order_id, hash(amount_value, {", ".join(keys)}) AS digest
            FROM {kind.table} e
            WHERE kind = $kind AND status NOT IN ({_NOT_COUNTED}) AND amount_value IS NOT NULL
                AND maturity_date_value IS NOT NULL),
        several AS MATERIALIZED (
            SELECT digest FROM comparable GROUP BY digest
            HAVING count(*) > 1 AND count(*) FILTER (order_id BETWEEN $first AND $last) > 0),
        candidate AS MATERIALIZED (
            SELECT order_id, CASE WHEN order_id > $last THEN 0 ELSE order_id END AS place, regular_payment_id,
                maturity_date_value AS day, amount_value, {named}
            FROM {kind.table} e
            WHERE order_id IN (SELECT order_id FROM comparable SEMI JOIN several USING (digest)))
        SELECT order_id FROM (
            SELECT order_id, regular_payment_id, min(place) OVER (PARTITION BY {partition} ORDER BY day
                RANGE BETWEEN to_days($before::INTEGER) PRECEDING AND to_days($after::INTEGER) FOLLOWING) AS earliest
            FROM candidate)
        WHERE order_id BETWEEN $first AND $last AND earliest < order_id AND regular_payment_id IS NULL
        UNION
        SELECT entered_no FROM ({alone} AND n.regular_payment_id IS NOT NULL
            AND (e.order_id < n.order_id OR e.order_id > $last))"""
    return sql, values | {"first": first, "last": last}


def with_error(errors: str) -> str:
    """Return SQL for the error numbers `errors` with that of a duplicate among them."""
    numbers = f"list_filter(string_split({errors}, ' '), lambda e: e <> '')::INTEGER[]"
    return f"array_to_string(list_sort(list_distinct(list_append({numbers}, {DUPLICATE}))), ' ')"


def days(lab: Lab) -> dict[str, int]:
    """Return how many days before and after the maturity are compared, both counted."""
    kept = read_settings(lab.database, "duplicates_days_before", "duplicates_days_after")
    return {name: kept[f"duplicates_days_{name}"] for name in ("before", "after")}


def key_items(lab: Lab, kind: Kind) -> list[str]:
    """Return the items that two duplicates have in common, beside kind and amount."""
    names = [f"{kind.counter}_account_base", f"{kind.counter}_account_prefix", f"{kind.counter}_bank"]
    chosen = read_settings(lab.database, *_OPTIONAL)
    for setting, items in _OPTIONAL.items():
        if chosen[setting]:
            names += [item.format(own=kind.own, counter=kind.counter) for item in items]
    return names


def _same(item: str, table: str) -> str:
    """Return what is compared: numbers without leading zeros, which have no meaning."""
    return f"nullif(significant({table}.{item}), '')" if not item.endswith("_bank") else f"{table}.{item}"
