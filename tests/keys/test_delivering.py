"""Handing over the first key, announcing a new one, and the pass."""

from __future__ import annotations

from datetime import timedelta

import pytest

import bankklient_lab as bl
from bankklient_lab.balancing.announcing import announce_key
from bankklient_lab.errors import Refused, SealBroken
from bankklient_lab.keys.delivering import note_delivered, note_proven
from bankklient_lab.keys.register import key_numbered
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.certificates import fingerprint_text
from bankklient_lab.sealing.identification import read_identification
from bankklient_lab.sealing.key_change import read_key_change
from tests.clocks import NOON, Clock
from tests.keys.conftest import KEY_PASSWORD


@pytest.mark.spec("TRN-178")
def test_the_first_key_is_handed_over_as_a_folder_with_a_letter(keyed: Lab) -> None:
    files = bl.hand_over_key(keyed, 1, KEY_PASSWORD)
    assert sorted(files) == ["KEY1/20001.997/FKEYID.SGN", "KEY1/20001.997/LETTER.TXT"]
    certificate = key_numbered(keyed, 1).certificate
    found = read_identification(files["KEY1/20001.997/FKEYID.SGN"], NOON)
    assert found == ("first key", 20_001, "20260001", certificate, NOON)
    letter = files["KEY1/20001.997/LETTER.TXT"].decode()
    words = fingerprint_text(certificate.fingerprint).split()
    assert " ".join(words[:8]) in letter
    assert " ".join(words[8:]) in letter


def test_a_key_that_the_bank_has_is_not_handed_over_again(keyed: Lab) -> None:
    with pytest.raises(Refused, match="another fingerprint"):
        bl.record_key_delivery(keyed, 1, "0" * 64)
    assert not bl.key_register.rows(keyed)[0]["delivered"]
    bl.record_key_delivery(keyed, 1, fingerprint_text(key_numbered(keyed, 1).certificate.fingerprint))
    assert bl.key_register.rows(keyed)[0]["delivered"]
    with pytest.raises(Refused, match="already"):
        bl.hand_over_key(keyed, 1, KEY_PASSWORD)


@pytest.mark.spec("TRN-052", "TRN-053", "TRN-055")
def test_a_pass_is_signed_by_the_operational_key(keyed: Lab) -> None:
    ((path, content),) = bl.create_pass(keyed, KEY_PASSWORD).items()
    assert path == "ID/20001.999/CLIENTID.SGN"
    found = read_identification(content, NOON)
    assert (found.purpose, found.point) == ("pass", 20_001)
    assert found.certificate == key_numbered(keyed, 1).certificate
    with pytest.raises(Refused, match="not right"):
        bl.create_pass(keyed, "wrong888")


@pytest.mark.spec("TRN-054")
def test_without_a_key_there_is_no_pass(lab: Lab) -> None:
    with pytest.raises(Refused, match="no valid identification for transmissions exists"):
        bl.create_pass(lab, KEY_PASSWORD)


def test_a_pass_that_was_changed_is_none(keyed: Lab) -> None:
    (content,) = bl.create_pass(keyed, KEY_PASSWORD).values()
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(SealBroken):
            read_identification(bytes(changed), NOON)


@pytest.mark.spec("TRN-157")
@pytest.mark.spec("TRN-175")
def test_a_new_key_is_announced_by_the_key_before(keyed: Lab, clock: Clock) -> None:
    first = key_numbered(keyed, 1)
    with pytest.raises(Refused, match="hand it over"):
        announce_key(keyed, first.key_id, KEY_PASSWORD, KEY_PASSWORD)
    note_delivered(keyed, first)
    note_proven(keyed, first, domestic_batch=True)
    made = bl.create_key(keyed, "operational", "newpass8")
    second = key_numbered(keyed, made["key_id"])
    with pytest.raises(Refused, match="type 2"):
        bl.hand_over_key(keyed, second.key_id, "newpass8")
    for new, old in (("newpass8", "wrong-88"), ("wrong-88", KEY_PASSWORD)):
        with pytest.raises(Refused, match="tries left: 2"):
            announce_key(keyed, second.key_id, new, old)
    announce_key(keyed, second.key_id, "newpass8", KEY_PASSWORD)
    ((payload,),) = keyed.rows("SELECT payload FROM ops.batch_content")
    trust = {first.certificate.fingerprint: first.certificate}.get
    assert read_key_change(payload, trust=trust, at=clock()) == (
        second.certificate, second.key_order, first.certificate.fingerprint,
    )  # fmt: skip
    with pytest.raises(SealBroken) as refused:
        read_key_change(payload, trust=trust, at=clock() + timedelta(days=731))
    assert refused.value.reason == "expired"
