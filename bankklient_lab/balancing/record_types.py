"""What balancing goes through, in its fixed order: a declaration for each type of record.

A type says in SQL which records its summary counts and which of them go into a batch (`ready`). Everything else, from
summaries to numbers of batches, is the same for all types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bankklient_lab.balancing.client_messages import frozen_message, waiting_messages
from bankklient_lab.balancing.content import Frozen, Head, frozen_orders, frozen_revocations
from bankklient_lab.balancing.document_orders import frozen_document_orders, waiting_document_orders
from bankklient_lab.balancing.service_requests import frozen_requests, waiting_requests
from bankklient_lab.codebooks.codes import BatchType, Revocation
from bankklient_lab.codebooks.services import KINDS as SERVICES
from bankklient_lab.codebooks.services import ServiceKind
from bankklient_lab.errors import UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import DISCARDED, is_created
from bankklient_lab.orders.views import possible
from bankklient_lab.rights.permissions import Held, needed

# ruff: noqa: S608 - every text below is made of our own declarations

ORDERS_MAX = 9_999  # in one batch
NUMBER_MAX = 9_999  # of a type of batch in a year
# The two ways of balancing: the permission, and the step of the lifecycle that it is.
WAYS = {"complete": ("11", "balance"), "included": ("16", "balance_included")}
BALANCES = "11|16"
PAYMENTS, COLLECTIONS = "payments", "collections"
ORDERS, REVOKED, MESSAGES, DOCUMENTS, REQUESTS = "orders", "revoked", "messages", "documents", "requests"
_DOMESTIC = ("domestic_payment", "domestic_collection")


@dataclass(frozen=True, slots=True)
class RecordType:
    """One type of record.

    `records(step, held)` is SQL of all records that the summary counts: record_id, version, part (payments,
    collections, messages, a kind of documents, or new, correction, revocation), kind, status, own_account, currency,
    amount, ready (it is taken),
    allowed_duplicate. `freeze` makes the payload of a batch, which has at most `batch_max` records. `what` its records
    are: orders that are sent (ORDERS), orders in process that are to be revoked (REVOKED), messages (MESSAGES),
    documents that are ordered (DOCUMENTS), or requests for services (REQUESTS).
    """

    name: str
    label: str
    batch_type: int
    records: Callable[[str, Held], str]
    freeze: Callable[[Lab, Any, Head, str], Frozen] = frozen_orders
    priority: bool = False
    what: str = ORDERS
    batch_max: int = ORDERS_MAX


def _orders(kinds: Iterable[str], more: str = "true") -> Callable[[str, Held], str]:
    """Return the records of a type that is created orders of some kinds."""

    def records(step: str, held: Held) -> str:
        counted = f"{is_created()} AND o.status <> '{DISCARDED}' AND {more}"
        return " UNION ALL ".join(_of_kind(KINDS[name], counted, possible(KINDS[name], step, held)) for name in kinds)

    return records


def _of_kind(kind: Kind, which: str, ready: str) -> str:
    part = COLLECTIONS if kind.name == "domestic_collection" else PAYMENTS
    return (
        f"SELECT o.order_id AS record_id, o.version, '{part}' AS part, o.kind, o.status,"
        f" {kind.own_account} AS own_account, o.currency, o.amount_value AS amount,"
        f" {ready} AS ready, o.duplicate_reason IS NOT NULL AS allowed_duplicate"
        f" FROM {kind.table} o WHERE o.kind = '{kind.name}' AND {which}"
    )


def _marked(_step: str, _held: Held) -> str:
    """Return the orders in process that are marked for revocation; each way of balancing takes all of them."""
    marked = (
        f"o.order_id IN (SELECT order_id FROM ops.sent_order WHERE in_process AND revocation = {Revocation.INCLUDED})"
    )
    found = " UNION ALL ".join(_of_kind(KINDS[name], marked, "true") for name in _DOMESTIC)
    return f"SELECT * REPLACE (false AS allowed_duplicate) FROM ({found})"  # of which is warned when they are sent


def _requests(kind: ServiceKind) -> RecordType:
    return RecordType(
        kind.several,
        kind.plural,
        kind.batch_type,
        waiting_requests(kind),
        frozen_requests,
        what=REQUESTS,
        batch_max=1 if kind.alone else ORDERS_MAX,
    )


_URGENT = "coalesce(o.express_payment_value, false)"
TYPES: tuple[RecordType, ...] = (
    RecordType("revocations", "Revocations", BatchType.REVOCATION, _marked, frozen_revocations, what=REVOKED),
    RecordType(
        "priority_payments", "Priority payments", BatchType.DOMESTIC, _orders(_DOMESTIC, _URGENT), priority=True
    ),
    RecordType("domestic_orders", "Domestic orders", BatchType.DOMESTIC, _orders(_DOMESTIC, f"NOT {_URGENT}")),
    RecordType("foreign_payments", "Foreign payments", BatchType.FOREIGN_PAYMENTS, _orders(("foreign_payment",))),
    *(_requests(kind) for kind in SERVICES.values() if kind.kept),
    RecordType(
        "document_orders",
        "Electronic documents",
        BatchType.DOCUMENTS,
        waiting_document_orders,
        frozen_document_orders,
        what=DOCUMENTS,
    ),
    RecordType(
        "client_messages",
        "Client messages",
        BatchType.CLIENT_MESSAGES,
        waiting_messages,
        frozen_message,
        what=MESSAGES,
        batch_max=1,
    ),
    *(_requests(kind) for kind in SERVICES.values() if not kind.kept),
)


def demand_way(lab: Lab, which: str, action: str) -> str:
    """Return the step of the lifecycle that a way of balancing is; UnknownName, NotAllowed."""
    if which not in WAYS:
        raise UnknownName("way of balancing", which, f"there are {', '.join(WAYS)}")
    permission, step = WAYS[which]
    lab.rights.demand(lab.caller, needed(permission), action)
    return step


def records(lab: Lab, step: str) -> str:
    """Return SQL of the records of all types; beside them step_no (place of the type), record_type and batch_max."""
    held = lab.rights.held(lab.caller)
    return " UNION ALL ".join(
        f"SELECT {number} AS step_no, '{one.name}' AS record_type, {one.batch_max} AS batch_max, *"
        f" FROM ({one.records(step, held)})"
        for number, one in enumerate(TYPES, start=1)
    )
