"""What support needs to know of an installation, without anything that is the client's or a person's own.

Left out, because it may hold names, numbers of accounts, secrets or paths: subjects, details and users of the log,
texts of the configuration, names of files and folders, examples of broken checks.
"""

from __future__ import annotations

import io
import json
import platform
import re
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import duckdb

from bankklient_lab.access.configuration import setting
from bankklient_lab.actions import action, table_action
from bankklient_lab.lab import Lab, Read
from bankklient_lab.rights.settings import BANK, SECRET, TEXT, parameters
from bankklient_lab.store.checks import run_checks
from bankklient_lab.store.migrations import migrations

LOG_ENTRIES = 1_000
_OWN = (TEXT, SECRET, BANK)  # kinds of parameters of which only is told whether they are set


@action("2", steps=True)
def system_information(lab: Lab) -> dict[str, Any]:
    """Return versions, sizes, counts, checks, configuration and the newest log entries, as plain values by topic.

    It holds no password, key, token, account, name of a person or client, nor path. Every check is made for it.
    """
    found = {
        "program": _program(),
        "lab": _lab(lab),
        "checks": {one.name: one.broken for one in run_checks(lab.database)},
        "configuration": {
            one.name: bool(setting(lab, one.name)) if one.kind in _OWN else setting(lab, one.name)
            for one in parameters().values()
        },
        "log": _rows(
            lab,
            "SELECT l.log_id, l.done_at::VARCHAR AS done_at, m.number, l.action, m.type, m.module, l.chain"
            " FROM ops.log l JOIN app.log_message m USING (action) ORDER BY l.log_id DESC LIMIT $limit",
            limit=LOG_ENTRIES,
        ),
    }
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "system_information", "")
    return found


def _program() -> dict[str, Any]:
    return {
        "bankklient_lab": distribution("bankklient_lab").version,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "duckdb": duckdb.__version__,
        "schema": len(migrations()),
        "packages": _packages(),
    }


def _packages() -> dict[str, str]:
    """Return the version of each package that this one requires; an empty text for one that is missing."""
    found = {}
    for requirement in distribution("bankklient_lab").requires or ():
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        try:
            found[name] = distribution(name).version
        except PackageNotFoundError:
            found[name] = ""
    return dict(sorted(found.items()))


def _lab(lab: Lab) -> dict[str, Any]:
    tables = lab.rows(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'lab' ORDER BY 1"
    )
    kept = lab.database.archive_folder
    return {
        "bytes": _size(lab.path),
        "log_bytes": _size(lab.path.with_name(lab.path.name + ".wal")),
        "archive_bytes": sum(_size(file) for file in kept.iterdir()) if kept.is_dir() else 0,
        "encrypted": lab.database.encrypted,
        "access_control": lab.rights.controlled,
        "changes": _rows(lab, _CHANGES),
        "rows": {table: lab.rows(f"SELECT count(*) FROM {table}")[0][0] for (table,) in tables},  # noqa: S608 - our names
        "backups": _rows(
            lab,
            "SELECT action, max(done_at)::VARCHAR AS last, count(*) AS times FROM ops.log"
            " WHERE action IN ('backup', 'rotate_backup', 'fail_backup') GROUP BY action ORDER BY action",
        ),
    }


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _rows(lab: Lab, sql: str, **values: object) -> list[dict[str, Any]]:
    return lab.read(sql, values).rows()


def packed(information: dict[str, Any]) -> bytes:
    """Return the information as a ZIP file with one JSON file for each topic."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for topic, found in information.items():
            made.writestr(f"{topic}.json", json.dumps(found, indent=1, ensure_ascii=False))
    return target.getvalue()


_CHANGES = """
    SELECT number AS version, name, 'definition script' AS kind, true AS done, applied_at::VARCHAR AS done_at,
        checksum AS key
    FROM ops.migration ORDER BY number
"""


@table_action()
def database_changes(lab: Lab) -> Read:
    """Return the changes of the database's definition that the lab has had, oldest first.

    Columns: version (the highest is that of the database), name, kind, done, done_at (UTC), key (SHA-256 of its text).
    One that fails is undone, and the lab is not opened.
    """
    return lab.read(_CHANGES)
