"""Commands for connection points."""

from __future__ import annotations

from typing import Annotated

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import lines, print_table
from bankklient_lab.errors import BadArgument

_COLUMNS = ("role", "point", "name", "encrypted", "channel", "settings")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Who exchanges batches: the own connection point and the bank's.")
    group.command("list")(list_points)
    group.command("change")(change)
    app.add_typer(group, name="points")


def list_points(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """List the connection points."""
    from bankklient_lab.keys.points import connection_points

    with opened(lab, passphrase_file) as one:
        rows = connection_points.rows(one)
    numbered = rows if as_json else [row | {"point": str(row["point"])} for row in rows]
    print_table(numbered, _COLUMNS, as_json=as_json, empty="")


def change(
    role: Annotated[str, typer.Argument(metavar="POINT", help="own or bank.")],
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SETTING=VALUE]...", help="Of the channel: send_to and receive_from, or address."),
    ] = None,
    number: Annotated[int | None, typer.Option(metavar="NUMBER", help="As the contract with the bank says.")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    encrypted: Annotated[
        bool | None, typer.Option("--encrypted/--open", help="Agree on it with the bank first.", show_default=False)
    ] = None,
    channel: Annotated[str | None, typer.Option(metavar="CHANNEL", help="folder or https.")] = None,
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Change a connection point; what is not given stays."""
    from bankklient_lab.keys.points import change_connection_point

    with opened(lab, passphrase_file) as one:
        change_connection_point(
            one, role, number=number, name=name, encrypted=encrypted, channel=channel,
            settings=_settings(settings) if settings else None,
        )  # fmt: skip
    lines([f"the {role} connection point is changed"])
    if encrypted is not None:
        lines(["let the bank change the encryption on the same day"])


def _settings(given: list[str]) -> dict[str, str]:
    found = dict(one.partition("=")[::2] for one in given)
    for one in given:
        if "=" not in one:
            raise BadArgument(f"{one!r} is no setting; write it like address=https://bank.example")
    return found
