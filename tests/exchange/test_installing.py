"""A lab that begins with the bank's configuration: its first, and one that begins anew after it was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.access.configuration import configure, setting
from bankklient_lab.balancing.announcing import announce_key
from bankklient_lab.balancing.balance import balance
from bankklient_lab.balancing.making import Signer, make_batches
from bankklient_lab.balancing.unsent import discard_batch, unsent_batches
from bankklient_lab.bank import Account, Bank
from bankklient_lab.errors import BadArgument, FormatError, Refused, SealBroken
from bankklient_lab.exchange.installing import inspect_configuration, take_configuration
from bankklient_lab.exchange.journal import journal_path
from bankklient_lab.exchange.replies import client_messages, write_to_bank
from bankklient_lab.keys.choosing import transmission_keys
from bankklient_lab.keys.creating import create_key
from bankklient_lab.keys.register import key_register
from bankklient_lab.keys.unlocking import unlock
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.orders.accounts import own_accounts
from bankklient_lab.sealing.certificates import fingerprint_text
from bankklient_lab.sealing.configuration import (
    Backup,
    Lost,
    read_configuration,
    sealed_configuration,
    written,
    written_backup,
)
from bankklient_lab.sealing.container import seal, sign
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.sealing.key_change import key_change
from bankklient_lab.sealing.keys import new_key
from tests.balancing.labs import OWN_POINT, agreed
from tests.clocks import Clock
from tests.exchange.labs import BANK_KEY, BANK_POINT, OPENING, Pair
from tests.keys.conftest import quick_key_passwords
from tests.orders.labs import broken_checks, created, equip, status

__all__ = ["quick_key_passwords"]

ONCE, PASSWORD = "once-8xx", "Eight-8x"
FINGERPRINT = fingerprint_text(BANK_KEY.certificate.fingerprint)
Installed = Callable[..., Lab]


@pytest.fixture
def bank(clock: Clock) -> Iterator[Bank]:
    """Give a bank that has a contract with a client, and none of its keys."""
    clock.move(hours=21)  # a Monday at ten in the morning
    bank = Bank.open(None, clock, key=BANK_KEY, seed=1)
    bank.register_client(OWN_POINT, "Client")
    for account, (currency, amount) in OPENING.items():
        bank.open_account(Account(account, currency, "Account", OWN_POINT, opening=Decimal(amount)))
    yield bank
    bank.close()


@pytest.fixture
def issued(bank: Bank, tmp_path: Path) -> Callable[..., Path]:
    """Return what lets the bank issue a configuration as a file."""

    def issue(**how: object) -> Path:
        name, content = bank.issue_configuration(OWN_POINT, ONCE, **how)  # type: ignore[arg-type]
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return issue


@pytest.fixture
def a_lab(tmp_path: Path, clock: Clock) -> Iterator[Callable[[str], Lab]]:
    """Return what makes new labs."""
    labs: list[Lab] = []

    def make(name: str) -> Lab:
        labs.append(open_here(tmp_path / f"{name}.lab", create=True, clock=clock, user="tester"))
        return labs[-1]

    yield make
    for lab in labs:
        lab.close()


def transmitted(pair: Pair) -> str:
    """Transmit with the key that a transmission takes now, and return what broke it off."""
    key = transmission_keys(pair.lab)[0]
    pair.key = unlock(pair.lab, key.key_id, PASSWORD if key.kind == "operational" else ONCE)
    return str(pair.transmit()["message"])


def begun(lab: Lab, path: Path) -> int:
    """Take the configuration over, make the first key and put it into a batch; return the key's number."""
    take_configuration(lab, path, FINGERPRINT)
    made = create_key(lab, "operational", PASSWORD)
    announce_key(lab, made["key_id"], PASSWORD, ONCE)
    return int(made["key_id"])


def used(bank: Bank, lab: Lab, clock: Clock) -> Pair:
    """Return a client with its bank, after their first transmissions."""
    pair = Pair(lab, bank, clock)
    assert "transmit once more" in transmitted(pair)
    assert transmitted(pair) == ""
    return pair


@pytest.mark.spec("TRN-184", "TRN-159", "TRN-175", "BAS-131")
def test_a_new_lab_begins_with_the_configuration_of_the_bank(
    bank: Bank, issued: Callable[..., Path], a_lab: Callable[[str], Lab], clock: Clock
) -> None:
    lab, path = a_lab("first"), issued(address="https://bank.example/exchange")
    assert path.name == "26000110.02"
    seen = inspect_configuration(lab, path)
    assert (seen["purpose"], seen["client_point"], seen["accounts"]) == ("installation", OWN_POINT, len(OPENING))
    assert seen["fingerprint"] == FINGERPRINT
    told = take_configuration(lab, path, seen["fingerprint"])
    assert (told["title"], told["settings"]) == ("initialization key 20260000", 0)
    assert lab.rows("SELECT point, name, channel FROM ops.connection_point ORDER BY role DESC") == [
        (OWN_POINT, "Client", ""), (BANK_POINT, bank.parameters.name, "https"),
    ]  # fmt: skip
    assert [row["account"] for row in own_accounts.rows(lab)] == sorted(OPENING)
    assert setting(lab, "bank_code") == "0600"
    with pytest.raises(Refused, match="make the operational key first"):
        transmission_keys(lab)
    made = create_key(lab, "operational", PASSWORD)
    assert made["replaces"] == "20260000"
    with pytest.raises(Refused, match="deliver it, then transmit"):
        transmission_keys(lab)
    with pytest.raises(Refused, match="initialization key 20260000 is not right"):
        announce_key(lab, made["key_id"], PASSWORD, "wrong-8x")
    announce_key(lab, made["key_id"], PASSWORD, ONCE)
    pair = Pair(lab, bank, clock)
    assert transmitted(pair) == "the bank has taken over the operational key 20260001; transmit once more, with it"
    once, _, first = (row for row in sorted(key_register.rows(lab), key=lambda row: (row["point"] == 1, row["kind"])))
    assert (once["valid"], once["private"]) == (False, False)  # it is used up, and gone
    assert (first["valid"], first["delivered"]) == (True, True)
    order = created(equip_codebooks(lab))
    balance(lab, agreed(lab), PASSWORD)
    assert transmitted(pair) == ""
    assert status(lab, order) == "OK"
    assert broken_checks(lab) == {}
    assert not any(bank.check().values())


def equip_codebooks(lab: Lab) -> Lab:
    """Give a lab the codebooks that orders need, its accounts being those of the bank."""
    with lab.database.tx("ops") as cursor:
        cursor.execute("DELETE FROM ops.account")
    return equip(lab)


@pytest.mark.spec("TRN-184")
def test_the_one_time_key_is_good_for_the_first_key_alone(
    bank: Bank, issued: Callable[..., Path], a_lab: Callable[[str], Lab], clock: Clock
) -> None:
    lab = a_lab("first")
    take_configuration(lab, issued(), FINGERPRINT)
    ((once_id,),) = lab.rows("SELECT key_id FROM ops.key WHERE kind = 'initialization'")
    once = unlock(lab, once_id, ONCE)
    pair = Pair(equip_codebooks(lab), bank, clock, key=once)
    created(lab)
    signer = Signer(once_id, lambda identity, sha256, at: sign(identity, sha256, once, at))
    make_batches(lab, agreed(lab), signer, which="complete")
    assert pair.transmit()["message"] == "the key of a configuration only announces the client's first key"
    assert not bank.may_fetch(once.certificate.fingerprint)
    key = new_key(point=OWN_POINT, kind="personal", at=clock.now, expires_on=date(2027, 6, 1), algorithm="ecdsa")
    identity = BatchIdentity(OWN_POINT, BANK_POINT, 2, 2026, 1)
    payload = key_change(key, once, "20260001", clock.now)
    receipt = bank.take(seal(identity, payload, [], once, record_format="02", at=clock.now))
    assert (receipt.status, receipt.error) == (
        "refused",
        "the first key of a client is of kind operational, not personal",
    )


@pytest.mark.spec("ADM-290")
def test_a_configuration_that_was_used_or_replaced_is_refused_by_the_bank(
    bank: Bank, issued: Callable[..., Path], a_lab: Callable[[str], Lab], clock: Clock
) -> None:
    replaced, original = issued(), issued()
    assert replaced.name != original.name
    begun(a_lab("replaced"), replaced)
    assert "nobody is registered" in transmitted(Pair(a_lab("replaced"), bank, clock))
    begun(a_lab("first"), original)
    used(bank, a_lab("first"), clock)
    begun(a_lab("again"), original)
    assert "number 20260001 of type 2 is another batch's" in transmitted(Pair(a_lab("again"), bank, clock))
    with pytest.raises(Refused, match="gets a configuration for recovery"):
        bank.issue_configuration(OWN_POINT, ONCE)


@pytest.mark.spec("BAS-008")
def test_what_is_no_configuration_for_a_new_lab_changes_nothing(
    bank: Bank, issued: Callable[..., Path], a_lab: Callable[[str], Lab], tmp_path: Path
) -> None:
    lab, path = a_lab("first"), issued()
    content = path.read_bytes()
    with pytest.raises(Refused, match="ask the bank"):
        take_configuration(lab, path, "00" * 32)
    bad = tmp_path / "bad.02"
    for place in range(0, len(content), 97):
        bad.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises((SealBroken, FormatError, Refused)):
            take_configuration(lab, bad, FINGERPRINT)
    for other in (b"", b"no configuration", content[:-1]):
        bad.write_bytes(other)
        with pytest.raises((FormatError, SealBroken)):
            inspect_configuration(lab, bad)
    bank.register_client(20_002, "Poor")
    bad.write_bytes(bank.issue_configuration(20_002, ONCE)[1])
    with pytest.raises(Refused, match="no account of the client in CZK"):
        take_configuration(lab, bad, FINGERPRINT)
    journal = journal_path(lab.path)  # of a lab that was at this place and is lost
    journal.touch()
    with pytest.raises(Refused, match="move it away"):
        take_configuration(lab, path, FINGERPRINT)
    journal.unlink()
    assert lab.rows("SELECT count(*) FROM ops.key") == [(0,)]
    take_configuration(lab, path, FINGERPRINT)
    with pytest.raises(Refused, match="begins a new lab"):
        take_configuration(lab, path, FINGERPRINT)


def test_what_a_bank_says_of_a_lost_lab_is_taken_as_it_can_be_or_not_at_all(
    issued: Callable[..., Path], a_lab: Callable[[str], Lab], clock: Clock
) -> None:
    lab, path = a_lab("first"), issued()
    found = read_configuration(path.read_bytes(), FINGERPRINT, clock.now)

    def said(lost: Lost) -> None:
        told = written(found.configuration._replace(client_name="x" * 500, lost=lost))
        path.write_bytes(sealed_configuration(told, found.identity, BANK_KEY, clock.now))

    for wrong in (
        Lost(batches=((1, 2026, 1), (1, 2026, 2))), Lost(batches=((1, 2026, 2**70),)), Lost(batches=((1, 2026, 0),)),
        Lost(key_order="2026abcd"), Lost(order_id=-1), Lost(order_id=2**80), Lost(settings="{}"),
    ):  # fmt: skip
        said(wrong)
        with pytest.raises((FormatError, BadArgument)):
            take_configuration(lab, path, FINGERPRINT)
    assert lab.rows("SELECT (SELECT count(*) FROM ops.key), (SELECT count(*) FROM ops.account)") == [(0, 0)]
    backup = Backup("20001|600|20|20260001", {"proxy_password": "evil", "bank_code": "9999", "funds_days": "3"})
    said(Lost(settings=written_backup(backup).decode()))
    clock.move(days=90)
    with pytest.raises(Refused, match="the one-time key expired on 2027-02-21"):
        take_configuration(lab, path, FINGERPRINT)
    clock.move(days=-90)
    told = take_configuration(lab, path, FINGERPRINT)
    assert (told["settings"], told["left_out"]) == (1, ["bank_code", "client_name", "proxy_password"])
    assert (setting(lab, "bank_code"), setting(lab, "proxy_password")) == ("0600", "")


def test_a_lab_with_orders_is_not_begun_anew(issued: Callable[..., Path], a_lab: Callable[[str], Lab]) -> None:
    lab = equip(a_lab("first"))
    order = created(lab)  # its number may be that of an order of the lost lab
    with pytest.raises(Refused, match="0 keys, 1 orders and 0 batches"):
        take_configuration(lab, issued(), FINGERPRINT)
    assert created(lab, amount="2") == order + 1


@pytest.mark.spec("BAL-063", "BAL-064", "BAL-066", "BAL-088", "BAL-091", "BAS-022", "FLW-084")
def test_changed_settings_go_to_the_bank_with_the_next_balancing(
    bank: Bank, issued: Callable[..., Path], a_lab: Callable[[str], Lab], clock: Clock
) -> None:
    lab = equip(a_lab("first"))
    begun(lab, issued())
    pair = used(bank, lab, clock)
    configure(lab, {"client_name": "Our company", "funds_days": 3, "proxy_password": "secret"})
    with pytest.raises(Refused, match="nothing to balance"):
        balance(lab, {}, PASSWORD)
    created(lab)
    told = balance(lab, agreed(lab), PASSWORD)["remote_backup"]
    assert (told["batch_type"], told["batch_order"], told["records"]) == (20, "20260001", 2)
    assert b"secret" not in lab.rows("SELECT payload FROM ops.batch_content WHERE batch_id = $id",
                                     {"id": told["batch_id"]})[0][0]  # fmt: skip
    created(lab, amount="2")
    assert balance(lab, agreed(lab), PASSWORD)["remote_backup"] is None
    assert [row["batch_type"] for row in unsent_batches.rows(lab)] == [1, 20, 1]
    assert transmitted(pair) == ""
    configure(lab, {"funds_days": 4})
    created(lab, amount="3")
    assert balance(lab, agreed(lab), PASSWORD)["remote_backup"]["batch_order"] == "20260002"
    assert transmitted(pair) == ""
    configure(lab, {"funds_days": 5})
    created(lab, amount="4")
    discard_batch(lab, balance(lab, agreed(lab), PASSWORD)["remote_backup"]["batch_id"])
    created(lab, amount="5")
    assert balance(lab, agreed(lab), PASSWORD)["remote_backup"]["batch_order"] == "20260004"
    assert broken_checks(lab) == {}
    assert not any(bank.check().values())


@pytest.mark.spec(
    "ADM-278", "ADM-282", "ADM-283", "ADM-284", "ADM-285", "ADM-286", "ADM-287", "ADM-288", "ADM-289", "BAL-065",
    "TRN-186", "TRN-194",
)  # fmt: skip
def test_a_lost_lab_is_rebuilt_and_goes_on(
    bank: Bank, issued: Callable[..., Path], a_lab: Callable[[str], Lab], clock: Clock
) -> None:
    lost = equip(a_lab("lost"))
    begun(lost, issued())
    pair = used(bank, lost, clock)
    configure(lost, {"client_name": "Our company", "funds_days": 3})
    done = created(lost)
    write_to_bank(lost, "Good morning.", subject="Hello")
    balance(lost, agreed(lost), PASSWORD)
    assert transmitted(pair) == ""
    clock.move(days=1)
    assert transmitted(pair) == ""  # the statement of the day
    unsent = created(lost, amount="2")
    balance(lost, agreed(lost), PASSWORD)  # which the bank never sees

    path = issued(recovery=True)
    lab = equip(a_lab("recovered"))
    assert inspect_configuration(lab, path)["purpose"] == "recovery"
    told = take_configuration(lab, path, FINGERPRINT)
    assert (told["title"], told["settings"]) == ("initial after recovery key 20260001", 2)
    assert (setting(lab, "client_name"), setting(lab, "funds_days")) == ("Our company", 3)
    assert [row["kind"] for row in key_register.rows(lab)].count("initial after recovery") == 1
    with pytest.raises(Refused, match="make the operational key first"):
        transmission_keys(lab)
    made = create_key(lab, "operational", PASSWORD)
    assert made["key_order"] == "20260002"
    assert announce_key(lab, made["key_id"], PASSWORD, ONCE)["batch_order"] == "20260002"
    anew = used(bank, lab, clock)
    assert lab.rows("SELECT count(*) FROM history.statement")[0][0] > 0  # sent again
    order = created(lab)
    assert order not in (done, unsent) or order == unsent  # the bank never saw that one
    assert write_to_bank(lab, "We lost our lab.", subject="Hello") == 2
    batches = balance(lab, agreed(lab), PASSWORD)["batches"]
    assert {batch["batch_order"] for batch in batches} == {"20260002"}
    assert transmitted(anew) == ""
    assert status(lab, order) == "OK"
    assert [row["status"] for row in client_messages.rows(lab)] == ["PR"]
    assert "nobody is registered" in transmitted(pair)  # the old lab, found again
    assert status(lost, unsent) == "NS"
    assert broken_checks(lab) == {}
    assert not any(bank.check().values())


@pytest.mark.spec("ADM-289")
def test_orders_of_a_lost_lab_that_wait_at_the_bank_keep_their_numbers(
    bank: Bank, issued: Callable[..., Path], a_lab: Callable[[str], Lab], clock: Clock
) -> None:
    lost = equip(a_lab("lost"))
    begun(lost, issued())
    pair = used(bank, lost, clock)
    clock.move(hours=14)  # at midnight the bank is closed
    waiting = created(lost)
    write_to_bank(lost, "Good night.", subject="Hello")
    balance(lost, agreed(lost), PASSWORD)
    assert transmitted(pair) == ""
    lab = equip(a_lab("recovered"))
    begun(lab, issued(recovery=True))
    assert created(lab) == waiting + 1
    assert write_to_bank(lab, "We lost our lab.", subject="Hello") == 2


@pytest.mark.spec("ADM-289")
def test_numbers_that_a_lost_lab_never_brought_are_given_up(
    bank: Bank, issued: Callable[..., Path], a_lab: Callable[[str], Lab], clock: Clock
) -> None:
    lost = equip(a_lab("lost"))
    begun(lost, issued())
    pair = used(bank, lost, clock)
    with lost.database.tx("ops") as cursor:  # the bank waits for number 1
        cursor.execute("INSERT INTO ops.lost_number VALUES (1, 2026, 1)")
    parked = created(lost)
    balance(lost, agreed(lost), PASSWORD)
    transmitted(pair)
    assert pair.batch_status(2) == 3
    path = issued(recovery=True, since=date(2026, 11, 1))
    lab = equip(a_lab("recovered"))
    begun(lab, path)
    anew = used(bank, lab, clock)
    order = created(lab)
    (batch,) = balance(lab, agreed(lab), PASSWORD)["batches"]
    assert batch["batch_order"] == "20260003"
    assert transmitted(anew) == ""
    assert status(lab, order) == "OK"
    assert status(lost, parked) == "SE"
    assert not any(bank.check().values())


def test_a_client_that_never_began_does_not_recover(bank: Bank) -> None:
    with pytest.raises(Refused, match="begins with its first configuration"):
        bank.issue_configuration(OWN_POINT, ONCE, recovery=True)


def test_a_name_that_the_configuration_can_not_hold_is_told_and_no_setting(
    bank: Bank, a_lab: Callable[[str], Lab], tmp_path: Path
) -> None:
    bank.register_client(20_002, "C" * 101)
    bank.open_account(Account("CZ6508000000192000145399", "CZK", "Account", 20_002, opening=Decimal(0)))
    path = tmp_path / "long.02"
    path.write_bytes(bank.issue_configuration(20_002, ONCE)[1])
    told = take_configuration(a_lab("first"), path, FINGERPRINT)
    assert (told["settings"], told["left_out"]) == (0, ["client_name"])
