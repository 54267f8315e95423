"""Commands for one's own key, which signs confirmations of orders."""

from __future__ import annotations

from typing import Annotated

import typer

from bankklient_lab.cli.access import new_password
from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import lines, print_table

KeyPasswordOption = Annotated[
    str,
    typer.Option("--password-file", metavar="FILE", help="File with the password of your key; only you may read it."),
]
_COLUMNS = ("key_id", "reference", "public_key", "created_at", "withdrawn_at")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Keys that sign confirmations of orders.")
    group.command("list")(list_keys)
    for command in (make, withdraw):
        group.command(command.__name__)(command)
    app.add_typer(group, name="signing-key")


def list_keys(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """List the public keys of all users, with which everybody can verify what was signed."""
    from bankklient_lab.orders.signing import personal_keys

    with opened(lab, passphrase_file) as one:
        rows = personal_keys.rows(one)
    print_table(rows, _COLUMNS, as_json=as_json, empty="there is no key")


def make(password_file: KeyPasswordOption = "", lab: LabOption = "", passphrase_file: PassphraseOption = "") -> None:
    """Make your key, in place of an earlier one, and print its fingerprint; its password is kept nowhere."""
    from bankklient_lab.orders.signing import create_personal_key

    with opened(lab, passphrase_file) as one:
        made = create_personal_key(one, new_password(password_file, "your key"))
    lines([made["fingerprint"]])


def withdraw(lab: LabOption = "", passphrase_file: PassphraseOption = "") -> None:
    """Withdraw your key: it signs nothing any more; what it signed stays verifiable."""
    from bankklient_lab.orders.signing import withdraw_personal_key

    with opened(lab, passphrase_file) as one:
        withdraw_personal_key(one)
    lines(["your key is withdrawn"])
