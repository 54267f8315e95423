"""What is always true of batches and of the orders in them."""

from __future__ import annotations

from bankklient_lab.codebooks.codes import DISCARDED, BatchType, Received, Revocation, Sent, listed
from bankklient_lab.codebooks.services import KINDS as SERVICES
from bankklient_lab.store.invariant import Check

# ruff: noqa: S608 - every text below is made of our own declarations

_ORDERS = " UNION ALL ".join(
    f"SELECT order_id, status, digest FROM {table}" for table in ("ops.domestic_order", "ops.foreign_order")
)
_NAMED = r"""'<Order id="(\d+)" sha256="([0-9a-f]{64})"'"""
_OF_ORDERS = listed((BatchType.DOMESTIC, BatchType.FOREIGN_PAYMENTS))
_GONE = listed(DISCARDED)  # with their batch
_OF_KINDS = " ".join(f"WHEN '{kind.name}' THEN {kind.batch_type:d}" for kind in SERVICES.values())

BATCH_CHECKS: tuple[Check, ...] = (
    Check(
        "batch_numbers",
        "Batches to the bank are numbered from 1, or on from those of a lost lab, without gaps, by point, type, year.",
        """
        SELECT b.point, batch_type, year, count(*) AS batches, max(b.number) AS last
        FROM ops.batch b LEFT JOIN ops.lost_number l USING (batch_type, year)
        WHERE direction = 'send' GROUP BY b.point, batch_type, year, l.number
        HAVING count(*) <> max(b.number) - coalesce(l.number, 0) OR min(b.number) <> coalesce(l.number, 0) + 1
        """,
    ),
    Check(
        "batch_payloads",
        "Every kept payload is that of its batch, and every batch that balancing made has one and a signature.",
        """
        SELECT b.batch_id, b.batch_type, b.year, b.number FROM ops.batch b
        LEFT JOIN ops.batch_content c ON c.batch_id = b.batch_id
        WHERE sha256(c.payload) <> b.payload_sha256 OR (b.balancing IS NOT NULL
            AND (c.payload IS NULL OR NOT EXISTS (FROM ops.batch_signature s WHERE s.batch_id = b.batch_id)))
        """,
    ),
    Check(
        "batch_orders",
        "A payload names the orders of its batch with what each says, and no others.",
        f"""
        WITH named AS (
            SELECT batch_id, unnest(regexp_extract_all(head, {_NAMED}, 1))::BIGINT AS order_id,
                unnest(regexp_extract_all(head, {_NAMED}, 2)) AS sha256
            FROM (
                SELECT batch_id, split_part(decode(payload), '</Orders>', 1) AS head
                FROM ops.batch_content SEMI JOIN (FROM ops.batch WHERE batch_type IN {_OF_ORDERS}
                    AND balancing IS NOT NULL) USING (batch_id))),
        sent AS (SELECT s.batch_id, order_id, digest FROM ops.sent_order s LEFT JOIN ({_ORDERS}) USING (order_id))
        SELECT coalesce(n.batch_id, s.batch_id) AS batch_id, coalesce(n.order_id, s.order_id) AS order_id
        FROM named n FULL JOIN sent s ON s.batch_id = n.batch_id AND s.order_id = n.order_id
        WHERE n.sha256 IS DISTINCT FROM s.digest
        """,
    ),
    Check(
        "sent_orders",
        "An order has a status from balancing on just when it is in a batch, and DE just when that was discarded.",
        f"""
        SELECT coalesce(o.order_id, s.order_id) AS order_id, o.status, s.batch_id, b.status AS batch_status
        FROM ({_ORDERS}) o FULL JOIN ops.sent_order s ON s.order_id = o.order_id
        LEFT JOIN ops.batch b ON b.batch_id = s.batch_id
        WHERE (coalesce(o.status IN (SELECT unnest($sent)), false)) <> (s.order_id IS NOT NULL)
            OR (s.order_id IS NOT NULL AND (b.batch_id IS NULL OR (o.status = 'DE') <> (b.status IN {_GONE})
                OR (s.in_process AND o.status = 'DE')))
        """,
    ),
    Check(
        "revocations",
        "A revocation that is in a batch names one for revocations, which is discarded just when it is removed.",
        f"""
        SELECT order_id, revocation, revocation_batch FROM ops.sent_order s
        LEFT JOIN ops.batch b ON b.batch_id = s.revocation_batch
        WHERE revocation > {Revocation.INCLUDED} AND (b.batch_type IS DISTINCT FROM {BatchType.REVOCATION}
            OR (revocation = {Revocation.REMOVED}) <> (b.status IN {_GONE}))
        """,
    ),
    Check(
        "documents",
        "A document has the bytes that came, and its orders are in batches for them.",
        f"""
        SELECT document_id, c.sha256 AS what FROM ops.document_content c ANTI JOIN ops.document d
            ON d.document_id = c.document_id AND sha256(c.content) = c.sha256 AND octet_length(c.content) = c.bytes
        UNION ALL
        SELECT document_id, 'order ' || order_no FROM ops.document_order LEFT JOIN ops.batch USING (batch_id)
        WHERE batch_id IS NOT NULL AND batch_type IS DISTINCT FROM {BatchType.DOCUMENTS:d}
        """,
    ),
    Check(
        "service_requests",
        "A request for a service that is in a batch was confirmed, and is in one of its type; none is answered before.",
        f"""
        SELECT request_id, kind, batch_id FROM ops.service_request LEFT JOIN ops.batch b USING (batch_id)
        WHERE (batch_id IS NOT NULL AND (b.batch_type IS DISTINCT FROM CASE kind {_OF_KINDS} END OR NOT confirmed))
            OR (batch_id IS NULL AND answer <> '') OR ((answer = 'ER') < (error_code IS NOT NULL))
            OR request_id IN (SELECT number FROM ops.used_request)
        """,
    ),
    Check(
        "foreign_details",
        "A detail of a foreign payment is there once, with its charges, of a batch that was not refused and an order.",
        f"""
        SELECT detail_id, any_value(batch_id) AS batch_id FROM history.foreign_detail d
        FULL JOIN (SELECT detail_id, sum(amount) AS charged FROM history.foreign_charge GROUP BY ALL) USING (detail_id)
        LEFT JOIN ops.batch b USING (batch_id)
        GROUP BY detail_id
        HAVING count(batch_id) <> 1
            OR bool_or(charges <> coalesce(charged, 0) OR b.direction IS DISTINCT FROM 'receive'
            OR b.batch_type <> {BatchType.FOREIGN_PAYMENT_DETAILS:d} OR b.status = {Received.REJECTED:d}
            OR (order_id IS NOT NULL AND order_id NOT IN (SELECT order_id FROM ops.sent_order)))
        """,
    ),
    Check(
        "unsigned_batches",
        "No batch that lacks signatures went out.",
        f"""
        SELECT batch_id, status FROM ops.unsigned_batch JOIN ops.batch USING (batch_id)
        WHERE status <> {Sent.CREATED} AND status NOT IN {_GONE}
        """,
    ),
    Check(
        "settlements",
        "What an order counts as settled is the sum of the booked lines that are matched with it and not withdrawn.",
        """
        SELECT order_id, s.settled, coalesce(b.booked, 0) AS booked FROM ops.sent_order s
        LEFT JOIN (
            SELECT order_id, sum(amount) AS booked FROM ops.settlement
            SEMI JOIN (FROM ops.import WHERE state = 'imported') USING (import_id) GROUP BY order_id) b USING (order_id)
        WHERE s.settled <> coalesce(b.booked, 0)
        """,
    ),
)
