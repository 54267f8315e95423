"""Taking bank files over: whole or not at all, once, and withdrawn as a whole.

history is written first, then the mark in ops.import: rows without a mark are invisible, so a process killed
between the two leaves nothing behind (store.tidy removes such rows when the lab is opened next).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import FormatError, Refused, UnknownName
from bankklient_lab.formats.base import Hints
from bankklient_lab.formats.reading import FileReader, reader
from bankklient_lab.formats.schema import SCHEMAS, Kind
from bankklient_lab.formats.sources import open_ordinary, unreadable
from bankklient_lab.history import staging
from bankklient_lab.history.categories import CATEGORY
from bankklient_lab.history.matching import match_bookings
from bankklient_lab.history.repeats import mark_repeated
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab

IMPORTED, ALREADY, REFUSED, READABLE = "imported", "already", "refused", "readable"
_HASH_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _File:
    """The file in hand."""

    path: Path
    name: str
    size: int
    sha256: str
    stamp: tuple[int, int, int]


@action("920", mode="standard")
def inspect_file(
    lab: Lab,
    path: Path,
    *,
    account: str | None = None,
    currency: str | None = None,
    bank: str | None = None,
    mapping: str | None = None,
    name: str | None = None,
    job: Job | None = None,
) -> dict[str, Any]:
    """Return what importing the file would report, without taking anything over (status "readable" for new content).

    Arguments and result as in `import_file`.
    """
    return report_on(lab, path, Hints(account, currency, bank, mapping), name, job or Job(), keep=False)


@action("920", steps=True)
def import_file(
    lab: Lab,
    path: Path,
    *,
    account: str | None = None,
    currency: str | None = None,
    bank: str | None = None,
    mapping: str | None = None,
    name: str | None = None,
    job: Job | None = None,
) -> dict[str, Any]:
    """Take a bank file over, whole or not at all, and return the report on it.

    `account`, `currency`, `bank`, `mapping` say what the file itself does not; `name` is its path for people (`path`
    when None), whose last part is kept with the import. The report: path, format, version, import_id (None unless
    imported), status "imported",
    "already" (every statement was known; nothing changed) or "refused", message (empty unless refused), hint (what to
    give, if that
    helps), rates (their number), statements [account, currency, bank, number, page, interim, from, to (both inclusive),
    opening, closing, entries, sum_credit, sum_debit (booked, unsigned), repeated (entries that came with another import
    before and are counted there), known], findings [code, place, field, value, statement_no, entry_no] and
    orders (sentences: sent orders that its booked lines do not fit). Amounts are Decimal, days date. A refusal is a
    report too, not an error; Cancelled is raised.
    """
    return report_on(lab, path, Hints(account, currency, bank, mapping), name, job or Job(), keep=True)


def _now() -> None:
    """Go on at once."""


def report_on(
    lab: Lab, path: Path, hints: Hints, name: str | None, job: Job, *, keep: bool, turn: Callable[[], None] = _now
) -> dict[str, Any]:
    """Read a file, take it over with `keep`, and return the report on it (see `import_file`).

    `turn` is called when the file is read and before anything is compared or written; it returns when it may be.
    """
    said = (name or str(path)).encode("utf-8", "backslashreplace").decode()  # a file's name may be no text
    report: dict[str, Any] = {
        "path": said,
        "format": None,
        "version": None,
        "import_id": None,
        "status": REFUSED,
        "message": "",
        "hint": None,
        "rates": 0,
        "statements": [],
        "findings": [],
        "orders": [],
    }
    try:
        file = _measure(path, Path(said).name or said)
        with reader() as one, lab.database.reading() as cursor, staging.Details(lab.database) as details:
            _take(lab, one, cursor, file, report, details=details, hints=hints, job=job, keep=keep, turn=turn)
    except FormatError as error:
        report |= refusal(error)
    return report


def refusal(error: FormatError) -> dict[str, Any]:
    """Return the part of a report that says why a file is refused."""
    finding = {
        "code": error.code, "place": error.place, "field": error.field, "value": error.text,
        "message": error.reason, "statement_no": None, "entry_no": None,
    }  # fmt: skip
    hint = getattr(error, "hint", None)
    return {"status": REFUSED, "message": error.message, "hint": hint, "statements": [], "findings": [finding]}


def _measure(path: Path, name: str) -> _File:
    with open_ordinary(path) as source:
        try:
            found = os.fstat(source.fileno())
            digest = hashlib.file_digest(source, "sha256")
        except OSError as error:
            raise unreadable(error) from None
    return _File(path, name, found.st_size, digest.hexdigest(), _stamp(found))


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    """Return what changes when a file is written or replaced."""
    return found.st_ino, found.st_size, found.st_mtime_ns


def _require_unchanged(file: _File) -> None:
    """Refuse a file that is not the one whose hash was taken: the hash is kept with the import."""
    try:
        same = _stamp(file.path.stat()) == file.stamp
    except OSError:
        same = False
    if not same:
        raise FormatError("the file was changed while it was read; import it again when it is finished")


def _take(
    lab: Lab, one: FileReader, cursor: duckdb.DuckDBPyConnection, file: _File, report: dict[str, Any],
    *, details: staging.Details, hints: Hints, job: Job, keep: bool, turn: Callable[[], None],
) -> None:  # fmt: skip
    job.step(f"opening {file.name}")
    report["format"], report["version"], parts = one.read(file.path, hints)
    try:
        extent = staging.fill(cursor, parts, details, file.size, job)
        _require_unchanged(file)
        staging.require(cursor, extent, lab.clock().date())
        turn()
        with lab.database.lane("history"):
            job.step("comparing with the statements known")
            if extent.statements:
                staging.resolve_accounts(cursor)
                staging.mark_known(cursor, extent, report["format"])
                mark_repeated(cursor, report["format"])
            staging.find(cursor, extent)
            _describe(cursor, extent, report)
            new = _is_new(cursor, extent)
            report["status"] = (IMPORTED if keep else READABLE) if new else ALREADY
            if new and keep:
                job.step("writing")
                report["import_id"] = _keep(lab, cursor, file, extent, report)
    except duckdb.Error as error:
        raise staging.check_readable(error) from None


def _describe(cursor: duckdb.DuckDBPyConnection, extent: staging.Extent, report: dict[str, Any]) -> None:
    report["statements"] = [
        {"from": row.pop("from_day"), "to": row.pop("to_day"), **row}
        for row in staging.report_statements(cursor).drop_columns(["account_id"]).to_pylist()
    ]
    report["findings"] = staging.report_findings(cursor).to_pylist()
    report["rates"] = extent.rates


_NEW_STATEMENT = "FROM staged_statement WHERE NOT known LIMIT 1"
_NEW_RATE = """
    FROM file_rate f WHERE NOT EXISTS (
        FROM history.rate r JOIN ops.import i ON i.import_id = r.import_id AND i.state = 'imported'
        WHERE (r.source, r.day, r.base, r.currency, r.units, r.rate, r.indirect)
            = (f.source, f.day, f.base, f.currency, f.units, f.rate, f.indirect)) LIMIT 1
"""


def _is_new(cursor: duckdb.DuckDBPyConnection, extent: staging.Extent) -> bool:
    asked = [sql for sql, there in ((_NEW_STATEMENT, extent.statements), (_NEW_RATE, extent.rates)) if there]
    return any(cursor.execute(sql).fetchone() for sql in asked)


def _keep(
    lab: Lab, cursor: duckdb.DuckDBPyConnection, file: _File, extent: staging.Extent, report: dict[str, Any]
) -> int:
    row = cursor.execute(
        "SELECT greatest((SELECT coalesce(max(import_id), 0) FROM ops.import),"
        " (SELECT coalesce(max(import_id), 0) FROM history.statement),"
        " (SELECT coalesce(max(import_id), 0) FROM history.rate)) + 1"
    ).fetchone()
    assert row is not None
    import_id = int(row[0])
    with lab.database.tx("history", cursor):
        for statement in _inserts(extent):
            cursor.execute(statement, {"import_id": import_id})
    with lab.database.tx("ops") as ops:
        if extent.statements:
            _keep_accounts(ops, cursor.execute("FROM staged_account").to_arrow_table())
        ops.execute(
            "INSERT INTO ops.import VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'imported')",
            [
                import_id,
                file.name,
                file.sha256,
                file.size,
                report["format"],
                report["version"],
                lab.clock(),
                lab.user,
            ],
        )
        lab.log(
            ops,
            "import_file",
            file.name,
            import_id=import_id,
            sha256=file.sha256,
            statements=len(report["statements"]),
        )
    if extent.statements:  # also without entries: what the bank answered meanwhile may name earlier lines
        with lab.database.tx("ops") as ops:
            report["orders"] = match_bookings(lab, ops)
    return import_id


def _keep_accounts(ops: duckdb.DuckDBPyConnection, accounts: pa.Table) -> None:
    if accounts.num_rows:
        ops.register("new_account", accounts)
        ops.execute("INSERT INTO ops.account BY NAME SELECT account_id, number, currency, bank, name FROM new_account")


def _columns(kind: Kind, without: frozenset[str], alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in SCHEMAS[kind].names if name not in without)


_NUMBERS = frozenset({"statement_no", "entry_no", "detail_no"})
_AFTER_STATUS = frozenset(SCHEMAS[Kind.ENTRY].names[: SCHEMAS[Kind.ENTRY].names.index("reversal") + 1])
_NEW = "JOIN staged_statement s ON s.statement_no = e.statement_no AND NOT s.known"
_OWN_DAY = "coalesce(e.booking_day, e.value_day, s.to_day)"
_DAY = f"CASE WHEN e.repeats IS NULL THEN least(greatest({_OWN_DAY}, s.from_day), s.to_day) ELSE {_OWN_DAY} END"
_OWN_COLUMNS = _columns(Kind.ENTRY, _AFTER_STATUS | {"detail_count", "raw", "place"}, "e")

# ruff: noqa: S608 - every text below is made of our own schema's names
_ENTRY_INSERTS = (
    f"""
    INSERT INTO history.entry
    SELECT $import_id, e.statement_no, e.entry_no, e.account_id, e.interim, e.day, {CATEGORY},
        e.booking_day, e.value_day, e.amount, e.currency, e.status, e.reversal, {_OWN_COLUMNS}, e.detail_count, e.raw,
        e.place, e.repeats
    FROM (
        SELECT e.* REPLACE (
                coalesce(e.currency, s.currency) AS currency, coalesce(e.status, 'BOOK') AS status,
                coalesce(e.reversal, false) AS reversal, coalesce(e.detail_count, 0) AS detail_count),
            s.account_id, s.interim, {_DAY} AS day
        FROM file_entry e {_NEW}
    ) e
    """,
    staging.summed("""
    INSERT INTO history.day_sum
    SELECT $import_id, e.statement_no, e.account_id, e.day, e.category, CREDIT, DEBIT, count(*),
        count(*) FILTER (WHERE e.amount > 0), count(*) FILTER (WHERE e.amount < 0)
    FROM history.entry e JOIN staged_statement s USING (statement_no)
    WHERE e.import_id = $import_id AND NOT s.interim AND COUNTS
    GROUP BY ALL
    """),
    f"""
    INSERT INTO history.detail
    SELECT $import_id, e.statement_no, e.entry_no, e.detail_no, s.account_id, {_columns(Kind.DETAIL, _NUMBERS, "e")}
    FROM file_detail e {_NEW}
    """,
)
_STATEMENT_INSERTS = (
    """
    INSERT INTO history.statement
    SELECT $import_id, statement_no, account_id, interim, account, bank, currency, account_name, number, page,
        reference, created_at, first_day, last_day, opening, opening_day, closing, closing_day, available,
        declared_entries, declared_credit, declared_debit, raw, place,
        from_day, to_day, entries, booked_entries, sum_credit, sum_debit, digest, repeated_net,
        repeated, order_number
    FROM staged_statement WHERE NOT known
    """,
    f"""
    INSERT INTO history.balance
    SELECT $import_id, e.statement_no, s.account_id, e.balance_type, e.day, e.amount, coalesce(e.currency, s.currency)
    FROM file_balance e {_NEW}
    """,
)
_RATE_INSERT = f"INSERT INTO history.rate SELECT $import_id, {_columns(Kind.RATE, frozenset(), 'e')} FROM file_rate e"
_FINDING_INSERT = """
INSERT INTO history.finding
SELECT $import_id, e.statement_no, e.entry_no, s.account_id, e.code, e.place, e.field, e.value
FROM staged_finding e LEFT JOIN staged_statement s USING (statement_no)
"""


def _inserts(extent: staging.Extent) -> Iterator[str]:
    """Give what writes a file's content, in the order in which its parts depend on each other."""
    if extent.entries:
        yield from _ENTRY_INSERTS
    if extent.statements:
        yield from _STATEMENT_INSERTS
    if extent.rates:
        yield _RATE_INSERT
    yield _FINDING_INSERT


@action("921", record="import_id", steps=True)
def withdraw_import(lab: Lab, import_id: int, *, reason: str) -> None:
    """Take an import back as a whole: its rows stay in the file but count nowhere. Logged with the reason.

    Raises UnknownName for a number that is no import, Refused when it is withdrawn already.
    """
    # No import may be compared with this one and not be marked yet: what it repeats would count nowhere.
    with lab.database.lane("history"), lab.database.tx("ops") as cursor:
        row = cursor.execute("SELECT state, file_name FROM ops.import WHERE import_id = ?", [import_id]).fetchone()
        if row is None:
            raise UnknownName("import", import_id, "see `bankklient imports`")
        if row[0] == "withdrawn":
            raise Refused(f"import {import_id} ({row[1]}) is withdrawn already")
        later = cursor.execute(
            "SELECT min(import_id) FROM kept_entry() SEMI JOIN live_import() USING (import_id) WHERE repeats = ?",
            [import_id],
        ).fetchone()
        if later and later[0]:
            raise Refused(f"import {later[0]} repeats entries of import {import_id} ({row[1]}); withdraw it first")
        cursor.execute("UPDATE ops.import SET state = 'withdrawn' WHERE import_id = ?", [import_id])
        lab.log(cursor, "withdraw_import", row[1], import_id=import_id, reason=reason)
        match_bookings(lab, cursor)


@table_action("920|231")
def imports(lab: Lab) -> pa.Table:
    """Return the imports, newest first, with their numbers of statements, booked entries, rates and findings.

    Columns: import_id, file_name, format, version, imported_at (UTC), imported_by, state, statements, entries,
    first_day,
    last_day (inclusive), rates, errors, warnings.
    """
    return lab.query("FROM imports()")
