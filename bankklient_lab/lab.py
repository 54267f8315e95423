"""Lab: an open workbench = database + user + clock, here or in the process that owns the file."""

from __future__ import annotations

import copy
import getpass
import json
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from bankklient_lab.codebooks import rows as codebook
from bankklient_lab.errors import BadArgument, StoreError, UnknownName
from bankklient_lab.rights.codebooks import ensure_codebooks
from bankklient_lab.rights.identity import NOBODY, Identity
from bankklient_lab.rights.keeper import Keeper
from bankklient_lab.rights.locks import Locks
from bankklient_lab.rights.retention import cut_log
from bankklient_lab.rights.settings import read_setting
from bankklient_lab.rights.system import ensure_access
from bankklient_lab.store.database import Database
from bankklient_lab.store.owner import OwnerCard, Ownership
from bankklient_lab.store.witness import Witness

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from bankklient_lab.actions import Action

Clock = Callable[[], datetime]
ENVIRONMENT_LAB = "BANKKLIENT_LAB"


class RemoteCalls(Protocol):
    """The way to the process that owns the lab."""

    def call(self, action: Action[..., Any], args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        """Run the action there and return what it returns; its LabError is raised here."""

    def close(self) -> None:
        """Let go of the connection."""


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


class Sharing(Protocol):
    """What lets other processes use a lab that this process owns."""

    def stop(self) -> None:
        """Answer the calls under way and take no more."""


@dataclass(frozen=True, slots=True)
class Read:
    """A read of our own SQL, made once its form is chosen: a command does without Arrow, whose import takes 0.1 s."""

    lab: Lab
    sql: str
    parameters: Mapping[str, object]

    def arrow(self) -> pa.Table:
        """Return the Arrow table."""
        return self.lab.query(self.sql, self.parameters)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as dicts by column; decimals stay exact."""
        with self.lab.database.reading() as cursor:
            found = cursor.execute(self.sql, dict(self.parameters))
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


class Pages(Protocol):
    """The dashboards of a lab, served by the process that owns it."""

    def new_link(self) -> str:
        """Return another one-time link, for one more browser."""


class RepeatableCall(Protocol):
    """A call with a key of its caller: done once, however often it is sent."""

    def answered(self, cursor: Any) -> tuple[bool, Any]:
        """Tell whether it was done before, and what it returned; Refused for the key of another call."""

    def keep(self, cursor: Any, result: Any) -> None:
        """Keep what it returned, within the transaction of `cursor`."""


class Lab:
    """An open lab in the hands of its `caller`. `remote` is None when this process owns the file."""

    def __init__(
        self,
        path: Path,
        *,
        database: Database | None = None,
        ownership: Ownership | None = None,
        remote: RemoteCalls | None = None,
        clock: Clock = utc_now,
        user: str = "",
    ) -> None:
        assert (database is None) != (remote is None)
        self.path = path
        self.remote = remote
        self.clock = clock
        self.ownership = ownership
        self.sharing: Sharing | None = None
        self.pages: Pages | None = None
        self.repeatable: RepeatableCall | None = None
        self.outside = False
        self.notices: list[str] = []  # what opening it changed
        self.renewed_codebooks: list[str] = []  # by opening it: orders that wait are then to be checked again
        self._database = database
        name = user or getpass.getuser()
        self.caller = Identity(0, name, "")
        if database is not None:
            self.witness = Witness(database, clock)
            self.rights = Keeper(database, clock)
            self.locks = Locks(self.rights.others, clock, partial(read_setting, database))
            self.notices = ensure_access(database, name, clock(), self.log)
            self.renewed_codebooks = ensure_codebooks(database, clock().date(), self.log)
            self.caller = NOBODY if self.rights.controlled else self.rights.owner(name)
            self.rights.end_left_over(opening=True)
            cut_log(database, clock(), self.log)

    @property
    def user(self) -> str:
        """The name that the log gets."""
        return self.caller.name

    @property
    def database(self) -> Database:
        """The database, in the process that owns the file."""
        if self._database is None:
            raise StoreError(f"{self.path} is closed or owned by another process")
        return self._database

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Run one read of our own SQL with bound parameters (`$name`) and return the Arrow table."""
        with self.database.reading() as cursor:
            return cursor.execute(sql, dict(parameters or {})).to_arrow_table()

    def read(self, sql: str, parameters: Mapping[str, object] | None = None) -> Read:
        """Return a read of our own SQL with bound parameters (`$name`), which is what a table action returns."""
        return Read(self, sql, parameters or {})

    def rows(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """Run one read of our own SQL with bound parameters and return the rows; decimals stay exact."""
        with self.database.reading() as cursor:
            return cursor.execute(sql, dict(parameters or {})).fetchall()

    def sql(self, text: str, *, seconds: int = 30) -> pd.DataFrame:
        """Return the answer to one SELECT over the published relations, as analysis.sql.sql says."""
        from bankklient_lab.analysis.sql import sql

        return sql(self, text, seconds=seconds)

    def log(self, cursor: Any, action: str, subject: str, **details: object) -> None:
        """Append an entry to the log within the transaction of `cursor` (lane ops).

        `action` is a message of data/codebooks/log_messages.csv, which says to which of the log's chains it belongs.
        """
        chain = _chains().get(action)
        if chain is None:
            raise UnknownName("message of the log", action)
        told = json.dumps(details, default=str, ensure_ascii=False)
        ((before, number, log_id),) = cursor.execute(
            "SELECT hash, number + 1, (SELECT max(log_id) + 1 FROM ops.log_tail) FROM ops.log_tail WHERE chain = ?",
            [chain],
        ).fetchall()
        entry = [log_id, self.clock(), self.user, action, subject, told, chain, number, self.caller.session_id]
        ((digest,),) = cursor.execute(_LOG, [before, *entry]).fetchall()
        cursor.execute(
            "UPDATE ops.log_tail SET number = ?, hash = ?, log_id = ? WHERE chain = ?", [number, digest, log_id, chain]
        )
        self.database.after_commit(partial(self.witness.note, chain, number, digest))

    def acting(self, caller: Identity, repeatable: RepeatableCall | None = None) -> Lab:
        """Return this lab in the hands of another caller; close the original only."""
        other = copy.copy(self)
        other.caller, other.repeatable = caller, repeatable
        return other

    def from_outside(self, caller: Identity) -> Lab:
        """Return this lab in the hands of a caller in another process, whose word on files is not taken."""
        other = self.acting(caller)
        other.outside = True
        return other

    def close(self) -> None:
        """Close the lab; calling it again does nothing."""
        if _OPEN.get(self.path) is self:
            del _OPEN[self.path]
        if self.sharing is not None:
            self.sharing.stop()
            self.sharing = None
        if self.remote is not None:
            self.remote.close()
        try:
            if self._database is not None:
                self._log_out()
        finally:
            if self._database is not None:
                self._database.close()
                self._database = None
            if self.ownership is not None:
                self.ownership.release()
                self.ownership = None

    def _log_out(self) -> None:
        """End the session that opening the lab in this process began."""
        session_id = self.caller.session_id
        if self.caller.channel != "local" or session_id is None or self.rights.session(session_id) is None:
            return
        with self.database.tx("ops") as cursor:
            self.rights.end_session(session_id, self.caller.reference)
            self.log(cursor, "logout", self.user, session=session_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


_LOG = """
    INSERT INTO ops.log (log_id, done_at, by_user, action, subject, details, chain, number, session_id, hash)
    SELECT e.*, log_hash(?, log_id, chain, number, done_at, by_user, session_id, action, subject, details)
    FROM (SELECT ?::BIGINT, ?::TIMESTAMPTZ, ?, ?, ?, ?, ?, ?::BIGINT, ?::BIGINT)
        e(log_id, done_at, by_user, action, subject, details, chain, number, session_id)
    RETURNING hash
"""


@cache
def _chains() -> dict[str, str]:
    """Return the chain of each message of the log."""
    return {row["action"]: row["chain"] for row in codebook("log_messages")}


_OPEN: weakref.WeakValueDictionary[Path, Lab] = weakref.WeakValueDictionary()
_OPENING = threading.Lock()


def close_all() -> None:
    """Close every lab that this process owns."""
    for lab in list(_OPEN.values()):
        lab.close()


def lab_path(path: str | Path | None) -> Path:
    """Return the absolute path of a lab, from BANKKLIENT_LAB when None; BadArgument when there is none."""
    given = path or os.environ.get(ENVIRONMENT_LAB)
    if not given:
        raise BadArgument(f"no lab is named: give --lab FILE or set {ENVIRONMENT_LAB}")
    return absolute(given)


def absolute(given: str | Path) -> Path:
    """Return a path in full, whether or not something is there; BadArgument for what can't be a path."""
    try:
        path = Path(given).expanduser().resolve()
        path.exists()  # fails for a name that is too long
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle, an unknown user's home
        raise BadArgument(
            f"{str(given)[:200]!r} can't be a path ({getattr(error, 'strerror', None) or error})"
        ) from None
    return path


def own_card(clock: Clock = utc_now) -> OwnerCard:
    """Return the card of this process."""
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:3]])[:80]
    return OwnerCard(pid=os.getpid(), since=clock().isoformat(timespec="seconds"), command=command)


def open_here(
    path: Path, *, passphrase: str | None = None, create: bool = False, clock: Clock = utc_now, user: str = ""
) -> Lab:
    """Own the file in this process: one Lab per process and file, a second call returns the same.

    Raises LabBusy when another process owns it, and the errors of Database.
    """
    with _OPENING:
        known = _OPEN.get(path)
        if known is not None:
            return known
        if not path.parent.is_dir():
            raise StoreError(f"there is no folder {path.parent}; make it first", path=str(path))
        if not create and not path.is_file():
            raise StoreError(f"there is no lab at {path}; make one with `bankklient init {path}`", path=str(path))
        ownership = Ownership(path).take(own_card(clock))
        try:
            database = Database(path, passphrase=passphrase, create=create)
        except BaseException:
            ownership.release()
            raise
        try:
            lab = Lab(path, database=database, ownership=ownership, clock=clock, user=user)
        except BaseException:  # a file that is damaged further in
            database.close()
            ownership.release()
            raise
        _OPEN[path] = lab
        return lab


@contextmanager
def created(path: Path, *, passphrase: str | None = None, user: str = "") -> Iterator[Lab]:
    """Make a new lab, which belongs to `user` (who is logged in to this machine when empty), give it, and close it."""
    with open_here(path, passphrase=passphrase, create=True, user=user) as lab:
        yield lab
