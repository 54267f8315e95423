"""The balancing statement as a file: to print, or as a table of its orders for further work."""

from __future__ import annotations

from dataclasses import replace

from bankklient_lab.access.configuration import client_name
from bankklient_lab.analysis.exporting import note_export
from bankklient_lab.balancing.statements import balancing_statement, balancing_statement_totals
from bankklient_lab.lab import Lab
from bankklient_lab.reports.doors import TABLE_SUFFIXES, known_suffix, render_table
from bankklient_lab.reports.listings import part, parts_pdf

STATEMENT_SUFFIXES = (".pdf", *TABLE_SUFFIXES)
STATEMENT_TITLE = "Balancing statement"
_TOTALS = {
    "own_account": "Own account", "own_account_name": "Name", "kind": "Kind", "currency": "Currency",
    "orders": "Orders", "amount": "Amount",
}  # fmt: skip
_ORDERS = {
    "batch_order": "Batch", "position": "No.", "transmission_id": "Identification", "letter": "Kind",
    "own_account": "Own account", "counter_account": "Counter account", "counter_name": "Name", "amount": "Amount",
    "currency": "Currency", "maturity": "Maturity", "variable_symbol": "Variable symbol",
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
