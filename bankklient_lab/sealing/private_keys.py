"""Private keys kept under a password: sealed by AES-256-GCM under a key that Argon2id (RFC 9106) makes of it.

The library's own protected PKCS#8 makes its key in 2,048 rounds of PBKDF2, which is too few. What is kept is
MARK, cost (rounds, KiB of memory, lanes), salt (16), nonce (12), the sealed key with its tag. The certificate or public
key that it belongs to is bound in as additional data, so that a sealed key fits no other row. The cost is kept, so that
a later one opens what an earlier one sealed.
"""

from __future__ import annotations

import secrets
import struct
import threading
from typing import TYPE_CHECKING

from bankklient_lab.errors import SealBroken
from bankklient_lab.sealing.keys import SigningKey

if TYPE_CHECKING:
    from bankklient_lab.sealing.certificates import Certificate, PrivateKey

MARK = b"BKKEY\x01"
ROUNDS, MEMORY_KIB, LANES = 3, 64 * 1024, 4  # of Argon2id, as RFC 9106 recommends second
COST = struct.Struct(">BIB")
COST_MAX = (16, 1024 * 1024, 16)  # more is not from here, and would stop the machine that tries it
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
    # What `sealed_key` put in comes out or nothing does: to test the primes again would cost as much as the password.
    private: PrivateKey = load_der_private_key(plain, None, unsafe_skip_rsa_key_validation=True)  # type: ignore[assignment]
    return SigningKey(private, certificate)


def sealed(plain: bytes, password: str, about: bytes) -> bytes:
    """Return a secret sealed by a password; `about` is what it belongs to, and opens it with it alone."""
    cost, salt = (ROUNDS, MEMORY_KIB, LANES), secrets.token_bytes(SALT_BYTES)
    head = MARK + COST.pack(*cost)
    return head + salt + boxed(plain, _derived(password, salt, cost), head + about)


def opened(kept: bytes, password: str, about: bytes) -> bytes:
    """Return the secret; SealBroken "key" for a wrong password or `about`, "format" for other bytes."""
    head, start = len(MARK) + COST.size, len(MARK) + COST.size + SALT_BYTES
    if not kept.startswith(MARK) or len(kept) <= start + NONCE_BYTES:
        raise SealBroken("format", "this is no sealed private key")
    rounds, memory_kib, lanes = cost = COST.unpack_from(kept, len(MARK))
    if not (1 <= rounds <= COST_MAX[0] and 1 <= lanes <= COST_MAX[2] and 8 * lanes <= memory_kib <= COST_MAX[1]):
        raise SealBroken("format", "this is no sealed private key: nobody seals at that cost")
    return unboxed(kept[start:], _derived(password, kept[head:start], cost), kept[:head] + about)


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


def _derived(password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    rounds, memory_kib, lanes = cost
    with _AT_ONCE:
        return hash_secret_raw(
            password.encode(), salt, time_cost=rounds, memory_cost=memory_kib, parallelism=lanes, hash_len=KEY_BYTES,
            type=Type.ID,
        )  # fmt: skip
