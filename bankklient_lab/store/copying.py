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
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from bankklient_lab.errors import StoreError

_CHUNK = 4 * 1024**2


class Copied(NamedTuple):
    """What a copy has: its length in bytes and SHA-256."""

    size: int
    sha256: str


def copy(source: Path, target: Path) -> Copied:
    """Copy a file that this process does not own as a database; FileExistsError when the target is there."""
    with source.open("rb") as given:
        return write(given, target)


def write(given: IO[bytes], target: Path) -> Copied:
    """Write a new file that only its owner may read; FileExistsError when it is there."""
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as made:
        for chunk in _chunks(given):
            digest.update(chunk)
            made.write(chunk)
            size += len(chunk)
        made.flush()
        os.fsync(made.fileno())
    return Copied(size, digest.hexdigest())


def measure(given: IO[bytes]) -> Copied:
    """Read all that is left of an open file and return what it has."""
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(given):
        digest.update(chunk)
        size += len(chunk)
    return Copied(size, digest.hexdigest())


def _chunks(given: IO[bytes]) -> Iterator[bytes]:
    while chunk := given.read(_CHUNK):
        yield chunk


def copy_apart(source: Path, target: Path) -> Copied:
    """Copy the database file that this process owns, by a child process; StoreError says why it could not."""
    command = [sys.executable, "-m", __name__, str(source), str(target)]
    done = subprocess.run(command, capture_output=True, check=False, text=True, cwd="/")  # noqa: S603 - our own program
    if done.returncode:
        raise StoreError(f"the copy to {target} could not be made ({done.stderr.strip().splitlines()[-1][:200]})")
    return Copied(**json.loads(done.stdout))


def sync_file(path: Path) -> None:
    """Make the content of a file that somebody else wrote last."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
