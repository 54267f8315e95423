"""What a batch says: the frozen payload around the standard messages of its orders.

Each order is in a message as any bank takes it, and beside that whole, as its canonical text, whose SHA-256 is what
people confirmed and what the payload names: nothing that a message has no place for is lost on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa

from bankklient_lab.formats.batches import Batch, Message, OrderInBatch, write_batch
from bankklient_lab.formats.order_answers import write_cancellation
from bankklient_lab.formats.payments import format_named
from bankklient_lab.formats.payments.base import Header
from bankklient_lab.formats.payments.pain_write import GROUP_COLUMNS, HELD
from bankklient_lab.lab import Lab
from bankklient_lab.orders.content import canonical
from bankklient_lab.orders.exporting import as_payments, payment_fields
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.rights.settings import read_setting
from bankklient_lab.sealing.identity import BatchIdentity

# ruff: noqa: S608 - every text below is made of our own declarations

# By kind of order the message that says it: format and version.
MESSAGES = {
    "domestic_payment": ("pain.001", "09"),
    "domestic_collection": ("pain.008", "08"),
    "foreign_payment": ("pain.001", "09"),
}
# Codes for the bank beyond those that the standard lists; the order whole has them.
_LEFT_OUT = {"instructions"}


class Head(NamedTuple):
    """What a batch says about itself; `priority`: it has priority payments only."""

    identity: BatchIdentity
    priority: bool


@dataclass(frozen=True, slots=True)
class Frozen:
    """The payload of a batch and its orders, in the order in which it says them."""

    payload: bytes
    order_ids: list[int]


def frozen_orders(lab: Lab, cursor: Any, head: Head, orders: str) -> Frozen:
    """Return the payload of the orders of a relation (order_id), all of kinds that MESSAGES has.

    BadArgument, naming order and field, for what a message can't hold.
    """
    messages: list[Message] = []
    found: list[OrderInBatch] = []
    for name, (message, version) in MESSAGES.items():
        rows = _rows(lab, cursor, KINDS[name], HELD[message], orders)
        if rows.num_rows:
            content = _message(lab, f"{_message_id(head)}-{len(messages) + 1}", message, version, rows)
            messages.append(Message(f"{message}.001.{version}", content))
            ids, digests = rows["order_id"].to_pylist(), rows["digest"].to_pylist()
            found += [
                OrderInBatch(order_id, digest, len(messages), place)
                for place, (order_id, digest) in enumerate(zip(ids, digests, strict=True), start=1)
            ]
    return _frozen(head, found, messages)


def frozen_revocations(lab: Lab, cursor: Any, head: Head, orders: str) -> Frozen:
    """Return the payload that asks to revoke the domestic orders of a relation (order_id)."""
    found = cursor.execute(
        f"SELECT order_id, digest FROM ops.domestic_order WHERE order_id IN (SELECT order_id FROM {orders}) ORDER BY 1"
    ).fetchall()
    message = write_cancellation([order_id for order_id, _ in found], f"{_message_id(head)}-1", lab.clock())
    named = [OrderInBatch(order_id, digest, 1, place) for place, (order_id, digest) in enumerate(found, start=1)]
    return _frozen(head, named, [message])


def _frozen(head: Head, orders: list[OrderInBatch], messages: list[Message]) -> Frozen:
    payload = write_batch(Batch(head.identity, head.priority, orders, messages))
    return Frozen(payload, [one.order_id for one in orders])


def _message_id(head: Head) -> str:
    """Return what the identifications of a batch's messages begin with."""
    return f"{head.identity.sender}-{head.identity.batch_type:02}-{head.identity.order}"


def _rows(lab: Lab, cursor: Any, kind: Kind, held: frozenset[str], orders: str) -> pa.Table:
    """Return the orders of a kind as payments, in the order in which their message says them."""
    fields = {name: sql for name, sql in payment_fields(kind).items() if name in held and name not in _LEFT_OUT}
    if kind.name == "domestic_collection":  # whose message must name the debtor
        fields["counter_name"] = f"coalesce({fields['counter_name']}, {fields['counter_account']})"
    fields |= {"kind": payment_fields(kind)["kind"], "client_reference": "order_id::VARCHAR"}
    groups = ", ".join(name for name in GROUP_COLUMNS if name in fields)
    columns = ", ".join(f"{sql} AS {name}" for name, sql in fields.items() if name != "kind")
    sql = f"""
        SELECT *, row_number() OVER (ORDER BY {groups}, order_id)::INTEGER AS payment_no, 1 AS group_no
        FROM (
            SELECT order_id, digest, {fields["kind"]} AS kind, {columns}, {canonical(kind)} AS order_text,
                'order ' || order_id AS place
            FROM {kind.table} o WHERE kind = '{kind.name}' AND order_id IN (SELECT order_id FROM {orders}))
        ORDER BY payment_no"""
    return cursor.execute(sql, {"today": bank_day(lab)} if "$today" in sql else {}).to_arrow_table()


def _message(lab: Lab, number: str, name: str, version: str, rows: pa.Table) -> bytes:
    form = format_named(name)
    assert form.write is not None
    header = Header(
        message_id=number,
        created_at=lab.clock(),
        initiator=read_setting(lab.database, "client_name") or lab.user,
        version=version,
    )
    return b"".join(form.write(as_payments(rows), header))
