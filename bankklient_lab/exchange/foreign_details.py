"""Details of foreign payments from the bank: kept in the history, each with the order from here that it is of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from bankklient_lab.exchange.answers import apply_status
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.foreign_details import ForeignDetail
from bankklient_lab.formats.foreign_details_read import read_details
from bankklient_lab.formats.order_answers import OrderAnswer
from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.lab import Lab

_RATE = pa.decimal128(18, 8)
# A detail is of the order that the bank names; else of the one payment from an accounting system with its client
# identification and amount (TXN-096).
_ORDERS = """
    WITH sent AS (FROM ops.foreign_order SEMI JOIN ops.sent_order USING (order_id))
    SELECT coalesce(n.order_id, c.order_id)
    FROM (SELECT unnest($places::INTEGER[]) AS place, unnest($numbers::VARCHAR[]) AS number,
        unnest($clients::VARCHAR[]) AS client, unnest($amounts::DECIMAL(18,3)[]) AS amount,
        unnest($currencies::VARCHAR[]) AS currency) d
    LEFT JOIN sent n ON n.order_id::VARCHAR = d.number
    LEFT JOIN (
        SELECT client_transaction_id, amount_value, currency, min(order_id) AS order_id FROM sent
        WHERE accounting_system IS NOT NULL GROUP BY ALL HAVING count(*) = 1
    ) c ON c.client_transaction_id = d.client AND c.amount_value = d.amount AND c.currency = d.currency
    ORDER BY d.place
"""


def keep_details(lab: Lab, batch_id: int, messages: Sequence[Message]) -> None:
    """Append the details of a batch to the history; once more changes nothing. FormatError as `read_details`, for all.

    Details of a batch that is refused would be there without its mark: so one that can't be read keeps all out.
    """
    found = [
        (message_no, position, detail)
        for message_no, message in enumerate(messages, start=1)
        for position, detail in enumerate(read_details(message), start=1)
    ]
    details = [detail for *_, detail in found]
    with lab.database.tx("history") as cursor:
        known = cursor.execute("SELECT 1 FROM history.foreign_detail WHERE batch_id = ? LIMIT 1", [batch_id]).fetchone()
        if known or not details:
            return
        ((first,),) = cursor.execute("SELECT coalesce(max(detail_id), 0) + 1 FROM history.foreign_detail").fetchall()
        kept = _table(details, first, _orders(cursor, details)) | {
            "batch_id": [batch_id] * len(details),
            "message_no": [message_no for message_no, *_ in found],
            "position": [position for _, position, _ in found],
        }
        charges = [
            {"detail_id": first + place, "charge_no": number} | charge._asdict()
            for place, detail in enumerate(details)
            for number, charge in enumerate(detail.charges, start=1)
        ]
        _append(cursor, "foreign_detail", pa.table(kept))
        if charges:
            _append(cursor, "foreign_charge", pa.Table.from_pylist(charges))


def apply_details(lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Note that orders from here are posted (TXN-092), and return what does not fit; a wrong sum is logged, too."""
    details = read_details(message)
    orders = _orders(cursor, details)
    findings = [
        f"payment {one.bank_reference}: it names order {one.order_number}, which was not sent from here"
        for one, order_id in zip(details, orders, strict=True)
        if one.order_number and order_id is None
    ]
    for one in details:
        if not one.adds_up:
            findings.append(f"payment {one.bank_reference}: its total is not the equivalent and the charges")
            lab.log(
                cursor, "foreign_detail_wrong", one.bank_reference, account=one.account, total=str(one.total),
                equivalent=str(one.equivalent), charges=[str(charge.amount) for charge in one.charges],
            )  # fmt: skip
    posted = [OrderAnswer(order_id, "OK") for order_id in dict.fromkeys(orders) if order_id is not None]
    return findings + (apply_status(lab, cursor, "OK", posted) if posted else [])


def _orders(cursor: Any, details: Sequence[ForeignDetail]) -> list[int | None]:
    """Return for each detail the order sent from here that it is of; None for no order, or for one not known."""
    rows = cursor.execute(
        _ORDERS,
        {
            "places": list(range(len(details))),
            "numbers": [one.order_number if one.outgoing else "" for one in details],
            "clients": [one.client_identification if one.outgoing else "" for one in details],
            "amounts": [one.ordered for one in details],
            "currencies": [one.ordered_currency for one in details],
        },
    ).fetchall()
    return [order_id for (order_id,) in rows]


def _table(details: Sequence[ForeignDetail], first: int, orders: Sequence[int | None]) -> dict[str, Any]:
    """Return columns of history.foreign_detail."""
    rows = [dict(_columns(one)) for one in details]
    types = {"rate": _RATE} | dict.fromkeys(("ordered", "payment", "equivalent", "charges", "total"), AMOUNT)
    columns = {name: pa.array([row[name] for row in rows], types.get(name)) for name in rows[0]}
    return columns | {
        "detail_id": [first + place for place in range(len(details))],
        "order_id": pa.array(orders, pa.int64()),
    }


def _columns(one: ForeignDetail) -> Iterator[tuple[str, Any]]:
    """Yield what a detail says by column: a party or bank gives one for each of its fields."""
    for name, value in one._asdict().items():
        if name in ("orderer", "recipient") or name.endswith(("_bank", "_correspondent")):
            yield from ((f"{name}_{field}", text) for field, text in value._asdict().items())
        elif name not in ("rate", "charges", "ordered", "ordered_currency"):
            yield name, value
    yield "ordered", one.ordered if one.outgoing else None
    yield "ordered_currency", one.ordered_currency if one.outgoing else None
    yield "charges", sum((charge.amount for charge in one.charges), Decimal(0))
    yield "adds_up", one.adds_up
    rate, currency, agreed = one.rate or (None, None, None)
    yield from (("rate", rate), ("rate_currency", currency), ("rate_agreed", agreed))


def _append(cursor: Any, table: str, rows: pa.Table) -> None:
    cursor.register("foreign_rows", rows)
    try:
        cursor.execute(f"INSERT INTO history.{table} BY NAME FROM foreign_rows")
    finally:
        cursor.unregister("foreign_rows")
