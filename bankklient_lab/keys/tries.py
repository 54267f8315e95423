"""Tries of passwords that open keys: each is counted before it is judged, and the count goes on after a restart."""

from __future__ import annotations

from typing import Any, Literal

Table = Literal["ops.key", "ops.personal_key"]


def count_try(cursor: Any, table: Table, key_id: int, allowed: int) -> int | None:
    """Count a try and return how many there were since the last right one; None when no try is left."""
    counted = cursor.execute(
        f"UPDATE {table} SET failed_tries = failed_tries + 1 WHERE key_id = ? AND failed_tries < ?"  # noqa: S608 - ours
        " RETURNING failed_tries",
        [key_id, allowed],
    ).fetchone()
    return int(counted[0]) if counted else None


def take_back_try(cursor: Any, table: Table, key_id: int) -> None:
    """Take a try back whose password nobody judged."""
    cursor.execute(f"UPDATE {table} SET failed_tries = failed_tries - 1 WHERE key_id = ?", [key_id])  # noqa: S608 - ours


def forget_tries(cursor: Any, table: Table, key_id: int) -> None:
    """Begin to count anew, after a right password."""
    cursor.execute(f"UPDATE {table} SET failed_tries = 0 WHERE key_id = ?", [key_id])  # noqa: S608 - ours
