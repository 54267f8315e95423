"""What the readers of CODA, CFONB 120 and Norma 43 share: a file of lines, one open statement, one open entry.

Such a reader says what a line means (`take`) and what a whole file ends with (`end_of_file`). An entry and a
statement are dicts of columns; their `raw` is the list of the lines that belong to them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, ClassVar

from bankklient_lab.errors import LimitExceeded
from bankklient_lab.formats.base import Findings, Hints, Part, Rows
from bankklient_lab.formats.blocks import numbered_lines
from bankklient_lab.formats.decoding import Decoder
from bankklient_lab.formats.records import BadField
from bankklient_lab.formats.schema import SCHEMAS, Kind

_COLUMNS = {kind: tuple(SCHEMAS[kind].names) for kind in (Kind.ENTRY, Kind.DETAIL, Kind.STATEMENT)}
LINES_MAX = 100_000  # of one entry (with its details) or of one statement outside its entries


class LineReader(ABC):
    """Reads one file line by line; `read` yields its parts."""

    encodings: ClassVar[Sequence[str]] = ("cp1252",)  # of a file that is not UTF-8

    def __init__(self, hints: Hints) -> None:
        self.hints = hints
        self.findings = Findings()
        self.last_no = 0  # of the statements so far
        self._statement: dict[str, Any] | None = None  # that is open
        self._entry: dict[str, Any] | None = None  # that is open
        self._rows = {kind: Rows(kind, columns) for kind, columns in _COLUMNS.items()}

    @abstractmethod
    def take(self, line: str, place: str) -> None:
        """Take in one line that is not blank."""

    @abstractmethod
    def end_of_file(self, place: str) -> None:
        """Refuse a file that stops too early; `place` is its last line."""

    def read(self, source: BinaryIO) -> Iterator[Part]:
        """Yield entries, details, statements and findings."""
        decoder = Decoder(self.encodings)
        place = ""
        for number, line in numbered_lines(source, decoder):
            place = f"line {number}"
            self.take(line, place)
            if any(rows.full() for rows in self._rows.values()):
                yield from self._drain()
        self.end_of_file(place)
        if decoder.unsure:
            self.findings.add("encoding_assumed", value=decoder.encoding)
        if decoder.replaced:
            self.findings.add("bad_character", value=decoder.encoding)
        yield from self._drain()
        yield from self.findings.close()

    def _drain(self) -> Iterator[Part]:
        for rows in self._rows.values():
            yield from rows.drain()
        yield from self.findings.drain()

    def keep(self, kind: Kind, values: dict[str, Any]) -> None:
        """Keep a record that is complete: its columns by name, those it leaves out are null."""
        if "raw" in values:
            values["raw"] = "\n".join(values["raw"])
        self._rows[kind].rows.append(tuple(map(values.get, _COLUMNS[kind])))

    def note(self, code: str, place: str, field: str, value: object, *, entry_no: int | None = None) -> None:
        """Record a finding about the last statement."""
        self.findings.add(code, statement_no=self.last_no, entry_no=entry_no, place=place, field=field, value=value)

    def misplaced(self, line: str, place: str, *, known: bool) -> None:
        """Record a line that says nothing here and keep it with what is open; `known`: such lines have a place."""
        self.note("out_of_order" if known else "unknown_record", place, "type", line)
        open_one = self._entry or self._statement
        if open_one:
            add_line(open_one["raw"], line, place)

    def noting(self, place: str, *, entry_no: int | None = None) -> BadField:
        """Return what Record.read calls for a field that can't be read: it records the finding."""
        return lambda code, field, text: self.note(code, place, field, text, entry_no=entry_no)


def add_line(raw: list[str], line: str, place: str) -> None:
    """Add a line to those of an entry or statement, refusing more than the limit."""
    if len(raw) >= LINES_MAX:
        raise LimitExceeded(f"more than {LINES_MAX} lines belong to one entry or statement", place=place)
    raw.append(line)
