"""Distributed signatures: which orders whose signature counts for, what still lacks one, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.balancing.balance import balance
from bankklient_lab.balancing.signature_rights import give_signature_right, signature_rights, take_signature_right
from bankklient_lab.balancing.signatures import check_signatures, orders_to_sign, sign_batch, waiting_signatures
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.errors import BadArgument, NotAllowed, Refused, UnknownName
from bankklient_lab.keys.cards import create_card_key
from bankklient_lab.keys.delivering import note_delivered
from bankklient_lab.keys.register import key_numbered
from bankklient_lab.lab import Lab
from bankklient_lab.rights.permissions import everything
from tests.balancing.labs import agreed, payload
from tests.balancing.signers import PASSWORD, made, person, right, signed, waiting
from tests.clocks import Clock
from tests.keys.conftest import quick_key_passwords
from tests.orders.labs import FOREIGN, MAIN, SAVINGS, broken_checks, created, hands
from tests.sealing.cards import PIN, a_card

__all__ = ["quick_key_passwords"]


@pytest.fixture
def admin(company: Lab) -> Lab:
    """Give the lab in the hands of whoever administers users, and enters the orders of these tests."""
    return hands(company, "AD")


@pytest.mark.spec("EL-014")
def test_which_classes_together_are_enough(admin: Lab) -> None:
    people = {name: person(admin, name) for name in ("T1", "E1", "A1", "A2", "B1", "B2")}
    for name, who in people.items():
        right(admin, who, name[0])
    free = {"E1": True, "A1": False, "B1": False, "A1 A2": True, "A1 B1": True, "B1 A2": True, "B1 B2": False,
            "B1 B2 A1": True}  # fmt: skip
    for number, (signers, enough) in enumerate(free.items(), start=1):
        created(admin, amount=str(number))
        assert made(people["T1"]) == [number]
        told = [signed(people[name], number) for name in signers.split()]
        assert {one["counted"] for one in told} == {1}
        assert (told[-1]["lacking"] == 0) == enough, signers
        assert (number in [batch_id for batch_id, _, _ in waiting(admin)]) != enough, signers
    created(admin, amount="100")
    assert made(people["E1"]) == [len(free) + 1]  # whose own signature is enough
    assert len(waiting(admin)) == list(free.values()).count(False)
    assert broken_checks(admin) == {}


@pytest.mark.spec("EL-014")
def test_a_signature_is_of_the_frozen_payload(admin: Lab) -> None:
    first, second = person(admin, "P1"), person(admin, "P2")
    right(admin, first, "A")
    right(admin, second, "B")
    created(admin)
    made(first)
    (row,) = waiting_signatures.rows(second)
    assert (row["lacking"], row["counts_for"], row["signed_by"]) == (1, 1, "user P1 (A)")
    with pytest.raises(Refused, match="is not what was shown"):
        sign_batch(second, 1, "0" * 64, PASSWORD)
    with pytest.raises(Refused, match="tries left: 2"):
        sign_batch(second, 1, row["sha256"], "Wrong-8x")
    assert sign_batch(second, 1, row["sha256"], PASSWORD)["lacking"] == 0
    identity = payload(admin, 1).identity
    check_signatures(admin, 1, identity, row["sha256"])
    assert admin.rows("SELECT count(DISTINCT key_id) FROM ops.batch_signature") == [(2,)]
    assert admin.rows("SELECT subject FROM ops.log WHERE action = 'sign_batch'") == [("1 20260001",)]
    with pytest.raises(UnknownName):
        sign_batch(second, 1, row["sha256"], PASSWORD)
    with admin.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.batch_signature SET signature = (SELECT min(signature) FROM ops.batch_signature)")
    with pytest.raises(Refused, match="is not valid"):
        check_signatures(admin, 1, identity, row["sha256"])


@pytest.mark.spec("EL-014")
def test_a_payload_changed_in_the_file_is_not_signed(admin: Lab) -> None:
    first, second = person(admin, "P1"), person(admin, "P2")
    right(admin, first, "A")
    right(admin, second, "A")
    created(admin)
    made(first)
    with admin.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.batch_content SET payload = encode(replace(decode(payload), '1500.00', '9500.00'))")
    with pytest.raises(Refused, match="is not what was shown"):
        signed(second)
    assert admin.rows("SELECT count(*) FROM ops.batch_signature") == [(1,)]


@pytest.mark.spec("EL-014")
def test_one_person_signs_once_under_whatever_name(admin: Lab) -> None:
    first = person(admin, "P1", "Jan Novak")
    again, numbered = person(admin, "P2", "jan NOVAK"), person(admin, "P3", "Jan Novak", number="7")
    other = person(admin, "P4", "Jan Novak", number="8")
    for one in (first, again, numbered, other):
        right(admin, one, "A")
    created(admin)
    made(numbered)
    assert [waiting(one)[0][1] for one in (numbered, first, again, other)] == [0, 0, 0, 1]
    for one in (numbered, first, again):  # without a number the name tells
        with pytest.raises(Refused, match="signed batch 1 20260001 already"):
            signed(one)
    assert signed(other)["lacking"] == 0


@pytest.mark.spec("EL-013", "EL-014")
def test_who_entered_or_confirmed_orders_signs_them_only_where_the_right_says_so(admin: Lab) -> None:
    entering, signing, both = (person(admin, f"P{number}") for number in range(3))
    twin = person(admin, "P9", "Person P0")
    for one in (entering, signing, twin):
        right(admin, one, "A")
    created(entering)
    made(entering)
    assert [waiting(one)[0][1:] for one in (entering, signing, twin)] == [(0, ""), (1, ""), (0, "")]
    with pytest.raises(Refused, match="signed batch"):
        signed(entering)
    assert signed(signing)["lacking"] == 1
    right(admin, both, "B", own_orders=True)
    assert signed(both)["lacking"] == 0
    created(both)
    (second,) = made(both)
    assert [one[2] for one in waiting(signing) if one[0] == second] == ["user P2 (B)"]


@pytest.mark.spec("EL-013")
def test_a_right_holds_for_its_account_currency_and_amount(admin: Lab) -> None:
    first, second = person(admin, "P1"), person(admin, "P2")
    right(admin, first, "T")
    right(admin, second, "E", account=MAIN, order_max=Decimal(1500))
    right(admin, second, "A")
    small, large = created(admin, amount="1500.00"), created(admin, amount="1500.01")
    savings, foreign = created(admin, own_account=SAVINGS, amount="5"), created(admin, FOREIGN)
    assert made(first) == [1, 2]
    assert signed(second) | {"batch_order": ""} == {
        "batch_type": 1, "batch_order": "", "counted": 3, "lacking": 2,
    }  # fmt: skip
    rows = {row["order_id"]: (row["lacking"], row["counts"]) for row in orders_to_sign.rows(second, 1)}
    assert rows == {small: (False, False), large: (True, False), savings: (True, False)}
    with pytest.raises(Refused, match="would count for no order of batch 11 20260001"):
        signed(second, 2)
    assert [(row["order_id"], row["lacking"], row["counts"]) for row in orders_to_sign.rows(second, 2)] == [
        (foreign, True, False)
    ]
    right(admin, second, "E", "EUR")
    assert signed(second, 2)["lacking"] == 0


@pytest.mark.spec("EL-013")
def test_a_right_may_ask_for_a_kind_of_key(admin: Lab, tmp_path: Path) -> None:
    first, second = person(admin, "P1"), person(admin, "P2")
    right(admin, first, "T")
    right(admin, second, "E", key_kind="file", order_max=Decimal(1000))
    right(admin, second, "E", key_kind="card")
    small, large = created(admin, amount="1000"), created(admin, amount="1000.01")
    (batch_id,) = made(first)
    rows = {row["order_id"]: row["counts"] for row in orders_to_sign.rows(second, batch_id)}
    assert rows == {small: True, large: False}
    with a_card(tmp_path) as card:
        key_id = create_card_key.function(second, "personal", card, PIN)["key_id"]
        note_delivered(second, key_numbered(second, key_id))
        assert waiting(second) == [(batch_id, 2, "")]
        (row,) = waiting_signatures.rows(second)
        with pytest.raises(Refused, match="tries left: 2"):
            sign_batch(second, batch_id, row["sha256"], PASSWORD)
        assert sign_batch(second, batch_id, row["sha256"], PIN)["lacking"] == 0
    identity = payload(admin, batch_id).identity
    check_signatures(admin, batch_id, identity, row["sha256"])
    assert [one["key_kind"] for one in signature_rights.rows(admin)] == ["", "file", "card"]
    with pytest.raises(UnknownName, match="there are file, card"):
        right(admin, second, "E", key_kind="stone")
    assert broken_checks(admin) == {}


@pytest.mark.spec("EL-013")
def test_the_limit_of_a_day_counts_all_that_was_signed_on_it(admin: Lab, clock: Clock) -> None:
    first, second = person(admin, "P1"), person(admin, "P2")
    right(admin, first, "T")
    number = right(admin, second, "E", day_max=Decimal(3000))
    created(admin, amount="1500")
    made(first)
    assert signed(second, 1)["lacking"] == 0
    created(admin, amount="1500.01")
    made(first)
    assert waiting(second) == [(2, 0, "")]
    take_signature_right.function(admin, number)  # which gives no new limit
    right(admin, second, "E", day_max=Decimal(3000))
    with pytest.raises(Refused, match="above its limits"):
        signed(second, 2)
    discard_batch(first, 1)  # what is never sent counts no more
    assert waiting(second) == [(2, 1, "")]
    created(admin, amount="3000")
    made(first)
    assert signed(second, 2)["lacking"] == 0
    with pytest.raises(Refused, match="above its limits"):
        signed(second, 3)
    clock.move(days=1)
    assert [one[:2] for one in waiting(hands(admin, "P2"))] == [(3, 1)]


@pytest.mark.spec("EL-013")
def test_without_rights_the_balancers_signature_is_enough_and_with_them_everybody_needs_one(admin: Lab) -> None:
    first, second = person(admin, "P1"), person(admin, "P2")
    created(admin)
    assert made(first) == [1]
    assert waiting(first) == []
    right(admin, second, "E")
    created(admin, amount="2")
    with pytest.raises(Refused, match="no right to sign or to bring batches"):
        balance(first, agreed(first), PASSWORD)
    assert made(second) == [2]
    assert waiting(first) == []
    assert broken_checks(admin) == {}


@pytest.mark.spec("EL-013")
def test_rights_are_given_by_administrators_to_other_authorized_persons(admin: Lab) -> None:
    first, clerk = person(admin, "P1"), hands(admin, "CL", everything() - {1})
    name = first.caller.name
    with pytest.raises(NotAllowed):
        give_signature_right(clerk, name, "E", "CZK")
    give = give_signature_right.function
    for user, words in ((admin.caller.name, "to oneself"), (clerk.caller.name, "no personal key to sign with")):
        with pytest.raises(Refused, match=words):
            give(admin, user, "E", "CZK")
    for wrong, words in (
        ({"signature_class": "X"}, "E, A, B, T"),
        ({"user": "nobody"}, "users list"), ({"account": FOREIGN_ACCOUNT}, "accounts"),
    ):  # fmt: skip
        with pytest.raises(UnknownName, match=words):
            give(admin, **({"user": name, "signature_class": "E", "currency": "CZK"} | wrong))
    for limits in ({"order_max": Decimal(0)}, {"day_max": Decimal("0.0001")}, {"order_max": Decimal("NaN")}):
        with pytest.raises(BadArgument):
            give(admin, name, "E", "CZK", **limits)
    with pytest.raises(BadArgument, match="three capital letters"):
        give(admin, name, "E", "Kc")
    right(admin, first, "A", account=MAIN, order_max=Decimal(10), day_max=Decimal(20))
    right(admin, clerk, "T")
    rows = signature_rights.rows(clerk)
    assert [(row["user"], row["class_name"], row["account"], row["order_max"], row["own_orders"]) for row in rows] == [
        ("user CL", "transport", "", None, False), (name, "first", "CZ7706000006090150012947", Decimal(10), False),
    ]  # fmt: skip
    take_signature_right.function(admin, 1)
    with pytest.raises(UnknownName):
        take_signature_right.function(admin, 1)
    assert admin.rows("SELECT action FROM ops.log WHERE action LIKE '%signature_right' ORDER BY log_id") == [
        ("give_signature_right",), ("give_signature_right",), ("take_signature_right",),
    ]  # fmt: skip


FOREIGN_ACCOUNT = "19-2000145399/0800"  # an account of somebody else
