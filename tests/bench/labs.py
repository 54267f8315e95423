"""Labs of any size, filled in place: the rows that importing the same business would leave, without the files."""

from __future__ import annotations

from pathlib import Path

from bankklient_lab.codebooks import rows
from bankklient_lab.lab import Lab, created
from tests.bench.business import Size, prepare


def make_lab(path: Path, size: Size) -> Path:
    """Make a lab with one import a month and a statement of each account in it."""
    with created(path) as lab:
        _fill(lab, size)
    return path


def _fill(lab: Lab, size: Size) -> None:
    categories = sorted({rule["category"] for rule in rows("categories")})[:10]
    with lab.database.reading() as cursor:
        prepare(cursor, size)
        with lab.database.tx("ops", cursor):
            cursor.execute(
                "INSERT INTO ops.account (account_id, number, currency, bank)"
                " SELECT account + 1, number, currency, '0800' FROM own_account"
            )
        for month in range(size.months):
            values = {
                "month": month + 1,
                "first": month * size.accounts,
                "until": (month + 1) * size.accounts,
                "categories": categories,
            }
            with lab.database.tx("history", cursor):
                cursor.execute(_ENTRY, values)
                cursor.execute(_DAY_SUM, {"month": month + 1})
                cursor.execute(_STATEMENT, {"month": month + 1})
            with lab.database.tx("ops", cursor):
                cursor.execute(_IMPORT, {"month": month + 1, "at": lab.clock()})
                lab.log(cursor, "import_file", f"month {month + 1}", import_id=month + 1)
        with lab.database.tx("history", cursor):
            cursor.execute(_RATE)
    lab.database.checkpoint()


_ENTRY = """
INSERT INTO history.entry BY NAME
SELECT $month AS import_id, m.account + 1 AS statement_no, m.entry_no, m.account + 1 AS account_id, false AS interim,
    m.day, $categories[m.partner % len($categories) + 1] AS category, m.day AS booking_day, m.day AS value_day,
    m.amount, a.currency, 'BOOK' AS status, false AS reversal, p.name AS counterparty_name,
    p.account AS counterparty_account, m.variable_symbol,
    '308' AS constant_symbol, m.bank_reference, 'NTRF' AS transaction_code,
    'Invoice ' || m.variable_symbol || ' for goods delivered' AS remittance, 0 AS detail_count,
    'entry ' || m.entry_no AS place
FROM made_entry($first, $until) m JOIN own_account a USING (account) JOIN partner p USING (partner)
"""
_DAY_SUM = """
INSERT INTO history.day_sum
SELECT import_id, statement_no, account_id, day, category, coalesce(sum(amount) FILTER (WHERE amount > 0), 0),
    coalesce(-sum(amount) FILTER (WHERE amount < 0), 0), count(*), count(*) FILTER (WHERE amount > 0),
    count(*) FILTER (WHERE amount < 0)
FROM history.entry WHERE import_id = $month GROUP BY ALL
"""
# The digest is that of the import (history/staging.py), so that the check of the lab holds.
_STATEMENT = """
INSERT INTO history.statement BY NAME
WITH summed AS (
    SELECT import_id, statement_no, account_id, any_value(currency) AS currency,
        date_trunc('month', min(day))::DATE AS from_day,
        last_day(min(day)) AS to_day, count(*) AS entries,
        coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::DECIMAL(18,3) AS sum_credit,
        coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)::DECIMAL(18,3) AS sum_debit,
        sum(md5_number_lower(concat_ws('|', booking_day, amount)) % 4611686018427387904::UBIGINT)::VARCHAR AS digest
    FROM history.entry WHERE import_id = $month GROUP BY ALL
), carried AS (
    SELECT s.*, coalesce((SELECT closing FROM history.statement b
        WHERE b.account_id = s.account_id AND b.import_id = $month - 1), 100000)
        ::DECIMAL(18,3) AS opening
    FROM summed s
)
SELECT c.import_id, c.statement_no, c.account_id, false AS interim, a.number AS account, '0800' AS bank, c.currency,
    'Demo company' AS account_name, $month::VARCHAR AS number, c.from_day AS first_day, c.to_day AS last_day, c.opening,
    c.from_day AS opening_day, (c.opening + c.sum_credit - c.sum_debit)::DECIMAL(18,3) AS closing,
    c.to_day AS closing_day,
    c.from_day, c.to_day, c.entries, c.entries AS booked_entries, c.sum_credit, c.sum_debit, c.digest
FROM carried c JOIN ops.account a USING (account_id)
"""
_IMPORT = """
INSERT INTO ops.import VALUES ($month, 'month ' || $month, md5($month::VARCHAR), 0, 'mt940', 'MT940', $at, 'bench',
'imported')
"""
# A rate of every day belongs to the first import.
_RATE = """
INSERT INTO history.rate
SELECT 1, 'CNB', day::DATE, 'CZK', 'EUR', 1, (24 + date_part('day', day) * 0.01)::DECIMAL(18,8), false
FROM (SELECT unnest(generate_series(min(from_day), max(to_day), INTERVAL 1 DAY)) AS day FROM history.statement)
"""
