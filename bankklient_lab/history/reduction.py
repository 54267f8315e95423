"""Data reduction: entries of old imports leave the lab's file for an archive that is read with it (store.archive).

Statements, balances, findings and sums of days stay, so that balances need no archive. Deleting an archive for good is
a step of its own.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

from bankklient_lab.access.configuration import setting
from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab, Read
from bankklient_lab.store import archive as files
from bankklient_lab.store.tidy import TABLES

# ruff: noqa: S608 - every text below is made of our own texts
_REDUCIBLE = """
    SELECT row_number() OVER (ORDER BY import_id DESC) AS position, import_id, file_name, imported_at, state,
        first_day, last_day, entries, position > $newest AS archive, archive_id
    FROM (
        SELECT s.import_id, any_value(i.file_name) AS file_name, any_value(i.imported_at) AS imported_at,
            any_value(i.state) AS state, min(s.from_day) AS first_day, max(s.to_day) AS last_day,
            sum(s.entries)::BIGINT AS entries
        FROM history.statement s JOIN ops.import i USING (import_id) GROUP BY s.import_id
    ) LEFT JOIN ops.archived_import USING (import_id)
"""


@table_action("2")
def reducible(lab: Lab) -> Read:
    """Return the imports with statements and which of them may be moved into the archive, newest first.

    Columns: position (1 is the newest), import_id, file_name, imported_at (UTC), state, first_day, last_day
    (inclusive), entries, archive (not among the newest that always stay), archive_id (null: not moved yet).
    """
    return lab.read(f"{_REDUCIBLE} ORDER BY position", {"newest": setting(lab, "reduction_newest")})


@action("2", mode="exclusive", steps=True)
def reduce_history(lab: Lab, before: date, *, job: Job | None = None) -> dict[str, Any]:
    """Move the entries of imports whose last day is before `before` into the archive; every function still finds them.

    The newest imports stay (reduction_newest in the configuration). Returns archive_id, imports, entries and details
    (numbers), bytes (of the new files) and folder. Raises Refused when there is nothing to move, StoreError when the
    archive can't be written; then nothing was moved.
    """
    work = job or Job()
    database, folder = lab.database, lab.database.archive_folder
    with database.lane("history"), database.lane("ops"), database.reading() as cursor:
        move = files.Move(_next_number(cursor), _chosen(lab, before))
        with database.tx("ops") as ops:
            files.ensure_key(ops)
        written = []
        for part in files.PARTS:
            work.step(f"writing the archive ({part})")
            written.append(files.write_part(cursor, folder, move, part))
        work.step("moving")
        # The new files are read from here on, and count once the transaction says so.
        files.define(cursor, folder, [*files.archive_files(cursor), *written])
        try:
            with database.tx("ops") as ops:
                ops.execute("INSERT INTO ops.archive VALUES (?, ?, ?, NULL)", [move.archive_id, lab.clock(), lab.user])
                files.mark(ops, move, written)
                done = {
                    "archive_id": move.archive_id, "imports": len(move.imports), "entries": written[0].rows,
                    "details": written[1].rows, "bytes": sum(file.bytes for file in written), "folder": str(folder),
                }  # fmt: skip
                lab.log(ops, "reduce_history", str(move.archive_id), **done, before=before, import_ids=move.imports)
        finally:
            files.define(cursor, folder, files.archive_files(cursor))
        database.checkpoint()
    return done


def _chosen(lab: Lab, before: date) -> list[int]:
    rows = lab.rows(
        f"SELECT import_id FROM ({_REDUCIBLE}) WHERE archive AND archive_id IS NULL AND last_day < $before"
        " ORDER BY import_id",
        {"newest": setting(lab, "reduction_newest"), "before": before},
    )
    if not rows:
        raise Refused(
            f"there is nothing to move: no import ends before {before} that is not in the archive already or among the"
            f" newest {setting(lab, 'reduction_newest')}"
        )
    return [int(row[0]) for row in rows]


def _next_number(cursor: duckdb.DuckDBPyConnection) -> int:
    row = cursor.execute("SELECT coalesce(max(archive_id), 0) + 1 FROM ops.archive").fetchone()
    assert row is not None
    return int(row[0])


@table_action("2")
def archives(lab: Lab) -> Read:
    """Return the archives of the lab, newest first.

    Columns: archive_id, made_at (UTC), made_by, imports, first_day, last_day (inclusive), entries, details, bytes,
    deleted_at (UTC; then the rest is null).
    """
    return lab.read(
        """
        SELECT a.archive_id, a.made_at, a.made_by, i.imports, i.first_day, i.last_day, f.entries, f.details, f.bytes,
            a.deleted_at
        FROM ops.archive a
        LEFT JOIN (
            SELECT archive_id, count(DISTINCT import_id) AS imports, min(from_day) AS first_day, max(to_day) AS last_day
            FROM ops.archived_import JOIN history.statement USING (import_id) GROUP BY archive_id
        ) i USING (archive_id)
        LEFT JOIN (
            SELECT archive_id, sum(rows) FILTER (part = 'entry')::BIGINT AS entries,
                sum(rows) FILTER (part = 'detail')::BIGINT AS details, sum(bytes)::BIGINT AS bytes
            FROM ops.archive_file GROUP BY archive_id
        ) f ON f.archive_id = a.archive_id AND a.deleted_at IS NULL
        ORDER BY a.archive_id DESC
        """
    )


@action("2", mode="exclusive", steps=True)
def delete_archived(lab: Lab, archive_id: int) -> dict[str, Any]:
    """Delete for good what is in an archive: its imports with all their statements, entries and findings.

    Balances before the first statement left are then unknown, all later ones stay. Returns archive_id, imports and
    entries (numbers). Raises UnknownName for a number that is no archive, Refused when later balances rest on it or a
    later import repeats entries of it.
    """
    database, folder = lab.database, lab.database.archive_folder
    with database.lane("history"), database.lane("ops"):
        with database.tx("ops") as cursor:
            imports, entries = _held(cursor, archive_id)
            _require_not_repeated(cursor, archive_id, imports)
            cursor.execute(
                "CREATE OR REPLACE TEMP TABLE left_chain AS"
                f" {_CHAIN} WHERE NOT list_contains(?, import_id)", [imports]
            )  # fmt: skip
            for table in TABLES:
                cursor.execute(f"DELETE FROM history.{table} WHERE list_contains(?, import_id)", [imports])
            cursor.execute("DELETE FROM ops.import WHERE list_contains(?, import_id)", [imports])
            cursor.execute("DELETE FROM ops.archived_import WHERE archive_id = ?", [archive_id])
            cursor.execute("UPDATE ops.archive SET deleted_at = ? WHERE archive_id = ?", [lab.clock(), archive_id])
            _require_same_balances(cursor, archive_id)
            cursor.execute("DROP TABLE left_chain")
            done = {"archive_id": archive_id, "imports": len(imports), "entries": entries}
            lab.log(cursor, "delete_archived", str(archive_id), **done, import_ids=imports)
        with database.reading() as cursor:
            files.define(cursor, folder, files.archive_files(cursor))
            files.remove_deleted(cursor, folder)
        database.checkpoint()
    return done


_CHAIN = "SELECT account_id, import_id, statement_no, opening_balance, closing_balance FROM statement_chain()"


def _held(cursor: duckdb.DuckDBPyConnection, archive_id: int) -> tuple[list[int], int]:
    row = cursor.execute(
        """
        SELECT list(import_id), (SELECT rows FROM ops.archive_file f WHERE f.archive_id = $id AND part = 'entry')
        FROM ops.archived_import WHERE archive_id = $id
        """,
        {"id": archive_id},
    ).fetchone()
    if row is None or not row[0]:
        raise UnknownName("archive", archive_id, "see `bankklient archives`")
    return list(row[0]), int(row[1])


def _require_not_repeated(cursor: duckdb.DuckDBPyConnection, archive_id: int, imports: list[int]) -> None:
    later = cursor.execute(
        """
        SELECT min(import_id) FROM kept_entry() SEMI JOIN live_import() USING (import_id)
        WHERE list_contains($imports, repeats) AND NOT list_contains($imports, import_id)
        """,
        {"imports": imports},
    ).fetchone()
    if later and later[0]:
        raise Refused(
            f"import {later[0]} repeats entries of archive {archive_id}; it can't be deleted without that one"
        )


def _require_same_balances(cursor: duckdb.DuckDBPyConnection, archive_id: int) -> None:
    changed = cursor.execute(
        f"SELECT any_value(label) FROM (FROM left_chain EXCEPT ALL {_CHAIN}) JOIN labelled_account() USING (account_id)"
    ).fetchone()
    if changed and changed[0]:
        raise Refused(f"balances of {changed[0]} are counted from entries of archive {archive_id}; nothing was deleted")
