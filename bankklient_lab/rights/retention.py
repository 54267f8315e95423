"""How long the log keeps entries: the bank's days per chain (data/codebooks/log_retention.csv, ADM-191)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bankklient_lab.codebooks import rows
from bankklient_lab.store.database import Database


def cut_log(database: Database, now: datetime, log: Callable[..., None]) -> None:
    """Remove what is older than its chain keeps, from the old end, once a day; `log` notes how much it was."""
    with database.reading() as cursor:
        due = cursor.execute(
            "SELECT chain FROM ops.log_anchor WHERE cut_on IS DISTINCT FROM ?", [now.date()]
        ).fetchall()
    if not due:
        return
    with database.tx("ops") as cursor:
        removed = {
            row["chain"]: _cut(cursor, row["chain"], now - timedelta(days=int(row["days"])))
            for row in rows("log_retention")
        }
        cursor.execute("UPDATE ops.log_anchor SET cut_on = ?", [now.date()])
        if any(removed.values()):
            log(cursor, "cut_log", "", **removed)


def _cut(cursor: Any, chain: str, limit: datetime) -> int:
    """Remove the entries of a chain before its first one since `limit` and return how many they were.

    The anchor keeps number and hash of the last one removed, so that what is left still verifies.
    """
    ((before, first),) = cursor.execute(
        "SELECT a.number, coalesce(min(l.number), any_value(t.number) + 1)"
        " FROM ops.log_anchor a JOIN ops.log_tail t USING (chain)"
        " LEFT JOIN ops.log l ON l.chain = a.chain AND l.done_at >= ? WHERE a.chain = ? GROUP BY a.number",
        [limit, chain],
    ).fetchall()
    last = cursor.execute(
        "SELECT number, hash FROM ops.log WHERE chain = ? AND number = ?", [chain, first - 1]
    ).fetchone()
    if last is None:
        return 0
    cursor.execute("DELETE FROM ops.log WHERE chain = ? AND number < ?", [chain, first])
    cursor.execute(
        "UPDATE ops.log_anchor SET number = ?, hash = ?, kept_since = ? WHERE chain = ?", [*last, limit, chain]
    )
    return int(first - 1 - before)
