"""Commands for tokens of scripts and consents for third parties."""

from __future__ import annotations

from typing import Annotated

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import lines, print_json, print_table

ScopeOption = Annotated[
    list[int],
    typer.Option("--permission", metavar="NUMBER", help="A permission that it may use; may be repeated."),
]
DaysOption = Annotated[int, typer.Option("--days", min=1, max=365, help="It is good for so many days.")]
_COLUMNS = ("token_id", "user", "name", "purpose", "scope", "expires_at", "used_at", "state")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Rights of scripts and third parties.")
    group.command("list")(list_tokens)
    for command in (create, consent, withdraw):
        group.command(command.__name__)(command)
    app.add_typer(group, name="tokens")


def list_tokens(
    everybody: Annotated[bool, typer.Option("--all", help="Those of all users, which needs permission 1.")] = False,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List your tokens and consents."""
    from bankklient_lab.access.tokens import tokens

    with opened(lab, passphrase_file) as one:
        rows = tokens.rows(one, everybody=everybody)
    print_table(rows, _COLUMNS, as_json=as_json, empty="there is no token")


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, such as the script's name.")],
    permission: ScopeOption = [],
    days: DaysOption = 90,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Make a token and print it, once; without --permission it may what you may, but no action of higher risk."""
    from bankklient_lab.access.tokens import create_token

    with opened(lab, passphrase_file) as one:
        made = create_token(one, name, scope=permission or None, days=days)
    print_json(made) if as_json else lines([made["token"]])


def consent(
    party: Annotated[str, typer.Argument(metavar="PARTY", help="Name of the third party.")],
    purpose: Annotated[str, typer.Option(help="What the party uses it for.")],
    permission: ScopeOption = [],
    days: DaysOption = 90,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Consent to a third party's use of permissions of yours, and print its token, once."""
    from bankklient_lab.access.tokens import give_consent

    with opened(lab, passphrase_file) as one:
        made = give_consent(one, party, purpose=purpose, scope=permission, days=days)
    print_json(made) if as_json else lines([made["token"]])


def withdraw(
    token: Annotated[int, typer.Argument(metavar="TOKEN", help="Number, as `tokens list` shows it.")],
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Withdraw a token or consent, which is refused from its next call on."""
    from bankklient_lab.access.tokens import withdraw_token

    with opened(lab, passphrase_file) as one:
        withdraw_token(one, token)
    lines([f"token {token} is withdrawn"])
