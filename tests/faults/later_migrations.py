"""Migrations as a later version of the program may bring them: they change and fill tables that hold rows."""

from __future__ import annotations

import hashlib

from bankklient_lab.store.migrations import Migration, migrations

KNOWN = tuple(migrations())  # as they are before a test puts `with_later_ones` in their place
_SQL = (
    """
    ALTER TABLE history.entry ADD COLUMN checked BOOLEAN DEFAULT false;
    CREATE TABLE ops.person (person_id BIGINT PRIMARY KEY, name VARCHAR NOT NULL, UNIQUE (name));
    INSERT INTO ops.person
    SELECT row_number() OVER (ORDER BY by_user), by_user FROM (SELECT DISTINCT by_user FROM ops.log);
    """,
    """
    CREATE TABLE history.entry_text AS SELECT import_id, statement_no, entry_no, remittance FROM history.entry;
    ALTER TABLE ops.user_selection RENAME TO named_selection;
    UPDATE history.entry SET checked = true WHERE amount > 0;
    """,
)


def with_later_ones() -> list[Migration]:
    """Return the migrations of the program and two more."""
    later = [
        Migration(len(KNOWN) + number, f"later{number}", sql, hashlib.sha256(sql.encode()).hexdigest())
        for number, sql in enumerate(_SQL, start=1)
    ]
    return [*KNOWN, *later]
