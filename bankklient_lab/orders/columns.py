"""The columns of lists of orders: what each is for every kind, as SQL over an order `o`, and how it is compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bankklient_lab.codebooks import name_sql
from bankklient_lab.errors import UnknownName
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import ERROR
from bankklient_lab.orders.numbers import A_DAY_MAX
from bankklient_lab.orders.unfinished import state

# ruff: noqa: S608 - every text below is made of our own declarations

# How values of a column are compared with what people look for: a "code" is meant as a whole, a "text" contains it.
Compared = Literal["text", "code", "account", "status", "errors", "number", "amount", "date", "instant", "yes_no"]
_NONE = "NULL::VARCHAR"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `sql` may name attributes of the kind ({kind.own_account}) and items ({item[variable_symbol]})."""

    sql: str
    compared: Compared


def _person(step: str) -> dict[str, Column]:
    return {f"{step}_by": Column(f"o.{step}_by", "code"), f"{step}_at": Column(f"o.{step}_at", "instant")}


COLUMNS: dict[str, Column] = {
    "order_id": Column("o.order_id", "number"),
    "created_on": Column("o.created_on", "date"),
    # The transmission identification: connection point and number within the day (BAS-093).
    "transmission_id": Column(f"$connection_point || lpad((o.order_id % {A_DAY_MAX + 1})::VARCHAR, 8, '0')", "text"),
    "kind": Column("o.kind", "code"),
    "letter": Column("'{kind.letter}'", "code"),
    "origin": Column("o.origin", "code"),
    "status": Column("o.status", "status"),
    "status_name": Column("{status_name}", "code"),
    "sub_state": Column("{sub_state}", "code"),
    "express": Column("yes_no_value({item[express_payment]})", "yes_no"),
    "own_account": Column("{kind.own_account}", "account"),
    "counter_account": Column("{kind.counter_account}", "account"),
    "counter_name": Column("{kind.counter_name}", "text"),
    "amount": Column("o.amount_value", "amount"),
    "currency": Column("o.currency", "code"),
    "maturity": Column("o.maturity_date_value", "date"),
    "symbol": Column("o.{kind.symbol}", "text"),
    "variable_symbol": Column("{item[variable_symbol]}", "text"),
    "constant_symbol": Column("{item[constant_symbol]}", "text"),
    "specific_symbol": Column("{item[specific_symbol]}", "text"),
    "errors": Column("o.errors", "errors"),
    "duplicate_reason": Column("o.duplicate_reason", "text"),
    **_person("created"),
    **_person("corrected"),
    **_person("verified"),
    **_person("confirmed"),
    **_person("confirmed_again"),
    "accounting_system": Column("o.accounting_system", "number"),
    "batch_order": Column("o.batch_order", "code"),
    "order_in_batch": Column("o.order_in_batch", "number"),
    "saved": Column("o.saved", "yes_no"),
    "version": Column("o.version", "number"),
}
# What became of an order since a batch took it, over the row `s` of ops.sent_order; null for one that none has taken.
SENT: dict[str, tuple[str, Compared]] = {
    "sent_batch": (
        "(SELECT (b.year * 10000 + b.number)::VARCHAR FROM ops.batch b WHERE b.batch_id = s.batch_id)",
        "code",
    ),
    "in_process": ("s.in_process", "yes_no"),
    "settled": ("s.settled", "amount"),  # what was booked of it
    "held": ("s.held", "amount"),  # what the bank blocks for it, in the currency of the own account
    "reason": ("s.reason", "number"),  # why the bank rejected it (bank_rejections)
    "reason_name": (name_sql("bank_rejections", "s.reason", name="meaning"), "text"),
    "reason_text": ("s.reason_text", "text"),  # as the bank wrote it
    "bank_reference": ("s.bank_reference", "text"),
    "revocation": ("s.revocation", "number"),
    "revocation_name": (name_sql("revocation_statuses", "s.revocation"), "text"),
}
COLUMNS |= {
    name: Column(f"(SELECT {sql} FROM ops.sent_order s WHERE s.order_id = o.order_id)", how)
    for name, (sql, how) in SENT.items()
}


def compared(name: str) -> Compared:
    """Return how a column or an item is compared; UnknownName for what no kind has."""
    if name in COLUMNS:
        return COLUMNS[name].compared
    if not any(item_sql(kind, name) for kind in KINDS.values()):
        known = ", ".join((*COLUMNS, *sorted({item for kind in KINDS.values() for item in kind.names})))
        raise UnknownName("column or item", name, f"there are {known}")
    return "text"  # items are kept as they were entered


def column_sql(kind: Kind, name: str) -> str:
    """Return SQL over an order `o` of a kind for a column or an item; null where the kind does not have it."""
    if name not in COLUMNS:
        return item_sql(kind, name) or _NONE
    column = COLUMNS[name]
    return column.sql.format_map(
        {
            "kind": kind,
            "item": _Items(kind),
            "status_name": name_sql("order_statuses", "o.status"),
            "sub_state": f"CASE WHEN o.status = '{ERROR}' THEN {state(kind)} END",
        }
    )


def item_sql(kind: Kind, name: str) -> str:
    """Return SQL for an item by its own name, by that without the counter side, or for all lines of a text; or ""."""
    if name in kind.names:
        return f"o.{name}"
    if f"{kind.counter}_{name}" in kind.names:
        return f"o.{kind.counter}_{name}"
    lines = [f"o.{item}" for item in kind.names if item.startswith(f"{name}_line_")]
    return f"nullif(concat_ws(' ', {', '.join(lines)}), '')" if lines else ""


class _Items(dict[str, str]):
    """Items of a kind by name, for texts that name them."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind

    def __missing__(self, name: str) -> str:
        return item_sql(self._kind, name) or _NONE
