"""Commands for the bank's codebooks: list, show, search, update; and for what waits: recheck, position."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, day, opened
from bankklient_lab.cli.output import lines, print_json, print_table, save_file
from bankklient_lab.cli.shared import OutputOption

NameArgument = Annotated[str, typer.Argument(metavar="CODEBOOK", help="Name, as `bankklient codebooks list` shows it.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="What the bank says is right: banks, currencies, countries, BIC.")
    commands: dict[str, Callable[..., None]] = {
        "list": list_codebooks, "show": show, "search": search, "update": update, "recheck": recheck,
        "position": position,
    }  # fmt: skip
    for name, command in commands.items():
        group.command(name)(command)
    app.add_typer(group, name="codebooks")


def list_codebooks(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """List the codebooks, how many rows each has, since when, and whether it was shipped or came from a file."""
    from bankklient_lab.orders.codebooks import codebook_register

    with opened(lab, passphrase_file) as one:
        rows = codebook_register.rows(one)
    print_table(rows, ("codebook", "label", "rows", "since", "source"), as_json=as_json, empty="there are none")


def show(
    name: NameArgument,
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="As it was in force on a day.")] = "",
    output: OutputOption = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Show a codebook, or write it as a file; a CSV file can be changed and taken over by `update`."""
    from bankklient_lab.orders.codebooks import codebook

    when = day(on) if on else None
    with opened(lab, passphrase_file) as one:
        if output is None:
            _print(codebook.rows(one, name, when), name, as_json)
            return
        from bankklient_lab.reports.codebooks import render_codebook

        save_file(output, render_codebook(one, name, output.suffix.lower(), when))


def search(
    name: NameArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for; case and accents don't count.")],
    column: Annotated[str, typer.Option("--column", metavar="NAME", help="Where to look, and to sort by.")] = "name",
    first: Annotated[bool, typer.Option("--first", help="Only the first row that begins with the text.")] = False,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Show the rows of a codebook that have a text in one column."""
    from bankklient_lab.orders.codebooks import search_codebook

    with opened(lab, passphrase_file) as one:
        rows = search_codebook.rows(one, name, text, column=column, first=first)
    _print(rows, name, as_json)


def update(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8 with the columns that `show` shows.")],
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Replace a codebook by a file, from today on, and check the orders that wait again; needs permission 2."""
    from bankklient_lab.orders.codebooks import update_codebook

    with opened(lab, passphrase_file) as one:
        told = update_codebook(one, name, file)
    _print_done(f"{name}: {told['new']} new, {told['changed']} changed, {told['gone']} gone", told, as_json)


def recheck(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """Check the orders that wait again; needs permission 2."""
    from bankklient_lab.orders.rechecking import recheck_orders

    with opened(lab, passphrase_file) as one:
        told = recheck_orders(one)
    _print_done("the orders that wait are checked", told, as_json)


def position(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="IBAN or prefix-base/bank.")],
    side: Annotated[str, typer.Argument(metavar="SIDE", help="none, debit, credit or both.")],
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Say on which side of orders an account of yours may stand; needs permission 2."""
    from bankklient_lab.orders.accounts import set_account_position

    with opened(lab, passphrase_file) as one:
        told = set_account_position(one, account, side)
    _print_done(f"{account}: {side}", told, as_json)


def _print(rows: list[dict[str, Any]], name: str, as_json: bool) -> None:
    columns = tuple(rows[0]) if rows else ()
    print_table(rows, columns, as_json=as_json, empty=f"{name} has no row like that")


def _print_done(said: str, told: Mapping[str, int], as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    orders = (
        f"orders that became wrong: {told['wrong']}, right again: {told['right']}, duplicates: {told['duplicates']}"
    )
    lines([said, orders])
