"""Looking after a lab: checks and backups."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from bankklient_lab.actions import action, table_action
from bankklient_lab.balancing.signatures import false_signatures
from bankklient_lab.lab import Lab, absolute
from bankklient_lab.orders.evidence import content_checks
from bankklient_lab.store.backup import back_up
from bankklient_lab.store.checks import run_checks


@table_action("2|960")
def check(lab: Lab) -> pa.Table:
    """Check everything that is always true in a lab and read all of its file.

    Columns: name, sentence (what is always true), broken (rows that break it; 0: it holds; -1: it could not be
    checked), example (the first such row, or the error).
    """
    with lab.database.lane("history"), lab.database.lane("ops"):
        outcomes = [*run_checks(lab.database, content_checks()), false_signatures(lab)]
    rows = [outcome._asdict() for outcome in outcomes]
    columns = [("name", pa.string()), ("sentence", pa.string()), ("broken", pa.int64()), ("example", pa.string())]
    return pa.Table.from_pylist(rows, pa.schema(columns))


@action("960", steps=True)
def backup(lab: Lab, target: str) -> dict[str, Any]:
    """Write a backup to the new folder `target` (a path on the owner's side) and return its manifest.

    The manifest has made_at, schema, bytes, sha256, encrypted and tables (their figures). Nothing is written to the lab
    meanwhile. Raises StoreError.
    """
    manifest = back_up(lab.database, absolute(target), now=lab.clock())
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "backup", target, sha256=manifest["sha256"], bytes=manifest["bytes"])
    return manifest
