"""The archive of a lab: entries and details of old imports, in Parquet files beside its file.

They are read together with the rows of the lab's file, through the macros `kept_entry` and `kept_detail`. Files are
encrypted with a key that the lab holds, also beside a lab that is not: a changed byte of plain Parquet would be read as
another amount (52 of 60 flipped bits were, none of an encrypted file). A file counts from the moment on at which the
lab says so, in the transaction in which the rows leave it.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import duckdb

from bankklient_lab.errors import DamagedLab, StoreError
from bankklient_lab.store.copying import sync_file, sync_folder
from bankklient_lab.store.extensions import load
from bankklient_lab.store.literals import literal

PARTS = ("entry", "detail")
_KEY_NAME, _KEY_SETTING = "archive", "archive_key"
_ENCRYPTED = f"{{footer_key: '{_KEY_NAME}'}}"
_TROUBLE = "the archive file"
MEMORY_LIMIT = "256MB"  # of the second DuckDB that writes


class ArchiveFile(NamedTuple):
    """A file of the archive as ops.archive_file lists it; `part` is entry or detail."""

    part: str
    name: str
    bytes: int
    sha256: str
    rows: int


class Move(NamedTuple):
    """What goes into a new archive: the rows of some imports."""

    archive_id: int
    imports: list[int]


def archive_folder(database: Path) -> Path:
    """Return the folder of the archive of a database file; it is there only if something was moved."""
    return database.with_name(database.name + ".archive")


def archive_files(cursor: duckdb.DuckDBPyConnection) -> list[ArchiveFile]:
    """Return the files that the attached lab needs, in the order in which they were made."""
    rows = cursor.execute(
        "SELECT part, name, bytes, sha256, rows FROM ops.archive_file JOIN ops.archive USING (archive_id)"
        " WHERE deleted_at IS NULL ORDER BY archive_id, part"
    ).fetchall()
    return [ArchiveFile(*row) for row in rows]


# ruff: noqa: S608 - every text below is made of our own names and of paths in quotes


def define(con: duckdb.DuckDBPyConnection, folder: Path, files: Iterable[ArchiveFile]) -> None:
    """Create the macros that read what is kept, in the lab's file and in the archive; needed at every opening.

    Without an archive they are the tables. With a file that is missing or has another length they raise an error that
    says so: nothing is read as if the rest were all.
    """
    by_part: dict[str, list[ArchiveFile]] = {part: [] for part in PARTS}
    for file in files:
        by_part[file.part].append(file)
    if any(by_part.values()):
        _use_key(con, _key(con))
    for part, listed in by_part.items():
        con.execute(f"CREATE OR REPLACE MACRO memory.kept_{part}() AS TABLE {_reading(part, folder, listed)}")


def _reading(part: str, folder: Path, listed: list[ArchiveFile]) -> str:
    table = f"FROM history.{part}"
    if not listed:
        return table
    for file in listed:
        trouble = _trouble(folder / file.name, file.bytes)
        if trouble:
            return f"{table} WHERE CASE WHEN true THEN error({literal(trouble)}) END"
    archived = " UNION ALL BY NAME ".join(f"FROM {_parquet(folder / file.name)}" for file in listed)
    return f"{table} UNION ALL BY NAME FROM ({archived}) SEMI JOIN ops.archived_import USING (import_id)"


def _parquet(path: Path) -> str:
    """Return what reads one file; several encrypted ones with union_by_name end in an error of DuckDB 1.5.5."""
    return f"read_parquet({literal(path)}, encryption_config = {_ENCRYPTED})"


def _trouble(path: Path, size: int) -> str:
    try:
        found = path.stat().st_size
    except OSError as error:
        return f"{_TROUBLE} {path} can't be read ({error.strerror}); put it back from a backup"
    return "" if found == size else f"{_TROUBLE} {path} was changed; put it back from a backup"


def trouble_of(error: BaseException, folder: Path) -> DamagedLab | None:
    """Return the sentence for an error of DuckDB that comes from the archive; None for any other."""
    text = str(error).splitlines()[0]
    if _TROUBLE in text:
        return DamagedLab(text[text.index(_TROUBLE) :])
    if "AES tag" in text or str(folder) in text or "parquet" in text.lower():
        return DamagedLab(
            f"a file of the archive in {folder} is missing or was changed ({text}); put it back from a backup"
        )
    return None


def ensure_key(cursor: duckdb.DuckDBPyConnection) -> None:
    """Give the lab a key for its archive, unless it has one."""
    cursor.execute("INSERT OR IGNORE INTO ops.setting VALUES (?, ?)", [_KEY_SETTING, secrets.token_hex(16)])


def _use_key(con: duckdb.DuckDBPyConnection, key: str) -> None:
    """Let a DuckDB read and write with a key, which no text of a macro or statement then holds."""
    con.execute(f"PRAGMA add_parquet_key('{_KEY_NAME}', '{key}')")


def _key(cursor: duckdb.DuckDBPyConnection) -> str:
    row = cursor.execute("SELECT value FROM ops.setting WHERE name = ?", [_KEY_SETTING]).fetchone()
    assert row is not None
    return str(row[0])


# What does not fit into memory is encrypted, too, and stays in the archive's folder.
_WRITER: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": MEMORY_LIMIT,
    "threads": 2,
    "temp_file_encryption": "true",
    "autoinstall_known_extensions": "false",
}


def write_part(cursor: duckdb.DuckDBPyConnection, folder: Path, move: Move, part: str) -> ArchiveFile:
    """Write the entries or details of some imports into a new file, read it back and compare; StoreError.

    A second DuckDB writes, because the one of the lab can't load what encrypts any more.
    """
    target = folder / f"{move.archive_id:05}_{part}.parquet"
    unfinished = target.with_name(target.name + ".part")
    chosen = f"history.{part} WHERE list_contains($imports, import_id)"
    values: dict[str, object] = {"imports": move.imports}
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix="writing-", dir=folder) as own,
            duckdb.connect(":memory:", config=_WRITER | {"temp_directory": own}) as writer,
        ):
            load(writer, "httpfs")
            _use_key(writer, _key(cursor))
            rows = cursor.execute(f"FROM {chosen} ORDER BY import_id, statement_no, entry_no", values).to_arrow_reader()
            writer.register("moved", rows)
            writer.execute(
                f"COPY (FROM moved) TO {literal(unfinished)}"
                f" (FORMAT parquet, COMPRESSION zstd, ENCRYPTION_CONFIG {_ENCRYPTED})"
            )
        unfinished.chmod(0o600)
        sync_file(unfinished)
        unfinished.rename(target)
        sync_folder(folder)
    except OSError as error:
        raise StoreError(f"the archive can't be written to {folder} ({error.strerror or error})") from None
    except duckdb.Error as error:
        raise StoreError(f"the archive can't be written to {folder} ({str(error).splitlines()[0]})") from None
    finally:
        unfinished.unlink(missing_ok=True)
    _use_key(cursor, _key(cursor))
    written, given = _figures(cursor, _parquet(target), None), _figures(cursor, chosen, values)
    if written != given:
        raise StoreError(f"{target} has other rows than the lab after it was written; nothing was moved")
    with target.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    return ArchiveFile(part, target.name, target.stat().st_size, digest, int(given[0]))


def _figures(cursor: duckdb.DuckDBPyConnection, rows: str, values: dict[str, object] | None) -> tuple[int, str, str]:
    row = cursor.execute(f"SELECT count(*), sum(amount), bit_xor(hash(t)) FROM (FROM {rows}) t", values).fetchone()
    assert row is not None
    return int(row[0]), str(row[1]), str(row[2])


def mark(cursor: duckdb.DuckDBPyConnection, move: Move, files: Iterable[ArchiveFile]) -> None:
    """Let files count instead of the rows of some imports, which leave the lab's file, in one transaction."""
    for file in files:
        cursor.execute(
            "INSERT INTO ops.archive_file (archive_id, part, name, bytes, sha256, rows) VALUES (?, ?, ?, ?, ?, ?)",
            [move.archive_id, file.part, file.name, file.bytes, file.sha256, file.rows],
        )
        cursor.execute(f"DELETE FROM history.{file.part} WHERE list_contains(?, import_id)", [move.imports])
    cursor.execute("INSERT INTO ops.archived_import SELECT unnest(?::BIGINT[]), ?", [move.imports, move.archive_id])


def damage(cursor: duckdb.DuckDBPyConnection, folder: Path) -> list[str]:
    """Return what is wrong with the files of the archive, after reading every byte."""
    found = []
    for file in archive_files(cursor):
        path = folder / file.name
        trouble = _trouble(path, file.bytes)
        if not trouble:
            with path.open("rb") as source:
                same = hashlib.file_digest(source, "sha256").hexdigest() == file.sha256
            trouble = "" if same else f"{_TROUBLE} {path} was changed; put it back from a backup"
        if trouble:
            found.append(trouble)
    return found


def remove_deleted(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Remove the files of archives that were deleted for good, which a killed process may have left."""
    for (name,) in con.execute(
        "SELECT name FROM ops.archive_file JOIN ops.archive USING (archive_id) WHERE deleted_at IS NOT NULL"
    ).fetchall():
        (folder / name).unlink(missing_ok=True)
