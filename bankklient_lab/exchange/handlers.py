"""What becomes of a received batch, by its type and the names of its messages.

A handler gets the lab, a cursor within the transaction in which the batch is marked as applied, and the message, and
returns findings: what did not fit and was left. Statements, rates and details of foreign payments are taken over aside,
before that transaction, since the history has transactions of its own; taking one over again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from bankklient_lab.codebooks.bank import CODEBOOKS
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.codebooks.services import KINDS as SERVICES
from bankklient_lab.errors import FormatError
from bankklient_lab.exchange.answers import apply_answers, apply_returned, apply_revocations
from bankklient_lab.exchange.codebooks import take_codebook
from bankklient_lab.exchange.configurations import take_accounts, take_changed_configuration
from bankklient_lab.exchange.documents import take_document, take_list, take_refusal
from bankklient_lab.exchange.foreign_details import apply_details, keep_details
from bankklient_lab.exchange.messages import take_letter, take_state
from bankklient_lab.exchange.services import take_records, take_request_states
from bankklient_lab.exchange.statements import take_statements
from bankklient_lab.formats.bank_files import FILE_MESSAGE, read_file
from bankklient_lab.formats.batches import REPORT_MESSAGE, STATEMENT_MESSAGE, Batch, Message
from bankklient_lab.formats.documents import LIST_MESSAGE, REFUSAL_MESSAGE
from bankklient_lab.formats.foreign_details import NOTIFICATION_MESSAGE
from bankklient_lab.formats.letters import LETTER_MESSAGE, STATE_MESSAGE
from bankklient_lab.formats.order_answers import RESOLUTION_MESSAGE, STATUS_MESSAGE
from bankklient_lab.formats.services import LIST_MESSAGE as SERVICE_LIST_MESSAGE
from bankklient_lab.formats.services import STATE_MESSAGE as SERVICE_STATE_MESSAGE
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.identity import BatchIdentity

_HANDLERS: Mapping[tuple[int, str], Callable[[Lab, Any, Message], list[str]]] = (
    {
        (BatchType.CONFIRMATION, STATUS_MESSAGE): apply_answers,
        (BatchType.FOREIGN_PAYMENTS, STATUS_MESSAGE): apply_answers,
        (BatchType.FOREIGN_PAYMENT_DETAILS, NOTIFICATION_MESSAGE): apply_details,
        (BatchType.REVOCATION, RESOLUTION_MESSAGE): apply_revocations,
        (BatchType.ACCOUNT_TYPES, FILE_MESSAGE): take_accounts,
        (BatchType.CLIENT_BANKING_CONFIGURATION, FILE_MESSAGE): take_changed_configuration,
        (BatchType.DOMESTIC, STATUS_MESSAGE): apply_returned,  # orders rejected on the day
        (BatchType.GLOBAL_MESSAGES, LETTER_MESSAGE): take_letter,
        (BatchType.INDIVIDUAL_MESSAGES, LETTER_MESSAGE): take_letter,
        (BatchType.MULTIPLE_MESSAGES, LETTER_MESSAGE): take_letter,
        (BatchType.CLIENT_MESSAGES, STATE_MESSAGE): take_state,
        (BatchType.DOCUMENTS, LIST_MESSAGE): take_list,
        (BatchType.DOCUMENTS, FILE_MESSAGE): take_document,
        (BatchType.DOCUMENTS, REFUSAL_MESSAGE): take_refusal,
    }
    | {
        (batch_type, FILE_MESSAGE): partial(take_codebook, batch_type)
        for batch_type in {book.batch_type for book in CODEBOOKS.values()} - {0}
    }
    | {(kind.told_in, SERVICE_LIST_MESSAGE): partial(take_records, kind.name) for kind in SERVICES.values()}
    | {
        (batch_type, SERVICE_STATE_MESSAGE): partial(take_request_states, batch_type)
        for batch_type in {kind.answered_in for kind in SERVICES.values()}
    }
)
# Imported as files: the closed day, the current state, and the bank's rates.
_IMPORTED = {
    (BatchType.DOMESTIC, STATEMENT_MESSAGE),
    (BatchType.DOMESTIC, REPORT_MESSAGE),
    (BatchType.EXCHANGE_RATES, FILE_MESSAGE),
}
TYPES_READ = {batch_type for batch_type, _ in _HANDLERS.keys() | _IMPORTED}


class Arrived(NamedTuple):
    """A batch that was taken over."""

    batch_id: int
    identity: BatchIdentity
    batch: Batch


def apply_aside(lab: Lab, arrived: Arrived) -> list[str]:
    """Take over what has transactions of its own; FormatError, before anything is done, for an unknown message.

    FormatError also for details of foreign payments that can't be read, of which none is kept then.
    """
    batch_type, messages = arrived.identity.batch_type, arrived.batch.messages
    for number, message in enumerate(messages, start=1):
        if (batch_type, message.name) not in _HANDLERS.keys() | _IMPORTED:
            raise FormatError(
                f"a batch of type {batch_type} has no such message", place=f"message {number}", text=message.name
            )
    if batch_type == BatchType.FOREIGN_PAYMENT_DETAILS:
        keep_details(lab, arrived.batch_id, messages)
    stem = arrived.identity.file_name("00").removesuffix(".00")
    return [
        finding
        for number, message in enumerate(messages, start=1)
        if (batch_type, message.name) in _IMPORTED
        for finding in take_statements(lab, *_file(f"{stem}-{number}", message))
    ]


def _file(stem: str, message: Message) -> tuple[str, bytes]:
    """Return name and content of what is imported: the message itself, or the file that it brings."""
    if message.name != FILE_MESSAGE:
        return f"{stem}.{message.name}.xml", message.content
    name, content = read_file(message)
    return f"{stem}.{name}", content


def apply(lab: Lab, cursor: Any, arrived: Arrived) -> list[str]:
    """Apply the other messages within a transaction of the lane ops, and return what did not fit."""
    return [
        finding
        for message in arrived.batch.messages
        if (handler := _HANDLERS.get((arrived.identity.batch_type, message.name)))
        for finding in handler(lab, cursor, message)
    ]
