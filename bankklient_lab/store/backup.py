"""Backups of a lab: a folder with a copy of its file and a manifest of what is in it; restored only when it is true.

The copy is taken while nothing writes, after a checkpoint, so that the file alone is whole. The folder gets its name
when everything in it is on the disk: a backup that was cut off is never taken for one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from bankklient_lab.errors import DamagedLab, NewerLab, Refused, StoreError
from bankklient_lab.store.copying import copy, copy_apart, sha256_of, sync_folder
from bankklient_lab.store.database import Database, attach
from bankklient_lab.store.migrations import applied, migrations

COPY, MANIFEST = "lab.duckdb", "manifest.json"
KIND, VERSION = "bankklient backup", 1


def back_up(database: Database, target: Path, *, now: datetime) -> dict[str, Any]:
    """Write a backup to the new folder `target` and return its manifest; StoreError when it can't be made there."""
    if target.exists():
        raise StoreError(f"{target} exists already; choose another name", path=str(target))
    part = target.with_name(target.name + ".part")
    try:
        shutil.rmtree(part, ignore_errors=True)  # of a backup that was cut off
        part.mkdir(mode=0o700)
        manifest = _fill(database, part, now)
        part.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise StoreError(f"the backup can't be written to {target} ({error.strerror or error})") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return manifest


def _fill(database: Database, part: Path, now: datetime) -> dict[str, Any]:
    with database.lane("history"), database.lane("ops"):
        database.checkpoint()
        wal = database.path.with_name(database.path.name + ".wal")
        if wal.exists() and wal.stat().st_size:
            raise StoreError("the lab is read so busily that its file can't be closed for a copy; try again")
        with database.reading() as cursor:
            tables, schema = figures(cursor), max(applied(cursor))
        copied = copy_apart(database.path, part / COPY)
    manifest = {
        "kind": KIND,
        "version": VERSION,
        "made_at": now.isoformat(),
        "lab": database.path.name,
        "schema": schema,
        "encrypted": database.encrypted,
        "duckdb": duckdb.__version__,
        "bytes": copied.size,
        "sha256": copied.sha256,
        "tables": tables,
    }
    with (part / MANIFEST).open("x", encoding="utf-8") as target:
        json.dump(manifest, target, indent=2)
        target.flush()
        os.fsync(target.fileno())
    sync_folder(part)
    return manifest


def figures(cursor: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Return per table of the attached lab what a copy must have too: number of rows, hash of all rows, exact sums."""
    columns: dict[str, list[str]] = {}
    for schema, table, column, kind in cursor.execute(
        """
        SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
        WHERE database_name = 'lab' AND NOT internal ORDER BY schema_name, table_name, column_index
        """
    ).fetchall():
        names = columns.setdefault(f"{schema}.{table}", [])
        if kind.startswith("DECIMAL"):
            names.append(column)
    return {table: _figures_of(cursor, table, amounts) for table, amounts in columns.items()}


def _figures_of(cursor: duckdb.DuckDBPyConnection, table: str, amounts: list[str]) -> dict[str, str]:
    terms = {"rows": "count(*)", "hash": "bit_xor(hash(t))", **{f"sum of {name}": f"sum(t.{name})" for name in amounts}}
    row = cursor.execute(f"SELECT {', '.join(terms.values())} FROM lab.{table} t").fetchone()  # noqa: S608 - our names
    assert row is not None
    return {name: str(value) for name, value in zip(terms, row, strict=True)}


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return the manifest of a backup; DamagedLab when the folder is none."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        known = (
            manifest["kind"] == KIND and isinstance(manifest["sha256"], str) and isinstance(manifest["tables"], dict)
        )
        schema, version = int(manifest["schema"]), int(manifest["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedLab(f"{folder} is no backup of a lab ({type(error).__name__} in {MANIFEST})") from None
    if not known:
        raise DamagedLab(f"{folder} is no backup of a lab: its {MANIFEST} says something else")
    if version > VERSION or schema > len(migrations()):
        raise NewerLab(f"the backup {folder} was made by a newer version; update bankklient_lab")
    return dict(manifest)


def verify(folder: Path, *, passphrase: str | None = None) -> dict[str, Any]:
    """Return the manifest of a backup after reading all of it; DamagedLab says what is not as it was.

    An encrypted one needs its passphrase (WrongPassphrase).
    """
    manifest = verify_bytes(folder)
    _same_content(folder / COPY, manifest, folder, passphrase)
    return manifest


def verify_bytes(folder: Path) -> dict[str, Any]:
    """Return the manifest of a backup after comparing its bytes alone, which needs no passphrase; DamagedLab."""
    manifest = manifest_of(folder)
    _same_bytes(folder / COPY, manifest, folder)
    return manifest


def restore(folder: Path, target: Path, *, passphrase: str | None = None) -> dict[str, Any]:
    """Make the lab `target` from a backup, verified as it lies there, and return the manifest.

    Refused when something has that name; the errors of `verify`. Nothing is left behind by a restore that fails.
    """
    manifest = manifest_of(folder)
    for path in (target, target.with_name(target.name + ".wal")):
        if path.exists():
            raise Refused(f"{path} exists; a backup is restored to a new name only")
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        copy(folder / COPY, part)
        _same_bytes(part, manifest, folder)
        _same_content(part, manifest, folder, passphrase)
        os.link(part, target)  # unlike a renaming, never over another file
        sync_folder(target.parent)
    except FileExistsError:
        raise Refused(f"{target} exists; a backup is restored to a new name only") from None
    except OSError as error:
        raise StoreError(f"{target} can't be restored ({error.strerror or error})") from None
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _same_bytes(path: Path, manifest: dict[str, Any], folder: Path) -> None:
    try:
        same = path.stat().st_size == manifest["bytes"] and sha256_of(path) == manifest["sha256"]
    except OSError as error:
        raise DamagedLab(f"the copy in the backup {folder} can't be read ({error.strerror or error})") from None
    if not same:
        raise DamagedLab(f"the backup {folder} was changed or damaged after it was made; use another one")


def _same_content(path: Path, manifest: dict[str, Any], folder: Path, passphrase: str | None) -> None:
    with _read_only(path, passphrase if manifest["encrypted"] else None) as con:
        found = figures(con)
    expected = manifest["tables"]
    if manifest["duckdb"] != duckdb.__version__:  # only the same version is sure to hash alike
        found, expected = (
            {table: {name: value for name, value in row.items() if name != "hash"} for table, row in side.items()}
            for side in (found, expected)
        )
    wrong = sorted(table for table in found.keys() | expected.keys() if found.get(table) != expected.get(table))
    if wrong:
        raise DamagedLab(
            f"the backup {folder} has other rows in {', '.join(wrong)} than its manifest says; use another"
        )


@contextmanager
def _read_only(path: Path, passphrase: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"}) as con:
        attach(con, path, passphrase, read_only=True)
        try:
            yield con
        except duckdb.Error as error:
            raise DamagedLab(f"{path} can't be read ({str(error).splitlines()[0]})") from None
