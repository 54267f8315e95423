"""Saved passwords of operational keys, with which transmissions ask nobody (TRN-168).

They are sealed by a key in a file of its own beside the lab, which only its owner may read and which no backup takes
along: who gets hold of a copy of the lab alone can't open them. Without that file the password is asked for again.
"""

from __future__ import annotations

import os
import secrets
from base64 import b64decode, b64encode
from pathlib import Path

from bankklient_lab.errors import SealBroken, StoreError
from bankklient_lab.keys.register import Key
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.private_keys import KEY_BYTES, boxed, unboxed


def secret_path(lab: Path) -> Path:
    """Return where the file with the key of saved passwords lies."""
    return lab.with_name(lab.name + ".secret")


def sealed_password(lab: Lab, password: str, der: bytes) -> str:
    """Return a password sealed for the certificate (DER) of its key, as text."""
    return b64encode(boxed(password.encode(), _made_secret(lab.path), der)).decode("ascii")


def saved_password(lab: Lab, key: Key) -> str | None:
    """Return the saved password of a key; None when there is none, or none that can be opened here."""
    ((sealed,),) = lab.rows("SELECT saved_password FROM ops.key WHERE key_id = $key_id", {"key_id": key.key_id})
    secret = _secret(lab.path)
    if not sealed or secret is None:
        return None
    try:
        return unboxed(b64decode(sealed), secret, key.der).decode()
    except SealBroken:
        return None


def _secret(lab: Path) -> bytes | None:
    try:
        secret = secret_path(lab).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{secret_path(lab)} can't be read ({error.strerror})") from None
    return secret if len(secret) == KEY_BYTES else None


def _made_secret(lab: Path) -> bytes:
    """Return the key of saved passwords, made when there is none or a damaged one."""
    if (secret := _secret(lab)) is not None:
        return secret
    path, secret = secret_path(lab), secrets.token_bytes(KEY_BYTES)
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(f"{path} can't be written ({error.strerror})") from None
    return secret
