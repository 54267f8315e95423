"""The protocol as users see it, and ending the watch over orders."""

from __future__ import annotations

from datetime import date

import pytest

from bankklient_lab.errors import NotAllowed, Refused, UnknownName
from bankklient_lab.exchange.listing import protocol, protocol_changes
from bankklient_lab.exchange.rejections import delete_rejections
from bankklient_lab.exchange.watching import stop_watching
from bankklient_lab.orders.detail import order_detail
from bankklient_lab.orders.listing import order_ids
from tests.exchange.labs import Pair
from tests.orders.labs import FOREIGN, SAVINGS, broken_checks, created, hands, status


@pytest.mark.spec("TRN-060")
@pytest.mark.spec("TRN-057", "TRN-058", "TRN-062", "TRN-063")
def test_the_protocol_tells_every_batch_and_can_be_narrowed(pair: Pair) -> None:
    created(pair.lab)
    pair.balance()
    (line,) = protocol.rows(pair.lab)
    assert {name: line[name] for name in ("point", "batch_order", "type_name", "direction", "mode", "status_name")} == {
        "point": 600, "batch_order": "20260001", "type_name": "domestic transactions", "direction": "send",
        "mode": "not exists", "status_name": "created",
    }  # fmt: skip
    pair.transmit()
    pair.later(days=1)
    pair.transmit()
    rows = protocol.rows(hands(pair.lab, "NO", set()))
    assert [row["changed_at"] for row in rows] == sorted((row["changed_at"] for row in rows), reverse=True)
    assert {(row["direction"], row["batch_type"]) for row in rows} == {
        ("send", 1), ("receive", 3), ("receive", 1), ("receive", 31),
    }  # fmt: skip
    assert {row["mode"] for row in rows} == {"internet"}

    def found(**given: object) -> list[tuple[str, int]]:
        return [(row["direction"], row["batch_type"]) for row in protocol.rows(hands(pair.lab, "NO", set()), **given)]  # type: ignore[arg-type]

    assert found(direction="send") == [("send", 1)]
    assert found(batch_type=3) == [("receive", 3)]
    assert found(status=8) == [("send", 1)]
    assert found(mode="net") == []
    assert found(point=601) == []
    assert found(created_since=date(2026, 11, 24)) == [("receive", 31), ("receive", 1)]
    assert found(changed_until=date(2026, 11, 23)) == [("receive", 3)]
    with pytest.raises(UnknownName):
        found(direction="up")
    changes = protocol_changes.rows(hands(pair.lab, "NO", set()), 1)
    assert [row["status"] for row in changes] == [1, 2, 3, 6, 8]
    with pytest.raises(UnknownName):
        protocol_changes.rows(hands(pair.lab, "NO", set()), 99)


@pytest.mark.spec("BNK-096", "BNK-098", "BNK-100", "BNK-101", "BAS-194")
def test_rejected_orders_leave_their_list_and_nothing_else(pair: Pair) -> None:
    lab = pair.lab
    orders = [created(lab, own_account=SAVINGS, variable_symbol=str(n)) for n in (1, 2, 3)]
    kept = created(lab)
    pair.bank.close_account("CZ4906000000000150000030")
    pair.balance()
    pair.transmit()
    assert [status(lab, one) for one in orders] == ["ER"] * 3
    everything = order_ids(lab, which="history")
    assert order_ids(lab, which="rejected") == orders
    before = order_detail(lab, orders[0])
    with pytest.raises(NotAllowed):
        delete_rejections(hands(lab, "NO", {156, 151}), orders)
    lab = hands(lab, "YE", None)
    with pytest.raises(Refused, match="changed order"):
        delete_rejections(lab, orders[:1], versions=[before["version"] + 1])
    told = delete_rejections(lab, orders[:2], versions=[order_detail(lab, one)["version"] for one in orders[:2]])
    assert told == {"done": 2, "skipped": 0, "reasons": {}}
    assert order_ids(lab, which="rejected") == orders[2:]
    assert order_ids(lab, which="history") == everything
    assert order_detail(lab, orders[0]) == before | {"rejection_listed": False, "steps": []}
    with pytest.raises(Refused, match="off the list"):
        delete_rejections(lab, orders[:1])
    waiting = created(lab, variable_symbol="9")
    told = delete_rejections(lab, [*orders, waiting])
    assert (told["done"], told["skipped"]) == (1, 3)
    with pytest.raises(UnknownName):
        delete_rejections(lab, [*orders, 5])
    ((said,),) = lab.rows("SELECT details FROM ops.log WHERE action = 'delete_rejections' ORDER BY log_id LIMIT 1")
    assert str(orders[0]) in str(said)
    assert broken_checks(lab) == {}
    assert kept in everything


@pytest.mark.spec("TXN-059", "TXN-113", "TXN-118", "TXN-119", "TXN-120", "TXN-029")
def test_the_watch_over_orders_ends_without_influence_on_them(pair: Pair) -> None:
    sent = [created(pair.lab, maturity_date="2026-12-01"), created(pair.lab)]
    foreign = created(pair.lab, FOREIGN)
    pair.balance()
    with pytest.raises(Refused, match="not sent"):
        stop_watching(pair.lab, sent[:1])
    pair.transmit()
    told = stop_watching(pair.lab, sent)
    assert (told["done"], [status(pair.lab, one) for one in sent]) == (2, ["MT", "MT"])
    assert order_ids(pair.lab, which="in_process") == []
    with pytest.raises(Refused, match="no more"):
        stop_watching(pair.lab, sent[:1])
    for unknown in (foreign, 5):
        with pytest.raises(UnknownName):
            stop_watching(pair.lab, [unknown])
    with pytest.raises(NotAllowed):
        stop_watching(hands(pair.lab, "SO", {26, 11}), sent)
    assert broken_checks(pair.lab) == {}
