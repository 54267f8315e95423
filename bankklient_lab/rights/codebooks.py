"""The bank's codebooks as a lab keeps them: in force from a day until another, filled from what is shipped.

A content that a newer version ships replaces the one shipped before it; one from a file or from the bank stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bankklient_lab.codebooks.bank import CODEBOOKS, Row, shipped, shipped_digest
from bankklient_lab.rights.system import Log
from bankklient_lab.store.database import Database

FROM_BANK = "bank"  # in place of the digest of a shipped content
ALWAYS = date(1, 1, 1)  # since when a first content is in force


def ensure_codebooks(database: Database, today: date, log: Log) -> list[str]:
    """Bring shipped contents into a lab that has none or older ones.

    Returns the names of those that replaced older ones: orders that wait are then to be checked again.
    """
    with database.reading() as cursor:
        kept = dict(cursor.execute("SELECT codebook, shipped FROM ops.codebook_content").fetchall())
    due = [name for name in CODEBOOKS if kept.get(name, "") not in (None, FROM_BANK, shipped_digest(name))]
    if not due:
        return []
    renewed = []
    with database.tx("ops") as cursor:
        first = {name: shipped(name) for name in due if name not in kept}
        _begin(cursor, first, ALWAYS)
        for name in due:
            if name in kept:
                changed = replace_content(cursor, name, shipped(name), today)
                log(cursor, "bank_changes_codebook", name, **changed)
                renewed.append(name)
            note_content(cursor, name, shipped_digest(name))
    return renewed


def replace_content(cursor: Any, name: str, rows: Sequence[Row], today: date) -> dict[str, int]:
    """Put rows in the place of those in force: what is gone or changed ends today, what is new begins today.

    Returns how many codes are new, changed and gone.
    """
    before = {
        code: (title, attributes)
        for code, title, attributes in cursor.execute(
            "SELECT code, name, attributes FROM codebook(?, ?)", [name, today]
        ).fetchall()
    }
    after = {row.code: (row.name, dict(row.attributes)) for row in rows}
    begins = [row for row in rows if before.get(row.code) != after[row.code]]
    ends = [code for code in before if before[code] != after.get(code)]
    values = {"book": name, "today": today, "codes": ends}
    which = "codebook = $book AND code IN (SELECT unnest($codes)) AND valid_until IS NULL"
    cursor.execute(f"DELETE FROM ops.codebook WHERE {which} AND valid_from = $today", values)  # noqa: S608
    cursor.execute(f"UPDATE ops.codebook SET valid_until = $today WHERE {which}", values)  # noqa: S608
    _begin(cursor, {name: begins}, today)
    new = sum(row.code not in before for row in begins)
    return {"new": new, "changed": len(begins) - new, "gone": sum(code not in after for code in ends)}


def note_content(cursor: Any, name: str, digest: str | None) -> None:
    """Note the shipped content that a codebook has, by its digest; FROM_BANK, or None: it has one from a file."""
    cursor.execute("INSERT OR REPLACE INTO ops.codebook_content VALUES (?, ?)", [name, digest])


def _begin(cursor: Any, contents: Mapping[str, Sequence[Row]], since: date) -> None:
    """Insert rows that are in force from a day on."""
    rows = [(name, row) for name, content in contents.items() for row in content]
    if not rows:
        return
    cursor.execute(
        """
        INSERT INTO ops.codebook
        SELECT codebook, code, name, map(keys, "values"), $since, NULL FROM (
            SELECT unnest($codebooks) AS codebook, unnest($codes) AS code, unnest($names) AS name,
                unnest($keys::VARCHAR[][]) AS keys, unnest($values::VARCHAR[][]) AS "values")
        """,
        {
            "since": since,
            "codebooks": [name for name, _ in rows],
            "codes": [row.code for _, row in rows],
            "names": [row.name for _, row in rows],
            "keys": [list(row.attributes) for _, row in rows],
            "values": [list(row.attributes.values()) for _, row in rows],
        },
    )
