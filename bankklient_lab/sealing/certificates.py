"""Certificates of connection points: X.509, signed by their own key, pinned by whoever registers them.

The subject says whose a key is: "connection point 20001, operational". No authority vouches for it; the fingerprint
does, which people compare on another way (RFC 5280 for the form, section 4.2.1.2 for the key identifier).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from bankklient_lab.errors import BadArgument, FormatError, Refused

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey
    PublicKey = RSAPublicKey | EllipticCurvePublicKey

CERTIFICATE_BYTES_MAX = 16 * 1024
RSA_BITS_MIN = 3072
_SUBJECT = re.compile(r"connection point ([0-9]{1,5}), ([a-z ]{1,40})", re.ASCII)
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
_CLOCKS_DIFFER = timedelta(days=1)  # between who makes a certificate and who judges it


@dataclass(frozen=True)
class Certificate:
    """A certificate: `point` and `kind` are of its subject, instants are UTC."""

    der: bytes = field(repr=False)
    fingerprint: str  # SHA-256 of `der`, 64 hexadecimal digits
    point: int
    kind: str
    valid_from: datetime
    valid_until: datetime  # the first instant at which it is not valid

    @cached_property
    def x509(self) -> x509.Certificate:
        """The certificate as the library has it."""
        from cryptography import x509

        return x509.load_der_x509_certificate(self.der)

    @property
    def public_key(self) -> PublicKey:
        """The public key."""
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

        key = self.x509.public_key()
        assert isinstance(key, (RSAPublicKey, EllipticCurvePublicKey))  # looked at when it was read
        return key

    @property
    def encrypts(self) -> bool:
        """Whether something can be encrypted for its key; a key on a curve only signs."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

        return isinstance(self.public_key, RSAPublicKey)

    def valid_at(self, at: datetime) -> bool:
        """Tell whether an instant lies in [valid_from, valid_until)."""
        return self.valid_from <= at < self.valid_until

    @property
    def pem(self) -> str:
        """The certificate as text that other tools read (PEM)."""
        from cryptography.hazmat.primitives.serialization import Encoding

        return self.x509.public_bytes(Encoding.PEM).decode("ascii")


def self_signed(key: PrivateKey, *, point: int, kind: str, at: datetime, expires_on: date) -> Certificate:
    """Return a certificate for a key, valid from a day before `at` until the day `expires_on` begins (UTC)."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    text = f"connection point {point}, {kind}"
    if _SUBJECT.fullmatch(text) is None:
        raise BadArgument(f"a certificate can't name {text!r}")
    ends = datetime.combine(expires_on, time.min, UTC)
    if ends <= at:
        raise BadArgument(f"a certificate made on {at:%Y-%m-%d} can't expire on {expires_on}")
    encrypts = isinstance(key, RSAPrivateKey)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _CLOCKS_DIFFER)
        .not_valid_after(ends - timedelta(seconds=1))  # the last second that it is valid
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(encrypts=encrypts), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    return read_certificate(made.public_bytes(Encoding.DER))


def read_certificate(content: bytes) -> Certificate:
    """Return the certificate of a file (DER or PEM); FormatError unless it is that of a connection point.

    Its signature by its own key is checked, which proves that its maker had the key, not who that is.
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    unreadable = (
        ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound, x509.DuplicateExtension,
        x509.InvalidVersion, x509.UnsupportedGeneralNameType,
    )  # fmt: skip
    if len(content) > CERTIFICATE_BYTES_MAX:
        raise FormatError(f"a certificate has at most {CERTIFICATE_BYTES_MAX} bytes")
    try:
        found = _load(content)
        found.verify_directly_issued_by(found)
        der = found.public_bytes(Encoding.DER)
        common = [str(part.value) for part in found.subject]
        identifier = found.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        same_key = identifier == x509.SubjectKeyIdentifier.from_public_key(found.public_key())
    except InvalidSignature:
        raise FormatError("the certificate is not signed by its own key") from None
    except unreadable:
        raise FormatError("this is no certificate that can be read; X.509 as DER or PEM is expected") from None
    _check_key(found.public_key())
    named = _SUBJECT.fullmatch(common[0]) if len(common) == 1 else None
    if named is None or not same_key:
        raise FormatError("the certificate does not say whose it is", field="subject", text=", ".join(common))
    return Certificate(
        der=der,
        fingerprint=found.fingerprint(SHA256()).hex(),
        point=int(named[1]),
        kind=named[2],
        valid_from=found.not_valid_before_utc,
        valid_until=found.not_valid_after_utc + timedelta(seconds=1),
    )


def read_fingerprint(text: str) -> str:
    """Return a fingerprint as people write it (in groups, with colons, in any case) in the form of ours."""
    return "".join(text.replace(":", " ").split()).lower()


def fingerprint_text(fingerprint: str) -> str:
    """Return a fingerprint as people compare it: sixteen groups of four capital digits."""
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4)).upper()


def demand_fingerprint(certificate: Certificate, given: str) -> None:
    """Raise Refused unless a certificate of a file has the fingerprint that was given, written as people write it."""
    if read_fingerprint(given) != certificate.fingerprint:
        raise Refused(
            f"the file has the fingerprint {fingerprint_text(certificate.fingerprint)}, not the one that you gave;"
            " don't use it, ask the bank"
        )


def _load(content: bytes) -> x509.Certificate:
    from cryptography import x509

    kinds = _PEM.findall(content)
    if not kinds:
        return x509.load_der_x509_certificate(content)
    if kinds != [b"CERTIFICATE"]:  # a private key is nothing to hand round
        raise FormatError(f"the file holds {', '.join(kind.decode() for kind in kinds[:5])}, not one certificate")
    return x509.load_pem_x509_certificate(content)


def _check_key(key: object) -> None:
    """Raise FormatError for a key of another kind or strength than we sign with."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    rsa = isinstance(key, RSAPublicKey) and RSA_BITS_MIN <= key.key_size <= 4 * 4096
    if not rsa and not (isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)):
        raise FormatError(f"the key of the certificate is neither RSA of {RSA_BITS_MIN} bits or more nor P-256")


def _usage(*, encrypts: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=encrypts,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
