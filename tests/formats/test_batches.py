"""Payloads of batches: what is written comes back, one way to write it, and refusals with their places."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankklient_lab.errors import BadArgument, FormatError, LimitExceeded
from bankklient_lab.formats.batches import (
    DECLARATION,
    ORDERS_MAX,
    Batch,
    Message,
    OrderInBatch,
    read_batch,
    write_batch,
)
from bankklient_lab.sealing.identity import BatchIdentity

IDENTITY = BatchIdentity(20001, 600, 1, 2026, 7)
DIGEST = "0123456789abcdef" * 4


def message(name: str = "pain.001.001.09", inner: str = "<a>1 &amp; 2</a>") -> Message:
    """Return a message whose content does not matter here."""
    text = f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{name}">{inner}</Document>\n'
    return Message(name, DECLARATION + text.encode())


def batch(count: int = 3, **changes: object) -> Batch:
    """Return a batch with orders of one message."""
    orders = [OrderInBatch(2026112200000000 + n, DIGEST, 1, n) for n in range(1, count + 1)]
    given_ = {"identity": IDENTITY, "priority": False, "orders": orders, "messages": [message()]} | changes
    return Batch(**given_)  # type: ignore[arg-type]


def test_a_batch_comes_back_as_it_was_written() -> None:
    orders = [OrderInBatch(5, DIGEST, 1, 1), OrderInBatch(3, "f" * 64, 1, 2), OrderInBatch(4, DIGEST, 2, 1)]
    one = batch(priority=True, orders=orders, messages=[message(), message("pain.008.001.08", "<b>č</b>")])
    payload = write_batch(one)
    assert read_batch(payload) == one
    assert write_batch(read_batch(payload)) == payload
    assert payload.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<Batch xmlns="urn:bankklient:batch:1" sender="20001"'
        b' recipient="600" type="1" order="20260007" priority="true">\n<Orders>\n<Order id="5" sha256="01234'
    )


def test_a_batch_without_orders_carries_messages() -> None:
    one = batch(0, messages=[message("camt.053.001.08")])
    assert read_batch(write_batch(one)) == one


def test_a_batch_of_orders_is_no_longer_than_the_limit() -> None:
    assert len(read_batch(write_batch(batch(ORDERS_MAX))).orders) == ORDERS_MAX
    with pytest.raises(BadArgument, match="at most 9999 orders, this one 10000"):
        write_batch(batch(ORDERS_MAX + 1))


def test_the_largest_batch_is_fast() -> None:
    payments = "<CdtTrfTxInf><PmtId><InstrId>1</InstrId></PmtId><Amt>1.00</Amt></CdtTrfTxInf>" * ORDERS_MAX
    largest = batch(ORDERS_MAX, messages=[message(inner=payments)])
    start = time.process_time()
    assert read_batch(write_batch(largest)) == largest
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b'<?xml version="1.0"', b'<?xml version="1.1"', "byte 0: the payload of a batch begins"),
        (b'sender="20001"', b"sender='20001'", "byte 39: this is no head of a batch"),
        (b'sender="20001"', b'sender="70000"', "head of the batch: the connection point of the sender can't be 70000"),
        (b'sender="20001"', b'sender="020001"', "no head of a batch"),
        (b'type="1"', b'type="01"', "not written in the canonical way"),
        (b'order="20260007"', b'order="20260000"', "the number of a batch can't be 0"),
        (b'priority="false"', b'priority="no"', "no head of a batch"),
        (b"<Orders>\n", b"<Orders> \n", "no head of a batch"),
        (b"</Orders>\n", b"", "the list of orders has no end"),
        (b'<Order id="2026112200000002"', b'<Order id="x"', "order 2, byte 2.*: this is no order of a batch"),
        (b'<Order id="2026112200000002"', b'<Order id="2026112200000001"', "order 2, field id.*number of its own"),
        (b'sha256="0123', b'sha256="0G23', "order 1, byte .*: this is no order"),
        (b'position="2"', b'position="3"', "order 2, found '1, 3': orders go by message and position"),
        (b'message="1" position="2"', b'message="2" position="1"', "order 2, .*orders go by message"),
        (b'<Message name="pain', b'<Message  name="pain', "message 1, byte .*: this is no message of a batch"),
        (b"</Message>\n", b"", "message 1, byte .*: the message has no end"),
        (b'name="pain.001.001.09"', b'name="pain.001.001.08"', "message 1, .*of another kind than its name"),
        (b"<a>", b"<b>", "message 1, line 2, column .*no well-formed XML"),
        (b"<a>", b"<!DOCTYPE x><a>", "message 1: a message can't have <!DOCTYPE"),
        (b"<a>", b"<a>\xff", "no well-formed XML"),
        (b"</Batch>\n", b"</Batch>\n ", "byte .*: something follows the end of the batch"),
        (b"</Batch>\n", b"", "this is no message of a batch"),
    ],
)
def test_what_is_not_written_so_is_refused_with_its_place(old: bytes, new: bytes, says: str) -> None:
    payload = write_batch(batch())
    assert old in payload
    with pytest.raises(FormatError, match=says):
        read_batch(payload.replace(old, new, 1))


def test_a_batch_without_messages_is_refused() -> None:
    payload = write_batch(batch())
    with pytest.raises(LimitExceeded, match="1 to 100 messages, this one 0"):
        read_batch(re.sub(rb"<Message.*</Message>\n", b"", payload, flags=re.DOTALL))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"messages": []}, "1 to 100 messages"),
        ({"messages": [Message("pain.001", b"")]}, "message 1, found 'pain.001'"),
        ({"messages": [Message("pain.001.001.09", b"<Document/>")]}, "message 1: a message begins with its XML"),
        ({"messages": [message(inner="<!-- </Message> -->")]}, "message 1: a message can't have </Message>"),
        ({"orders": [OrderInBatch(1, "AB" * 32, 1, 1)]}, "a digest has 64 hexadecimal digits"),
        ({"orders": [OrderInBatch(0, DIGEST, 1, 1)]}, "an order has a number of its own"),
        ({"orders": [OrderInBatch(1, DIGEST, 2, 1)]}, "orders go by message and position"),
    ],
)
def test_what_a_payload_cannot_hold_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(BadArgument, match=says):
        write_batch(batch(**changes))


@given(st.data())
def test_one_changed_byte_is_refused_or_is_within_a_value(data: st.DataObject) -> None:
    payload = write_batch(batch())
    at = data.draw(st.integers(0, len(payload) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != payload[at]))
    changed = payload[:at] + bytes([byte]) + payload[at + 1 :]
    try:
        found = read_batch(changed)
    except FormatError:
        return
    assert write_batch(found) == changed  # nothing is overlooked
    assert found != batch()


@given(st.integers(0, 2_000))
def test_a_truncated_payload_is_refused(length: int) -> None:
    payload = write_batch(batch())
    with pytest.raises(FormatError):
        read_batch(payload[: min(length, len(payload) - 1)])
