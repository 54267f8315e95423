"""What the tests kill or starve: a process that works on a lab and says, at once, each thing that it has done.

`python -m tests.faults.victims WORK ARGUMENT...` says "ready" when its modules are loaded and then does one of WORKS.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import bankklient_lab as bl
from bankklient_lab.history import importing
from bankklient_lab.lab import open_here
from bankklient_lab.store import backup, migrations
from tests.faults import later_migrations


def say(*words: object) -> None:
    """Write one line and push it out: what stands in it is acknowledged."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def import_files(lab_file: str, list_file: str) -> None:
    """Import the files of a list: [path, bank, currency] each."""
    with open_here(Path(lab_file)) as lab:
        for path, bank, currency in json.loads(Path(list_file).read_text("utf-8")):
            report = importing.import_file(lab, Path(path), bank=bank, currency=currency)
            say(Path(path).name, report["status"], report["import_id"])


def withdraw_imports(lab_file: str, *_: str) -> None:
    """Withdraw all imports, and rename an account and save a selection after each."""
    with open_here(Path(lab_file)) as lab:
        account, currency = lab.rows("SELECT number, currency FROM ops.account LIMIT 1")[0]
        for (import_id,) in lab.rows("SELECT import_id FROM ops.import ORDER BY import_id"):
            bl.withdraw_import(lab, import_id, reason="test")
            say("withdrawn", import_id)
            bl.rename_account(lab, account, f"name {import_id}", currency)
            say("renamed", f"name {import_id}")
            bl.save_selection(lab, f"selection {import_id}", {"text": "x"})
            say("saved", f"selection {import_id}")


def create_labs(folder: str, count: str) -> None:
    """Make some new labs."""
    for number in range(int(count)):
        path = Path(folder) / f"{number}.lab"
        open_here(path, create=True).close()
        say(path.name)


def migrate_labs(folder: str, *_: str) -> None:
    """Open labs of an old version with a program that has further migrations."""
    migrations.migrations = later_migrations.with_later_ones  # type: ignore[assignment]
    for path in sorted(Path(folder).glob("*.lab")):
        open_here(path).close()
        say(path.name)


def back_up_and_restore(lab_file: str, folder: str) -> None:
    """Make two backups and restore each to a new lab."""
    with open_here(Path(lab_file)) as lab:
        for number in range(2):
            target = Path(folder) / f"backup{number}"
            backup.back_up(lab.database, target, now=datetime(2026, 11, 22, tzinfo=UTC))
            say(target.name)
            backup.restore(target, Path(folder) / f"restored{number}.lab")
            say(f"restored{number}.lab")


def import_on_a_full_disk(lab_file: str, file: str, bytes_max: str) -> None:
    """Import a file while no file may grow beyond so many bytes; say what came of it and of what follows."""
    with open_here(Path(lab_file)) as lab:
        limit(int(bytes_max))
        say(*outcome(lambda: bl.import_file(lab, Path(file))["status"]))
        say(*outcome(lambda: bl.withdraw_import(lab, 1, reason="test")))
        say(*outcome(lambda: bl.imports.arrow(lab)["file_name"].to_pylist()))


def create_on_a_full_disk(lab_file: str, bytes_max: str) -> None:
    """Make a lab while no file may grow beyond so many bytes."""
    limit(int(bytes_max))
    say(*outcome(lambda: open_here(Path(lab_file), create=True).user))


def open_on_a_full_disk(lab_file: str, bytes_max: str) -> None:
    """Open a lab while no file may grow beyond so many bytes; say where its macros are from, and what one returns."""
    limit(int(bytes_max))
    with open_here(Path(lab_file)) as lab:
        say(*outcome(lambda: lab.rows("SELECT path FROM duckdb_databases() WHERE database_name = 'app'")))
        say(*outcome(lambda: lab.rows("SELECT currency_decimals('JPY')")))


def limit(bytes_max: int) -> None:
    """Let no file grow beyond so many bytes: like a full disk, but for this process alone."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, bytes_max))


def outcome(work: Callable[[], object]) -> tuple[str, object]:
    """Return "done" and what work returns, or the name and message of its error."""
    try:
        return "done", work()
    except Exception as error:
        return type(error).__name__, str(error)


WORKS: dict[str, Callable[..., None]] = {
    work.__name__: work
    for work in (
        import_files,
        withdraw_imports,
        create_labs,
        migrate_labs,
        back_up_and_restore,
        import_on_a_full_disk,
        create_on_a_full_disk,
        open_on_a_full_disk,
    )
}

if __name__ == "__main__":
    say("ready")
    WORKS[sys.argv[1]](*sys.argv[2:])
