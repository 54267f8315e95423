"""The columns of lists of orders, and how their rows are told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa

from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import ERROR

from .formatting import GROUP
from .order_words import kind_label, origin_label, reason_label, status_label
from .table import Column
from .texts import text

# Before a status, so that it is never told by colour alone; table.css colours them.
STATUS_MARKS = {
    ERROR: "\u25cb",
    "F": "\u25cf",
    "F2": "\u25cf",
    "I": "\u25c6",
    "F1": "\u25d1",
    "V": "\u25d4",
    "": "\u25cc",
}
NUMBER_DIGITS = 8


def columns() -> tuple[Column, ...]:
    """Return the columns in their order."""
    contains, day, amount = text("table.contains"), text("table.day_hint"), text("orders.amount_hint")
    more: dict[str, Any] = {"essential": False, "hidden": True}
    return (
        Column("order_id", text("order_column.order_id"), width=112, essential=False, filter_hint=contains),
        Column("kind", text("order_column.kind"), width=138, essential=False),
        Column("status", text("order_column.status"), "state", width=114),
        Column("own_account", text("order_column.own_account"), width=100, essential=False, filter_hint=contains),
        Column("counter_account", text("order_column.counter_account"), filter_hint=contains),
        Column("counter_name", text("order_column.counter_name"), filter_hint=contains, **more),
        Column("amount", text("column.amount"), "amount", 112, filter_hint=amount),
        Column("currency", text("column.currency"), width=84, essential=False, filter_hint="CZK"),
        Column("maturity", text("order_column.maturity"), "day", 92, essential=False, filter_hint=day),
        Column("symbol", text("order_column.symbol"), width=88, essential=False, filter_hint=contains),
        Column("errors", text("order_column.errors"), width=60, essential=False, filter_hint="151"),
        Column("created_by", text("order_column.created_by"), width=84, filter_hint="AA", **more),
        Column("origin", text("order_column.origin"), width=130, **more),
        Column("constant_symbol", text("entry_field.constant_symbol"), width=110, filter_hint=contains, **more),
        Column("specific_symbol", text("entry_field.specific_symbol"), width=110, filter_hint=contains, **more),
        Column("corrected_by", text("order_column.corrected_by"), width=90, filter_hint="AA", **more),
        Column("verified_by", text("order_column.verified_by"), width=90, filter_hint="AA", **more),
        Column("confirmed_by", text("order_column.confirmed_by"), width=90, filter_hint="AA", **more),
        Column("confirmed_again_by", text("order_column.confirmed_again_by"), width=90, filter_hint="AA", **more),
        Column("duplicate_reason", text("order_column.duplicate_reason"), width=200, filter_hint=contains, **more),
        Column("batch_order", text("order_column.batch_order"), width=110, filter_hint=contains, **more),
        Column("sent_batch", text("order_column.sent_batch"), width=96, filter_hint="20260001", **more),
        Column("reason", text("order_column.reason"), width=200, filter_hint="202", **more),
        Column("settled", text("order_column.settled"), "amount", 112, filter_hint=amount, **more),
        Column("held", text("order_column.held"), "amount", 112, filter_hint=amount, **more),
        Column("bank_reference", text("order_column.bank_reference"), width=120, filter_hint=contains, **more),
    )  # fmt: skip


def telling(kind: Kind, items: Collection[str]) -> frozenset[str]:
    """Return the columns that tell any of the items of a kind."""
    tells = {
        "own_account": (f"{kind.own}_account_prefix", f"{kind.own}_account_base"),
        "counter_account": (f"{kind.counter}_account_base", f"{kind.counter}_account"),
        "counter_name": (f"{kind.counter}_abbreviation", f"{kind.counter}_line_1"),
        "amount": ("amount",),
        "currency": ("currency",),
        "maturity": ("maturity_date",),
        "symbol": (kind.symbol,),
        "constant_symbol": ("constant_symbol",),
        "specific_symbol": (f"{kind.counter}_specific_symbol",),
    }
    return frozenset(column for column, known in tells.items() if set(known) & set(items))


def number_text(order_id: int) -> str:
    """Return an order's number as people read it: the day, and the number within it without leading zeros."""
    day, number = divmod(order_id, 10**NUMBER_DIGITS)
    written = str(day)
    return f"{written[:4]}-{written[4:6]}-{written[6:]}{GROUP}/{GROUP}{number}"


def status_text(status: str) -> str:
    """Return a status with its mark."""
    return f"{STATUS_MARKS.get(status, '')} {status_label(status)}".strip()


def told(table: pa.Table) -> pa.Table:
    """Return rows of `orders` with words for people in the columns that are codes."""
    words: Mapping[str, Any] = {
        "order_id": number_text, "kind": kind_label, "status": status_text, "origin": origin_label,
        "reason": lambda code: f"{code} \u00b7 {reason_label(code)}" if code else "",
    }  # fmt: skip
    for name, tell in words.items():
        values = pa.array([tell(value) for value in table[name].to_pylist()], pa.string())
        table = table.append_column(f"{name}_code", table[name]).set_column(
            table.schema.get_field_index(name), name, values
        )
    accounts = zip(table["own_account_name"].to_pylist(), table["own_account"].to_pylist(), strict=True)
    names = [label or account for label, account in accounts]
    return table.append_column("own_account_code", table["own_account"]).set_column(
        table.schema.get_field_index("own_account"), "own_account", pa.array(names, pa.string())
    )
