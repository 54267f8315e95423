"""What a client hands over to its bank outside batches: its first public key, and a pass.

Both are SignedData messages that their own key signed, with its certificate and a few lines of text. The first key
proves only that its maker has it: the fingerprint, which goes by letter, says whose it is. A pass is believed because
the bank knows its key already.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from bankklient_lab.errors import FormatError, SealBroken
from bankklient_lab.sealing import cms
from bankklient_lab.sealing.certificates import Certificate, read_certificate
from bankklient_lab.sealing.keys import SigningKey

Purpose = Literal["first key", "pass"]
_HEAD = "bankklient identification 1"


class Identification(NamedTuple):
    """Who identifies itself, for what, with which key; `key_order` is rrrrnnnn."""

    purpose: str
    point: int
    key_order: str
    certificate: Certificate
    made_at: datetime


def identification(purpose: Purpose, key: SigningKey, key_order: str, at: datetime) -> bytes:
    """Return the signed identification (DER) of the connection point of a key."""
    lines = [_HEAD, f"purpose={purpose}", f"point={key.certificate.point}", f"key={key_order}"]
    return cms.signed("".join(f"{line}\n" for line in lines).encode("ascii"), key, at)


def read_identification(content: bytes, at: datetime) -> Identification:
    """Return who identifies itself; SealBroken unless the key that it brings signed it.

    Whether that key is the one of the connection point is for the caller to see: by the registered certificate, or by
    the fingerprint of a letter.
    """
    try:
        certificate = read_certificate(cms.certificate_in(content))
    except FormatError as error:
        raise SealBroken("format", error.message) from None
    proof = cms.verified(content, trust={certificate.fingerprint: certificate}.get, at=at)
    head, *lines = proof.content.decode("ascii", "replace").splitlines()
    told = dict(line.partition("=")[::2] for line in lines)
    if head != _HEAD or told.keys() != {"purpose", "point", "key"} or told["point"] != str(certificate.point):
        raise SealBroken("format", "this is no identification of a connection point")
    return Identification(told["purpose"], certificate.point, told["key"], certificate, proof.signed_at)
