"""Making keys: by whom, with what, when, and what a new one means for the one before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, LabError, NotAllowed, Refused
from bankklient_lab.keys.choosing import balancing_key, previous_key, transmission_keys
from bankklient_lab.keys.delivering import note_delivered, note_proven
from bankklient_lab.keys.register import Key, found_keys, key_numbered
from bankklient_lab.keys.saved import saved_password, secret_path
from bankklient_lab.lab import Lab
from tests.access.people import PASSWORD, installer, of
from tests.clocks import Clock
from tests.keys.conftest import KEY_PASSWORD


def _settled(lab: Lab, key_id: int = 1) -> Key:
    """Let the bank have a key and confirm a batch signed with it."""
    key = key_numbered(lab, key_id)
    note_delivered(lab, key)
    note_proven(lab, key, domestic_batch=True)
    return key_numbered(lab, key_id)


@pytest.mark.spec("TRN-158", "TRN-165", "TRN-180", "TRN-181")
def test_the_last_key_of_its_kind_is_the_valid_one(keyed: Lab, clock: Clock) -> None:
    _settled(keyed)
    clock.move(days=60)
    made = bl.create_key(keyed, "operational", "newpass8", expires_days=30, warn_days=30)
    assert made["replaces"] == "20260001"
    assert made["expires_on"] == clock().date() + timedelta(days=30)
    first, second = bl.key_register.rows(keyed)
    assert (first["key_order"], first["valid"], second["key_order"], second["valid"]) == (
        "20260001",
        False,
        "20270001",
        True,
    )
    assert second["fingerprint"] == made["fingerprint"]
    assert (second["kind"], second["point"], second["user"], second["private"]) == ("operational", 20_001, None, True)
    assert first["expires_on"] == date(2028, 11, 21)
    assert first["warn_on"] == date(2028, 8, 23)


@pytest.mark.spec("TRN-180")
def test_everyone_sees_the_register_but_no_private_key(company: Lab) -> None:
    bl.create_user(company, "eve", reference="EV", role="EMPTY", password=PASSWORD)
    (row,) = bl.key_register.rows(of(company, "eve"))
    assert not any(isinstance(value, bytes) for value in row.values())


@pytest.mark.spec("TRN-164")
@pytest.mark.parametrize("password", ["", "7 chars", "nine char", "12345678901", "tab\tpass"])
def test_a_password_has_exactly_eight_characters(lab: Lab, password: str) -> None:
    with pytest.raises(BadArgument, match="exactly 8"):
        bl.create_key(lab, "operational", password)
    assert bl.key_register.rows(lab) == []


@pytest.mark.spec("TRN-165", "TRN-166")
@pytest.mark.parametrize(("expires", "warn"), [(29, 30), (731, 90), (730, 29), (730, 731), (60, 61)])
def test_days_out_of_range_are_refused(keyed: Lab, expires: int, warn: int) -> None:
    _settled(keyed)
    with pytest.raises(BadArgument, match="days"):
        bl.create_key(keyed, "operational", KEY_PASSWORD, expires_days=expires, warn_days=warn)
    assert len(bl.key_register.rows(keyed)) == 1


@pytest.mark.spec("TRN-175")
def test_the_first_key_expires_when_the_manual_says(lab: Lab) -> None:
    with pytest.raises(BadArgument, match="first key"):
        bl.create_key(lab, "operational", KEY_PASSWORD, expires_days=365)


@pytest.mark.spec("TRN-171", "TRN-172")
def test_a_key_is_replaced_once_the_bank_has_it_and_confirmed_a_batch(keyed: Lab) -> None:
    with pytest.raises(Refused, match="does not have"):
        bl.create_key(keyed, "operational", "newpass8")
    note_delivered(keyed, key_numbered(keyed, 1))
    note_proven(keyed, key_numbered(keyed, 1), domestic_batch=False)  # a key that balances needs a batch
    with pytest.raises(Refused, match="batch of domestic orders"):
        bl.create_key(keyed, "operational", "newpass8")
    note_proven(keyed, key_numbered(keyed, 1), domestic_batch=True)
    bl.create_key(keyed, "operational", "newpass8")


@pytest.mark.spec("TRN-194")
def test_a_transmission_is_enough_for_a_key_that_does_not_balance(company: Lab) -> None:
    note_delivered(company, key_numbered(company, 1))
    ann = of(company, "#Ann")
    with pytest.raises(Refused, match="a transmission"):
        bl.create_key(ann, "operational", "newpass8")
    note_proven(company, key_numbered(company, 1), domestic_batch=False)
    bl.create_key(ann, "operational", "newpass8")


@pytest.mark.spec("TRN-182", "TRN-183")
@pytest.mark.spec("TRN-160", "TRN-161", "TRN-162", "TRN-163")
def test_an_authorized_person_takes_the_right_to_balance_from_the_operational_key(keyed: Lab, company: Lab) -> None:
    _settled(company)
    otto, ann = of(company, "otto"), of(company, "#Ann")
    with pytest.raises(Refused, match="authorized person"):
        balancing_key(otto)
    with pytest.raises(Refused, match="authorized person"):
        bl.create_key(otto, "operational", "newpass8")
    with pytest.raises(Refused, match="personal"):
        bl.create_key(otto, "personal", "newpass8")
    assert [key.kind for key in transmission_keys(otto)] == ["operational"]
    with pytest.raises(Refused, match="no valid personal key"):
        balancing_key(ann)
    made = bl.create_key(ann, "personal", "annspass", expires_days=365)
    row = bl.key_register.rows(company)[-1]
    assert (row["kind"], row["user"], row["user_name"], row["user_order"], row["user_valid"]) == (
        "personal", "#Ann", "Ann", 1, True,
    )  # fmt: skip
    assert balancing_key(ann).key_id == made["key_id"]
    assert [key.kind for key in transmission_keys(ann)] == ["operational"]  # the bank does not have the other one yet
    _settled(company, made["key_id"])
    assert [key.kind for key in transmission_keys(ann)] == ["personal", "operational"]
    assert bl.create_key(ann, "operational", "newpass8")["replaces"] == "20260001"


@pytest.mark.spec("TRN-182")
@pytest.mark.spec("TRN-160", "BAL-004")
def test_without_an_authorized_person_the_operational_key_balances(keyed: Lab, lab: Lab) -> None:
    assert balancing_key(keyed).title == "operational key 20260001"
    with pytest.raises(Refused, match="nothing is balanced without one"):
        balancing_key(lab)


def test_an_invalid_authorized_person_gives_the_right_to_balance_to_nobody(company: Lab) -> None:
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.user SET valid = false WHERE name = '#Ann'")
    with pytest.raises(Refused, match="authorized person"):
        balancing_key(company)


@pytest.mark.spec("TRN-159")
def test_the_installer_makes_the_first_operational_key_only(lab: Lab, keyed: Lab) -> None:
    for one, may in ((lab, True), (keyed, False)):
        bl.set_password(one, "tester", PASSWORD)
        hands = of(one, installer(one))
        if may:
            assert bl.create_key(hands, "operational", KEY_PASSWORD)["key_order"] == "20260001"
        with pytest.raises(Refused, match="first operational key only"):
            bl.create_key(hands, "operational", KEY_PASSWORD)
        with pytest.raises(Refused, match="balances nothing"):
            balancing_key(hands)


@pytest.mark.spec("TRN-156")
def test_making_keys_needs_permission_6(company: Lab) -> None:
    bl.create_user(company, "vera", reference="VE", role="VIEW", password=PASSWORD)
    vera = of(company, "vera")
    for call in (
        lambda: bl.create_key(vera, "operational", KEY_PASSWORD),
        lambda: bl.hand_over_key(vera, 1, KEY_PASSWORD),
        lambda: bl.create_pass(vera, KEY_PASSWORD),
    ):
        with pytest.raises(NotAllowed):
            call()


@pytest.mark.spec("TRN-173")
def test_nothing_is_transmitted_until_the_bank_has_the_key(keyed: Lab, clock: Clock) -> None:
    with pytest.raises(Refused, match="deliver it"):
        transmission_keys(keyed)
    first = _settled(keyed)
    assert transmission_keys(keyed) == [first]
    made = bl.create_key(keyed, "operational", "newpass8", expires_days=30, warn_days=30)
    with pytest.raises(Refused, match="deliver it"):
        transmission_keys(keyed)
    assert previous_key(keyed, key_numbered(keyed, made["key_id"])) == key_numbered(keyed, 1)
    note_delivered(keyed, key_numbered(keyed, made["key_id"]))
    assert [key.key_id for key in transmission_keys(keyed)] == [made["key_id"]]
    clock.move(days=30)
    with pytest.raises(Refused, match="expired"):
        transmission_keys(keyed)


@pytest.mark.spec("TRN-168")
def test_an_authorized_person_saves_the_password_of_an_operational_key(company: Lab) -> None:
    _settled(company)
    ann = of(company, "#Ann")
    with pytest.raises(Refused, match="only that of an operational key"):
        bl.create_key(ann, "personal", "annspass", save_password=True)
    made = bl.create_key(ann, "operational", "newpass8", save_password=True)
    key = key_numbered(company, made["key_id"])
    assert saved_password(company, key) == "newpass8"
    assert secret_path(company.path).stat().st_mode & 0o077 == 0
    assert company.rows("SELECT count(*) FROM ops.key WHERE saved_password LIKE '%newpass8%'") == [(0,)]
    secret_path(company.path).unlink()  # a copy of the lab alone opens nothing
    assert saved_password(company, key) is None
    secret_path(company.path).write_bytes(bytes(32))
    assert saved_password(company, key) is None


def test_only_an_authorized_person_saves_a_password(keyed: Lab) -> None:
    _settled(keyed)
    with pytest.raises(Refused, match="only an authorized person"):
        bl.create_key(keyed, "operational", "newpass8", save_password=True)
    assert saved_password(keyed, key_numbered(keyed, 1)) is None
    assert not secret_path(keyed.path).exists()


def test_there_is_no_other_kind_of_key(lab: Lab) -> None:
    for kind in ("", "initialization", "Operational"):
        with pytest.raises(BadArgument, match="kind of key"):
            bl.create_key(lab, kind, KEY_PASSWORD)


def test_a_key_that_could_not_be_saved_leaves_the_register_as_it_was(keyed: Lab) -> None:
    _settled(keyed)
    before = bl.key_register.rows(keyed)
    with pytest.raises(LabError):
        bl.create_key(keyed, "operational", "too long a password")
    assert bl.key_register.rows(keyed) == before
    assert len(found_keys(keyed, "true")) == 1
