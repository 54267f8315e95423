"""What every module of a payment file's format offers.

A format is pure: bytes to Arrow record batches and back, without store, clock or network. Reading is the formal check:
a length, a character, a structure or a stated total that is wrong refuses the whole file, with the place. Whether an
order is right is for the orders to say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, NamedTuple

import pyarrow as pa

from bankklient_lab.errors import BadArgument
from bankklient_lab.formats.payments.schema import PAYMENT, Kind

READ_ROWS = 8_000


class Part(NamedTuple):
    """Some records of one kind; `batch` has the schema of that kind."""

    kind: Kind
    batch: pa.RecordBatch


@dataclass(frozen=True, slots=True)
class Options:
    """What the reader is told about a file.

    `charset`: a name of charsets.CHARSETS; it counts for formats that don't name their own (all but XML and XLSX).
    `columns`: the columns that a table may have; another one refuses it. Without them every column is taken.
    """

    charset: str = "utf-8"
    columns: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """What a writer says about the file itself.

    `message_id` identifies it (at most 35 characters), `created_at` is its time, `initiator` the client's name and
    `client_number` the client's number at the bank (KPC). `version` chooses among those that the format writes
    ("09"); empty is the oldest, which every bank takes. `charset` is as in Options.
    """

    message_id: str
    created_at: datetime
    initiator: str
    client_number: str = ""
    version: str = ""
    charset: str = "utf-8"


Sniff = Callable[[bytes], str | None]
Read = Callable[[BinaryIO, Options], Iterator[Part]]
Write = Callable[[pa.Table, Header], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class PaymentFormat:
    """One format of payment files.

    `sniff(head)` returns the version that the first SNIFF_BYTES name, None when the content is of another format.
    `read(source, options)` yields parts in file order from a seekable binary file at position 0, with bounded memory;
    FormatError refuses the file as a whole, and what was yielded before is void.
    `write(payments, header)` yields the bytes of one file from a table in the schema PAYMENT; BadArgument names the
    payment and the field that the format can't hold: nothing is cut or changed on the way.
    """

    name: str
    title: str
    sniff: Sniff
    read: Read
    write: Write | None = None
    write_suffix: str = ""
    versions: tuple[str, ...] = ()  # that can be written, the default first
    takes_charset: bool = False  # whether Options.charset counts


def place_of(row: dict[str, object]) -> str:
    """Return how a refusal names a payment: its place, or its number."""
    return str(row.get("place") or f"payment {row['payment_no']}")


def require_payments(payments: pa.Table) -> None:
    """Refuse a table of nothing, which no format can hold."""
    assert payments.schema.equals(PAYMENT), payments.schema
    if not payments.num_rows:
        raise BadArgument("there is no payment to write")
