"""Commands for messages from the bank and to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bankklient_lab.cli.asked import require_yes
from bankklient_lab.cli.output import lines, save_file
from bankklient_lab.cli.shared import Answered, AtLab, add_group

_FROM_BANK = (
    "message_id", "unread", "confidential", "individual", "expired", "has_attachment", "reply", "replies",
    "received_at", "subject",
)  # fmt: skip
_TO_BANK = ("message_id", "status", "answers", "batch_order", "created_at", "created_by", "subject", "why")
_HEAD = ("sent_at", "received_at", "valid_until", "kind", "reply", "attachment_name")
MessageArgument = Annotated[int, typer.Argument(metavar="MESSAGE", help="As `bankklient messages list` shows it.")]
OwnArgument = Annotated[int, typer.Argument(metavar="MESSAGE", help="As `bankklient messages sent` shows it.")]
TextArgument = Annotated[str, typer.Argument(metavar="TEXT")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {
        "list": list_messages, "show": show, "save": save, "delete": delete, "reply": reply, "write": write,
        "sent": sent, "change": change, "withdraw": withdraw,
    }  # fmt: skip
    add_group(app, "messages", "Messages from the bank, replies to them, and messages to it.", commands)


def list_messages(
    kind: Annotated[str | None, typer.Option(metavar="TYPE", help="Only of one type of the bank.")] = None,
    *,
    how: Answered,
) -> None:
    """List the messages from the bank that you may see."""
    from bankklient_lab.exchange.messages import bank_messages

    with how.opened() as one:
        rows = bank_messages.rows(one, kind)
    how.table(rows, _FROM_BANK, empty="there is no message from the bank")


def show(message: MessageArgument, how: Answered) -> None:
    """Show a message from the bank; then you have read it. HTML is shown as its text."""
    from bankklient_lab.exchange.messages import read_bank_message
    from bankklient_lab.formats.letters import plain_text

    with how.opened() as one:
        found = read_bank_message(one, message)
    head = [f"{name}: {found[name]}" for name in _HEAD if found[name] not in (None, "")]
    text = plain_text(found["text"]) if found["html"] else found["text"]
    how.tell(found, found["subject"], *head, "", *text.splitlines())


def save(
    message: MessageArgument,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write it.")],
    how: AtLab,
) -> None:
    """Save the attachment of a message from the bank."""
    from bankklient_lab.exchange.messages import bank_message_attachment

    with how.opened() as one:
        content = bank_message_attachment(one, message)
    save_file(output, content)


def delete(
    message: MessageArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    *,
    how: AtLab,
) -> None:
    """Delete a message from the bank, for all users."""
    from bankklient_lab.exchange.messages import delete_bank_message

    if not yes:
        require_yes(f"Message {message} is deleted for all users.")
    with how.opened() as one:
        delete_bank_message(one, message)
    lines([f"message {message} is deleted"])


def reply(message: MessageArgument, text: TextArgument, how: AtLab) -> None:
    """Reply to a message from the bank; the reply goes out after balancing."""
    from bankklient_lab.exchange.replies import write_to_bank

    with how.opened() as one:
        number = write_to_bank(one, text, reply_to=message)
    lines([f"message {number} waits to be balanced"])


def write(subject: Annotated[str, typer.Argument(metavar="SUBJECT")], text: TextArgument, how: AtLab) -> None:
    """Write to the bank; the message goes out after balancing."""
    from bankklient_lab.exchange.replies import write_to_bank

    with how.opened() as one:
        number = write_to_bank(one, text, subject=subject)
    lines([f"message {number} waits to be balanced"])


def sent(how: Answered) -> None:
    """List the messages to the bank and what became of them; without a status one can still be changed."""
    from bankklient_lab.exchange.replies import client_messages

    with how.opened() as one:
        rows = client_messages.rows(one)
    how.table(rows, _TO_BANK, empty="there is no message to the bank")


def change(
    message: OwnArgument, subject: Annotated[str, typer.Argument(metavar="SUBJECT")], text: TextArgument, how: AtLab
) -> None:
    """Change a message to the bank that is not balanced."""
    from bankklient_lab.exchange.replies import change_message

    with how.opened() as one:
        change_message(one, message, text, subject=subject)
    lines([f"message {message} is changed"])


def withdraw(message: OwnArgument, how: AtLab) -> None:
    """Delete a message to the bank that is not balanced."""
    from bankklient_lab.exchange.replies import withdraw_message

    with how.opened() as one:
        withdraw_message(one, message)
    lines([f"message {message} is withdrawn"])
