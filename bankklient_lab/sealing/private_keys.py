"""Private keys kept under a password: PKCS#8 sealed by AES-256-GCM under a key that Argon2id (RFC 9106) makes of it.

The library's own protected PKCS#8 makes its key in 2,048 rounds of PBKDF2, which is too few. What is kept is
MARK, salt (16), nonce (12), sealed PKCS#8 with its tag; the certificate is bound in as additional data, so that a
sealed key fits no other certificate's row.
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
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    plain = key.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    box = AESGCM(_derived(password, salt)).encrypt(nonce, plain, MARK + key.certificate.der)
    return MARK + salt + nonce + box


def opened_key(sealed: bytes, password: str, certificate: Certificate) -> SigningKey:
    """Return the key; SealBroken "key" for a wrong password or another certificate, "format" for other bytes."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    start = len(MARK)
    if not sealed.startswith(MARK) or len(sealed) <= start + SALT_BYTES + NONCE_BYTES:
        raise SealBroken("format", "this is no sealed private key")
    salt = sealed[start : start + SALT_BYTES]
    nonce = sealed[start + SALT_BYTES : start + SALT_BYTES + NONCE_BYTES]
    box = sealed[start + SALT_BYTES + NONCE_BYTES :]
    try:
        plain = AESGCM(_derived(password, salt)).decrypt(nonce, box, MARK + certificate.der)
    except InvalidTag:
        raise SealBroken("key", "the password does not open this key") from None
    private: PrivateKey = load_der_private_key(plain, None)  # type: ignore[assignment]  # what `sealed_key` put in
    return SigningKey(private, certificate)


def _derived(password: str, salt: bytes) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    with _AT_ONCE:
        return hash_secret_raw(
            password.encode(), salt, time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=KEY_BYTES,
            type=Type.ID,
        )  # fmt: skip
