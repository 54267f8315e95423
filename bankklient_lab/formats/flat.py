"""Statements as one flat table: the schema of our own CSV and Parquet files.

A row is one `record`:

    entry      an entry, joined with its statement (columns `s_...`)
    statement  a statement that has no entry
    balance    a balance of a statement: `balance_type`, `booking_day`, `amount`, `currency`
    detail     a detail of a batch booking: `detail_no` and the fields of a party

Columns are named and typed as in formats.schema: `record`; those of a statement with `s_` before the name;
those of an entry; `detail_no` and `balance_type`. `s_statement_no` says which statement a row belongs to, and
`s_raw` stands in a statement's first row alone. Rows come statement by statement.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats.base import BATCH_ROWS, LIMITS, Part, StatementSet, record_batch
from bankklient_lab.formats.schema import SCHEMAS, Kind

_STATEMENT = [pa.field(f"s_{item.name}", item.type) for item in SCHEMAS[Kind.STATEMENT]]
_ENTRY = [item for item in SCHEMAS[Kind.ENTRY] if item.name != "statement_no"]
SCHEMA = pa.schema(
    [
        pa.field("record", pa.string()),
        *_STATEMENT,
        *_ENTRY,
        pa.field("detail_no", pa.int32()),
        pa.field("balance_type", pa.string()),
    ]
)
_RENAMED = {"day": "booking_day"}  # of a balance


def batches(statements: StatementSet) -> Iterator[pa.RecordBatch]:
    """Yield the flat table in batches, statement by statement; an entry of no statement is a bug of the caller."""
    numbers = statements.statements["statement_no"]
    unknown = pc.invert(pc.is_in(statements.entries["statement_no"], numbers))
    assert not pc.any(unknown).as_py(), "an entry without its statement"
    starts = {kind: _Slices(table) for kind, table in _tables(statements).items()}
    for index, number in enumerate(numbers.to_pylist()):
        head = statements.statements.slice(index, 1)
        entries = starts[Kind.ENTRY].of(number)
        first = True
        for start in range(0, max(entries.num_rows, 1), BATCH_ROWS):
            yield _joined(head, entries.slice(start, BATCH_ROWS), with_raw=first)
            first = False
        for kind in (Kind.BALANCE, Kind.DETAIL):
            for batch in starts[kind].of(number).to_batches(max_chunksize=BATCH_ROWS):
                yield _alone(kind, batch)


def _tables(statements: StatementSet) -> dict[Kind, pa.Table]:
    return {Kind.ENTRY: statements.entries, Kind.BALANCE: statements.balances, Kind.DETAIL: statements.details}


class _Slices:
    """The rows of each statement in a table that is ordered by statement_no."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        runs = pc.run_end_encode(table["statement_no"].combine_chunks()) if table.num_rows else None
        self._bounds: dict[int, tuple[int, int]] = {}
        start = 0
        if runs is not None:
            for number, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
                assert number not in self._bounds, "rows are not ordered by statement_no"
                self._bounds[number] = start, end - start
                start = end

    def of(self, number: int) -> pa.Table:
        """Return the rows of one statement."""
        start, length = self._bounds.get(number, (0, 0))
        return self._table.slice(start, length)


def _joined(head: pa.Table, entries: pa.Table, *, with_raw: bool) -> pa.RecordBatch:
    length = max(entries.num_rows, 1)
    given: dict[str, pa.Array] = {"record": pa.repeat("entry" if entries.num_rows else "statement", length)}
    for item in SCHEMAS[Kind.STATEMENT]:
        value = head[item.name][0]
        given[f"s_{item.name}"] = pa.repeat(value, length)
    if not with_raw:
        given["s_raw"] = pa.nulls(length, pa.string())
    elif length > 1:
        given["s_raw"] = pa.concat_arrays([given["s_raw"].slice(0, 1), pa.nulls(length - 1, pa.string())])
    if entries.num_rows:
        entries = entries.combine_chunks()
        given |= {item.name: entries[item.name].combine_chunks() for item in _ENTRY}
    return _batch(given, length)


def _alone(kind: Kind, batch: pa.RecordBatch) -> pa.RecordBatch:
    given = {_RENAMED.get(name, name): batch.column(name) for name in batch.schema.names if name != "statement_no"}
    given["s_statement_no"] = batch.column("statement_no")
    given["record"] = pa.repeat(str(kind), batch.num_rows)
    return _batch(given, batch.num_rows)


def _batch(given: dict[str, pa.Array], length: int) -> pa.RecordBatch:
    arrays = [given[item.name] if item.name in given else pa.nulls(length, item.type) for item in SCHEMA]
    return pa.record_batch(arrays, schema=SCHEMA)


class FlatReader:
    """Turns batches of the flat table back into parts."""

    def __init__(self) -> None:
        self._seen = 0

    def parts(self, batch: pa.RecordBatch) -> Iterator[Part]:
        """Yield what one batch holds."""
        records = batch.column("record")
        if pc.any(pc.is_null(batch.column("s_statement_no"))).as_py():
            raise FormatError("a row says no statement", field="s_statement_no")
        known = pa.array(["entry", "statement", "balance", "detail"])
        if not pc.all(pc.fill_null(pc.is_in(records, known), False)).as_py():
            raise FormatError("a row is no entry, statement, balance or detail", field="record")
        yield from self._statements(batch.filter(pc.is_in(records, pa.array(["entry", "statement"]))))
        for kind in (Kind.ENTRY, Kind.BALANCE, Kind.DETAIL):
            rows = batch.filter(pc.equal(records, str(kind)))
            if rows.num_rows:
                yield Part(kind, _record(kind, rows))

    def _statements(self, rows: pa.RecordBatch) -> Iterator[Part]:
        """Yield the statements that begin here; their numbers grow through the file."""
        numbers = rows.column("s_statement_no")
        if not len(numbers):
            return
        listed = numbers.to_numpy()
        if (listed[1:] < listed[:-1]).any() or listed[0] < self._seen:
            raise FormatError("the rows are not ordered by statement", field="s_statement_no")
        first = (listed > self._seen) & (pa.array(listed).to_numpy() != [self._seen, *listed[:-1]])
        self._seen = int(listed[-1])
        if self._seen > LIMITS.statements:
            raise LimitExceeded(f"there are more than {LIMITS.statements} statements")
        new = rows.filter(pa.array(first))
        if new.num_rows:
            given = {item.name: new.column(f"s_{item.name}") for item in SCHEMAS[Kind.STATEMENT]}
            yield Part(Kind.STATEMENT, record_batch(Kind.STATEMENT, given))


def _record(kind: Kind, rows: pa.RecordBatch) -> pa.RecordBatch:
    given = {"statement_no": rows.column("s_statement_no")}
    for item in SCHEMAS[kind]:
        if item.name != "statement_no":
            given[item.name] = rows.column(_RENAMED.get(item.name, item.name))
    return record_batch(kind, given)
