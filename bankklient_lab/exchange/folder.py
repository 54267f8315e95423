"""The channel for any bank of today: the messages of a batch as plain files in a folder, from where they are uploaded.

The files are made of the frozen payload alone, so writing them again writes the same. Nobody answers here: a batch
stays transferred until the bank's own report comes (`inbox`) or somebody records what it said (`record_answer`).
Numbers that were given up concern nobody, since such files carry none.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.errors import BadArgument, Unreachable
from bankklient_lab.formats.batches import Message, read_batch
from bankklient_lab.formats.payments import format_named
from bankklient_lab.formats.payments.base import Header, Options
from bankklient_lab.formats.payments.schema import PAYMENT, Kind
from bankklient_lab.keys.points import KPC
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.store.files import write_whole


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the lab's machine; with `kpc` domestic orders are written in that format instead of pain."""

    path: Path
    kpc: bool = False
    client_number: str = ""  # at the bank, which a file in KPC names

    def leave(self, identity: BatchIdentity, payload: bytes) -> None:
        """Write the messages of a batch, each whole or not at all.

        Unreachable while the folder can't be written; BadArgument for an order that a file in KPC can't hold.
        """
        messages, stem = read_batch(payload).messages, _stem(identity)
        if self.kpc and identity.batch_type == BatchType.DOMESTIC:
            files = {f"{stem}.kpc": self._in_kpc(stem, messages)}
        else:
            files = {f"{stem}-{n}.{one.name}.xml": one.content for n, one in enumerate(messages, start=1)}
        for name, content in files.items():
            try:
                write_whole(self.path / name, content)
            except BadArgument as error:
                raise Unreachable(error.message) from None

    def has(self, identity: BatchIdentity) -> bool:
        """Tell whether files of a batch lie here; Unreachable while the folder can't be read."""
        try:
            return any(
                one.name.startswith((f"{_stem(identity)}.", f"{_stem(identity)}-")) for one in self.path.iterdir()
            )
        except OSError as error:
            raise Unreachable(f"the folder {self.path} can't be read ({error.strerror})") from None

    def _in_kpc(self, stem: str, messages: Sequence[Message]) -> bytes:
        """Return the payments and collections of the messages as one file in KPC, with the date of the first."""
        parts = [
            part
            for message in messages
            for part in format_named(message.name[:8]).read(io.BytesIO(message.content), Options())
        ]
        group = next(row for part in parts if part.kind is Kind.GROUP for row in part.batch.to_pylist())
        payments = pa.Table.from_batches([part.batch for part in parts if part.kind is Kind.PAYMENT], PAYMENT)
        named = pc.binary_join_element_wise("order", payments["client_reference"], " ")
        payments = payments.set_column(PAYMENT.get_field_index("place"), "place", named)
        form = format_named(KPC)
        assert form.write is not None
        header = Header(
            stem, datetime.fromisoformat(group["created_at"]), group["initiator"], client_number=self.client_number
        )
        try:
            return b"".join(form.write(payments, header))
        except BadArgument as error:
            raise BadArgument(
                f"{error.message}; let domestic orders be written as pain (domestic_files=pain), or discard the batch"
                " (`balance discard --ask-bank`)"
            ) from None


def _stem(identity: BatchIdentity) -> str:
    """Return what the names of a batch's files begin with."""
    return identity.file_name("00").removesuffix(".00")
