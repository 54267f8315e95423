"""Files that callers sent, in a folder of the lab that only its user can read, each kept for one call."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.server.limits import FILES_WAITING_MAX, SECONDS_FILES_WAIT

_ID = re.compile(r"[0-9a-f]{32}")


class Uploads:
    """The folder `<lab>.uploads`, mode 0700; it is there only while something is in it."""

    def __init__(self, lab: Path) -> None:
        self._folder = lab.with_name(lab.name + ".uploads")

    @contextlib.contextmanager
    def writing(self) -> Iterator[tuple[str, BinaryIO]]:
        """Give the id of a new file and the file open for writing; nothing stays when the block raises.

        Refused while too many files wait for the call that names them; after an hour nobody waits for one any more.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._make_room()
        name = secrets.token_hex(16)
        path = self._folder / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as target:
                yield name, target
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _make_room(self) -> None:
        waiting = 0
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # its call took it meanwhile
                if time.time() - path.stat().st_mtime > SECONDS_FILES_WAIT:
                    path.unlink()
                else:
                    waiting += 1
        if waiting >= FILES_WAITING_MAX:
            raise Refused(f"{waiting} files were sent and named in no call yet; name them, or try again later")

    def path(self, name: str) -> Path:
        """Return the path of an uploaded file; UnknownName for anything else."""
        if not isinstance(name, str) or not _ID.fullmatch(name) or not (self._folder / name).is_file():
            raise UnknownName("uploaded file", name)
        return self._folder / name

    def drop_named_in(self, value: Any) -> None:
        """Remove the files that the arguments of a call name."""
        if isinstance(value, dict):
            name = value.get("$file")
            if isinstance(name, str) and _ID.fullmatch(name):
                (self._folder / name).unlink(missing_ok=True)
            for item in value.values():
                self.drop_named_in(item)
        elif isinstance(value, list):
            for item in value:
                self.drop_named_in(item)

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self._folder, ignore_errors=True)
