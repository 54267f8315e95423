"""Read and write files of payment orders through the formats' public door."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from bankklient_lab.formats.base import SNIFF_BYTES
from bankklient_lab.formats.payments import detect, format_named
from bankklient_lab.formats.payments.base import Header, Options, Part
from bankklient_lab.formats.payments.schema import FINDING, GROUP, PAYMENT, Kind
from tests.corpus import corpus_files

Row = dict[str, Any]

FOLDER = Path(__file__).parents[1] / "payment_samples"
FOLDERS = ("kpc", "pain001", "pain008", "mt101")  # of the corpus
SCHEMAS = {Kind.PAYMENT: PAYMENT, Kind.GROUP: GROUP, Kind.FINDING: FINDING}
HEADER = Header("MSG-1", datetime(2026, 1, 15, 8, 30), "Strojírny", "12345")
OWN = "19-2000145399/0800"
OWN_IBAN = "CZ6508000000192000145399"
OTHER = "123-3703921811/0100"
GERMAN = "DE89370400440532013000"
CHARSETS = {"payments_and_collections_cp1250.kpc": "windows-1250"}  # of samples that are not UTF-8


def samples() -> list[Path]:
    """Return the project's own files of payment orders."""
    return sorted(path for path in FOLDER.rglob("*") if path.is_file())


def files() -> list[Path]:
    """Return our samples and, when it is there, those of the corpus."""
    return [*samples(), *(path for folder in FOLDERS for path in corpus_files(folder))]


def ids(path: Path) -> str:
    """Return the name of a test for a file."""
    return f"{path.parent.name}/{path.name}"


def parts_of(name: str, data: bytes, **options: Any) -> list[Part]:
    """Read bytes as the named format; each batch is checked to hold what its schema says."""
    found = list(format_named(name).read(io.BytesIO(data), Options(**options)))
    for part in found:
        assert part.kind is Kind.ITEMS or part.batch.schema.equals(SCHEMAS[part.kind])
        part.batch.validate(full=True)
    return found


def rows(parts: list[Part], kind: Kind = Kind.PAYMENT) -> list[Row]:
    """Return the records of one kind, without what is null."""
    found = [row for part in parts if part.kind is kind for row in part.batch.to_pylist()]
    return [{name: value for name, value in row.items() if value is not None} for row in found]


def read(name: str, data: bytes, kind: Kind = Kind.PAYMENT, **options: Any) -> list[Row]:
    """Return the records of a file."""
    return rows(parts_of(name, data, **options), kind)


def read_sample(path: Path) -> list[Part]:
    """Read a sample or a corpus file as the format that recognises it."""
    data = path.read_bytes()
    return parts_of(detect(data[:SNIFF_BYTES]).format.name, data, charset=CHARSETS.get(path.name, "utf-8"))


def a_payment(no: int = 1, **values: Any) -> Row:
    """Return a domestic payment, changed by `values`."""
    usual = {
        "payment_no": no, "kind": "payment", "own_account": OWN, "own_name": "Strojírny", "counter_account": OTHER,
        "amount": Decimal("100.500"), "currency": "CZK", "maturity": date(2026, 1, 20),
    }  # fmt: skip
    return usual | values


def a_collection(no: int = 1, **values: Any) -> Row:
    """Return a collection by SEPA, changed by `values`."""
    usual = {
        "kind": "collection", "own_account": GERMAN, "counter_name": "Eva", "currency": "EUR",
        "counter_account": OWN_IBAN,
    }  # fmt: skip
    return a_payment(no, **usual | values)


def table(*payments: Row) -> pa.Table:
    """Return payments as a writer takes them."""
    return pa.Table.from_pylist(list(payments), PAYMENT)


def written(name: str, *payments: Row, header: Header = HEADER) -> bytes:
    """Return the bytes of a file with these payments."""
    write = format_named(name).write
    assert write is not None
    return b"".join(write(table(*payments), header))


def bare(row: Row, *without: str) -> Row:
    """Return a payment without what says where it stood."""
    return {
        name: value
        for name, value in row.items()
        if value is not None and name not in {"raw", "place", "group_no", "payment_no", *without}
    }
