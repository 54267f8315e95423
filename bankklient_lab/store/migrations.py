"""Numbered, forward-only migrations of a lab's file, each with a checksum that is kept in the file."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from importlib.resources import files
from typing import NamedTuple

import duckdb

from bankklient_lab.errors import DamagedLab, NewerLab, StoreError


class Migration(NamedTuple):
    """One step: `number` from 1 without gaps, the SQL text and its SHA-256."""

    number: int
    name: str
    sql: str
    checksum: str


def migrations() -> list[Migration]:
    """Return all known migrations in order, from `store/sql/NNNN_name.sql`."""
    folder = files("bankklient_lab.store") / "sql"
    found = []
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name.endswith(".sql"):
            sql = item.read_text("utf-8")
            stem = item.name.removesuffix(".sql")
            number, name = stem.split("_", 1)
            found.append(Migration(int(number), name, sql, hashlib.sha256(sql.encode()).hexdigest()))
    assert [m.number for m in found] == list(range(1, len(found) + 1))
    return found


def applied(con: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """Return number -> checksum of the migrations that the attached file has."""
    exists = con.execute(
        "SELECT count(*) FROM duckdb_tables()"
        " WHERE database_name = 'lab' AND schema_name = 'ops' AND table_name = 'migration'"
    ).fetchone()
    if not exists or not exists[0]:
        return {}
    return dict(con.execute("SELECT number, checksum FROM ops.migration ORDER BY number").fetchall())


def migrate(con: duckdb.DuckDBPyConnection) -> list[int]:
    """Bring the attached file to the newest version and return the numbers applied.

    Each migration is one transaction followed by a CHECKPOINT (a crash after an ALTER with a default would
    otherwise leave a file that can't be opened). Raises NewerLab for a file with unknown migrations, DamagedLab when
    the text of an applied one has changed, StoreError for one that fails: it is undone, and later ones wait.
    """
    known = migrations()
    have = applied(con)
    if have and max(have) > len(known):
        raise NewerLab(
            f"the lab was written by a newer version (its schema is {max(have)}, this program knows {len(known)});"
            " update bankklient_lab"
        )
    done = []
    for step in known:
        if step.number in have:
            if have[step.number] != step.checksum:
                raise DamagedLab(f"migration {step.number} of the lab is not the one of this program; restore a backup")
            continue
        con.execute("BEGIN")
        try:
            con.execute(step.sql)
            con.execute(
                "INSERT INTO ops.migration VALUES (?, ?, ?, ?)",
                [step.number, step.name, step.checksum, datetime.now(UTC)],
            )
        except duckdb.Error as error:
            con.execute("ROLLBACK")
            raise StoreError(
                f"migration {step.number} ({step.name}) of the lab failed ({str(error).splitlines()[0]}); it and all"
                " later ones are left out, and the lab can't be opened by this version until they succeed"
            ) from None
        except BaseException:
            con.execute("ROLLBACK")
            raise
        con.execute("COMMIT")
        con.execute("CHECKPOINT lab")
        done.append(step.number)
    return done
