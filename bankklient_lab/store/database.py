"""A lab's database: attach, encryption at rest, hardening, migrations, transactions.

The process has one in-memory DuckDB; the lab's file is attached as `lab` (so `ops.x` and `history.y` are its
schemas) and table macros live in the attached catalog `app` (store.macros). Every cursor sets its search path: USE and
TEMP objects are not shared between cursors.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Literal

import duckdb

from bankklient_lab.errors import DamagedLab, LabBusy, StoreError, WrongPassphrase
from bankklient_lab.store import archive
from bankklient_lab.store.extensions import load
from bankklient_lab.store.literals import literal
from bankklient_lab.store.macros import SEARCH_PATH, WITHOUT_MACROS, attach_macros
from bankklient_lab.store.migrations import migrate
from bankklient_lab.store.tidy import tidy

Lane = Literal["ops", "history"]
MEMORY_LIMIT = "256MB"  # of DuckDB; beyond it, it uses the disk. With its reader an import stays under 900 MB
_STORAGE = "v1.5.0"  # texts are written in two thirds of the time that DuckDB's default, the oldest version, takes
# What the file and the disk under it can fail with; other errors of DuckDB would be faults of our own SQL.
STORAGE_ERRORS = (duckdb.OperationalError, duckdb.InternalError, duckdb.FatalException)


class _Transaction:
    """A transaction under way."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor
        self.afterwards: list[Callable[[], None]] = []
        self._failed = False

    @contextmanager
    def part(self) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            yield self.cursor
        except BaseException:
            self._failed = True
            raise

    def check_whole(self) -> None:
        """Raise StoreError when a part failed and its error was dropped: what it had done can't be undone alone."""
        if self._failed:
            raise StoreError("a part of the change failed; nothing of it was kept")


def _do_all(works: list[Callable[[], None]]) -> None:
    """Do each work, whatever becomes of those before it; then raise the first error."""
    failed: list[Exception] = []
    for work in works:
        try:
            work()
        except Exception as error:
            failed.append(error)
    if failed:
        raise failed[0]


class Database:
    """The open database of one lab; one per process and file."""

    def __init__(self, path: Path, *, passphrase: str | None = None, create: bool = False) -> None:
        """Open `path`, migrate it and close every door that SQL could leave through.

        Raises StoreError when the file is missing (or exists, with `create`), WrongPassphrase, NewerLab, DamagedLab.
        """
        if "?" in str(path):  # DuckDB takes the rest for parameters and names its log otherwise
            raise StoreError(f"the path of a lab can't have a question mark: {path}", path=str(path))
        log = path.with_name(path.name + ".wal")
        if create and (path.exists() or log.exists()):
            there = path if path.exists() else log
            raise StoreError(f"{there} exists already; choose another name", path=str(path))
        if not create and not path.exists():
            raise StoreError(f"there is no lab at {path}; make one with `bankklient init {path}`", path=str(path))
        self.path = path
        self.encrypted = passphrase is not None
        self.temporary = path.with_name(path.name + ".tmp")
        self._lanes: dict[Lane, threading.RLock] = {"ops": threading.RLock(), "history": threading.RLock()}
        self._open = threading.local()  # the transactions of each thread, by lane
        shutil.rmtree(self.temporary, ignore_errors=True)  # of a process that was killed
        self._con = duckdb.connect(":memory:", config=self._config())
        try:
            attach(self._con, path, passphrase)
            self._con.execute(WITHOUT_MACROS)
            self.migrated = migrate(self._con)
            tidy(self._con)
            archive.remove_deleted(self._con, self.archive_folder)
            archive.define(self._con, self.archive_folder, archive.archive_files(self._con))
            attach_macros(self._con)
            self._harden()
        except BaseException as error:
            self._con.close()
            if create:  # half a lab would be in the way of the next try
                path.unlink(missing_ok=True)
                log.unlink(missing_ok=True)
            if isinstance(error, STORAGE_ERRORS):
                raise storage_error(path, error) from None
            raise

    @property
    def archive_folder(self) -> Path:
        """The only folder that SQL may read, beside the lab's file."""
        return archive.archive_folder(self.path)

    def _config(self) -> dict[str, str | bool | int | float | list[str]]:
        return {
            "memory_limit": MEMORY_LIMIT,
            "allocator_flush_threshold": "16MB",  # what is freed goes back soon: a large import held 90 MB of it
            "allocator_bulk_deallocation_flush_threshold": "32MB",
            "threads": max(2, min(8, os.cpu_count() or 2)),
            "temp_directory": str(self.temporary),
            "temp_file_encryption": "true" if self.encrypted else "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
            "preserve_insertion_order": "false",
        }

    def _harden(self) -> None:
        self._con.execute(f"SET allowed_directories = [{literal(f'{self.archive_folder}/')}]")
        self._con.execute("SET enable_external_access = false")
        self._con.execute("SET lock_configuration = true")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor for one thread; `ops.x`, `history.y` and the macros resolve in it. Close it when done."""
        cursor = self._con.cursor()
        cursor.execute(SEARCH_PATH)
        return cursor

    @contextmanager
    def reading(self, *, committed: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor for reading; DamagedLab or StoreError when the file can't be read or written.

        Within a transaction of the lane ops of this thread it is that one's, which sees what it has changed, unless
        only what is `committed` is asked for.
        """
        own: _Transaction | None = None if committed else getattr(self._open, "ops", None)
        cursor = own.cursor if own else self.cursor()
        try:
            yield cursor
        except (*STORAGE_ERRORS, duckdb.InvalidInputException) as error:
            trouble = archive.trouble_of(error, self.archive_folder)
            if trouble is None and not isinstance(error, STORAGE_ERRORS):
                raise
            raise trouble or storage_error(self.path, error) from None
        finally:
            if own is None:
                cursor.close()

    @contextmanager
    def tx(self, lane: Lane, own: duckdb.DuckDBPyConnection | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Run a transaction in a lane (one writer each): committed when the block ends, undone when it raises.

        It runs on a cursor of its own, or on `own`, whose temporary tables it then sees. Within a transaction of the
        same thread and lane it is part of that one; when such a part raises, the whole is undone.
        """
        around: _Transaction | None = getattr(self._open, lane, None)
        if around is not None:
            with around.part() as cursor:
                yield cursor
            return
        with self._lanes[lane], nullcontext(own) if own is not None else self.reading() as cursor:
            cursor.execute("BEGIN")
            transaction = _Transaction(cursor)
            setattr(self._open, lane, transaction)
            try:
                yield cursor
                transaction.check_whole()
            except BaseException:
                with suppress(duckdb.Error):  # a database that failed has nothing to undo; the first error says why
                    cursor.execute("ROLLBACK")
                raise
            finally:
                setattr(self._open, lane, None)
            cursor.execute("COMMIT")
            _do_all(transaction.afterwards)  # still in the lane: who waited for it must not work with what was before

    def after_commit(self, work: Callable[[], None]) -> None:
        """Do something once this thread's transaction of the lane ops is committed, before the next begins.

        At once when it has none.
        """
        around: _Transaction | None = getattr(self._open, "ops", None)
        if around is None:
            work()
        else:
            around.afterwards.append(work)

    @contextmanager
    def lane(self, lane: Lane) -> Iterator[None]:
        """Hold a lane over several transactions of one piece of work."""
        with self._lanes[lane]:
            yield

    @contextmanager
    def lane_if_free(self, lane: Lane) -> Iterator[bool]:
        """Hold a lane when no other thread has it, and tell whether; for notes that may wait."""
        free = self._lanes[lane].acquire(blocking=False)
        try:
            yield free
        finally:
            if free:
                self._lanes[lane].release()

    def changing(self, lane: Lane) -> bool:
        """Tell whether this thread has a transaction of the lane under way."""
        return getattr(self._open, lane, None) is not None

    def checkpoint(self) -> None:
        """Write the log into the file, so that a copy of the file alone is whole. Both lanes must be free."""
        with self._lanes["history"], self._lanes["ops"], self.reading() as cursor:
            cursor.execute("CHECKPOINT lab")

    def close(self) -> None:
        """Close the file; the log is written into it."""
        self._con.close()


def attach(con: duckdb.DuckDBPyConnection, path: Path, passphrase: str | None, *, read_only: bool = False) -> None:
    """Attach a lab's file as `lab`; raises WrongPassphrase (also for an empty one), DamagedLab, LabBusy."""
    mode = "READ_ONLY" if read_only else f"READ_WRITE, STORAGE_VERSION '{_STORAGE}'"
    try:
        if passphrase is None:
            con.execute(f"ATTACH {literal(path)} AS lab ({mode})")
        else:
            load(con, "httpfs")
            con.execute(f"ATTACH {literal(path)} AS lab ({mode}, ENCRYPTION_KEY ?)", [_key(path, passphrase)])
    except duckdb.Error as error:
        raise _attach_error(path, error, encrypted=passphrase is not None) from None


def storage_error(path: Path, error: BaseException) -> StoreError:
    """Return the sentence for one of STORAGE_ERRORS."""
    text = str(error).splitlines()[0]
    said = any(words in text for words in ("checksum", "orrupt", "enough bytes"))
    if said or isinstance(error, duckdb.SerializationException):
        return DamagedLab(f"{path} is damaged ({text}); restore a backup", path=str(path))
    return StoreError(f"{path} can't be read or written ({text}); nothing of it was kept", path=str(path))


def _key(path: Path, passphrase: str) -> str:
    """Return the key that DuckDB gets: slow to guess, and ASCII (DuckDB interprets backslashes and refuses accents).

    The salt is the same everywhere, because nothing of the file can be read before; DuckDB adds one of each file.
    """
    if not passphrase:
        raise WrongPassphrase(f"{path}: the passphrase is empty", path=str(path))
    text = unicodedata.normalize("NFC", passphrase).encode()
    return hashlib.scrypt(text, salt=b"bankklient_lab 1", n=2**15, r=8, p=1, maxmem=2**26, dklen=32).hex()


def _attach_error(path: Path, error: duckdb.Error, *, encrypted: bool) -> StoreError:
    text = str(error)
    if "Could not set lock" in text:
        return LabBusy(f"{path} is open in another program that is not bankklient; close it there", path=str(path))
    if "encryption key" in text.lower() or "without a key" in text or "encrypted" in text.lower():
        said = "the passphrase is not that of the lab" if encrypted else "the lab is encrypted; give its passphrase"
        return WrongPassphrase(f"{path}: {said}", path=str(path))
    return DamagedLab(f"{path} can't be read as a lab ({text.splitlines()[0]}); restore a backup", path=str(path))
