"""OpenSSL's command line opens our containers and refuses what we refuse."""

from __future__ import annotations

import hashlib
import subprocess
import zlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bankklient_lab.sealing.cms import signed, verified
from bankklient_lab.sealing.container import sign
from bankklient_lab.sealing.keys import SigningKey, new_key
from tests.sealing import parties
from tests.sealing.parties import AT, BATCH, PAYLOAD


def _openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = ["openssl", "cms", *arguments, "-inform", "DER", "-binary"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False)


def _verified(
    folder: Path, message: bytes, signer: SigningKey, *, content: bytes | None = None, at: datetime = AT
) -> bytes | None:
    """Return what `openssl cms -verify` gives, None when it refuses."""
    (folder / "message").write_bytes(message)
    (folder / "signer.pem").write_text(signer.certificate.pem)
    arguments = [
        "-verify",
        "-in",
        "message",
        "-CAfile",
        "signer.pem",
        "-purpose",
        "any",
        "-attime",
        f"{at.timestamp():.0f}",
    ]
    if content is not None:
        (folder / "content").write_bytes(content)
        arguments += ["-content", "content"]
    done = _openssl(folder, *arguments, "-out", "inner")
    return (folder / "inner").read_bytes() if done.returncode == 0 else None


def test_openssl_opens_an_encrypted_batch(tmp_path: Path) -> None:
    inner = _verified(tmp_path, parties.sealed("06"), parties.operational())
    assert inner is not None
    bank = parties.banks()
    secret = bank.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "bank.key").write_bytes(secret)
    (tmp_path / "bank.pem").write_text(bank.certificate.pem)
    done = _openssl(tmp_path, "-decrypt", "-in", "inner", "-inkey", "bank.key", "-recip", "bank.pem", "-out", "packed")
    assert done.returncode == 0, done.stderr
    assert zlib.decompress((tmp_path / "packed").read_bytes()).endswith(PAYLOAD)


@pytest.mark.spec("TRN-157")
@pytest.mark.parametrize("key", [parties.operational, parties.personal])
def test_openssl_verifies_the_signatures_of_a_batch(tmp_path: Path, key: object) -> None:
    signer: SigningKey = key()  # type: ignore[operator]
    digest = hashlib.sha256(PAYLOAD)
    signature = sign(BATCH, digest.digest(), signer, AT)
    text = f"20001|1|1|20260007|{digest.hexdigest()}".encode()
    assert _verified(tmp_path, signature, signer, content=text) == text
    assert _verified(tmp_path, signature, signer, content=text.replace(b"0007", b"0008")) is None


@pytest.mark.parametrize(("year", "tag"), [(2049, 23), (2050, 24)])
def test_a_time_of_signing_has_the_form_of_its_year(tmp_path: Path, year: int, tag: int) -> None:
    """RFC 5652, 11.3: UTCTime until 2049, then GeneralizedTime."""
    at = datetime(year, 12, 31, 10, tzinfo=UTC)
    signer = new_key(point=20_001, kind="operational", at=at, expires_on=date(2060, 1, 1))
    message = signed(PAYLOAD, signer, at)
    text = f"{at:%Y%m%d%H%M%S}Z"[2 if tag == 23 else 0 :]
    assert bytes([tag, len(text)]) + text.encode() in message
    assert _verified(tmp_path, message, signer, at=at) == PAYLOAD
    assert verified(message, trust={signer.certificate.fingerprint: signer.certificate}.get, at=at).signed_at == at


def test_openssl_refuses_what_we_refuse(tmp_path: Path) -> None:
    box = bytearray(parties.sealed("00"))
    box[box.index(PAYLOAD[:40])] ^= 1
    assert _verified(tmp_path, bytes(box), parties.operational()) is None
    assert _verified(tmp_path, parties.sealed("00"), parties.key(20_002, "operational")) is None
