"""Signatures of confirmations by signing keys, which are the users' own (Ed25519, RFC 8032).

A private key is kept sealed by a password that only the user knows (sealing.private_keys). What is signed names the
order, its version and the SHA-256 of its canonical text (orders.content), so that a signature fits no other order, no
other confirmation and no other content.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import Refused, SealBroken
from bankklient_lab.keys.tries import count_try, forget_tries
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.steps import Signer
from bankklient_lab.rights.passwords import check_strength
from bankklient_lab.rights.settings import read_setting
from bankklient_lab.sealing.private_keys import opened, sealed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CONFIRMS = "70|71|110|111|130|131"


@action(CONFIRMS, proof=True, personal=True)
def create_personal_key(lab: Lab, password: str) -> dict[str, str]:
    """Make the caller's key for signing confirmations, in place of an earlier one, and return its fingerprint.

    The password seals it and is kept nowhere: when it is forgotten, make another key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    check_strength(password, read_setting(lab.database, "password_strength"), lab.caller.name)
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    with lab.database.tx("ops") as cursor:
        _withdraw(lab, cursor)
        cursor.execute(
            "INSERT INTO ops.personal_key SELECT coalesce(max(key_id), 0) + 1, ?, ?, ?, ?, ?, NULL, 0"
            " FROM ops.personal_key",
            [
                lab.caller.user_id, lab.caller.reference, b64encode(public).decode(),
                b64encode(sealed(key.private_bytes_raw(), password, public)).decode(), lab.clock(),
            ],
        )  # fmt: skip
        lab.log(cursor, "create_personal_key", lab.caller.name, fingerprint=_fingerprint(public))
    return {"fingerprint": _fingerprint(public)}


@action(CONFIRMS, personal=True)
def withdraw_personal_key(lab: Lab) -> None:
    """Withdraw the caller's key: it signs nothing any more; what it signed stays verifiable. Refused without one."""
    with lab.database.tx("ops") as cursor:
        if not _withdraw(lab, cursor):
            raise Refused("you have no key for signing")
        lab.log(cursor, "withdraw_personal_key", lab.caller.name)


@table_action()
def personal_keys(lab: Lab) -> Read:
    """Return the keys of all users: key_id, reference, public_key (base64), created_at, withdrawn_at."""
    return lab.read("SELECT key_id, reference, public_key, created_at, withdrawn_at FROM ops.personal_key ORDER BY 1")


def signer(lab: Lab, password: str) -> Signer:
    """Return what signs steps with the caller's key; Refused without a key, for a wrong password, after too many.

    Each try is counted in a transaction of its own before it is judged; so call it within none.
    """
    key_id, key = _opened(lab, password)

    def signatures(steps: list[tuple[int, int, str]]) -> list[str]:
        return [f"{key_id}:{b64encode(key.sign(_message(*step))).decode()}" for step in steps]

    return signatures


def signature_holds(public_keys: dict[int, str], signature: str, step: tuple[int, int, str]) -> bool:
    """Tell whether a signature is that of one of the keys (base64 by number) over order, version and digest."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    number, _, text = signature.partition(":")
    public = public_keys.get(int(number))
    if public is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(b64decode(public)).verify(b64decode(text), _message(*step))
    except InvalidSignature:
        return False
    return True


def _message(order_id: int, version: int, digest: str) -> bytes:
    return f"bankklient_lab confirmation 1\norder={order_id}\nversion={version}\nsha256={digest}\n".encode()


def _withdraw(lab: Lab, cursor: Any) -> bool:
    gone = cursor.execute(
        "UPDATE ops.personal_key SET withdrawn_at = ?, private_key = '' WHERE user_id = ? AND withdrawn_at IS NULL"
        " RETURNING key_id",
        [lab.clock(), lab.caller.user_id],
    ).fetchall()
    return bool(gone)


def _opened(lab: Lab, password: str) -> tuple[int, Ed25519PrivateKey]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key_id, kept, public = _counted(lab)
    try:
        key = Ed25519PrivateKey.from_private_bytes(opened(kept, password, public))
    except SealBroken:
        with lab.database.tx("ops") as cursor:
            lab.log(cursor, "signature_refused", lab.caller.name)
        raise Refused("the password of your key is not right; nothing was signed") from None
    with lab.database.tx("ops") as cursor:
        forget_tries(cursor, "ops.personal_key", key_id)
    return key_id, key


def _counted(lab: Lab) -> tuple[int, bytes, bytes]:
    """Count a try; return number, sealed and public key of the caller. Refused without one, or when no try is left."""
    most = read_setting(lab.database, "signature_attempts")
    with lab.database.tx("ops") as cursor:
        found = cursor.execute(
            "SELECT key_id, private_key, public_key FROM ops.personal_key WHERE user_id = ? AND withdrawn_at IS NULL",
            [lab.caller.user_id],
        ).fetchone()
        if found is None:
            raise Refused("you have no key for signing; make one first (create_personal_key)")
        if count_try(cursor, "ops.personal_key", found[0], most) is None:
            raise Refused(
                f"your key is blocked after {most} wrong passwords; let more tries be allowed, or make another key"
            )
    return int(found[0]), b64decode(found[1]), b64decode(found[2])


def _fingerprint(public: bytes) -> str:
    digest = hashlib.sha256(public).hexdigest()[:32]
    return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))
