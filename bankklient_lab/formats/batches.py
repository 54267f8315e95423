"""The payload of a batch: which orders it has, each with its digest, around the standard messages that say them.

The bytes are canonical, since signatures are over them: one batch is written in one way only, and what is not written
in that way is refused. So a payload that was read says nothing that the reader did not see.

    <?xml version="1.0" encoding="UTF-8"?>
    <Batch xmlns="urn:bankklient:batch:1" sender="20001" recipient="600" type="1" order="20260007" priority="false">
    <Orders>
    <Order id="2026112200000001" sha256="..." message="1" position="1"/>
    </Orders>
    <Message name="pain.001.001.09"><Document xmlns="...">...</Document>
    </Message>
    </Batch>
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bankklient_lab.errors import BadArgument, FormatError, LimitExceeded
from bankklient_lab.sealing.identity import BatchIdentity

if TYPE_CHECKING:
    from lxml import etree

NAMESPACE = "urn:bankklient:batch:1"
ISO_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
OWN_NAMESPACE = "urn:bankklient:message:"  # of messages for what no standard says, named like "file.1"
QUERY = 0  # type of an answer that is no batch: it has no number of its own, and need not be confirmed
STATEMENT_MESSAGE, REPORT_MESSAGE = "camt.053.001.08", "camt.052.001.08"
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
ORDERS_MAX = 9_999
MESSAGES_MAX = 100
PAYLOAD_BYTES_MAX = 128 * 1024**2

_HEAD = re.compile(
    rb'<Batch xmlns="urn:bankklient:batch:1" sender="(\d{1,5})" recipient="(\d{1,5})" type="(\d{1,2})"'
    rb' order="(\d{8})" priority="(true|false)">\n<Orders>\n'
)
_ORDER = re.compile(rb'<Order id="(\d{1,18})" sha256="([0-9a-f]{64})" message="(\d{1,3})" position="(\d{1,4})"/>\n')
_END_OF_ORDERS = b"</Orders>\n"
_MESSAGE = re.compile(rb'<Message name="([a-z0-9.]{1,20})">')
_END_OF_MESSAGE = b"</Message>\n"
_TAIL = b"</Batch>\n"
_ISO_NAME = re.compile(r"[a-z]{4}\.\d{3}\.\d{3}\.\d{2}", re.ASCII)
_OWN_NAME = re.compile(r"[a-z]{1,17}\.\d{1,2}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class OrderInBatch(NamedTuple):
    """An order, the SHA-256 (64 hexadecimal digits) of its canonical text, and where it stands.

    `message` counts the messages of the batch from 1, `position` the orders of a message from 1.
    """

    order_id: int
    sha256: str
    message: int
    position: int


class Message(NamedTuple):
    """A message of ISO 20022 or our own: its name ("pain.001.001.09") and its bytes, which begin with DECLARATION."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch says; `priority`: it has priority payments only. `orders` go by message and position."""

    identity: BatchIdentity
    priority: bool
    orders: Sequence[OrderInBatch]
    messages: Sequence[Message]


def write_batch(batch: Batch) -> bytes:
    """Return the payload; BadArgument names the order or message that a payload can't hold."""
    try:
        _check(batch)
    except FormatError as error:
        raise BadArgument(error.message) from None
    payload = _written(batch)
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise BadArgument(f"a batch has at most {PAYLOAD_BYTES_MAX} bytes, this one {len(payload)}")
    return payload


def read_batch(payload: bytes) -> Batch:
    """Return what a payload says; FormatError, with the place, for any that `write_batch` would not write.

    The messages are well-formed XML in the namespace of their name; what they say is for their readers to check.
    """
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise LimitExceeded(f"a batch has at most {PAYLOAD_BYTES_MAX} bytes, this one {len(payload)}")
    if not payload.startswith(DECLARATION):
        raise FormatError("the payload of a batch begins with its XML declaration", place="byte 0")
    head = _HEAD.match(payload, len(DECLARATION))
    if head is None:
        raise FormatError("this is no head of a batch", place=f"byte {len(DECLARATION)}")
    identity = _identity(*head.groups()[:4])
    end = payload.find(_END_OF_ORDERS, head.end())
    if end < 0:
        raise FormatError("the list of orders has no end", place=f"byte {head.end()}")
    batch = Batch(
        identity, head[5] == b"true", _orders(payload, head.end(), end), _messages(payload, end + len(_END_OF_ORDERS))
    )
    _check(batch)
    if _written(batch) != payload:  # such as leading zeros
        raise FormatError("the payload is not written in the canonical way", place="head or list of orders")
    return batch


def read_batch_of(identity: BatchIdentity, payload: bytes) -> Batch:
    """Return a batch that came in a container of this identity; FormatError for one of another, as `read_batch`."""
    batch = read_batch(payload)
    if batch.identity != identity:
        raise FormatError("the payload is of another batch than its container", text=batch.identity.line)
    return batch


def root_of(message: Message, place: str = "") -> etree._Element:
    """Return the Document of a message; FormatError unless it is well-formed, of its name, and without a DOCTYPE."""
    root = element_of(message.content, place)
    if root.tag != f"{{{namespace_of(message.name)}}}Document":
        raise FormatError("the message is of another kind than its name", place=place, text=str(root.tag))
    return root


def element_of(content: bytes, place: str = "") -> etree._Element:
    """Return the root of XML that loads nothing; FormatError unless it is well-formed and without a DOCTYPE."""
    from lxml import etree

    if b"<!DOCTYPE" in content:
        raise FormatError("a message can't have <!DOCTYPE", place=place)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        where = ", ".join(filter(None, (place, f"line {line}, column {column}")))
        raise FormatError("the message is no well-formed XML", place=where, text=error.msg or "") from None


def namespace_of(name: str) -> str:
    """Return the namespace of the messages of a name."""
    return (ISO_NAMESPACE if _ISO_NAME.fullmatch(name) else OWN_NAMESPACE) + name


def _identity(sender: bytes, recipient: bytes, batch_type: bytes, order: bytes) -> BatchIdentity:
    try:
        return BatchIdentity(int(sender), int(recipient), int(batch_type), int(order[:4]), int(order[4:]))
    except BadArgument as error:
        raise FormatError(error.message, place="head of the batch") from None


def _orders(payload: bytes, start: int, end: int) -> list[OrderInBatch]:
    at = start
    found: list[OrderInBatch] = []
    while at < end:
        order = _ORDER.match(payload, at, end)
        if order is None:
            raise FormatError("this is no order of a batch", place=f"order {len(found) + 1}, byte {at}")
        found.append(OrderInBatch(int(order[1]), order[2].decode("ascii"), int(order[3]), int(order[4])))
        at = order.end()
    return found


def _messages(payload: bytes, at: int) -> list[Message]:
    found: list[Message] = []
    while not payload.startswith(_TAIL, at):
        place = f"message {len(found) + 1}, byte {at}"
        start = _MESSAGE.match(payload, at)
        if start is None:
            raise FormatError("this is no message of a batch", place=place)
        end = payload.find(_END_OF_MESSAGE, start.end())
        if end < 0:
            raise FormatError("the message has no end", place=place)
        found.append(Message(start[1].decode("ascii"), DECLARATION + payload[start.end() : end]))
        at = end + len(_END_OF_MESSAGE)
    if at + len(_TAIL) != len(payload):
        raise FormatError("something follows the end of the batch", place=f"byte {at + len(_TAIL)}")
    return found


def _check(batch: Batch) -> None:
    if len(batch.orders) > ORDERS_MAX:
        raise LimitExceeded(f"a batch has at most {ORDERS_MAX} orders, this one {len(batch.orders)}")
    if not 1 <= len(batch.messages) <= MESSAGES_MAX:
        raise LimitExceeded(f"a batch has 1 to {MESSAGES_MAX} messages, this one {len(batch.messages)}")
    for number, message in enumerate(batch.messages, start=1):
        _check_message(message, f"message {number}")
    _check_orders(batch)


def _check_orders(batch: Batch) -> None:
    ids: set[int] = set()
    message = position = 0
    for number, order in enumerate(batch.orders, start=1):
        place = f"order {number}"
        if order.order_id in ids or order.order_id < 1:
            raise FormatError("an order has a number of its own", place=place, field="id", text=str(order.order_id))
        ids.add(order.order_id)
        if not _DIGEST.fullmatch(order.sha256):
            raise FormatError("a digest has 64 hexadecimal digits", place=place, field="sha256", text=order.sha256)
        message, position = (message, position + 1) if order.message == message else (order.message, 1)
        if order.position != position or not 1 <= message <= len(batch.messages):
            stated = f"{order.message}, {order.position}"
            raise FormatError("orders go by message and position, each from 1", place=place, text=stated)
        if number > 1 and order.message < batch.orders[number - 2].message:
            raise FormatError("orders go by message and position, each from 1", place=place, text=str(order.message))


def _check_message(message: Message, place: str) -> None:
    if not (_ISO_NAME.fullmatch(message.name) or _OWN_NAME.fullmatch(message.name)):
        raise FormatError('a message is named like "pain.001.001.09"', place=place, text=message.name)
    if not message.content.startswith(DECLARATION):
        raise FormatError("a message begins with its XML declaration", place=place)
    if b"</Message>" in message.content:
        raise FormatError("a message can't have </Message>", place=place)
    root_of(message, place)


def _written(batch: Batch) -> bytes:
    identity = batch.identity
    head = (
        f'<Batch xmlns="{NAMESPACE}" sender="{identity.sender}" recipient="{identity.recipient}"'
        f' type="{identity.batch_type}" order="{identity.order}" priority="{str(batch.priority).lower()}">\n<Orders>\n'
    )
    orders = "".join(
        f'<Order id="{order_id}" sha256="{sha256}" message="{message}" position="{position}"/>\n'
        for order_id, sha256, message, position in batch.orders
    )
    parts = [DECLARATION, head.encode("ascii"), orders.encode("ascii"), _END_OF_ORDERS]
    for name, content in batch.messages:
        parts += (f'<Message name="{name}">'.encode("ascii"), content[len(DECLARATION) :], _END_OF_MESSAGE)
    return b"".join([*parts, _TAIL])
