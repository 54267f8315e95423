"""Services of the bank: what clients ask for is granted or rejected, and they learn which records the bank has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from bankklient_lab.bank import (
    account_parameters,
    forwards,
    permitted_collections,
    receivables,
    standing_orders,
    time_deposits,
)
from bankklient_lab.bank.answers import send
from bankklient_lab.bank.client_lists import send_accounts
from bankklient_lab.bank.granting import Asked, NotGranted
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import Rejection as Why
from bankklient_lab.codebooks.services import CORRECTION, KINDS, NEW, ServiceKind
from bankklient_lab.errors import FormatError, UnknownName
from bankklient_lab.formats.batches import QUERY, Batch, Message, write_batch
from bankklient_lab.formats.services import (
    DONE,
    REJECTED,
    ServiceList,
    ServiceRecord,
    ServiceRequest,
    ServiceState,
    read_requests,
    write_records,
    write_states,
)
from bankklient_lab.sealing.identity import BatchIdentity


@dataclass(frozen=True, slots=True)
class _Service:
    """How requests of a kind are processed, as many as it has; each function refuses by NotGranted."""

    records: Callable[[Work, int], list[ServiceRecord]]
    create: Callable[[Work, Asked], str] | None = None  # the name of the record; "" when it waits for its answer
    change: Callable[[Work, int, dict[str, str]], None] | None = None
    revoke: Callable[[Work, int, dict[str, str]], None] | None = None
    changes_accounts: bool = False  # the list of accounts follows
    announced: bool = True  # the list is sent before the client ever had one
    terms: Callable[[Work, int], dict[str, str]] = lambda _work, _point: {}  # what holds for all records


_SERVICES = {
    "permitted_collection": _Service(
        permitted_collections.records, permitted_collections.create, permitted_collections.change,
        permitted_collections.revoke,
    ),
    "standing_order": _Service(
        standing_orders.records, standing_orders.create, standing_orders.change, standing_orders.revoke
    ),
    "forward_deal": _Service(forwards.records, forwards.create, terms=forwards.terms),
    "receivable": _Service(receivables.records, receivables.create),
    "account_parameters": _Service(
        account_parameters.records, change=account_parameters.change, changes_accounts=True, announced=False
    ),
    "time_deposit": _Service(
        time_deposits.records, time_deposits.create, revoke=time_deposits.revoke, changes_accounts=True
    ),
}  # fmt: skip
TAKES = tuple(KINDS[kind].batch_type for kind in _SERVICES)


def requests_of(work: Work, batch: Batch) -> list[ServiceRequest]:
    """Return what a batch asks for; FormatError for another kind than its type, and for what was asked before."""
    found = [one for message in batch.messages for one in read_requests(message)]
    kinds = {one.kind for one in found}
    (of,) = (kind for kind in KINDS.values() if kind.batch_type == batch.identity.batch_type)
    if kinds != {of.name}:
        raise FormatError(f"a batch of type {int(of.batch_type)} asks for {of.plural.lower()}", text=", ".join(kinds))
    if of.alone and len(found) > 1:
        raise FormatError(f"each request for a {of.label.lower()} comes in a batch of its own")
    numbers = [one.number for one in found]
    known = work.store.row(
        "SELECT number FROM service_request WHERE point = $point AND number IN (SELECT unnest($numbers)) LIMIT 1",
        {"point": batch.identity.sender, "numbers": numbers},
    )
    if known or len(set(numbers)) != len(numbers):
        again = known[0] if known else next(one for one in numbers if numbers.count(one) > 1)
        raise FormatError("the request was sent before", field="number", text=str(again))
    return found


def take_requests(work: Work, point: int, requests: Sequence[ServiceRequest], received_at: datetime) -> None:
    """Process requests of one kind in their order, and tell the client what became of each, with the list anew."""
    states = [state for one in requests if (state := _outcome(work, point, one, received_at)) is not None]
    work.store.do(
        "INSERT INTO service_request SELECT $point, unnest($numbers)",
        {"point": point, "numbers": [one.number for one in requests]},
    )
    _send(work, point, KINDS[requests[0].kind], [write_states(states)] if states else [])
    if _SERVICES[requests[0].kind].changes_accounts and any(state.status == DONE for state in states):
        send_accounts(work, point)


def open_deposits(work: Work) -> None:
    """Open the deposits that waited for today, and tell their clients."""
    opened = time_deposits.open_waiting(work)
    _answer(work, "time_deposit", opened)
    for point in sorted({point for point, _ in opened}):
        send_accounts(work, point)


def agree_forward(work: Work, point: int, request: int, rate: Decimal | None) -> None:
    """Agree the rate of a forward deal that waits for it, and tell its client."""
    _answer(work, "forward_deal", [(point, forwards.agree(work, point, request, rate))])


def cancel_forward(work: Work, point: int, request: int) -> None:
    """Give up a forward deal that waits for its rate, and tell its client."""
    _answer(work, "forward_deal", [(point, forwards.cancel(work, point, request))])


def cancel_forwards(work: Work) -> None:
    """Give up the forward deals without a rate at the end of their day, and tell their clients."""
    _answer(work, "forward_deal", forwards.cancel_waiting(work))


def end_deposits(work: Work) -> None:
    """Renew or end the deposits that mature by today, and tell the clients whose accounts were closed."""
    for point in time_deposits.mature(work):
        send_accounts(work, point)


def send_changed_lists(work: Work) -> None:
    """Send each client the lists of records that are not as it knows them, as when one has ended."""
    for (point,) in work.store.rows("SELECT point FROM client ORDER BY point"):
        for kind, service in _SERVICES.items():
            told = _told(work, point, kind)
            if not (told or service.announced):
                continue
            listed = _listed(work, point, kind)
            if (listed.records or listed.terms) and _digest(listed) != told:
                _send(work, point, KINDS[kind], [])


def current_list(work: Work, point: int, kind: str) -> tuple[BatchIdentity, bytes]:
    """Return the payload with a client's records of a kind, in the form of a batch of type 0; UnknownName."""
    if kind not in _SERVICES:
        raise UnknownName("kind of record", kind[:40], f"there are {', '.join(_SERVICES)}")
    identity = BatchIdentity(work.parameters.point, point, QUERY, work.day.year, 1)
    return identity, write_batch(Batch(identity, False, (), [write_records(_listed(work, point, kind))]))


def _outcome(work: Work, point: int, request: ServiceRequest, received_at: datetime) -> ServiceState | None:
    """Return what becomes of a request; None while it waits for its day."""
    service = _SERVICES[request.kind]
    try:
        if request.request == NEW:
            assert service.create is not None
            record = service.create(work, Asked(point, request.number, request.items, received_at))
            return ServiceState(request.number, DONE, record) if record else None
        found = next((one for one in service.records(work, point) if one.name == request.record), None)
        if found is None or not found.changeable:
            raise NotGranted(Why.OPERATION, f"there is no {request.record} that can be changed")
        given = {**found.items, **request.items} if request.request == CORRECTION else request.items
        act = service.change if request.request == CORRECTION else service.revoke
        assert act is not None  # the form of a request allows what its kind has
        act(work, int(request.record[2:]), {name: text for name, text in given.items() if text})
    except NotGranted as refusal:
        return ServiceState(request.number, REJECTED, request.record, refusal.code, refusal.text)
    return ServiceState(request.number, DONE, request.record)


def _answer(work: Work, kind: str, states: Sequence[tuple[int, ServiceState]]) -> None:
    """Tell clients what became of requests that waited, with the list anew."""
    for point in sorted({point for point, _ in states}):
        _send(work, point, KINDS[kind], [write_states([state for of, state in states if of == point])])


def _send(work: Work, point: int, of: ServiceKind, states: Sequence[Message]) -> None:
    """Send a client the list of a kind, after what became of its requests.

    Of what is not kept as a record only the latter, which confirms the batch that brought them (TRN-189).
    """
    if states and not of.kept:
        send(work, point, of.answered_in, states)
        return
    listed = _listed(work, point, of.name)
    send(work, point, of.told_in, [*states, write_records(listed)])
    work.store.do(
        "INSERT OR REPLACE INTO service_list VALUES ($point, $kind, $digest)",
        {"point": point, "kind": of.name, "digest": _digest(listed)},
    )


def _listed(work: Work, point: int, kind: str) -> ServiceList:
    service = _SERVICES[kind]
    return ServiceList(kind, work.at, service.records(work, point), service.terms(work, point))


def _digest(listed: ServiceList) -> str:
    return sha256(repr((listed.records, sorted(listed.terms.items()))).encode()).hexdigest()


def _told(work: Work, point: int, kind: str) -> str:
    row = work.store.row(
        "SELECT sha256 FROM service_list WHERE point = $point AND kind = $kind", {"point": point, "kind": kind}
    )
    return str(row[0]) if row else ""
