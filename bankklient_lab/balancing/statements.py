"""The balancing statement: what one balancing, or one batch, put into batches for the bank.

Two parts: the totals of each account, and the orders in the order of their batches. With one account the totals are the
sums of the second part, and there is no first one (BAL-071).
"""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import table_action
from bankklient_lab.balancing.batch_record import BATCH_ORDER
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.columns import column_sql
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.listing import OWN_NAMES, parameters
from bankklient_lab.orders.views import bound
from bankklient_lab.rights.permissions import needed

# ruff: noqa: S608 - every text below is made of our own declarations

# By family of orders: the type of batch, and the permissions of which any shows its statement (BAL-072, BAL-089).
FAMILIES = {
    "domestic": (BatchType.DOMESTIC, "11|16|70|71|110|111"),
    "foreign": (BatchType.FOREIGN_PAYMENTS, "11|16|121|130|131"),
}
READS = "11|16|70|71|110|111|121|130|131"
_COLUMNS = (
    "transmission_id", "kind", "letter", "own_account", "counter_account", "counter_name", "amount", "currency",
    "maturity", "variable_symbol", "constant_symbol", "specific_symbol",
)  # fmt: skip


@table_action(READS)
def balancing_statement(lab: Lab, family: str = "domestic", batch: str = "") -> Read:
    """Return the orders of the last balancing, or of one batch (rrrrnnnn), in the order of their batches.

    `family`: domestic or foreign. Columns: batch_order, position, order_id, then those of lists of orders that say what
    was sent. Raises UnknownName for a batch that there is not, BadArgument, NotAllowed.
    """
    batches = _batches(lab, family, batch)
    told = _read(family)
    sql = f"{told} WHERE b.batch_id IN ({batches}) ORDER BY batch_order, position"
    return lab.read(sql, bound(sql, parameters(lab)))


@table_action(READS)
def balancing_statement_totals(lab: Lab, family: str = "domestic", batch: str = "") -> Read:
    """Return number and sum of the orders of `balancing_statement` by account, payments and collections apart.

    Columns: own_account, own_account_name, kind, currency, orders, amount. Amounts of different currencies are never
    added.
    """
    batches = _batches(lab, family, batch)
    sql = f"""
        SELECT own_account, a.name AS own_account_name, kind, currency, count(*) AS orders,
            sum(amount)::DECIMAL(18,3) AS amount
        FROM ({_read(family)} WHERE b.batch_id IN ({batches})) LEFT JOIN ({OWN_NAMES}) a USING (own_account)
        GROUP BY ALL ORDER BY own_account, kind DESC, currency"""
    return lab.read(sql, bound(sql, parameters(lab)))


def _read(family: str) -> str:
    """Return SELECT of the sent orders of a family, with their batches `b`."""
    parts = []
    for kind in KINDS.values():
        if kind.family == family:
            columns = ", ".join(f"{column_sql(kind, name)} AS {name}" for name in _COLUMNS)
            parts.append(f"SELECT o.order_id, {columns} FROM {kind.table} o WHERE o.kind = '{kind.name}'")
    return (
        f"SELECT {BATCH_ORDER} AS batch_order, s.position, l.* FROM ({' UNION ALL '.join(parts)}) l"
        " JOIN ops.sent_order s ON s.order_id = l.order_id JOIN ops.batch b ON b.batch_id = s.batch_id"
    )


def _batches(lab: Lab, family: str, batch: str) -> str:
    """Return the numbers of the batches that a statement covers, as SQL; none when nothing was balanced yet."""
    if family not in FAMILIES:
        raise UnknownName("family of orders", family, f"there are {', '.join(FAMILIES)}")
    batch_type, needs = FAMILIES[family]
    lab.rights.demand(lab.caller, needed(needs), "balancing_statement")
    of_type = f"SELECT batch_id, balancing, {BATCH_ORDER} AS batch_order FROM ops.batch" + (
        f" WHERE direction = 'send' AND batch_type = {batch_type} AND balancing IS NOT NULL"
    )
    if not batch:
        return f"SELECT batch_id FROM ({of_type}) WHERE balancing = (SELECT max(balancing) FROM ({of_type}))"
    if not (batch.isascii() and batch.isdigit() and len(batch) == 8):
        raise BadArgument(f"{batch[:30]!r} is no order of a batch; write year and number, as 20260007")
    found: list[Any] = lab.rows(f"SELECT batch_id FROM ({of_type}) WHERE batch_order = $batch", {"batch": batch})
    if not found:
        raise UnknownName(f"batch of {family} orders", batch, "nothing was balanced under this number")
    return str(found[0][0])
