"""Removes what an import left that was killed before its mark in ops.import; nobody ever saw these rows."""

from __future__ import annotations

import duckdb

TABLES = ("statement", "balance", "entry", "detail", "finding", "day_sum", "rate")


def tidy(con: duckdb.DuckDBPyConnection) -> int:
    """Remove rows of history without an import and return how many imports they were of; only while opening a lab."""
    imports = " UNION ".join(f"SELECT import_id FROM history.{table}" for table in ("statement", "rate"))  # noqa: S608
    left = con.execute(
        f"SELECT count(DISTINCT import_id) FROM ({imports}) WHERE import_id NOT IN (SELECT import_id FROM ops.import)"  # noqa: S608
    ).fetchone()
    if not left or not left[0]:
        return 0
    con.execute("BEGIN")
    try:
        for table in TABLES:
            con.execute(f"DELETE FROM history.{table} WHERE import_id NOT IN (SELECT import_id FROM ops.import)")  # noqa: S608
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")
    return int(left[0])
