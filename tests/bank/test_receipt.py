"""Taking batches in: numbers without gaps, nothing twice, the same receipt each time, no effect of what is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from bankklient_lab.bank import Bank
from bankklient_lab.errors import BadArgument, Refused, SealBroken, UnknownName
from bankklient_lab.formats.batches import read_batch
from bankklient_lab.sealing.cms import verified
from bankklient_lab.sealing.container import opened, seal, sign
from bankklient_lab.sealing.identity import BatchIdentity
from tests.bank.banks import CLIENT, MAIN, OTHER_CLIENT, World, a_world, key_of, payment


@pytest.fixture
def world() -> World:
    return a_world()


def spent(world: World) -> Decimal:
    """Return what the client has paid."""
    return 10_000 - world.bank.balances()[MAIN]


def void(world: World, identity: BatchIdentity) -> bytes:
    """Return the container that gives a number up."""
    return world.sealed(b"", identity)


@pytest.mark.spec("FLW-101")
def test_the_receipt_is_signed_by_the_bank(world: World) -> None:
    payload = world.payload(1, payment())
    receipt = world.bank.take(world.sealed(payload))
    proof = verified(receipt.signed, trust=lambda _: world.bank.certificate, at=world.clock())
    assert json.loads(proof.content) == {
        "identity": "20001|600|1|20260001", "sha256": sha256(payload).hexdigest(), "status": "received", "error": "",
        "missing": "", "received_at": "2026-03-03T09:00:00.000000+00:00",
    }  # fmt: skip
    assert (receipt.identity, receipt.received_at) == (read_batch(payload).identity, world.clock())


@pytest.mark.spec("TRN-005")
def test_the_same_batch_again_gets_the_same_receipt_and_does_nothing(world: World) -> None:
    payload = world.payload(1, payment())
    first = world.bank.take(world.sealed(payload))
    world.clock.now += timedelta(hours=1)
    again = world.bank.take(world.sealed(payload))  # sealed anew: other bytes
    assert again == first
    assert spent(world) == 100


def test_a_number_has_one_content(world: World) -> None:
    world.send(1, payment())
    world.numbers.clear()
    with pytest.raises(Refused, match="number 20260001 of type 1 is another batch's") as caught:
        world.send(1, payment())
    assert caught.value.details["reason"] == "number"
    assert spent(world) == 100


def test_a_content_has_one_number(world: World) -> None:
    """A client that renames its batch and keeps its payload does not get it executed twice."""
    payload = world.payload(1, payment())
    world.bank.take(world.sealed(payload))
    other = read_batch(payload).identity._replace(number=2)
    with pytest.raises(Refused, match="the same batch came as number 20260001 of type 1") as caught:
        world.bank.take(world.sealed(payload, other))
    assert (caught.value.details["reason"], spent(world)) == ("content", 100)


def test_an_order_is_executed_once_whatever_batch_it_comes_in(world: World) -> None:
    world.send(1, payment())
    world.orders -= 1
    receipt = world.send(1, payment())
    assert (receipt.status, spent(world)) == ("refused", 100)
    assert "the order was sent before, in batch 1/20260001" in receipt.error


@pytest.mark.spec("FLW-099")
def test_a_batch_before_its_turn_is_parked_until_the_missing_one_comes(world: World) -> None:
    first, second, third = (world.payload(1, payment()) for _ in range(3))
    parked = world.bank.take(world.sealed(third))
    assert (parked.status, parked.missing, spent(world)) == ("parked", "20260001", 0)
    assert world.bank.take(world.sealed(first)).status == "received"
    assert (world.bank.state(read_batch(third).identity).status, spent(world)) == ("parked", 100)
    world.bank.take(world.sealed(second))
    assert (world.bank.state(read_batch(third).identity).status, spent(world)) == ("processed", 300)
    assert world.bank.take(world.sealed(third)) == parked
    assert world.whole()


@pytest.mark.spec("BAL-077")
def test_a_number_that_is_given_up_closes_the_gap(world: World) -> None:
    lost, second = world.payload(1, payment()), world.payload(1, payment())
    identity = read_batch(lost).identity
    world.bank.take(world.sealed(second))
    receipt = world.bank.void(void(world, identity))
    assert (receipt.status, receipt.sha256, spent(world)) == ("void", "", 100)
    assert world.bank.void(void(world, identity)) == receipt
    with pytest.raises(Refused, match="number 20260001 of type 1 was given up"):
        world.bank.take(world.sealed(lost))
    assert (world.bank.state(identity).status, spent(world)) == ("void", 100)


def test_a_number_with_a_batch_is_not_given_up(world: World) -> None:
    payload = world.payload(1, payment())
    world.bank.take(world.sealed(payload))
    with pytest.raises(Refused, match="is another batch's"):
        world.bank.void(void(world, read_batch(payload).identity))
    with pytest.raises(Refused, match="number 20260002 of the type is missing before it"):
        world.bank.void(void(world, read_batch(payload).identity._replace(number=3)))
    with pytest.raises(Refused, match="given up by an empty batch"):
        world.bank.void(world.sealed(world.payload(1, payment())))
    assert spent(world) == 100


def test_numbers_start_anew_with_the_year_and_count_by_type_and_client(world: World) -> None:
    world.send(1, payment())
    assert world.send(11, payment(kind="foreign")).identity.order == "20260001"
    world.go("2027-01-04 10:00")
    assert world.send(1, payment()).identity.order == "20270001"
    assert world.whole()


@pytest.mark.spec("FLW-099", "FLW-100")
@pytest.mark.spec("TRN-007")
@pytest.mark.parametrize(
    ("batch_type", "old", "new", "says"),
    [
        (1, b"<Order id", b"<Order  id", "this is no order of a batch"),
        (1, b"</NbOfTxs>", b"0</NbOfTxs>", "NbOfTxs"),
        (1, b"<InstrId>2026", b"<InstrId>2027", "other orders than the list of the batch"),
        (11, b"pain.001.001.09", b"pain.013.001.09", "a batch of type 11 has pain.001.001.09"),
        (7, b"", b"", "a batch of type 7 has letter.1"),
        (22, b"", b"", "the bank takes batches of the types 1, 11, 13, 7"),
    ],
)
def test_a_signed_batch_of_wrong_content_is_refused_as_a_whole(
    world: World, batch_type: int, old: bytes, new: bytes, says: str
) -> None:
    order = payment() if batch_type == 1 else payment(kind="foreign")
    payload = world.payload(batch_type, order).replace(old, new)
    identity = BatchIdentity(CLIENT, 600, batch_type, 2026, 1)
    receipt = world.bank.take(world.sealed(payload, identity))
    assert (receipt.status, spent(world)) == ("refused", 0)
    assert says in receipt.error
    state = world.bank.state(identity)
    assert (state.status, state.error) == ("refused", receipt.error)
    assert world.answers() == []


@pytest.mark.parametrize(("text", "status"), [("what was confirmed", "received"), ("what was not", "refused")])
def test_an_order_that_comes_whole_is_the_one_that_was_confirmed(world: World, text: str, status: str) -> None:
    digest = sha256(b"what was confirmed").hexdigest()
    payload = world.payload(1, payment(order_text=text)).replace(b"0" * 64, digest.encode())
    receipt = world.bank.take(world.sealed(payload))
    assert receipt.status == status
    assert status == "received" or "not the one whose digest the batch names" in receipt.error


def test_a_container_of_one_batch_around_another_is_refused(world: World) -> None:
    payload = world.payload(1, payment())
    receipt = world.bank.take(world.sealed(payload, BatchIdentity(CLIENT, 600, 11, 2026, 1)))
    assert "the payload is of another batch than its container" in receipt.error


@pytest.mark.spec("FLW-099")
def test_what_proves_nothing_is_refused_without_effect(world: World) -> None:
    payload = world.payload(1, payment())
    identity = read_batch(payload).identity
    container = world.sealed(payload)
    stranger = key_of(CLIENT, "personal")
    for wrong, reason in (
        (container[:-1] + bytes([container[-1] ^ 1]), None),
        (world.sealed(payload, key=stranger), "signer"),
        (world.sealed(payload, signers=[stranger]), "signer"),
        (container[:1000], "format"),
    ):
        with pytest.raises(SealBroken) as caught:
            world.bank.take(wrong)
        assert reason in {None, caught.value.reason}
    with pytest.raises(UnknownName):
        world.bank.state(identity)
    assert spent(world) == 0


def test_a_key_counts_while_it_is_registered(world: World) -> None:
    world.bank.withdraw_key(key_of(CLIENT).certificate.fingerprint)
    with pytest.raises(SealBroken) as caught:
        world.send(1, payment())
    assert caught.value.reason == "signer"


def test_a_batch_for_another_bank_is_refused(world: World) -> None:
    identity = BatchIdentity(CLIENT, 601, 1, 2026, 1)
    key = key_of(CLIENT)
    signature = sign(identity, sha256(b"x").digest(), key, world.clock())
    container = seal(identity, b"x", [signature], key, record_format="02", at=world.clock())
    with pytest.raises(Refused, match="the batch is for connection point 601"):
        world.bank.take(container)


def test_a_contract_can_ask_for_two_signatures(world: World) -> None:
    world.bank.register_client(20_003, "Careful", signers=2)
    first, second, courier = (key_of(20_003, name) for name in ("operational", "personal", "initial"))
    for key in (first, second):
        world.bank.register_key(key.certificate)
    world.bank.register_key(courier.certificate, signs_orders=False)
    payload = world.payload(1, payment(), point=20_003)
    for signers in ([], [first], [first, courier]):
        with pytest.raises(Refused, match="needs 2 signatures"):
            world.bank.take(world.sealed(payload, key=first, signers=signers))
    assert world.bank.take(world.sealed(payload, key=courier, signers=[first, second])).status == "received"


def test_what_the_bank_has_for_a_client_waits_until_it_is_confirmed(world: World) -> None:
    world.send(1, payment())
    (one,) = world.bank.waiting(CLIENT)
    assert (one.batch_type, one.order, world.bank.waiting(OTHER_CLIENT)) == (3, "20260001", [])
    first, second = (world.bank.fetch(CLIENT, 3, one.order) for _ in range(2))
    payloads = {
        opened(container, trust=lambda _: world.bank.certificate, decrypt_with=None, at=world.clock()).payload
        for container in (first, second)
    }
    assert [sha256(payload).hexdigest() for payload in payloads] == [one.sha256]
    with pytest.raises(Refused, match="another content"):
        world.bank.taken(CLIENT, 3, one.order, "0" * 64)
    for _ in range(2):
        world.bank.taken(CLIENT, 3, one.order, one.sha256)
    assert world.bank.waiting(CLIENT) == []
    for order, error in (("20260002", UnknownName), ("1", BadArgument)):
        with pytest.raises(error):
            world.bank.fetch(CLIENT, 3, order)


def test_batches_are_encrypted_for_a_client_that_asks_for_it(world: World) -> None:
    key = key_of(20_004, "operational", "rsa")
    world.bank.register_client(20_004, "Secret", encrypted=True)
    world.bank.register_key(key.certificate)
    payload = world.payload(1, payment(), point=20_004)
    identity = read_batch(payload).identity
    signature = sign(identity, sha256(payload).digest(), key, world.clock())
    container = seal(
        identity, payload, [signature], key, record_format="06", encrypt_for=world.bank.certificate, at=world.clock()
    )
    world.bank.take(container)
    (one,) = world.bank.waiting(20_004)
    answer = world.bank.fetch(20_004, one.batch_type, one.order)
    with pytest.raises(SealBroken) as caught:
        opened(answer, trust=lambda _: world.bank.certificate, decrypt_with=None, at=world.clock())
    assert caught.value.reason == "key"
    found = opened(answer, trust=lambda _: world.bank.certificate, decrypt_with=key.private_key, at=world.clock())
    assert found.record_format == "06"


def test_a_bank_that_is_opened_again_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "bank.db"
    world = a_world(path)
    payload = world.payload(1, *[payment() for _ in range(2)])
    receipt = world.bank.take(world.sealed(payload))
    world.bank.close()
    world.bank = Bank.open(path, world.clock, key=key_of(600, "bank", "rsa"), parameters="eur")  # it keeps its own
    assert world.bank.parameters.code == "cz"
    assert world.bank.take(world.sealed(payload)) == receipt
    assert (spent(world), len(world.answers())) == (200, 2)
    world.bank.close()


def test_a_bank_needs_its_own_key(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="the key of the bank 600"):
        Bank.open(tmp_path / "bank.db", a_world().clock, key=key_of(CLIENT))
