"""Backups of both kinds, to the folder that the configuration names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from bankklient_lab.access.configuration import setting
from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, LabError
from bankklient_lab.lab import Lab, absolute
from bankklient_lab.store.backup import manifest_of, verify_bytes
from bankklient_lab.store.rotation import BackupSet, keep_one, rotate

SECURITY, STANDARD, WHOLE = "security", "standard", "whole"


@action("960", mode="exclusive", steps=True)
def rotate_backup(lab: Lab, folder: str = "") -> dict[str, Any]:
    """Make a security backup in `folder` (the configured one when empty; on the owner's side), renumber the older ones.

    Returns its manifest with path, kept (older ones there now) and same_disk (it is on the disk of the lab). Nobody
    else may be logged in. Raises BadArgument without a folder, StoreError, Refused for a set of another lab.
    """
    backups, older = _set(lab, folder), setting(lab, "backup_older")
    make = partial(rotate, lab.database, backups, older=older, clock=lab.clock, user=lab.user)
    return _logged(lab, backups, "rotate_backup", make, "kept")


@action("960", mode="exclusive", steps=True)
def exit_backup(lab: Lab) -> dict[str, Any]:
    """Make the backup that `backup_offer` offers, of the configured kind, and return as `rotate_backup` does."""
    if setting(lab, "backup_kind") == SECURITY:
        return rotate_backup(lab)
    backups = _set(lab, "")
    return _logged(lab, backups, "backup", partial(keep_one, lab.database, backups, clock=lab.clock, user=lab.user))


def _logged(
    lab: Lab, backups: BackupSet, what: str, make: Callable[[], dict[str, Any]], *further: str
) -> dict[str, Any]:
    """Make a backup, log it or its failure, and return its manifest; `further` are parts of it that are logged, too."""
    try:
        made = make()
    except LabError as error:
        with lab.database.tx("ops") as cursor:
            lab.log(cursor, "fail_backup", str(backups.folder), reason=error.message)
        raise
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, what, made["path"], **{name: made[name] for name in ("sha256", "bytes", *further)})
    return made


@action("960", mode="standard")
def backup_offer(lab: Lab) -> dict[str, Any]:
    """Return whether a backup is to be offered before the program ends: offer, kind, folder, logins (since the last).

    It is when the configuration says so, names a folder, and that many logins were made since the last backup. In a lab
    without access control the days on which something was changed count.
    """
    what = "count(*) FILTER (action = 'login')" if lab.rights.controlled else "count(DISTINCT done_at::DATE)"
    ((logins,),) = lab.rows(
        f"SELECT {what} FROM ops.log WHERE log_id > ("  # noqa: S608 - one of our own texts
        "SELECT coalesce(max(log_id), 0) FROM ops.log WHERE action IN ('backup', 'rotate_backup'))"
    )
    folder = setting(lab, "backup_folder")
    offer = setting(lab, "backup_offer") and folder != "" and logins >= setting(lab, "backup_logins")
    return {"offer": offer, "kind": setting(lab, "backup_kind"), "folder": folder, "logins": logins}


@table_action("960")
def backups(lab: Lab, folder: str = "") -> pa.Table:
    """Return the security backups in `folder` (the configured one when empty), newest first, after reading every byte.

    Columns: path, state ("whole", or what is wrong with it), made_at, lab (file name), schema, duckdb, encrypted, bytes
    (of the ZIP file).
    """
    rows = [_described(path) for path in _set(lab, folder).stored()]
    return pa.Table.from_pylist(rows, _COLUMNS)


_COLUMNS = pa.schema([
    ("path", pa.string()), ("state", pa.string()), ("made_at", pa.string()), ("lab", pa.string()),
    ("schema", pa.int64()), ("duckdb", pa.string()), ("encrypted", pa.bool_()), ("bytes", pa.int64()),
])  # fmt: skip


def _described(path: Path) -> dict[str, Any]:
    row: dict[str, Any] = {"path": str(path), "state": WHOLE, "bytes": path.stat().st_size}
    try:
        row |= {name: manifest_of(path)[name] for name in ("made_at", "lab", "schema", "duckdb", "encrypted")}
        verify_bytes(path)
    except LabError as error:
        row["state"] = error.message
    return row


def _set(lab: Lab, folder: str) -> BackupSet:
    named = folder or setting(lab, "backup_folder")
    if not named:
        raise BadArgument("no folder for backups is named: give one, or set backup_folder in the configuration")
    return BackupSet(absolute(named), setting(lab, "client_number"))
