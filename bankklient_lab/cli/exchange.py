"""Commands for the exchange with the bank: transmitting, the protocol, and what the bank said of a file."""

from __future__ import annotations

import sys
from datetime import datetime
from getpass import getpass
from typing import Annotated, Any

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import lines, print_json, print_table, shown
from bankklient_lab.errors import BadArgument, Unreachable
from bankklient_lab.store.passphrase import read_passphrase

BatchArgument = Annotated[int, typer.Argument(metavar="BATCH", help="Number, as `bankklient protocol` shows it.")]
DayOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY")]
_COLUMNS = (
    "batch_id", "direction", "point", "batch_type", "type_name", "batch_order", "status", "status_name", "records",
    "error_status", "note", "changed_at", "changed_by",
)  # fmt: skip
_CHANGES = ("status", "status_name", "note", "done_by", "done_at")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("transmit")(transmit)
    group = typer.Typer(rich_markup_mode=None, help="The transmission protocol: every batch to and from the bank.")
    group.command("list")(list_protocol)
    group.command("changes")(changes)
    group.command("answer")(answer)
    app.add_typer(group, name="protocol")


def transmit(
    password_file: Annotated[
        str, typer.Option("--password-file", metavar="FILE", help="File with the key's password; only you may read it.")
    ] = "",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Send the batches that wait, and take over and process what waits at the bank."""
    from bankklient_lab.exchange import transmitting

    with opened(lab, passphrase_file) as one:
        way = transmitting.way_to_bank(one)
        password = read_passphrase(password_file) or ""
        if way["password_asked"] and not password:
            password = _prompted(f"Password of the {way['title']}: ")
        told = transmitting.transmit(one, password)
    if as_json:
        print_json(told)
    else:
        nothing = ["there was nothing to send or to receive"] if told["complete"] else []
        lines([_line(batch) for batch in told["batches"]] or nothing)
    if not told["complete"]:
        raise Unreachable(f"not all was exchanged: {told['message']}")


def list_protocol(
    direction: Annotated[str, typer.Option(metavar="DIRECTION", help="send or receive.")] = "",
    batch_type: Annotated[int | None, typer.Option("--type", metavar="TYPE", help="Number of a type of batch.")] = None,
    status: Annotated[int | None, typer.Option(metavar="STATUS", help="Number of a status.")] = None,
    mode: Annotated[str, typer.Option(metavar="MODE", help="internet, net or not exists.")] = "",
    point: Annotated[int | None, typer.Option(metavar="POINT", help="Connection point or accounting system.")] = None,
    created_since: DayOption = None,
    created_until: DayOption = None,
    changed_since: DayOption = None,
    changed_until: DayOption = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List the lines of the protocol, the last changed first; days are inclusive."""
    from bankklient_lab.exchange.listing import protocol

    days = {
        "created_since": created_since, "created_until": created_until, "changed_since": changed_since,
        "changed_until": changed_until,
    }  # fmt: skip
    with opened(lab, passphrase_file) as one:
        rows = protocol.rows(
            one, direction=direction, batch_type=batch_type, status=status, mode=mode, point=point,
            **{name: day.date() if day else None for name, day in days.items()},
        )  # fmt: skip
    print_table(rows, _COLUMNS, as_json=as_json, empty="there is no such line in the protocol")


def changes(
    batch: BatchArgument, lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = ""
) -> None:
    """Show how a batch came to its status."""
    from bankklient_lab.exchange.listing import protocol_changes

    with opened(lab, passphrase_file) as one:
        rows = protocol_changes.rows(one, batch)
    print_table(rows, _CHANGES, as_json=as_json, empty="")


def answer(
    batch: BatchArgument,
    said: Annotated[str, typer.Argument(metavar="ANSWER", help="received or refused.")],
    note: Annotated[str, typer.Option(metavar="TEXT", help="What the bank wrote.")] = "",
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Record what the bank said of a batch that was written into a folder."""
    from bankklient_lab.exchange.recording import record_answer

    with opened(lab, passphrase_file) as one:
        lines([_line(record_answer(one, batch, said, note))])


def _line(batch: dict[str, Any]) -> str:
    from bankklient_lab.balancing.unsent import status_name

    way = "to" if batch["direction"] == "send" else "from"
    note = f" ({batch['note']})" if batch["note"] else ""
    name = f"batch {batch['batch_type']} {batch['batch_order']} {way} the bank"
    return shown(f"{name}: {status_name(batch['status'])}{note}")


def _prompted(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise BadArgument("there is nobody to ask for the password of the key; give --password-file")
    return getpass(prompt)
