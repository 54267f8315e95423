"""Requests to a bank's service, each signed by the key that transmits: who asks for what, and when.

The signature is detached CMS over `METHOD|path|instant|SHA-256 of the body`; it and the instant go as two headers.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bankklient_lab.errors import SealBroken
from bankklient_lab.sealing import cms
from bankklient_lab.sealing.cms import Trust

if TYPE_CHECKING:
    from bankklient_lab.sealing.keys import SigningKey

SIGNATURE, INSTANT = "bankklient-signature", "bankklient-instant"  # names of the headers
CLOCKS_DIFFER_MOST = timedelta(minutes=5)


def signed_headers(method: str, path: str, body: bytes, key: SigningKey, at: datetime) -> dict[str, str]:
    """Return the headers that sign a request."""
    instant = at.isoformat(timespec="seconds")
    signature = cms.signed(_text(method, path, instant, body), key, at, detached=True)
    return {INSTANT: instant, SIGNATURE: b64encode(signature).decode("ascii")}


def check_request(
    method: str, path: str, body: bytes, headers: Mapping[str, str], *, trust: Trust, at: datetime
) -> str:
    """Return the fingerprint of who signed a request; SealBroken for any other, and for one that is too old or new.

    `headers` has its names in small letters.
    """
    instant = headers.get(INSTANT, "")
    try:
        said = datetime.fromisoformat(instant)
        signature = b64decode(headers.get(SIGNATURE, ""), validate=True)
    except (ValueError, binascii.Error):
        raise SealBroken("format", f"a request needs the headers {INSTANT} and {SIGNATURE}") from None
    if said.tzinfo is None:
        raise SealBroken("format", f"the header {INSTANT} has no time zone")
    proof = cms.verified(signature, trust=trust, at=at, content=_text(method, path, instant, body))
    if abs(at - said) > CLOCKS_DIFFER_MOST:
        away = timedelta(seconds=round(abs(at - said).total_seconds()))
        told = f"the request was signed at {instant}, {away} away from the clock here; set the clock"
        raise SealBroken("expired", told)
    return proof.fingerprint


def _text(method: str, path: str, instant: str, body: bytes) -> bytes:
    return f"{method}|{path}|{instant}|{hashlib.sha256(body).hexdigest()}".encode()
