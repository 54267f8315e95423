"""The channels that connection points name: HTTPS to the bank's service, and a folder."""

from __future__ import annotations

import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from bankklient_lab.access.configuration import configure
from bankklient_lab.analysis.current import current_state
from bankklient_lab.balancing.balance import balance
from bankklient_lab.bank import Bank
from bankklient_lab.bank.service import application
from bankklient_lab.errors import BadArgument, Refused, UnknownName, Unreachable
from bankklient_lab.exchange.current import update_current_state
from bankklient_lab.exchange.payees import verify_payees
from bankklient_lab.exchange.recording import record_answer
from bankklient_lab.exchange.service_lists import update_service_records
from bankklient_lab.exchange.transmitting import receive_alone, transmit, way_to_bank
from bankklient_lab.jobs import Job
from bankklient_lab.keys.creating import create_key
from bankklient_lab.keys.points import change_connection_point
from bankklient_lab.keys.register import key_numbered
from bankklient_lab.keys.saved import secret_path
from bankklient_lab.lab import Lab
from bankklient_lab.services.listing import listed_at, service_records
from tests.balancing.labs import agreed
from tests.exchange.labs import Pair, a_bank
from tests.keys.conftest import KEY_PASSWORD, quick_key_passwords
from tests.orders.labs import broken_checks, created, status

__all__ = ["quick_key_passwords"]


def served(bank: Bank) -> AbstractContextManager[str]:
    """Serve the bank on a port of this machine, and give its address."""
    return listening(application(bank))


@contextmanager
def listening(service: Starlette) -> Iterator[str]:
    """Let a service listen on a port of this machine, and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as door:  # it is open before the server takes it over
        server = uvicorn.Server(uvicorn.Config(service, log_level="error"))
        thread = threading.Thread(target=server.run, args=([door],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def keyed(pair: Pair) -> Pair:
    """Return the pair with an operational key of the lab that the bank knows."""
    made = create_key(pair.lab, "operational", KEY_PASSWORD)
    with pair.lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.key SET delivered = true")
    pair.bank.register_key(key_numbered(pair.lab, made["key_id"]).certificate)
    return pair


def reached(lab: Lab, channel: str, **settings: str) -> None:
    change_connection_point(lab, "bank", channel=channel, settings=settings)


def test_payees_are_verified_over_http(keyed: Pair) -> None:
    order = created(keyed.lab, abbreviation="Somebody")
    with served(keyed.bank) as address:
        reached(keyed.lab, "https", address=address)
        (told,) = verify_payees(keyed.lab, [order], KEY_PASSWORD)
    assert (told["order_id"], told["answer"]) == (order, "NOAP")


@pytest.mark.spec("FLW-091", "FLW-092", "FLW-093")
@pytest.mark.spec("TRN-012", "TRN-014", "TRN-015")
def test_batches_go_over_http_with_a_password(keyed: Pair) -> None:
    order = created(keyed.lab)
    with served(keyed.bank) as address:
        with pytest.raises(Refused, match="not set up"):
            way_to_bank(keyed.lab)
        reached(keyed.lab, "https", address="http://127.0.0.1:1", backup_address=address)  # the main one is down
        assert way_to_bank(keyed.lab)["password_asked"]
        balance(keyed.lab, agreed(keyed.lab), KEY_PASSWORD)
        with pytest.raises(BadArgument, match="password"):
            transmit(keyed.lab)
        with pytest.raises(Refused, match="tries left: 2"):
            transmit(keyed.lab, "another8")
        assert keyed.batch_status() == 1
        told = transmit(keyed.lab, KEY_PASSWORD)
        assert told["complete"], told["message"]
        assert status(keyed.lab, order) == "OK"
        keyed.later(days=1)
        assert transmit(keyed.lab, KEY_PASSWORD)["complete"]
        assert keyed.statuses() == [1, 2, 3, 6, 8]
        assert keyed.bank.waiting(20001) == []
    told = transmit(keyed.lab, KEY_PASSWORD)
    assert (told["complete"], "can't be reached" in told["message"]) == (False, True)
    assert broken_checks(keyed.lab) == {}


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b"[" * 100_000), (400, b"[" * 100_000), (400, rb'{"detail": "\ud800", "reason": "key"}'),
        (400, b'{"detail": "' + b"x" * 1_000_000 + b'", "reason": "key"}'),
    ],
    ids=["nested", "nested problem", "half a letter", "endless"],
)  # fmt: skip
def test_a_service_that_answers_no_sense_breaks_the_transmission_off_in_a_sentence(
    keyed: Pair, status: int, content: bytes
) -> None:
    with listening(Starlette(routes=[Route("/{path:path}", lambda _: Response(content, status))])) as address:
        reached(keyed.lab, "https", address=address)
        told = transmit(keyed.lab, KEY_PASSWORD)
    assert not told["complete"]
    assert 0 < len(told["message"]) < 1_000


@pytest.mark.spec("TRN-013")
def test_the_proxy_of_the_configuration_is_used_when_it_is_marked(keyed: Pair) -> None:
    asked: list[bytes] = []

    def answer(door: socket.socket) -> None:
        line, _ = door.accept()
        with line:
            asked.append(line.recv(65_536))
            line.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as door, served(keyed.bank) as address:
        reached(keyed.lab, "https", address=address)
        way = {"proxy_address": "127.0.0.1", "proxy_port": door.getsockname()[1], "proxy_user": "me"}
        configure(keyed.lab, {**way, "proxy_password": "secret"})
        assert transmit(keyed.lab, KEY_PASSWORD)["complete"]  # not marked: nobody is at the door
        configure(keyed.lab, {"proxy": True})
        thread = threading.Thread(target=answer, args=(door,), daemon=True)
        thread.start()
        told = transmit(keyed.lab, KEY_PASSWORD)
        thread.join(10)
    assert not told["complete"]
    (request,) = asked
    assert request.startswith(f"GET {address}/".encode("ascii"))
    assert b"proxy-authorization: basic " + b64encode(b"me:secret").lower() in request.lower()


@pytest.mark.spec("SRV-094", "SRV-118")
def test_the_records_of_a_service_come_over_http(keyed: Pair) -> None:
    with served(keyed.bank) as address:
        reached(keyed.lab, "https", address=address)
        with pytest.raises(UnknownName, match="kind of request"):
            update_service_records(keyed.lab, "loan", KEY_PASSWORD)
        update_service_records(keyed.lab, "account_parameters", KEY_PASSWORD)
    assert len(service_records.rows(keyed.lab, "account_parameters")) == 4
    assert listed_at(keyed.lab, "account_parameters") == keyed.clock()
    with pytest.raises(Unreachable):
        update_service_records(keyed.lab, "standing_order", KEY_PASSWORD)
    assert listed_at(keyed.lab, "standing_order") is None


@pytest.mark.spec("BNK-046", "BNK-049")
def test_the_current_state_comes_over_http_and_with_each_transmission(keyed: Pair) -> None:
    with served(keyed.bank) as address:
        reached(keyed.lab, "https", address=address)
        with pytest.raises(BadArgument, match="password"):
            update_current_state(keyed.lab)
        update_current_state(keyed.lab, KEY_PASSWORD)
        first = current_state(keyed.lab)
        keyed.later(minutes=5)
        assert transmit(keyed.lab, KEY_PASSWORD)["state"] == ""
        second = current_state(keyed.lab)
    assert first is not None
    assert second is not None
    assert second["stated_at"] - first["stated_at"] == timedelta(minutes=5)


@pytest.mark.spec("TRN-104", "TRN-168")
def test_with_a_saved_password_nobody_is_asked_and_what_waits_is_received(pair: Pair) -> None:
    with pair.lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.user SET kind = 'authorized'")
    pair.lab.rights.forget()
    made = [
        create_key(pair.lab, "operational", KEY_PASSWORD, save_password=True),
        create_key(pair.lab, "personal", KEY_PASSWORD),
    ]
    with pair.lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.key SET delivered = true")
    for one in made:
        pair.bank.register_key(key_numbered(pair.lab, one["key_id"]).certificate)
    created(pair.lab)
    balance(pair.lab, agreed(pair.lab), KEY_PASSWORD)
    pair.later(days=1)
    with served(pair.bank) as address:
        reached(pair.lab, "https", address=address)
        way = way_to_bank(pair.lab)
        assert (way["title"], way["password_asked"]) == (key_numbered(pair.lab, made[0]["key_id"]).title, False)
        told = receive_alone(pair.lab, Job())
    assert told["complete"], told["message"]
    assert {one["direction"] for one in told["batches"]} == {"receive"}
    assert 1 in {one["batch_type"] for one in told["batches"]}
    assert pair.batch_status() == 1
    secret_path(pair.lab.path).unlink()
    with pytest.raises(Refused, match="nobody is there to type the password of the personal key"):
        receive_alone(pair.lab, Job())


def test_a_bank_that_does_not_know_the_key_refuses_and_nothing_is_lost(keyed: Pair) -> None:
    order = created(keyed.lab)
    (certificate,) = [
        key_numbered(keyed.lab, one).certificate
        for (one,) in keyed.lab.rows("SELECT max(key_id) FROM ops.key WHERE private_key IS NOT NULL")
    ]
    with served(keyed.bank) as address:
        reached(keyed.lab, "https", address=address)
        balance(keyed.lab, agreed(keyed.lab), KEY_PASSWORD)
        keyed.bank.withdraw_key(certificate.fingerprint)
        told = transmit(keyed.lab, KEY_PASSWORD)
        assert (told["complete"], "refuses with status 403" in told["message"]) == (False, True)
        assert (keyed.batch_status(), status(keyed.lab, order)) == (2, "NS")


@pytest.mark.spec("FLW-087", "FLW-108")
@pytest.mark.spec("BAL-002", "TRN-003")
def test_encrypted_batches_go_both_ways(keyed: Pair) -> None:
    bank = a_bank(keyed.clock, encrypted=True)
    ((key_id,),) = keyed.lab.rows("SELECT max(key_id) FROM ops.key WHERE private_key IS NOT NULL")
    bank.register_key(key_numbered(keyed.lab, key_id).certificate)
    order = created(keyed.lab)
    with served(bank) as address:
        reached(keyed.lab, "https", address=address)
        change_connection_point(keyed.lab, "bank", encrypted=True)
        balance(keyed.lab, agreed(keyed.lab), KEY_PASSWORD)
        told = transmit(keyed.lab, KEY_PASSWORD)
    assert told["complete"], told["message"]
    assert status(keyed.lab, order) == "OK"
    assert keyed.lab.rows("SELECT DISTINCT record_format FROM ops.batch") == [("06",)]


@pytest.fixture
def folder(pair: Pair, tmp_path: Path) -> Path:
    """Set a folder up as the way to the bank, and return it."""
    for name in ("to", "from"):
        (tmp_path / name).mkdir()
    reached(pair.lab, "folder", send_to=str(tmp_path / "to"), receive_from=str(tmp_path / "from"))
    return tmp_path / "to"


def test_a_folder_gets_the_messages_whole_and_a_person_records_the_answer(pair: Pair, folder: Path) -> None:
    orders = [created(pair.lab), created(pair.lab, "domestic_collection")]
    pair.balance()
    assert way_to_bank(pair.lab) == {
        "channel": "folder",
        "key_id": None,
        "title": "",
        "card": "",
        "password_asked": False,
    }
    told = transmit(pair.lab)
    assert (told["complete"], told["batches"][0]["status"]) == (True, 3)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["26000101-1.pain.001.001.09.xml", "26000101-2.pain.008.001.08.xml"]
    assert str(orders[0]) in (folder / names[0]).read_text("utf-8")
    assert [status(pair.lab, one) for one in orders] == ["SE", "SE"]
    assert transmit(pair.lab)["batches"] == []
    assert record_answer(pair.lab, 1, "received", "uploaded")["status"] == 6
    with pytest.raises(Refused, match="received"):
        record_answer(pair.lab, 1, "refused")
    for wrong in (2, 0, -1):
        with pytest.raises(UnknownName):
            record_answer(pair.lab, wrong, "received")
    with pytest.raises(UnknownName, match="answer"):
        record_answer(pair.lab, 1, "perhaps")
    assert broken_checks(pair.lab) == {}


def test_a_folder_that_is_gone_breaks_the_sending_off(pair: Pair, folder: Path, tmp_path: Path) -> None:
    order = created(pair.lab)
    pair.balance()
    folder.rmdir()
    told: dict[str, Any] = transmit(pair.lab)
    assert (told["complete"], pair.batch_status(), status(pair.lab, order)) == (False, 2, "NS")
    folder.mkdir()
    assert transmit(pair.lab)["batches"][0]["status"] == 5
    assert status(pair.lab, order) == "SE"
    assert record_answer(pair.lab, 1, "refused", "the bank said no")["status"] == 7
    assert status(pair.lab, order) == "ER"


def test_an_answer_is_recorded_only_where_the_bank_does_not_answer(keyed: Pair) -> None:
    reached(keyed.lab, "https", address="http://127.0.0.1:1")
    with pytest.raises(Refused, match="by itself"):
        record_answer(keyed.lab, 1, "received")
