"""What is always true in a lab: named invariants, each an SQL query that returns the rows that break it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import duckdb

from bankklient_lab.codebooks import names, rows
from bankklient_lab.store.archive import PARTS, damage
from bankklient_lab.store.batch_checks import BATCH_CHECKS
from bankklient_lab.store.database import Database
from bankklient_lab.store.invariant import Check
from bankklient_lab.store.key_checks import KEY_CHECKS
from bankklient_lab.store.migrations import migrations
from bankklient_lab.store.order_checks import ORDER_CHECKS
from bankklient_lab.store.witness import UNWITNESSED, as_values


class Outcome(NamedTuple):
    """How a check came out: `broken` rows (0: it holds; -1: it could not be made) and the first as an example."""

    name: str
    sentence: str
    broken: int
    example: str


_COUNTS = "counts(e.status, e.amount, e.currency, s.currency, e.repeats)"
_PARTS = ("balance", "entry", "detail", "day_sum")


# ruff: noqa: S608 - every text below is made of our own schema's names


def _kept(table: str) -> str:
    """Return what reads a table with what of it is in the archive."""
    return f"kept_{table}()" if table in PARTS else f"history.{table}"


def _orphans(table: str) -> str:
    return (
        f"SELECT import_id, statement_no FROM {_kept(table)}"
        " ANTI JOIN history.statement USING (import_id, statement_no)"
    )


CHECKS: tuple[Check, ...] = (
    Check(
        "migrations",
        "The file has the migrations of this program, unchanged and without gaps.",
        """
        SELECT number, name FROM ops.migration FULL JOIN (
            SELECT unnest($numbers) AS number, unnest($checksums) AS known) USING (number)
        WHERE checksum IS DISTINCT FROM known
        """,
    ),
    Check(
        "rows_have_import",
        "Every row of history belongs to an import of the list.",
        " UNION ALL ".join(
            f"SELECT DISTINCT '{table}' AS part, import_id FROM {_kept(table)} ANTI JOIN ops.import USING (import_id)"
            for table in ("statement", *_PARTS, "finding", "rate")
        ),
    ),
    Check(
        "parts_have_statement",
        "Every balance, entry, detail and day sum belongs to a statement.",
        " UNION ALL ".join(_orphans(table) for table in _PARTS),
    ),
    Check(
        "archived_once",
        "What is in the archive is not in the lab's file, too.",
        " UNION ALL ".join(
            f"SELECT DISTINCT '{part}' AS part, import_id FROM history.{part} SEMI JOIN ops.archived_import"
            " USING (import_id)"
            for part in PARTS
        ),
    ),
    Check(
        "details_have_entry",
        "Every detail belongs to an entry.",
        "SELECT import_id, statement_no, entry_no FROM kept_detail()"
        " ANTI JOIN kept_entry() USING (import_id, statement_no, entry_no)",
    ),
    Check(
        "accounts_known",
        "Every statement is of a known account, in its currency.",
        """
        SELECT s.import_id, s.statement_no, s.account_id, s.currency FROM history.statement s
        ANTI JOIN ops.account a ON a.account_id = s.account_id AND a.currency = s.currency
        """,
    ),
    Check(
        "parts_agree_with_statement",
        "Entries, balances and day sums are of the account of their statement.",
        " UNION ALL ".join(
            f"SELECT '{table}' AS part, import_id, statement_no FROM {_kept(table)} t"
            " JOIN history.statement s USING (import_id, statement_no) WHERE t.account_id <> s.account_id"
            for table in _PARTS
        )
        + " UNION ALL SELECT 'interim', import_id, statement_no FROM kept_entry() e"
        " JOIN history.statement s USING (import_id, statement_no) WHERE e.interim <> s.interim",
    ),
    Check(
        "numbers_unique",
        "No statement, entry or detail has the number of another.",
        """
        SELECT 'statement' AS part, import_id, statement_no FROM history.statement GROUP BY ALL HAVING count(*) > 1
        UNION ALL
        SELECT 'entry', import_id, statement_no FROM kept_entry()
        GROUP BY import_id, statement_no HAVING count(*) <> count(DISTINCT entry_no)
        UNION ALL
        SELECT 'detail', import_id, statement_no FROM kept_detail()
        GROUP BY import_id, statement_no HAVING count(*) <> count(DISTINCT (entry_no, detail_no))
        """,
    ),
    Check(
        "sums_of_statements",
        "The counts and sums of each statement are those of its entries.",
        f"""
        WITH found AS (
            SELECT e.import_id, e.statement_no, count(*) AS entries, count(*) FILTER ({_COUNTS}) AS booked,
                coalesce(sum(e.amount) FILTER ({_COUNTS} AND e.amount > 0), 0) AS credit,
                coalesce(-sum(e.amount) FILTER ({_COUNTS} AND e.amount < 0), 0) AS debit
            FROM kept_entry() e JOIN history.statement s USING (import_id, statement_no) GROUP BY ALL
        )
        SELECT s.import_id, s.statement_no, s.entries, f.entries AS found, s.sum_credit, f.credit, s.sum_debit, f.debit
        FROM history.statement s LEFT JOIN found f USING (import_id, statement_no)
        WHERE (s.entries, s.booked_entries, s.sum_credit, s.sum_debit) IS DISTINCT FROM
            (coalesce(f.entries, 0), coalesce(f.booked, 0), coalesce(f.credit, 0), coalesce(f.debit, 0))
        """,
    ),
    Check(
        "day_sums",
        "The day sums are those of the booked entries, day by day and category by category.",
        f"""
        WITH found AS (
            SELECT e.import_id, e.statement_no, e.day, e.category, count(*) AS entries,
                coalesce(sum(e.amount) FILTER (e.amount > 0), 0) AS credit,
                coalesce(-sum(e.amount) FILTER (e.amount < 0), 0) AS debit
            FROM kept_entry() e JOIN history.statement s USING (import_id, statement_no)
            WHERE NOT s.interim AND {_COUNTS} GROUP BY ALL
        )
        SELECT import_id, statement_no, day, category, d.credit, f.credit AS found_credit,
            d.debit, f.debit AS found_debit
        FROM history.day_sum d FULL JOIN found f USING (import_id, statement_no, day, category)
        WHERE (d.credit, d.debit, d.entries) IS DISTINCT FROM (f.credit, f.debit, f.entries)
        """,
    ),
    Check(
        "days_in_statement",
        "Every entry counts on a day of its statement, whose first day is not after its last.",
        """
        SELECT import_id, statement_no, e.day
        FROM kept_entry() e JOIN history.statement s USING (import_id, statement_no)
        WHERE e.repeats IS NULL AND e.day NOT BETWEEN s.from_day AND s.to_day
        UNION ALL
        SELECT import_id, statement_no, from_day FROM history.statement WHERE from_day > to_day
        """,
    ),
    Check(
        "repeats_count",
        "What an entry repeats counts: it came with an import that is not withdrawn.",
        """
        SELECT DISTINCT e.import_id, e.repeats FROM kept_entry() e SEMI JOIN live_import() USING (import_id)
        WHERE e.repeats IS NOT NULL AND e.repeats NOT IN (FROM live_import())
        """,
    ),
    Check(
        "arithmetic_found",
        "A booked statement that does not add up has the finding that says so.",
        """
        SELECT s.import_id, s.statement_no, s.opening, s.sum_credit, s.sum_debit, s.closing FROM history.statement s
        ANTI JOIN history.finding f ON f.import_id = s.import_id AND f.statement_no = s.statement_no
            AND f.code = 'does_not_add_up'
        WHERE NOT s.interim AND s.opening + s.repeated_net + s.sum_credit - s.sum_debit <> s.closing
        """,
    ),
    Check(
        "missing_amounts_found",
        "An entry without amount has a finding in its import.",
        """
        SELECT import_id, statement_no, entry_no FROM kept_entry() e
        ANTI JOIN (SELECT import_id FROM history.finding JOIN app.finding_code USING (code) WHERE severity <> 'info')
            USING (import_id)
        WHERE e.amount IS NULL
        """,
    ),
    Check(
        "finding_codes",
        "Every finding has a code of the codebook.",
        "SELECT DISTINCT import_id, code FROM history.finding ANTI JOIN app.finding_code USING (code)",
    ),
    Check(
        "no_statement_twice",
        "No statement counts twice.",
        """
        SELECT account_id, number, page, to_day, count(*) AS times
        FROM history.statement s JOIN ops.import i USING (import_id) WHERE i.state = 'imported'
        GROUP BY account_id, interim, number, page, reference, from_day, to_day, opening, closing, entries,
            booked_entries, digest, i.format HAVING count(*) > 1
        """,
    ),
    Check(
        "rates",
        "Every rate is above zero.",
        "SELECT import_id, source, day, currency, units, rate FROM history.rate WHERE rate <= 0 OR units <= 0",
    ),
    Check(
        "log_chain",
        "No entry of the log was changed, put in or removed.",
        "FROM app.log_broken() ORDER BY log_id",
    ),
    Check(
        "log_witness",
        "The log has the entries that its witness saw.",
        UNWITNESSED,
    ),
    Check(
        "imports_logged",
        "Every import and every withdrawal is in the log, as far back as it goes.",
        r"""
        WITH logged AS (
            SELECT action, regexp_extract(details, '"import_id": (\d+)', 1) AS import_id FROM ops.log
        )
        , told AS (
            SELECT import_id, state, imported_at < coalesce(kept_since, '-infinity') AS may_be_cut,
                EXISTS (FROM logged l WHERE l.action = 'import_file' AND l.import_id = i.import_id::VARCHAR) AS came,
                EXISTS (FROM logged l WHERE l.action = 'withdraw_import' AND l.import_id = i.import_id::VARCHAR) AS went
            FROM ops.import i, (FROM ops.log_anchor WHERE chain = 'operational')
        )
        SELECT import_id, state FROM told
        WHERE (NOT came AND NOT may_be_cut) OR (went AND state <> 'withdrawn')
            OR (NOT went AND state = 'withdrawn' AND NOT may_be_cut)
        """,
    ),
)
FULL_READ = Check("full_read", "Every block of the file can be read.", "")
ARCHIVE = Check("archive", "Every file of the archive is there, unchanged.", "")


def run_checks(database: Database, more: Iterable[Check] = ()) -> Iterator[Outcome]:
    """Make every check, on one state of the lab, and read all of its file; `more` are those of other rooms."""
    known = migrations()
    values: dict[str, object] = {
        "numbers": [step.number for step in known],
        "checksums": [step.checksum for step in known],
        "statuses": list(names("order_statuses")),
        "sent": [row["code"] for row in rows("order_statuses") if row["stage"] == "sent"],
        **as_values(database.path),
    }
    with database.reading() as cursor:
        cursor.execute("BEGIN")
        try:
            yield _full_read(cursor)
            yield _archive(cursor, database)
            for check in (*CHECKS, *ORDER_CHECKS, *BATCH_CHECKS, *KEY_CHECKS, *more):
                yield _outcome(
                    cursor, check, {name: value for name, value in values.items() if f"${name}" in check.sql}
                )
        finally:
            cursor.execute("ROLLBACK")


def _outcome(cursor: duckdb.DuckDBPyConnection, check: Check, values: dict[str, object]) -> Outcome:
    try:
        result = cursor.execute(check.sql, values)
        names = [column[0] for column in result.description]
        rows = result.fetchall()
    except duckdb.Error as error:
        return Outcome(check.name, check.sentence, -1, str(error).splitlines()[0])
    example = ", ".join(f"{name} {value}" for name, value in zip(names, rows[0], strict=True)) if rows else ""
    return Outcome(check.name, check.sentence, len(rows), example)


def _archive(cursor: duckdb.DuckDBPyConnection, database: Database) -> Outcome:
    wrong = damage(cursor, database.archive_folder)
    return Outcome(ARCHIVE.name, ARCHIVE.sentence, len(wrong), wrong[0] if wrong else "")


def _full_read(cursor: duckdb.DuckDBPyConnection) -> Outcome:
    from bankklient_lab.store.backup import figures

    try:
        figures(cursor)
    except duckdb.Error as error:
        return Outcome(FULL_READ.name, FULL_READ.sentence, -1, str(error).splitlines()[0])
    return Outcome(FULL_READ.name, FULL_READ.sentence, 0, "")
