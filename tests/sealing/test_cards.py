"""Keys on a card: they sign as keys in files do, and never leave it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA512

from bankklient_lab.errors import BadArgument, Refused, SealBroken, UnknownName, Unreachable
from bankklient_lab.sealing.cards import (
    ENVIRONMENT_MODULE,
    PrivateKeyOnCard,
    cards,
    demand_card,
    forget_on_card,
    found_on_card,
    made_on_card,
    opened_on_card,
)
from bankklient_lab.sealing.certificates import self_signed
from bankklient_lab.sealing.container import check_signature, sign
from bankklient_lab.sealing.keys import SigningKey
from bankklient_lab.sealing.private_keys import sealed_key
from tests.sealing.cards import PIN, a_card, pulled_out
from tests.sealing.parties import AT, BATCH, CLIENT, EXPIRES, PAYLOAD


@pytest.fixture
def serial(tmp_path: Path) -> Iterator[str]:
    """Give the serial number of a card."""
    with a_card(tmp_path) as serial:
        yield serial


def on_card(serial: str) -> SigningKey:
    """Return a key that was made on the card, with its certificate."""
    key = made_on_card(serial, PIN, "point 20001")
    return SigningKey(key, self_signed(key, point=CLIENT, kind="personal", at=AT, expires_on=EXPIRES))


@pytest.mark.spec("EL-011")
def test_what_a_card_signed_is_verified_by_openssl_and_by_us(serial: str, tmp_path: Path) -> None:
    key = on_card(serial)
    digest = sha256(PAYLOAD).digest()
    signature = sign(BATCH, digest, opened_on_card(serial, PIN, key.certificate), AT)
    trust = {key.certificate.fingerprint: key.certificate}.get
    assert check_signature(signature, BATCH, digest, trust=trust, at=AT) == key.certificate.fingerprint
    (tmp_path / "signature.der").write_bytes(signature)
    (tmp_path / "text").write_bytes(f"{BATCH.line}|{digest.hex()}".encode())
    (tmp_path / "key.pem").write_text(key.certificate.pem)
    done = subprocess.run(
        ["openssl", "cms", "-verify", "-inform", "DER", "-in", "signature.der", "-content", "text", "-binary",
         "-CAfile", "key.pem", "-purpose", "any", "-attime", str(int(AT.timestamp())), "-out", "verified"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "verified").read_bytes() == (tmp_path / "text").read_bytes()


@pytest.mark.spec("TRN-174")
def test_the_private_key_never_leaves_the_card(serial: str) -> None:
    key = on_card(serial)
    with pytest.raises(BadArgument, match="does not leave its card"):
        sealed_key(key, "Eight-8x")
    assert isinstance(key.private_key, PrivateKeyOnCard)
    with pytest.raises(BadArgument, match="does not leave its card"):
        key.private_key.private_numbers()
    with pytest.raises(BadArgument, match="does nothing else"):
        key.private_key.exchange(ec.ECDH(), key.private_key.public_key())
    with pytest.raises(BadArgument, match="SHA-256"):
        key.private_key.sign(b"", ec.ECDSA(SHA512()))


def test_a_key_that_a_card_has_is_found_and_one_that_failed_is_forgotten(serial: str) -> None:
    made = made_on_card(serial, PIN, "point 20001")
    ((_, label, (key,)),) = cards()
    assert (label, key.label) == ("Ann", "point 20001")
    assert found_on_card(serial, PIN, key.number).public_key() == made.public_key()
    with pytest.raises(UnknownName, match="key on the card"):
        found_on_card(serial, PIN, "00")
    forget_on_card(made)
    assert cards()[0].keys == []


@pytest.mark.spec("BAL-048")
def test_without_the_card_nothing_is_judged(serial: str, tmp_path: Path) -> None:
    key = on_card(serial)
    with pytest.raises(SealBroken, match="PIN"):
        opened_on_card(serial, "000000", key.certificate)
    with pytest.raises(SealBroken, match="PIN"):
        opened_on_card(serial, "", key.certificate)
    with pulled_out(tmp_path):
        for pin in (PIN, "000000"):
            with pytest.raises(Unreachable, match="check its connection"):
                opened_on_card(serial, pin, key.certificate)
        with pytest.raises(Unreachable, match="check its connection"):
            demand_card(serial)
    demand_card(serial)
    opened_on_card(serial, PIN, key.certificate)
    other = made_on_card(serial, PIN, "other")
    stranger = self_signed(other, point=CLIENT, kind="personal", at=AT, expires_on=date(2027, 1, 1))
    forget_on_card(other)
    with pytest.raises(Unreachable, match="check which card"):
        opened_on_card(serial, PIN, stranger)


@pytest.mark.parametrize(
    ("module", "error", "says"),
    [("", Refused, "no library for chip cards"), ("/nowhere/lib.so", Unreachable, "can't be reached")],
)
def test_what_lacks_for_cards_is_said(
    module: str, error: type[Exception], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT_MODULE, module)
    with pytest.raises(error, match=says):
        cards()
