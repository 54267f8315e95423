"""A new key announced to the other party: its certificate, signed by the key that it replaces and by itself.

The old key says that the change is wanted, the new one that whoever asks for it has it. The content is JSON, since no
standard covers it:

    {"format": "bankklient key change", "version": 1, "key_order": "20260002", "replaces": fingerprint,
     "certificate": base64, "signatures": [of the old key, of the new key] as base64}
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any, NamedTuple

from bankklient_lab.errors import BadArgument, FormatError, SealBroken
from bankklient_lab.sealing import cms
from bankklient_lab.sealing.certificates import Certificate, read_certificate
from bankklient_lab.sealing.cms import Trust
from bankklient_lab.sealing.keys import SigningKey

BYTES_MAX = 128 * 1024
_HEAD = {"format": "bankklient key change", "version": 1}
_NAMES = {*_HEAD, "key_order", "replaces", "certificate", "signatures"}


class KeyChange(NamedTuple):
    """A key change whose signatures hold: the new certificate, its order rrrrnnnn, and the one that it replaces."""

    certificate: Certificate
    key_order: str
    replaces: str  # a fingerprint


def key_change(new: SigningKey, previous: SigningKey, key_order: str, at: datetime) -> bytes:
    """Return the announcement of a new key; BadArgument when the keys are of two connection points."""
    if new.certificate.point != previous.certificate.point:
        raise BadArgument("a key is replaced by one of the same connection point")
    text = _signed_text(new.certificate, previous.certificate.fingerprint, key_order)
    signatures = [cms.signed(text, one, at, detached=True) for one in (previous, new)]
    told = _HEAD | {
        "key_order": key_order,
        "replaces": previous.certificate.fingerprint,
        "certificate": b64encode(new.certificate.der).decode(),
        "signatures": [b64encode(one).decode() for one in signatures],
    }
    return json.dumps(told, indent=1).encode("ascii")


def read_key_change(content: bytes, *, trust: Trust, at: datetime) -> KeyChange:
    """Return the change that `key_change` announced.

    `trust` gives the registered certificate of a fingerprint, or None; it need not know the new one. SealBroken unless
    the key that is replaced is registered and both signatures hold.
    """
    told = _told(content)
    try:
        certificate = read_certificate(b64decode(told["certificate"]))
        signatures = [b64decode(one) for one in told["signatures"]]
    except (ValueError, FormatError):
        raise SealBroken("format", "the announcement of a new key can't be read") from None
    text = _signed_text(certificate, told["replaces"], told["key_order"])
    by_old = cms.verified(signatures[0], trust=trust, at=at, content=text)
    if by_old.fingerprint != told["replaces"]:
        raise SealBroken("signer", "the new key is not signed by the key that it replaces")
    replaced = trust(by_old.fingerprint)
    if replaced is None or replaced.point != certificate.point:
        raise SealBroken("signer", "the new key is of another connection point than the key that it replaces")
    itself = {certificate.fingerprint: certificate}.get
    cms.verified(signatures[1], trust=itself, at=at, content=text)
    return KeyChange(certificate, told["key_order"], told["replaces"])


def announced_certificate(content: bytes) -> Certificate:
    """Return the certificate that an announcement of our own brings, its signatures not looked at."""
    return read_certificate(b64decode(_told(content)["certificate"]))


def _signed_text(certificate: Certificate, replaces: str, key_order: str) -> bytes:
    return f"bankklient key change 1\norder={key_order}\nnew={certificate.fingerprint}\nreplaces={replaces}\n".encode()


def _told(content: bytes) -> dict[str, Any]:
    """Return the parts of an announcement, each of its type."""
    try:
        told: Any = json.loads(content) if len(content) <= BYTES_MAX else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.keys() != _NAMES or any(told[name] != _HEAD[name] for name in _HEAD):
        raise SealBroken("format", "this is no announcement of a new key")
    signatures = told["signatures"]
    texts = [told["key_order"], told["replaces"], told["certificate"], *(signatures if _two(signatures) else [None])]
    if not all(isinstance(one, str) and one.isascii() for one in texts):
        raise SealBroken("format", "the announcement of a new key lacks something")
    return told


def _two(signatures: object) -> bool:
    return isinstance(signatures, list) and len(signatures) == 2
