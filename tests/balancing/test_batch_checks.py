"""What is always true of batches: each invariant finds what was planted against it."""

from __future__ import annotations

import pytest

from bankklient_lab.balancing.making import Signer
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.lab import Lab
from bankklient_lab.store.batch_checks import BATCH_CHECKS
from tests.balancing.labs import balanced
from tests.orders.labs import FOREIGN, broken_checks, created

PLANTED = [
    ("batch_numbers", set(), "UPDATE ops.batch SET number = 3 WHERE batch_type = 11"),
    ("batch_numbers", {"sent_orders", "batch_orders"}, "DELETE FROM ops.batch WHERE batch_id = 1"),
    ("batch_payloads", set(), "UPDATE ops.batch SET payload_sha256 = 'x' WHERE batch_id = 2"),
    ("batch_payloads", set(), "DELETE FROM ops.batch_signature WHERE batch_id = 2"),
    ("batch_payloads", {"batch_orders"}, "DELETE FROM ops.batch_content WHERE batch_id = 2"),
    (
        "batch_payloads", {"batch_orders"},
        "UPDATE ops.batch_content SET payload = encode(replace(decode(payload), 'sha256=\"', 'sha256=\"0'))",
    ),
    ("batch_orders", set(), "UPDATE ops.sent_order SET batch_id = 1 WHERE batch_id = 2"),
    ("batch_orders", {"order_digests", "orders_as_confirmed"}, "UPDATE ops.foreign_order SET digest = 'x'"),
    ("sent_orders", {"batch_orders"}, "DELETE FROM ops.sent_order WHERE batch_id = 2"),
    ("sent_orders", {"order_steps"}, "UPDATE ops.domestic_order SET status = 'F' WHERE status = 'NS'"),
    ("sent_orders", {"order_steps"}, "UPDATE ops.domestic_order SET status = 'NS' WHERE status = 'F'"),
    ("sent_orders", {"order_steps"}, "UPDATE ops.domestic_order SET status = 'DE' WHERE status = 'NS'"),
    ("sent_orders", set(), "UPDATE ops.batch SET status = 21 WHERE batch_id = 2"),
    ("sent_orders", set(), "UPDATE ops.sent_order SET in_process = true WHERE batch_id = 4"),
    (
        "unsigned_batches", set(),
        "INSERT INTO ops.unsigned_batch VALUES (1); UPDATE ops.batch SET status = 3 WHERE batch_id = 1",
    ),
    ("documents", set(), "INSERT INTO ops.document_order VALUES (1, 1, 1, '', '', '', now(), now())"),
    ("documents", set(), "INSERT INTO ops.document_content VALUES (1, 'a'::BLOB, 1, sha256('a'), false, now())"),
    *(
        (
            "service_requests", set(),
            "INSERT INTO ops.service_request BY NAME SELECT 1 AS request_id, 1 AS version, '' AS errors,"
            " 'standing_order' AS kind, 'new' AS request, true AS confirmed, '{}' AS items, '' AS answer,"
            " '' AS answer_text, 'A' AS created_by,"
            f" now() AS created_at, 'A' AS changed_by, now() AS changed_at, {but}",
        )
        for but in ("1 AS batch_id", "99 AS batch_id", "7 AS error_code")
    ),
    ("foreign_details", set(), "INSERT INTO history.foreign_charge VALUES (1, 1, 'Fee', 1, 'EUR', 'SHAR')"),
    ("settlements", set(), "UPDATE ops.sent_order SET settled = 1 WHERE batch_id = 2"),
    ("revocations", set(), "UPDATE ops.sent_order SET revocation = 2 WHERE batch_id = 2"),
    ("revocations", set(), "UPDATE ops.sent_order SET revocation = 3, revocation_batch = 1 WHERE batch_id = 2"),
]  # fmt: skip


@pytest.fixture
def some(company: Lab, signer: Signer) -> Lab:
    """Return a lab with batches 1 to 4, of which the last is discarded, and a confirmed order."""
    for amount in ("1", "2"):
        created(company, amount=amount)
        balanced(company, signer)
    created(company, FOREIGN)
    balanced(company, signer)
    created(company, amount="3")
    balanced(company, signer)
    discard_batch(company, 4)
    created(company, amount="4")
    return company


@pytest.mark.parametrize(("name", "also", "sql"), PLANTED)
def test_a_planted_violation_is_found(some: Lab, name: str, also: set[str], sql: str) -> None:
    assert broken_checks(some) == {}
    with some.database.tx("ops") as cursor:
        cursor.execute(sql)
    found = broken_checks(some)
    assert name in found
    assert set(found) <= {name, *also}


def test_every_invariant_of_batches_has_a_violation() -> None:
    assert {name for name, _, _ in PLANTED} == {check.name for check in BATCH_CHECKS}
