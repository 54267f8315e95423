"""A batch that needs two signatures on its way: kept back, signed by the second person, taken by the bank."""

from __future__ import annotations

from typing import Any

import pytest

from bankklient_lab.balancing.signatures import orders_to_sign
from bankklient_lab.exchange.listing import protocol
from bankklient_lab.lab import Lab
from tests.balancing.signers import made, person, personal_key, right, signed, waiting
from tests.clocks import Clock
from tests.exchange.labs import Pair, a_bank, introduced
from tests.keys.conftest import quick_key_passwords
from tests.orders.labs import broken_checks, created, hands, status

__all__ = ["quick_key_passwords"]


@pytest.fixture
def pair(company: Lab, clock: Clock) -> Pair:
    """Give a client of whose batches the bank asks two signatures, those of persons A1 and B1."""
    clock.move(hours=21)
    bank = a_bank(clock, signers=2)
    for name in ("A1", "B1"):
        bank.register_key(personal_key(name).certificate)
    return Pair(introduced(company), bank, clock)


@pytest.mark.spec("EL-014")
def test_a_batch_goes_out_with_the_last_of_its_signatures(pair: Pair) -> None:
    admin = pair.lab = hands(pair.lab, "AD")
    first, second = person(admin, "A1"), person(admin, "B1")
    for who in (first, second):
        right(admin, who, who.caller.reference[0])
    order = created(admin)
    (batch_id,) = made(first)
    told = pair.transmit()
    assert (told["batches"], told["unsigned"]) == ([], ["1 20260001"])
    assert [(row["status"], row["unsigned"]) for row in protocol.rows(admin)] == [(1, True)]
    assert (pair.batch_status(batch_id), waiting(second)) == (1, [(batch_id, 1, "user A1 (A)")])
    assert [row["order_id"] for row in orders_to_sign.rows(second, batch_id)] == [order]
    assert signed(second, batch_id)["lacking"] == 0
    told = pair.transmit()
    assert (told["message"], told["unsigned"]) == ("", [])
    assert (pair.batch_status(batch_id), status(admin, order)) == (6, "OK")
    assert not any(row["unsigned"] for row in protocol.rows(admin))
    assert not any(pair.bank.check().values())
    assert broken_checks(admin) == {}


@pytest.mark.spec("EL-014")
def test_a_batch_that_is_made_while_others_go_out_waits_for_its_signatures(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = pair.lab = hands(pair.lab, "AD")
    first, second = person(admin, "A1"), person(admin, "B1")
    for who in (first, second):
        right(admin, who, who.caller.reference[0])
    created(admin)
    asked = Lab.rows

    def then_somebody_balances(lab: Lab, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        found = asked(lab, sql, parameters)
        if "unsigned" in sql:
            once.undo()
            made(first)
        return found

    with monkeypatch.context() as once:
        once.setattr(Lab, "rows", then_somebody_balances)
        assert pair.transmit()["batches"] == []
    assert waiting(second) == [(1, 1, "user A1 (A)")]


@pytest.mark.spec("EL-014")
def test_a_signature_that_is_none_stops_the_batch_here_and_at_the_bank(pair: Pair) -> None:
    admin = pair.lab = hands(pair.lab, "AD")
    first, second = person(admin, "A1"), person(admin, "B1")
    right(admin, first, "E")
    right(admin, second, "A")
    order = created(admin)
    (batch_id,) = made(first)
    told = pair.transmit()  # here one signature was enough, the contract with the bank asks two
    assert (told["complete"], pair.batch_status(batch_id)) == (False, 2)
    assert "needs 2 signatures and has 1" in told["message"]
    with admin.database.tx("ops") as cursor:  # somebody copies the signature under another key
        cursor.execute(
            "INSERT INTO ops.batch_signature SELECT batch_id, key_id + 1, signature, 'B1', signed_at"
            " FROM ops.batch_signature"
        )
    told = pair.transmit()
    assert (told["complete"], status(admin, order)) == (False, "NS")
    assert "is not valid" in told["message"]
