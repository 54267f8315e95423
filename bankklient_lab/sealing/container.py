"""The container of a batch: what one connection point hands to another, each layer a message that stock tools open.

    outer SignedData of the transmission key
      AuthEnvelopedData for the recipient's key        record format 06
        zlib                                           record formats 02 and 06
          package (DER): version 1, identity, record format, signatures, payload

A signature is a detached SignedData over `sender|recipient|type|rrrrnnnn|SHA-256 of the payload`: who wants the batch.
The outer signature says who brings it.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from bankklient_lab.errors import BadArgument, SealBroken
from bankklient_lab.sealing import cms
from bankklient_lab.sealing.cms import Trust
from bankklient_lab.sealing.identity import RECORD_FORMATS, BatchIdentity, read_line

if TYPE_CHECKING:
    from bankklient_lab.sealing.certificates import Certificate, PrivateKey
    from bankklient_lab.sealing.keys import SigningKey

OPEN, PACKED, ENCRYPTED = RECORD_FORMATS
_LEVEL = 6  # of zlib
_VERSION = 1  # of the package


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a container; each refusal names the one that it hit."""

    container_bytes: int = 64 * 1024**2
    payload_bytes: int = 256 * 1024**2
    signatures: int = 20
    signature_bytes: int = 32 * 1024


LIMITS = Limits()


def agreed_format(*, encrypted: bool) -> str:
    """Return the record format of batches between a client and its bank, who agree whether they are encrypted."""
    return ENCRYPTED if encrypted else PACKED


class Opened(NamedTuple):
    """A container whose every part was checked; `signers` and `sent_by` are fingerprints of certificates."""

    identity: BatchIdentity
    payload: bytes
    signers: list[str]
    sent_by: str
    record_format: str


class _Package(NamedTuple):
    identity: str
    record_format: str
    signatures: list[bytes]
    payload: bytes


def sign(identity: BatchIdentity, payload_sha256: bytes, key: SigningKey, at: datetime) -> bytes:
    """Return the detached signature of a batch: its identity and the SHA-256 (32 bytes) of its payload."""
    if key.certificate.point != identity.sender:
        raise BadArgument(f"a batch of point {identity.sender} can't be signed by point {key.certificate.point}")
    return cms.signed(_signed_text(identity, payload_sha256), key, at, detached=True)


def check_signature(
    signature: bytes, identity: BatchIdentity, payload_sha256: bytes, *, trust: Trust, at: datetime
) -> str:
    """Return the fingerprint of who signed a batch by `sign`; SealBroken, with "signer" for another point's key."""
    proof = cms.verified(signature, trust=trust, at=at, content=_signed_text(identity, payload_sha256))
    _check_point(proof.fingerprint, trust, identity)
    return proof.fingerprint


def seal(
    identity: BatchIdentity,
    payload: bytes,
    signatures: Sequence[bytes],
    key: SigningKey,
    *,
    record_format: str,
    encrypt_for: Certificate | None = None,
    at: datetime,
) -> bytes:
    """Return the container of a payload, brought by `key`.

    `encrypt_for` is given for record format 06 alone, and is a certificate of the recipient. BadArgument for what
    would be refused when it is opened.
    """
    if record_format not in RECORD_FORMATS:
        raise BadArgument(f"unknown record format {record_format!r}; there are {', '.join(RECORD_FORMATS)}")
    if (record_format == ENCRYPTED) != (encrypt_for is not None):
        raise BadArgument(f"a certificate to encrypt for goes with record format {ENCRYPTED}, and with no other")
    if key.certificate.point != identity.sender:
        raise BadArgument(f"a batch of point {identity.sender} can't be brought by point {key.certificate.point}")
    if encrypt_for is not None and encrypt_for.point != identity.recipient:
        raise BadArgument(f"a batch for point {identity.recipient} can't be encrypted for point {encrypt_for.point}")
    if len(payload) > LIMITS.payload_bytes:
        raise BadArgument(f"a payload has at most {LIMITS.payload_bytes} bytes, not {len(payload)}")
    if len(signatures) > LIMITS.signatures:
        raise BadArgument(f"a container has at most {LIMITS.signatures} signatures, not {len(signatures)}")
    content = _packaged(_Package(identity.line, record_format, list(signatures), payload))
    if record_format != OPEN:
        content = zlib.compress(content, _LEVEL)
    if encrypt_for is not None:
        content = cms.enveloped(content, encrypt_for)
    container = cms.signed(content, key, at)
    if len(container) > LIMITS.container_bytes:
        raise BadArgument(f"a container has at most {LIMITS.container_bytes} bytes, not {len(container)}")
    return container


def opened(container: bytes, *, trust: Trust, decrypt_with: PrivateKey | None, at: datetime) -> Opened:
    """Return what is in a container, after every signature in it was judged as of the instant `at`.

    `trust` gives the registered certificate of a fingerprint, or None. That the identity is the expected one, and its
    recipient oneself, is for the caller to see. Raises SealBroken with its reason; nothing is handed out before.
    """
    if len(container) > LIMITS.container_bytes:
        raise SealBroken("format", f"a container has at most {LIMITS.container_bytes} bytes, not {len(container)}")
    brought = cms.verified(container, trust=trust, at=at)
    package = _unpacked(brought.content, decrypt_with)
    try:
        identity = read_line(package.identity)
    except BadArgument as error:
        raise SealBroken("identity", error.message) from None
    _check_point(brought.fingerprint, trust, identity)
    digest = hashlib.sha256(package.payload).digest()
    signers = [check_signature(one, identity, digest, trust=trust, at=at) for one in package.signatures]
    if len(set(signers)) < len(signers):
        raise SealBroken("signature", "the batch is signed twice by one key")
    return Opened(identity, package.payload, signers, brought.fingerprint, package.record_format)


def _signed_text(identity: BatchIdentity, payload_sha256: bytes) -> bytes:
    if len(payload_sha256) != hashlib.sha256().digest_size:
        raise BadArgument("a batch is signed over a SHA-256 of 32 bytes")
    return f"{identity.line}|{payload_sha256.hex()}".encode("ascii")


def _check_point(fingerprint: str, trust: Trust, identity: BatchIdentity) -> None:
    certificate = trust(fingerprint)
    if certificate is None or certificate.point != identity.sender:
        raise SealBroken("signer", f"who signed is not connection point {identity.sender}, which sends the batch")


_SEQUENCE = b"\x30"  # the first byte of a DER package; zlib begins with another


def _unpacked(content: bytes, decrypt_with: PrivateKey | None) -> _Package:
    """Return the package within the outer signature; it must name the layers that were there."""
    if cms.is_enveloped(content):
        if decrypt_with is None:
            raise SealBroken("key", "the batch is encrypted, and there is no key to open it")
        found, content = ENCRYPTED, _inflated(cms.unenveloped(content, decrypt_with))
    elif content.startswith(_SEQUENCE):
        found = OPEN
    else:
        found, content = PACKED, _inflated(content)
    package = _package(content)
    if package.record_format != found:
        raise SealBroken("format", f"the batch says record format {package.record_format[:2]} and has {found}")
    return package


def _inflated(content: bytes) -> bytes:
    most = LIMITS.payload_bytes + LIMITS.signatures * LIMITS.signature_bytes
    unpacking = zlib.decompressobj()
    try:
        plain = unpacking.decompress(content, most + 1)
    except zlib.error:
        raise SealBroken("format", "the packed content can't be unpacked") from None
    if len(plain) > most:
        raise SealBroken("format", f"the packed content unpacks to more than {most} bytes")
    if not unpacking.eof or unpacking.unused_data:
        raise SealBroken("format", "the packed content is cut off or goes on after its end")
    return plain


def _packaged(package: _Package) -> bytes:
    from bankklient_lab.sealing.structures import Package

    return bytes(Package({"version": _VERSION, **package._asdict()}).dump())


def _package(content: bytes) -> _Package:
    from bankklient_lab.sealing.structures import Package

    try:
        found = Package.load(content, strict=True)
        version = found["version"].native
        package = _Package(
            identity=found["identity"].native,
            record_format=found["record_format"].native,
            signatures=[one.native for one in found["signatures"]],
            payload=found["payload"].native,
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise SealBroken("format", "what is in the container is no package of a batch") from None
    if version != _VERSION:
        raise SealBroken("format", f"the package is of version {version}; this reads version {_VERSION}")
    if len(package.payload) > LIMITS.payload_bytes:
        raise SealBroken("format", f"a payload has at most {LIMITS.payload_bytes} bytes, not {len(package.payload)}")
    if len(package.signatures) > LIMITS.signatures:
        raise SealBroken("format", f"a container has at most {LIMITS.signatures} signatures")
    if any(len(one) > LIMITS.signature_bytes for one in package.signatures):
        raise SealBroken("format", f"a signature has at most {LIMITS.signature_bytes} bytes")
    if _packaged(package) != content:
        raise SealBroken("format", "the package is not written as ours are")
    return package
