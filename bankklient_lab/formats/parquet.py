"""Parquet files of this package: the flat table of formats.flat, zstd, with page checksums.

The reader trusts no size: row groups are compared with the limits before a page is unpacked, and texts come as
dictionaries, whose real length is counted before they are spread over the rows.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats import flat
from bankklient_lab.formats.base import BATCH_ROWS, LIMITS, Format, Hints, Part, StatementSet

VERSION_KEY = b"bankklient"
_MAGIC = b"PAR1"
_VERSION = b"1"
_GROUP_BYTES = 512 * 1024**2
_BATCH_BYTES = 256 * 1024**2
_GROUP_ROWS = 200_000
_METADATA_BYTES = 16 * 1024**2


def sniff(head: bytes) -> str | None:
    """Return "Parquet" by the magic; whether it is of this package is known only at its end."""
    return "Parquet" if head.startswith(_MAGIC) else None


def write(statements: StatementSet) -> Iterator[bytes]:
    """Yield the bytes of one Parquet file."""
    import pyarrow.parquet as pq

    out = _Chunks()
    schema = flat.SCHEMA.with_metadata({VERSION_KEY: _VERSION})
    with pq.ParquetWriter(out, schema, compression="zstd", write_page_checksum=True) as writer:
        pending: list[pa.RecordBatch] = []
        for batch in flat.batches(statements):
            pending.append(batch)
            if sum(item.num_rows for item in pending) >= _GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(pending, flat.SCHEMA))
                pending = []
                yield out.take()
        writer.write_table(pa.Table.from_batches(pending, flat.SCHEMA))
    yield out.take()


class _Chunks(io.RawIOBase):
    """Takes what is written and gives it on in pieces."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(memoryview(data))  # type: ignore[arg-type]
        self._written.append(piece)
        self._position += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        """Stay open: Parquet closes what it writes to, and the last piece is still to be taken."""

    def take(self) -> bytes:
        taken, self._written = b"".join(self._written), []
        return taken


def read(source: BinaryIO, _hints: Hints) -> Iterator[Part]:
    """Yield what a Parquet file of this package holds."""
    import pyarrow.parquet as pq

    texts = [item.name for item in flat.SCHEMA if item.type == pa.string()]
    limits = {"thrift_string_size_limit": _METADATA_BYTES, "thrift_container_size_limit": _METADATA_BYTES}
    reader = flat.FlatReader()
    try:
        _check(pq.ParquetFile(source, **limits))
        source.seek(0)
        file = pq.ParquetFile(source, read_dictionary=texts, page_checksum_verification=True, **limits)
        for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
            yield from reader.parts(_plain(batch))
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise FormatError(f"the Parquet file is damaged ({str(error).splitlines()[0][:160]})") from None


def _check(file: object) -> None:
    """Refuse a file of another kind, or one that unpacks beyond the limits."""
    import pyarrow.parquet as pq

    assert isinstance(file, pq.ParquetFile)
    schema, metadata = file.schema_arrow, file.metadata
    if (schema.metadata or {}).get(VERSION_KEY) != _VERSION:
        raise FormatError("this Parquet file was not written by this package; only its own export is read")
    for item in flat.SCHEMA:
        index = schema.get_field_index(item.name)
        given = schema.field(index).type if index >= 0 else None
        if given != item.type:
            raise FormatError("the column is missing or of another type", field=item.name, text=str(given or ""))
    total = 0
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        total += group.total_byte_size
        if group.total_byte_size > _GROUP_BYTES or total > LIMITS.unpacked_bytes:
            raise LimitExceeded("the file unpacks to more than is allowed", place=f"row group {index + 1}")


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch with plain texts, unless they would take too much."""
    size = 0
    arrays = []
    for item in flat.SCHEMA:
        column = batch.column(item.name)
        if isinstance(column, pa.DictionaryArray):
            size += pc.sum(pc.binary_length(column.dictionary).take(column.indices)).as_py() or 0
            if size > _BATCH_BYTES:
                raise LimitExceeded(f"{batch.num_rows} rows hold more than {_BATCH_BYTES} bytes of text")
            column = column.cast(item.type)
        arrays.append(column)
    return pa.record_batch(arrays, schema=flat.SCHEMA)


FORMATS = (Format("parquet", "Parquet export of this package", sniff, read, write, ".parquet"),)
