"""Which booked line of a statement settled which sent order, and what becomes of the order (TXN-085 to TXN-094).

A line is a booked entry, or a detail of a batch booking. It settles the order whose number it brings back; without one,
the order with its bank reference and just this amount still open; else the one order in process with this account,
amount and symbols. What could be several orders is left to a person. An order that fits no line, or the other way
round, is looked at again with the next statement: matching once more changes nothing.
"""

from __future__ import annotations

from typing import Any

from bankklient_lab.lab import Lab
from bankklient_lab.orders.columns import column_sql
from bankklient_lab.orders.kinds import KINDS, TABLES
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import status_name
from bankklient_lab.orders.steps import take_step

# ruff: noqa: S608 - every text below is made of our own declarations

FOUND_BY = {1: "order number", 2: "bank reference", 3: "only candidate"}
BY_PERSON = "person"
NOTE = "as a statement says"
KEY = "import_id, statement_no, entry_no, detail_no"
_REFERENCES = (
    "currency", "counterparty_name", "counterparty_account", "counterparty_bank", "variable_symbol", "constant_symbol",
    "specific_symbol", "end_to_end_id", "bank_reference", "client_reference", "original_amount", "original_currency",
)  # fmt: skip
_BOOKED = "NOT e.interim AND e.status = 'BOOK' AND NOT e.reversal AND e.repeats IS NULL AND e.amount IS NOT NULL"
_OWN = "SELECT account_id, concat(nullif(prefix, '0') || '-', base, '/', bank_code) AS own_account FROM own_accounts()"
# What a statement says of an order that is settled: the steps of the lifecycle.
STEPS = {"OK": "bank_posts", "RU": "bank_posts_less", "OP": "bank_posts_more"}
TAKEN_BACK = "booking_withdrawn"
_STATUSES = " UNION ALL ".join(f"SELECT order_id, status FROM {table}" for table in TABLES)
_ORDERED = " UNION ALL ".join(
    f"SELECT order_id, '{kind.family}' AS family, status, amount_value AS ordered FROM {kind.table}"
    f" WHERE kind = '{kind.name}'"
    for kind in KINDS.values()
)
_SETTLED = "SELECT order_id, sum(amount) AS settled FROM ops.settlement SEMI JOIN live_import() USING (import_id)"
_SYMBOLS = ("variable_symbol", "constant_symbol", "specific_symbol")
_ALIKE = " AND ".join(f"l.{name} IS NOT DISTINCT FROM o.{name}" for name in _SYMBOLS)
_SAME = (
    "o.status NOT IN ('NS', 'ER') AND o.own_account = l.own_account AND o.currency = l.currency"
    " AND o.sign * o.open = l.amount"
)
_LINE = f"{KEY}, l.day, l.own_account, l.amount, l.currency, l.counterparty_name, l.variable_symbol, l.bank_reference"
_NAMED = " UNION ".join(
    f"SELECT {KEY}, CASE WHEN regexp_full_match({name}, '[1-9][0-9]{{0,17}}') THEN {name}::BIGINT END AS order_id"
    " FROM line"
    for name in ("client_reference", "end_to_end_id")
)
# What follows WITH in a SELECT of the lines in booked_line with each order in order_at_bank that they may settle.
_FITTING = f"""
    line AS MATERIALIZED (FROM booked_line ANTI JOIN ops.settlement USING ({KEY})),
    asked AS MATERIALIZED (
        SELECT o.*, o.ordered - coalesce(n.settled, 0) AS open
        FROM order_at_bank o LEFT JOIN ({_SETTLED} GROUP BY ALL) n USING (order_id)
        WHERE o.status <> 'DE'),
    named AS MATERIALIZED (SELECT n.* FROM ({_NAMED}) n SEMI JOIN asked USING (order_id)),
    nameless AS (FROM line ANTI JOIN named USING ({KEY}))
    SELECT {_LINE}, o.order_id, 1 AS rule,
        if(l.currency = o.currency, abs(l.amount), l.original_amount) AS settles
    FROM line l JOIN named USING ({KEY}) JOIN asked o USING (order_id)
    WHERE o.own_account = l.own_account AND o.sign = sign(l.amount) AND settles IS NOT NULL
        AND o.currency IN (l.currency, l.original_currency)
    UNION ALL
    SELECT {_LINE}, o.order_id, 2, abs(l.amount)
    FROM nameless l JOIN asked o ON {_SAME} AND o.bank_reference = l.bank_reference AND o.family = 'domestic'
    UNION ALL
    SELECT {_LINE}, o.order_id, 3, abs(l.amount)
    FROM nameless l JOIN asked o ON {_SAME} AND {_ALIKE} AND o.in_process AND o.created_on <= l.day
        AND coalesce(canonical_account(l.counterparty_account, l.counterparty_bank) = o.other, true)"""


def match_bookings(lab: Lab, cursor: Any) -> list[str]:
    """Match all lines that are not matched yet, within a transaction of the lane ops, and settle the orders.

    Returns what does not fit, for people.
    """
    if not cursor.execute("SELECT 1 FROM ops.sent_order LIMIT 1").fetchone():
        return []
    # Both stand still while lines are matched, and to plan what they are made of costs more than all passes.
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE order_at_bank AS {sent()}")
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE booked_line AS {lines()}")
    while True:  # what a pass settles may leave one candidate to another line; each pass takes a line at least
        cursor.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE settled_line AS
            WITH candidate AS (WITH {_FITTING}),
            closest AS (
                FROM candidate QUALIFY rule = min(rule) OVER (PARTITION BY {KEY})
                    AND rule = min(rule) OVER (PARTITION BY order_id))
            FROM closest QUALIFY count(*) OVER (PARTITION BY {KEY}) = 1
                AND (rule = 1 OR count(*) OVER (PARTITION BY order_id) = 1)
            """
        )
        found = " ".join(f"WHEN {rule} THEN '{told}'" for rule, told in FOUND_BY.items())
        ((count,),) = cursor.execute(
            f"INSERT INTO ops.settlement SELECT {KEY}, order_id, settles, CASE rule {found} END, '', $now"
            " FROM settled_line",
            {"now": lab.clock()},
        ).fetchall()
        if not count:
            break
    return settle(lab, cursor)


def settle(lab: Lab, cursor: Any) -> list[str]:
    """Bring orders up to what their matched lines say, also when an import was withdrawn; returns what does not fit."""
    rows = cursor.execute(
        f"""
        SELECT order_id, coalesce(n.settled, 0) AS now, s.settled AS before, o.ordered, o.status,
            CASE WHEN now = 0 THEN NULL WHEN now = o.ordered THEN 'OK' WHEN o.family = 'domestic'
                THEN if(now < o.ordered, 'RU', 'OP') END AS target,
            o.status IN ('OK', 'RU', 'OP') AND t.note IS NOT DISTINCT FROM $note AS by_statement
        FROM ops.sent_order s JOIN ({_ORDERED}) o USING (order_id)
        LEFT JOIN ({_SETTLED} GROUP BY ALL) n USING (order_id)
        LEFT JOIN (
            SELECT order_id, arg_max(note, version) AS note FROM ops.order_step
            WHERE action IN ({", ".join(f"'{step}'" for step in STEPS.values())}) GROUP BY order_id) t USING (order_id)
        WHERE now <> s.settled OR (o.status NOT IN ('NS', 'DE', 'ER')
            AND (target <> o.status OR (s.in_process AND target = 'OK')))
        """,
        {"note": NOTE},
    ).fetchall()
    if not rows:
        return []
    fewer = [order_id for order_id, now, before, *_, by_statement in rows if now < before and by_statement]
    if fewer:
        take_step(lab, TAKEN_BACK, fewer, single=False)
    findings: list[str] = []
    for action, target, orders in _targets(rows):
        findings += _step(lab, cursor, action, target, orders)
    cursor.execute(
        f"""
        UPDATE ops.sent_order s SET settled = n.now, changed_at = $now, in_process = CASE
            WHEN o.family = 'foreign' THEN false
            WHEN n.now = o.ordered AND st.status = 'OK' THEN false
            WHEN n.now < n.before AND st.status IN ('PR', 'RU') THEN true ELSE s.in_process END
        FROM (SELECT unnest($ids::BIGINT[]) AS order_id, unnest($settled::DECIMAL(18,3)[]) AS now,
            unnest($before::DECIMAL(18,3)[]) AS before) n
        JOIN ({_ORDERED}) o USING (order_id) JOIN ({_STATUSES}) st USING (order_id)
        WHERE s.order_id = n.order_id
        """,
        {
            "ids": [row[0] for row in rows], "settled": [row[1] for row in rows], "before": [row[2] for row in rows],
            "now": lab.clock(),
        },
    )  # fmt: skip
    lab.log(cursor, "settle_orders", str(len(rows)), findings=len(findings))
    return findings


def _targets(rows: list[Any]) -> list[tuple[str, str, list[int]]]:
    """Return the step to each status with its orders."""
    found: dict[str, list[int]] = {target: [] for target in STEPS}
    for order_id, now, _, ordered, *_ in rows:
        if now:
            found["OK" if now == ordered else "RU" if now < ordered else "OP"].append(order_id)
    return [(STEPS[target], target, orders) for target, orders in found.items() if orders]


def _step(lab: Lab, cursor: Any, action: str, target: str, orders: list[int]) -> list[str]:
    """Take a step on the orders that do not stand there yet; returns those that it does not fit."""
    before = dict(
        cursor.execute(
            f"SELECT order_id, status FROM ({_STATUSES}) WHERE order_id IN (SELECT unnest($ids::BIGINT[]))",
            {"ids": orders},
        ).fetchall()
    )
    waiting = [one for one in orders if before[one] != target]
    done = set(take_step(lab, action, waiting, note=NOTE, single=False).ids) if waiting else set()
    return [
        f"order {one}: a statement says {status_name(target)}, and it is {status_name(before[one])}"
        for one in waiting
        if one not in done
    ]


def sent() -> str:
    """Return SELECT of the sent orders: what they ask for, and by what a line is known as theirs."""
    known = ", ".join(f"nullif(ltrim({name}, '0'), '') AS {name}" for name in _SYMBOLS)
    kinds = " UNION ALL ".join(_sent(kind) for kind in KINDS.values())  # to plan what follows once for all is cheaper
    return f"SELECT * REPLACE (canonical_account(other, NULL) AS other, {known}) FROM ({kinds})"


def _sent(kind: Kind) -> str:
    symbols = ", ".join(f"{column_sql(kind, name)} AS {name}" for name in _SYMBOLS)
    sign = 1 if kind.name == "domestic_collection" else -1
    return f"""
        SELECT o.order_id, '{kind.family}' AS family, o.status, o.amount_value AS ordered, o.currency, {sign} AS sign,
            {kind.own_account} AS own_account, {kind.counter_account} AS other, {symbols},
            o.created_on, w.in_process, w.bank_reference
        FROM {kind.table} o JOIN ops.sent_order w ON w.order_id = o.order_id WHERE o.kind = '{kind.name}'"""


def lines(*, all_of_them: bool = False) -> str:
    """Return SELECT of the booked lines of own accounts that are not matched.

    Those of the newest import, and those since the oldest order that still waits was made (in order_at_bank, which
    `sent` makes), unless all are asked for: earlier ones were judged when they came, and the cost must not grow with
    the history.
    """
    entry = ", ".join(f"e.{name}" for name in _REFERENCES)
    detail = ", ".join(f"d.{name}" for name in _REFERENCES if name != "currency")
    recent = """import_id = (SELECT max(import_id) FROM live_import()) OR day >= (
            SELECT min(created_on) FROM order_at_bank
            WHERE status IN ('NS', 'SE', 'RV', 'PR', 'IS', 'RU') OR (in_process AND status = 'OK'))"""
    return f"""
        SELECT l.*, own_account FROM (
            SELECT e.import_id, e.statement_no, e.entry_no, 0 AS detail_no, e.account_id, e.day, e.amount, {entry}
            FROM live_entry() e WHERE {_BOOKED} AND e.detail_count <= 1
            UNION ALL BY NAME
            SELECT d.import_id, d.statement_no, d.entry_no, d.detail_no, d.account_id, e.day,
                (sign(e.amount) * abs(d.amount))::DECIMAL(18,3) AS amount, coalesce(d.currency, e.currency) AS currency,
                {detail}
            FROM live_detail() d JOIN live_entry() e USING (import_id, statement_no, entry_no)
            WHERE {_BOOKED} AND e.detail_count > 1 AND d.amount IS NOT NULL) l
        JOIN ({_OWN}) USING (account_id)
        ANTI JOIN ops.settlement USING ({KEY})
        WHERE {"true" if all_of_them else recent}"""


def candidates() -> str:
    """Return SELECT of lines with each order that they may settle: order_id, settles (in its currency), rule."""
    return f"WITH order_at_bank AS MATERIALIZED ({sent()}), booked_line AS MATERIALIZED ({lines()}), {_FITTING}"
