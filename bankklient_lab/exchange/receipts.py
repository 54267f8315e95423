"""The bank's receipts: signed, and about the very batch that was sent."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from bankklient_lab.errors import SealBroken
from bankklient_lab.formats.json_texts import read_json
from bankklient_lab.sealing import cms
from bankklient_lab.sealing.cms import Trust
from bankklient_lab.sealing.identity import BatchIdentity


class Receipt(NamedTuple):
    """What the bank said on receipt: `status` received, parked (`missing` comes first), refused (`error`) or void."""

    status: str
    error: str
    missing: str  # rrrrnnnn
    received_at: str  # ISO 8601
    signed: bytes  # all of it, as the bank signed it


_STATUSES = {"received", "parked", "refused", "void"}


def read_receipt(signed: bytes, identity: BatchIdentity, sha256: str, *, trust: Trust, at: datetime) -> Receipt:
    """Return what a receipt says; SealBroken unless the bank signed it and it is about this batch (sha256 "": void)."""
    content = cms.verified(signed, trust=trust, at=at).content
    try:
        said = read_json(content)
        named, digest = said["identity"], said["sha256"]
        told = {name: str(said[name]) for name in ("status", "error", "missing", "received_at")}
    except (ValueError, KeyError, TypeError):
        raise SealBroken("format", "the bank's receipt is not written as receipts are") from None
    if (named, digest) != (identity.line, sha256):
        raise SealBroken("identity", "the bank's receipt is about another batch")
    receipt = Receipt(**told, signed=signed)
    if receipt.status not in _STATUSES:
        raise SealBroken("format", f"the bank's receipt has an unknown status {receipt.status[:20]!r}")
    return receipt
