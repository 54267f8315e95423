"""A batch on its way into the bank: new or seen before, in its turn or parked, at once or in the queue."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from bankklient_lab.bank import contracts
from bankklient_lab.bank.processing import content_of, process_ready, ready_at
from bankklient_lab.bank.receipt import NUMBER, Receipt, known_payload, next_number, number_of, record, same_again
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.errors import FormatError, LabError, Refused
from bankklient_lab.sealing.configuration import read_backup
from bankklient_lab.sealing.container import Opened
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.sealing.key_change import read_key_change
from bankklient_lab.sealing.keys import SigningKey

FIRST_KIND = "operational"  # of a client's keys, announced by the one-time key of its configuration


def take(work: Work, found: Opened, key: SigningKey) -> Receipt:
    """Take a batch in and process what is ready; Refused leaves everything as it was."""
    identity, payload = found.identity, found.payload
    before = same_again(work, identity, sha256(payload).hexdigest())
    if before is not None:
        return before
    _check_keys(work, found)
    effect = _AT_ONCE.get(identity.batch_type)
    if effect is not None:
        return _take_at_once(work, identity, payload, key, effect)
    needed = contracts.signers_needed(work, identity.sender)
    if contracts.signing_keys(work, found.signers) < needed:
        raise Refused(f"the batch needs {needed} signatures and has {len(found.signers)}", reason="signers")
    if identity.number > next_number(work, identity):
        return record(work, identity, payload, "parked", key)
    receipt = _admit(work, identity, payload, key)
    _unpark(work, identity)
    process_ready(work)
    return receipt


def void(work: Work, found: Opened, key: SigningKey) -> Receipt:
    """Record that a number is given up, which an empty payload says."""
    identity = found.identity
    if found.payload:
        raise Refused("a number is given up by an empty batch", reason="content")
    before = same_again(work, identity, None)
    if before is not None:
        return before
    _check_keys(work, found)
    first = identity._replace(number=next_number(work, identity))
    if identity.number > first.number:
        raise Refused(f"number {first.order} of the type is missing before it", reason="missing", order=first.order)
    receipt = record(work, identity, None, "void", key)
    _unpark(work, identity)
    process_ready(work)
    return receipt


def _check_keys(work: Work, found: Opened) -> None:
    """Refuse what a key brings or signs anew that a newer one replaced, and what a one-time key is not for."""
    keys = [found.sent_by, *found.signers]
    if contracts.is_replaced(work, keys):
        raise Refused("the key was replaced by a newer one, which brings and signs batches since then", reason="key")
    if found.identity.batch_type != BatchType.PUBLIC_KEY and contracts.is_one_time(work, keys):
        raise Refused("the key of a configuration only announces the client's first key", reason="key")


def _take_at_once(work: Work, identity: BatchIdentity, payload: bytes, key: SigningKey, effect: Effect) -> Receipt:
    """Take over what is no order: at once and in its turn, or not at all."""
    first = identity._replace(number=next_number(work, identity))
    if identity.number > first.number:
        raise Refused(f"number {first.order} of the type is missing before it", reason="missing", order=first.order)
    try:
        effect(work, identity, payload)
    except LabError as error:
        return record(work, identity, payload, "refused", key, error=error.message)
    receipt = record(work, identity, payload, "received", key)
    _set(work, identity, state="processed", error="", ready_at=None)
    return receipt


def _take_key(work: Work, _identity: BatchIdentity, payload: bytes) -> None:
    """Take a new key over, which is signed by the one that it replaces."""
    change = read_key_change(payload, trust=lambda one: contracts.certificate(work, one), at=work.at)
    if contracts.is_replaced(work, [change.replaces]):
        raise Refused("the key was replaced already")
    if contracts.is_one_time(work, [change.replaces]) and change.certificate.kind != FIRST_KIND:
        raise Refused(f"the first key of a client is of kind {FIRST_KIND}, not {change.certificate.kind}")
    contracts.replace_key(work, change)


def _take_backup(_work: Work, identity: BatchIdentity, payload: bytes) -> None:
    """See that a remote backup can be read; the last one that was received is what counts."""
    if read_backup(payload).batch != identity.line:
        raise FormatError("the remote backup is of another batch")


Effect = Callable[[Work, BatchIdentity, bytes], None]
_AT_ONCE: dict[int, Effect] = {BatchType.PUBLIC_KEY: _take_key, BatchType.REMOTE_BACKUP: _take_backup}


def _admit(work: Work, identity: BatchIdentity, payload: bytes, key: SigningKey) -> Receipt:
    try:
        content = content_of(work, identity, payload)
    except FormatError as error:
        return record(work, identity, payload, "refused", key, error=error.message)
    receipt = record(work, identity, payload, "received", key)
    _set(work, identity, state="waiting", error="", ready_at=ready_at(work, content.batch))
    return receipt


def _unpark(work: Work, identity: BatchIdentity) -> None:
    """Let parked batches in whose turn has come."""
    while True:
        identity = identity._replace(number=next_number(work, identity))
        found = known_payload(work, identity)
        if found is None:
            return
        try:
            content = content_of(work, identity, found)
        except FormatError as error:
            _set(work, identity, state="refused", error=error.message, ready_at=None)
        else:
            _set(work, identity, state="waiting", error="", ready_at=ready_at(work, content.batch))


def _set(work: Work, identity: BatchIdentity, **values: object) -> None:
    work.store.do(
        f"UPDATE received SET state = $state, error = $error, ready_at = $ready_at WHERE {NUMBER}",  # noqa: S608
        {**number_of(identity), **values},
    )
