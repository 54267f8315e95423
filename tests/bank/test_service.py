"""The bank over HTTP: what a signed request does, and what an unsigned, old or foreign one does not."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx2
import pytest
from lxml import etree

from bankklient_lab.bank.faults import Chance, Fault, FaultyBank
from bankklient_lab.bank.service import application
from bankklient_lab.errors import LabError, SealBroken, Unreachable
from bankklient_lab.formats.batches import read_batch
from bankklient_lab.formats.order_answers import read_status
from bankklient_lab.formats.schema import Kind
from bankklient_lab.sealing.cms import verified
from bankklient_lab.sealing.container import opened
from bankklient_lab.sealing.identity import read_line
from bankklient_lab.sealing.key_change import key_change
from bankklient_lab.sealing.keys import SigningKey
from bankklient_lab.sealing.requests import INSTANT, SIGNATURE, signed_headers
from tests.bank.banks import CLIENT, MAIN, OTHER_CLIENT, World, a_world, abroad, key_of, payment, rows
from tests.corpus import corpus_files

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def world() -> World:
    return a_world()


async def ask(
    world: World,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    key: SigningKey | None = None,
    at: datetime | None = None,
    line: FaultyBank | None = None,
    changes: dict[str, Any] | None = None,
) -> httpx2.Response:
    """Send a signed request to the service in this process; `changes` are made to it after it was signed."""
    headers = signed_headers(method, path, body, key or key_of(CLIENT), at or world.clock())
    request = {"method": method, "url": path, "content": body, "headers": headers} | (changes or {})
    transport = httpx2.ASGITransport(app=application(world.bank, line))
    async with httpx2.AsyncClient(transport=transport, base_url="http://bank.test") as client:
        return await client.request(**request)


async def test_a_batch_is_brought_its_state_asked_and_its_answer_fetched(world: World) -> None:
    payload = world.payload(1, payment())
    place = "/batches/20001/1/20260001"
    missing = await ask(world, "GET", place)
    assert (missing.status_code, missing.json()["reason"]) == (404, "unknown_name")
    first = await ask(world, "PUT", place, world.sealed(payload))
    again = await ask(world, "PUT", place, world.sealed(payload))
    assert (first.status_code, again.content) == (200, first.content)
    text = verified(first.content, trust=lambda _: world.bank.certificate, at=world.clock()).content
    assert json.loads(text)["status"] == "received"
    state = (await ask(world, "GET", place)).json()
    assert (state["status"], state["sha256"]) == ("processed", sha256(payload).hexdigest())
    assert base64.b64decode(state["receipt"]) == first.content
    (waiting,) = (await ask(world, "GET", "/waiting/20001")).json()
    assert (waiting["type"], waiting["order"]) == (3, "20260001")
    container = (await ask(world, "GET", "/waiting/20001/3/20260001")).content
    found = opened(container, trust=lambda _: world.bank.certificate, decrypt_with=None, at=world.clock())
    assert sha256(found.payload).hexdigest() == waiting["sha256"]
    digest = json.dumps({"sha256": waiting["sha256"]}).encode()
    for _ in range(2):
        assert (await ask(world, "POST", "/waiting/20001/3/20260001/taken", digest)).status_code == 204
    assert (await ask(world, "GET", "/waiting/20001")).json() == []


async def test_a_number_is_given_up(world: World) -> None:
    identity = read_batch(world.payload(1, payment())).identity
    answer = await ask(world, "DELETE", "/batches/20001/1/20260001", world.sealed(b"", identity))
    assert answer.status_code == 200
    assert world.bank.state(identity).status == "void"


@pytest.mark.spec("BAS-131")
async def test_a_replaced_key_asks_after_what_it_brought_and_gets_nothing_else(world: World) -> None:
    old, new = key_of(CLIENT), key_of(CLIENT, "personal")
    place, order = "/batches/20001/2/20260001", read_line("20001|600|2|20260001")
    change = key_change(new, old, "20260002", world.clock())
    brought = [await ask(world, "PUT", place, world.sealed(change, order)) for _ in range(2)]
    assert [one.status_code for one in brought] == [200, 200]
    assert brought[0].content == brought[1].content
    assert (await ask(world, "GET", place)).json()["status"] == "processed"
    for path in ("/waiting/20001", "/current/20001", "/waiting/20001/3/20260001"):
        answer = await ask(world, "GET", path)
        assert (answer.status_code, answer.json()["reason"]) == (403, "signer")
        assert (await ask(world, "GET", path, key=new)).status_code != 403
    payload = world.payload(1, payment())
    newer = "/batches/20001/1/20260001"
    refused = [
        await ask(world, "PUT", newer, world.sealed(payload)),
        await ask(world, "PUT", newer, world.sealed(payload, key=new, signers=[old]), key=new),
        await ask(world, "DELETE", newer, world.sealed(b"", read_batch(payload).identity)),
        await ask(world, "PUT", place[:-1] + "2", world.sealed(change, order._replace(number=2))),
    ]
    assert [one.json()["reason"] for one in refused] == ["key", "key", "key", "content"]
    assert (await ask(world, "PUT", newer, world.sealed(payload, key=new), key=new)).status_code == 200


@pytest.mark.parametrize("place", [5, 60, 200])
async def test_a_key_change_that_was_tampered_with_changes_no_key(world: World, place: int) -> None:
    change = bytearray(key_change(key_of(CLIENT, "personal"), key_of(CLIENT), "20260002", world.clock()))
    change[place] ^= 1
    container = world.sealed(bytes(change), read_line("20001|600|2|20260001"))
    assert world.bank.take(container).status == "refused"
    assert world.bank.trust(key_of(CLIENT, "personal").certificate.fingerprint) is None
    assert world.bank.may_fetch(key_of(CLIENT).certificate.fingerprint)


async def test_the_current_state_has_balances_movements_holds_and_orders(world: World) -> None:
    world.send(1, payment())
    world.send(11, abroad())
    container = (await ask(world, "GET", "/current/20001")).content
    found = opened(container, trust=lambda _: world.bank.certificate, decrypt_with=None, at=world.clock())
    report, answers = read_batch(found.payload).messages
    assert (report.name, answers.name) == ("camt.052.001.08", "pain.002.001.10")
    (held,) = read_status(answers).answers
    (main,) = [row["statement_no"] for row in rows(report, Kind.STATEMENT) if row["account"] == MAIN]
    entries = [row for row in rows(report, Kind.ENTRY) if row["statement_no"] == main]
    assert [(row["status"], row["amount"]) for row in entries] == [
        ("BOOK", 10_000), ("BOOK", -100), ("PDNG", -(held.held or 0)),
    ]  # fmt: skip
    balances = {r["balance_type"]: r["amount"] for r in rows(report, Kind.BALANCE) if r["statement_no"] == main}
    assert balances == {"ITBD": 9_900, "ITAV": 9_900 - (held.held or 0)}
    assert world.bank.waiting(CLIENT)  # nothing of it is taken away


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"headers": {}}, 403, "format"),
        ({"headers": {INSTANT: "yesterday", SIGNATURE: ""}}, 403, "format"),
        ({"method": "POST", "url": "/waiting/20001/3/20260001/taken"}, 403, "tampered"),
        ({"content": b"other"}, 403, "tampered"),
        ({"url": "/waiting/20002"}, 403, "tampered"),
    ],
)
async def test_a_request_that_proves_nothing_is_refused(
    world: World, changes: dict[str, Any], status: int, reason: str
) -> None:
    answer = await ask(world, "GET", "/waiting/20001", changes=changes)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("minutes", "status"), [(-6, 403), (-5, 200), (5, 200), (6, 403)])
async def test_an_old_request_is_refused_with_the_banks_time(world: World, minutes: int, status: int) -> None:
    answer = await ask(world, "GET", "/waiting/20001", at=world.clock() + timedelta(minutes=minutes))
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["reason"] == "expired"
        assert "0:06:00 away from the clock here" in answer.json()["detail"]


async def test_nobody_asks_for_what_is_not_their_own(world: World) -> None:
    world.send(1, payment())
    for path in ("/waiting/20001", "/waiting/20001/3/20260001", "/current/20001", "/batches/20001/1/20260001"):
        answer = await ask(world, "GET", path, key=key_of(OTHER_CLIENT))
        assert (answer.status_code, answer.json()["reason"]) == (403, "client")
    stranger = await ask(world, "GET", "/waiting/20001", key=key_of(CLIENT, "personal"))
    assert (stranger.status_code, stranger.json()["reason"]) == (403, "signer")


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/batches/20001/1/20260002", 409, "identity"),
        ("/batches/20001/x/20260001", 400, "bad_argument"),
        ("/batches/20001/1/1", 400, "bad_argument"),
    ],
)
async def test_a_batch_is_brought_to_its_own_place(world: World, path: str, status: int, reason: str) -> None:
    answer = await ask(world, "PUT", path, world.sealed(world.payload(1, payment())))
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert world.bank.balances()[MAIN] == 10_000


async def test_a_conflict_says_what_the_bank_has(world: World) -> None:
    world.send(1, payment())
    world.numbers.clear()
    answer = await ask(world, "PUT", "/batches/20001/1/20260001", world.sealed(world.payload(1, payment())))
    assert (answer.status_code, answer.json()["reason"]) == (409, "number")


def test_what_the_bank_writes_is_valid_by_the_schemas_of_the_standard(world: World) -> None:
    """Of those schemas that the corpus has."""
    world.send(1, payment(), payment(currency="EUR"))
    world.send(11, abroad())
    container = world.bank.current(CLIENT)
    found = opened(container, trust=lambda _: world.bank.certificate, decrypt_with=None, at=world.clock())
    messages = list(read_batch(found.payload).messages)
    world.go("2026-03-03 21:00")
    messages += [message for batch in world.batches() for message in batch.messages]
    written = {"camt.052.001.08", "camt.053.001.08", "camt.054.001.08", "pain.002.001.10", "documents.1"}
    assert {message.name for message in messages} == written
    schemas = {path.stem: path for path in corpus_files("xsd")}
    for message in messages:
        if message.name in schemas:
            schema = etree.XMLSchema(etree.parse(str(schemas[message.name])))
            schema.assertValid(etree.fromstring(message.content))


# Faults


@pytest.mark.parametrize("fault", list(Fault))
def test_whatever_happens_on_the_way_an_order_is_executed_once(world: World, fault: Fault) -> None:
    """A client that sends the same batch again until it has the receipt gets its order executed once."""
    faults = iter([fault, None, None])
    line = FaultyBank(world.bank, lambda: next(faults))
    payload = world.payload(1, payment())
    try:
        first = line.take(world.sealed(payload))
    except (Unreachable, SealBroken):
        first = None
    receipt = line.take(world.sealed(payload))
    assert first in {None, receipt}
    assert world.bank.balances()[MAIN] == 9_900
    assert world.whole()


@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.TAMPERED])
def test_a_batch_that_comes_damaged_is_noticed_and_fetched_again(world: World, fault: Fault) -> None:
    world.send(1, payment())
    faults = iter([fault, None])
    line = FaultyBank(world.bank, lambda: next(faults))
    with pytest.raises(SealBroken):
        opened(
            line.fetch(CLIENT, 3, "20260001"), trust=lambda _: world.bank.certificate, decrypt_with=None,
            at=world.clock(),
        )  # fmt: skip
    assert line.fetch(CLIENT, 3, "20260001")


def test_a_bad_line_loses_and_doubles_nothing(world: World) -> None:
    line = FaultyBank(world.bank, Chance(tuple(Fault), 0.5, seed=7))
    payloads = [world.payload(1, payment(amount=n)) for n in range(1, 21)]
    for payload in payloads:
        for _ in range(200):
            try:
                line.take(world.sealed(payload))
                break
            except LabError:
                continue
        else:
            pytest.fail("the batch never got through")
    assert world.bank.balances()[MAIN] == 10_000 - sum(range(1, 21))
    assert world.whole()


async def test_a_line_that_is_down_is_told_as_such(world: World) -> None:
    line = FaultyBank(world.bank, lambda: Fault.DOWN)
    answer = await ask(world, "GET", "/waiting/20001", line=line)
    assert (answer.status_code, answer.json()["reason"]) == (503, "unreachable")
