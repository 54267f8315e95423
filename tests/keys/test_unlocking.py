"""Opening keys: each try counts, whatever happens after it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, Refused, SealBroken, UnknownName
from bankklient_lab.keys.delivering import note_delivered, note_proven
from bankklient_lab.keys.register import key_numbered
from bankklient_lab.keys.saved import saved_password
from bankklient_lab.keys.unlocking import unlock
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.sealing import private_keys
from tests.access.people import of
from tests.clocks import Clock
from tests.keys.conftest import KEY_PASSWORD


def _tries(lab: Lab) -> int:
    return int(bl.key_register.rows(lab)[0]["failed_tries"])


def _wrong(lab: Lab, times: int, match: str) -> None:
    for _ in range(times):
        with pytest.raises(Refused, match=match):
            unlock(lab, 1, "wrong888")


def test_the_right_password_opens_the_key(keyed: Lab) -> None:
    key = unlock(keyed, 1, KEY_PASSWORD)
    assert key.certificate == key_numbered(keyed, 1).certificate
    assert key.private_key.public_key() == key.certificate.public_key


@pytest.mark.spec("BAL-040", "BAL-041", "BAL-045")
def test_after_three_wrong_passwords_none_is_judged_until_more_are_allowed(keyed: Lab) -> None:
    _wrong(keyed, 2, "tries left: [12]")
    used_up = "connection point 20001, operational key 20260001, was wrong 3 times.*raised in the configuration"
    _wrong(keyed, 1, used_up)
    with pytest.raises(Refused, match=used_up):
        unlock(keyed, 1, KEY_PASSWORD)
    assert _tries(keyed) == 3
    bl.configure(keyed, {"signature_attempts": 4})
    unlock(keyed, 1, KEY_PASSWORD)
    assert _tries(keyed) == 0


@pytest.mark.spec("BAL-046", "BAL-041")
def test_after_ten_wrong_passwords_only_recovery_helps(keyed: Lab) -> None:
    bl.configure(keyed, {"signature_attempts": 10})
    _wrong(keyed, 9, "tries left")
    _wrong(keyed, 2, "20001, operational key 20260001.*recovery after disaster")
    with pytest.raises(BadArgument, match="1 to 10"):
        bl.configure(keyed, {"signature_attempts": 11})


@pytest.mark.spec("BAL-042")
def test_the_count_survives_a_restart(keyed: Lab, clock: Clock) -> None:
    _wrong(keyed, 2, "tries left")
    path = keyed.path
    keyed.close()
    with open_here(path, clock=clock, user="tester") as again:
        assert _tries(again) == 2
        unlock(again, 1, KEY_PASSWORD)
        assert _tries(again) == 0


@pytest.mark.spec("BAL-042")
def test_the_count_is_kept_before_the_password_is_judged(keyed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(private_keys, "_derived", dies)
    with pytest.raises(KeyboardInterrupt):
        unlock(keyed, 1, KEY_PASSWORD)
    assert _tries(keyed) == 1


def test_tries_at_one_time_all_count(keyed: Lab) -> None:
    def attempt(_: int) -> str:
        try:
            unlock(keyed, 1, "wrong888")
        except Refused as refused:
            return refused.message
        return ""

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(attempt, range(8)))
    assert sum("tries left" in one for one in said) == 2
    assert sum("was wrong 3 times" in one for one in said) == 6
    assert _tries(keyed) == 3


@pytest.mark.spec("BAL-044")
def test_each_wrong_try_is_logged_without_the_password(keyed: Lab) -> None:
    _wrong(keyed, 2, "tries left")
    logged = keyed.rows("SELECT subject, details FROM ops.log WHERE action = 'key_password_wrong' ORDER BY log_id")
    assert [subject for subject, _ in logged] == ["operational key 20260001"] * 2
    assert [json.loads(details)["tries"] for _, details in logged] == [1, 2]
    assert not any("wrong888" in details for _, details in logged)


def test_an_expired_key_signs_nothing_and_costs_no_try(keyed: Lab, clock: Clock) -> None:
    clock.move(days=729)
    unlock(keyed, 1, KEY_PASSWORD)
    clock.move(days=1)
    with pytest.raises(Refused, match="expired on 2028-11-21"):
        unlock(keyed, 1, KEY_PASSWORD)
    assert _tries(keyed) == 0


@pytest.mark.spec("EL-012")
def test_a_personal_key_is_its_owners(company: Lab) -> None:
    ann = of(company, "#Ann")
    made = bl.create_key(ann, "personal", "annspass")
    unlock(ann, made["key_id"], "annspass")
    with pytest.raises(Refused, match="another person's"):
        unlock(company, made["key_id"], "annspass")


def test_keys_that_are_not_here_open_nothing(keyed: Lab) -> None:
    with pytest.raises(UnknownName):
        unlock(keyed, 7, KEY_PASSWORD)
    with keyed.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.key SET private_key = NULL")
    with pytest.raises(Refused, match="is not here"):
        unlock(keyed, 1, KEY_PASSWORD)


def test_a_private_key_put_under_another_certificate_opens_nothing(keyed: Lab, lab: Lab) -> None:
    bl.create_key(lab, "operational", KEY_PASSWORD)
    ((other,),) = lab.rows("SELECT private_key FROM ops.key")
    with keyed.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.key SET private_key = ?", [other])
    _wrong(keyed, 1, "not right")
    with keyed.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.key SET private_key = 'nothing'::BLOB")
    with pytest.raises(SealBroken):
        unlock(keyed, 1, KEY_PASSWORD)


@pytest.mark.spec("TRN-103")
def test_another_password_changes_no_key(keyed: Lab) -> None:
    before = key_numbered(keyed, 1)
    bl.change_key_password(keyed, 1, KEY_PASSWORD, "otherpwd")
    assert key_numbered(keyed, 1) == before
    unlock(keyed, 1, "otherpwd")
    with pytest.raises(Refused):
        unlock(keyed, 1, KEY_PASSWORD)
    with pytest.raises(Refused):
        bl.change_key_password(keyed, 1, "wrong888", "anything")
    with pytest.raises(BadArgument, match="exactly 8"):
        bl.change_key_password(keyed, 1, "otherpwd", "short")
    unlock(keyed, 1, "otherpwd")


def test_another_password_drops_a_saved_one(company: Lab) -> None:
    note_delivered(company, key_numbered(company, 1))
    note_proven(company, key_numbered(company, 1), domestic_batch=True)
    ann = of(company, "#Ann")
    made = bl.create_key(ann, "operational", "newpass8", save_password=True)
    bl.change_key_password(ann, made["key_id"], "newpass8", "otherpwd")
    assert saved_password(company, key_numbered(company, made["key_id"])) is None


@pytest.mark.spec("TRN-174")
def test_no_private_key_lies_in_the_file_of_the_lab(keyed: Lab) -> None:
    key = unlock(keyed, 1, KEY_PASSWORD).private_key
    numbers = key.private_numbers()
    keyed.database.checkpoint()
    content = keyed.path.read_bytes()
    for secret in (numbers.p, numbers.d):  # type: ignore[union-attr]
        assert secret.to_bytes((secret.bit_length() + 7) // 8, "big") not in content
