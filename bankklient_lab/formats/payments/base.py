"""What every module of a payment file's format offers.

A format is pure: bytes to Arrow record batches and back, without store, clock or network. Reading is the formal check:
a length, a character, a structure or a stated total that is wrong refuses the whole file, with the place. Whether an
order is right is for the orders to say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import BadArgument
from bankklient_lab.formats.payments.schema import PAYMENT, Kind


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

    `message_id` identifies it (at most 28 characters), `created_at` is its time, `initiator` the client's name and
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


_ROWS = 10_000
LINE_CHARACTERS = 35  # of the lines that messages have in every format

# Columns that say nothing about the payment itself: no format needs to hold them.
ASIDE = frozenset({"payment_no", "group_no", "client_reference", "client_day", "order_text", "raw", "place"})


def place_of(row: Mapping[str, object]) -> str:
    """Return how a refusal names a payment: its place, or its number."""
    return str(row.get("place") or f"payment {row['payment_no']}")


def refused(row: Mapping[str, object], field: str, reason: str) -> BadArgument:
    """Return the refusal of a payment that a format can't hold."""
    return BadArgument(f"{place_of(row)}, {field} {row[field]!s:.80}: {reason}", field=field, place=place_of(row))


def require_held(payments: pa.Table, format_name: str, held: Collection[str]) -> None:
    """Refuse a table with nothing in it, or with a value in a column that a format does not have."""
    assert payments.schema.equals(PAYMENT), payments.schema
    if not payments.num_rows:
        raise BadArgument("there is no payment to write")
    for name in payments.schema.names:
        if name in held or name in ASIDE:
            continue
        says = payments[name] if pa.types.is_boolean(payments[name].type) else payments[name].is_valid()
        if pc.any(says).as_py():  # "not urgent" says nothing
            first = pc.indices_nonzero(says)[0].as_py()
            raise refused(payments.slice(first, 1).to_pylist()[0], name, f"{format_name} has no place for it")


def rows_of(payments: pa.Table) -> Iterator[list[dict[str, Any]]]:
    """Yield rows in lists: columns of nothing would cost as much as others to turn into Python values."""
    names = [name for name in payments.schema.names if payments[name].null_count < payments.num_rows]
    empty = dict.fromkeys(payments.schema.names)
    for start in range(0, payments.num_rows, _ROWS):
        columns = [payments[name].slice(start, _ROWS).to_pylist() for name in names]
        yield [empty | dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def one_line(text: str) -> str:
    """Return lines as one text, each but the last filled up to 35 characters: so it can be cut into them again."""
    *lines, last = text.split("\n")
    return "".join(line.ljust(LINE_CHARACTERS) for line in lines) + last
