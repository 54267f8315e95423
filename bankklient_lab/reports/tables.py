"""Any table as CSV, JSON or Parquet.

CSV is as in RFC 4180 (comma, CRLF, quotes doubled), in UTF-8 with the mark at its beginning by which Excel knows it;
decimals have a point, days are as 2026-10-31. A text that a spreadsheet would take for a formula gets an apostrophe
before it; numbers never do. JSON is a list of objects with amounts as texts, so that no reader rounds them.
"""

from __future__ import annotations

import csv
import io
import json
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

_FORMULA = r"^[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"  # and their full-width forms


def csv_bytes(table: pa.Table) -> bytes:
    """Return a table as CSV."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(table.column_names)
    for batch in table.to_batches():
        columns = [_csv_column(column).to_pylist() for column in batch.columns]
        writer.writerows(zip(*columns, strict=True))
    return out.getvalue().encode("utf-8-sig")


def json_bytes(table: pa.Table) -> bytes:
    """Return a table as JSON, one object a row."""
    plain = {name: _plain(table[name]) for name in table.column_names}
    return json.dumps(pa.table(plain).to_pylist(), ensure_ascii=False, indent=1).encode()


def parquet_bytes(table: pa.Table) -> bytes:
    """Return a table as Parquet, compressed by Zstandard."""
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def joined(tables: list[tuple[str, pa.Table]], name: str) -> pa.Table:
    """Return tables of the same columns as one, with a first column `name` that tells them apart."""
    marked = [table.add_column(0, name, pa.array([key] * table.num_rows, pa.string())) for key, table in tables]
    return pa.concat_tables(chain(marked))


def _csv_column(column: pa.Array) -> pa.Array:
    if not pa.types.is_string(column.type):
        return _plain(column)
    return pc.if_else(pc.match_substring_regex(column, _FORMULA), pc.binary_join_element_wise("'", column, ""), column)


def _plain(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return decimals, days and instants as texts; the rest as it is."""
    kind = column.type
    exact = pa.types.is_decimal(kind) or pa.types.is_temporal(kind)
    return column.cast(pa.string()) if exact else column
