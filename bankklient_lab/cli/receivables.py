"""Commands for receivables that a bank finances, and for debtors; one is entered by `services new receivable`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bankklient_lab.cli.order_steps import ValuesArgument, typed_values
from bankklient_lab.cli.output import lines, save_file
from bankklient_lab.cli.printed import print_or_write
from bankklient_lab.cli.shared import Answered, AtLab, Listed, add_group

_FILES = ("file_no", "origin", "name", "sheet", "receivables", "wrong", "taken_by", "taken_at")
_SUMMARY = ("receivable_type", "own_account", "currency", "status", "origin", "receivables", "amount")
_SEEN = ("row_no", "verdict", "variable_symbol", "debtor_name", "amount", "currency", "due_date", "repeated", "errors")
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="Excel workbook as `receivables template` makes it.")
]
SheetOption = Annotated[str, typer.Option(metavar="NAME", help="Of the sheet. [default: the first one]")]
AccountOption = Annotated[str, typer.Option(metavar="ACCOUNT", help="Own account, where the cell E4 is empty.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {
        "list": list_receivables, "summary": summary, "template": template, "preview": preview, "import": import_file,
        "receive": receive, "files": files, "delete-file": delete_file, "clear": clear, "debtors": list_debtors,
        "debtor": debtor, "delete-debtors": delete,
    }  # fmt: skip
    add_group(app, "receivables", "Invoices and credit notes that the bank finances, and debtors.", commands)


def list_receivables(
    which: Annotated[
        str,
        typer.Option("--set", help="all, open (not balanced), to_confirm, history, unprocessed or processed."),
    ] = "all",
    *,
    how: Listed,
) -> None:
    """List receivables, or write them to a file (PDF, XLSX, CSV); the newest first."""
    print_or_write(how, "receivables", "receivable", which, empty="there is no such receivable")


def summary(how: Answered) -> None:
    """Count receivables by type, account, currency, status and origin."""
    from bankklient_lab.services.receivables import receivables_summary

    with how.opened() as one:
        rows = receivables_summary.rows(one)
    how.table(rows, _SUMMARY, empty="there is no receivable")


def template(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends in .csv, for programs; else a workbook (XLSX).")],
) -> None:
    """Write a file to fill in; docs/how-to/receivables.md says what its columns take."""
    from bankklient_lab.formats.receivables import csv_template
    from bankklient_lab.formats.receivables import template as made

    save_file(file, csv_template() if file.suffix.lower() == ".csv" else made())


def preview(file: FileArgument, sheet: SheetOption = "", account: AccountOption = "", *, how: Answered) -> None:
    """Show what a sheet says, with the errors of each row, before it is taken over."""
    from bankklient_lab.services.receivables import receivables_sheet

    with how.opened() as one:
        seen = receivables_sheet(one, file, sheet=sheet, account=account)
    how.table([_told(row) for row in seen["rows"]], _SEEN, empty="the sheet has no row")


def import_file(
    file: FileArgument,
    sheet: SheetOption = "",
    account: AccountOption = "",
    also_wrong: Annotated[bool, typer.Option("--also-wrong", help="Rows with logical errors too.")] = False,
    *,
    how: Answered,
) -> None:
    """Take over the right rows of a sheet; rows with formal errors never."""
    from bankklient_lab.services.receivables import import_receivables

    with how.opened() as one:
        told = import_receivables(one, file, sheet=sheet, account=account, also_wrong=also_wrong)
    said = f"file {told['file_no']}: {told['taken']} of {told['rows']} rows are taken over"
    how.tell(told, f"{said}, {told['wrong']} of them with errors" if told["wrong"] else said, *_repeated(told))


def receive(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A name in the system's folder, or a file without one.")],
    system: Annotated[int, typer.Option("--system", metavar="NUMBER", help="Accounting system that it comes from.")],
    *,
    how: Answered,
) -> None:
    """Take over the receivables of a CSV file from an accounting system, the whole file or nothing."""
    from bankklient_lab.orders.accounting_systems import accounting_systems
    from bankklient_lab.services.receivables import receive_receivables

    with how.opened() as one:
        folders = {row["number"]: row["folder_in"] for row in accounting_systems.rows(one)}
        inside = folders.get(system) and file.parent == Path()
        told = receive_receivables(one, system, file.name, path=None if inside else file)
    if told["status"] == "received":
        said = f"file {told['file_no']}: {told['receivables']} receivables, {told['wrong']} of them with errors"
        how.tell(told, said, *_repeated(told))
        return
    how.tell(told, f"refused: {told['message']}" + (f" ({told['place']})" if told["place"] else ""))
    raise typer.Exit(1)


def files(how: Answered) -> None:
    """List the files of which receivables wait."""
    from bankklient_lab.services.receivables import receivable_files

    with how.opened() as one:
        rows = receivable_files.rows(one)
    how.table(rows, _FILES, empty="no receivable of a file waits")


def delete_file(number: Annotated[int, typer.Argument(metavar="FILE_NO")], how: Answered) -> None:
    """Delete the receivables of a file that no batch has taken."""
    from bankklient_lab.services.receivables import delete_receivable_file

    with how.opened() as one:
        told = delete_receivable_file(one, number)
    how.tell(told, f"receivables deleted: {told['done']}")


def clear(
    batch: Annotated[int, typer.Argument(metavar="ORDER", help="Of the batch, as 20260001 in the list.")],
    older: Annotated[bool, typer.Option("--older", help="Those of all batches before it too.")] = False,
    *,
    how: Answered,
) -> None:
    """Delete answered receivables of a batch from the history; the bank's list stays as it is."""
    from bankklient_lab.services.receivables import clear_receivables

    with how.opened() as one:
        told = clear_receivables(one, batch, older=older)
    how.tell(told, f"receivables deleted: {told['done']}")


def list_debtors(how: Listed) -> None:
    """List the register of debtors, or write it to a file."""
    print_or_write(how, "debtors", empty="the register is empty")


def debtor(
    values: ValuesArgument,
    change: Annotated[int, typer.Option("--change", metavar="NUMBER", help="Change this one.")] = 0,
    *,
    how: Answered,
) -> None:
    """Add a debtor, or change one: debtor_id_type, debtor_identification, debtor_name, debtor_address as ITEM=VALUE."""
    from bankklient_lab.services.debtors import keep_debtor

    with how.opened() as one:
        number = keep_debtor(one, typed_values(values or []), debtor_id=change)
    how.tell({"debtor_id": number}, f"debtor {number} is saved")


def delete(numbers: Annotated[list[int], typer.Argument(metavar="NUMBER...")], *, at: AtLab) -> None:
    """Delete debtors; receivables stay as they are."""
    from bankklient_lab.services.debtors import delete_debtors

    with at.opened() as one:
        told = delete_debtors(one, numbers)
    lines([f"debtors deleted: {told['done']}"])


def _repeated(told: Mapping[str, Any]) -> list[str]:
    return (
        [f"{told['repeated']} of them repeat one that is here; look at them before balancing"]
        if told["repeated"]
        else []
    )


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    verdict = "formal error" if row["formal"] else "wrong" if row["errors"] else "right"
    return {**row, "verdict": verdict, "errors": "; ".join(f"{one['code']} {one['text']}" for one in row["errors"])}
