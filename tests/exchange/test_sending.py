"""Sending: what is on its way when something breaks, and that it counts once."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from bankklient_lab.balancing.revocations import mark_for_revocation
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.bank import processing, reading
from bankklient_lab.bank.faults import Fault
from bankklient_lab.errors import NotAllowed, Refused
from bankklient_lab.exchange import sending
from bankklient_lab.exchange.journal import Journal, journal_path
from bankklient_lab.exchange.protocol import one_transmission
from bankklient_lab.exchange.receipts import read_receipt
from bankklient_lab.exchange.transmitting import transmit, way_to_bank
from bankklient_lab.formats.batches import read_batch, write_batch
from bankklient_lab.formats.order_answers import RevocationAnswer
from bankklient_lab.history.upkeep import check
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.container import seal, sign
from bankklient_lab.sealing.identity import BatchIdentity
from tests.balancing.labs import KEY
from tests.exchange.labs import BANK_KEY, BANK_POINT, Pair
from tests.orders.labs import COLLECTION, FOREIGN, broken_checks, created, hands, status

SENT_AND_ANSWERED = ("PR", "OK", "RV")


@pytest.mark.spec("FLW-007", "FLW-008", "FLW-090", "FLW-095", "FLW-098", "FLW-101", "TRN-070")
@pytest.mark.spec(
    "TRN-008", "TRN-016", "TRN-064", "TRN-066", "TRN-068", "TXN-051", "TXN-069", "ORD-295", "ORD-329",
)  # fmt: skip
def test_what_waits_is_sent_in_order_and_the_bank_confirms_it(pair: Pair) -> None:
    orders = [created(pair.lab), created(pair.lab, COLLECTION), created(pair.lab, FOREIGN)]
    pair.balance()
    told = pair.transmit()
    assert (told["complete"], told["message"]) == (True, "")
    sent = [(one["batch_type"], one["batch_order"]) for one in told["batches"] if one["direction"] == "send"]
    assert sent == [(1, "20260001"), (11, "20260001")]
    assert pair.statuses(1) == [1, 2, 3, 6]
    assert all(status(pair.lab, one) not in ("NS", "F", "F2") for one in orders)
    assert pair.logged("send_batch") == ["1 20260001", "11 20260001"]
    ((signed, sha256),) = pair.lab.rows(
        "SELECT receipt, payload_sha256 FROM ops.batch_receipt JOIN ops.batch USING (batch_id) WHERE batch_id = 1"
    )
    identity = BatchIdentity(20001, BANK_POINT, 1, 2026, 1)
    trust = {BANK_KEY.certificate.fingerprint: BANK_KEY.certificate}.get
    assert read_receipt(bytes(signed), identity, sha256, trust=trust, at=pair.clock()).status == "received"
    assert broken_checks(pair.lab) == {}
    pair.transmit()
    assert pair.statuses(1) == [1, 2, 3, 6, 8]  # the next connection learns that it was processed


@pytest.mark.spec("FLW-094", "FLW-096", "FLW-097")
@pytest.mark.spec("TRN-018", "TRN-065", "TRN-067")
@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNANSWERED, Fault.DOWN, Fault.DELAYED, Fault.DOUBLED])
def test_a_broken_sending_is_repeated_and_counts_once(pair: Pair, fault: Fault) -> None:
    order = created(pair.lab)
    pair.balance()
    before = sum(pair.bank.balances().values())
    told = pair.transmit(fault)
    if fault is not Fault.DOUBLED:
        assert (told["complete"], pair.batch_status(), status(pair.lab, order)) == (False, 2, "NS")
        assert told["batches"][0]["note"] == told["message"]
    pair.transmit()
    assert pair.statuses()[-2:] in ([5, 6], [6, 8])
    assert status(pair.lab, order) in SENT_AND_ANSWERED
    assert before - sum(pair.bank.balances().values()) == 1500
    assert pair.bank.check() == dict.fromkeys(pair.bank.check(), 0)
    assert broken_checks(pair.lab) == {}


def test_the_bytes_of_a_repeated_sending_are_the_frozen_ones(pair: Pair) -> None:
    created(pair.lab)
    pair.balance()
    frozen = pair.lab.rows("SELECT payload_sha256 FROM ops.batch")
    pair.transmit(Fault.LOST)
    pair.later(days=1)
    pair.transmit()
    assert pair.bank.state(BatchIdentity(20001, BANK_POINT, 1, 2026, 1)).sha256 == frozen[0][0]
    assert pair.lab.rows("SELECT year, number FROM ops.batch WHERE direction = 'send'") == [(2026, 1)]


@pytest.mark.parametrize(("where", "door"), [(Journal, "note"), (sending, "read_receipt")])
def test_a_crash_at_any_point_of_a_sending_loses_nothing(
    pair: Pair, where: object, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = created(pair.lab)
    pair.balance()
    with monkeypatch.context() as patched:
        patched.setattr(where, door, _crash)
        with pytest.raises(KeyboardInterrupt):
            pair.transmit()
    assert (pair.batch_status(), status(pair.lab, order)) == (2, "NS")
    pair.transmit()
    assert pair.statuses()[-2:] == [5, 6]
    assert status(pair.lab, order) in SENT_AND_ANSWERED
    assert sum(pair.bank.balances().values()) == 1_068_500


def _crash(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.spec("BAL-075", "BAL-077", "TRN-071", "TRN-072")
def test_the_number_of_a_discarded_batch_is_told_to_the_bank(pair: Pair) -> None:
    created(pair.lab)
    pair.balance()
    discard_batch(pair.lab, 1)
    order = created(pair.lab, amount="7")
    pair.balance()
    pair.transmit()
    assert pair.statuses(1) == [1, 21, 22]
    assert pair.bank.state(BatchIdentity(20001, BANK_POINT, 1, 2026, 1)).status == "void"
    assert (pair.batch_status(2), status(pair.lab, order)) == (6, "OK")


@pytest.mark.spec("FLW-100")
@pytest.mark.spec("TRN-069", "TRN-190", "TXN-142", "TRN-059")
def test_a_refused_batch_rejects_its_orders(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    order = created(pair.lab)
    pair.balance()
    monkeypatch.setitem(reading.TAKEN, 1, {"pain.008.001.08"})  # a bank that takes collections only
    told = pair.transmit()
    assert pair.statuses(1) == [1, 2, 3, 7]
    assert "pain.008.001.08" in told["batches"][0]["note"]
    assert status(pair.lab, order) == "ER"
    assert pair.lab.rows("SELECT in_process, reason FROM ops.sent_order") == [(False, 201)]
    assert pair.lab.rows("SELECT error_status FROM ops.batch WHERE batch_id = 1") == [(201,)]
    assert pair.logged("bank_refuses") == ["1 20260001"]
    assert broken_checks(pair.lab) == {}


def test_a_bank_with_another_content_under_the_number_stops_everything(pair: Pair) -> None:
    created(pair.lab)
    pair.balance()
    pair.transmit(Fault.LOST)
    _bring_something_else(pair)
    told = pair.transmit()
    assert "another one under this number" in told["message"]
    assert pair.logged("exchange_alarm") == ["1 20260001"]
    assert pair.batch_status() == 2


def _bring_something_else(pair: Pair) -> None:
    """Let the bank have another batch under the number of the first one."""
    ((content,),) = pair.lab.rows("SELECT payload FROM ops.batch_content WHERE batch_id = 1")
    batch = read_batch(bytes(content))
    payload = write_batch(type(batch)(batch.identity, True, batch.orders, batch.messages))
    signature = sign(batch.identity, sha256(payload).digest(), KEY, pair.clock())
    pair.bank.take(seal(batch.identity, payload, [signature], KEY, record_format="02", at=pair.clock()))


def test_an_older_copy_of_the_lab_sends_nothing(pair: Pair) -> None:
    created(pair.lab)
    pair.balance()
    pair.transmit()
    with pair.lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.batch SET status = 1 WHERE batch_id = 1")
    with pytest.raises(Refused, match="older"):
        pair.transmit()
    with pair.lab.database.tx("ops") as cursor:
        cursor.execute("DELETE FROM ops.batch WHERE batch_id = 1")
    with pytest.raises(Refused, match="older"):
        pair.transmit()


def _damaged(text: str) -> str:
    return text.replace(text.split(" ")[1][:4], "0000", 1)


@pytest.mark.parametrize("change", [lambda text: text[:-1] + "x\n", _damaged, lambda text: text + "note\n"])
def test_a_journal_that_was_changed_sends_nothing(pair: Pair, change: Callable[[str], str]) -> None:
    created(pair.lab)
    pair.balance()
    pair.transmit()
    path = journal_path(Path(pair.lab.path))
    path.write_text(change(path.read_text("ascii")), "ascii")
    with pytest.raises(Refused):
        pair.transmit()


def test_a_line_of_the_journal_that_a_crash_cut_off_is_written_again(pair: Pair) -> None:
    created(pair.lab)
    pair.balance()
    path = journal_path(Path(pair.lab.path))
    path.write_text("20001|600|1|2026", "ascii")
    assert pair.transmit()["complete"]
    assert path.read_text("ascii").startswith("20001|600|1|20260001 ")
    assert len(path.read_text("ascii").splitlines()) == 1


@pytest.mark.spec("TRN-187")
def test_one_transmission_goes_on_at_a_time(pair: Pair) -> None:
    with one_transmission(pair.lab), pytest.raises(Refused, match="under way"):
        pair.transmit()
    assert pair.transmit()["complete"]


@pytest.mark.spec("TRN-009")
def test_a_transmission_needs_its_permission(pair: Pair) -> None:
    other = hands(pair.lab, "SO", {11, 16})  # who confirms orders may ask for the way, too
    for call in (transmit, way_to_bank):
        with pytest.raises(NotAllowed):
            call(other)


@pytest.mark.spec("TRN-017")
def test_progress_names_the_sections_and_a_cancelled_one_goes_on_next_time(pair: Pair) -> None:
    created(pair.lab)
    pair.balance()
    seen: list[str] = []
    pair.transmit(job=Job(lambda doing, _: seen.append(doing)))
    assert seen[0] == "connecting"
    assert seen[1].startswith("sending batch 1")
    assert any(one.startswith("receiving batch") for one in seen)
    assert any(one.startswith("processing batch") for one in seen)
    stopped = Job()
    stopped.cancel()
    told = pair.transmit(job=stopped)
    assert (told["complete"], "cancelled" in told["message"]) == (False, True)


@pytest.mark.spec("SRV-207", "SRV-213", "SRV-222", "SRV-223", "BAS-053", "TXN-077", "TXN-078")
def test_revocations_are_answered(pair: Pair) -> None:
    later = created(pair.lab, maturity_date="2026-12-01")
    pair.balance()
    pair.transmit()
    assert status(pair.lab, later) == "RV"
    mark_for_revocation(pair.lab, [later])
    pair.balance()
    pair.transmit()
    ((revocation, reason),) = pair.lab.rows("SELECT revocation, reason FROM ops.sent_order")
    assert (revocation, reason, status(pair.lab, later)) == (4, 204, "ER")
    assert broken_checks(pair.lab) == {}


@pytest.mark.spec("SRV-212", "SRV-222")
def test_a_revocation_that_comes_at_night_is_answered_in_the_morning(pair: Pair) -> None:
    order = created(pair.lab, maturity_date="2026-12-01")
    pair.balance()
    pair.transmit()
    mark_for_revocation(pair.lab, [order])
    pair.balance()
    pair.later(hours=14)  # eleven in the evening
    pair.transmit()
    assert pair.lab.rows("SELECT revocation FROM ops.sent_order") == [(3,)]
    pair.later(hours=8)
    pair.transmit()
    assert pair.lab.rows("SELECT revocation FROM ops.sent_order") == [(4,)]


@pytest.mark.spec("TRN-028", "TRN-035", "TXN-079", "TXN-080", "TXN-081")
@pytest.mark.spec("SRV-214", "SRV-215", "SRV-216", "SRV-224", "SRV-225", "SRV-226")
@pytest.mark.parametrize("result", [5, 6, 7])
def test_a_revocation_that_the_bank_refuses_leaves_the_order(
    pair: Pair, result: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, other = created(pair.lab, maturity_date="2026-12-01"), created(pair.lab, maturity_date="2026-12-02")
    pair.balance()
    pair.transmit()
    mark_for_revocation(pair.lab, [order])
    pair.balance()
    answered = [RevocationAnswer(order, result, "why"), RevocationAnswer(other, 4)]
    monkeypatch.setattr(processing, "revoke", lambda *_: answered)
    pair.transmit()
    assert pair.lab.rows("SELECT order_id, revocation FROM ops.sent_order ORDER BY ALL") == [
        (order, result),
        (other, 0),
    ]
    assert [status(pair.lab, one) for one in (order, other)] == ["RV", "RV"]
    assert pair.received(13) == [(14, f"order {other}: the bank answers a revocation that was not sent")]


def test_a_changed_byte_of_what_is_kept_is_found_by_the_check(pair: Pair) -> None:
    created(pair.lab)
    pair.balance()
    pair.transmit()
    pair.later(days=1)
    pair.transmit()
    assert _broken(pair.lab) == []
    with pair.lab.database.tx("ops") as cursor:
        ((kept,),) = cursor.execute("SELECT signature FROM ops.batch_signature").fetchall()
        changed = bytes(kept)[:-1] + bytes([bytes(kept)[-1] ^ 1])
        cursor.execute("UPDATE ops.batch_signature SET signature = ?", [changed])
    assert _broken(pair.lab) == ["batch_signatures"]
    with pair.lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.batch_signature SET signature = ?", [kept])
        ((received, content),) = cursor.execute(
            "SELECT batch_id, payload FROM ops.batch_content SEMI JOIN (FROM ops.batch WHERE direction = 'receive')"
            " USING (batch_id) LIMIT 1"
        ).fetchall()
        cursor.execute(
            "UPDATE ops.batch_content SET payload = ? WHERE batch_id = ?", [bytes(content)[:-1] + b"!", received]
        )
    assert _broken(pair.lab) == ["batch_payloads"]


def _broken(lab: Lab) -> list[str]:
    """Return the names of what `bankklient check` finds."""
    return [row["name"] for row in check.rows(lab) if row["broken"]]
