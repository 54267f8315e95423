"""Read a file through a format's public door and look at what came out."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from bankklient_lab.formats import detect, format_named
from bankklient_lab.formats.base import SNIFF_BYTES, Format, Hints, Part, StatementSet
from bankklient_lab.formats.schema import SCHEMAS, Kind
from tests.corpus import Expected

Row = dict[str, Any]


@dataclass
class Read:
    """All parts of one file."""

    parts: list[Part] = field(default_factory=list)

    def table(self, kind: Kind) -> pa.Table:
        """Return the records of one kind."""
        return pa.Table.from_batches([part.batch for part in self.parts if part.kind == kind], SCHEMAS[kind])

    def rows(self, kind: Kind) -> list[Row]:
        """Return the records of one kind as dictionaries."""
        return list(self.table(kind).to_pylist())

    @property
    def statements(self) -> list[Row]:
        """Return the statements by their numbers."""
        return sorted(self.rows(Kind.STATEMENT), key=lambda row: int(row["statement_no"]))

    @property
    def entries(self) -> list[Row]:
        """Return the entries in file order."""
        return self.rows(Kind.ENTRY)

    @property
    def findings(self) -> list[str]:
        """Return the codes of the findings."""
        return [row["code"] for row in self.rows(Kind.FINDING)]

    def statement_set(self) -> StatementSet:
        """Return what a writer takes."""
        return StatementSet(*(self.table(kind) for kind in (Kind.STATEMENT, Kind.ENTRY, Kind.BALANCE, Kind.DETAIL)))


def read(name: str, data: bytes, **hints: str) -> Read:
    """Read bytes as the named format; each batch is checked to hold what its schema says."""
    found = Read(list(format_named(name).read(io.BytesIO(data), Hints(**hints))))
    for part in found.parts:
        assert part.batch.schema.equals(SCHEMAS[part.kind])
        part.batch.validate(full=True)
    return found


def recognised(data: bytes) -> Format:
    """Return the format that the head of the file is recognised as."""
    return detect(data[:SNIFF_BYTES]).format


def differences(found: Read, wanted: list[Expected]) -> list[str]:
    """Say where the figures of a file are not those of expected.csv; only booked entries are summed."""
    if len(found.statements) != len(wanted):
        return [f"{len(found.statements)} statements, expected {len(wanted)}"]
    return [
        f"statement {statement['statement_no']} {name}: {have}, expected {want}"
        for statement, figures in zip(found.statements, wanted, strict=True)
        for name, have, want in _compared(statement, found.entries, figures)
        if want is not None and have != want
    ]


def _compared(statement: Row, entries: list[Row], wanted: Expected) -> list[tuple[str, object, object]]:
    own = [row for row in entries if row["statement_no"] == statement["statement_no"]]
    amounts = [row["amount"] for row in own if row["amount"] is not None and row["status"] != "INFO"]
    return [
        ("entries", len(own), wanted.entries),
        ("opening", statement["opening"], wanted.opening),
        ("closing", statement["closing"], wanted.closing),
        ("sum_credit", sum((a for a in amounts if a > 0), Decimal(0)), wanted.sum_credit),
        ("sum_debit", -sum((a for a in amounts if a < 0), Decimal(0)), wanted.sum_debit),
        ("currency", statement["currency"], wanted.currency),
    ]


def ids(path: Path) -> str:
    """Return the name of a file for a test's identification."""
    return path.name
