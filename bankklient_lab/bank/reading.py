"""The orders of a batch, from its messages; what does not fit together refuses the batch as a whole."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pyarrow as pa

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.batches import Batch, Message
from bankklient_lab.formats.order_answers import CANCELLATION_MESSAGE, read_cancellation
from bankklient_lab.formats.payments import format_named
from bankklient_lab.formats.payments.base import Options
from bankklient_lab.formats.payments.schema import PAYMENT, Kind

DOMESTIC, FOREIGN, REVOCATION = 1, 11, 13
_PAYMENTS, _COLLECTIONS = "pain.001.001.09", "pain.008.001.08"
TAKEN = {DOMESTIC: {_PAYMENTS, _COLLECTIONS}, FOREIGN: {_PAYMENTS}, REVOCATION: {CANCELLATION_MESSAGE}}
COLUMNS = tuple(name for name in PAYMENT.names if name != "raw")


def check_messages(batch: Batch) -> None:
    """Refuse a batch whose type the bank does not take, or with a message that its type does not have."""
    taken = TAKEN.get(batch.identity.batch_type)
    if taken is None:
        types = ", ".join(map(str, TAKEN))
        raise FormatError(f"the bank takes batches of the types {types}", field="type", text=str(batch.identity[2]))
    for number, message in enumerate(batch.messages, start=1):
        if message.name not in taken:
            reason = f"a batch of type {batch.identity.batch_type} has {' and '.join(sorted(taken))}"
            raise FormatError(reason, place=f"message {number}", text=message.name)


def payments(batch: Batch) -> pa.Table:
    """Return the orders of a batch of type 1 or 11 (COLUMNS), whose `client_reference` is the order's number.

    FormatError when the messages say other orders than the list of the batch.
    """
    tables = []
    for number, message in enumerate(batch.messages, start=1):
        table = pa.Table.from_batches(_batches(message), PAYMENT).select(COLUMNS)
        listed = [str(order.order_id) for order in batch.orders if order.message == number]
        said = table["client_reference"].to_pylist()
        if sorted(listed) != sorted(one or "" for one in said):
            other = sorted(set(listed) ^ {one or "" for one in said})
            raise FormatError(
                "the message says other orders than the list of the batch",
                place=f"message {number}", field="InstrId", text=", ".join(other[:5]),
            )  # fmt: skip
        tables.append(table)
    return pa.concat_tables(tables)


def revoked(batch: Batch) -> list[int]:
    """Return the orders that a batch of type 13 asks to revoke."""
    return [order_id for message in batch.messages for order_id in read_cancellation(message)]


def _batches(message: Message) -> Iterator[pa.RecordBatch]:
    name = message.name[: len("pain.001")]
    for part in format_named(name).read(io.BytesIO(message.content), Options()):
        if part.kind is Kind.PAYMENT:
            yield part.batch
