"""What becomes of a received batch, by its type and the names of its messages.

A handler is named by its module and function, so that a room above this one can have it too, and is imported when a
batch comes. It gets the lab, a cursor within the transaction in which the batch is marked as applied, and the message,
and returns findings: what did not fit and was left. One that is `aside` has transactions of its own before that one: it
must do nothing twice when it is repeated, and gets the lab, a name for the message, and the message.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.batches import Batch, Message
from bankklient_lab.formats.order_answers import RESOLUTION_MESSAGE, STATUS_MESSAGE
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.identity import BatchIdentity

CONFIRMATIONS, FOREIGN, REVOCATIONS, DOMESTIC = 3, 11, 13, 1  # types of batches


class Arrived(NamedTuple):
    """A batch that was taken over."""

    batch_id: int
    identity: BatchIdentity
    batch: Batch


class Handler(NamedTuple):
    """Where a handler is."""

    module: str
    function: str
    aside: bool = False

    def __call__(self, *arguments: Any) -> list[str]:
        """Call it."""
        function: Callable[..., list[str]] = getattr(import_module(f"bankklient_lab.{self.module}"), self.function)
        return function(*arguments)


_ANSWERS = Handler("exchange.answers", "apply_answers")
_STATEMENTS = Handler("history.from_bank", "take_statements", aside=True)
HANDLERS: dict[tuple[int, str], Handler] = {
    (CONFIRMATIONS, STATUS_MESSAGE): _ANSWERS,
    (FOREIGN, STATUS_MESSAGE): _ANSWERS,
    (REVOCATIONS, RESOLUTION_MESSAGE): Handler("exchange.answers", "apply_revocations"),
    (DOMESTIC, "camt.053.001.08"): _STATEMENTS,  # the closed day
    (DOMESTIC, "camt.052.001.08"): _STATEMENTS,  # the current state
    (DOMESTIC, STATUS_MESSAGE): Handler("exchange.answers", "apply_returned"),  # orders rejected on the day
}


def apply_aside(lab: Lab, arrived: Arrived) -> list[str]:
    """Apply the messages whose handlers have transactions of their own; FormatError for one that nobody reads."""
    findings: list[str] = []
    handlers = [(_handler(arrived, number), message) for number, message in enumerate(arrived.batch.messages, start=1)]
    for number, (handler, message) in enumerate(handlers, start=1):
        if handler.aside:
            findings += handler(lab, _name(arrived, number, message), message)
    return findings


def apply(lab: Lab, cursor: Any, arrived: Arrived) -> list[str]:
    """Apply the other messages within a transaction of the lane ops, and return what did not fit."""
    findings: list[str] = []
    for number, message in enumerate(arrived.batch.messages, start=1):
        handler = _handler(arrived, number)
        if not handler.aside:
            findings += handler(lab, cursor, message)
    return findings


def _handler(arrived: Arrived, number: int) -> Handler:
    name = arrived.batch.messages[number - 1].name
    batch_type = arrived.identity.batch_type
    handler = HANDLERS.get((batch_type, name))
    if handler is None:
        raise FormatError(f"a batch of type {batch_type} has no such message", place=f"message {number}", text=name)
    return handler


def _name(arrived: Arrived, number: int, message: Message) -> str:
    """Return how people find a message again: file name of its batch, number and name."""
    return f"{arrived.identity.file_name('00').removesuffix('.00')}-{number}.{message.name}.xml"
