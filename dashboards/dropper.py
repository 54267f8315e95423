"""Files dropped into a page go to disk piece by piece: a large file never stands in memory."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel as pn

from bankklient_lab.formats.base import LIMITS


class DiskDropper(pn.widgets.FileDropper):
    """A FileDropper whose files are written to a folder of its own, which goes when it goes.

    `arriving(name, share)` is called with every piece of a file, `dropped(name, path)` when all of it is there.
    """

    def __init__(
        self,
        dropped: Callable[[str, Path], None],
        removed: Callable[[str], None],
        arriving: Callable[[str, float], None],
        **params: Any,
    ) -> None:
        self._dropped, self._removed, self._arriving = dropped, removed, arriving
        self._folder: Path | None = None
        self._paths: dict[str, Path] = {}
        self._bytes: dict[str, int] = {}
        super().__init__(multiple=True, previews=[], **params)  # type: ignore[no-untyped-call]

    def _process_event(self, event: Any) -> None:
        data = event.data
        name = str(data["name"])
        if event.event_name == "delete_event":
            self._removed(name)
        else:
            self.receive(name, int(data["chunk"]), int(data["total_chunks"]), data["data"])

    def receive(self, name: str, piece: int, pieces: int, content: bytes) -> None:
        """Write one piece (from 1) of a file; the name is only a name, never a path."""
        if piece == 1:
            folder = self._made_folder()
            self._paths[name] = folder / f"{len(self._paths)}-{len(list(folder.iterdir()))}"
            self._bytes[name] = 0
        path = self._paths[name]
        self._bytes[name] += len(content)
        if self._bytes[name] > LIMITS.file_bytes:
            path.unlink(missing_ok=True)
            return
        with path.open("ab") as target:
            target.write(content)
        self._arriving(name, piece / pieces)
        if piece == pieces:
            self._dropped(name, path)

    def _made_folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="bankklient-drop-"))
            # Windows end in many ways; the folder goes with the last of them, and with the process at the latest.
            self._gone = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def discard(self) -> None:
        """Remove the folder."""
        if self._folder is not None:
            self._gone()
