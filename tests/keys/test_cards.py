"""Keys on chip cards: made or registered there, used with the PIN, and nothing changed or counted without the card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pkcs11
import pytest

from bankklient_lab.balancing.balance import balance, key_for_balancing
from bankklient_lab.bank import Bank
from bankklient_lab.cli import DONE, WRONG_USAGE, run
from bankklient_lab.errors import NotAllowed, Refused, UnknownName, Unreachable
from bankklient_lab.keys.cards import chip_cards, create_card_key
from bankklient_lab.keys.choosing import transmission_keys
from bankklient_lab.keys.delivering import hand_over_key, note_delivered
from bankklient_lab.keys.points import change_connection_point
from bankklient_lab.keys.register import key_numbered, key_register
from bankklient_lab.keys.unlocking import change_key_password, unlock
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.lab import created as created_lab
from bankklient_lab.sealing import cards
from bankklient_lab.sealing.certificates import Certificate
from bankklient_lab.sealing.identification import read_identification
from tests.balancing.labs import agreed
from tests.clocks import Clock
from tests.exchange.labs import Pair, a_bank
from tests.orders.conftest import clock, company, orders_file
from tests.orders.labs import broken_checks, created, hands, status
from tests.sealing.cards import PIN, a_card, pulled_out

__all__ = ["clock", "company", "orders_file"]


@pytest.fixture
def card(tmp_path: Path) -> Iterator[str]:
    """Give the serial number of a card."""
    with a_card(tmp_path) as serial:
        yield serial


def tries(lab: Lab) -> list[int]:
    return [row["failed_tries"] for row in key_register.rows(lab)]


@pytest.mark.spec("EL-011", "EL-008")
def test_a_batch_signed_by_a_card_is_taken_by_the_bank(company: Lab, card: str, clock: Clock) -> None:
    clock.move(hours=21)
    made = create_card_key(company, "operational", card, PIN)
    key = key_numbered(company, made["key_id"])
    assert (key.title, key.card) == (f"operational key 20260001 on card {card}", card)
    assert company.rows("SELECT private_key FROM ops.key") == [(None,)]
    (signed,) = (file for name, file in hand_over_key(company, key.key_id, PIN).items() if name.endswith(".SGN"))
    assert read_identification(signed, clock.now).certificate == key.certificate
    bank = _bank_with(clock, key.certificate)
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.connection_point SET point = 600 WHERE role = 'bank'")
    _register_bank(company, bank)
    note_delivered(company, key)
    order = created(company)
    assert key_for_balancing(company)["card"] == card
    balance(company, agreed(company), PIN)
    pair = Pair(company, bank, clock, key=unlock(company, transmission_keys(company)[0].key_id, PIN))
    assert pair.transmit()["message"] == ""
    assert status(company, order) == "OK"
    assert broken_checks(company) == {}
    assert not any(bank.check().values())


@pytest.mark.spec("ADM-241")
def test_a_right_that_is_taken_away_while_the_card_works_leaves_no_key(company: Lab, card: str) -> None:
    mine = hands(company, "AB", {2})  # after the call was admitted
    with pytest.raises(NotAllowed):
        create_card_key.function(mine, "operational", card, PIN)
    assert company.rows("SELECT count(*) FROM ops.key") == [(0,)]
    assert [one.keys for one in cards.cards() if one.serial == card] == [[]]


def _bank_with(clock: Clock, certificate: Certificate) -> Bank:
    bank = a_bank(clock)
    bank.register_key(certificate)
    return bank


def _register_bank(lab: Lab, bank: Bank) -> None:
    from bankklient_lab.keys.register import insert_key

    with lab.database.tx("ops") as cursor:
        insert_key(lab, cursor, bank.certificate, key_order="20260001", warn_days=90, delivered=True, proven=True)


@pytest.mark.spec("BAL-048")
def test_wrong_pins_are_counted_and_a_missing_card_is_not(company: Lab, card: str, tmp_path: Path) -> None:
    create_card_key(company, "operational", card, PIN)
    created(company)
    chosen = agreed(company)
    with pytest.raises(Refused, match="tries left: 2"):
        balance(company, chosen, "000000")
    with pulled_out(tmp_path), pytest.raises(Unreachable, match="check its connection"):
        balance(company, chosen, PIN)
    assert tries(company) == [1]
    with pytest.raises(Refused, match="tries left: 1"):
        balance(company, chosen, "")
    assert company.rows("SELECT count(*) FROM ops.batch") == [(0,)]
    balance(company, chosen, PIN)
    assert tries(company) == [0]


@pytest.mark.spec("BAL-048")
def test_a_card_that_is_pulled_out_before_its_pin_is_judged_takes_the_try_back(
    company: Lab, card: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_card_key(company, "operational", card, PIN)
    monkeypatch.setattr(cards, "demand_card", lambda _serial: None)  # it was there a moment ago
    with pulled_out(tmp_path), pytest.raises(Unreachable):
        unlock(company, 1, PIN)
    assert tries(company) == [0]


@pytest.mark.spec("BAL-045")
def test_after_the_allowed_number_of_wrong_pins_the_card_is_not_asked(company: Lab, card: str) -> None:
    create_card_key(company, "operational", card, PIN)
    for _ in range(3):
        with pytest.raises(Refused):
            unlock(company, 1, "000000")
    with pytest.raises(Refused, match="the next entry is possible after"):
        unlock(company, 1, PIN)
    assert tries(company) == [3]


def test_a_key_that_a_card_has_is_registered_once(company: Lab, card: str) -> None:
    cards.made_on_card(card, PIN, "of the issuer")
    ((key,),) = (one["keys"] for one in chip_cards(company))
    with pytest.raises(UnknownName):
        create_card_key(company, "operational", card, PIN, existing="00")
    made = create_card_key(company, "operational", card, PIN, existing=key["number"])
    assert [one["keys"] for one in chip_cards(company)] == [[key]]
    unlock(company, made["key_id"], PIN)
    note_delivered(company, key_numbered(company, made["key_id"]))
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.key SET proven = true")
    with pytest.raises(Refused, match="registered already"):
        create_card_key(company, "operational", card, PIN, existing=key["number"])


def test_what_fails_leaves_nothing_on_the_card_or_in_the_lab(
    company: Lab, card: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="the card counts how often"):
        create_card_key(company, "operational", card, "000000")
    with pytest.raises(Unreachable, match="0123"):
        create_card_key(company, "operational", "0123", PIN)

    def broken(*_: object, **__: object) -> Any:
        raise OSError("no room")

    with monkeypatch.context() as within:
        within.setattr("bankklient_lab.keys.cards.register_new", broken)
        with pytest.raises(OSError, match="no room"):
            create_card_key.function(company, "operational", card, PIN)
    change_connection_point(company, "bank", encrypted=True)
    with pytest.raises(Refused, match="a key on a chip card opens none"):
        create_card_key(company, "operational", card, PIN)
    assert [one["keys"] for one in chip_cards(company)] == [[]]
    assert key_register.rows(company) == []


def test_the_pin_is_changed_with_the_tool_of_the_card(company: Lab, card: str) -> None:
    create_card_key(company, "operational", card, PIN)
    with pytest.raises(Refused, match="tool of the card"):
        change_key_password(company, 1, PIN, "Other-8x")


def test_commands_make_a_key_on_a_card(
    card: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BANKKLIENT_LAB", str(tmp_path / "own.lab"))
    with created_lab(tmp_path / "own.lab"):
        pass
    (tmp_path / "pin").write_text(PIN)
    (tmp_path / "pin").chmod(0o600)
    assert run(["keys", "create", "operational", "--card", card, "--password-file", "pin"]) == DONE
    assert run(["keys", "cards", "--json"]) == DONE
    assert card in capsys.readouterr().out
    assert run(["keys", "hand-over", "1", "out", "--password-file", "pin"]) == DONE
    with open_here(tmp_path / "own.lab") as one:
        note_delivered(one, key_numbered(one, 1))
        change_connection_point(one, "bank", channel="https", settings={"address": "http://127.0.0.1:1"})
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("bankklient_lab.cli.asked.getpass", lambda prompt: asked.append(prompt) or PIN)
    assert run(["transmit"]) != DONE  # nobody answers there
    assert asked == [f"PIN of card {card}: "]
    for wrong in (["--existing", "00"], ["--card", card, "--save-password"]):
        assert run(["keys", "create", "operational", *wrong, "--password-file", "pin"]) == WRONG_USAGE


def test_cards_are_loaded_when_one_is_used() -> None:
    assert pkcs11.__name__ not in dir(cards)
