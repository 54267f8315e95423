"""The CSV and the Parquet of this package: what is written is read back, and nothing in it is a formula or a bomb."""

from __future__ import annotations

import contextlib
import csv
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats import flat, format_named
from bankklient_lab.formats.base import BATCH_ROWS, StatementSet
from bankklient_lab.formats.schema import Kind
from tests.formats.reading import read, recognised
from tests.formats.strategies import statement_sets

NAMES = ("csv", "parquet")
KINDS = (Kind.STATEMENT, Kind.ENTRY, Kind.BALANCE, Kind.DETAIL)


def _written(name: str, statements: StatementSet) -> bytes:
    write = format_named(name).write
    assert write
    return b"".join(write(statements))


def _tables(statements: StatementSet) -> dict[Kind, pa.Table]:
    return dict(
        zip(KINDS, (statements.statements, statements.entries, statements.balances, statements.details), strict=True)
    )


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(statements=statement_sets())
def test_round_trip(name: str, statements: StatementSet) -> None:
    data = _written(name, statements)
    assert recognised(data).name == name
    found = read(name, data)
    for kind, table in _tables(statements).items():
        assert found.table(kind).to_pylist() == table.to_pylist()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(statements=statement_sets())
def test_no_text_of_the_csv_can_become_a_formula(statements: StatementSet) -> None:
    numeric = {item.name for item in flat.SCHEMA if item.type != pa.string()}
    rows = csv.DictReader(io.StringIO(_written("csv", statements).decode(), newline=""))
    for row in rows:
        for name, cell in row.items():
            assert name in numeric or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
@given(statements=statement_sets())
@pytest.mark.parametrize("name", NAMES)
def test_half_a_file_is_refused_or_read(name: str, statements: StatementSet) -> None:
    data = _written(name, statements)
    for end in range(0, len(data), max(len(data) // 60, 1)):
        try:
            read(name, data[:end])
        except FormatError:
            continue
        assert name == "csv"


def _parquet(table: pa.Table, **options: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({b"bankklient": b"1"}), out, **options)
    return out.getvalue()


def _rows(count: int, text: str) -> pa.Table:
    columns = {item.name: pa.nulls(count, item.type) for item in flat.SCHEMA}
    columns["record"] = pa.repeat("entry", count)
    columns["s_statement_no"] = pa.repeat(pa.scalar(1, pa.int32()), count)
    columns["remittance"] = pa.repeat(text, count)
    return pa.table(columns, schema=flat.SCHEMA)


def test_a_few_bytes_that_become_gigabytes_are_refused() -> None:
    data = _parquet(_rows(BATCH_ROWS, "x" * 40_000), use_dictionary=True)
    assert len(data) < 1_000_000
    with pytest.raises(LimitExceeded, match="bytes of text"):
        read("parquet", data)


def test_parquet_of_another_writer_is_refused() -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), out)
    with pytest.raises(FormatError, match="not written by this package"):
        read("parquet", out.getvalue())


def test_parquet_with_other_columns_is_refused() -> None:
    table = _rows(1, "x")
    with pytest.raises(FormatError, match="field remittance"):
        read("parquet", _parquet(table.drop_columns(["remittance"])))
    index = table.schema.get_field_index("amount")
    with pytest.raises(FormatError, match=r"field amount, found 'double'"):
        read("parquet", _parquet(table.set_column(index, "amount", pa.nulls(1, pa.float64()))))


@pytest.mark.parametrize(("column", "value"), [("record", "payment"), ("s_statement_no", None)])
def test_rows_of_no_kind_or_no_statement_are_refused(column: str, value: object) -> None:
    table = _rows(1, "x")
    index = table.schema.get_field_index(column)
    table = table.set_column(index, column, pa.array([value], table.schema.field(column).type))
    with pytest.raises(FormatError, match=f"field {column}"):
        read("parquet", _parquet(table))


def test_a_flipped_bit_is_no_other_exception() -> None:
    data = bytearray(_parquet(_rows(1000, "x"), write_page_checksum=True, compression="zstd"))
    for at in range(4, len(data), 97):
        damaged = bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        with contextlib.suppress(FormatError):
            read("parquet", damaged)


def test_wrong_cell_of_the_csv_is_refused() -> None:
    header = ",".join(flat.SCHEMA.names)
    cells = dict.fromkeys(flat.SCHEMA.names, "") | {"record": "entry", "s_statement_no": "1", "amount": "1.2345"}
    with pytest.raises(FormatError, match="no CSV of this package"):
        read("csv", f"{header}\n{','.join(cells.values())}\n".encode())
