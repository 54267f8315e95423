"""Entries that the lab has already: a statement that begins with what is known goes on from it, and counts it once.

The rule and its limits are in docs/decisions/0009-repeated-entries.md.
"""

from __future__ import annotations

import duckdb

from bankklient_lab.history.staging import summed


def mark_repeated(cursor: duckdb.DuckDBPyConnection, format_name: str) -> None:
    """Set `repeats` on staged entries that are known, and what follows from it on their statements and their order.

    A statement of which nothing is left that counts is known, unless it states a balance that no other one does.
    """
    if not _overlap(cursor):
        return
    cursor.execute(summed(_REPEATS), {"format": format_name})
    cursor.execute(_MARK_ENTRIES)
    cursor.execute(summed(_MARK_STATEMENTS))
    cursor.execute(_MARK_KNOWN)
    cursor.execute(_ORDER)


def _overlap(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether a new booked statement shares a day with one that the lab has; few do, only then is more read."""
    row = cursor.execute(
        """
        SELECT EXISTS (FROM staged_statement s JOIN live_statement() h ON h.account_id = s.account_id
            AND h.from_day <= s.to_day AND h.to_day >= s.from_day
            WHERE NOT s.known AND NOT s.interim AND NOT h.interim)
        """
    ).fetchone()
    return bool(row and row[0])


# `held`: what the lab has on the days of each new statement, `known_entry` what of it counts; within one format the
# bank's references must be the same, too. The n-th of equal entries repeats the n-th known, one without a day one
# without.
_REPEATS = """
CREATE OR REPLACE TEMP TABLE staged_repeat AS
WITH held AS (
    SELECT s.statement_no, e.import_id, e.statement_no AS known_no, e.entry_no,
        coalesce(e.booking_day, e.value_day) AS day, e.amount, e.bank_reference, e.repeats, i.format
    FROM staged_statement s
        JOIN live_entry() e ON e.account_id = s.account_id
            AND coalesce(e.booking_day, e.value_day, e.day) BETWEEN s.from_day AND s.to_day
        JOIN ops.import i ON i.import_id = e.import_id
    WHERE NOT s.known AND NOT s.interim AND NOT e.interim
        AND counts(e.status, e.amount, e.currency, s.currency, NULL)
), known_entry AS (
    SELECT *, bool_and(format = $format) OVER (PARTITION BY statement_no) AS one_format
    FROM held WHERE repeats IS NULL
), known_numbered AS (
    SELECT * REPLACE (CASE WHEN one_format THEN bank_reference END AS bank_reference),
        row_number() OVER (
            PARTITION BY statement_no, day, amount, CASE WHEN one_format THEN bank_reference END
            ORDER BY import_id, known_no, entry_no) AS ordinal
    FROM known_entry
), known_part AS (
    SELECT statement_no, count(*) AS entries, max(day) AS last_day, any_value(one_format) AS one_format
    FROM known_entry GROUP BY statement_no
), known_statement AS (  -- the last one's closing balance; whether the bank numbers them otherwise
    SELECT s.statement_no,
        max_by(struct_pack(stated := coalesce(h.closing, h.opening + h.repeated_net + h.sum_credit - h.sum_debit)),
            (h.to_day, h.import_id, h.statement_no)).stated AS closing,
        bool_or(k.format = $format AND (ltrim(h.number, '0') <> ltrim(s.number, '0') OR h.page <> s.page)) AS other
    FROM (SELECT DISTINCT statement_no, import_id, known_no, format FROM held) k
        JOIN staged_statement s USING (statement_no)
        JOIN history.statement h ON h.import_id = k.import_id AND h.statement_no = k.known_no
    GROUP BY s.statement_no
), paired AS (
    SELECT n.statement_no, n.entry_no, n.day, n.amount, k.import_id, k.known_no, k.entry_no AS known_entry_no
    FROM (
        SELECT e.statement_no, e.entry_no, coalesce(e.booking_day, e.value_day) AS day, e.amount,
            CASE WHEN p.one_format THEN e.bank_reference END AS bank_reference,
            row_number() OVER (
                PARTITION BY e.statement_no, coalesce(e.booking_day, e.value_day), e.amount,
                    CASE WHEN p.one_format THEN e.bank_reference END
                ORDER BY e.entry_no) AS ordinal
        FROM file_entry e JOIN known_part p USING (statement_no) JOIN staged_statement s USING (statement_no)
        WHERE COUNTS
    ) n LEFT JOIN known_numbered k ON k.statement_no = n.statement_no AND k.amount = n.amount AND k.ordinal = n.ordinal
        AND k.day IS NOT DISTINCT FROM n.day AND k.bank_reference IS NOT DISTINCT FROM n.bank_reference
), going_on AS (
    SELECT statement_no
    FROM paired p JOIN known_part k USING (statement_no) JOIN known_statement h USING (statement_no)
        JOIN staged_statement s USING (statement_no)
    WHERE NOT coalesce(h.other, false)
    GROUP BY statement_no, k.entries, k.last_day, h.closing, s.opening, s.closing
    HAVING count(p.import_id) = k.entries
        AND coalesce(min(p.day) FILTER (p.import_id IS NULL) >= k.last_day, true)
        AND coalesce(CASE WHEN s.opening IS NOT NULL
                THEN s.opening + sum(p.amount) FILTER (p.import_id IS NOT NULL) = h.closing
                ELSE s.closing - sum(p.amount) <> h.closing END, true)
), repeated AS (
    SELECT *, min(statement_no) OVER (PARTITION BY import_id, known_no, known_entry_no) AS first_no
    FROM paired SEMI JOIN going_on USING (statement_no) WHERE import_id IS NOT NULL
)
SELECT statement_no, entry_no, day, amount, import_id
FROM repeated WHERE statement_no NOT IN (SELECT statement_no FROM repeated WHERE first_no < statement_no)
"""

_MARK_ENTRIES = """
UPDATE file_entry e SET repeats = r.import_id FROM staged_repeat r
WHERE r.statement_no = e.statement_no AND r.entry_no = e.entry_no
"""

# What is repeated lies before what is new: the statement now begins on the first day of the new.
_MARK_STATEMENTS = """
UPDATE staged_statement s SET
    repeated = r.entries, repeats = r.first_import, repeated_net = r.net,
    booked_entries = coalesce(n.entries, 0), sum_credit = coalesce(n.credit, 0), sum_debit = coalesce(n.debit, 0),
    from_day = least(coalesce(n.first_day, s.to_day), s.to_day)
FROM (
        SELECT statement_no, count(*) AS entries, min_by(import_id, entry_no) AS first_import, sum(amount) AS net
        FROM staged_repeat GROUP BY statement_no
    ) r
    LEFT JOIN (
        SELECT e.statement_no, count(*) AS entries, min(coalesce(e.booking_day, e.value_day)) AS first_day,
            CREDIT AS credit, DEBIT AS debit
        FROM file_entry e JOIN staged_statement s USING (statement_no) WHERE COUNTS GROUP BY e.statement_no
    ) n USING (statement_no)
WHERE r.statement_no = s.statement_no
"""

_MARK_KNOWN = """
UPDATE staged_statement s SET known = true
WHERE s.repeated > 0 AND s.booked_entries = 0 AND (coalesce(s.closing, s.opening) IS NULL OR EXISTS (
    FROM live_statement() h
    WHERE h.account_id = s.account_id AND NOT h.interim AND h.to_day <= s.to_day
        AND h.to_day >= (SELECT max(day) FROM staged_repeat r WHERE r.statement_no = s.statement_no)
        AND coalesce(h.closing, h.opening + h.repeated_net + h.sum_credit - h.sum_debit)
            = coalesce(s.closing, s.opening + s.repeated_net)))
"""

# Among statements of the same days, one without a number comes after those that the lab has.
_ORDER = """
UPDATE staged_statement s SET order_number = (
    SELECT max(h.order_number) FROM live_statement() h
    WHERE h.account_id = s.account_id AND h.interim = s.interim AND h.to_day = s.to_day AND h.from_day = s.from_day)
WHERE s.order_number IS NULL
"""
