"""The catalog `app`: codebooks and table macros, made once for each version and kept in a file of the user's cache.

DuckDB plans each macro when it is made, which takes longer than all else that opens a lab; attached from a file they
are there at once. The file is named after all that it is made of, so that another version has another one, and after
its own content; it holds nothing of a lab. Where it can't be kept, or somebody else could have written it, they are
made in memory.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb

from bankklient_lab.codebooks import load_codebooks, loaded_texts
from bankklient_lab.errors import StoreError
from bankklient_lab.store import archive
from bankklient_lab.store.literals import literal
from bankklient_lab.store.migrations import migrate

MACROS = ("bankklient_lab.rights", "bankklient_lab.history", "bankklient_lab.orders", "bankklient_lab.analysis")
# `memory` is DuckDB's own catalog: what only this opening of the lab has (store.archive, history.staging).
SEARCH_PATH = "SET search_path = 'lab,app,memory'"
WITHOUT_MACROS = "SET search_path = 'lab,memory'"
_DIGEST_CHARS = 32
_STALE_SECONDS = 30 * 24 * 3600
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def attach_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Attach the catalog `app` beside the catalog `lab`, and set the search path."""
    folder = _folder()
    if folder is not None:
        if _attached(con, folder):
            return
        _keep(folder)
        if _attached(con, folder):
            return
    _make(con, ":memory:")


def _attached(con: duckdb.DuckDBPyConnection, folder: Path) -> bool:
    """Attach a whole file that is the user's own, and tell whether there is one."""
    if not _is_ours(folder):
        return False
    for kept in sorted(folder.glob(f"{_stem()}-*.duckdb")):
        with suppress(OSError, duckdb.Error):  # somebody removed it just now
            if _is_ours(kept) and kept.stem.endswith(_content_digest(kept)):
                con.execute(f"ATTACH {literal(kept)} AS app (READ_ONLY)")
                con.execute(SEARCH_PATH)
                return True
    return False


def _keep(folder: Path) -> None:
    """Make the file and put it into the folder whole; nothing is there when that can't be.

    It is made in a DuckDB of its own with an empty lab of this version: one that can't write a file any more takes no
    other work, and the lab that is opened has nothing to do with that.
    """
    part = folder / f"{_stem()}.{secrets.token_hex(8)}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(folder):
            return
        _remove_stale(folder)
        with duckdb.connect(":memory:") as con:
            con.execute("ATTACH ':memory:' AS lab")
            con.execute(WITHOUT_MACROS)
            migrate(con)
            archive.define(con, folder, [])
            _make(con, str(part))
            con.execute(WITHOUT_MACROS)
            con.execute("DETACH app")
        part.chmod(0o600)
        part.replace(folder / f"{_stem()}-{_content_digest(part)}.duckdb")
    except (OSError, duckdb.Error, StoreError):  # no space, or nobody may write here; what is wrong in a macro is told
        pass  # when it is made in memory
    finally:
        for left in (part, part.with_name(f"{part.name}.wal")):
            with suppress(OSError):
                left.unlink()


def _make(con: duckdb.DuckDBPyConnection, place: str) -> None:
    """Create codebooks and macros; the numbers in the file names order them, a macro may use those before it."""
    con.execute(f"ATTACH {literal(place)} AS app")
    con.execute(SEARCH_PATH)
    con.execute("BEGIN")  # one write of the file
    load_codebooks(con)
    for text in _texts():
        con.execute(text)
    con.execute("COMMIT")


def _texts() -> Iterator[str]:
    for package in MACROS:
        for item in sorted(files(package).iterdir(), key=lambda item: item.name):
            if item.name.endswith(".sql"):
                yield item.read_text("utf-8")


@cache
def _stem() -> str:
    parts = [duckdb.__version__, *loaded_texts(), *_texts()]
    return f"macros-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:_DIGEST_CHARS]}"


def _content_digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:_DIGEST_CHARS]


def _folder() -> Path | None:
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(given) if Path(given).is_absolute() else Path.home() / ".cache") / "bankklient_lab"
    except RuntimeError:  # a user without a home
        return None


def _is_ours(path: Path) -> bool:
    """Tell whether a file or folder is there, is the user's, and nobody else can write it."""
    try:
        found = path.lstat()
    except OSError:
        return False
    whose = getattr(os, "geteuid", lambda: found.st_uid)()
    return not stat.S_ISLNK(found.st_mode) and found.st_uid == whose and not found.st_mode & _OTHERS_WRITE


def _remove_stale(folder: Path) -> None:
    """Remove files of other versions that nobody has made for long, and parts of processes that were killed."""
    for one in folder.glob("macros-*"):
        with suppress(OSError):
            if time.time() - one.stat().st_mtime > _STALE_SECONDS:
                one.unlink()
