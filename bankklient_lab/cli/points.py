"""Commands for connection points."""

from __future__ import annotations

from typing import Annotated

import typer

from bankklient_lab.cli.output import lines
from bankklient_lab.cli.shared import Answered, AtLab, add_group
from bankklient_lab.errors import BadArgument

_COLUMNS = ("role", "point", "name", "encrypted", "channel", "settings")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    about = "Who exchanges batches: the own connection point and the bank's."
    add_group(app, "points", about, {"list": list_points, "change": change})


def list_points(how: Answered) -> None:
    """List the connection points."""
    from bankklient_lab.keys.points import connection_points

    with how.opened() as one:
        rows = connection_points.rows(one)
    how.table(rows, _COLUMNS, empty="")


def change(
    role: Annotated[str, typer.Argument(metavar="POINT", help="own or bank.")],
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SETTING=VALUE]...", help="Of the channel: send_to, receive_from and domestic_files, or address."
        ),
    ] = None,
    number: Annotated[int | None, typer.Option(metavar="NUMBER", help="As the contract with the bank says.")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    encrypted: Annotated[
        bool | None, typer.Option("--encrypted/--open", help="Agree on it with the bank first.", show_default=False)
    ] = None,
    channel: Annotated[str | None, typer.Option(metavar="CHANNEL", help="folder or https.")] = None,
    *,
    at: AtLab,
) -> None:
    """Change a connection point; what is not given stays."""
    from bankklient_lab.keys.points import change_connection_point

    with at.opened() as one:
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
