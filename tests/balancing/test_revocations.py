"""Revocation of orders on their way: marking, the batch that asks for it, and discarding that batch."""

from __future__ import annotations

import pytest

from bankklient_lab.balancing.making import Signer
from bankklient_lab.balancing.revocations import mark_for_revocation, revocable_orders, unmark_for_revocation
from bankklient_lab.balancing.summaries import balancing_summary, balancing_types
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.errors import NotAllowed, Refused, UnknownName
from bankklient_lab.formats.order_answers import read_cancellation
from bankklient_lab.lab import Lab
from bankklient_lab.orders.steps import step_all
from tests.balancing.labs import agreed, balanced, payload
from tests.orders.labs import COLLECTION, FOREIGN, broken_checks, created, hands, status


def stepped(lab: Lab, *actions: str, order: int = 0) -> None:
    """Let orders that are sent (all domestic ones without `order`) take steps."""
    which = f"WHERE order_id = {order}" if order else ""
    with lab.database.tx("ops") as cursor:
        for action in actions:
            step_all(lab, cursor, action, f"(SELECT order_id FROM ops.domestic_order {which})")


def transmitted(lab: Lab) -> None:
    """Count all batches as sent."""
    with lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.batch SET status = 6 WHERE status = 1")
    stepped(lab, "transmit")


def codes(lab: Lab) -> dict[int, int]:
    return dict(lab.rows("SELECT order_id, revocation FROM ops.sent_order"))


@pytest.fixture
def sent(company: Lab, signer: Signer) -> list[int]:
    """Return a payment and a collection that were sent."""
    orders = [created(company), created(company, COLLECTION)]
    balanced(company, signer)
    transmitted(company)
    return orders


@pytest.mark.spec("TXN-074", "TXN-076")
@pytest.mark.spec("FLW-006", "SRV-209", "SRV-210", "SRV-211")
@pytest.mark.spec("SRV-203", "SRV-206", "SRV-218", "SRV-219", "SRV-220", "BAL-013", "BAL-029", "BAL-055", "TXN-075")
def test_marked_orders_go_into_a_batch_before_all_others(company: Lab, signer: Signer, sent: list[int]) -> None:
    assert mark_for_revocation(company, sent)["done"] == 2
    assert unmark_for_revocation(company, sent[:1])["done"] == 1
    assert codes(company) == {sent[0]: 0, sent[1]: 1}
    mark_for_revocation(company, sent)
    waiting = created(company, amount="5")
    (first, *_) = balancing_types.rows(company)
    assert (first["record_type"], first["batch_type"], first["records"]) == ("revocations", 13, 2)
    parts = [row for row in balancing_summary.rows(company) if row["level"] == "account"]
    assert [(row["part"], row["status"], row["placed"]) for row in parts if row["record_type"] == "revocations"] == [
        ("payments", "SE", 1), ("collections", "SE", 1),
    ]  # fmt: skip
    assert agreed(company, "included").keys() == {"revocations"}
    made = balanced(company, signer)
    assert [(one["batch_type"], one["batch_order"], one["orders"]) for one in made["batches"]] == [
        (13, "20260001", 2), (1, "20260002", 1),
    ]  # fmt: skip
    batch = payload(company, made["batches"][0]["batch_id"])
    assert [one.name for one in batch.messages] == ["camt.055.001.08"]
    assert read_cancellation(batch.messages[0]) == sent == [order.order_id for order in batch.orders]
    assert codes(company) == {sent[0]: 2, sent[1]: 2, waiting: 0}
    assert [status(company, order) for order in sent] == ["SE", "SE"]  # until the bank has answered
    assert broken_checks(company) == {}
    with pytest.raises(Refused, match="its revocation is ready"):
        unmark_for_revocation(company, sent[:1])


@pytest.mark.spec("BAL-087", "FLW-006")
def test_who_has_16_alone_balances_other_records_with_the_included_orders(
    company: Lab, signer: Signer, sent: list[int]
) -> None:
    mark_for_revocation(company, sent)
    mine = hands(company, "IN", {16})
    with pytest.raises(NotAllowed):
        balancing_types.rows(mine)
    assert [one["batch_type"] for one in balanced(mine, signer, "included")["batches"]] == [13]


@pytest.mark.spec("BAL-081", "SRV-221", "SRV-217", "TXN-082")
def test_a_discarded_revocation_can_be_asked_for_again(company: Lab, signer: Signer, sent: list[int]) -> None:
    mark_for_revocation(company, sent)
    made = balanced(company, signer)
    discard_batch(company, made["batches"][0]["batch_id"])
    assert codes(company) == dict.fromkeys(sent, 8)
    assert [status(company, order) for order in sent] == ["SE", "SE"]
    assert [row["revocation_name"] for row in revocable_orders.rows(company)] == ["removed", "removed"]
    assert broken_checks(company) == {}
    mark_for_revocation(company, sent)
    assert balanced(company, signer)["batches"][0]["batch_order"] == "20260002"
    assert broken_checks(company) == {}


@pytest.mark.spec("SRV-204", "SRV-205", "SRV-208", "SRV-227")
def test_what_can_not_be_revoked(company: Lab, signer: Signer, sent: list[int]) -> None:
    unsent, foreign, entered = created(company, amount="2"), created(company, FOREIGN), created(company, amount="3")
    balanced(company, signer, types=["foreign_payments"])
    with pytest.raises(UnknownName, match="domestic order in a batch"):
        mark_for_revocation(company, [foreign])
    with pytest.raises(UnknownName, match="domestic order in a batch"):
        mark_for_revocation(company, [entered])
    balanced(company, signer)
    with pytest.raises(Refused, match="its batch is not sent; discard the batch instead"):
        mark_for_revocation(company, [unsent])
    stepped(company, "bank_takes_over", "bank_posts", order=sent[0])
    with pytest.raises(Refused, match="can't be marked: it is done"):
        mark_for_revocation(company, [sent[0]])
    told = mark_for_revocation(company, [*sent, unsent])
    assert (told["done"], told["skipped"], len(told["reasons"])) == (1, 2, 2)
    for code, free in ((3, False), (4, False), (5, True), (6, False), (7, True)):
        with company.database.tx("ops") as cursor:
            cursor.execute("UPDATE ops.sent_order SET revocation = ? WHERE order_id = ?", [code, sent[1]])
        if free:
            mark_for_revocation(company, [sent[1]])
        else:
            with pytest.raises(Refused, match="its revocation is"):
                mark_for_revocation(company, [sent[1]])
    for number in (0, -5, 2**62):
        with pytest.raises(UnknownName):
            mark_for_revocation(company, [number])


@pytest.mark.spec("SRV-203")
def test_revoking_needs_its_permission_and_shows_what_can_be_revoked(company: Lab, sent: list[int]) -> None:
    for held in ({11, 16, 156}, {26}):
        lab = hands(company, "NO", held)
        for refused in (
            lambda lab=lab: mark_for_revocation(lab, sent),
            lambda lab=lab: unmark_for_revocation(lab, sent),
            lambda lab=lab: revocable_orders.rows(lab),
        ):
            with pytest.raises(NotAllowed):
                refused()
    lab = hands(company, "RE", {171})
    assert [row["order_id"] for row in revocable_orders.rows(lab)] == sent[::-1]
    mark_for_revocation(lab, sent)
    assert {row["revocation_name"] for row in revocable_orders.rows(lab)} == {"included"}
