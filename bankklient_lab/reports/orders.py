"""Payment orders as files: lists, with the sums of each account before them, and single orders.

What is listed is what the caller may see. A PDF or a page is to be read and printed; the other forms are for further
work and need the permission for exports, 241.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.access.configuration import client_name
from bankklient_lab.analysis.exporting import note_export
from bankklient_lab.lab import Lab
from bankklient_lab.orders.columns import SENT
from bankklient_lab.orders.detail import order_detail
from bankklient_lab.orders.listing import ROWS_MAX, order_totals, orders
from bankklient_lab.orders.timeline import order_steps
from bankklient_lab.reports.doors import TABLE_SUFFIXES, known_suffix, render_table
from bankklient_lab.reports.listings import Part, part, parts_pdf

ORDER_SUFFIXES = (".pdf", ".html", *TABLE_SUFFIXES)
LIST_TITLE, SUMS_TITLE = "Payment orders", "By account"
# Titles of the columns that people get; with the details also who did what and when.
_BASIC = {
    "created_on": "Created", "transmission_id": "Identification", "letter": "Kind", "status_name": "Status",
    "own_account": "Own account", "counter_account": "Counter account", "counter_name": "Name", "amount": "Amount",
    "currency": "Currency", "maturity": "Maturity", "symbol": "Symbol", "constant_symbol": "Constant",
    "errors": "Errors",
}  # fmt: skip
_PEOPLE = {
    "created_by": "By", "corrected_by": "Corrected", "verified_by": "Verified", "confirmed_by": "Confirmed",
    "confirmed_again_by": "Again", "accounting_system": "AS", "batch_order": "BO",
}  # fmt: skip
_TIMES = {"corrected_by": "corrected_at", "verified_by": "verified_at", "confirmed_by": "confirmed_at"}
_SUMS = {
    "own_account": "Own account", "own_account_name": "Name", "letter": "Kind", "currency": "Currency",
    "orders": "Orders", "amount": "Amount",
}  # fmt: skip


def render_orders(
    lab: Lab,
    suffix: str,
    *,
    which: str = "all",
    where: Mapping[str, str] | None = None,
    order_by: Sequence[str] = ("-order_id",),
    details: bool = False,
) -> bytes:
    """Return the orders that `orders` lists as a file; `suffix` is one of ORDER_SUFFIXES.

    A PDF, page or workbook begins with the sums of each account, unless all orders are of one account; `details` adds
    who did what. Raises BadArgument (another suffix, more rows than the form takes), NotAllowed.
    """
    known_suffix(suffix, ORDER_SUFFIXES)
    table = orders.arrow(lab, which=which, where=where, order_by=order_by, limit=ROWS_MAX)
    if suffix in TABLE_SUFFIXES:
        note_export(lab, "orders", suffix=suffix, rows=table.num_rows)
    if suffix in TABLE_SUFFIXES and suffix != ".xlsx":
        return render_table(table, suffix, LIST_TITLE)
    sums = account_sums(order_totals.arrow(lab, which=which, where=where))
    if suffix == ".xlsx":
        return _workbook(lab, table, sums)
    columns = {name: title for name, title in (_BASIC | (_PEOPLE if details else {})).items() if _used(table[name])}
    shown = _named(part("", _with_times(table) if details else table, columns), columns)
    before = (
        [] if _one_account(sums) else [_named(part(SUMS_TITLE, sums, _SUMS), _SUMS), replace(shown, title="Orders")]
    )
    return _parts_file(lab, suffix, before or [shown], LIST_TITLE)


def render_order(lab: Lab, order_id: int, suffix: str) -> bytes:
    """Return one order with all its items, errors and steps as a file; `suffix` is one of ORDER_SUFFIXES.

    Raises UnknownName for an order that the caller may not see, BadArgument, NotAllowed.
    """
    known_suffix(suffix, ORDER_SUFFIXES)
    told, steps = order_detail(lab, order_id), order_steps.arrow(lab, order_id)
    title = f"{told['kind_label']} {told['transmission_id']} of {told['created_on']}, {told['status_name']}"
    kept = [item for item in told["items"] if item["value"] is not None or item["errors"]]
    items = pa.table({"item": [item["label"] for item in kept], "value": [item["value"] or "" for item in kept]})
    if suffix in TABLE_SUFFIXES:
        note_export(lab, "order", suffix=suffix, rows=items.num_rows)
        return render_table(items, suffix, title[:31])
    parts = [part("", items)]
    answer = {name.replace("_", " ").capitalize(): str(told[name]) for name in SENT if told[name]}
    if told["sent_batch"]:
        parts.append(part("At the bank", pa.table({"item": list(answer), "value": list(answer.values())})))
    if told["errors"]:
        parts.append(part("Errors", pa.Table.from_pylist(told["errors"])))
    parts.append(part("Steps", steps.select(["version", "action", "done_by", "done_at", "channel", "note"])))
    return _parts_file(lab, suffix, parts, title)


def account_sums(totals: pa.Table) -> pa.Table:
    """Return number and amount of each account, kind and currency out of what order_totals tells."""
    keys = ["own_account", "own_account_name", "letter", "currency"]
    accounts = totals.filter(pc.equal(totals["level"], "account"))
    sums = accounts.group_by(keys).aggregate([("orders", "sum"), ("amount", "sum")])
    return sums.rename_columns([*keys, "orders", "amount"]).sort_by([(key, "ascending") for key in keys])


def _one_account(sums: pa.Table) -> bool:
    return len(sums["own_account"].unique()) < 2


def _workbook(lab: Lab, table: pa.Table, sums: pa.Table) -> bytes:
    """Return a workbook: the sums of each account on a sheet of their own, then the orders."""
    from bankklient_lab.reports.sheets import Book, Column, write_table

    # Excel keeps 15 digits of a number, and an order has 16.
    place = table.column_names.index("order_id")
    table = table.set_column(place, "order_id", table["order_id"].cast(pa.string()))
    sheets = [(SUMS_TITLE, sums, _SUMS)] if not _one_account(sums) else []
    titles = {name: _BASIC.get(name, name.replace("_", " ").capitalize()) for name in table.column_names}
    with Book(LIST_TITLE, lab.clock()) as book:
        for title, rows, names in [*sheets, (LIST_TITLE, table, titles)]:
            columns = [Column(name, told, 18, "currency" if name == "amount" else "") for name, told in names.items()]
            write_table(book, book.sheet(title), rows.select(list(names)), columns, top=0)
        return book.bytes()


def _parts_file(lab: Lab, suffix: str, parts: Sequence[Part], title: str) -> bytes:
    if suffix == ".pdf":
        return parts_pdf(parts, title, client_name(lab), lab.clock())
    from bankklient_lab.reports.html import parts_html

    return parts_html(parts, title, client_name(lab), lab.clock())


def _used(column: pa.ChunkedArray) -> bool:
    """Tell whether any row has a value in a column; on paper there is no room for empty ones."""
    return not len(column) or bool(pc.any(pc.not_equal(pc.cast(column, pa.string()), "")).as_py())


def _named(one: Part, titles: Mapping[str, str]) -> Part:
    return replace(one, names=list(titles.values()))


def _with_times(table: pa.Table) -> pa.Table:
    """Return the table with the day and time behind each person."""
    for person, when in _TIMES.items():
        told = pc.strftime(table[when], format="%Y-%m-%d %H:%M")
        place = table.column_names.index(person)
        table = table.set_column(place, person, pc.binary_join_element_wise(table[person], told, " "))
    return table
