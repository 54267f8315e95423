"""Commands for the register of counterparties."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bankklient_lab.cli.order_steps import ValuesArgument, typed_values
from bankklient_lab.cli.output import lines, save_file
from bankklient_lab.cli.printed import print_or_write
from bankklient_lab.cli.shared import Answered, AtLab, Listed, add_group


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {
        "list": list_counterparties, "save": save, "delete": delete, "learn": learn, "import": import_file,
        "export": export,
    }  # fmt: skip
    add_group(app, "counterparties", "Whom the client pays, with what is filled into an order.", commands)


def list_counterparties(
    search: Annotated[str, typer.Argument(metavar="[WORDS]", help="Part of a name, account or address.")] = "",
    *,
    how: Listed,
) -> None:
    """List the counterparties of the register by name."""
    print_or_write(how, "counterparties", search, empty="no counterparty is like that")


def save(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="19-2000145399/0800, or an IBAN.")],
    values: ValuesArgument = None,
    change: Annotated[int | None, typer.Option("--change", metavar="NUMBER", help="Change this one.")] = None,
    *,
    how: Answered,
) -> None:
    """Add a counterparty, or change one: bic, country, currency, symbols, bank, address, message as ITEM=VALUE."""
    from bankklient_lab.orders.counterparties import save_counterparty

    with how.opened() as one:
        number = save_counterparty(one, name, account, typed_values(values or []), counterparty_id=change)
    how.tell({"counterparty_id": number}, f"counterparty {number} is saved")


def delete(
    counterparty: Annotated[int, typer.Argument(metavar="NUMBER")],
    *,
    at: AtLab,
) -> None:
    """Delete a counterparty."""
    from bankklient_lab.orders.counterparties import delete_counterparty

    with at.opened() as one:
        delete_counterparty(one, counterparty)
    lines([f"counterparty {counterparty} is deleted"])


def learn(
    statements: Annotated[bool, typer.Option("--from-statements", help="From statements, not from orders.")] = False,
    *,
    how: Answered,
) -> None:
    """Add whom orders (or statements) pay and who is not in the register yet."""
    from bankklient_lab.analysis.known_counterparties import learn_counterparties_from_statements
    from bankklient_lab.orders.counterparties import learn_counterparties

    with how.opened() as one:
        told = learn_counterparties_from_statements(one) if statements else learn_counterparties(one)
    how.tell(told, f"counterparties added: {told['added']}, left out: {told['left_out']}")


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8, as `counterparties export` writes it.")],
    *,
    how: Answered,
) -> None:
    """Take over counterparties from a file, all of them or none."""
    from bankklient_lab.orders.counterparty_files import import_counterparties

    with how.opened() as one:
        told = import_counterparties(one, file)
    how.tell(told, f"counterparties added: {told['added']}, changed: {told['changed']}")


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Write .csv, .json, .xlsx or .parquet.")],
    *,
    at: AtLab,
) -> None:
    """Write the register to a file."""
    from bankklient_lab.analysis.exporting import note_export
    from bankklient_lab.orders.counterparties import COLUMNS, counterparty_register
    from bankklient_lab.reports.doors import render_table

    with at.opened(pandas=True) as one:
        table = counterparty_register.arrow(one).select(COLUMNS)
        content = render_table(table, file.suffix.lower(), "Counterparties")
        note_export(one, "counterparties", suffix=file.suffix.lower(), rows=table.num_rows)
    save_file(file, content)
