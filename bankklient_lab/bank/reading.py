"""The orders of a batch, from its messages; what does not fit together refuses the batch as a whole."""

from __future__ import annotations

import io
from collections.abc import Iterator
from hashlib import sha256

import pyarrow as pa

from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.codebooks.services import KINDS as SERVICES
from bankklient_lab.errors import FormatError
from bankklient_lab.formats.batches import Batch, Message
from bankklient_lab.formats.documents import ORDER_MESSAGE
from bankklient_lab.formats.letters import LETTER_MESSAGE
from bankklient_lab.formats.order_answers import CANCELLATION_MESSAGE, read_cancellation
from bankklient_lab.formats.payments import format_named
from bankklient_lab.formats.payments.base import Options
from bankklient_lab.formats.payments.schema import PAYMENT, Kind
from bankklient_lab.formats.services import REQUEST_MESSAGE

_PAYMENTS, _COLLECTIONS = "pain.001.001.09", "pain.008.001.08"
TAKEN: dict[int, set[str]] = {
    BatchType.DOMESTIC: {_PAYMENTS, _COLLECTIONS},
    BatchType.FOREIGN_PAYMENTS: {_PAYMENTS},
    BatchType.REVOCATION: {CANCELLATION_MESSAGE},
    BatchType.CLIENT_MESSAGES: {LETTER_MESSAGE},
    BatchType.DOCUMENTS: {ORDER_MESSAGE},
} | {int(kind.batch_type): {REQUEST_MESSAGE} for kind in SERVICES.values()}
SCHEMA = pa.schema([field for field in PAYMENT if field.name != "raw"])


def check_messages(batch: Batch) -> None:
    """Refuse a batch whose type the bank does not take, or with a message that its type does not have."""
    taken = TAKEN.get(batch.identity.batch_type)
    if taken is None:
        types = ", ".join(str(int(one)) for one in TAKEN)
        raise FormatError(f"the bank takes batches of the types {types}", field="type", text=str(batch.identity[2]))
    for number, message in enumerate(batch.messages, start=1):
        if message.name not in taken:
            reason = f"a batch of type {batch.identity.batch_type} has {' and '.join(sorted(taken))}"
            raise FormatError(reason, place=f"message {number}", text=message.name)


def payments(batch: Batch) -> pa.Table:
    """Return the orders of a batch of type 1 or 11 (SCHEMA), whose `client_reference` is the order's number.

    FormatError when the messages say other orders than the list of the batch.
    """
    tables = []
    for number, message in enumerate(batch.messages, start=1):
        table = pa.Table.from_batches(_batches(message), PAYMENT)
        _check_listed(batch, number, [one or "" for one in table["client_reference"].to_pylist()])
        _check_digests(batch, number, table)
        tables.append(table.select(SCHEMA.names))
    return pa.concat_tables(tables)


def revoked(batch: Batch) -> list[int]:
    """Return the orders that a batch of type 13 asks to revoke; FormatError as `payments`."""
    found = []
    for number, message in enumerate(batch.messages, start=1):
        order_ids = read_cancellation(message)
        _check_listed(batch, number, list(map(str, order_ids)))
        found += order_ids
    return found


def _check_listed(batch: Batch, number: int, said: list[str]) -> None:
    """Refuse a message whose orders are not those that the batch lists for it."""
    listed = [str(order.order_id) for order in batch.orders if order.message == number]
    if sorted(listed) != sorted(said):
        other = ", ".join(sorted(set(listed) ^ set(said))[:5])
        reason = "the message says other orders than the list of the batch"
        raise FormatError(reason, place=f"message {number}", field="InstrId", text=other)


def _check_digests(batch: Batch, number: int, table: pa.Table) -> None:
    """Refuse an order whose whole text, where the message carries it, is not what its digest was made of."""
    digests = {str(order.order_id): order.sha256 for order in batch.orders if order.message == number}
    references, texts, places = (table[name].to_pylist() for name in ("client_reference", "order_text", "place"))
    for reference, text, place in zip(references, texts, places, strict=True):
        if text is not None and sha256(text.encode()).hexdigest() != digests[reference]:
            reason = "the order is not the one whose digest the batch names"
            raise FormatError(reason, place=f"message {number}, {place}", field="InstrId", text=reference)


def _batches(message: Message) -> Iterator[pa.RecordBatch]:
    name = message.name[: len("pain.001")]
    for part in format_named(name).read(io.BytesIO(message.content), Options()):
        if part.kind is Kind.PAYMENT:
            yield part.batch
