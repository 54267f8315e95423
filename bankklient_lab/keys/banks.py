"""The bank's keys: registered from a file after a person has compared the fingerprint, and pinned from then on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import FormatError, Refused
from bankklient_lab.keys.points import BANK, point_of
from bankklient_lab.keys.register import Key, found_keys, insert_key, next_order
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.certificates import (
    CERTIFICATE_BYTES_MAX,
    Certificate,
    demand_fingerprint,
    fingerprint_text,
    read_certificate,
)

WARN_DAYS = 90


@action("6", mode="standard")
def inspect_bank_key(lab: Lab, path: Path) -> dict[str, Any]:
    """Return what a certificate (DER or PEM) says: point, kind, fingerprint, valid_from, valid_until, registered."""
    certificate = _read(path)
    known = found_keys(lab, "point = $point", point=certificate.point)
    return {
        "point": certificate.point,
        "kind": certificate.kind,
        "fingerprint": fingerprint_text(certificate.fingerprint),
        "valid_from": certificate.valid_from,
        "valid_until": certificate.valid_until,
        "registered": any(key.der == certificate.der for key in known),
    }


@action("6", proof=True, personal=True)
def register_bank_key(lab: Lab, path: Path, fingerprint: str) -> dict[str, Any]:
    """Register the bank's certificate of a file (DER or PEM), in place of the one of that kind before it.

    `fingerprint` is the SHA-256 that the bank gave on another way, such as a letter; spaces, colons, case don't matter.
    Returns key_id, kind, fingerprint and expires_on. FormatError for another file; Refused for another fingerprint,
    another connection point than the bank's, a certificate that is not valid now, and one that is registered.
    """
    certificate = _read(path)
    demand_fingerprint(certificate, fingerprint)
    _check(lab, certificate)
    with lab.database.tx("ops") as cursor:
        key = keep_bank_key(lab, cursor, certificate)
        lab.log(cursor, "register_bank_key", key.title, point=key.point, fingerprint=certificate.fingerprint)
    return {
        "key_id": key.key_id, "kind": key.kind, "fingerprint": certificate.fingerprint, "expires_on": key.expires_on,
    }  # fmt: skip


def keep_bank_key(lab: Lab, cursor: Any, certificate: Certificate) -> Key:
    """Register a certificate of the bank whose fingerprint was compared, and return its key."""
    return insert_key(
        lab, cursor, certificate, key_order=next_order(lab, cursor, certificate.point), warn_days=WARN_DAYS,
        delivered=True, proven=True,
    )  # fmt: skip


def _read(path: Path) -> Certificate:
    with path.open("rb") as file:
        content = file.read(CERTIFICATE_BYTES_MAX + 1)
    try:
        return read_certificate(content)
    except FormatError as error:
        raise FormatError(error.reason, place=path.name, field=error.field, text=error.text) from None


def _check(lab: Lab, certificate: Certificate) -> None:
    bank = point_of(lab, BANK)
    if certificate.point != bank.point:
        raise Refused(f"the certificate is that of connection point {certificate.point}; the bank is {bank.point}")
    if certificate.kind != "operational":
        raise Refused(f"the certificate is of kind {certificate.kind!r}; the bank's is operational")
    if not certificate.valid_at(lab.clock()):
        raise Refused(
            f"the certificate is valid from {certificate.valid_from:%Y-%m-%d} until"
            f" {certificate.valid_until:%Y-%m-%d}, not now"
        )
    if any(key.der == certificate.der for key in found_keys(lab, "point = $point", point=bank.point)):
        raise Refused("this certificate is registered already")
