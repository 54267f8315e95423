"""Kinds of backups: a folder of its own (standard), or a set of ZIP files numbered from newest to oldest (security).

BK_<nnnnn>.ZIP is the newest, BK_<nnnnn>_1.ZIP the one before, and so on; each has a .LOG beside it that tells how it
was made. A new one is first BK_<nnnnn>_NEW.ZIP, complete and on the disk, and then pushes the others on. A process that
is killed meanwhile leaves that file or a gap in the numbers, from either of which `settle` goes on: at every instant
there is the whole old set or the whole new one.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from bankklient_lab.errors import LabError, Refused, StoreError
from bankklient_lab.store.backup import back_up, id_of, manifest_of, verify_bytes
from bankklient_lab.store.copying import sync_folder
from bankklient_lab.store.database import Database

ZIP, LOG = ".ZIP", ".LOG"
_NEW, _PART = "_NEW", ".part"


class BackupSet(NamedTuple):
    """The backups of one client in a folder; `number` is the client's identification, 0 to 99999."""

    folder: Path
    number: int

    @property
    def name(self) -> str:
        """What the names of its files begin with."""
        return f"BK_{self.number:05}"

    def path(self, slot: int, suffix: str = ZIP) -> Path:
        """Return the file of a place: 0 is the newest."""
        return self.folder / (f"{self.name}_{slot}{suffix}" if slot else f"{self.name}{suffix}")

    def new(self, suffix: str = ZIP) -> Path:
        """Return the file of a backup that is complete and not in its place yet."""
        return self.folder / f"{self.name}{_NEW}{suffix}"

    def slots(self) -> list[int]:
        """Return the places taken, newest first."""
        found = [0] if self.path(0).exists() else []
        for path in self.folder.glob(f"{self.name}_*{ZIP}"):
            text = path.name.removeprefix(f"{self.name}_").removesuffix(ZIP)
            if text.isascii() and text.isdigit() and text == str(int(text)) != "0":
                found.append(int(text))
        return sorted(found)

    def stored(self) -> list[Path]:
        """Return the ZIP files, newest first, also where a rotation was cut off."""
        return [path for path in (self.new(),) if path.exists()] + [self.path(slot) for slot in self.slots()]


def rotate(
    database: Database, backups: BackupSet, *, older: int, clock: Callable[[], datetime], user: str
) -> dict[str, Any]:
    """Make a security backup, keep `older` ones before it, and return its manifest with `path`, `kept` and `same_disk`.

    With 0 the only one is overwritten, once the new one is complete. Raises StoreError for a folder that can't be used
    (before any file is touched), Refused when the set there is of another lab.
    """
    require_target(backups.folder, database.path)
    with database.reading() as cursor:
        lab_id = id_of(cursor)
    _require_own(backups, lab_id)
    settle(backups, older)
    log = _Course(clock, database.path, user)
    try:
        manifest = _pack(database, backups, log, clock())
        log.write(backups.new(LOG))
        _named(backups.new(), backups.new(ZIP + _PART))
    except OSError as error:
        raise StoreError(f"the backup can't be written to {backups.folder} ({error.strerror or error})") from None
    finally:
        _remove_parts(backups)
    settle(backups, older)
    return {**manifest, "path": str(backups.path(0)), **_place(database, backups)}


def keep_one(database: Database, backups: BackupSet, *, clock: Callable[[], datetime], user: str) -> dict[str, Any]:
    """Make a standard backup, a folder named after the moment with a log beside it, and return as `rotate` does."""
    require_target(backups.folder, database.path)
    log, now = _Course(clock, database.path, user), clock()
    target = backups.folder / f"{backups.name}_{now:%Y%m%dT%H%M%S}"
    log.add(f"standard backup of {database.path} to {target}")
    manifest = back_up(database, target, now=now)
    verify_bytes(target)
    log.tell(manifest)
    log.write(target.with_suffix(LOG))
    return {**manifest, "path": str(target), **_place(database, backups)}


def _place(database: Database, backups: BackupSet) -> dict[str, Any]:
    same_disk = backups.folder.stat().st_dev == database.path.stat().st_dev
    return {"kept": max(0, len(backups.slots()) - 1), "same_disk": same_disk}


def require_target(folder: Path, database: Path) -> None:
    """Raise StoreError unless backups may be kept in a folder: a place of its own with all rights."""
    if not folder.is_dir():
        raise StoreError(f"there is no folder {folder} for backups; make it first", path=str(folder))
    program = Path(str(files("bankklient_lab")))
    for taken, whose in ((program, "the program's"), (database.parent, "the lab's")):
        if folder.resolve().is_relative_to(taken.resolve()):
            raise StoreError(
                f"backups can't be kept in {folder}, which is in {whose} own folder: what destroys that would destroy"
                " them, too; name a folder elsewhere, best on another disk",
                path=str(folder),
            )
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise StoreError(
            f"the rights to read, write and delete in {folder} are missing; nothing was touched", path=str(folder)
        )


def settle(backups: BackupSet, older: int) -> None:
    """Put a complete new backup in its place, which pushes the others on, and drop what is beyond the number kept."""
    _remove_parts(backups)
    if not backups.new().exists():
        return
    gap = next((slot for slot in range(older + 1) if not backups.path(slot).exists()), older)
    for slot in range(gap, 0, -1):
        _move(backups, backups.path(slot - 1), backups.path(slot))
    for suffix in (LOG, ZIP):
        _named(backups.path(0, suffix), backups.new(suffix))
    for slot in backups.slots():
        if slot > older:
            for suffix in (ZIP, LOG):
                backups.path(slot, suffix).unlink(missing_ok=True)
    sync_folder(backups.folder)


def _move(backups: BackupSet, source: Path, target: Path) -> None:
    """Move a backup, its log first: while the ZIP file is in the old place, the next try moves both."""
    for suffix in (LOG, ZIP):
        _named(target.with_suffix(suffix), source.with_suffix(suffix))
    sync_folder(backups.folder)


def _named(target: Path, source: Path) -> None:
    with suppress(FileNotFoundError):  # moved already before this process, or a log that was lost
        source.replace(target)


def _remove_parts(backups: BackupSet) -> None:
    """Remove what a run that was cut off left unfinished; a log without its ZIP file says nothing."""
    shutil.rmtree(_folder(backups), ignore_errors=True)
    backups.new(ZIP + _PART).unlink(missing_ok=True)
    shutil.rmtree(_folder(backups).with_name(_folder(backups).name + _PART), ignore_errors=True)


def _folder(backups: BackupSet) -> Path:
    return backups.folder / f"{backups.name}{_PART}"


def _require_own(backups: BackupSet, lab_id: str) -> None:
    for path in backups.stored():
        try:
            manifest = manifest_of(path)
        except LabError:  # a damaged one is no reason to make no other
            continue
        if manifest.get("lab_id") != lab_id:
            raise Refused(
                f"{path} is a backup of another lab ({manifest['lab']}); choose another folder, or another"
                " number for the names of backups (client_number in the configuration)"
            )


def _pack(database: Database, backups: BackupSet, log: _Course, now: datetime) -> dict[str, Any]:
    """Write the backup into one ZIP file under a temporary name, read it back and return the manifest."""
    folder, target = _folder(backups), backups.new(ZIP + _PART)
    log.add(f"security backup of {database.path} to {backups.folder}")
    manifest = back_up(database, folder, now=now)
    log.tell(manifest)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as made:
        # What is encrypted does not get smaller.
        how = zipfile.ZIP_STORED if manifest["encrypted"] else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(made, "w", how, compresslevel=1) as packed:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    packed.write(path, path.relative_to(folder).as_posix())
        made.flush()
        os.fsync(made.fileno())
    verify_bytes(target)
    log.add(f"packed into {target.stat().st_size} bytes and read back: every byte is the same")
    return manifest


class _Course:
    """The course of a run, a line a step."""

    def __init__(self, clock: Callable[[], datetime], lab: Path, user: str) -> None:
        self._clock = clock
        self._lines: list[str] = []
        self.add(f"begun by {user} on {os.uname().nodename}, lab {lab.name}")

    def add(self, text: str) -> None:
        """Add a step."""
        self._lines.append(f"{self._clock().isoformat(timespec='seconds')} {text}\n")

    def tell(self, manifest: dict[str, Any]) -> None:
        """Add what was copied."""
        rows = sum(int(table["rows"]) for table in manifest["tables"].values())
        encrypted = "encrypted" if manifest["encrypted"] else "not encrypted"
        self.add(f"made with DuckDB {manifest['duckdb']}, schema {manifest['schema']}, {encrypted}")
        self.add(f"copied {manifest['bytes']} bytes, {rows} rows, {len(manifest['archive'])} files of the archive")
        self.add(f"SHA-256 of the copy {manifest['sha256']}")

    def write(self, path: Path) -> None:
        """Write the file; it is on the disk when this ends."""
        self.add("complete")
        with path.open("w", encoding="utf-8") as target:
            target.writelines(self._lines)
            target.flush()
            os.fsync(target.fileno())
