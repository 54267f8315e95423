"""Signing and encrypting by the Cryptographic Message Syntax: SignedData (RFC 5652) and AuthEnvelopedData (RFC 5083).

`cryptography` signs CMS, but neither verifies it nor encrypts with authentication; asn1crypto has the structures, and
the cryptography stays the library's. A reader here is strict: what it accepts is byte for byte what the writer here
would have made of the same content, certificate and signature, so that nothing outside the signature can be changed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from bankklient_lab.errors import BadArgument, SealBroken

if TYPE_CHECKING:
    from bankklient_lab.sealing.certificates import Certificate, PrivateKey, PublicKey
    from bankklient_lab.sealing.keys import SigningKey

Trust = Callable[[str], "Certificate | None"]  # the certificate that is registered under a fingerprint
SALT_BYTES = 32  # of RSA-PSS: as long as the digest
NONCE_BYTES, TAG_BYTES, KEY_BYTES = 12, 16, 32  # of AES-256-GCM


class Verified(NamedTuple):
    """What a signature proves: the content, who signed it (SHA-256 of the certificate) and the time that they gave."""

    content: bytes
    fingerprint: str
    signed_at: datetime


class _Signed(NamedTuple):
    """The parts of a SignedData message; `content` is None when it is detached."""

    content: bytes | None
    certificate: bytes
    digest: bytes
    signed_at: datetime
    signature: bytes


def signed(content: bytes, key: SigningKey, at: datetime, *, detached: bool = False) -> bytes:
    """Return a SignedData message (DER) with the signer's certificate and, unless detached, the content."""
    digest, at = hashlib.sha256(content).digest(), at.astimezone(UTC).replace(microsecond=0)
    signature = _signature(key.private_key, _attributes(digest, at))
    parts = _Signed(None if detached else content, key.certificate.der, digest, at, signature)
    return _signed_message(parts, key.certificate)


def verified(message: bytes, *, trust: Trust, at: datetime, content: bytes | None = None) -> Verified:
    """Return what a SignedData message proves at an instant, `content` being what a detached one is about.

    `trust` gives the registered certificate of a fingerprint, or None. Raises SealBroken with its reason and hands out
    nothing of a message that it refuses.
    """
    parts = _signed_parts(message)
    if (parts.content is None) == (content is None):
        raise SealBroken("format", "the signature stands apart from its content" if content is None else
                         "the signature should stand apart from its content")  # fmt: skip
    about = parts.content if parts.content is not None else content
    assert about is not None
    certificate = _signer(parts.certificate, trust, at)
    if not _signature_holds(certificate.public_key, parts.signature, _attributes(parts.digest, parts.signed_at)):
        raise SealBroken("signature", f"the signature is not that of the key of {_named(certificate)}")
    if hashlib.sha256(about).digest() != parts.digest:
        raise SealBroken("tampered", f"the content is not what {_named(certificate)} signed")
    if _signed_message(parts, certificate) != message:
        raise SealBroken("format", "the signed message has something that the signature does not cover")
    return Verified(about, certificate.fingerprint, parts.signed_at)


def certificate_in(message: bytes) -> bytes:
    """Return the certificate (DER) that a SignedData message brings, which nobody has vouched for."""
    return _signed_parts(message).certificate


def enveloped(content: bytes, certificate: Certificate) -> bytes:
    """Return content encrypted for the RSA key of a certificate: AuthEnvelopedData (DER), AES-256-GCM, RSA-OAEP."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    public = certificate.public_key
    if not isinstance(public, RSAPublicKey):
        raise BadArgument(f"the key of {_named(certificate)} only signs; nothing can be encrypted for it")
    key, nonce = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(NONCE_BYTES)
    box = AESGCM(key).encrypt(nonce, content, None)
    return _enveloped_message(_key_identifier(public), public.encrypt(key, _oaep()), nonce, box)


def unenveloped(message: bytes, private_key: PrivateKey) -> bytes:
    """Return what `enveloped` encrypted for a key; SealBroken "key" for another one's, "tampered", "format"."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    identifier, encrypted_key, nonce, box = _enveloped_parts(message)
    if not isinstance(private_key, RSAPrivateKey) or identifier != _key_identifier(private_key.public_key()):
        raise SealBroken("key", "this is encrypted for another key")
    if _enveloped_message(identifier, encrypted_key, nonce, box) != message:
        raise SealBroken("format", "the encrypted message has something that its tag does not cover")
    try:
        key = private_key.decrypt(encrypted_key, _oaep())
    except ValueError:
        raise SealBroken("key", "the key inside the encrypted message can't be opened") from None
    if len(key) != KEY_BYTES:
        raise SealBroken("format", "the key inside the encrypted message is of the wrong length")
    try:
        return AESGCM(key).decrypt(nonce, box, None)  # gives nothing before it has checked the tag
    except InvalidTag:
        raise SealBroken("tampered", "the encrypted content was changed") from None


def is_enveloped(message: bytes) -> bool:
    """Tell whether a message says that it is encrypted."""
    from asn1crypto import cms

    try:
        return bool(cms.ContentInfo.load(message)["content_type"].native == "authenticated_enveloped_data")
    except (ValueError, TypeError):
        return False


def _signer(der: bytes, trust: Trust, at: datetime) -> Certificate:
    """Return the registered certificate that a message names; it must be valid at the instant."""
    fingerprint = hashlib.sha256(der).hexdigest()
    certificate = trust(fingerprint)
    if certificate is None or certificate.der != der:
        raise SealBroken("signer", f"nobody is registered with the certificate {fingerprint[:16]} that signed")
    if not certificate.valid_at(at):
        raise SealBroken(
            "expired",
            f"the certificate of {_named(certificate)} is valid from {certificate.valid_from:%Y-%m-%d %H:%M}"
            f" until {certificate.valid_until:%Y-%m-%d %H:%M} UTC, not at {at.astimezone(UTC):%Y-%m-%d %H:%M}",
        )
    return certificate


def _named(certificate: Certificate) -> str:
    return f"connection point {certificate.point} ({certificate.kind} key {certificate.fingerprint[:16]})"


def _signature(private: PrivateKey, content: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(content, padding.PSS(padding.MGF1(SHA256()), SALT_BYTES), SHA256())
    return private.sign(content, ec.ECDSA(SHA256()))


def _signature_holds(public: PublicKey, signature: bytes, content: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, content, padding.PSS(padding.MGF1(SHA256()), SALT_BYTES), SHA256())
        else:
            public.verify(signature, content, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _oaep() -> Any:
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    return padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)


def _key_identifier(public: PublicKey) -> bytes:
    from cryptography.x509 import SubjectKeyIdentifier

    return SubjectKeyIdentifier.from_public_key(public).digest


def _attributes(digest: bytes, at: datetime) -> bytes:
    """Return the signed attributes in the form that is signed (RFC 5652, 5.4: a SET, not the tagged field)."""
    return _set(_attribute_fields(digest, at))


@lru_cache(maxsize=8)  # a message needs them twice: as what is signed, and as its field
def _attribute_fields(digest: bytes, at: datetime) -> bytes:
    from asn1crypto import cms

    time = {"utc_time": at} if at.year < 2050 else {"generalized_time": at}  # as RFC 5652, 11.3 demands
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["data"]},
            {"type": "signing_time", "values": [cms.Time(*time.popitem())]},
            {"type": "message_digest", "values": [digest]},
        ]
    )
    return bytes(attributes.contents)


_MGF1 = {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}}


class _OfSigner(NamedTuple):
    """What is the same in every message of a signer, encoded."""

    identifier: bytes
    signature_algorithm: bytes


@lru_cache(maxsize=256)
def _of_signer(der: bytes) -> _OfSigner:
    from asn1crypto import cms, x509

    named = x509.Certificate.load(der)
    number = {"issuer": named.issuer, "serial_number": named.serial_number}
    algorithm: dict[str, object] = {"algorithm": "sha256_ecdsa"}
    if named.public_key.algorithm == "rsa":
        pss = {"hash_algorithm": {"algorithm": "sha256"}, "mask_gen_algorithm": _MGF1, "salt_length": SALT_BYTES}
        algorithm = {"algorithm": "rsassa_pss", "parameters": pss}
    return _OfSigner(
        cms.SignerIdentifier("issuer_and_serial_number", number).dump(), cms.SignedDigestAlgorithm(algorithm).dump()
    )


@cache
def _of_all() -> tuple[bytes, bytes, bytes, bytes]:
    """Return what is the same in every message, encoded: version, digest algorithm, types of content and message."""
    from asn1crypto import cms

    return (
        cms.CMSVersion("v1").dump(), cms.DigestAlgorithm({"algorithm": "sha256"}).dump(),
        cms.ContentType("data").dump(), cms.ContentType("signed_data").dump(),
    )  # fmt: skip


def _signed_message(parts: _Signed, certificate: Certificate) -> bytes:
    """Return the message, put together of its encoded fields: as one object it takes thirty times as long."""
    signer, (version, sha256, data, signed_data) = _of_signer(certificate.der), _of_all()
    attributes = _attribute_fields(parts.digest, parts.signed_at)
    info = _sequence(
        version, signer.identifier, sha256, _field(0, attributes), signer.signature_algorithm, _octets(parts.signature)
    )
    encapsulated = _sequence(data) if parts.content is None else _sequence(data, _field(0, _octets(parts.content)))
    body = _sequence(version, _set(sha256), encapsulated, _field(0, certificate.der), _set(info))
    return _sequence(signed_data, _field(0, body))


def _signed_parts(message: bytes) -> _Signed:
    from asn1crypto import cms

    try:
        body = _body(cms.ContentInfo.load(message, strict=True), "signed_data")
        (signer,), (certificate,) = body["signer_infos"], body["certificates"]
        encapsulated = body["encap_content_info"]["content"]
        attributes = {one["type"].native: one["values"][0].native for one in signer["signed_attrs"]}
        return _Signed(
            content=None if encapsulated.native is None else encapsulated.native,
            certificate=certificate.dump(),
            digest=bytes(attributes["message_digest"]),
            signed_at=attributes["signing_time"].astimezone(UTC),
            signature=signer["signature"].native,
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        raise SealBroken("format", "this is no signed message (CMS SignedData) of one signer") from None


def _sequence(*fields: bytes) -> bytes:
    return _encoded(0, 1, 16, b"".join(fields))


def _set(member: bytes) -> bytes:
    return _encoded(0, 1, 17, member)


def _field(number: int, contents: bytes) -> bytes:
    """Return a field with a context tag."""
    return _encoded(2, 1, number, contents)


def _octets(content: bytes) -> bytes:
    return _encoded(0, 0, 4, content)


def _encoded(kind: int, method: int, tag: int, contents: bytes) -> bytes:
    from asn1crypto.parser import emit

    return bytes(emit(kind, method, tag, contents))


def _enveloped_message(identifier: bytes, encrypted_key: bytes, nonce: bytes, box: bytes) -> bytes:
    from asn1crypto import algos, cms

    from bankklient_lab.sealing.structures import GcmParameters

    oaep = {"hash_algorithm": {"algorithm": "sha256"}, "mask_gen_algorithm": _MGF1}
    recipient = {
        "version": "v2",
        "rid": cms.RecipientIdentifier("subject_key_identifier", identifier),
        "key_encryption_algorithm": {"algorithm": "rsaes_oaep", "parameters": oaep},
        "encrypted_key": encrypted_key,
    }
    parameters = GcmParameters({"nonce": nonce, "tag_bytes": TAG_BYTES})
    gcm = algos.EncryptionAlgorithm({"algorithm": "aes256_gcm", "parameters": parameters})
    body = {
        "version": "v0",
        "recipient_infos": [cms.RecipientInfo("ktri", recipient)],
        "auth_encrypted_content_info": {
            "content_type": "data",
            "content_encryption_algorithm": gcm,
            "encrypted_content": box[:-TAG_BYTES],
        },
        "mac": box[-TAG_BYTES:],
    }
    kind = "authenticated_enveloped_data"
    return bytes(cms.ContentInfo({"content_type": kind, "content": cms.AuthEnvelopedData(body)}).dump())


def _enveloped_parts(message: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Return key identifier, encrypted key, nonce, and ciphertext with tag."""
    from asn1crypto import cms

    try:
        body = _body(cms.ContentInfo.load(message, strict=True), "authenticated_enveloped_data")
        (recipient,) = body["recipient_infos"]
        encrypted = body["auth_encrypted_content_info"]
        nonce = bytes(encrypted["content_encryption_algorithm"]["parameters"].native["0"])
        return (
            bytes(recipient.chosen["rid"].chosen.native),
            bytes(recipient.chosen["encrypted_key"].native),
            nonce,
            bytes(encrypted["encrypted_content"].native) + bytes(body["mac"].native),
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        raise SealBroken("format", "this is no encrypted message (CMS AuthEnvelopedData) for one key") from None


def _body(message: Any, kind: str) -> Any:
    if message["content_type"].native != kind:
        raise ValueError(kind)
    return message["content"]
