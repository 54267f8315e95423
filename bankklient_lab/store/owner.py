"""Who holds a lab's database file: one process, told by a lock on a small file beside it.

The lock is ours (flock on `<lab>.owner`), because DuckDB's own lock vanishes when the owning process
opens or copies the database file a second time. The file tells others how to reach the owner; a stale one (its
process is gone) is recognised by the lock being free.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from bankklient_lab.errors import LabBusy, StoreError


@dataclass(frozen=True, slots=True)
class OwnerCard:
    """What the owner says of itself; `address` and `token` are empty while it offers no endpoint.

    One that is `serving` others is likely to be started again when it ends.
    """

    pid: int
    since: str
    command: str
    address: str = ""
    token: str = ""
    serving: bool = False


class Ownership:
    """The lock of one database file, held from `take` to `release`."""

    def __init__(self, database: Path) -> None:
        self._path = card_path(database)
        self._database = database
        self._fd = -1
        self.card = OwnerCard(pid=0, since="", command="")

    def take(self, card: OwnerCard) -> Self:
        """Become the owner and leave `card` for others; LabBusy names the process that holds the file."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StoreError(
                f"{self._path} can't be opened ({error.strerror}); the lab's folder must be yours"
            ) from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.fchmod(fd, 0o600)  # the card has the token
        except BlockingIOError:
            os.close(fd)
            raise busy(self._database) from None
        except OSError as error:
            os.close(fd)
            raise StoreError(f"{self._path} is not yours ({error.strerror})") from None
        self._fd = fd
        try:
            self.publish(card)
        except StoreError:
            self.release()
            raise
        return self

    def publish(self, card: OwnerCard) -> None:
        """Replace the card, for example once the endpoint listens; StoreError when it can't be written."""
        self.card = card
        data = json.dumps(asdict(card)).encode()
        try:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, data, 0)
        except OSError as error:
            raise StoreError(f"{self._path} can't be written ({error.strerror}); is the disk full?") from None

    def release(self) -> None:
        """Give the file free; calling it again does nothing."""
        if self._fd >= 0:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = -1


def card_path(database: Path) -> Path:
    """Return the path of the owner card of a database file."""
    return database.with_name(database.name + ".owner")


def current_owner(database: Path) -> OwnerCard | None:
    """Return the card of the live owner, None when the file is free. An owner just starting has no card yet: pid 0."""
    try:
        fd = os.open(card_path(database), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:  # there is none, or it is not ours to read
        return None
    try:
        fcntl.flock(
            fd, fcntl.LOCK_SH | fcntl.LOCK_NB
        )  # shared: two that ask at once don't take each other for an owner
    except BlockingIOError:
        text = os.pread(fd, 65536, 0).decode("utf-8", "replace")
        try:
            return OwnerCard(**json.loads(text))
        except (ValueError, TypeError):
            return OwnerCard(pid=0, since="", command="")
    else:
        return None
    finally:
        os.close(fd)


def busy(database: Path) -> LabBusy:
    """Return the error that says who holds the file."""
    owner = current_owner(database)
    who = f"process {owner.pid} ({owner.command}, since {owner.since})" if owner and owner.pid else "another process"
    return LabBusy(
        f"{database} is in use by {who}; wait until it is done or start `bankklient serve`, which everyone can share",
        path=str(database),
        pid=owner.pid if owner else 0,
    )
