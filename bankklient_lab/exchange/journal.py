"""The witness of what was sent: a file beside the lab that says which batches went out, written before they do.

Each line names a batch, the SHA-256 of its payload and the hash of the line before with this one. It is on the disk
before the network is touched, so a lab that was replaced by an older copy of its file is found out before it sends
another batch under a number that the bank has.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from bankklient_lab.balancing.making import CREATED
from bankklient_lab.balancing.unsent import DELETED
from bankklient_lab.errors import Refused, StoreError
from bankklient_lab.exchange.protocol import DELETION_RECORDED
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.identity import BatchIdentity

_PARTS = 3  # of a line: identity, hash of the payload, chained hash


def journal_path(lab: Path) -> Path:
    """Return where the journal of a lab lies."""
    return lab.with_name(lab.name + ".sent")


def note_sending(lab: Lab, identity: BatchIdentity, sha256: str) -> None:
    """Note that a batch is about to go out; it is on the disk when this returns. A batch is noted once."""
    path = journal_path(lab.path)
    lines = _lines(path)
    if any(line[:2] == (identity.line, sha256) for line in lines):
        return
    chain = _chained(lines[-1][2] if lines else "", identity.line, sha256)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "ab") as target:
            target.truncate(_whole_bytes(path))
            target.write(f"{identity.line} {sha256} {chain}\n".encode("ascii"))
            target.flush()
            os.fsync(target.fileno())
    except OSError as error:
        raise StoreError(f"{path} can't be written ({error.strerror}); nothing was sent") from None


def check_journal(lab: Lab) -> None:
    """Refuse when the journal says more than the lab: then the lab's file is older than what was sent."""
    path = journal_path(lab.path)
    known = {
        BatchIdentity(own, point, batch_type, year, number).line: (sha256, status)
        for own, point, batch_type, year, number, sha256, status in lab.rows(
            "SELECT o.point, b.point, batch_type, year, number, payload_sha256, status FROM ops.batch b"
            " CROSS JOIN ops.connection_point o WHERE direction = 'send' AND o.role = 'own'"
        )
    }
    before = ""
    for line, sha256, chain in _lines(path):
        if chain != _chained(before, line, sha256):
            raise Refused(f"{path} was changed by hand; nothing is sent until it is clear what the bank has")
        before = chain
        kept, status = known.get(line, ("", CREATED))
        if kept != sha256 or status in (CREATED, DELETED, DELETION_RECORDED):
            _, _, batch_type, order = line.split("|")
            raise Refused(
                f"batch {batch_type} {order} was sent before, and this lab does not know it so: its file is an older"
                " one; put back the newest copy, or ask the bank what it has"
            )


def _lines(path: Path) -> list[tuple[str, str, str]]:
    """Return the whole lines; the end of one that a crash cut off was followed by no sending."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{path} can't be read ({error.strerror}); nothing was sent") from None
    lines = []
    for line in content.decode("ascii", "replace").split("\n")[:-1]:
        parts = line.split(" ")
        if len(parts) != _PARTS or parts[0].count("|") != _PARTS:
            raise Refused(f"{path} was changed by hand; nothing is sent until it is clear what the bank has")
        lines.append((parts[0], parts[1], parts[2]))
    return lines


def _whole_bytes(path: Path) -> int:
    return path.read_bytes().rfind(b"\n") + 1


def _chained(before: str, line: str, sha256: str) -> str:
    return hashlib.sha256(f"{before} {line} {sha256}".encode("ascii")).hexdigest()
