"""A key replaced by the next one: announced under the old key, used from the bank's receipt on, never two nor none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.balancing.announcing import announce_key
from bankklient_lab.balancing.balance import balance
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.bank.faults import Fault
from bankklient_lab.errors import NotAllowed, Refused
from bankklient_lab.keys.choosing import balancing_key, transmission_keys
from bankklient_lab.keys.creating import create_key
from bankklient_lab.keys.delivering import note_proven
from bankklient_lab.keys.points import change_connection_point
from bankklient_lab.keys.register import key_numbered, key_register
from bankklient_lab.keys.unlocking import change_key_password, unlock
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.private_keys import sealed_key
from tests.balancing.labs import KEY, agreed
from tests.clocks import Clock
from tests.exchange.labs import Pair, a_bank, introduced
from tests.keys.conftest import quick_key_passwords
from tests.orders.labs import broken_checks, created, hands, status

__all__ = ["quick_key_passwords"]

PASSWORD = "Eight-8x"
FIRST = 1


@pytest.fixture
def pair(company: Lab, clock: Clock) -> Pair:
    """Give a client and its bank, whose first key can be replaced."""
    clock.move(hours=21)
    introduced(company)
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.key SET private_key = ? WHERE key_id = ?", [sealed_key(KEY, PASSWORD), FIRST])
    return Pair(company, a_bank(clock), clock)


def transmit(pair: Pair, *faults: Fault | None) -> dict[str, Any]:
    """Transmit with the key that a transmission takes now."""
    pair.key = unlock(pair.lab, transmission_keys(pair.lab)[0].key_id, PASSWORD)
    return pair.transmit(*faults)


def usable(pair: Pair) -> list[int]:
    """Return the keys that both sides use: valid and delivered here, not replaced at the bank."""
    return [
        row["key_id"]
        for row in key_register.rows(pair.lab)
        if row["private"] and row["valid"] and row["delivered"]
        and pair.bank.trust(row["fingerprint"]) and pair.bank.may_fetch(row["fingerprint"])
    ]  # fmt: skip


def renewed(pair: Pair) -> int:
    """Make the next key, put it into a batch, and return its number."""
    made = create_key(pair.lab, "operational", PASSWORD)
    announce_key(pair.lab, made["key_id"], PASSWORD, PASSWORD)
    return int(made["key_id"])


@pytest.mark.spec("TRN-170", "TRN-173", "TRN-175", "BAS-011")
def test_a_new_key_goes_to_the_bank_under_the_one_before(pair: Pair) -> None:
    lab = pair.lab
    before = created(lab)
    balance(lab, agreed(lab), PASSWORD)
    made = create_key(lab, "operational", PASSWORD)
    with pytest.raises(Refused, match="deliver it, then transmit"):
        transmission_keys(lab)
    told = announce_key(lab, made["key_id"], PASSWORD, PASSWORD)
    assert told["batch_order"] == "20260001"
    with pytest.raises(Refused, match="in a batch for the bank already"):
        announce_key(lab, made["key_id"], PASSWORD, PASSWORD)
    with pytest.raises(Refused, match="brings a public key"):
        discard_batch(lab, told["batch_id"])
    after = created(lab, amount="2")
    balance(lab, agreed(lab), PASSWORD)  # with the new key, which the bank lacks yet
    assert [key.key_id for key in transmission_keys(lab)] == [FIRST]
    told = transmit(pair)
    assert told["message"] == "the bank has taken over the operational key 20260002; transmit once more, with it"
    assert [status(lab, one) for one in (before, after)] == ["SE", "NS"]
    assert [key.key_id for key in transmission_keys(lab)] == usable(pair) == [made["key_id"]]
    assert balancing_key(lab).key_id == made["key_id"]
    assert pair.logged("key_delivered") == ["operational key 20260002"]
    assert transmit(pair)["complete"]
    assert status(lab, after) == "OK"
    assert broken_checks(lab) == {}
    assert not any(pair.bank.check().values())


@pytest.mark.spec("TRN-173")
def test_a_key_is_announced_before_what_it_signed_earlier(pair: Pair) -> None:
    made = create_key(pair.lab, "operational", PASSWORD)
    order = created(pair.lab)
    balance(pair.lab, agreed(pair.lab), PASSWORD)
    announce_key(pair.lab, made["key_id"], PASSWORD, PASSWORD)
    assert "transmit once more" in transmit(pair)["message"]
    assert transmit(pair)["complete"]
    assert status(pair.lab, order) == "OK"


@pytest.mark.spec("ADM-241")
def test_a_right_that_is_taken_away_while_keys_are_opened_changes_nothing(pair: Pair) -> None:
    made = create_key(pair.lab, "operational", PASSWORD)["key_id"]
    kept = pair.lab.rows("SELECT private_key FROM ops.key ORDER BY key_id")
    mine = hands(pair.lab, "AB", {2})  # after the call was admitted
    with pytest.raises(NotAllowed):
        announce_key.function(mine, made, PASSWORD, PASSWORD)
    with pytest.raises(NotAllowed):
        change_key_password.function(mine, made, PASSWORD, "Other-8x")
    assert pair.lab.rows("SELECT private_key FROM ops.key ORDER BY key_id") == kept
    assert pair.lab.rows("SELECT count(*) FROM ops.batch") == [(0,)]


def test_what_only_the_service_understands_is_not_left_in_a_folder(pair: Pair, tmp_path: Path) -> None:
    renewed(pair)
    (tmp_path / "in").mkdir()
    settings = {"send_to": str(tmp_path), "receive_from": str(tmp_path / "in")}
    with pytest.raises(Refused, match=r"batch 2 20260001 waits for the bank's service"):
        change_connection_point(pair.lab, "bank", channel="folder", settings=settings)
    transmit(pair)
    change_connection_point(pair.lab, "bank", channel="folder", settings=settings)


@pytest.mark.spec("BAS-131")
def test_the_old_key_is_refused_for_newer_batches(pair: Pair) -> None:
    renewed(pair)
    old = unlock(pair.lab, FIRST, PASSWORD)
    assert "transmit once more" in transmit(pair)["message"]
    order = created(pair.lab)
    pair.balance()  # signed by the old key, as a program would that did not hear of the new one
    told = transmit(pair)
    assert "the key was replaced by a newer one" in told["message"]
    assert status(pair.lab, order) == "NS"
    pair.key = old
    assert "transmit once more" in pair.transmit()["message"]
    assert status(pair.lab, order) == "NS"


@pytest.mark.spec("TRN-170")
def test_faults_leave_just_one_usable_key(pair: Pair) -> None:
    for fault in Fault:
        present = usable(pair)[0]
        note_proven(pair.lab, key_numbered(pair.lab, present), domestic_batch=True)
        made = renewed(pair)
        transmit(pair, fault)
        for _ in range(4):
            if usable(pair) == [made]:
                break
            transmit(pair)
        assert usable(pair) == [made], fault
        assert [key.key_id for key in transmission_keys(pair.lab)] == [made]
        assert transmit(pair)["complete"], fault
    assert broken_checks(pair.lab) == {}


@pytest.mark.spec("TRN-173")
def test_a_key_that_the_bank_refuses_gives_the_one_before_back(pair: Pair) -> None:
    made = renewed(pair)
    pair.bank.register_key(key_numbered(pair.lab, made).certificate)  # under which the bank knows another one's
    transmit(pair)
    assert (pair.batch_status(), usable(pair)) == (7, [FIRST])
    assert pair.logged("key_refused") == ["operational key 20260002"]
    created(pair.lab)
    balance(pair.lab, agreed(pair.lab), PASSWORD)
    assert transmit(pair)["complete"]
    assert broken_checks(pair.lab) == {}
