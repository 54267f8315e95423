"""Commands for one's own key, which signs confirmations of orders."""

from __future__ import annotations

from collections.abc import Callable

import typer

from bankklient_lab.cli.asked import PasswordFileOption, new_password
from bankklient_lab.cli.output import lines
from bankklient_lab.cli.shared import Answered, AtLab, add_group

_COLUMNS = ("key_id", "reference", "public_key", "created_at", "withdrawn_at")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {"list": list_keys, "make": make, "withdraw": withdraw}
    add_group(app, "signing-key", "Keys that sign confirmations of orders.", commands)


def list_keys(how: Answered) -> None:
    """List the public keys of all users, with which everybody can verify what was signed."""
    from bankklient_lab.orders.signing import personal_keys

    with how.opened() as one:
        rows = personal_keys.rows(one)
    how.table(rows, _COLUMNS, empty="there is no key")


def make(password_file: PasswordFileOption = "", *, at: AtLab) -> None:
    """Make your key, in place of an earlier one, and print its fingerprint; its password is kept nowhere."""
    from bankklient_lab.orders.signing import create_personal_key

    with at.opened() as one:
        made = create_personal_key(one, new_password(password_file, "your key"))
    lines([made["fingerprint"]])


def withdraw(at: AtLab) -> None:
    """Withdraw your key: it signs nothing any more; what it signed stays verifiable."""
    from bankklient_lab.orders.signing import withdraw_personal_key

    with at.opened() as one:
        withdraw_personal_key(one)
    lines(["your key is withdrawn"])
