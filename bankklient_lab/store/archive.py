"""The archive of a lab: entries and details of old imports, in encrypted Parquet files beside its file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import duckdb


class ArchiveFile(NamedTuple):
    """A file of the archive as ops.archive_file lists it."""

    part: str
    name: str
    bytes: int
    sha256: str
    key: str


def archive_folder(database: Path) -> Path:
    """Return the folder of the archive of a database file; it is there only if something was moved."""
    return database.with_name(database.name + ".archive")


def archive_files(cursor: duckdb.DuckDBPyConnection) -> list[ArchiveFile]:
    """Return the files that the attached lab needs, in the order in which they were made."""
    rows = cursor.execute(
        "SELECT part, name, bytes, sha256, key FROM ops.archive_file JOIN ops.archive USING (archive_id)"
        " WHERE deleted_at IS NULL ORDER BY archive_id, part"
    ).fetchall()
    return [ArchiveFile(*row) for row in rows]
