"""Collections that customers without a channel order at a branch."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa

from bankklient_lab.bank import domestic
from bankklient_lab.bank.permitted_collections import reject_over_permission
from bankklient_lab.bank.reading import SCHEMA
from bankklient_lab.bank.work import Source, Work
from bankklient_lab.errors import UnknownName
from bankklient_lab.money import exact


def collect(work: Work, own_account: str, debited: str, amount: Decimal, variable_symbol: str | None) -> int:
    """Take an order to collect in the national currency, due today, and return its number."""
    ((number,),) = work.store.rows("SELECT coalesce(max(payment_id), 0) + 1 FROM payment")
    source = Source(None, f"branch {number}")
    row = work.store.row("SELECT name FROM account WHERE account = $account", {"account": own_account})
    order = dict.fromkeys(SCHEMA.names) | {
        "kind": "collection", "own_account": own_account, "own_name": row[0] if row else None,
        "counter_account": debited, "amount": exact(amount), "currency": work.parameters.currency,
        "maturity": work.day, "variable_symbol": variable_symbol,
    }  # fmt: skip
    domestic.arrive(work, source, pa.Table.from_pylist([order], SCHEMA), late=False)
    reject_over_permission(work, source)
    if work.is_open(work.at):
        domestic.settle(work)
    return int(number)


def outcome(work: Work, payment_id: int) -> tuple[str, int | None]:
    """Return the state of an order and why it was rejected; UnknownName."""
    row = work.store.row("SELECT state, reason FROM payment WHERE payment_id = $id", {"id": payment_id})
    if row is None:
        raise UnknownName("order", payment_id)
    return row[0], row[1]
