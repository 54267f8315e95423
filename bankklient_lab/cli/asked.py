"""What commands ask people at a terminal: passwords, and a yes. Without a terminal nobody is asked: BadArgument."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from getpass import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.store.passphrase import read_passphrase

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

_FILE = "--password-file"
PasswordFileOption = Annotated[
    str, typer.Option(_FILE, metavar="FILE", help="File with the password; only you may read it.")
]


def password(file: str, question: str, option: str = _FILE) -> str:
    """Return the password of a file, which `option` names, or else what is typed."""
    return read_passphrase(file) or typed(question, option)


def of_key(key: Mapping[str, Any]) -> str:
    """Return how prompts name what opens a key: its password, or the PIN of the chip card that has it.

    `key` has title and card, as `key_for_balancing` and `way_to_bank` return them.
    """
    return f"PIN of card {key['card']}" if key["card"] else f"Password of the {key['title']}"


def password_to_bank(lab: Lab, file: str) -> str:
    """Return the password for the way to the bank, of a file or typed; empty where none is asked for."""
    from bankklient_lab.exchange.transmitting import way_to_bank

    way = way_to_bank(lab)
    return password(file, f"{of_key(way)}: ") if way["password_asked"] or file else ""


def new_password(file: str, of: str, option: str = _FILE) -> str:
    """Return the new password of somebody or something, of a file, which `option` names, or typed twice."""
    given = read_passphrase(file)
    if given is not None:
        return given
    first = typed(f"New password of {of}: ", option)
    if getpass("Once more: ") != first:
        raise BadArgument("the two passwords differ; nothing is changed")
    return first


def typed(question: str, option: str = _FILE) -> str:
    """Return what is typed at the terminal without being shown; `option` would give it in a file, empty: nothing."""
    if not sys.stdin.isatty():
        raise BadArgument(f"there is no terminal to ask for it; {f'give it with {option}' if option else 'use one'}")
    return getpass(question)


def is_agreed(question: str) -> bool:
    """Tell whether somebody at the terminal types yes."""
    return input(f"{question} Type yes: ").strip().lower() == "yes"


def require_yes(question: str, otherwise: str = "nothing was changed") -> None:
    """Go on only when somebody types yes; Refused for anything else, `otherwise` says what it comes to."""
    if not sys.stdin.isatty():
        raise BadArgument(f"{question} Give --yes to do it")
    if not is_agreed(question):
        raise Refused(otherwise)
