"""Made-up business of any size, by arithmetic and hashes alone: the same size gives the same rows.

Every account gets one statement a month; entries are spread evenly over statements and days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from bankklient_lab.formats.base import StatementSet
from bankklient_lab.formats.schema import SCHEMAS, Kind

FIRST_DAY = date(2024, 1, 1)
PARTNERS = 2_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much business: entries over all statements of `accounts` in `months` from FIRST_DAY."""

    entries: int
    accounts: int = 50
    months: int = 24
    currency: str = ""  # of all accounts; every fifth is in EUR and the others in CZK when empty

    @property
    def statements(self) -> int:
        """The number of statements."""
        return self.accounts * self.months


def prepare(con: duckdb.DuckDBPyConnection, size: Size) -> None:
    """Make temporary tables own_account and partner, and the macro made_entry(first, until) over statements from 0."""
    con.execute(_IBAN)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE own_account AS"
        " SELECT i::INTEGER AS account, iban('0800', 19, 2000000000 + i * 11) AS number,"
        " CASE WHEN ? <> '' THEN ? WHEN i % 5 = 4 THEN 'EUR' ELSE 'CZK' END AS currency FROM range(?) r(i)",
        [size.currency, size.currency, size.accounts],
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE partner AS"
        " SELECT i AS partner, printf('Counterparty %04d Trading Ltd', i) AS name,"
        f" iban('0300', 0, 1000000000 + i * 11) AS account FROM range({PARTNERS}) r(i)"
    )
    con.execute(_ENTRY.format(n=size.entries, s=size.statements, accounts=size.accounts, first=FIRST_DAY))


def statement_set(con: duckdb.DuckDBPyConnection, size: Size, transaction_code: str) -> StatementSet:
    """Return the whole business as a writer takes it; the balances of each account follow from 100,000."""
    prepare(con, size)
    con.execute(f"CREATE OR REPLACE TEMP TABLE made AS FROM made_entry(0, {size.statements})")
    con.execute(_STATEMENT)
    entries = _ENTRY_OF_FILE.format(code=transaction_code)
    return StatementSet(
        statements=_table(con, _STATEMENT_OF_FILE, Kind.STATEMENT),
        entries=_table(con, entries, Kind.ENTRY),
        balances=_table(con, _BALANCE_OF_FILE, Kind.BALANCE),
    )


def _table(con: duckdb.DuckDBPyConnection, sql: str, kind: Kind) -> pa.Table:
    table = con.execute(sql).to_arrow_table()
    columns = [
        table[f.name].cast(f.type) if f.name in table.column_names else pa.nulls(table.num_rows, f.type)
        for f in SCHEMAS[kind]
    ]
    return pa.table(columns, schema=SCHEMAS[kind])


_IBAN = """
CREATE OR REPLACE TEMP MACRO iban(bank, prefix, base) AS 'CZ' || lpad((98 - (bank || lpad(prefix::VARCHAR, 6, '0')
    || lpad(base::VARCHAR, 10, '0') || '123500')::HUGEINT % 97)::VARCHAR, 2, '0') || bank
    || lpad(prefix::VARCHAR, 6, '0')
    || lpad(base::VARCHAR, 10, '0')
"""

# Statement s (of {s}) holds the entries i with i * {s} // {n} = s: nothing is left over at any size.
_ENTRY = """
CREATE OR REPLACE TEMP MACRO made_entry(first_statement, until_statement) AS TABLE
WITH numbered AS (
    SELECT i, i * {s} // {n} AS s, hash(i + 1) AS h
    FROM range((first_statement::BIGINT * {n} + {s} - 1) // {s}, (until_statement::BIGINT * {n} + {s} - 1) // {s}) r(i)
), placed AS (
    SELECT *, i - (s * {n} + {s} - 1) // {s} AS nth,
        ((s + 1) * {n} + {s} - 1) // {s} - (s * {n} + {s} - 1) // {s} AS size,
        (DATE '{first}' + to_months((s // {accounts})::INTEGER))::DATE AS month_first
    FROM numbered
)
SELECT s, (s % {accounts})::INTEGER AS account, (nth + 1)::INTEGER AS entry_no,
    month_first + (nth * date_part('day', last_day(month_first)) // size)::INTEGER AS day,
    ((h % 1000000 + 1)::BIGINT
        * (CASE WHEN h // 1000000 % 100 < 49 THEN -1 ELSE 1 END) * 0.01)::DECIMAL(18,3) AS amount,
    (h // 7 % 2000)::BIGINT AS partner, (2000000000 + h // 11 % 899999999)::VARCHAR AS variable_symbol,
    upper(left(format('{{:x}}', h), 14)) AS bank_reference
FROM placed
"""

_STATEMENT = """
CREATE OR REPLACE TEMP TABLE sent AS
WITH summed AS (
    SELECT s, account, sum(amount)::DECIMAL(18,3) AS net, date_trunc('month', min(day))::DATE AS first_day,
        last_day(min(day)) AS last_day
    FROM made GROUP BY s, account
)
SELECT s.*, a.number, a.currency, row_number() OVER (PARTITION BY account ORDER BY s) AS sequence,
    (100000 + sum(net) OVER w - net)::DECIMAL(18,3) AS opening, (100000 + sum(net) OVER w)::DECIMAL(18,3) AS closing
FROM summed s JOIN own_account a USING (account) WINDOW w AS (PARTITION BY account ORDER BY s)
"""

_STATEMENT_OF_FILE = """
SELECT (s + 1)::INTEGER AS statement_no, false AS interim, number AS account, '0800' AS bank, currency,
    'Demo company' AS account_name, sequence::VARCHAR AS number, 'S' || s AS reference, first_day, last_day,
    opening, first_day AS opening_day, closing, last_day AS closing_day
FROM sent ORDER BY s
"""
_BALANCE_OF_FILE = """
SELECT (s + 1)::INTEGER AS statement_no, 'OPBD' AS balance_type, first_day AS day, opening AS amount, currency FROM sent
UNION ALL SELECT (s + 1)::INTEGER, 'CLBD', last_day, closing, currency FROM sent ORDER BY 1, 2 DESC
"""
_ENTRY_OF_FILE = """
SELECT (m.s + 1)::INTEGER AS statement_no, m.entry_no, m.day AS booking_day, m.day AS value_day, m.amount,
    a.currency, 'BOOK' AS status, false AS reversal, p.name AS counterparty_name, p.account AS counterparty_account,
    m.variable_symbol, '308' AS constant_symbol, m.bank_reference, '{code}' AS transaction_code,
    'Invoice ' || m.variable_symbol || ' for goods delivered' AS remittance, 0 AS detail_count
FROM made m JOIN own_account a USING (account) JOIN partner p USING (partner) ORDER BY m.s, m.entry_no
"""
