"""Balancing: which orders go into which batches, that they are what was confirmed, and that it is all or nothing."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from bankklient_lab.balancing.making import Signer, make_batches
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.errors import BadArgument, LabError, NotAllowed, Refused, UnknownName
from bankklient_lab.formats.batches import Batch
from bankklient_lab.formats.payments import format_named
from bankklient_lab.formats.payments.base import Options
from bankklient_lab.formats.payments.schema import Kind as Shape
from bankklient_lab.lab import Lab
from bankklient_lab.orders.confirmation import (
    cancel_confirmation,
    confirm_and_sign,
    confirm_orders,
    discard_orders,
    exclude_orders,
    include_orders,
)
from bankklient_lab.orders.creating import correct_order, create_order, delete_orders
from bankklient_lab.orders.listing import order_ids, payment_orders
from bankklient_lab.orders.rechecking import recheck_orders
from bankklient_lab.orders.signing import create_personal_key
from bankklient_lab.orders.verification import cancel_verification, verify_orders
from bankklient_lab.reports.orders import render_orders
from bankklient_lab.sealing.container import check_signature
from tests.balancing.labs import KEY, agreed, balanced, payload
from tests.clocks import Clock
from tests.orders.labs import (
    COLLECTION,
    DOMESTIC,
    FOREIGN,
    broken_checks,
    created,
    domestic_values,
    hands,
    many,
    status,
)

STATES = "SELECT * FROM (FROM ops.domestic_order UNION ALL BY NAME FROM ops.foreign_order) ORDER BY order_id"
TABLES = ("batch", "batch_content", "batch_signature", "batch_event", "sent_order", "order_step", "log")


def kept(lab: Lab) -> list[Any]:
    """Return what balancing could change."""
    return [lab.rows(STATES), *(lab.rows(f"SELECT count(*) FROM ops.{table}") for table in TABLES)]


def read_messages(batch: Batch) -> list[dict[str, Any]]:
    """Return the payments of a batch's messages, as our own reader takes them."""
    found = []
    for message in batch.messages:
        for part in format_named(message.name[:8]).read(io.BytesIO(message.content), Options()):
            if part.kind is Shape.PAYMENT:
                found += part.batch.to_pylist()
    return found


@pytest.mark.spec("FLW-005", "TRN-060", "TXN-017", "ORD-090")
@pytest.mark.spec(
    "BAL-014", "BAL-015", "BAL-016", "BAL-052", "BAL-053", "BAL-056", "TXN-049", "TXN-067", "IMP-175", "FLW-088"
)
def test_confirmed_orders_go_into_batches_of_their_types(company: Lab, signer: Signer) -> None:
    urgent = created(company, express_payment=True)
    payment, collection, foreign = (created(company, kind) for kind in (DOMESTIC, COLLECTION, FOREIGN))
    imported = many(company, 2, "confirmed")
    made = balanced(company, signer)
    assert [(one["batch_type"], one["batch_order"], one["priority"], one["orders"]) for one in made["batches"]] == [
        (1, "20260001", True, 1), (1, "20260002", False, 4), (11, "20260001", False, 1),
    ]  # fmt: skip
    assert (made["orders"], made["batches"][1]["file_name"]) == (6, "26000201.02")
    named = [[order.order_id for order in payload(company, one["batch_id"]).orders] for one in made["batches"]]
    assert [sorted(ids) for ids in named] == [
        [urgent], [payment, collection, imported.first, imported.last], [foreign],
    ]  # fmt: skip
    every = [urgent, payment, collection, imported.first, imported.last, foreign]
    assert {status(company, one) for one in every} == {"NS"}
    assert [payload(company, one["batch_id"]).priority for one in made["batches"]] == [True, False, False]
    assert company.rows(
        "SELECT direction, point, status, error_status, mode, messages, created_by FROM ops.batch ORDER BY batch_id"
    ) == [("send", 1, 1, 0, "not exists", count, "TE") for count in (1, 4, 1)]
    assert company.rows("SELECT batch_id, status, done_by FROM ops.batch_event") == [(n, 1, "TE") for n in (1, 2, 3)]
    sent = dict(company.rows("SELECT order_id, in_process FROM ops.sent_order"))
    assert sent == {one: one != foreign for one in every}
    steps = company.rows("SELECT order_id, status_before, status, done_by FROM ops.order_step WHERE action = 'balance'")
    assert sorted(steps) == sorted((one, "F2" if one == foreign else "F", "NS", "TE") for one in every)
    assert company.rows("SELECT count(*) FROM ops.log WHERE action = 'balance'") == [(1,)]
    assert broken_checks(company) == {}


@pytest.mark.spec("FLW-006")
@pytest.mark.spec("BAL-025", "BAL-028", "BAL-030", "TXN-011", "TXN-012", "TXN-013", "TXN-014", "TXN-015", "TXN-016")
@pytest.mark.spec("FLW-003", "FLW-004", "FLW-031", "FLW-032", "FLW-033", "FLW-053", "FLW-054", "FLW-055", "FLW-058")
@pytest.mark.spec("FLW-067", "TXN-018", "BAS-036", "BAS-037")
def test_only_confirmed_and_included_orders_are_taken(company: Lab, signer: Signer) -> None:
    confirmed, included = created(company), created(company)
    foreign, foreign_included = created(company, FOREIGN), created(company, FOREIGN)
    imported = many(company, 3, "confirmed").first
    imported_included, imported_later = imported + 1, imported + 2
    include_orders(company, [included, foreign_included, imported_included])
    verified, entered = created(company, amount="8"), created(company, amount="9")
    cancel_confirmation(company, [verified, entered])
    cancel_verification(company, [entered])
    wrong = create_order(company, DOMESTIC, domestic_values(), duplicate="error")["order_id"]
    once = created(hands(company, "ON", {121, 126, 131, 135, 136}), FOREIGN)
    assert status(company, once) == "F1"
    company = hands(company, "ZZ")
    others = {one: status(company, one) for one in (verified, entered, wrong, once)}
    made = balanced(company, signer, "included")
    assert [(one["batch_type"], one["orders"]) for one in made["batches"]] == [(1, 2), (11, 1)]
    assert [status(company, one) for one in (confirmed, foreign, imported)] == ["F", "F2", "F"]
    assert [status(company, one) for one in (included, foreign_included, imported_included)] == ["NS"] * 3
    later = created(company)
    include_orders(company, [later, imported_later])
    balanced(company, signer)
    assert {status(company, one) for one in (confirmed, later, foreign, imported, imported_later)} == {"NS"}
    assert {one: status(company, one) for one in others} == others
    assert broken_checks(company) == {}


@pytest.mark.spec("BAL-034")
def test_orders_of_all_origins_are_included_together(company: Lab) -> None:
    orders = [created(company, amount=amount) for amount in ("1", "2", "3")]
    with company.database.tx("ops") as cursor:
        for order, origin in zip(orders[1:], ("accounting_system", "automatic"), strict=True):
            cursor.execute("UPDATE ops.domestic_order SET origin = ? WHERE order_id = ?", [origin, order])
    offered = [row["order_id"] for row in payment_orders.rows(company, where={"status": "F"})]
    assert sorted(offered) == orders
    assert include_orders(company, offered)["done"] == 3
    assert [status(company, one) for one in orders] == ["I"] * 3


@pytest.mark.spec("BAL-024", "FLW-084")
def test_more_orders_than_a_batch_holds_make_several(company: Lab, signer: Signer) -> None:
    orders = many(company, 20_001, "confirmed")
    made = balanced(company, signer)
    assert [(one["batch_order"], one["orders"]) for one in made["batches"]] == [
        ("20260001", 9_999), ("20260002", 9_999), ("20260003", 3),
    ]  # fmt: skip
    assert company.rows("SELECT count(DISTINCT order_id), min(order_id), max(order_id) FROM ops.sent_order") == [
        (20_001, orders.first, orders.last)
    ]
    assert company.rows("SELECT max(position), count(DISTINCT position) FROM ops.sent_order WHERE batch_id = 2") == [
        (9_999, 9_999)
    ]
    assert broken_checks(company) == {}


@pytest.mark.spec("BAL-026", "TRN-001", "TRN-002", "BAS-105", "BAS-111")
def test_numbers_rise_by_one_for_each_type_and_year(company: Lab, signer: Signer, clock: Clock) -> None:
    def numbers() -> list[tuple[int, str]]:
        created(company)
        created(company, FOREIGN)
        return [(one["batch_type"], one["batch_order"]) for one in balanced(company, signer)["batches"]]

    assert numbers() == [(1, "20260001"), (11, "20260001")]
    assert numbers() == [(1, "20260002"), (11, "20260002")]
    discard_batch(company, 3)
    created(company, COLLECTION)
    assert [one["batch_order"] for one in balanced(company, signer)["batches"]] == ["20260003"]  # none is used again
    clock.now = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # in Prague the new year has begun
    assert numbers() == [(1, "20270001"), (11, "20270001")]
    assert broken_checks(company) == {}


@pytest.mark.spec("BAL-026", "BAS-105", "BAS-112")
def test_when_the_numbers_of_a_year_are_used_up_nothing_is_balanced(company: Lab, signer: Signer) -> None:
    created(company)
    balanced(company, signer)
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.batch SET number = 9999")
    created(company)
    created(company, FOREIGN)
    before = kept(company)
    with pytest.raises(Refused, match="1 to 9999 of batches of type 1 are used up in 2026"):
        balanced(company, signer)
    assert kept(company) == before
    assert balanced(company, signer, types=["foreign_payments"])["orders"] == 1


@pytest.mark.spec("BAL-007", "BAL-068")
def test_a_type_that_is_not_chosen_stays_as_it_is(company: Lab, signer: Signer) -> None:
    payment, foreign = created(company), created(company, FOREIGN)
    assert len(balanced(company, signer, types=["foreign_payments"])["batches"]) == 1
    assert [status(company, one) for one in (payment, foreign)] == ["F", "NS"]
    with pytest.raises(Refused, match="no type of record was chosen"):
        make_batches(company, {}, signer, which="complete")
    with pytest.raises(UnknownName, match="type of record"):
        make_batches(company, {"coins": ""}, signer, which="complete")
    with pytest.raises(UnknownName, match="way of balancing"):
        make_batches(company, agreed(company), signer, which="some")
    with pytest.raises(Refused, match="there is nothing to balance any more"):
        make_batches(company, {"foreign_payments": ""}, signer, which="complete")


@pytest.mark.spec("BAL-009", "BAL-058")
def test_what_changed_since_its_summary_is_refused(company: Lab, signer: Signer) -> None:
    payment, foreign = created(company), created(company, FOREIGN)
    seen = agreed(company)
    for change in (
        lambda: created(company, COLLECTION),
        lambda: correct_order(company, payment, {"amount": "1"}),
        lambda: include_orders(company, [payment]),
        lambda: cancel_confirmation(company, [foreign]),
    ):
        change()
        before = kept(company)
        with pytest.raises(Refused, match=r"changed since their summary|nothing to balance any more"):
            make_batches(company, seen, signer, which="complete")
        assert kept(company) == before
        seen = agreed(company)


TAMPERED = {
    "its row": "UPDATE ops.domestic_order SET amount = '9', amount_value = 9",
    "its row and digest": "UPDATE ops.domestic_order SET client_message_line_1 = 'x', digest = 'x'",
    "its last step": "UPDATE ops.order_step SET digest = 'x'",
    "its steps": "DELETE FROM ops.order_step",
}


@pytest.mark.parametrize("sql", TAMPERED.values(), ids=list(TAMPERED))
def test_an_order_that_does_not_say_what_was_confirmed_is_named_and_refused(
    company: Lab, signer: Signer, sql: str
) -> None:
    order = created(company)
    with company.database.tx("ops") as cursor:
        cursor.execute(sql)
    before = kept(company)
    with pytest.raises(Refused, match=f"order {order} does not say what was confirmed"):
        balanced(company, signer)
    assert kept(company) == before


def test_an_order_changed_between_confirming_and_including_is_refused(company: Lab, signer: Signer) -> None:
    order = created(company)
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.domestic_order SET client_transaction_id = 'x', digest = (SELECT sha256('y') AS d)")
    include_orders(company, [order])
    with pytest.raises(Refused, match=f"order {order} does not say what was confirmed"):
        balanced(company, signer)


def test_a_false_signature_of_a_confirmation_is_refused(company: Lab, signer: Signer) -> None:
    password = "Correct-Horse-9x"
    orders = many(company, 3, "verified")
    me = hands(company, "CF")
    create_personal_key(me, password)
    confirm_and_sign(me, [orders.first, orders.first + 1, orders.last], password)
    with company.database.tx("ops") as cursor:
        cursor.execute(
            "UPDATE ops.order_step SET signature = (SELECT signature FROM ops.order_step WHERE order_id = ?"
            " AND signature IS NOT NULL) WHERE order_id = ? AND signature IS NOT NULL",
            [orders.first, orders.last],
        )
    with pytest.raises(Refused, match=f"order {orders.last} does not say what was confirmed .a signature is false"):
        balanced(me, signer)
    with company.database.tx("ops") as cursor:
        cursor.execute("DELETE FROM ops.order_step WHERE order_id = ?", [orders.last])
        cursor.execute("DELETE FROM ops.domestic_order WHERE order_id = ?", [orders.last])
    assert balanced(me, signer)["orders"] == 2  # rightly signed


@pytest.mark.spec("BAL-058", "BAL-009")
def test_when_one_batch_can_not_be_signed_there_is_none(company: Lab, signer: Signer) -> None:
    created(company)
    created(company, FOREIGN)
    made: list[int] = []

    def breaks(*given: Any) -> bytes:
        made.append(given[0].batch_type)
        if len(made) == 2:
            raise Refused("the key is gone")
        return signer.sign(*given)

    before = kept(company)
    with pytest.raises(Refused, match="the key is gone"):
        balanced(company, Signer(1, breaks))
    assert (made, kept(company)) == ([1, 11], before)
    assert broken_checks(company) == {}


def test_a_batch_is_signed_over_its_identity_and_its_frozen_payload(company: Lab, signer: Signer) -> None:
    created(company)
    balanced(company, signer)
    ((content, signature, sha256, record_format),) = company.rows(
        "SELECT payload, signature, payload_sha256, record_format FROM ops.batch"
        " JOIN ops.batch_content USING (batch_id) JOIN ops.batch_signature USING (batch_id)"
    )
    identity, digest = payload(company, 1).identity, hashlib.sha256(content).digest()
    assert (digest.hex(), record_format) == (sha256, "02")
    trust = {KEY.certificate.fingerprint: KEY.certificate}.get
    at = company.clock()
    assert check_signature(signature, identity, digest, trust=trust, at=at) == KEY.certificate.fingerprint
    with pytest.raises(LabError):
        check_signature(signature, identity._replace(number=2), digest, trust=trust, at=at)
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.connection_point SET encrypted = true WHERE role = 'bank'")
    created(company, COLLECTION)
    assert balanced(company, signer)["batches"][0]["file_name"] == "26000201.06"


def test_a_payload_says_everything_that_was_confirmed(company: Lab, signer: Signer) -> None:
    every = {
        "debit_variable_symbol": "11", "debit_specific_symbol": "22", "debit_identification": "Mine\nand more",
        "credit_identification": "Yours", "client_message": "Two\nlines & <more>", "constant_symbol": "0308",
        "credit_abbreviation": "Supplier", "client_transaction_id": "A1",
    }  # fmt: skip
    ids = [
        create_order(company, DOMESTIC, domestic_values(**every))["order_id"],
        created(company, COLLECTION),
        created(company, FOREIGN, payer_reference="INV 5", agreed_rate_marked="yes"),
    ]
    digests = dict(
        company.rows(
            "SELECT order_id, digest FROM ops.domestic_order UNION SELECT order_id, digest FROM ops.foreign_order"
        )
    )
    made = balanced(company, signer)
    batches = [payload(company, one["batch_id"]) for one in made["batches"]]
    assert {order.order_id: order.sha256 for batch in batches for order in batch.orders} == digests
    read = [row for batch in batches for row in read_messages(batch)]
    assert {
        int(row["client_reference"]): hashlib.sha256(row["order_text"].encode()).hexdigest() for row in read
    } == digests
    texts = {int(row["client_reference"]): row["order_text"] for row in read}
    for line in ("debit_variable_symbol=11", "debit_identification_line_2=and more", "client_transaction_id=A1"):
        assert f"\n{line}\n" in texts[ids[0]]
    assert "\nagreed_rate_marked=true\n" in texts[ids[2]]
    by_id = {int(row["client_reference"]): row for row in read}
    assert by_id[ids[0]]["counter_account"] == "CZ6508000000192000145399"
    assert [str(by_id[one]["amount"]) for one in ids] == ["1500.000", "700.000", "500.000"]
    assert [by_id[one]["kind"] for one in ids] == ["payment", "collection", "foreign"]


def test_orders_stand_in_the_payload_as_in_their_messages(company: Lab, signer: Signer) -> None:
    for day, own in (
        ("2026-11-25", "609-150012947/0600"),
        ("2026-11-22", "150000030/0600"),
        ("2026-11-24", "609-150012947/0600"),
    ):
        for _ in range(2):
            created(company, maturity_date=day, own_account=own)
        created(company, COLLECTION, maturity_date=day)
    balanced(company, signer)
    batch = payload(company, 1)
    assert [int(row["client_reference"]) for row in read_messages(batch)] == [order.order_id for order in batch.orders]
    assert [(order.message, order.position) for order in batch.orders] == [
        *((1, n) for n in range(1, 7)), *((2, n) for n in range(1, 4)),
    ]  # fmt: skip
    kept_places = company.rows("SELECT order_id, position FROM ops.sent_order ORDER BY position")
    assert kept_places == [(order.order_id, place) for place, order in enumerate(batch.orders, start=1)]


def test_the_same_balancing_gives_the_same_payload(company: Lab, signer: Signer) -> None:
    created(company)
    created(company, COLLECTION)
    seen: list[bytes] = []

    def stops(*given: Any) -> bytes:
        seen.append(given[1])
        raise Refused("once more")

    for _ in range(2):
        with pytest.raises(Refused, match="once more"):
            balanced(company, Signer(1, stops))
    assert len(seen) == 2
    assert len(set(seen)) == 1


def test_what_a_message_can_not_hold_is_named_and_nothing_is_done(company: Lab, signer: Signer) -> None:
    order = created(company, client_message="/VS/5 is read as a symbol")
    created(company, FOREIGN)
    before = kept(company)
    with pytest.raises(BadArgument, match=f"order {order}, message"):
        balanced(company, signer)
    assert kept(company) == before


@pytest.mark.spec("BAL-003", "BAS-147", "BAS-148", "ADM-110", "ADM-111")
def test_each_way_of_balancing_needs_its_permission(company: Lab, signer: Signer) -> None:
    included = created(company)
    include_orders(company, [included])
    complete, some, nobody = (hands(company, ref, held) for ref, held in (("CO", {11}), ("SO", {16}), ("NO", {156})))
    seen = agreed(complete)
    for lab, which in ((complete, "included"), (some, "complete"), (nobody, "complete"), (nobody, "included")):
        with pytest.raises(NotAllowed):
            make_batches(lab, seen, signer, which=which)
        with pytest.raises(NotAllowed):
            agreed(lab, which)
    assert balanced(some, signer, "included")["orders"] == 1


@pytest.mark.spec("TXN-060", "BAL-010", "TXN-045")
def test_nothing_that_is_done_to_created_orders_is_done_to_balanced_ones(company: Lab, signer: Signer) -> None:
    ids = [created(company), created(company, FOREIGN), many(company, 1, "confirmed").first]
    balanced(company, signer)
    before = kept(company)[0]
    for order in ids:
        for step in (
            confirm_orders, cancel_confirmation, include_orders, exclude_orders, discard_orders, delete_orders,
            verify_orders, cancel_verification,
        ):  # fmt: skip
            with pytest.raises(Refused, match=r"it is not sent|are to be typed again"):
                step(company, [order])
        with pytest.raises(Refused, match="it is not sent"):
            correct_order(company, order, {"amount": "3"})
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.codebook SET valid_until = DATE '2001-01-01' WHERE codebook = 'banks'")
    recheck_orders(company)
    assert kept(company)[0] == before


@pytest.mark.spec("TXN-121")
@pytest.mark.spec("ORD-261", "ORD-338", "ORD-339")
@pytest.mark.spec("TXN-020")
@pytest.mark.spec("TXN-005", "TXN-006", "TXN-007", "TXN-008", "TXN-010", "TXN-099", "TXN-101", "TXN-103", "TXN-112")
def test_who_sees_what_was_balanced(company: Lab, signer: Signer) -> None:
    mine, foreign = created(company), created(company, FOREIGN)
    balanced(company, signer)
    waiting = created(company, COLLECTION)
    assert order_ids(company, which="created") == [waiting]
    assert order_ids(company, which="in_process") == [mine]
    assert order_ids(company, which="history") == [mine, foreign]
    assert payment_orders.rows(company, which="history")[0]["status_name"] == "not sent"
    printed = render_orders(company, ".html", which="in_process").decode()
    assert re.findall(r"20001\d{8}", printed) == [f"20001{mine % 10**8:08}"]  # and neither of the others
    for held, seen in (
        ({56}, [waiting]), ({121}, []), ({11}, []), ({16}, [waiting]), ({71}, [waiting]),
        ({156}, [mine, waiting]), ({141}, [foreign]),
        ({151}, []), ({140}, []),
    ):  # fmt: skip
        assert order_ids(hands(company, "XY", held)) == seen, held
    creator = hands(company, "CR", {51, 151, 76, 81, 61, 71})
    order = created(creator, amount="5")
    balanced(hands(company, "BA", {11}), signer)
    assert order_ids(creator, which="in_process") == [order]
    assert order_ids(hands(company, "CR", {51})) == []  # what is on its way needs 151


@pytest.mark.spec("BAS-272", "BAS-273", "BAL-075")
def test_sent_orders_count_as_duplicates_until_their_batch_is_discarded(company: Lab, signer: Signer) -> None:
    created(company)
    balanced(company, signer)
    with pytest.raises(LabError, match="pays the same"):
        create_order(company, DOMESTIC, domestic_values())
    discard_batch(company, 1)
    assert create_order(company, DOMESTIC, domestic_values())["status"] == "F"
