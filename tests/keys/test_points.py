"""Connection points: what of them can be changed, by whom and when."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.access.configuration import setting
from bankklient_lab.errors import BadArgument, Blocked, NotAllowed, Refused, UnknownName
from bankklient_lab.keys.points import BANK, OWN, point_of
from bankklient_lab.lab import Lab
from tests.access.people import of
from tests.clocks import NOON

HTTPS = {"address": "https://bank.example/exchange", "backup_address": "https://second.bank.example/exchange"}


def _insert_batch(lab: Lab, status: int) -> None:
    row = {
        "batch_id": 1, "direction": "send", "point": 1, "batch_type": 1, "year": 2026, "number": 1, "priority": False,
        "record_format": "02", "mode": "not exists", "status": status, "error_status": 0, "messages": 1,
        "payload_sha256": "", "created_by": "TE", "created_at": NOON, "changed_by": "TE", "changed_at": NOON,
    }  # fmt: skip
    with lab.database.tx("ops") as cursor:
        marks = ", ".join("?" for _ in row)
        cursor.execute(f"INSERT INTO ops.batch ({', '.join(row)}) VALUES ({marks})", list(row.values()))


@pytest.mark.spec("TRN-079", "BAS-122")
def test_two_points_exist_from_the_installation(lab: Lab) -> None:
    assert [(row["role"], row["point"]) for row in bl.connection_points.rows(lab)] == [("own", 20_001), ("bank", 1)]


@pytest.mark.spec("TRN-081", "BAS-085")
def test_of_the_own_point_only_number_and_name_change(lab: Lab) -> None:
    bl.change_connection_point(lab, "own", name="  Our   company ", number=20_777)
    assert point_of(lab, OWN)[:3] == (20_777, "own", "Our company")
    assert setting(lab, "client_identification") == "20777"
    for other in ({"encrypted": True}, {"channel": "https"}, {"settings": HTTPS}):
        with pytest.raises(BadArgument, match="own connection point"):
            bl.change_connection_point(lab, "own", **other)


@pytest.mark.spec("TRN-082")
def test_of_the_bank_name_encryption_and_channel_change(lab: Lab) -> None:
    bl.change_connection_point(lab, "bank", name="Bank", encrypted=True, channel="https", settings=HTTPS)
    bl.change_connection_point(lab, "bank", name="The bank")
    assert point_of(lab, BANK) == (1, "bank", "The bank", True, "https", HTTPS)
    bl.change_connection_point(lab, "bank", channel="")
    assert point_of(lab, BANK)[4:] == ("", {})


def test_a_folder_channel_has_two_folders(lab: Lab, tmp_path: Path) -> None:
    out, back = tmp_path / "out", tmp_path / "back"
    out.mkdir()
    folders = {"send_to": str(out), "receive_from": str(back)}
    with pytest.raises(BadArgument, match="receive_from"):
        bl.change_connection_point(lab, "bank", channel="folder", settings=folders)
    back.mkdir()
    bl.change_connection_point(lab, "bank", channel="folder", settings=folders)
    assert point_of(lab, BANK).settings == folders
    with pytest.raises(BadArgument, match="two folders"):
        bl.change_connection_point(lab, "bank", settings={"send_to": str(out), "receive_from": str(out)})


@pytest.mark.spec("TRN-004")
@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 0},
        {"number": 65_536},
        {"name": ""},
        {"name": "x" * 61},
        {"channel": "pigeon"},
        {"channel": "https"},
        {"channel": "https", "settings": {"address": "http://bank.example"}},
        {"channel": "https", "settings": {"address": "https://user:secret@bank.example"}},
        {"channel": "https", "settings": {"address": "https://bank.example:port"}},
        {"channel": "https", "settings": HTTPS | {"folder": "x"}},
        {"channel": "https", "settings": {"address": 7}},
        {"channel": "folder", "settings": {"send_to": "out", "receive_from": "/"}},
        {"settings": {"address": "https://bank.example"}},
    ],
)
def test_what_can_not_be_is_refused(lab: Lab, wrong: dict[str, object]) -> None:
    before = bl.connection_points.rows(lab)
    with pytest.raises(BadArgument):
        bl.change_connection_point(lab, "bank", **wrong)
    assert bl.connection_points.rows(lab) == before


@pytest.mark.spec("TRN-004")
def test_there_is_no_third_point(lab: Lab) -> None:
    with pytest.raises(UnknownName):
        bl.change_connection_point(lab, "accounting", name="x")
    for number in (20_000, 65_536):
        with pytest.raises(BadArgument, match="20001"):
            bl.change_connection_point(lab, "own", number=number)


@pytest.mark.spec("TRN-101")
@pytest.mark.parametrize(("status", "waits"), [(1, True), (3, False), (21, False)])
def test_encryption_stays_while_batches_wait(lab: Lab, status: int, waits: bool) -> None:
    _insert_batch(lab, status)
    if waits:
        with pytest.raises(Refused, match="send or discard"):
            bl.change_connection_point(lab, "bank", encrypted=True)
    else:
        bl.change_connection_point(lab, "bank", encrypted=True)
    assert point_of(lab, BANK).encrypted is not waits
    bl.change_connection_point(lab, "bank", name="Another name")


def test_a_number_that_something_carries_stays(keyed: Lab, lab: Lab) -> None:
    with pytest.raises(Refused, match="1 keys"):
        bl.change_connection_point(keyed, "own", number=20_002)
    _insert_batch(lab, 3)
    with pytest.raises(Refused, match="1 batches"):
        bl.change_connection_point(lab, "bank", number=2)


def test_the_register_is_changed_by_one_user_who_is_there_alone(company: Lab) -> None:
    otto = of(company, "otto")
    with pytest.raises(Blocked):
        bl.change_connection_point(company, "bank", name="Bank 2")
    bl.connection_points.rows(otto)
    with pytest.raises(NotAllowed):
        bl.change_connection_point(otto, "bank", name="Bank 2")
    company.rights.end_session(otto.caller.session_id or 0, "")
    bl.change_connection_point(company, "bank", name="Bank 2")
    assert point_of(company, BANK).name == "Bank 2"


def test_a_change_is_logged_and_no_change_is_not(lab: Lab) -> None:
    bl.change_connection_point(lab, "bank", name="Bank", encrypted=False)
    assert lab.rows("SELECT count(*) FROM ops.log WHERE action = 'change_connection_point'") == [(0,)]
    bl.change_connection_point(lab, "bank", encrypted=True)
    ((subject, details),) = lab.rows("SELECT subject, details FROM ops.log WHERE action = 'change_connection_point'")
    assert (subject, json.loads(details)) == ("bank", {"encrypted": True})
