"""Commands for messages from the bank and to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from bankklient_lab.cli.asked import require_yes
from bankklient_lab.cli.order_steps import typed_values
from bankklient_lab.cli.output import lines, save_file
from bankklient_lab.cli.printed import print_or_write
from bankklient_lab.cli.shared import Answered, AtLab, Listed, add_group

_HEAD = ("sent_at", "received_at", "valid_until", "type", "reply", "replies", "attachment_name")
_OWN_HEAD = (
    "status", "why", "kind", "batch_order", "attachment_name", "created_by", "created_at", "sent_at", "confirmed_at",
    "received_at",
)  # fmt: skip
_TYPES = ("kind", "name", "format", "suffixes", "bytes_max")
_FIELDS = ("name", "label", "kind", "length", "required", "choices")
MessageArgument = Annotated[int, typer.Argument(metavar="MESSAGE", help="As `bankklient messages list` shows it.")]
OwnArgument = Annotated[int, typer.Argument(metavar="MESSAGE", help="As `bankklient messages sent` shows it.")]
TextArgument = Annotated[str, typer.Argument(metavar="TEXT", help="What it says; of a form nothing.")]
TypeArgument = Annotated[str, typer.Argument(metavar="TYPE", help="As `bankklient messages types` shows it.")]
TypeOption = Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Only of one type.")]
SubjectOption = Annotated[str, typer.Option(metavar="SUBJECT", help="[default: what the type or RE says]")]
FieldOption = Annotated[
    list[str], typer.Option("--field", metavar="NAME=VALUE", help="A field of a form; may be repeated.")
]
AttachOption = Annotated[Path | None, typer.Option(metavar="FILE", help="A file that goes with it.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
ToFileOption = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {
        "list": list_messages, "show": show, "save": save, "delete": delete, "reply": reply, "types": types,
        "form": form, "write": write, "sent": sent, "show-sent": show_sent, "save-sent": save_sent, "change": change,
        "withdraw": withdraw,
    }  # fmt: skip
    add_group(app, "messages", "Messages from the bank, replies to them, and messages to it.", commands)


def list_messages(kind: TypeOption = None, *, how: Listed) -> None:
    """List the messages from the bank that you may see, or write the list to a file (PDF, XLSX, CSV)."""
    print_or_write(how, "bank messages", kind, empty="there is no message from the bank")


def show(message: MessageArgument, how: Answered) -> None:
    """Show a message from the bank; then you have read it. HTML is shown as its text."""
    from bankklient_lab.exchange.messages import read_bank_message
    from bankklient_lab.formats.letters import plain_text

    with how.opened() as one:
        found = read_bank_message(one, message)
    text = plain_text(found["text"]) if found["html"] else found["text"]
    how.tell(found, found["subject"], *_head(found, _HEAD), "", *text.splitlines())


def save(message: MessageArgument, output: ToFileOption, how: AtLab) -> None:
    """Save the attachment of a message from the bank."""
    from bankklient_lab.exchange.messages import bank_message_attachment

    with how.opened() as one:
        content = bank_message_attachment(one, message)
    save_file(output, content)


def delete(message: MessageArgument, yes: YesOption = False, *, how: AtLab) -> None:
    """Delete a message from the bank, for all users."""
    from bankklient_lab.exchange.messages import delete_bank_message

    if not yes:
        require_yes(f"Message {message} is deleted for all users.")
    with how.opened() as one:
        delete_bank_message(one, message)
    lines([f"message {message} is deleted"])


def reply(
    message: MessageArgument,
    text: TextArgument = "",
    subject: SubjectOption = "",
    field: FieldOption = [],
    attach: AttachOption = None,
    *,
    how: AtLab,
) -> None:
    """Reply to a message from the bank, as its type asks; the reply goes out after balancing."""
    from bankklient_lab.exchange.replies import write_to_bank

    with how.opened() as one:
        number = write_to_bank(
            one, text, subject=subject, reply_to=message, fields=typed_values(field), attachment=attach
        )
    lines([f"message {number} waits to be balanced"])


def types(how: Answered) -> None:
    """List the types that a message to the bank can have."""
    from bankklient_lab.exchange.message_types import message_types

    with how.opened() as one:
        rows = message_types.rows(one)
    how.table(rows, _TYPES, empty="the bank takes no messages")


def form(kind: TypeArgument, how: Answered) -> None:
    """List the fields of the form of a type of message."""
    from bankklient_lab.exchange.message_types import message_form

    with how.opened() as one:
        fields = message_form(one, kind)
    shown = fields if how.as_json else [one | {"choices": ", ".join(one["choices"])} for one in fields]
    how.table(shown, _FIELDS, empty=f"a message of the type {kind} is a text")


def write(
    text: TextArgument = "",
    kind: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="One of `bankklient messages types`.")
    ] = None,
    subject: SubjectOption = "",
    field: FieldOption = [],
    attach: AttachOption = None,
    *,
    how: AtLab,
) -> None:
    """Write to the bank; the message goes out after balancing."""
    from bankklient_lab.exchange.replies import write_to_bank

    with how.opened() as one:
        number = write_to_bank(one, text, subject=subject, kind=kind, fields=typed_values(field), attachment=attach)
    lines([f"message {number} waits to be balanced"])


def sent(kind: TypeOption = None, *, how: Listed) -> None:
    """List the messages to the bank and what became of them, or write the list to a file (PDF, XLSX, CSV).

    Without a status one can still be changed.
    """
    print_or_write(how, "client messages", kind, empty="there is no message to the bank")


def show_sent(message: OwnArgument, how: Answered) -> None:
    """Show a message to the bank, what became of it, and the fields of a form."""
    from bankklient_lab.exchange.replies import read_client_message

    with how.opened() as one:
        found = read_client_message(one, message)
    said = [f"{one['label']}: {one['text']}" for one in found["fields"]] if found["form"] else [found["text"]]
    text = [line for one in said for line in one.splitlines()]
    how.tell(found, found["subject"], *_head(found, _OWN_HEAD), "", *text)


def save_sent(message: OwnArgument, output: ToFileOption, how: AtLab) -> None:
    """Save the attachment of a message to the bank."""
    from bankklient_lab.exchange.replies import client_message_attachment

    with how.opened() as one:
        content = client_message_attachment(one, message)
    save_file(output, content)


def change(
    message: OwnArgument,
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="What it says instead.")] = None,
    subject: Annotated[str | None, typer.Option(metavar="SUBJECT")] = None,
    field: Annotated[
        list[str],
        typer.Option("--field", metavar="NAME=VALUE", help="A field of a form that changes; may be repeated."),
    ] = [],
    attach: Annotated[Path | None, typer.Option(metavar="FILE", help="In the place of the file it has.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Without the file that it has.")] = False,
    *,
    how: AtLab,
) -> None:
    """Change a message to the bank that is not balanced; what is not given stays."""
    from bankklient_lab.exchange.replies import change_message

    with how.opened() as one:
        fields = typed_values(field)
        change_message(one, message, text, subject=subject, fields=fields, attachment=attach, detach=detach)
    lines([f"message {message} is changed"])


def withdraw(message: OwnArgument, yes: YesOption = False, *, how: AtLab) -> None:
    """Delete a message to the bank that is not balanced."""
    from bankklient_lab.exchange.replies import withdraw_message

    if not yes:
        require_yes(f"Message {message} is deleted.")
    with how.opened() as one:
        withdraw_message(one, message)
    lines([f"message {message} is withdrawn"])


def _head(found: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    return [f"{name.replace('_', ' ')}: {found[name]}" for name in names if found[name] not in (None, "")]
