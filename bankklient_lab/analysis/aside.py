"""A database of its own for one question in SQL: in it is a copy of what the question reads, and nothing else.

It has a memory limit, a processor and a folder for what does not fit into memory of its own, so that no question takes
them from the lab's other callers, and a fault of the engine in it is not one of the lab's.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from bankklient_lab.store.database import Database
from bankklient_lab.store.extensions import load

MEMORY_LIMIT = "256MB"
DISK_LIMIT = "4GB"  # of what does not fit into memory
_BATCH_ROWS = 100_000
# Comparing two long texts takes the product of their lengths, in one step that can't be stopped.
_SIMILARITY = ("levenshtein", "jaccard", "jaro_similarity", "jaro_winkler_similarity")


@contextmanager
def aside(database: Database) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a new database in memory that can reach nothing outside; it is gone after the block."""
    database.temporary.mkdir(exist_ok=True)
    folder = tempfile.mkdtemp(prefix="sql-", dir=database.temporary)
    con = duckdb.connect(":memory:", config=_config(folder, encrypted=database.encrypted))
    try:
        if database.encrypted:  # DuckDB writes what is encrypted through it alone
            load(con, "httpfs")
        for name in _SIMILARITY:
            con.execute(f"CREATE MACRO {name}(a, b) AS system.main.{name}(left(a, 200), left(b, 200))")
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        yield con
    finally:
        con.close()
        shutil.rmtree(folder, ignore_errors=True)


def _config(folder: str, *, encrypted: bool) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "memory_limit": MEMORY_LIMIT,
        "threads": 1,
        "temp_directory": folder,
        "max_temp_directory_size": DISK_LIMIT,
        "temp_file_encryption": "true" if encrypted else "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
        "preserve_insertion_order": "false",
    }


def copy_in(
    con: duckdb.DuckDBPyConnection, source: duckdb.DuckDBPyConnection, relation: str, columns: frozenset[str] | None
) -> None:
    """Copy a published relation, or those of its columns that are named; one at least, because rows are counted."""
    names = [row[0] for row in source.execute(f'DESCRIBE FROM app.published."{relation}"()').fetchall()]
    kept = [name for name in names if columns is None or name in columns] or names[:1]
    chosen = ", ".join(f'"{name}"' for name in kept)
    reader = source.execute(f'SELECT {chosen} FROM app.published."{relation}"()').to_arrow_reader(_BATCH_ROWS)  # noqa: S608
    con.register("coming", reader)
    con.execute(f'CREATE TABLE "{relation}" AS FROM coming')
    con.unregister("coming")
