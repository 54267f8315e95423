"""The channel for any bank of today: the messages of a batch as plain files in a folder, from where they are uploaded.

The files are parts of the frozen payload, so writing them again writes the same. Nobody answers here: a batch stays
transferred until somebody records what the bank said of it (`record_answer`). Numbers that were given up concern
nobody, since such files carry none.
"""

from __future__ import annotations

from pathlib import Path

from bankklient_lab.errors import BadArgument, Unreachable
from bankklient_lab.formats.batches import read_batch
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.store.files import write_whole


class Folder:
    """A folder of the lab's machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def leave(self, identity: BatchIdentity, payload: bytes) -> None:
        """Write the messages of a batch, each whole or not at all; Unreachable while the folder can't be written."""
        stem = identity.file_name("00").removesuffix(".00")
        for number, message in enumerate(read_batch(payload).messages, start=1):
            try:
                write_whole(self._path / f"{stem}-{number}.{message.name}.xml", message.content)
            except BadArgument as error:
                raise Unreachable(error.message) from None
