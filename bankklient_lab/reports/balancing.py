"""Summaries and statement of balancing, and available balances, as files: to print, or as tables for further work."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bankklient_lab.access.configuration import client_name
from bankklient_lab.analysis.after_orders import balances_after_orders
from bankklient_lab.analysis.exporting import note_export
from bankklient_lab.balancing.statements import balancing_statement, balancing_statement_totals
from bankklient_lab.balancing.summaries import balancing_summary, balancing_types
from bankklient_lab.errors import UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.reports.doors import TABLE_SUFFIXES, known_suffix, render_table
from bankklient_lab.reports.listings import part, parts_pdf

STATEMENT_SUFFIXES = (".pdf", *TABLE_SUFFIXES)
STATEMENT_TITLE = "Balancing statement"
# Its heading says what the figures leave out.
AVAILABLE_TITLE = "Available balances"
_WITHOUT = "without transfers between own accounts, collections and foreign payments"
_AVAILABLE = {
    "account": "Account", "currency": "Currency", "balance": "Balance", "available": "Available",
    "after_balancing": "After balancing", "after_all": "After all orders", "not_counted": "Not counted",
}  # fmt: skip
_TOTALS = {
    "own_account": "Own account", "own_account_name": "Name", "kind": "Kind", "currency": "Currency",
    "orders": "Orders", "amount": "Amount",
}  # fmt: skip
_ORDERS = {
    "batch_order": "Batch", "position": "No.", "transmission_id": "Identification", "letter": "Kind",
    "own_account": "Own account", "counter_account": "Counter account", "counter_name": "Name", "amount": "Amount",
    "currency": "Currency", "maturity": "Maturity", "variable_symbol": "Variable symbol",
}  # fmt: skip


SUMMARY_TITLE = "Balancing summary"
_PLACED = {"currency": "Currency", "placed": "Orders", "placed_amount": "Amount"}
_SUMMARY = {
    "part": "Part", "status_name": "Status", "own_account": "Own account", "own_account_name": "Name",
    "currency": "Currency", "orders": "Orders", "amount": "Amount", "placed": "Into batches",
    "placed_amount": "Their amount",
}  # fmt: skip


def render_balancing_statement(
    lab: Lab, suffix: str, *, family: str = "domestic", batch: str = "", totals: bool = True
) -> bytes:
    """Return what the last balancing, or one batch (rrrrnnnn), put into batches; `suffix` is one of STATEMENT_SUFFIXES.

    A PDF has the totals of each account before the orders, or after them when there is one account only; `totals`
    leaves them out. Raises UnknownName, BadArgument (another suffix), NotAllowed.
    """
    known_suffix(suffix, STATEMENT_SUFFIXES)
    orders = balancing_statement.arrow(lab, family, batch)
    if suffix in TABLE_SUFFIXES:
        note_export(lab, "balancing statement", suffix=suffix, rows=orders.num_rows)
        return render_table(orders, suffix, STATEMENT_TITLE)
    parts = [replace(part("Orders", orders, _ORDERS), names=list(_ORDERS.values()))]
    if totals:
        sums = balancing_statement_totals.arrow(lab, family, batch)
        several = len(sums["own_account"].unique()) > 1
        shown = replace(part("By account", sums, _TOTALS), names=list(_TOTALS.values()))
        parts = [shown, *parts] if several else [*parts, shown]
    return parts_pdf(parts, STATEMENT_TITLE, client_name(lab), lab.clock())


def render_balancing_summary(lab: Lab, suffix: str, *, record_type: str, which: str = "complete") -> bytes:
    """Return what balancing would take of one type of record, as `balancing_summary` says (BAL-011).

    A PDF has numbers and sums by account and status, then those that go into batches; `suffix` is one of
    STATEMENT_SUFFIXES. Raises UnknownName for another type or `which`, BadArgument (another suffix), NotAllowed.
    """
    import pyarrow.compute as pc

    known_suffix(suffix, STATEMENT_SUFFIXES)
    labels = {row["record_type"]: row["label"] for row in balancing_types.rows(lab, which)}
    if record_type not in labels:
        raise UnknownName("type of record", record_type, f"there are {', '.join(labels)}")
    table = balancing_summary.arrow(lab, which)
    table = table.filter(pc.equal(table["record_type"], record_type))
    title = f"{SUMMARY_TITLE}: {labels[record_type]}"
    if suffix in TABLE_SUFFIXES:
        note_export(lab, "balancing summary", suffix=suffix, rows=table.num_rows)
        return render_table(table, suffix, title)
    parts = [
        replace(part(name, table.filter(pc.equal(table["level"], level)), columns), names=list(columns.values()))
        for name, level, columns in (
            ("By account and status", "account", _SUMMARY), ("Into batches", "type", _PLACED),
        )
    ]  # fmt: skip
    return parts_pdf(parts, title, client_name(lab), lab.clock())


def render_available(lab: Lab, suffix: str, *, on: date, future: bool = True) -> bytes:
    """Return `balances_after_orders` as a file; `suffix` is one of STATEMENT_SUFFIXES.

    Raises BadArgument (another suffix), NotAllowed.
    """
    known_suffix(suffix, STATEMENT_SUFFIXES)
    table = balances_after_orders.arrow(lab, on=on, future=future)
    if suffix in TABLE_SUFFIXES:
        note_export(lab, "available balances", suffix=suffix, rows=table.num_rows)
        return render_table(table, suffix, AVAILABLE_TITLE)
    shown = replace(part(_WITHOUT, table, _AVAILABLE), names=list(_AVAILABLE.values()))
    due = "all orders" if future else f"orders due by {on}"
    return parts_pdf([shown], f"{AVAILABLE_TITLE} on {on}, {due}", client_name(lab), lab.clock())
