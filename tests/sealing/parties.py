"""A client (connection point 20001) and a bank (1), their keys made once for all tests, and one batch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache

from bankklient_lab.sealing.certificates import Certificate
from bankklient_lab.sealing.container import seal, sign
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.sealing.keys import Algorithm, SigningKey, new_key

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
EXPIRES = date(2027, 6, 1)
CLIENT, BANK = 20_001, 1
BATCH = BatchIdentity(CLIENT, BANK, 1, 2026, 7)
PAYLOAD = b"<Batch>orders and their messages</Batch>" * 20


@cache
def key(point: int, kind: str, algorithm: Algorithm = "rsa") -> SigningKey:
    """Return the key of a party."""
    return new_key(point=point, kind=kind, at=AT, expires_on=EXPIRES, algorithm=algorithm)


def operational() -> SigningKey:
    """Return the client's key that brings batches."""
    return key(CLIENT, "operational")


def personal() -> SigningKey:
    """Return the key of a person at the client."""
    return key(CLIENT, "personal", "ecdsa")


def banks() -> SigningKey:
    """Return the bank's key."""
    return key(BANK, "operational")


def registered(*keys: SigningKey) -> Callable[[str], Certificate | None]:
    """Return a register of the certificates of some keys."""
    return {one.certificate.fingerprint: one.certificate for one in keys}.get


def sealed(record_format: str, *, payload: bytes = PAYLOAD, identity: BatchIdentity = BATCH) -> bytes:
    """Return the container of a batch from client to bank, signed by both keys of the client."""
    digest = hashlib.sha256(payload).digest()
    return seal(
        identity,
        payload,
        [sign(identity, digest, one, AT) for one in (operational(), personal())],
        operational(),
        record_format=record_format,
        encrypt_for=banks().certificate if record_format == "06" else None,
        at=AT,
    )
