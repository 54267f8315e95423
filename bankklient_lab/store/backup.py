"""Backups of a lab: a copy of its file and its archive and a manifest of what is in them; restored only when true.

The copy is taken while nothing writes, after a checkpoint, so that the file alone is whole. It is a folder that gets
its name when everything in it is on the disk: a backup that was cut off is never taken for one. The same in one ZIP
file (store.rotation) is read and restored like the folder.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from bankklient_lab.errors import DamagedLab, NewerLab, Refused, StoreError
from bankklient_lab.store.archive import archive_files, archive_folder
from bankklient_lab.store.copying import Copied, copy, copy_apart, measure, sync_folder, write
from bankklient_lab.store.database import Database, attach
from bankklient_lab.store.migrations import applied, migrations
from bankklient_lab.store.witness import drop_witness

COPY, ARCHIVE, MANIFEST = "lab.duckdb", "archive", "manifest.json"
KIND, VERSION = "bankklient backup", 2  # 1 knew no archive
_MANIFEST_BYTES_MAX = 64 * 1024**2


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
            tables, schema, lab_id = figures(cursor), max(applied(cursor)), id_of(cursor)
            moved = archive_files(cursor)
        copied = copy_apart(database.path, part / COPY)
        archived = _copy_archive(archive_folder(database.path), part / ARCHIVE, [file.name for file in moved])
    manifest = {
        "kind": KIND,
        "version": VERSION,
        "made_at": now.isoformat(),
        "lab": database.path.name,
        "lab_id": lab_id,
        "schema": schema,
        "encrypted": database.encrypted,
        "duckdb": duckdb.__version__,
        "bytes": copied.size,
        "sha256": copied.sha256,
        "archive": archived,
        "tables": tables,
    }
    with (part / MANIFEST).open("x", encoding="utf-8") as target:
        json.dump(manifest, target, indent=2)
        target.flush()
        os.fsync(target.fileno())
    sync_folder(part)
    return manifest


def id_of(cursor: duckdb.DuckDBPyConnection) -> str:
    """Return what tells the attached lab from others, whatever its file is called."""
    row = cursor.execute("SELECT value FROM ops.setting WHERE name = 'lab_id'").fetchone()
    assert row is not None
    return str(row[0])


def _copy_archive(source: Path, target: Path, names: list[str]) -> dict[str, dict[str, Any]]:
    """Copy the files of the archive and return their lengths and hashes by name."""
    if names:
        target.mkdir(mode=0o700)
    found = {name: copy(source / name, target / name)._asdict() for name in names}
    if names:
        sync_folder(target)
    return found


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


def manifest_of(backup: Path) -> dict[str, Any]:
    """Return the manifest of a backup; DamagedLab when it is none, NewerLab for one of a newer program or engine."""
    with _opened(backup) as root:
        return _manifest(root, backup)


def _manifest(root: Traversable, backup: Path) -> dict[str, Any]:
    try:
        with (root / MANIFEST).open("rb") as source:
            manifest = json.loads(source.read(_MANIFEST_BYTES_MAX))
        known = manifest["kind"] == KIND and isinstance(manifest["tables"], dict)
        schema, version = int(manifest["schema"]), int(manifest["version"])
        engine = _version(str(manifest["duckdb"]))
        manifest.setdefault("archive", {})
        _parts(manifest)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedLab(f"{backup} is no backup of a lab ({type(error).__name__} in {MANIFEST})") from None
    if not known:
        raise DamagedLab(f"{backup} is no backup of a lab: its {MANIFEST} says something else")
    if version > VERSION or schema > len(migrations()):
        raise NewerLab(f"the backup {backup} was made by a newer version; update bankklient_lab")
    if engine > _version(duckdb.__version__):
        raise NewerLab(
            f"the backup {backup} was made with DuckDB {manifest['duckdb']}, which is newer than {duckdb.__version__}"
            " of this installation; update bankklient_lab"
        )
    return dict(manifest)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.partition("-")[0].split(".")[:3])


def _parts(manifest: dict[str, Any]) -> dict[str, Copied]:
    """Return length and hash of each file of a backup by its name in it; ValueError for a name that leads elsewhere."""
    parts = {COPY: Copied(int(manifest["bytes"]), str(manifest["sha256"]))}
    for name, measured in manifest["archive"].items():
        if Path(name).name != name or name in (".", ".."):
            raise ValueError(name)
        parts[f"{ARCHIVE}/{name}"] = Copied(int(measured["size"]), str(measured["sha256"]))
    return parts


@contextmanager
def _opened(backup: Path) -> Iterator[Traversable]:
    """Give what is in a backup, a folder or a ZIP file."""
    if not backup.is_file():
        yield backup
        return
    try:
        packed = zipfile.ZipFile(backup)
    except (OSError, zipfile.BadZipFile) as error:
        raise DamagedLab(f"{backup} is no backup of a lab ({error})") from None
    with packed:
        yield zipfile.Path(packed)


def verify(backup: Path, *, passphrase: str | None = None) -> dict[str, Any]:
    """Return the manifest of a backup after reading all of it; DamagedLab says what is not as it was.

    An encrypted one needs its passphrase (WrongPassphrase).
    """
    manifest = verify_bytes(backup)
    if backup.is_file():
        with TemporaryDirectory(prefix="bankklient-") as folder, _opened(backup) as root:
            part = Path(folder) / COPY
            _take_out(root, COPY, _parts(manifest)[COPY], part, backup)
            _same_content(part, manifest, backup, passphrase)
    else:
        _same_content(backup / COPY, manifest, backup, passphrase)
    return manifest


def verify_bytes(backup: Path) -> dict[str, Any]:
    """Return the manifest of a backup after comparing its bytes alone, which needs no passphrase; DamagedLab."""
    with _opened(backup) as root:
        manifest = _manifest(root, backup)
        for name, expected in _parts(manifest).items():
            try:
                with (root / name).open("rb") as given:
                    found = measure(given)
            except (OSError, KeyError, zipfile.BadZipFile, zlib.error) as error:
                raise _unreadable(backup, error) from None
            _require_same(found, expected, backup)
    return manifest


def restore(backup: Path, target: Path, *, passphrase: str | None = None) -> dict[str, Any]:
    """Make the lab `target` from a backup, verified as it lies there, and return the manifest.

    It is encrypted if the lab was. Refused when something has that name; the errors of `verify`. Nothing but files of
    the archive, which are of no use to anything else, is left behind by a restore that fails.
    """
    for path in (target, target.with_name(target.name + ".wal")):
        if path.exists():
            raise Refused(f"{path} exists; a backup is restored to a new name only")
    part = target.with_name(target.name + ".part")
    try:
        with _opened(backup) as root:
            manifest = _manifest(root, backup)
            parts = _parts(manifest)
            _take_out(root, COPY, parts.pop(COPY), part, backup)
            _same_content(part, manifest, backup, passphrase)
            for name, expected in parts.items():
                _restore_archived(root, name, expected, archive_folder(target), backup)
        os.link(part, target)  # unlike a renaming, never over another file
        drop_witness(target)  # of a lab that had this name before
        sync_folder(target.parent)
    except FileExistsError:
        raise Refused(f"{target} exists; a backup is restored to a new name only") from None
    except OSError as error:
        raise StoreError(f"{target} can't be restored ({error.strerror or error})") from None
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _restore_archived(root: Traversable, name: str, expected: Copied, folder: Path, backup: Path) -> None:
    """Put a file of the archive back, unless it is there: the archive may have outlived its lab."""
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / name.removeprefix(f"{ARCHIVE}/")
    if target.exists():
        with target.open("rb") as there:
            if measure(there) == expected:
                return
        raise Refused(f"{target} exists and is not the file of the backup; restore to another name")
    part = target.with_name(target.name + ".part")
    try:
        _take_out(root, name, expected, part, backup)
        part.rename(target)
        sync_folder(folder)
    finally:
        part.unlink(missing_ok=True)


def _take_out(root: Traversable, name: str, expected: Copied, target: Path, backup: Path) -> None:
    """Copy a file out of a backup; DamagedLab when it is not what the manifest says."""
    target.unlink(missing_ok=True)  # of a restore that was cut off
    try:
        with (root / name).open("rb") as given:
            found = write(given, target)
    except (FileNotFoundError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable(backup, error) from None
    _require_same(found, expected, backup)


def _require_same(found: Copied, expected: Copied, backup: Path) -> None:
    if found != expected:
        raise DamagedLab(f"the backup {backup} was changed or damaged after it was made; use another one")


def _unreadable(backup: Path, error: BaseException) -> DamagedLab:
    return DamagedLab(f"the copy in the backup {backup} can't be read ({getattr(error, 'strerror', None) or error})")


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
