"""Keys that sign: a private key with its certificate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from bankklient_lab.sealing.certificates import RSA_BITS_MIN, Certificate, self_signed

if TYPE_CHECKING:
    from bankklient_lab.sealing.certificates import PrivateKey

Algorithm = Literal["rsa", "ecdsa"]  # RSA-PSS of 3,072 bits, which also decrypts; ECDSA on P-256, which only signs
_RSA_EXPONENT = 65_537


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and its certificate; its text never shows the key."""

    private_key: PrivateKey = field(repr=False)
    certificate: Certificate


def new_key(*, point: int, kind: str, at: datetime, expires_on: date, algorithm: Algorithm = "rsa") -> SigningKey:
    """Generate a key with a certificate that is valid until `expires_on` begins (UTC)."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    private: PrivateKey
    if algorithm == "rsa":
        private = rsa.generate_private_key(_RSA_EXPONENT, RSA_BITS_MIN)
    else:
        private = ec.generate_private_key(ec.SECP256R1())
    return SigningKey(private, self_signed(private, point=point, kind=kind, at=at, expires_on=expires_on))
