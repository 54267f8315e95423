"""The codes of data/codebooks that the program decides by; a test holds them against the codebooks.

A member is named as the codebook names its code, or by words of that name, and is the code itself: a number (or text)
for SQL, JSON and people.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class BatchType(IntEnum):
    """Types of batches that are made or read here (batch_types)."""

    ACCOUNTING_SYSTEM = 0
    DOMESTIC = 1
    PUBLIC_KEY = 2
    CONFIRMATION = 3
    ACCOUNT_PARAMETERS = 4
    GLOBAL_MESSAGES = 5
    INDIVIDUAL_MESSAGES = 6
    CLIENT_MESSAGES = 7
    MULTIPLE_MESSAGES = 8
    ACCOUNT_TYPES = 9
    CLIENT_BANKING_CONFIGURATION = 10
    FOREIGN_PAYMENTS = 11
    FOREIGN_PAYMENT_DETAILS = 12
    REVOCATION = 13
    PERMITTED_COLLECTIONS = 14
    RECEIVABLES = 15
    TIME_DEPOSITS = 16
    STANDING_ORDERS = 17
    FORWARD_DEALS = 18
    DOCUMENTS = 19
    REMOTE_BACKUP = 20
    EXCHANGE_RATES = 31


# Of one bank's service, for which a folder has no place.
FOR_THE_SERVICE = (
    BatchType.PUBLIC_KEY, BatchType.CLIENT_MESSAGES, BatchType.PERMITTED_COLLECTIONS, BatchType.RECEIVABLES,
    BatchType.TIME_DEPOSITS, BatchType.STANDING_ORDERS, BatchType.FORWARD_DEALS, BatchType.DOCUMENTS,
    BatchType.REMOTE_BACKUP,
)  # fmt: skip


class Sent(IntEnum):
    """Statuses of a batch to the bank (transmission_statuses)."""

    CREATED = 1
    ABORTED = 2
    TRANSFERRED = 3
    REPEATEDLY_TRANSFERRED = 5
    RECEIVED = 6
    REJECTED = 7
    PROCESSED = 8
    DELETED = 21
    DELETION_RECORDED = 22


TO_SEND = (Sent.CREATED, Sent.ABORTED)  # of a batch that is still to go out
UNANSWERED = (Sent.TRANSFERRED, Sent.REPEATEDLY_TRANSFERRED)  # of one that went out, and whose receipt has not come
DISCARDED = (Sent.DELETED, Sent.DELETION_RECORDED)  # of a batch whose number was given up


class Received(IntEnum):
    """Statuses of a batch from the bank (transmission_statuses); one that is only announced has NONE."""

    NONE = 0
    TRANSFERRED = 9
    REPEATEDLY_TRANSFERRED = 11
    RECEIVED = 12
    REJECTED = 13
    PROCESSED = 14


class Revocation(IntEnum):
    """What becomes of the wish to revoke an order in process (revocation_statuses)."""

    NOT_INCLUDED = 0
    INCLUDED = 1
    READY = 2
    SENT = 3
    DONE = 4
    REJECTED = 5
    POSTED = 6
    NOT_FOUND = 7
    REMOVED = 8


class Rejection(IntEnum):
    """Why the bank rejects a domestic order (bank_rejections)."""

    NOT_PERMITTED = 200
    FORMAL = 201
    FUNDS = 202
    AMOUNT = 203
    EXCLUDED = 204
    ACCOUNT = 205
    BANK = 206
    CURRENCY = 207
    OPERATION = 208
    LATE = 209


class ForeignRejection(IntEnum):
    """Why the bank rejects a foreign payment (bank_rejections)."""

    SYSTEM = 300
    FORMAL = 301
    FUNDS = 302
    PAYMENTS_SYSTEM = 400


def listed(codes: Iterable[int]) -> str:
    """Return codes as a list of SQL, such as (1, 5)."""
    return f"({', '.join(str(int(code)) for code in codes)})"
