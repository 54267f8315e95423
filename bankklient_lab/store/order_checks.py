"""What is always true of orders and their steps; that an order says what its digest is of is checked by orders."""

from __future__ import annotations

from bankklient_lab.store.invariant import Check

# ruff: noqa: S608 - every text below is made of our own declarations

_TABLES = ("ops.domestic_order", "ops.foreign_order")
_SAID = ("order_id", "kind", "status", "version", "errors", "saved", "digest")
_MARKS = ("verified_by", "confirmed_by", "confirmed_again_by")
_ORDERS = " UNION ALL ".join(f"SELECT {', '.join((*_SAID, *_MARKS))} FROM {table}" for table in _TABLES)
# Actions that change what an order says; the first step of an order is one in any case.
WRITING = ("correct", "save")


def _verified_and_confirmed() -> str:
    """Return SQL for how many of the marks an order of a status has: a prefix of _MARKS."""
    twice = "CASE WHEN kind = 'foreign_payment' THEN 3 ELSE 2 END"
    return (
        f"CASE WHEN status IN ('', 'E') THEN 0 WHEN status = 'V' THEN 1 WHEN status IN ('F', 'F1') THEN 2"
        f" WHEN status <> 'discarded' THEN {twice} END"  # F2, I, and all that a batch has taken
    )


ORDER_CHECKS: tuple[Check, ...] = (
    Check(
        "order_statuses",
        "Every order has a status of the codebook, and errors only while it is wrong or given up.",
        f"""
        SELECT order_id, status, errors FROM ({_ORDERS})
        WHERE status NOT IN (SELECT unnest($statuses)) OR (errors <> '' AND status NOT IN ('E', 'discarded'))
            OR (errors = '' AND status = 'E' AND saved)
            OR (status = 'F' AND kind = 'foreign_payment') OR (status IN ('F1', 'F2') AND kind <> 'foreign_payment')
        """,
    ),
    Check(
        "order_marks",
        "Every order names who verified and confirmed it as its status says, and nobody else.",
        f"""
        SELECT order_id, status, {", ".join(_MARKS)} FROM ({_ORDERS})
        WHERE {" + ".join(f"({mark} IS NOT NULL)::INTEGER" for mark in _MARKS)} <> {_verified_and_confirmed()}
            OR (confirmed_by IS NOT NULL AND verified_by IS NULL)
            OR (confirmed_again_by IS NOT NULL AND confirmed_by IS NULL)
        """,
    ),
    Check(
        "order_numbers",
        "No order has a number that was not given out, or that of another.",
        f"""
        SELECT order_id, last, count(*) AS times FROM ({_ORDERS})
        LEFT JOIN ops.order_number ON strftime(day, '%Y%m%d')::BIGINT = order_id // 100000000
        GROUP BY ALL HAVING count(*) > 1 OR last IS NULL OR order_id % 100000000 NOT BETWEEN 1 AND last
        """,
    ),
    Check(
        "order_steps",
        "Steps of an order are numbered without gaps, each begins where the last one ended, and so does the order.",
        f"""
        WITH found AS (
        SELECT order_id, count(*) AS steps, max(version) AS last, arg_max_null(status, version) AS status
            FROM ops.order_step GROUP BY ALL)
        SELECT coalesce(o.order_id, f.order_id) AS order_id, o.version, f.last, f.steps
        FROM found f FULL JOIN ({_ORDERS}) o USING (order_id)
        WHERE f.steps IS DISTINCT FROM f.last OR o.status IS DISTINCT FROM f.status
            OR o.version IS DISTINCT FROM CASE WHEN o.order_id IS NOT NULL THEN f.last END
        UNION ALL
        SELECT order_id, version, NULL, NULL FROM (
        SELECT *, lag(status) OVER (PARTITION BY order_id ORDER BY version) AS before,
                row_number() OVER (PARTITION BY order_id ORDER BY version) AS place FROM ops.order_step)
        WHERE version <> place OR status_before IS DISTINCT FROM before
        """,
    ),
    Check(
        "orders_as_confirmed",
        "Every verification and confirmation saw what the order says: only a correction changes it.",
        f"""
        SELECT order_id, version, action FROM (
        SELECT *, lag(digest) OVER (PARTITION BY order_id ORDER BY version) AS before FROM ops.order_step)
        WHERE before IS NOT NULL AND digest <> before AND action NOT IN ({", ".join(map(repr, WRITING))})
        UNION ALL
        SELECT o.order_id, o.version, o.status FROM ({_ORDERS}) o
        JOIN (SELECT order_id, arg_max(digest, version) AS last FROM ops.order_step GROUP BY ALL) USING (order_id)
        WHERE o.digest <> last
        """,
    ),
)
