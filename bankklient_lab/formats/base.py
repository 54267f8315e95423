"""What every file format module offers, and the few tools that they share.

A format module has one tuple, `FORMATS`. A `Format` is pure: bytes to Arrow record batches and back, without
store, clock or network. It is recognised by content, never by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

import pyarrow as pa

from bankklient_lab.errors import LimitExceeded
from bankklient_lab.formats.schema import SCHEMAS, Kind

BATCH_ROWS = 8_000
SNIFF_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one file; each refusal names the one that it hit."""

    file_bytes: int = 8 * 1024**3
    line_bytes: int = 1024**2
    statements: int = 1_000_000  # or groups of payments
    payments: int = 5_000_000
    table_bytes: int = 16 * 1024**2  # of a register or codebook as CSV
    unpacked_bytes: int = 2 * 1024**3  # of a compressed file
    unpacked_ratio: int = 200
    xml_depth: int = 60
    xml_unit_bytes: int = 16 * 1024**2  # of one entry with its details, or of what lies between entries
    field_chars: int = 100_000
    findings_per_code: int = 1_000  # further ones are only counted


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Hints:
    """What the caller says because the file may not: used only where the file is silent.

    `account`: IBAN or number; `currency`: ISO 4217; `bank`: BIC or national bank code (also chooses the GPC
    profile); `mapping`: name of the column mapping of a CSV or XLSX file.
    """

    account: str | None = None
    currency: str | None = None
    bank: str | None = None
    mapping: str | None = None


class Part(NamedTuple):
    """Some records of one kind; `batch` has exactly SCHEMAS[kind]."""

    kind: Kind
    batch: pa.RecordBatch


@dataclass(frozen=True, slots=True)
class StatementSet:
    """What a writer takes: tables in the schemas of formats.schema, ordered by their numbers."""

    statements: pa.Table
    entries: pa.Table
    balances: pa.Table = field(default_factory=SCHEMAS[Kind.BALANCE].empty_table)
    details: pa.Table = field(default_factory=SCHEMAS[Kind.DETAIL].empty_table)


Sniff = Callable[[bytes], str | None]
Read = Callable[[BinaryIO, Hints], Iterator[Part]]
Write = Callable[[StatementSet], Iterator[bytes]]
Fit = Callable[[StatementSet], StatementSet]


@dataclass(frozen=True, slots=True)
class Format:
    """One file format.

    `sniff(head)` gets the first SNIFF_BYTES of a file and returns the version ("camt.053.001.08", "MT940", ...)
    or None when the content is not of this format; two formats never claim one file.
    `read(source, hints)` yields parts in file order from a seekable binary file at position 0 with bounded
    memory, a statement's STATEMENT row may come after its entries. It raises FormatError for a file that
    can't be taken over (with place, field, text and reason) and yields FINDING parts for what it can.
    `write(statements)` yields the bytes of one file.
    """

    name: str
    title: str
    sniff: Sniff
    read: Read
    write: Write | None = None
    write_suffix: str = ""  # ".sta", ".camt053.xml"; empty when the format is only read
    fit: Fit | None = None  # for a format that holds less than a lab: leaves out what `losses` says
    losses: str = ""


class Rows:
    """Collects rows of one kind and turns them into parts of BATCH_ROWS rows.

    `columns` names the fields that a row (a tuple in that order) gives; the others are null.
    Append to `rows` directly in hot loops and call `full()` now and then.
    """

    __slots__ = ("_columns", "_schema", "kind", "rows")

    def __init__(self, kind: Kind, columns: Sequence[str]) -> None:
        self.kind = kind
        self.rows: list[tuple[object, ...]] = []
        self._columns = tuple(columns)
        self._schema = SCHEMAS[kind]
        unknown = set(columns) - set(self._schema.names)
        assert not unknown, unknown

    def full(self) -> bool:
        """Tell whether there is a batch worth of rows."""
        return len(self.rows) >= BATCH_ROWS

    def drain(self) -> Iterator[Part]:
        """Yield what was collected, if anything, and forget it."""
        if not self.rows:
            return
        given = dict(zip(self._columns, zip(*self.rows, strict=True), strict=True))
        self.rows = []
        yield Part(self.kind, record_batch(self.kind, given))


def record_batch(kind: Kind, columns: Mapping[str, Iterable[object] | pa.Array]) -> pa.RecordBatch:
    """Build a batch of SCHEMAS[kind] from some of its columns; string values are cast, the rest is null.

    A column may be an Arrow array (cast safely to the schema's type) or plain values. Casting a text or a
    number that does not fit raises pa.ArrowInvalid: nothing is rounded.
    """
    return batch_of(SCHEMAS[kind], columns)


def batch_of(schema: pa.Schema, columns: Mapping[str, Iterable[object] | pa.Array]) -> pa.RecordBatch:
    """Build a batch of a schema as `record_batch` does."""
    length = 0
    arrays: dict[str, pa.Array] = {}
    for name, values in columns.items():
        wanted = schema.field(name).type
        array = values if isinstance(values, pa.Array) else pa.array(values)
        arrays[name] = array if array.type == wanted else array.cast(wanted)
        length = len(array)
    return pa.record_batch(
        [arrays[f.name] if f.name in arrays else pa.nulls(length, f.type) for f in schema], schema=schema
    )


class Findings:
    """Collects findings of one file, at most LIMITS.findings_per_code of each code, and counts the rest."""

    def __init__(self) -> None:
        self._rows = Rows(Kind.FINDING, SCHEMAS[Kind.FINDING].names)
        self._counts: dict[str, int] = {}

    def add(
        self,
        code: str,
        *,
        statement_no: int | None = None,
        entry_no: int | None = None,
        place: str = "",
        field: str = "",
        value: object = "",
    ) -> None:
        """Record one finding; `code` is a row of data/codebooks/findings.csv."""
        seen = self._counts.get(code, 0) + 1
        self._counts[code] = seen
        if seen <= LIMITS.findings_per_code:
            shown = str(value)[:200]
            self._rows.rows.append((statement_no, entry_no, code, place or None, field or None, shown or None))

    def drain(self) -> Iterator[Part]:
        """Yield the findings collected so far."""
        yield from self._rows.drain()

    def close(self) -> Iterator[Part]:
        """Yield the rest, and one finding per code that was cut off with how many there were."""
        for code, seen in self._counts.items():
            if seen > LIMITS.findings_per_code:
                self._rows.rows.append((None, None, "more_findings", None, code, str(seen)))
        yield from self._rows.drain()


def lines(source: BinaryIO) -> Iterator[bytes]:
    """Yield lines without their ends (CRLF, LF or CR LF mixtures), refusing one longer than the limit."""
    number = 0
    while raw := source.readline(LIMITS.line_bytes + 1):
        number += 1
        if len(raw) > LIMITS.line_bytes:
            raise LimitExceeded(f"the line is longer than {LIMITS.line_bytes} bytes", place=f"line {number}")
        yield raw.rstrip(b"\r\n")


def symbol(text: str) -> str | None:
    """Return a Czech payment symbol without leading zeros, None when it is empty or zero."""
    return text.strip().lstrip("0") or None


def clean(text: str | None) -> str | None:
    """Return text with runs of white space as single spaces, None when nothing is left."""
    return " ".join(text.split()) or None if text else None
