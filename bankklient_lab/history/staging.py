"""From the parts of one file to rows ready for history, in temporary tables of one cursor.

`fill` takes the parts over as they come (entries in one stream, so that memory does not grow with the file); the
steps after it are SQL over the staged tables: days and sums of each statement, accounts, statements known before,
findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import NamedTuple, Self
from uuid import uuid4

import duckdb
import pyarrow as pa

from bankklient_lab.errors import FormatError, HintNeeded, LabError, LimitExceeded
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.formats.reading import Progressing
from bankklient_lab.formats.schema import SCHEMAS, Kind
from bankklient_lab.history.categories import WORDS, rules_sql
from bankklient_lab.jobs import Job
from bankklient_lab.store.database import Database

# Of an entry `e` of the statement `s`, as files have them: nothing said of status or currency is the usual.
COUNTS = "counts(coalesce(e.status, 'BOOK'), e.amount, coalesce(e.currency, s.currency), s.currency, e.repeats)"
CREDIT = f"coalesce(sum(e.amount) FILTER ({COUNTS} AND e.amount > 0), 0)::DECIMAL(18,3)"
DEBIT = f"coalesce(-sum(e.amount) FILTER ({COUNTS} AND e.amount < 0), 0)::DECIMAL(18,3)"
DIGEST = (
    "coalesce(sum(md5_number_lower(concat_ws('|', e.booking_day, e.amount)) % 4611686018427387904::UBIGINT)"
    f" FILTER ({COUNTS}), 0)::VARCHAR"
)


DETAILS_HELD_BYTES = 16 * 1024**2
ENTRIES_COMPARED = 2_000_000  # at once for the same reference: as many groups fit into DuckDB's memory


class Extent(NamedTuple):
    """How much a file holds: steps for what it lacks are left out, to plan them costs more than a small file."""

    statements: int
    entries: int
    rates: int


class Details:
    """The details of batch bookings, which come between the entries: few are held, many go to a table of their own.

    The table is in the catalog in memory, which DuckDB puts on disk when it grows: the cursor that takes the entries
    over is busy, and no other one sees its temporary tables.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._name = f"memory.detail_{uuid4().hex}"
        self._held: list[pa.RecordBatch] = []
        self._written = False

    def __enter__(self) -> Self:
        """Begin with none."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget them all."""
        if self._written:
            with self._database.reading() as own:
                own.execute(f"DROP TABLE {self._name}")

    def add(self, batch: pa.RecordBatch) -> None:
        """Take more details over, while entries are taken over."""
        self._held.append(batch)
        if sum(one.nbytes for one in self._held) > DETAILS_HELD_BYTES:
            self._write()

    def store(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Make all of them visible to `cursor` as `file_detail`."""
        if self._written:
            self._write()
            cursor.execute(f"CREATE TEMP VIEW file_detail AS FROM {self._name}")
        else:
            _store(cursor, Kind.DETAIL, self._taken())

    def _taken(self) -> pa.Table:
        table = pa.Table.from_batches(self._held, SCHEMAS[Kind.DETAIL])
        self._held.clear()
        return table

    def _write(self) -> None:
        with self._database.reading() as own:
            own.register("incoming", self._taken())
            own.execute(f"CREATE TABLE IF NOT EXISTS {self._name} AS FROM incoming LIMIT 0")
            own.execute(f"INSERT INTO {self._name} FROM incoming")
        self._written = True


def fill(
    cursor: duckdb.DuckDBPyConnection, parts: Iterator[Progressing], details: Details, file_bytes: int, job: Job
) -> Extent:
    """Stage all parts of one file as `file_<kind>`, temporary for the cursor; raises what the reader raises."""
    others: dict[Kind, list[pa.RecordBatch]] = {kind: [] for kind in Kind if kind not in (Kind.ENTRY, Kind.DETAIL)}
    failure: list[BaseException] = []
    count = statements = 0

    def entries() -> Iterator[pa.RecordBatch]:
        nonlocal count, statements
        try:
            for part, position in parts:
                if part.kind is Kind.ENTRY:
                    count += part.batch.num_rows
                    job.step(f"reading, {count} entries", min(1.0, position / max(1, file_bytes)))
                    yield part.batch
                elif part.kind is Kind.DETAIL:
                    details.add(part.batch)
                else:
                    others[part.kind].append(part.batch)
                    statements += part.batch.num_rows if part.kind is Kind.STATEMENT else 0
                    if statements > LIMITS.statements:
                        raise LimitExceeded(f"the file has more than {LIMITS.statements} statements")
        except BaseException as error:
            failure.append(error)
            raise

    found = entries()
    first = next(found, None)
    if first is None:
        _store(cursor, Kind.ENTRY, SCHEMAS[Kind.ENTRY].empty_table(), _NO_ENTRIES)
    else:
        reader = pa.RecordBatchReader.from_batches(SCHEMAS[Kind.ENTRY], chain([first], found))
        try:
            _store(cursor, Kind.ENTRY, reader, _entries())
        except duckdb.Error:
            if failure:
                raise failure[0] from None
            raise
        if failure:
            raise failure[0]
    details.store(cursor)
    for kind, batches in others.items():
        _store(cursor, kind, pa.Table.from_batches(batches, SCHEMAS[kind]))
    return Extent(statements, count, sum(batch.num_rows for batch in others[Kind.RATE]))


_NO_ENTRIES = "SELECT *, NULL::VARCHAR AS category, NULL::BIGINT AS repeats FROM incoming"


def _entries() -> str:
    """Return the query for the entries as they come, with what costs time per entry: the other core still reads."""
    return f"""
        SELECT e.* EXCLUDE (words), {rules_sql()} AS category, NULL::BIGINT AS repeats
        FROM (
            SELECT e.* REPLACE (canonical_account(e.counterparty_account, e.counterparty_bank) AS counterparty_account),
                {WORDS} AS words
            FROM incoming e
        ) e
        """  # noqa: S608 - our own texts


def _store(
    cursor: duckdb.DuckDBPyConnection, kind: Kind, data: pa.RecordBatchReader | pa.Table, rows: str = "FROM incoming"
) -> None:
    cursor.register("incoming", data)
    try:
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE file_{kind} AS {rows}")
    finally:
        cursor.unregister("incoming")


def summed(sql: str) -> str:
    """Return SQL with the names COUNTS, CREDIT, DEBIT and DIGEST written out."""
    for name, expression in (("CREDIT", CREDIT), ("DEBIT", DEBIT), ("DIGEST", DIGEST), ("COUNTS", COUNTS)):
        sql = sql.replace(name, expression)
    return sql


def require(cursor: duckdb.DuckDBPyConnection, extent: Extent, today: date) -> None:
    """Refuse statements without account or currency, and a file that holds nothing; work out days and sums."""
    if not extent.statements and not extent.rates:
        raise FormatError("the file holds neither a statement nor rates", place="whole file")
    if extent.statements:
        _require_accounts(cursor)
    cursor.execute(summed(_STATEMENT), {"today": today})


def _require_accounts(cursor: duckdb.DuckDBPyConnection) -> None:
    row = cursor.execute(
        "SELECT place, account, currency FROM file_statement WHERE account IS NULL OR currency IS NULL"
        " ORDER BY statement_no LIMIT 1"
    ).fetchone()
    if row:
        missing = "account" if row[1] is None else "currency"
        raise HintNeeded(missing, f"the file does not say the {missing} of a statement", place=row[0] or "")
    cursor.execute("UPDATE file_statement SET account = canonical_account(account, bank)")


_STATEMENT = r"""
CREATE OR REPLACE TEMP TABLE staged_statement AS
WITH total AS (
    SELECT s.statement_no,
        count(e.entry_no) AS entries,
        count(*) FILTER (WHERE COUNTS) AS booked_entries,
        CREDIT AS sum_credit,
        DEBIT AS sum_debit,
        -- Some banks count a reversal as a negative amount on the side that it reverses.
        coalesce(sum(e.amount) FILTER (WHERE COUNTS AND (e.amount > 0) <> coalesce(e.reversal, false)), 0) AS
        own_credit,
        coalesce(-sum(e.amount) FILTER (WHERE COUNTS AND (e.amount < 0) <> coalesce(e.reversal, false)), 0) AS
        own_debit,
        min(coalesce(e.booking_day, e.value_day)) AS first_entry,
        max(coalesce(e.booking_day, e.value_day)) FILTER (WHERE COUNTS) AS last_entry,
        DIGEST AS digest
    FROM file_statement s LEFT JOIN file_entry e USING (statement_no)
    GROUP BY s.statement_no
), days AS (
    SELECT s.*, t.* EXCLUDE (statement_no),
        coalesce(s.last_day, s.closing_day, t.last_entry, s.first_day, s.opening_day, t.first_entry,
            try_cast(left(s.created_at, 10) AS DATE), $today) AS end_day
    FROM file_statement s JOIN total t USING (statement_no)
)
SELECT * EXCLUDE (end_day, first_entry, last_entry),
    least(coalesce(first_day, first_entry, opening_day, end_day), end_day) AS from_day,
    end_day AS to_day,
    NULL::INTEGER AS account_id,
    false AS known,
    sum_credit AS file_credit, sum_debit AS file_debit,  -- with entries that turn out to repeat others
    0 AS repeated, NULL::BIGINT AS repeats,  -- entries that repeat others, the import of the first one
    0::DECIMAL(18,3) AS repeated_net,
    try_cast(regexp_extract(number, '\d+') AS HUGEINT) AS order_number
FROM days
"""


def resolve_accounts(cursor: duckdb.DuckDBPyConnection) -> None:
    """Give every staged statement its account; new accounts get the next numbers (kept in `staged_account`).

    A Czech number without its bank is refused when the lab knows it with one, and one with its bank when the lab knows
    it without: it would count twice.
    """
    _require_banks(cursor)
    _stage_accounts(cursor)


def _require_banks(cursor: duckdb.DuckDBPyConnection) -> None:
    row = cursor.execute(
        r"""
        SELECT s.place, s.account, min(a.number)
        FROM staged_statement s JOIN ops.account a ON a.currency = s.currency
            AND regexp_full_match(a.number, 'CZ\d{22}') AND a.number[9:] = czech_digits(s.account)
        WHERE s.bank IS NULL GROUP BY ALL ORDER BY min(s.statement_no) LIMIT 1
        """
    ).fetchone()
    if row:
        reason = f"the file does not say the bank of account {row[1]}, which the lab knows as {row[2]}"
        raise HintNeeded("bank", reason, place=row[0] or "")
    row = cursor.execute(
        r"""
        SELECT s.place, s.account, min(a.number)
        FROM staged_statement s JOIN ops.account a ON a.currency = s.currency
            AND regexp_full_match(s.account, 'CZ\d{22}') AND s.account[9:] = czech_digits(a.number)
        GROUP BY ALL ORDER BY min(s.statement_no) LIMIT 1
        """
    ).fetchone()
    if row:
        reason = f"the lab knows account {row[2]} without its bank; is it {row[1]}?"
        raise FormatError(f"{reason} Say so with `bankklient identify` and import again", place=row[0] or "")


def _stage_accounts(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(
        """
        CREATE OR REPLACE TEMP TABLE staged_account AS
        SELECT (SELECT coalesce(max(account_id), 0) FROM ops.account)
                + row_number() OVER (ORDER BY min(statement_no)) AS account_id,
            s.account AS number, s.currency, first(s.bank ORDER BY statement_no) FILTER (WHERE s.bank IS NOT NULL) AS
            bank,
            first(s.account_name ORDER BY statement_no) FILTER (WHERE s.account_name IS NOT NULL) AS name
        FROM staged_statement s
        WHERE NOT EXISTS (FROM ops.account a WHERE a.number = s.account AND a.currency = s.currency)
        GROUP BY s.account, s.currency
        """
    )
    cursor.execute(
        """
        UPDATE staged_statement s SET account_id = a.account_id
        FROM (SELECT account_id, number, currency FROM ops.account
              UNION ALL SELECT account_id, number, currency FROM staged_account) a
        WHERE a.number = s.account AND a.currency = s.currency
        """
    )


# The identity rule (docs/decisions/0004-statement-identity.md): the same account, last day, booked days and amounts,
# balances where both state them, and within one format the same number and page.
_SAME = """
    a.account_id = b.account_id AND a.interim = b.interim AND a.to_day = b.to_day
    AND a.booked_entries = b.booked_entries + b.repeated AND a.entries = b.entries AND a.digest = b.digest
    AND (a.opening IS NULL OR b.opening IS NULL OR a.opening = b.opening)
    AND (a.closing IS NULL OR b.closing IS NULL OR a.closing = b.closing)
"""
_SAME_NUMBER = """
    (a.number IS NULL OR b.number IS NULL OR ltrim(a.number, '0') = ltrim(b.number, '0'))
    AND (a.page IS NULL OR b.page IS NULL OR a.page = b.page)
"""


# One that states balances is no repetition of one that states none: its entries are, its balances are news.
_TELLS_NO_MORE = "a.interim OR coalesce(a.opening, a.closing) IS NULL OR coalesce(b.opening, b.closing) IS NOT NULL"
# Within one format the bank's references must be the same, too; all of them, in any order.
_REFERENCES = "sum(md5_number_lower(e.bank_reference) % 4611686018427387904::UBIGINT)"
_MARK_KNOWN = f"""
UPDATE staged_statement SET known = true WHERE statement_no IN (
    SELECT p.statement_no
    FROM staged_pair p
        LEFT JOIN (
            SELECT e.statement_no, {_REFERENCES} AS all_of
            FROM file_entry e SEMI JOIN staged_pair USING (statement_no) GROUP BY e.statement_no
        ) own USING (statement_no)
        LEFT JOIN (
            SELECT e.import_id, e.statement_no AS known_no, {_REFERENCES} AS all_of
            FROM kept_entry() e JOIN staged_pair k ON k.import_id = e.import_id AND k.known_no = e.statement_no
            GROUP BY e.import_id, e.statement_no, k.statement_no
        ) kept ON kept.import_id = p.import_id AND kept.known_no = p.known_no
    WHERE NOT p.one_format OR own.all_of IS NULL OR kept.all_of IS NULL OR own.all_of = kept.all_of)
"""  # noqa: S608 - our own texts


def mark_known(cursor: duckdb.DuckDBPyConnection, extent: Extent, format_name: str) -> None:
    """Set `known` on staged statements that the lab, or the file itself further up, has already."""
    pairs = cursor.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE staged_pair AS
        SELECT a.statement_no, b.import_id, b.statement_no AS known_no, i.format = $format AS one_format
        FROM staged_statement a JOIN history.statement b ON {_SAME}
            JOIN ops.import i ON i.import_id = b.import_id AND i.state = 'imported'
        WHERE (i.format <> $format OR ({_SAME_NUMBER})) AND ({_TELLS_NO_MORE})
        """,  # noqa: S608 - our own texts
        {"format": format_name},
    ).fetchone()
    assert pairs is not None
    if pairs[0]:
        cursor.execute(_MARK_KNOWN)
    if extent.statements == 1:
        return
    cursor.execute(
        f"""
        UPDATE staged_statement a SET known = true FROM staged_statement b
        WHERE b.statement_no < a.statement_no AND {_SAME} AND {_SAME_NUMBER}
            AND a.reference IS NOT DISTINCT FROM b.reference
        """  # noqa: S608 - our own texts
    )


def find(cursor: duckdb.DuckDBPyConnection, extent: Extent) -> None:
    """Stage what is wrong with the statements themselves, beside what the reader found, in `staged_finding`."""
    cursor.execute(_FINDINGS)
    if extent.rates:
        cursor.execute(_RATE_FINDINGS)
    if extent.statements:
        cursor.execute(_STATEMENT_FINDINGS)
    if extent.entries:
        _find_in_entries(cursor, extent.entries)


def _find_in_entries(cursor: duckdb.DuckDBPyConnection, entries: int) -> None:
    cursor.execute(summed(_ENTRY_FINDINGS))
    parts = entries // ENTRIES_COMPARED + 1
    for part in range(parts):
        cursor.execute(summed(_DUPLICATES), {"parts": parts, "part": part})


_FINDINGS = """
CREATE OR REPLACE TEMP TABLE staged_finding AS
SELECT statement_no, entry_no, code, place, field, value FROM file_finding
"""

_STATEMENT_FINDINGS = """
INSERT INTO staged_finding
SELECT NULL, NULL, 'new_account', NULL, 'account', number || ' ' || currency FROM staged_account
UNION ALL
SELECT statement_no, NULL, 'already_imported', place, 'statement', number FROM staged_statement WHERE known
UNION ALL
SELECT statement_no, NULL, 'does_not_add_up', place, 'closing',
    'opening ' || opening || ' + entries ' || (file_credit - file_debit) || ' = '
    || (opening + file_credit - file_debit) || ', closing ' || closing
    || ', difference ' || (closing - opening - file_credit + file_debit)
FROM staged_statement
WHERE NOT interim AND opening + file_credit - file_debit <> closing
UNION ALL
SELECT statement_no, NULL, 'repeated_entries', place, 'entries',
    repeated || ' of ' || entries || ' entries, the first of them with import '
    || repeats
FROM staged_statement WHERE repeated > 0 AND NOT known
UNION ALL
SELECT statement_no, NULL, 'missing_balance', place, CASE WHEN opening IS NULL THEN 'opening' ELSE 'closing' END, NULL
FROM staged_statement
WHERE NOT interim AND (opening IS NULL OR closing IS NULL)
    AND NOT EXISTS (FROM file_finding f WHERE f.statement_no = staged_statement.statement_no AND f.code =
    'missing_balance')
UNION ALL
SELECT statement_no, NULL, 'declared_totals_differ', place, 'totals',
    concat_ws(', ',
        CASE WHEN declared_entries <> entries THEN 'entries stated ' || declared_entries || ', found ' || entries END,
        CASE WHEN declared_credit NOT IN (file_credit, own_credit)
            THEN 'credit stated ' || declared_credit || ', found ' || file_credit END,
        CASE WHEN declared_debit NOT IN (file_debit, own_debit)
            THEN 'debit stated ' || declared_debit || ', found ' || file_debit END)
FROM staged_statement
WHERE declared_entries <> entries OR declared_credit NOT IN (file_credit, own_credit)
    OR declared_debit NOT IN (file_debit, own_debit)
"""

_ENTRY_FINDINGS = """
INSERT INTO staged_finding
SELECT s.statement_no, min(e.entry_no), 'currency_differs', min_by(e.place, e.entry_no), 'currency',
    count(*) || ' entries in ' || e.currency
FROM file_entry e JOIN staged_statement s USING (statement_no)
WHERE e.currency <> s.currency GROUP BY s.statement_no, e.currency
UNION ALL
SELECT s.statement_no, min(e.entry_no), 'not_booked', min_by(e.place, e.entry_no), 'status',
    count(*) || ' entries with status ' || e.status
FROM file_entry e JOIN staged_statement s USING (statement_no)
WHERE NOT s.interim AND e.status <> 'BOOK' GROUP BY s.statement_no, e.status
UNION ALL
SELECT s.statement_no, min(e.entry_no), 'future_entry', min_by(e.place, e.entry_no), 'booking_day',
    count(*) || ' entries booked until ' || max(e.booking_day)
FROM file_entry e JOIN staged_statement s USING (statement_no)
WHERE NOT s.interim AND e.booking_day > s.to_day GROUP BY s.statement_no
UNION ALL
SELECT s.statement_no, min(e.entry_no), 'entry_seen_before', min_by(e.place, e.entry_no), 'bank_reference',
    count(DISTINCT e.entry_no) || ' entries, the first is ' || min_by(e.bank_reference, e.entry_no)
FROM file_entry e JOIN staged_statement s USING (statement_no) JOIN live_entry() h
    ON h.account_id = s.account_id AND h.booking_day = e.booking_day AND h.amount = e.amount
        AND h.bank_reference = e.bank_reference
WHERE NOT s.known AND NOT s.interim AND NOT h.interim AND COUNTS GROUP BY s.statement_no
"""

_RATE_FINDINGS = """
INSERT INTO staged_finding
SELECT NULL, NULL, 'rate_changed', NULL, 'rate',
    count(*) || ' rates, the first is ' || min_by(f.currency || ' ' || h.rate || ', now ' || f.rate, (f.day,
    f.currency))
        || ' on ' || min(f.day)
FROM file_rate f JOIN live_rate() h ON h.source = f.source AND h.currency = f.currency AND h.day = f.day
WHERE (h.rate, h.units) <> (f.rate, f.units) HAVING count(*) > 0
"""

_DUPLICATES = """
INSERT INTO staged_finding
SELECT s.statement_no, min(e.entry_no), 'duplicate_in_statement', min_by(e.place, e.entry_no), 'bank_reference',
    e.bank_reference
FROM file_entry e JOIN staged_statement s USING (statement_no)
WHERE NOT s.interim AND COUNTS AND e.bank_reference IS NOT NULL AND hash(e.bank_reference) % $parts = $part
GROUP BY s.statement_no, e.bank_reference, e.amount, e.booking_day HAVING count(*) > 1
"""


def report_statements(cursor: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return what the file contains, a row a statement, in file order."""
    return cursor.execute(
        """
        SELECT statement_no, account_id, account, bank, currency, number, page, interim, from_day, to_day, opening,
        closing,
            entries, booked_entries, file_credit AS sum_credit, file_debit AS sum_debit, repeated, known
        FROM staged_statement ORDER BY statement_no
        """
    ).to_arrow_table()


def report_findings(cursor: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return the findings of the file, a row each, in file order."""
    return cursor.execute(
        "FROM staged_finding ORDER BY statement_no NULLS FIRST, entry_no NULLS FIRST, code"
    ).to_arrow_table()


def check_readable(error: duckdb.Error) -> LabError:
    """Return the sentence for a DuckDB error while staging: amounts that overflow, or no space."""
    text = str(error).splitlines()[0]
    if isinstance(error, (duckdb.ConversionException, duckdb.OutOfRangeException)):
        return FormatError("an amount or a sum has more than 15 digits before the decimal point", place="whole file")
    return LabError(f"the file could not be taken over: {text}; nothing of it was kept")
