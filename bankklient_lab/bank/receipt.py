"""Taking batches in: numbers without gaps, nothing twice, and the same receipt however often a batch comes."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256
from typing import Literal, NamedTuple

from bankklient_lab.bank.work import Work
from bankklient_lab.errors import Refused
from bankklient_lab.sealing.cms import signed
from bankklient_lab.sealing.identity import BatchIdentity, read_line
from bankklient_lab.sealing.keys import SigningKey

Status = Literal["received", "parked", "refused", "void"]


class Receipt(NamedTuple):
    """What the bank says on receipt of a batch; `signed` is CMS SignedData of the bank's key over the same as JSON.

    `status`: "received" (it will be processed, or has been), "parked" (an earlier number is missing: `missing`),
    "refused" (its content can't be processed: `error`) or "void" (the number was given up).
    """

    identity: BatchIdentity
    sha256: str
    status: Status
    error: str
    missing: str  # rrrrnnnn of the first number that is missing
    received_at: datetime
    signed: bytes


class Known(NamedTuple):
    """What the bank knows of a number: `state` as in the table received."""

    sha256: str | None
    state: str
    error: str
    receipt: Receipt


_SERIES = "sender = $sender AND batch_type = $batch_type AND year = $year"
NUMBER = f"{_SERIES} AND number = $number"


def number_of(identity: BatchIdentity) -> dict[str, object]:
    """Return the parameters of NUMBER."""
    return _series(identity) | {"number": identity.number}


def known_payload(work: Work, identity: BatchIdentity) -> bytes | None:
    """Return the payload that came under a number, None when none did."""
    row = work.store.row(f"SELECT payload FROM received WHERE {NUMBER}", number_of(identity))  # noqa: S608
    return row[0] if row else None


def known(work: Work, identity: BatchIdentity) -> Known | None:
    """Return what the bank has under a number, None when it has nothing."""
    row = work.store.row(
        f"SELECT sha256, state, error, receipt, signed_receipt FROM received WHERE {NUMBER}",  # noqa: S608
        number_of(identity),
    )
    return Known(row[0], row[1], row[2], _read(row[3], row[4])) if row else None


def same_again(work: Work, identity: BatchIdentity, digest: str | None) -> Receipt | None:
    """Return the receipt that was given for the same batch before, None for a new one.

    `digest` is None for a number that is voided. Refused when the number has another content, or the content another
    number.
    """
    here = known(work, identity)
    if here is not None:
        if here.sha256 == digest:
            return here.receipt
        has = "was given up" if here.sha256 is None else "is another batch's"
        raise Refused(
            f"number {identity.order} of type {identity.batch_type} {has}", reason="number", sha256=here.sha256 or ""
        )
    elsewhere = work.store.row(
        "SELECT batch_type, year, number FROM received WHERE sender = $sender AND sha256 = $digest",
        {"sender": identity.sender, "digest": digest},
    )
    if elsewhere:
        batch_type, year, number = elsewhere
        order = f"{year}{number:04d}"
        raise Refused(f"the same batch came as number {order} of type {batch_type}", reason="content", order=order)
    return None


def next_number(work: Work, identity: BatchIdentity) -> int:
    """Return the number that the next batch of this sender, type and year must have."""
    row = work.store.row(
        f"SELECT coalesce(max(number), 0) + 1 FROM received WHERE {_SERIES} AND state <> 'parked'",  # noqa: S608
        _series(identity),
    )
    assert row is not None
    return int(row[0])


def record(
    work: Work, identity: BatchIdentity, payload: bytes | None, status: Status, key: SigningKey, *, error: str = ""
) -> Receipt:
    """Store a batch that was taken in (None: its number is given up), and return the receipt."""
    digest = None if payload is None else sha256(payload).hexdigest()
    first = next_number(work, identity)
    missing = identity._replace(number=first).order if status == "parked" else ""
    text = _text(Receipt(identity, digest or "", status, error, missing, work.at, b""))
    content = signed(text.encode(), key, work.at)
    work.store.do(
        "INSERT INTO received VALUES ($sender, $batch_type, $year, $number, $digest, $state, $error, $payload, $at,"
        " NULL, $receipt, $signed)",
        number_of(identity)
        | {
            "digest": digest,
            "state": "waiting" if status == "received" else status,
            "error": error,
            "payload": payload,
            "at": work.at,
            "receipt": text,
            "signed": content,
        },
    )
    return _read(text, content)


def _text(receipt: Receipt) -> str:
    parts = receipt._asdict() | {
        "identity": receipt.identity.line,
        "received_at": receipt.received_at.isoformat(timespec="microseconds"),
    }
    del parts["signed"]
    return json.dumps(parts, sort_keys=True, ensure_ascii=False)


def _read(text: str, content: bytes) -> Receipt:
    found = json.loads(text)
    return Receipt(
        read_line(found["identity"]), found["sha256"], found["status"], found["error"], found["missing"],
        datetime.fromisoformat(found["received_at"]), content,
    )  # fmt: skip


def _series(identity: BatchIdentity) -> dict[str, object]:
    return {"sender": identity.sender, "batch_type": identity.batch_type, "year": identity.year}
