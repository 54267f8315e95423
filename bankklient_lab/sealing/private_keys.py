"""Private keys kept under a password: sealed by AES-256-GCM under a key that Argon2id (RFC 9106) makes of it.

The library's own protected PKCS#8 makes its key in 2,048 rounds of PBKDF2, which is too few. What is kept is
MARK, salt (16), nonce (12), the sealed key with its tag. The certificate or public key that it belongs to is bound in
as additional data, so that a sealed key fits no other row.
"""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING

from bankklient_lab.errors import SealBroken
from bankklient_lab.sealing.keys import SigningKey

if TYPE_CHECKING:
    from bankklient_lab.sealing.certificates import Certificate, PrivateKey

MARK = b"BKKEY\x01"
ROUNDS, MEMORY_KIB, LANES = 3, 64 * 1024, 4  # of Argon2id, as RFC 9106 recommends second
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
_AT_ONCE = threading.BoundedSemaphore(2)  # each takes 64 MiB


def sealed_key(key: SigningKey, password: str) -> bytes:
    """Return the private key of a certificate sealed by a password."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    plain = key.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return sealed(plain, password, key.certificate.der)


def opened_key(kept: bytes, password: str, certificate: Certificate) -> SigningKey:
    """Return the key; SealBroken "key" for a wrong password or another certificate, "format" for other bytes."""
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    plain = opened(kept, password, certificate.der)
    private: PrivateKey = load_der_private_key(plain, None)  # type: ignore[assignment]  # what `sealed_key` put in
    return SigningKey(private, certificate)


def sealed(plain: bytes, password: str, about: bytes) -> bytes:
    """Return a secret sealed by a password; `about` is what it belongs to, and opens it with it alone."""
    salt = secrets.token_bytes(SALT_BYTES)
    return MARK + salt + boxed(plain, _derived(password, salt), MARK + about)


def opened(kept: bytes, password: str, about: bytes) -> bytes:
    """Return the secret; SealBroken "key" for a wrong password or `about`, "format" for other bytes."""
    start = len(MARK) + SALT_BYTES
    if not kept.startswith(MARK) or len(kept) <= start + NONCE_BYTES:
        raise SealBroken("format", "this is no sealed private key")
    return unboxed(kept[start:], _derived(password, kept[len(MARK) : start]), MARK + about)


def boxed(plain: bytes, key: bytes, about: bytes) -> bytes:
    """Return a secret under a key of 32 bytes (AES-256-GCM): nonce, then what is sealed with its tag."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, about)


def unboxed(box: bytes, key: bytes, about: bytes) -> bytes:
    """Return the secret; SealBroken "key" for another key, another `about` or changed bytes."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], about)
    except InvalidTag:
        raise SealBroken("key", "the password does not open this key") from None


def _derived(password: str, salt: bytes) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    with _AT_ONCE:
        return hash_secret_raw(
            password.encode(), salt, time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=KEY_BYTES,
            type=Type.ID,
        )  # fmt: skip
