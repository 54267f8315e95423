"""Commands for the exchange with the bank: transmitting, the protocol, and what the bank said of a file."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from bankklient_lab.cli.asked import PasswordFileOption, password_to_bank
from bankklient_lab.cli.shared import Answered, add_group, with_options
from bankklient_lab.errors import Unreachable

BatchArgument = Annotated[int, typer.Argument(metavar="BATCH", help="Number, as `bankklient protocol list` shows it.")]
DayOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DAY")]
_COLUMNS = (
    "batch_id", "direction", "point", "batch_type", "type_name", "batch_order", "status", "status_name", "records",
    "error_status", "note", "unsigned", "changed_at", "changed_by",
)  # fmt: skip
_CHANGES = ("status", "status_name", "note", "done_by", "done_at")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("transmit")(with_options(transmit))
    about = "The transmission protocol: every batch to and from the bank."
    add_group(app, "protocol", about, {"list": list_protocol, "changes": changes, "answer": answer})


def transmit(password_file: PasswordFileOption = "", *, how: Answered) -> None:
    """Send the batches that wait, and take over and process what waits at the bank."""
    from bankklient_lab.exchange import transmitting

    with how.opened() as one:
        told = transmitting.transmit(one, password_to_bank(one, password_file))
    nothing = ["there was nothing to send or to receive"] if told["complete"] else []
    waiting = [f"batch {name} to the bank: waits for signatures (`bankklient signatures`)" for name in told["unsigned"]]
    done = [*map(_line, told["batches"]), *map(_file_line, told["files"]), *waiting]
    state = [f"the current state was not updated: {told['state']}"] if told["state"] else []
    how.tell(told, *(done or nothing), *state)
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
    *,
    how: Answered,
) -> None:
    """List the lines of the protocol, the last changed first; days are inclusive."""
    from bankklient_lab.exchange.listing import protocol

    days = {
        "created_since": created_since, "created_until": created_until, "changed_since": changed_since,
        "changed_until": changed_until,
    }  # fmt: skip
    with how.opened() as one:
        rows = protocol.rows(
            one, direction=direction, batch_type=batch_type, status=status, mode=mode, point=point,
            **{name: day.date() if day else None for name, day in days.items()},
        )  # fmt: skip
    how.table(rows, _COLUMNS, empty="there is no such line in the protocol")


def changes(batch: BatchArgument, how: Answered) -> None:
    """Show how a batch came to its status."""
    from bankklient_lab.exchange.listing import protocol_changes

    with how.opened() as one:
        rows = protocol_changes.rows(one, batch)
    how.table(rows, _CHANGES, empty="")


def answer(
    batch: BatchArgument,
    said: Annotated[str, typer.Argument(metavar="ANSWER", help="received or refused.")],
    note: Annotated[str, typer.Option(metavar="TEXT", help="What the bank wrote.")] = "",
    *,
    how: Answered,
) -> None:
    """Record what the bank said of a batch that was written into a folder."""
    from bankklient_lab.exchange.recording import record_answer

    with how.opened() as one:
        told = record_answer(one, batch, said, note)
    how.tell(told, _line(told))


def _line(batch: dict[str, Any]) -> str:
    from bankklient_lab.balancing.unsent import status_name

    way = "to" if batch["direction"] == "send" else "from"
    note = f" ({batch['note']})" if batch["note"] else ""
    name = f"batch {batch['batch_type']} {batch['batch_order']} {way} the bank"
    return f"{name}: {status_name(batch['status'])}{note}"


def _file_line(file: dict[str, Any]) -> str:
    note = f" ({file['note']})" if file["note"] else ""
    return f"file {file['name']} from the bank: {file['status']}{note}"
