"""Commands for data reduction and system information."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bankklient_lab.cli.asked import require_yes
from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, day, opened
from bankklient_lab.cli.output import lines, print_json, print_rows
from bankklient_lab.errors import StoreError

YesOption = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (reduce, archives, delete_archive, system_information):
        app.command(command.__name__.replace("_", "-"))(command)


def reduce(
    before: Annotated[str, typer.Option(metavar="DAY", help="Move imports that end before this day.")] = "",
    yes: YesOption = False,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Move entries of old imports out of the lab's file into its archive; without --before list the imports."""
    from bankklient_lab.history.reduction import reduce_history, reducible

    with opened(lab, passphrase_file) as one:
        rows = reducible.rows(one)
        if not before:
            _list(rows, as_json, ("position", "import_id", "file_name", "last_day", "entries", "archive", "archive_id"))
            return
        chosen = [row for row in rows if row["archive"] and row["archive_id"] is None and row["last_day"] < day(before)]
        if chosen and not yes:
            newest = chosen[0]
            require_yes(
                f"Move the entries of {len(chosen)} imports into the archive, the newest of them import"
                f" {newest['import_id']} ({newest['file_name']}) of {newest['imported_at']:%Y-%m-%d}?"
            )
        done = reduce_history(one, day(before))
    if as_json:
        print_json(done)
    else:
        lines(
            [f"archive {done['archive_id']}: {done['entries']} entries of {done['imports']} imports, {done['folder']}"]
        )


def archives(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """List the archives of a lab, newest first."""
    from bankklient_lab.history.reduction import archives as archives_action

    with opened(lab, passphrase_file) as one:
        rows = archives_action.rows(one)
    _list(
        rows, as_json, ("archive_id", "made_at", "imports", "first_day", "last_day", "entries", "bytes", "deleted_at")
    )


def delete_archive(
    archive_id: Annotated[int, typer.Argument(metavar="ARCHIVE", help="Number of the archive.")],
    yes: YesOption = False,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Delete an archive for good, with the statements of its imports."""
    from bankklient_lab.history.reduction import archives as archives_action
    from bankklient_lab.history.reduction import delete_archived

    with opened(lab, passphrase_file) as one:
        for row in archives_action.rows(one):
            if row["archive_id"] == archive_id and row["deleted_at"] is None and not yes:
                require_yes(
                    f"Delete archive {archive_id} of {row['made_at']:%Y-%m-%d} for good, {row['entries']} entries from"
                    f" {row['first_day']} to {row['last_day']}?"
                )
        done = delete_archived(one, archive_id)
    if as_json:
        print_json(done)
    else:
        lines([f"archive {archive_id} is deleted: {done['entries']} entries of {done['imports']} imports"])


def system_information(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="ZIP file to write.")],
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Save versions, sizes, counts, checks and log entries for support, without names, accounts and secrets."""
    from bankklient_lab.access.system_information import packed
    from bankklient_lab.access.system_information import system_information as information_action

    with opened(lab, passphrase_file) as one:
        content = packed(information_action(one))
    try:
        with output.open("xb") as target:
            target.write(content)
    except OSError as error:
        raise StoreError(f"{output} can't be written ({error.strerror})") from None
    lines([str(output)])


def _list(rows: list[dict[str, object]], as_json: bool, columns: tuple[str, ...]) -> None:
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, columns, empty="there is none")
