"""Commands for the register of counterparties."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.order_steps import ValuesArgument, typed_values
from bankklient_lab.cli.output import lines, print_json
from bankklient_lab.cli.printed import OutputOption, print_or_write
from bankklient_lab.store.files import write_whole

_COLUMNS = ("counterparty_id", "name", "account", "bic", "country", "variable_symbol", "message", "source")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Whom the client pays, with what is filled into an order.")
    commands: dict[str, Callable[..., None]] = {
        "list": list_counterparties, "save": save, "delete": delete, "learn": learn, "import": import_file,
        "export": export,
    }  # fmt: skip
    for name, command in commands.items():
        group.command(name)(command)
    app.add_typer(group, name="counterparties")


def list_counterparties(
    search: Annotated[str, typer.Argument(metavar="[WORDS]", help="Part of a name, account or address.")] = "",
    output: OutputOption = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List the counterparties of the register by name."""
    print_or_write(
        "counterparties", _COLUMNS, search, lab=lab, passphrase_file=passphrase_file, output=output, as_json=as_json,
        empty="no counterparty is like that",
    )  # fmt: skip


def save(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="19-2000145399/0800, or an IBAN.")],
    values: ValuesArgument = None,
    change: Annotated[int | None, typer.Option("--change", metavar="NUMBER", help="Change this one.")] = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Add a counterparty, or change one: bic, country, currency, symbols, bank, address, message as ITEM=VALUE."""
    from bankklient_lab.orders.counterparties import save_counterparty

    with opened(lab, passphrase_file) as one:
        number = save_counterparty(one, name, account, typed_values(values or []), counterparty_id=change)
    print_json({"counterparty_id": number}) if as_json else lines([f"counterparty {number} is saved"])


def delete(
    counterparty: Annotated[int, typer.Argument(metavar="NUMBER")],
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Delete a counterparty."""
    from bankklient_lab.orders.counterparties import delete_counterparty

    with opened(lab, passphrase_file) as one:
        delete_counterparty(one, counterparty)
    lines([f"counterparty {counterparty} is deleted"])


def learn(
    statements: Annotated[bool, typer.Option("--from-statements", help="From statements, not from orders.")] = False,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Add whom orders (or statements) pay and who is not in the register yet."""
    from bankklient_lab.analysis.known_counterparties import learn_counterparties_from_statements
    from bankklient_lab.orders.counterparties import learn_counterparties

    with opened(lab, passphrase_file) as one:
        told = learn_counterparties_from_statements(one) if statements else learn_counterparties(one)
    if as_json:
        print_json(told)
    else:
        lines([f"counterparties added: {told['added']}, left out: {told['left_out']}"])


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8, as `counterparties export` writes it.")],
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Take over counterparties from a file, all of them or none."""
    from bankklient_lab.orders.counterparty_files import import_counterparties

    with opened(lab, passphrase_file) as one:
        told = import_counterparties(one, file)
    if as_json:
        print_json(told)
    else:
        lines([f"counterparties added: {told['added']}, changed: {told['changed']}"])


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Write .csv, .json, .xlsx or .parquet.")],
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Write the register to a file."""
    from bankklient_lab.analysis.exporting import note_export
    from bankklient_lab.orders.counterparties import COLUMNS, counterparty_register
    from bankklient_lab.reports.doors import render_table

    with opened(lab, passphrase_file, pandas=True) as one:
        table = counterparty_register.arrow(one).select(COLUMNS)
        content = render_table(table, file.suffix.lower(), "Counterparties")
        note_export(one, "counterparties", suffix=file.suffix.lower(), rows=table.num_rows)
    write_whole(file, content)
    lines([f"{file} is written"])
