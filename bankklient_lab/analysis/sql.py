"""Questions of analysts in SQL: one SELECT over the published relations, which changes and reads nothing else."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from bankklient_lab.actions import table_action
from bankklient_lab.analysis.aside import aside, copy_in
from bankklient_lab.analysis.bounds import Bounds
from bankklient_lab.analysis.sql_check import Question, functions, judged, published, said
from bankklient_lab.errors import BadArgument, Blocked, LimitExceeded
from bankklient_lab.lab import Lab

ROWS_MAX = 1_050_000
BYTES_MAX = 256 * 1024**2  # of an answer
SECONDS, SECONDS_MAX = 30, 300
AT_ONCE = 2
LOGGED_CHARS = 200
_BATCH_ROWS = 10_000
_asking = threading.BoundedSemaphore(AT_ONCE)


@table_action("940")
def sql(lab: Lab, text: str, *, seconds: int = SECONDS) -> pa.Table:
    """Return the answer to one SELECT over what `published_relations` lists, in DuckDB's SQL; decimals stay exact.

    Each relation needs its permission. Raises BadArgument for what is no such question, UnknownName for other tables
    and functions, NotAllowed naming relation and permission, LimitExceeded for an answer that takes longer than
    `seconds` (at most 300), needs too much memory, or has more than 1,050,000 rows or 256 MB; Blocked when two others
    are being answered for so long. Every question is logged.
    """
    if not 0 < seconds <= SECONDS_MAX:
        raise BadArgument(f"seconds must be 1 to {SECONDS_MAX}, not {seconds}")
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "sql", hashlib.sha256(text.encode()).hexdigest(), text=text[:LOGGED_CHARS])
    with lab.database.reading() as source:
        question = judged(text, lab.rights.held(lab.caller), source)
        with _turn(seconds), aside(lab.database) as con, Bounds((con, source), seconds)():
            source.execute("BEGIN TRANSACTION READ ONLY")
            for relation in sorted(question.reads):
                copy_in(con, source, relation, question.columns)
            return _answer(con, question)


@contextmanager
def _turn(seconds: float) -> Iterator[None]:
    """Wait for one of the few turns, so that questions never take all threads that answer callers."""
    if not _asking.acquire(timeout=seconds):
        raise Blocked(f"{AT_ONCE} other questions in SQL are being answered; try again")
    try:
        yield
    finally:
        _asking.release()


def _answer(con: duckdb.DuckDBPyConnection, question: Question) -> pa.Table:
    try:
        reader = con.execute(question.text).to_arrow_reader(_BATCH_ROWS)
        batches, rows, size = [], 0, 0
        for batch in reader:
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if rows > ROWS_MAX or size > BYTES_MAX:
                most = f"{ROWS_MAX:,} rows" if rows > ROWS_MAX else f"{BYTES_MAX // 1024**2} MB"
                raise LimitExceeded(f"the answer has more than {most}; ask for sums, fewer columns, or LIMIT")
            batches.append(batch)
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except duckdb.Error as error:
        raise BadArgument(said(error)) from None
    return pa.Table.from_batches(batches, reader.schema)


@table_action("940")
def published_relations(lab: Lab) -> pa.Table:
    """Return what SQL can read, a row a column.

    Columns: relation, needs (permissions), allowed (to the caller), meaning, column, type.
    """
    held, table = lab.rights.held(lab.caller), []
    with lab.database.reading() as cursor:
        for one in published().values():
            told = {"relation": one.relation, "needs": str(one.needs), "allowed": one.needs.holds(held)}
            described = cursor.execute(f'DESCRIBE FROM app.published."{one.relation}"()').fetchall()
            table += [told | {"meaning": one.meaning, "column": name, "type": type_} for name, type_, *_ in described]
    return pa.Table.from_pylist(table)


@table_action("940")
def sql_functions(lab: Lab) -> pa.Table:  # noqa: ARG001 - the same in every lab
    """Return the functions of DuckDB that SQL can use. Columns: function, kind (scalar or aggregate)."""
    names = sorted(functions())
    return pa.table({"function": names, "kind": [functions()[name] for name in names]})
