"""What a balancing would take, and what it has made, as markup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from . import formatting
from .batch_words import batch_type_label
from .formatting import escape
from .order_columns import number_text
from .order_words import status_label
from .texts import counted, text

TWICE_SHOWN = 50
_NUMBERS = (("n", "page.orders"), ("n", "column.amount"))
Row = Mapping[str, Any]


def placed(rows: Iterable[Row]) -> tuple[int, dict[str, Decimal]]:
    """Return number and sums by currency of what would go into batches, of rows of level "type"."""
    count, sums = 0, dict[str, Decimal]()
    for row in rows:
        if row["level"] == "type" and row["placed"]:
            code = row["currency"] or ""
            count, sums[code] = count + row["placed"], sums.get(code, Decimal(0)) + row["placed_amount"]
    return count, sums


def orders_text(count: int, sums: Mapping[str, Decimal]) -> str:
    """Return a number of orders with their sums: "14 orders, 21 250.00 CZK + 500.00 EUR"."""
    amounts = " + ".join(formatting.money(value, code) for code, value in sorted(sums.items()))
    return ", ".join(filter(None, (counted("orders.orders", count, formatting.count(count)), amounts)))


def summary_html(rows: Sequence[Row], label: str) -> str:
    """Return the records of one type by part, own account and status; those that stay where they are, muted."""
    accounts = sorted((row for row in rows if row["level"] == "account"), key=lambda row: not row["placed"])
    parts = sorted({row["part"] for row in accounts}, reverse=True)  # payments, then collections
    lines = []
    for part in parts:
        if len(parts) > 1 or part != "payments":
            lines.append(f"<tr><th class='part' colspan='4'>{escape(text(f'balancing.{part}'))}</th></tr>")
        lines += [_line(row) for row in accounts if row["part"] == part]
    lines += [
        f"<tr class='sum'><td colspan='2'>{escape(text('balancing.placed'))}</td>"
        f"<td class='n'>{formatting.count(row['placed'])}</td>{_amount(row['placed_amount'], row['currency'])}</tr>"
        for row in rows
        if row["level"] == "type" and row["placed"]
    ]
    titles = (("", "order_column.own_account"), ("", "order_column.status"), *_NUMBERS)
    return _table(label, titles, lines, kind="sums")


def _line(row: Row) -> str:
    """Return the records of one account and status."""
    count, ready = formatting.count(row["orders"]), row["placed"]
    if ready and ready < row["orders"]:
        count = text("balancing.of", n=formatting.count(ready), all=count)
    account = row["own_account_name"] or row["own_account"] or text("balancing.no_account")
    return (
        f"<tr class='{'in' if ready else 'out'}'><td>{escape(account)}</td>"
        f"<td>{escape(status_label(row['status']))}</td><td class='n'>{escape(count)}</td>"
        f"{_amount(row['placed_amount'] if ready else row['amount'], row['currency'])}</tr>"
    )


def duplicates_html(rows: Sequence[Row]) -> str:
    """Return the warning of orders that were allowed although they seem to pay something twice (BAL-012)."""
    if not rows:
        return ""
    items = "".join(
        f"<li>{escape(number_text(row['order_id']))} \u00b7 {escape(row['own_account'])} \u00b7"
        f" {escape(formatting.money(row['amount'], row['currency'] or ''))}</li>"
        for row in rows[:TWICE_SHOWN]
    )
    more = len(rows) - TWICE_SHOWN
    rest = f"<p class='muted'>{escape(text('balancing.more', n=formatting.count(more)))}</p>" if more > 0 else ""
    said = counted("balancing.twice", len(rows), formatting.count(len(rows)))
    return f"<div class='warning'><p class='warn'><b>{escape(said)}</b></p><ul>{items}</ul>{rest}</div>"


def batches_html(batches: Sequence[Row]) -> str:
    """Return the batches that a balancing has made."""
    lines = []
    for row in batches:
        name = batch_type_label(row["batch_type"])
        kind = f"{name} \u00b7 {text('unsent.priority')}" if row["priority"] else name
        lines.append(
            f"<tr><td>{escape(row['batch_order'])}</td><td>{escape(kind)}</td><td>{escape(row['file_name'])}</td>"
            f"<td class='n'>{formatting.count(row['orders'])}</td></tr>"
        )
    titles = (("", "unsent.batch"), ("", "unsent.type"), ("", "column.file"), ("n", "page.orders"))
    return _table(text("balancing.made"), titles, lines)


def totals_html(rows: Sequence[Row], kinds: Mapping[str, str]) -> str:
    """Return the totals of a balancing statement by account, kind (with its name in `kinds`) and currency."""
    lines = [
        f"<tr><td>{escape(row['own_account_name'] or row['own_account'])}</td><td>{escape(kinds[row['kind']])}</td>"
        f"<td class='n'>{formatting.count(row['orders'])}</td>{_amount(row['amount'], row['currency'])}</tr>"
        for row in rows
    ]
    titles = (("", "order_column.own_account"), ("", "order_column.kind"), *_NUMBERS)
    return _table(text("balancing.by_account"), titles, lines, kind="sums")


def _amount(value: Decimal, currency: str | None) -> str:
    return f"<td class='n'>{escape(formatting.money(value, currency or ''))}</td>"


def _table(label: str, titles: Iterable[tuple[str, str]], lines: Iterable[str], *, kind: str = "") -> str:
    head = "".join(f"<th scope='col' class='{side}'>{escape(text(title))}</th>" for side, title in titles)
    return (
        f"<table class='{kind}' aria-label='{escape(label)}'><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
    )
