"""Commands for sessions: who is logged in and does what, and ending a session."""

from __future__ import annotations

from typing import Annotated

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import lines, print_table

SessionArgument = Annotated[int, typer.Argument(metavar="SESSION", help="Number, as `sessions list` shows it.")]
_COLUMNS = (
    "session_id", "user", "workstation", "channel", "logged_in", "class", "action", "action_since", "idle_since",
    "locked",
)  # fmt: skip
_LOCK_COLUMNS = ("session_id", "user", "workstation", "class", "action", "object", "record", "since", "seconds_left")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Who is logged in and does what.")
    group.command("list")(list_sessions)
    for command in (locks, disconnect, end):
        group.command(command.__name__)(command)
    app.add_typer(group, name="sessions")


def list_sessions(
    own: Annotated[bool, typer.Option("--own", help="Only yours, which needs no permission.")] = False,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List the sessions and what runs in them."""
    from bankklient_lab.access.activity import activity, own_sessions

    with opened(lab, passphrase_file) as one:
        rows = (own_sessions if own else activity).rows(one)
    print_table(rows, _COLUMNS, as_json=as_json, empty="nobody is logged in")


def locks(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """List what runs or is held and may keep others from their work."""
    from bankklient_lab.access.activity import held_locks

    with opened(lab, passphrase_file) as one:
        rows = held_locks.rows(one)
    print_table(rows, _LOCK_COLUMNS, as_json=as_json, empty="nothing is held")


def disconnect(session: SessionArgument, lab: LabOption = "", passphrase_file: PassphraseOption = "") -> None:
    """End a session of another user: what it works on is undone, what it holds is free."""
    from bankklient_lab.access.activity import disconnect as end_of_other

    with opened(lab, passphrase_file) as one:
        end_of_other(one, session)
    lines([f"session {session} is ended"])


def end(session: SessionArgument, lab: LabOption = "", passphrase_file: PassphraseOption = "") -> None:
    """End a session of your own, such as one left open elsewhere."""
    from bankklient_lab.access.activity import end_own_session

    with opened(lab, passphrase_file) as one:
        end_own_session(one, session)
    lines([f"session {session} is ended"])
