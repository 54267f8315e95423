"""Damaged files see only clean refusals or findings: no other error, no batch outside the schema, no half import."""

from __future__ import annotations

import io
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.codebooks import rows
from bankklient_lab.errors import FormatError, NotRecognised
from bankklient_lab.formats import detect, payments
from bankklient_lab.formats.base import SNIFF_BYTES, Hints
from bankklient_lab.formats.payments import base as payments_base
from bankklient_lab.formats.payments import schema as payments_schema
from bankklient_lab.formats.schema import SCHEMAS, Kind
from bankklient_lab.lab import Lab
from tests.corpus import SAMPLES, corpus_files
from tests.corpus_results import FOLDERS
from tests.faults.mutate import mutated
from tests.formats import paying

SHARDS = 16
BYTES_MAX = 40_000
GIVEN = Hints(account="X1", currency="CZK", bank="0100")
CODES = {row["code"] for row in rows("findings")}


def originals() -> list[Path]:
    """Return the files that are damaged: our own samples and, when it is there, the corpus; each format alike."""
    found = [path for path in SAMPLES.rglob("*") if path.is_file()]
    for folder in FOLDERS:
        found += corpus_files(folder)
    return sorted(path for path in found if 0 < path.stat().st_size <= BYTES_MAX)


def read_statements(data: bytes) -> None:
    """Read a file of statements or rates."""
    for part in detect(data[:SNIFF_BYTES]).format.read(io.BytesIO(data), GIVEN):
        assert part.batch.schema == SCHEMAS[part.kind]
        part.batch.validate(full=True)
        if part.kind is Kind.FINDING:
            assert set(part.batch["code"].to_pylist()) <= CODES


def read_orders(data: bytes) -> None:
    """Read a file of payment orders."""
    options = payments_base.Options("windows-1250")
    for part in payments.detect(data[:SNIFF_BYTES]).format.read(io.BytesIO(data), options):
        assert part.kind is payments_schema.Kind.ITEMS or part.batch.schema == paying.SCHEMAS[part.kind]
        part.batch.validate(full=True)
        if part.kind is payments_schema.Kind.FINDING:
            assert set(part.batch["code"].to_pylist()) <= CODES


def outcome(data: bytes, read: Callable[[bytes], None] = read_statements) -> str:
    """Read a file and tell what came of it; whatever is neither a refusal nor a good batch fails the test."""
    try:
        read(data)
    except NotRecognised:
        return "not recognised"
    except FormatError as error:
        refusal = error
    else:
        return "read"
    assert refusal.reason
    assert "\n" not in refusal.message
    return "refused"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_damaged_files_are_refused_cleanly_or_read(shard: int, mutations: int) -> None:
    by_format: dict[str, list[bytes]] = {}
    for path in originals():
        by_format.setdefault(path.parent.name, []).append(path.read_bytes())
    formats, seen = sorted(by_format), Counter[str]()
    for number in range(shard, mutations, SHARDS):
        files = by_format[formats[number // SHARDS % len(formats)]]
        data = mutated(files[random.Random(number).randrange(len(files))], number)
        try:
            seen[outcome(data)] += 1
        except Exception as error:
            error.add_note(f"mutation {number} of a {formats[number // SHARDS % len(formats)]} file: {data[:200]!r}")
            raise
    assert seen["read"]
    assert seen["refused"]


@pytest.mark.timeout(600)
def test_damaged_files_of_payment_orders_are_refused_cleanly_or_read(mutations: int) -> None:
    by_format: dict[str, list[bytes]] = {}
    for path in paying.files():
        by_format.setdefault(path.parent.name, []).append(path.read_bytes())
    formats, seen = sorted(by_format), Counter[str]()
    for number in range(mutations // SHARDS):
        name = formats[number % len(formats)]
        data = mutated(random.Random(number).choice(by_format[name]), number)
        try:
            seen[outcome(data, read_orders)] += 1
        except Exception as error:
            error.add_note(f"mutation {number} of a {name} file: {data[:200]!r}")
            raise
    assert seen["read"]
    assert seen["refused"]


@pytest.mark.timeout(600)
def test_damaged_files_leave_no_half_import(lab: Lab, tmp_path: Path) -> None:
    paths, statuses = originals(), Counter[str]()
    for number in range(150):
        path = paths[number * 7919 % len(paths)]
        damaged = tmp_path / f"{number}{path.suffix}"
        damaged.write_bytes(mutated(path.read_bytes(), 1_000_000 + number))
        statuses[bl.import_file(lab, damaged, account="X1", currency="CZK", bank="0100")["status"]] += 1
    assert statuses["refused"]
    assert statuses["imported"]
    imported = bl.imports.arrow(lab).num_rows
    assert imported == statuses["imported"]
    assert lab.rows("SELECT count(DISTINCT import_id) FROM (SELECT import_id FROM history.entry UNION ALL"
                    " SELECT import_id FROM history.statement UNION ALL SELECT import_id FROM history.rate)"
                    " WHERE import_id NOT IN (SELECT import_id FROM ops.import)") == [(0,)]  # fmt: skip
