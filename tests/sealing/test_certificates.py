"""Certificates of connection points: made, read from files, refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.sealing.certificates import fingerprint_text, read_certificate, self_signed
from tests.sealing import parties


def _certificate(key: object, subject: str, signed_by: object, *, identifier: bool = True) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())  # type: ignore[attr-defined]
        .serial_number(7)
        .not_valid_before(parties.AT)
        .not_valid_after(parties.AT + timedelta(days=30))
    )
    if identifier:
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)  # type: ignore[attr-defined]
    return made.sign(signed_by, SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]


def test_a_certificate_says_whose_key_it_is() -> None:
    found = parties.operational().certificate
    assert (found.point, found.kind) == (parties.CLIENT, "operational")
    assert read_certificate(found.der) == read_certificate(found.pem.encode()) == found
    assert len(fingerprint_text(found.fingerprint).split()) == 16


def test_openssl_reads_the_same_certificate(tmp_path: Path) -> None:
    found = parties.operational().certificate
    (tmp_path / "client.pem").write_text(found.pem)
    shown = ["-noout", "-subject", "-fingerprint", "-sha256", "-enddate"]
    command = ["openssl", "x509", "-in", str(tmp_path / "client.pem"), *shown]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "connection point 20001, operational" in said
    assert found.fingerprint.upper() in said.replace(":", "")
    assert "notAfter=May 31 23:59:59 2027 GMT" in said


def test_a_certificate_is_valid_until_the_day_begins_on_which_it_expires() -> None:
    found = parties.operational().certificate
    last = datetime(2027, 5, 31, 23, 59, 59, 999_999, UTC)
    assert found.valid_at(parties.AT)
    assert found.valid_at(last)
    assert not found.valid_at(last + timedelta(microseconds=1))
    assert not found.valid_at(parties.AT - timedelta(days=1, seconds=1))


def test_a_certificate_can_not_expire_before_it_begins() -> None:
    with pytest.raises(BadArgument, match="expire"):
        self_signed(
            parties.personal().private_key, point=1, kind="personal", at=parties.AT, expires_on=date(2026, 1, 1)
        )


def _by(key: object, subject: str = "connection point 1, personal", **other: bool) -> bytes:
    return _certificate(key, subject, key, **other)


def _new() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


WRONG: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "no certificate"),
    "text": (lambda: b"hello", "no certificate"),
    "too long": (lambda: b"0" * 20_000, "at most"),
    "cut off": (lambda: _by(_new())[:-1], "no certificate"),
    "another subject": (lambda: _by(_new(), "Bank"), "whose"),
    "point out of form": (lambda: _by(_new(), "connection point 123456, personal"), "whose"),
    "another's signature": (lambda: _certificate(_new(), "connection point 1, personal", _new()), "own key"),
    "no key identifier": (lambda: _by(_new(), identifier=False), "no certificate"),
    "short key": (lambda: _by(rsa.generate_private_key(65_537, 2048)), "neither"),
    "other curve": (lambda: _by(ec.generate_private_key(ec.SECP384R1())), "neither"),
    "private key": (
        lambda: _new().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "PRIVATE KEY",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_other_files_are_refused(name: str) -> None:
    content, why = WRONG[name]
    with pytest.raises(FormatError, match=why):
        read_certificate(content())


@settings(max_examples=500, deadline=None)
@given(place=st.integers(0, 2_000), change=st.integers(1, 255))
def test_a_changed_certificate_is_another_one_or_none(place: int, change: int) -> None:
    content = bytearray(parties.personal().certificate.der)
    content[place % len(content)] ^= change
    with suppress(FormatError):
        assert read_certificate(bytes(content)) != parties.personal().certificate
