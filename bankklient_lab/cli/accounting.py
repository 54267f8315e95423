"""Commands for accounting systems: their register, receiving their files, and writing orders as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from bankklient_lab.cli.output import Progress, lines, print_json, print_rows, save_file
from bankklient_lab.cli.shared import Answered, AtLab, KindArgument, add_group, with_options
from bankklient_lab.errors import BadArgument
from bankklient_lab.store.files import write_whole

NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the accounting system, 1 to 20000.")]
_COLUMNS = ("number", "name", "format", "charset", "start_status", "folder_in", "folder_out", "accounts")
_PROTOCOL = (
    "transmission_id", "accounting_system", "batch_order", "file_name", "orders", "wrong", "duplicates", "moved",
    "error", "done_by", "done_at",
)  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {
        "list": list_systems, "add": add, "change": change, "delete": delete, "texts": texts,
        "replace-text": replace_text, "keep-texts": keep_texts, "waiting": waiting, "protocol": protocol,
        "file": file_as_it_came, "template": template, "export": export_again,
    }  # fmt: skip
    add_group(app, "accounting-systems", "Programs that files of orders come from and go to.", commands)
    app.command("receive")(with_options(receive))
    app.command("export-orders")(with_options(export))


def list_systems(how: Answered) -> None:
    """List the accounting systems."""
    from bankklient_lab.orders.accounting_systems import accounting_systems

    with how.opened() as one:
        rows = accounting_systems.rows(one)
    how.table(rows, _COLUMNS, empty="there are none; `bankklient accounting-systems add` adds one")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemOptions(AtLab):
    """What is said of an accounting system."""

    format: Annotated[str | None, typer.Option(metavar="NAME", help="Of its files; any when empty.")] = None
    charset: Annotated[
        str | None, typer.Option(metavar="NAME", help="ascii, kamenicky, cp852, windows-1250 or utf-8.")
    ] = None
    start_status: Annotated[
        str | None,
        typer.Option("--start", metavar="STATUS", help="How right orders begin: created, verified, confirmed."),
    ] = None
    folder_in: Annotated[str | None, typer.Option("--in", metavar="FOLDER", help="Where its files come from.")] = None
    folder_out: Annotated[
        str | None, typer.Option("--out", metavar="FOLDER", help="Where files for it are written.")
    ] = None
    accounts: Annotated[
        list[str] | None,
        typer.Option("--account", metavar="IBAN", help="Own account that is exported; again for more."),
    ] = None


def add(
    number: NumberArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")],
    said: SystemOptions,
) -> None:
    """Add an accounting system; needs permission 2 and nobody else logged in."""
    from bankklient_lab.orders.accounting_systems import add_accounting_system

    with said.opened() as one:
        add_accounting_system(one, number, name, **said.given())
    lines([f"accounting system {number} ({name}) is added"])


def change(
    number: NumberArgument,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What people call it.")] = None,
    *,
    said: SystemOptions,
) -> None:
    """Change what is given of an accounting system."""
    from bankklient_lab.orders.accounting_systems import change_accounting_system

    given = said.given() | ({} if name is None else {"name": name})
    if not given:
        raise BadArgument("say what to change; `bankklient accounting-systems change --help` lists the options")
    with said.opened() as one:
        change_accounting_system(one, number, given)
    lines([f"accounting system {number} is changed"])


def delete(number: NumberArgument, at: AtLab) -> None:
    """Take an accounting system out of the register; the orders that came from it stay."""
    from bankklient_lab.orders.accounting_systems import delete_accounting_system

    with at.opened() as one:
        delete_accounting_system(one, number)
    lines([f"accounting system {number} is deleted"])


def texts(number: NumberArgument, how: Answered) -> None:
    """List the texts that are replaced in received orders, in the order in which they are tried."""
    from bankklient_lab.orders.text_replacements import text_replacements

    with how.opened() as one:
        rows = text_replacements.rows(one, number)
    how.table(rows, ("number", "account", "symbol", "value", "texts"), empty="no text is replaced")


def replace_text(
    number: NumberArgument,
    account: Annotated[str, typer.Argument(metavar="IBAN", help="Own account of the orders.")],
    text: Annotated[list[str], typer.Option("--text", metavar="FIELD=TEXT", help="Again for more; \\n begins a line.")],
    symbol: Annotated[str, typer.Option("--symbol", metavar="NAME=VALUE", help="Only orders with this symbol.")] = "",
    *,
    at: AtLab,
) -> None:
    """Replace texts of received orders: abbreviation, client_message, own_identification, counter_identification."""
    from bankklient_lab.orders.text_replacements import replace_texts

    name, _, value = symbol.partition("=")
    replaced = {field: words.replace("\\n", "\n") for field, _, words in (one.partition("=") for one in text)}
    with at.opened() as one:
        setting = replace_texts(one, number, account, replaced, symbol=name, value=value)
    lines([f"replacement {setting} of accounting system {number} is set"])


def keep_texts(
    number: NumberArgument,
    setting: Annotated[int, typer.Argument(metavar="REPLACEMENT", help="Number as `texts` shows it.")],
    *,
    at: AtLab,
) -> None:
    """Remove a replacement of texts."""
    from bankklient_lab.orders.text_replacements import stop_replacing_texts

    with at.opened() as one:
        stop_replacing_texts(one, number, setting)
    lines([f"replacement {setting} of accounting system {number} is removed"])


def waiting(number: NumberArgument, how: Answered) -> None:
    """List the files in the folder that an accounting system's files come from."""
    from bankklient_lab.orders.accounting_systems import files_waiting

    with how.opened() as one:
        rows = files_waiting(one, number)
    how.table(rows, ("name", "bytes", "received"), empty="the folder has no file")


def protocol(how: Answered) -> None:
    """List the receipts of files, also of refused ones, newest first."""
    from bankklient_lab.orders.transmissions import transmissions

    with how.opened() as one:
        rows = transmissions.rows(one)
    how.table(rows, _PROTOCOL, empty="nothing was received yet")


def file_as_it_came(
    transmission_id: Annotated[int, typer.Argument(metavar="ID", help="Number as `protocol` shows it.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
    *,
    at: AtLab,
) -> None:
    """Write a received file as it came; the lab keeps it."""
    from bankklient_lab.orders.transmissions import received_file

    with at.opened() as one:
        content = received_file(one, transmission_id)
    save_file(output, content)


def template(
    kind: KindArgument,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Write .csv or .xlsx.")],
    *,
    at: AtLab,
) -> None:
    """Write an empty table with the columns of a kind of order, to be filled in and received."""
    from bankklient_lab.orders.exporting import order_template

    with at.opened() as one:
        content = order_template(one, kind, output.suffix.lower().lstrip("."))
    save_file(output, content)


def receive(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A name in the system's folder, or a file without one.")],
    system: Annotated[int, typer.Option("--system", metavar="NUMBER", help="Accounting system that it comes from.")],
    *,
    how: Answered,
) -> None:
    """Take over the orders of a file from an accounting system, the whole file or nothing; needs permission 36."""
    from bankklient_lab.orders.accounting_systems import accounting_systems
    from bankklient_lab.orders.receiving import receive_file

    with how.opened() as one, Progress() as job:
        folders = {row["number"]: row["folder_in"] for row in accounting_systems.rows(one)}
        inside = folders.get(system) and (file.parent == Path() or str(file.parent.resolve()) == folders[system])
        report = receive_file(one, system, file.name, path=None if inside else file, job=job)
    if how.as_json:
        print_json(report)
    else:
        _print_report(report)
    if report["status"] != "received":
        raise typer.Exit(1)


def _print_report(report: Mapping[str, Any]) -> None:
    if report["status"] != "received":
        lines([f"{report['file_name']}: refused: {report['message']}"])
        return
    counts = ", ".join(f"{report[name]} {name}" for name in ("orders", "right", "wrong", "duplicates"))
    told = [f"{report['file_name']}: received as {report['batch_order']}: {counts}"]
    told += [f"  {report['moved']} changed: their maturity was past and is today"] if report["moved"] else []
    told += [f"  {report['repeated']} repeat a client identification"] if report["repeated"] else []
    told += [f"  {row['field']} of {row['orders']} orders has no place in an order" for row in report["left_out"]]
    lines(told)
    print_rows(report["accounts"], ("kind", "account", "currency", "orders", "amount"), empty="")
    if report["errors"]:
        print_rows(report["errors"], ("code", "orders", "text"), empty="")


def export_again(
    number: NumberArgument,
    import_id: Annotated[int, typer.Argument(metavar="IMPORT", help="Number as `bankklient imports` shows it.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask before anything is written.")] = False,
    *,
    at: AtLab,
) -> None:
    """Write entries and balances of a bank file for an accounting system, as often as asked; needs permission 41."""
    from bankklient_lab.exchange.accounting_files import WARNING, export_to_accounting_system

    if not yes:
        typer.confirm(f"Files are written for accounting system {number}; {WARNING}. Go on?", abort=True, err=True)
    with at.opened() as one:
        told = export_to_accounting_system(one, number, import_id, overwrite=overwrite)
    lines(f"{told['folder']}/{name}: {rows} rows" for name, rows in told["files"].items())


def export(
    orders: Annotated[list[int], typer.Argument(metavar="ORDER", help="Numbers of confirmed orders.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
    format_: Annotated[str, typer.Option("--format", metavar="NAME", help="kpc, pain.001, pain.008, csv, ...")],
    version: Annotated[str, typer.Option("--version", metavar="NUMBER", help="Of the format, as 09.")] = "",
    charset: Annotated[str, typer.Option("--charset", metavar="NAME", help="Where the format has none.")] = "utf-8",
    *,
    at: AtLab,
) -> None:
    """Write confirmed orders as one file for a bank; nothing is marked as sent. Needs permission 11 or 16."""
    from bankklient_lab.orders.exporting import export_orders

    with at.opened() as one:
        content = export_orders(one, orders, format_, version=version, charset=charset)
    write_whole(output, content)
    lines([f"{output}: {len(orders)} orders written as {format_}"])
