"""Column mappings as data: how a bank's CSV or XLSX export is recognised and which column is which field.

One mapping is one TOML file in data/mappings (or in the folder that BANKKLIENT_MAPPINGS names):

    name, title       how `hints.mapping` calls it, and what people read
    layout            "table" (default), "lines" (rows of uneven length, footers, continuation rows), "blocks"
                      (a "key: value" line per field; a line of the first key starts an entry)
    encodings         tried in this order; the last one is taken when the others don't fit (default UTF-8, cp1252)
    delimiter, quote  of the cells (default "," and '"'; quote = "" when quotes mean nothing)
    decimal           decimal mark of amounts; blanks, apostrophes and the other mark may group thousands
    dates             strptime forms, tried in order; `date_chars` cuts a time of day off first
    header            the cells of the header line; "{currency}" inside a cell stands for an ISO code
    more_columns      the header may go on after these cells
    preamble          other lines come before the header
    first_line        regular expression of the whole first line of a file without header; then `width` is the
                      number of columns and `skip` how many lines come before the table
    only_by_hint      never recognised by content
    [columns]         our field = "header cell", its position from 1, or a list of those (joined by a blank)
    [sign]            inverse = true; or side = column with debit = [...] and credit = [...]
    [status]          column, pending = [...]: entries that are not booked yet
    [reversal]        column: a cell that is not blank marks a reversal
    [constants]       currency or bank that the bank's files always mean
    [metadata]        our statement field = regular expression over the lines outside the table; group 1 is the value
    [continuation]    blank = column, column = where the text of a continuation row goes
    account_blank     "first": a row without account belongs to the first account of the file
"""

from __future__ import annotations

import csv
import os
import re
import tomllib
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from bankklient_lab.errors import BadArgument, FormatError, UnknownName

FOLDER_VARIABLE = "BANKKLIENT_MAPPINGS"
HEADER_WITHIN_LINES = 40

STATEMENT_FIELDS = frozenset({"account", "bank", "currency", "account_name"})
METADATA_FIELDS = STATEMENT_FIELDS | {
    "opening",
    "closing",
    "available",
    "first_day",
    "last_day",
    "created_at",
    "number",
}
AMOUNT_FIELDS = frozenset({"amount", "debit", "credit", "balance", "original_amount", "charges"})
DAY_FIELDS = frozenset({"booking_day", "value_day"})
SYMBOL_FIELDS = frozenset({"variable_symbol", "constant_symbol", "specific_symbol"})
TEXT_FIELDS = frozenset(
    {
        "counterparty_name",
        "counterparty_account",
        "counterparty_bank",
        "end_to_end_id",
        "mandate_id",
        "creditor_id",
        "bank_reference",
        "client_reference",
        "transaction_code",
        "remittance",
        "additional_info",
        "original_currency",
        "exchange_rate",
    }
)
COLUMN_FIELDS = STATEMENT_FIELDS | AMOUNT_FIELDS | DAY_FIELDS | SYMBOL_FIELDS | TEXT_FIELDS

Columns = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """One mapping; the fields are described in the module's docstring."""

    name: str
    title: str
    columns: Map[str, Columns]
    dates: tuple[str, ...]
    layout: str = "table"
    encodings: tuple[str, ...] = ("utf-8", "cp1252")
    delimiter: str = ","
    quote: str = '"'
    decimal: str = "."
    date_chars: int = 0
    header: tuple[str, ...] = ()
    more_columns: bool = False
    preamble: bool = False
    first_line: str = ""
    width: int = 0
    skip: int = 0
    only_by_hint: bool = False
    account_blank: str = ""
    sign: Map[str, object] = field(default_factory=dict)
    status: Map[str, object] = field(default_factory=dict)
    reversal: Map[str, object] = field(default_factory=dict)
    constants: Map[str, str] = field(default_factory=dict)
    metadata: Map[str, str] = field(default_factory=dict)
    continuation: Map[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Located:
    """A mapping found in a file: `start` lines come before the table, whose columns are `names`."""

    mapping: ColumnMapping
    names: tuple[str, ...]
    start: int
    header_currency: str | None = None

    def position(self, column: str | int) -> int:
        """Return the position of a column from 0; FormatError when the file does not have it."""
        if isinstance(column, int):
            return column - 1
        try:
            return self.names.index(_plain(column))
        except ValueError:
            raise FormatError(
                f"the file has no column {column!r} that the mapping {self.mapping.name!r} needs"
            ) from None


def _plain(cell: str) -> str:
    return " ".join(cell.replace("\ufeff", "").split()).casefold()


def parse_mapping(text: str, origin: str = "mapping") -> ColumnMapping:
    """Return the mapping that a TOML text describes; BadArgument names what is wrong in it."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadArgument(f"{origin}: {error}") from None
    known = {item.name for item in fields(ColumnMapping)}
    if unknown := set(given) - known:
        raise BadArgument(f"{origin}: unknown key {sorted(unknown)[0]!r}")
    if missing := {"name", "title", "columns", "dates"} - set(given):
        raise BadArgument(f"{origin}: {sorted(missing)[0]!r} is missing")
    columns = {name: tuple(value) if isinstance(value, list) else (value,) for name, value in given["columns"].items()}
    lists = {name: tuple(given[name]) for name in ("dates", "encodings", "header") if name in given}
    mapping = ColumnMapping(**(given | lists | {"columns": columns}))
    _check(mapping, origin)
    return mapping


def _check(mapping: ColumnMapping, origin: str) -> None:
    if unknown := set(mapping.columns) - COLUMN_FIELDS:
        raise BadArgument(f"{origin}: {sorted(unknown)[0]!r} is no field of an entry")
    if unknown := set(mapping.metadata) - METADATA_FIELDS:
        raise BadArgument(f"{origin}: {sorted(unknown)[0]!r} is no field of a statement")
    if "amount" not in mapping.columns and not {"debit", "credit"} <= set(mapping.columns):
        raise BadArgument(f"{origin}: it needs the column amount, or debit and credit")
    if "booking_day" not in mapping.columns:
        raise BadArgument(f"{origin}: it needs the column booking_day")
    if bool(mapping.header) == bool(mapping.first_line):
        raise BadArgument(f"{origin}: it needs a header or a first_line, and not both")
    if mapping.layout not in {"table", "lines", "blocks"}:
        raise BadArgument(f"{origin}: unknown layout {mapping.layout!r}")
    if mapping.decimal not in {".", ","}:
        raise BadArgument(f"{origin}: the decimal mark is '.' or ','")
    for expression in (mapping.first_line, *mapping.metadata.values()):
        try:
            re.compile(expression)
        except re.error as error:
            raise BadArgument(f"{origin}: {expression!r} is no regular expression: {error}") from None


def _folders() -> list[Traversable | Path]:
    own = os.environ.get(FOLDER_VARIABLE)
    return [files("bankklient_lab.data") / "mappings", *([Path(own)] if own else [])]


@cache
def mappings() -> dict[str, ColumnMapping]:
    """Return all mappings by name."""
    found: dict[str, ColumnMapping] = {}
    for folder in _folders():
        for entry in sorted(folder.iterdir(), key=lambda item: item.name):
            if entry.name.endswith(".toml"):
                mapping = parse_mapping(entry.read_text(encoding="utf-8"), entry.name)
                if mapping.name in found:
                    raise BadArgument(f"{entry.name}: the name {mapping.name!r} is taken by another mapping")
                found[mapping.name] = mapping
    return found


def mapping_named(name: str) -> ColumnMapping:
    """Return the mapping called `name`; UnknownName otherwise."""
    try:
        return mappings()[name]
    except KeyError:
        raise UnknownName("mapping", name, "known are " + ", ".join(mappings())) from None


def recognise(rows: Sequence[Sequence[str]], mapping: ColumnMapping) -> Located | None:
    """Find the header of `mapping` in the first rows of a table (cells as text)."""
    for number, row in enumerate(rows[: HEADER_WITHIN_LINES if mapping.preamble else 1]):
        located = _header(row, number, mapping)
        if located:
            return located
    return None


@cache
def _cell_patterns(header: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    mark = re.escape("{currency}")
    return tuple(re.compile(re.escape(_plain(cell)).replace(mark, "(?P<currency>[a-z]{3})")) for cell in header)


def _header(row: Sequence[str], number: int, mapping: ColumnMapping) -> Located | None:
    names = [_plain(cell) for cell in row]
    while len(names) > len(mapping.header) and not names[-1]:
        names.pop()
    patterns = _cell_patterns(mapping.header)
    if len(names) != len(patterns) and not (mapping.more_columns and len(names) > len(patterns)):
        return None
    currency = None
    for position, pattern in enumerate(patterns):
        found = pattern.fullmatch(names[position])
        if not found:
            return None
        if "currency" in pattern.groupindex:
            currency = found["currency"].upper()
            names[position] = _plain(mapping.header[position])
    names += [""] * (len(row) - len(names))
    return Located(mapping, tuple(names), number + 1, currency)


def locate(lines: Sequence[str], mapping: ColumnMapping) -> Located | None:
    """Find the table of `mapping` in the first lines of a text file; None when it isn't there."""
    if mapping.first_line:
        if not lines or not re.fullmatch(mapping.first_line, lines[0]):
            return None
        return Located(mapping, ("",) * mapping.width, mapping.skip)
    if mapping.layout == "blocks":
        return _locate_blocks(lines, mapping)
    wanted = lines[: HEADER_WITHIN_LINES if mapping.preamble else 1]
    return recognise([split_line(line, mapping) for line in wanted], mapping)


def _locate_blocks(lines: Sequence[str], mapping: ColumnMapping) -> Located | None:
    names = tuple(_plain(name) for name in mapping.header)
    keys = [_plain(line.partition(":")[0]) for line in lines[:HEADER_WITHIN_LINES]]
    for start in range(len(keys) - len(names) + 1):
        if tuple(keys[start : start + len(names)]) == names:
            return Located(mapping, names, start)
    return None


def split_line(line: str, mapping: ColumnMapping) -> list[str]:
    """Split one line into cells as the mapping says."""
    if not mapping.quote:
        return line.split(mapping.delimiter)
    try:
        return next(csv.reader([line], delimiter=mapping.delimiter, quotechar=mapping.quote), [])
    except csv.Error:
        return []
