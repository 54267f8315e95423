"""Delimited text (CSV) by a column mapping, and the plain CSV of this package.

The cells are split by Arrow in blocks; only layouts that are no plain tables ("lines" and "blocks" of a
mapping: small exports for people) are split line by line.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv

from bankklient_lab.errors import FormatError, LimitExceeded, NotRecognised
from bankklient_lab.formats import plain_csv
from bankklient_lab.formats.base import BATCH_ROWS, LIMITS, SNIFF_BYTES, Findings, Format, Hints, Part
from bankklient_lab.formats.mapped import MappedReader
from bankklient_lab.formats.mapped_cells import Table
from bankklient_lab.formats.mappings import ColumnMapping, Located, locate, mapping_named, mappings, split_line

_BLOCK_BYTES = 4 * 1024**2
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def sniff(head: bytes) -> str | None:
    """Return the name of the mapping that claims the file."""
    if plain_csv.claims(head):
        return plain_csv.NAME
    found = _claiming(head)
    return found.mapping.name if found else None


def read(source: BinaryIO, hints: Hints) -> Iterator[Part]:
    """Yield the entries of a CSV file, then its statements."""
    head = source.read(SNIFF_BYTES)
    source.seek(0)
    if hints.mapping == plain_csv.NAME or (not hints.mapping and plain_csv.claims(head)):
        return plain_csv.read(source)
    located = _forced(head, mapping_named(hints.mapping)) if hints.mapping else _claiming(head)
    if located is None:
        reason = describe(head) or "this is no delimited file that a column mapping knows"
        raise NotRecognised(reason, place="line 1")
    return _read(source, head, located, hints)


def _read(source: BinaryIO, head: bytes, located: Located, hints: Hints) -> Iterator[Part]:
    findings = Findings()
    encoding = choose_encoding(source, located.mapping.encodings)
    text = Utf8(source, encoding, findings)
    outside = [line for line in _lines(head, encoding)[: located.start] if line.strip()]
    if located.mapping.layout == "table":
        table = Table(located, _table_rows(text, located), outside)
    else:
        rows = (
            _loose_rows(text, located, outside, findings)
            if located.mapping.layout == "lines"
            else _block_rows(text, located)
        )
        table = Table(located, columns(rows), outside, row_word="line")
    yield from MappedReader(table, hints, findings).parts()


# -- recognising


def _lines(head: bytes, encoding: str) -> list[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return [line.rstrip("\r") for line in decoder.decode(head).split("\n")]


def _head_lines(head: bytes, mapping: ColumnMapping) -> list[str]:
    for encoding in _encodings(head, mapping.encodings):
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        try:
            return [line.rstrip("\r") for line in decoder.decode(head).split("\n")]
        except UnicodeError:
            continue
    return _lines(head, mapping.encodings[-1])


def _claiming(head: bytes) -> Located | None:
    if b"\0" in head and not head.startswith(_UTF16):
        return None
    lines: dict[tuple[str, ...], list[str]] = {}
    for mapping in mappings().values():
        if mapping.only_by_hint:
            continue
        if mapping.encodings not in lines:
            lines[mapping.encodings] = _head_lines(head, mapping)
        if located := locate(lines[mapping.encodings], mapping):
            return located
    return None


def _forced(head: bytes, mapping: ColumnMapping) -> Located:
    located = locate(_head_lines(head, mapping), mapping)
    if located is None:
        wanted = ", ".join(mapping.header) if mapping.header else f"a first line like {mapping.first_line}"
        raise FormatError(f"the mapping {mapping.name!r} does not fit: it needs {wanted}", place="line 1")
    return located


def describe(head: bytes) -> str | None:
    """Say of a delimited file that no mapping claims what its header is and what to do; None for another file."""
    if b"\0" in head:
        return None
    first, *others = [line for line in _lines(head, "utf-8-sig") if line.strip()] or [""]
    delimiter = max(",;|\t", key=first.count)
    if first.count(delimiter) < 2 or not any(line.count(delimiter) >= 2 for line in others):
        return None
    cells = ", ".join(repr(cell.strip().strip('"')) for cell in first.split(delimiter)[:8])
    return (
        f"this looks like a CSV file, but no column mapping has its header ({cells[:300]}); "
        "choose one with --mapping or add one for this bank"
    )


# -- decoding


def _encodings(head: bytes, listed: Iterable[str]) -> tuple[str, ...]:
    if head.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    return ("utf-16",) if head.startswith(_UTF16) else tuple(listed)


def choose_encoding(source: BinaryIO, listed: Iterable[str]) -> str:
    """Return the first encoding that the whole file fits, otherwise the last one listed."""
    encodings = _encodings(source.read(4), listed)
    for encoding in encodings[:-1]:
        source.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        try:
            while block := source.read(_BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeError:
            continue
        source.seek(0)
        return encoding
    source.seek(0)
    return encodings[-1]


class Utf8(io.RawIOBase):
    """A file as UTF-8; refuses a line over the limit, and reports bytes that are no text."""

    def __init__(self, source: BinaryIO, encoding: str, findings: Findings) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._plain = encoding == "utf-8"
        self._findings = findings
        self._rest = b""
        self._line_bytes = 0
        self._reported = False

    def readable(self) -> bool:
        """Tell that this is read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes."""
        while not self._rest:
            block = self._source.read(_BLOCK_BYTES)
            self._rest = self._decode(block)
            if not block:
                break
        size = len(self._rest) if size < 0 else size
        given, self._rest = self._rest[:size], self._rest[size:]
        return given

    def _decode(self, block: bytes) -> bytes:
        if self._plain and block.isascii() and not self._decoder.getstate()[0]:
            out = block
        else:
            text = self._decoder.decode(block, final=not block)
            if "\ufffd" in text and not self._reported:
                self._reported = True
                self._findings.add("bad_character", field="encoding", value=text.count("\ufffd"))
            out = text.encode("utf-8", "replace")
        self._count_line(out)
        return out

    def _count_line(self, out: bytes) -> None:
        end = max(out.rfind(b"\n"), out.rfind(b"\r"))
        self._line_bytes = self._line_bytes + len(out) if end < 0 else len(out) - end
        if self._line_bytes > LIMITS.line_bytes + _BLOCK_BYTES:
            raise LimitExceeded(f"a line is longer than {LIMITS.line_bytes} bytes")

    def lines(self) -> Iterator[str]:
        """Yield lines without their ends, each within the limit."""
        rest = b""
        while block := self.read(_BLOCK_BYTES):
            *whole, rest = (rest + block).split(b"\n")
            if len(rest) > LIMITS.line_bytes:
                raise LimitExceeded(f"a line is longer than {LIMITS.line_bytes} bytes")
            for line in whole:
                yield line.rstrip(b"\r").decode()
        if rest:
            yield rest.rstrip(b"\r").decode()


# -- splitting into cells

TextRows = Iterator[tuple[Sequence[pa.Array], pa.Array]]


def _table_rows(text: Utf8, located: Located) -> TextRows:
    mapping = located.mapping
    width = len(located.names)
    ragged: list[str] = []

    def on_ragged(row: pyarrow.csv.InvalidRow) -> str:
        ragged.append(f"{row.actual_columns} cells where {row.expected_columns} are expected, in {row.text[:60]!r}")
        return "error"

    names = [str(position) for position in range(width)]
    row = located.start + 1
    try:
        reader = pyarrow.csv.open_csv(
            pa.PythonFile(text, mode="r"),
            read_options=pyarrow.csv.ReadOptions(
                use_threads=True, block_size=_BLOCK_BYTES, skip_rows=located.start, column_names=names
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=mapping.delimiter,
                quote_char=mapping.quote or False,
                newlines_in_values=bool(mapping.quote),
                invalid_row_handler=on_ragged,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                check_utf8=False, column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        for batch in reader:
            yield batch.columns, pa.array(np.arange(row, row + batch.num_rows))
            row += batch.num_rows
    except pa.ArrowInvalid as error:
        raise _refusal(str(error), ragged, row) from None


def _refusal(message: str, ragged: list[str], row: int) -> FormatError:
    place = f"row {row} or after"
    if ragged:
        return FormatError(f"a row has {ragged[0]}", place=place)
    if "Empty CSV" in message:
        return FormatError("the table has a header and no entry", place=place)
    if "straddling" in message or "quoted" in message:
        return FormatError("a quoted cell does not end within 4 MB", place=place)
    return FormatError(f"this is no table of text ({message.splitlines()[0][:120]})", place=place)


def columns(rows: Iterable[tuple[list[str], int]]) -> TextRows:
    """Gather rows of (cells, number in the file) into columns."""
    batch: list[tuple[list[str], int]] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= BATCH_ROWS:
            yield _transposed(batch)
            batch = []
    yield _transposed(batch)


def _transposed(rows: list[tuple[list[str], int]]) -> tuple[list[pa.Array], pa.Array]:
    cells = zip(*(row for row, _ in rows), strict=True)
    return [pa.array(column, pa.string()) for column in cells], pa.array([number for _, number in rows], pa.int64())


def _loose_rows(
    text: Utf8, located: Located, outside: list[str], findings: Findings
) -> Iterator[tuple[list[str], int]]:
    """Yield rows padded to the header's width, with continuation rows joined and other lines put aside."""
    mapping, width = located.mapping, len(located.names)
    day = located.position(mapping.columns["booking_day"][0])
    goes_on = mapping.continuation
    blank = located.position(goes_on["blank"]) if goes_on else -1
    into = located.position(goes_on["column"]) if goes_on else -1
    last: tuple[list[str], int] | None = None
    for number, line in enumerate(text.lines(), start=1):
        cells = [cell.strip() for cell in split_line(line, mapping)]
        if number <= located.start or not any(cells):
            continue
        cells += [""] * (width - len(cells))
        if len(cells) > width and any(cells[width:]):
            raise FormatError(f"{len(cells)} cells where the header has {width}", place=f"line {number}", text=line)
        if goes_on and not cells[blank] and last:
            last[0][into] = f"{last[0][into]} {cells[into]}"
        elif not any(character.isdigit() for character in cells[day]):
            outside.append(line)
            if not any(re.search(expression, line) for expression in mapping.metadata.values()):
                findings.add("unknown_record", place=f"line {number}", value=line)
        else:
            if last:
                yield last
            last = cells[:width], number
    if last:
        yield last


def _block_rows(text: Utf8, located: Located) -> Iterator[tuple[list[str], int]]:
    """Yield the entries of a listing "key: value"; a line that starts with a blank continues the value before."""
    names = {name: position for position, name in enumerate(located.names)}
    cells: list[str] = []
    at = start = 0
    for number, line in enumerate(text.lines(), start=1):
        if number <= located.start or not line.strip():
            continue
        key, colon, value = line.partition(":")
        position = names.get(" ".join(key.split()).casefold()) if colon and not line[0].isspace() else None
        if position is None and not line[0].isspace():
            raise FormatError("this line is of no field of the listing", place=f"line {number}", text=line)
        if position == 0:
            if cells:
                yield cells, start
            cells, start = [""] * len(names), number
        if position is not None:
            at = position
        cells[at] = f"{cells[at]} {value.strip() if position is not None else line.strip()}".strip()
    if cells:
        yield cells, start


FORMATS = (
    Format(
        "csv",
        "CSV by a column mapping, and the CSV of this package",
        sniff,
        read,
        plain_csv.write,
        ".csv",
    ),
)
