"""The transmission protocol, and the archive of received files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import FormatError, Refused, UnknownName
from bankklient_lab.formats.sources import open_ordinary, unreadable
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.numbers import bank_day

FROM_ACCOUNTING_SYSTEM = 0  # type of batch
SEES_ALL = 156  # the permission for all that was imported
IN_A_YEAR_MAX = 9_999
FILE_NAME_KEPT = 200  # of a name that was refused for its length
_PART_BYTES = 4 * 1024**2
_HASH_BYTES = 1024**2


@dataclass(frozen=True, slots=True)
class Measured:
    """A file as it was before it was read."""

    path: Path
    bytes: int
    sha256: str
    stamp: tuple[int, int, int]


@table_action()
def transmissions(lab: Lab) -> Read:
    """Return the transmission protocol, newest first.

    Columns: transmission_id, batch_type (0: from an accounting system), accounting_system, batch_order (yyyynnnn),
    file_name, file_bytes, sha256, format, version, orders, wrong, duplicates, moved (past maturities that became the
    day of the receipt), error (empty: received), done_by (reference of the user), done_at (UTC).
    """
    return lab.read("FROM ops.transmission ORDER BY transmission_id DESC")


@action("36", mode="standard")
def received_file(lab: Lab, transmission_id: int) -> bytes:
    """Return the content of a received file as it came, of the caller's own receipts or with 156 of any.

    UnknownName for others, and for a line of the protocol without a file.
    """
    with lab.database.reading() as cursor:
        found = cursor.execute("SELECT done_by FROM ops.transmission WHERE transmission_id = ?", [transmission_id])
        if (lab.caller.reference,) not in found.fetchall() and SEES_ALL not in lab.rights.held(lab.caller):
            raise _no_file(transmission_id)
        return b"".join(_content(cursor, transmission_id))


def names_received(cursor: Any, system: int) -> set[str]:
    """Return the names of the files that an accounting system's receipts have taken over, in small letters."""
    rows = cursor.execute(
        "SELECT lower(file_name) FROM ops.transmission WHERE batch_type = ? AND accounting_system = ? AND error = ''",
        [FROM_ACCOUNTING_SYSTEM, system],
    ).fetchall()
    return {name for (name,) in rows}


def next_batch(lab: Lab, cursor: Any, number: int) -> tuple[int, str]:
    """Return the numbers that the next receipt from an accounting system has: its own, and yyyynnnn."""
    year = bank_day(lab).year
    ((last, count),) = cursor.execute(
        "SELECT coalesce(max(transmission_id), 0),"
        " coalesce(max(batch_order[5:]::INTEGER) FILTER (accounting_system = ? AND batch_order[:4] = ?::VARCHAR), 0)"
        " FROM ops.transmission",
        [number, year],
    ).fetchall()
    if count >= IN_A_YEAR_MAX:
        raise Refused(
            f"accounting system {number} has sent {IN_A_YEAR_MAX} files in {year}; a year has no more numbers"
        )
    return last + 1, f"{year}{count + 1:04d}"


def measure(path: Path) -> Measured:
    """Return size and digest of a file; FormatError when it can't be read."""
    with open_ordinary(path) as source:
        try:
            found = os.fstat(source.fileno())
            digest = hashlib.file_digest(source, "sha256")
        except OSError as error:
            raise unreadable(error) from None
    return Measured(path, found.st_size, digest.hexdigest(), _stamp(found))


def archive_file(cursor: Any, transmission_id: int, file: Measured) -> None:
    """Keep a received file as it is, compressed; FormatError when it is not the one that was measured any more."""
    import pyarrow as pa

    digest = hashlib.sha256()
    with open_ordinary(file.path) as source:
        part = 0
        while content := source.read(_PART_BYTES):
            digest.update(content)
            part += 1
            packed = pa.compress(content, codec="zstd", asbytes=True)
            cursor.execute(
                "INSERT INTO ops.received_file VALUES (?, ?, ?, ?)", [transmission_id, part, len(content), packed]
            )
    if digest.hexdigest() != file.sha256:
        raise FormatError("the file was changed while it was read; receive it again when it is finished")


def _no_file(transmission_id: int) -> UnknownName:
    return UnknownName("received file", transmission_id, "see the transmission protocol")


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _content(cursor: Any, transmission_id: int) -> Iterator[bytes]:
    """Give the content of a received file in parts; UnknownName when there is none."""
    import pyarrow as pa

    ((parts,),) = cursor.execute(
        "SELECT count(*) FROM ops.received_file WHERE transmission_id = ?", [transmission_id]
    ).fetchall()
    if not parts:
        raise _no_file(transmission_id)
    for part in range(1, parts + 1):
        ((size, packed),) = cursor.execute(
            "SELECT bytes, content FROM ops.received_file WHERE (transmission_id, part) = (?, ?)",
            [transmission_id, part],
        ).fetchall()
        yield pa.decompress(packed, decompressed_size=size, codec="zstd", asbytes=True)
