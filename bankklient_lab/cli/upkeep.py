"""Commands that look after a lab: check, backup, backups, verify, restore."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import lines, print_json, print_rows
from bankklient_lab.errors import BadArgument
from bankklient_lab.store.passphrase import read_passphrase

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

BackupArgument = Annotated[Path, typer.Argument(metavar="BACKUP", help="Folder or ZIP file of the backup.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (check, backup, backups, verify, restore):
        app.command(command.__name__)(command)


def check(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """Check everything that is always true in a lab, and read all of its file."""
    from bankklient_lab.history.upkeep import check as check_action

    with opened(lab, passphrase_file) as one:
        rows = check_action.rows(one)
    broken = [row for row in rows if row["broken"]]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, ("name", "broken", "sentence", "example"), empty="")
        lines([f"{len(broken)} of {len(rows)} checks are broken" if broken else "all is well"])
    if broken:
        raise typer.Exit(1)


def backup(
    target: Annotated[
        str, typer.Argument(metavar="[BACKUP]", help="Folder to make; with --rotate the one that holds the set.")
    ] = "",
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make a ZIP file in a set that keeps the older ones, renumbered.")
    ] = False,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Copy the lab into a new folder, or into a set of ZIP files, while nothing writes, and read the copy back."""
    from bankklient_lab.lab import absolute

    folder = str(absolute(target)) if target else ""
    if not (folder or rotate):
        raise BadArgument("name the folder to make, or give --rotate for the one of the configuration")
    with opened(lab, passphrase_file) as one:
        made = _rotated(one, folder) if rotate else _copied(one, folder)
    if as_json:
        print_json(made)
        return
    lines([f"{made['path']}: {made['bytes']} bytes, schema {made['schema']}, SHA-256 {made['sha256']}"])
    if made.get("same_disk"):
        sys.stderr.write("bankklient: the backup is on the disk of the lab; keep one elsewhere, too\n")


def _rotated(lab: Lab, folder: str) -> dict[str, Any]:
    from bankklient_lab.history.backups import rotate_backup

    return rotate_backup(lab, folder)


def _copied(lab: Lab, folder: str) -> dict[str, Any]:
    from bankklient_lab.history.upkeep import backup as backup_action
    from bankklient_lab.store.backup import verify_bytes

    manifest = backup_action(lab, folder)
    verify_bytes(Path(folder))
    return {"path": folder, **manifest}


def backups(
    folder: Annotated[str, typer.Argument(metavar="[FOLDER]", help="Where the set is; without it as configured.")] = "",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List the ZIP files of `backup --rotate`, newest first, after reading every byte of them."""
    from bankklient_lab.history.backups import WHOLE
    from bankklient_lab.history.backups import backups as backups_action
    from bankklient_lab.lab import absolute

    with opened(lab, passphrase_file) as one:
        rows = backups_action.rows(one, str(absolute(folder)) if folder else "")
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, ("path", "made_at", "bytes", "duckdb", "schema", "state"), empty="there are no backups")
    if any(row["state"] != WHOLE for row in rows):
        raise typer.Exit(1)


def verify(folder: BackupArgument, as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """Read a backup whole and compare it with its manifest."""
    from bankklient_lab.store.backup import verify as verify_backup

    manifest = verify_backup(folder, passphrase=read_passphrase(passphrase_file))
    if as_json:
        print_json({"path": str(folder), **manifest})
    else:
        lines([f"{folder} is whole, made {manifest['made_at']}"])


def restore(
    folder: BackupArgument,
    lab: Annotated[str, typer.Argument(metavar="LAB", help="File to make; never one that exists.")],
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Make a new lab from a backup, after reading the backup whole."""
    from bankklient_lab.lab import lab_path
    from bankklient_lab.store.backup import restore as restore_backup

    path = lab_path(lab)
    manifest = restore_backup(folder, path, passphrase=read_passphrase(passphrase_file))
    if as_json:
        print_json({"path": str(path), **manifest})
    else:
        lines([f"{path} is as the lab was on {manifest['made_at']}"])
