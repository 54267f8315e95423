"""Copies a file and says what was written: run as a process of its own beside the owner of a database file.

The owner never opens its database file a second time, because closing that would drop its lock. The copy is on the
disk (fsync) when this ends.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from bankklient_lab.errors import StoreError

_CHUNK = 4 * 1024**2


class Copied(NamedTuple):
    """What a copy has: its length in bytes and SHA-256."""

    size: int
    sha256: str


def copy(source: Path, target: Path) -> Copied:
    """Copy a file that this process does not own as a database; FileExistsError when the target is there."""
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with source.open("rb") as given, os.fdopen(descriptor, "wb") as made:
        while chunk := given.read(_CHUNK):
            digest.update(chunk)
            made.write(chunk)
            size += len(chunk)
        made.flush()
        os.fsync(made.fileno())
    return Copied(size, digest.hexdigest())


def copy_apart(source: Path, target: Path) -> Copied:
    """Copy the database file that this process owns, by a child process; StoreError says why it could not."""
    command = [sys.executable, "-m", __name__, str(source), str(target)]
    done = subprocess.run(command, capture_output=True, check=False, text=True, cwd="/")  # noqa: S603 - our own program
    if done.returncode:
        raise StoreError(f"the copy to {target} could not be made ({done.stderr.strip().splitlines()[-1][:200]})")
    return Copied(**json.loads(done.stdout))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def sync_folder(path: Path) -> None:
    """Make the names in a folder last."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(copy(Path(sys.argv[1]), Path(sys.argv[2]))._asdict()))
    except OSError as error:
        sys.exit(error.strerror or str(error))
