"""The folder where people put what a bank gave them: statements (camt, MT940, GPC ...) and states of orders (pain.002).

Each file counts once. What was taken over is moved into the folder TAKEN within it, what was refused into REFUSED; none
is ever deleted. A hidden file, one with a name of FOR_NOW, and one that was written to a moment ago are left alone:
somebody is still writing them. So is one that is changed or replaced while it is read: what came then is for the next
transmission.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bankklient_lab.balancing.batch_record import move
from bankklient_lab.codebooks.codes import UNANSWERED, Sent
from bankklient_lab.errors import FormatError, StoreError, Unreachable
from bankklient_lab.exchange.answers import apply_answers
from bankklient_lab.exchange.protocol import shortened
from bankklient_lab.exchange.statements import import_statements
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.order_answers import STATUS_MESSAGE, read_status
from bankklient_lab.formats.sources import open_ordinary
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab

TAKEN, REFUSED = "taken-over", "refused"
FOR_NOW = (".part", ".tmp", ".crdownload", ".filepart")
SECONDS_AT_REST = 5.0  # since the last change of a file
FILES_MAX = 1000  # of one transmission; the rest is for the next
ANSWER_BYTES_MAX = 64 * 1024 * 1024
_HEAD_BYTES = 4096
_MARK = f":{STATUS_MESSAGE.rsplit('.', 2)[0]}.".encode("ascii")  # in the namespace of every version


def take_files(lab: Lab, folder: Path, job: Job) -> Iterator[dict[str, Any]]:
    """Take over the files that are finished, the oldest first, and yield of each name, status and note.

    The status is taken (what it says is new), known (nothing in it is) or refused (the note says why). Raises
    Unreachable while the folder can't be read or written, and what a transmission can't go on after.
    """
    for path in _finished(lab, folder):
        name = path.name.encode("utf-8", "backslashreplace").decode()  # a file's name may be no text
        job.step(f"processing {name}")
        before = _stamp(path)
        try:
            status, note = _take(lab, path, name, job)
        except FormatError as error:
            status, note = "refused", error.message
        same = before is not None and _stamp(path) == before
        if status == "refused" and not same:
            continue
        if same:
            _put_away(path, folder / (REFUSED if status == "refused" else TAKEN))
        with lab.database.tx("ops") as cursor:
            lab.log(cursor, "take_file", name, status=status, note=note)
        yield {"name": name, "status": status, "note": note}


def _finished(lab: Lab, folder: Path) -> list[Path]:
    now = lab.clock().timestamp()
    found = []
    try:
        for path in folder.iterdir():
            if path.name.startswith(".") or path.suffix.lower() in FOR_NOW or path.is_symlink() or not path.is_file():
                continue
            changed = path.stat().st_mtime
            if not 0 <= now - changed < SECONDS_AT_REST:
                found.append((changed, path.name, path))
    except OSError as error:
        raise Unreachable(f"the folder {folder} can't be read ({error.strerror})") from None
    return [path for _, _, path in sorted(found)[:FILES_MAX]]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when a file is written or replaced, None for one that is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _take(lab: Lab, path: Path, name: str, job: Job) -> tuple[str, str]:
    """Return status and note of a file; FormatError when it is refused."""
    with open_ordinary(path) as source:
        if _MARK not in source.read(_HEAD_BYTES):
            return import_statements(lab, path, name, job)
        source.seek(0)
        content = source.read(ANSWER_BYTES_MAX + 1)
    if len(content) > ANSWER_BYTES_MAX:
        raise FormatError(f"states of orders have at most {ANSWER_BYTES_MAX} bytes")
    return _apply(lab, name, Message(STATUS_MESSAGE, content))


def _apply(lab: Lab, name: str, message: Message) -> tuple[str, str]:
    """Give orders the states that the bank tells; their batches are received then, which is its receipt."""
    ids = [answer.order_id for answer in read_status(message).answers]
    with lab.locks.working(lab.caller, "transmit", "batch", ("order_id", None)), lab.database.tx("ops") as cursor:
        findings = apply_answers(lab, cursor, message)
        unanswered = cursor.execute(
            "SELECT DISTINCT batch_id FROM ops.sent_order JOIN ops.batch USING (batch_id)"
            " WHERE order_id IN (SELECT unnest($ids::BIGINT[])) AND list_contains($open, ops.batch.status) ORDER BY 1",
            {"ids": ids, "open": list(UNANSWERED)},
        ).fetchall()
        for (batch_id,) in unanswered:
            move(lab, cursor, batch_id, Sent.RECEIVED, note=name)
    return "taken", shortened(findings)


def _put_away(path: Path, folder: Path) -> None:
    """Move a file into a folder beside it, under another name where its own is taken."""
    try:
        folder.mkdir(exist_ok=True)
        target, number = folder / path.name, 1
        while target.exists():
            number += 1
            target = folder / f"{path.stem}-{number}{path.suffix}"
        path.rename(target)
    except OSError as error:
        raise StoreError(f"{path} is taken over and can't be put into {folder} ({error.strerror})") from None
