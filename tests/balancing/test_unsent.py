"""Batches that are not sent: their list, and discarding one as a whole."""

from __future__ import annotations

import pytest

from bankklient_lab.balancing.making import Signer
from bankklient_lab.balancing.unsent import discard_batch, unsent_batches
from bankklient_lab.errors import NotAllowed, Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.listing import order_ids
from tests.balancing.labs import balanced
from tests.orders.labs import FOREIGN, broken_checks, created, hands, status


@pytest.mark.spec("TXN-030")
@pytest.mark.spec("BAL-073", "BAL-076", "BAL-079", "BAL-080", "TXN-050", "TXN-068", "ORD-294", "ORD-328", "TRN-071")
def test_a_batch_is_discarded_as_a_whole(company: Lab, signer: Signer) -> None:
    payments, foreign = [created(company), created(company, amount="2")], created(company, FOREIGN)
    balanced(company, signer)
    listed = unsent_batches.rows(company)
    assert [(row["batch_type"], row["type_name"], row["batch_order"], row["records"]) for row in listed] == [
        (1, "domestic transactions", "20260001", 2), (11, "foreign payments", "20260001", 1),
    ]  # fmt: skip
    told = discard_batch(company, listed[0]["batch_id"])
    assert told == {"batch_type": 1, "batch_order": "20260001", "records": 2}
    assert [status(company, one) for one in (*payments, foreign)] == ["DE", "DE", "NS"]
    assert order_ids(company, which="in_process") == []
    assert order_ids(company, which="history") == [*payments, foreign]
    assert [row["batch_type"] for row in unsent_batches.rows(company)] == [11]
    discard_batch(company, listed[1]["batch_id"])
    assert (status(company, foreign), unsent_batches.rows(company)) == ("DE", [])
    assert company.rows("SELECT batch_id, status FROM ops.batch_event ORDER BY ALL") == [
        (1, 1),
        (1, 21),
        (2, 1),
        (2, 21),
    ]
    assert company.rows("SELECT DISTINCT status, changed_by FROM ops.batch") == [(21, "TE")]
    assert company.rows("SELECT subject FROM ops.log WHERE action = 'discard_batch' ORDER BY log_id") == [
        ("1 20260001",), ("11 20260001",),
    ]  # fmt: skip
    assert company.rows("SELECT count(*) FROM ops.batch_content") == [(2,)]  # nothing of a frozen payload is deleted
    assert broken_checks(company) == {}


@pytest.mark.spec("BAL-078", "BAL-092", "BAL-073", "BAS-147", "BAS-148", "ADM-110")
def test_what_can_not_be_discarded(company: Lab, signer: Signer) -> None:
    order = created(company)
    balanced(company, signer)
    for number in (0, -1, 2, 2**62):
        with pytest.raises(UnknownName, match="batch"):
            discard_batch(company, number)
    with pytest.raises(NotAllowed):
        discard_batch(hands(company, "SO", {16, 26, 70}), 1)
    me = hands(company, "CO", {11})
    for state, name in ((2, "aborted"), (3, "transferred"), (6, "received"), (8, "processed"), (21, "deleted")):
        with company.database.tx("ops") as cursor:
            cursor.execute("UPDATE ops.batch SET status = ?", [state])
        with pytest.raises(Refused, match=f"batch 1 20260001 is {name}"):
            discard_batch(me, 1)
        assert unsent_batches.rows(me) == []
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.batch SET status = 1, batch_type = 2")
    with pytest.raises(Refused, match="brings a public key"):
        discard_batch(me, 1)
    assert status(company, order) == "NS"
