"""The witness of what was sent: a file beside the lab that says which batches went out, written before they do.

Each line names a batch, the SHA-256 of its payload and the hash of the line before with this one. It is on the disk
before the network is touched, so a lab that was replaced by an older copy of its file is found out before it sends
another batch under a number that the bank has.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from bankklient_lab.codebooks.codes import Sent
from bankklient_lab.errors import Refused, StoreError
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.identity import BatchIdentity

_BARS = 3  # in an identity


def journal_path(lab: Path) -> Path:
    """Return where the journal of a lab lies."""
    return lab.with_name(lab.name + ".sent")


class Journal:
    """The journal of a lab, read once, for a transmission."""

    def __init__(self, lab: Lab) -> None:
        """Read it; Refused when it says more than the lab: then the lab's file is older than what was sent."""
        self._path = journal_path(lab.path)
        content = self._content()
        self._bytes = content.rfind(b"\n") + 1  # a crash cut off what comes after, and no sending followed it
        self._last = ""  # chained hash
        self._noted: set[tuple[str, str]] = set()
        for line, sha256, chain in map(self._parts, content[: self._bytes].decode("ascii", "replace").split("\n")[:-1]):
            if chain != _chained(self._last, line, sha256):
                raise self._changed()
            self._last = chain
            self._noted.add((line, sha256))
        self._compare(lab)

    def note(self, identity: BatchIdentity, sha256: str) -> None:
        """Note that a batch is about to go out; it is on the disk when this returns. A batch is noted once."""
        if (identity.line, sha256) in self._noted:
            return
        chain = _chained(self._last, identity.line, sha256)
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "ab") as target:
                target.truncate(self._bytes)
                target.write(f"{identity.line} {sha256} {chain}\n".encode("ascii"))
                target.flush()
                os.fsync(target.fileno())
                self._bytes = target.tell()
        except OSError as error:
            raise StoreError(f"{self._path} can't be written ({error.strerror}); nothing was sent") from None
        self._last = chain
        self._noted.add((identity.line, sha256))

    def _compare(self, lab: Lab) -> None:
        known = {
            (BatchIdentity(own, point, batch_type, year, number).line, sha256)
            for own, point, batch_type, year, number, sha256 in lab.rows(
                "SELECT o.point, b.point, batch_type, year, number, payload_sha256 FROM ops.batch b"
                " CROSS JOIN ops.connection_point o WHERE direction = 'send' AND o.role = 'own'"
                " AND b.status <> $made AND batch_id IN (SELECT batch_id FROM ops.batch_event WHERE status = $out)",
                {"made": Sent.CREATED, "out": Sent.ABORTED},  # the first that follows when one goes out
            )
        }
        for line, _ in sorted(self._noted - known):
            _, _, batch_type, order = line.split("|")
            raise Refused(
                f"batch {batch_type} {order} was sent before, and this lab does not know it so: its file is an older"
                " one; put back the newest copy, or ask the bank what it has"
            )

    def _content(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StoreError(f"{self._path} can't be read ({error.strerror}); nothing was sent") from None

    def _parts(self, line: str) -> tuple[str, str, str]:
        match line.split(" "):
            case [identity, sha256, chain] if identity.count("|") == _BARS:
                return identity, sha256, chain
        raise self._changed()

    def _changed(self) -> Refused:
        return Refused(f"{self._path} was changed by hand; nothing is sent until it is clear what the bank has")


def _chained(before: str, line: str, sha256: str) -> str:
    return hashlib.sha256(f"{before} {line} {sha256}".encode("ascii")).hexdigest()
