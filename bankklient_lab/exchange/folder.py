"""The channel for any bank of today: the messages of a batch as plain files in a folder, from where they are uploaded.

The files are parts of the frozen payload, so writing them again writes the same. Nobody answers here: a batch stays
transferred until somebody records what the bank said of it (`record_answer`). Numbers that were given up concern
nobody, since such files carry none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bankklient_lab.errors import BadArgument, Unreachable
from bankklient_lab.exchange.channels import Announced, BankState, Parcel
from bankklient_lab.formats.batches import Batch, read_batch
from bankklient_lab.keys.points import BANK, point_of
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.store.files import write_whole


class Folder:
    """The folder of the bank's connection point."""

    answers = False

    def __init__(self, lab: Lab) -> None:
        self._folder = Path(point_of(lab, BANK).settings["send_to"])

    def send(self, parcel: Parcel) -> bytes:
        """Write the files of a batch, each whole or not at all; Unreachable while the folder can't be written."""
        for name, content in self._files(read_batch(parcel.payload)):
            try:
                write_whole(self._folder / name, content)
            except BadArgument as error:
                raise Unreachable(error.message) from None
        return b""

    def void(self, parcel: Parcel) -> bytes:
        """Concerns nobody."""
        raise NotImplementedError(parcel.identity)

    def state(self, identity: BatchIdentity) -> BankState | None:
        """Nobody answers."""
        raise NotImplementedError(identity)

    def waiting(self) -> list[Announced]:
        """Nothing waits."""
        return []

    def fetch(self, announced: Announced) -> bytes:
        """Nothing waits."""
        raise NotImplementedError(announced)

    def taken(self, announced: Announced) -> None:
        """Nothing waits."""
        raise NotImplementedError(announced)

    def _files(self, batch: Batch) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of each file: the messages as they are."""
        stem = batch.identity.file_name("00").removesuffix(".00")
        for number, message in enumerate(batch.messages, start=1):
            yield f"{stem}-{number}.{message.name}.xml", message.content
