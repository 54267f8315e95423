"""The bank's keys: registered after their fingerprint was compared, and pinned."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import FormatError, Refused
from bankklient_lab.keys.register import bank_trust
from bankklient_lab.keys.unlocking import unlock
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.certificates import Certificate
from bankklient_lab.sealing.keys import new_key
from tests.clocks import NOON, Clock


def _certificate(point: int = 1, kind: str = "operational", days: int = 365) -> Certificate:
    expires = NOON.date() + timedelta(days=days)
    made_at = min(NOON, NOON + timedelta(days=days - 10))
    return new_key(point=point, kind=kind, at=made_at, expires_on=expires, algorithm="ecdsa").certificate


def _file(folder: Path, certificate: Certificate) -> Path:
    path = folder / "bank.pem"
    path.write_text(certificate.pem)
    return path


def test_a_key_of_the_bank_is_trusted_once_it_is_registered(lab: Lab, tmp_path: Path) -> None:
    bank = _certificate()
    path = _file(tmp_path, bank)
    seen = bl.inspect_bank_key(lab, path)
    assert (seen["point"], seen["kind"], seen["registered"]) == (1, "operational", False)
    assert bank_trust(lab) == {}
    done = bl.register_bank_key(lab, path, seen["fingerprint"].lower().replace(" ", ":"))  # as OpenSSL prints it
    assert done["expires_on"] == date(2027, 11, 22)
    assert bank_trust(lab) == {bank.fingerprint: bank}
    assert bl.inspect_bank_key(lab, path)["registered"]
    with pytest.raises(Refused, match="registered already"):
        bl.register_bank_key(lab, path, seen["fingerprint"])
    with pytest.raises(Refused, match="own connection point"):
        unlock(lab, done["key_id"], "anything")


def test_the_next_key_of_the_bank_replaces_the_one_before(lab: Lab, tmp_path: Path) -> None:
    for bank in (_certificate(), _certificate()):
        bl.register_bank_key(lab, _file(tmp_path, bank), bank.fingerprint)
    assert bank_trust(lab) == {bank.fingerprint: bank}
    assert [row["valid"] for row in bl.key_register.rows(lab)] == [False, True]


def test_another_fingerprint_registers_nothing(lab: Lab, tmp_path: Path) -> None:
    bank = _certificate()
    for fingerprint in ("", "0" * 64, bank.fingerprint[:-1], _certificate().fingerprint):
        with pytest.raises(Refused, match="ask the bank"):
            bl.register_bank_key(lab, _file(tmp_path, bank), fingerprint)
    assert bl.key_register.rows(lab) == []


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"point": 2}, "connection point 2"),
        ({"point": 20_001}, "connection point 20001"),
        ({"kind": "personal"}, "personal"),
        ({"days": -1}, "not now"),
    ],
)
def test_other_certificates_are_refused(lab: Lab, tmp_path: Path, wrong: dict[str, object], match: str) -> None:
    other = _certificate(**wrong)  # type: ignore[arg-type]
    with pytest.raises(Refused, match=match):
        bl.register_bank_key(lab, _file(tmp_path, other), other.fingerprint)


def test_other_files_are_refused_with_their_name(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "bank.pem"
    for content in (b"", b"nothing", b"\x30" * 100_000):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=r"bank\.pem"):
            bl.inspect_bank_key(lab, path)
        with pytest.raises(FormatError, match=r"bank\.pem"):
            bl.register_bank_key(lab, path, "")


def test_users_are_told_of_keys_that_expire(keyed: Lab, tmp_path: Path, clock: Clock) -> None:
    bank = _certificate()
    bl.register_bank_key(keyed, _file(tmp_path, bank), bank.fingerprint)
    clock.move(days=365 - 91)
    assert bl.key_warnings(keyed) == []
    clock.move(days=1)
    assert bl.key_warnings(keyed) == [
        "the bank's operational key 20260001 expires on 2027-11-22, in 90 days; replace it in time"
    ]
    clock.move(days=365)
    said = bl.key_warnings(keyed)
    assert said[0].startswith("the operational key 20260001 expires on 2028-11-21, in 90 days")
    assert said[1].startswith("the bank's operational key 20260001 expired on 2027-11-22; nothing is")
