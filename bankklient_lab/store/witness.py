"""The witness of a lab's log: a small file beside the lab that says how far each chain of the log had come.

The chains alone show what was changed, put in or removed among their entries; a log that was cut at its end, or a file
that was replaced by an older one, is found by the witness. It is written after each commit that logged something, and
never forced to the disk: after a crash it may lag behind the log, which is no finding. Once it contradicts the log it
stays as it is until it is renewed on purpose.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from bankklient_lab.errors import StoreError
from bankklient_lab.store.database import Database


class Witnessed(NamedTuple):
    """What a witness says: of which lab, since when it is kept, and number and hash of each chain's newest entry."""

    lab_id: str
    begun_at: str
    chains: dict[str, tuple[int, str]]


def witness_path(lab: Path) -> Path:
    """Return where the witness of a lab lies."""
    return lab.with_name(lab.name + ".witness")


def read_witness(lab: Path) -> Witnessed | None:
    """Return what the witness of a lab says; None when there is none that can be read."""
    try:
        kept = json.loads(witness_path(lab).read_text("utf-8"))
        chains = {str(chain): (int(number), str(digest)) for chain, (number, digest) in kept["chains"].items()}
        return Witnessed(str(kept["lab"]), str(kept["begun_at"]), chains)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def drop_witness(lab: Path) -> None:
    """Remove the witness of a lab that is made anew under this name, such as from a backup."""
    witness_path(lab).unlink(missing_ok=True)


def as_values(lab: Path) -> dict[str, list[object]]:
    """Return the chains of a witness as the lists that the macro log_unwitnessed takes."""
    kept = read_witness(lab)
    chains = kept.chains if kept else {}
    return {
        "witness_chains": list(chains),
        "witness_numbers": [number for number, _ in chains.values()],
        "witness_hashes": [digest for _, digest in chains.values()],
    }


UNWITNESSED = "FROM app.log_unwitnessed($witness_chains, $witness_numbers, $witness_hashes)"


class Witness:
    """Keeps the witness of one open lab; threads may share it."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now
        self._lock = threading.Lock()
        self._kept: Witnessed | None = None
        self._contradicts = False
        self.failure = ""  # why it could not be written the last time

    def note(self, chain: str, number: int, digest: str) -> None:
        """Note the newest entry of a chain, which is committed; an older one than is known changes nothing."""
        with self._lock:
            try:
                self._kept = self._kept or self._begun()
            except StoreError as error:
                self.failure = error.message
                return
            known = self._kept.chains.get(chain)
            if self._contradicts or (known and known[0] >= number):
                return
            self._kept.chains[chain] = (number, digest)
            self._write(self._kept)

    def lab_id(self) -> str:
        """Return the id of the lab whose witness this is."""
        with self._database.reading() as cursor:
            row = cursor.execute("SELECT value FROM ops.setting WHERE name = 'lab_id'").fetchone()
        return str(row[0]) if row else ""

    def renew(self) -> None:
        """Begin again with the log as it is now, whatever the witness said."""
        with self._lock:
            drop_witness(self._database.path)
            self._kept = self._begun()

    def _begun(self) -> Witnessed:
        """Return the witness that lies there, and see whether it contradicts the log, or begin one with the log."""
        with self._database.reading() as cursor:
            tails = cursor.execute("SELECT chain, number, hash FROM ops.log_tail WHERE number > 0").fetchall()
            broken = cursor.execute(UNWITNESSED, as_values(self._database.path)).fetchone()
        known = self.lab_id()
        found = read_witness(self._database.path)
        self._contradicts = broken is not None or (found is not None and found.lab_id != known)
        begun = Witnessed(known, self._now().isoformat(), {chain: (number, digest) for chain, number, digest in tails})
        if found is None:
            self._write(begun)
        return found or begun

    def _write(self, kept: Witnessed) -> None:
        """Replace the file; a disk that refuses does not undo what is committed, but is told by whoever verifies."""
        path = witness_path(self._database.path)
        part = path.with_name(path.name + ".part")
        content = json.dumps({"lab": kept.lab_id, "begun_at": kept.begun_at, "chains": kept.chains})
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as target:
                target.write(content)
            part.replace(path)
            self.failure = ""
        except OSError as error:
            self.failure = error.strerror or str(error)
