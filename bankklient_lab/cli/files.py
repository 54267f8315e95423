"""Commands about the lab's file and what comes into it: init, import, imports, withdraw."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import Progress, lines, print_json, print_rows, print_table
from bankklient_lab.errors import BadArgument
from bankklient_lab.store.passphrase import read_passphrase


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init")(init)
    app.command("import")(import_files)
    app.command("imports")(imports)
    app.command("withdraw")(withdraw)


def init(
    lab: Annotated[str, typer.Argument(envvar="BANKKLIENT_LAB", metavar="LAB", help="File to make.")],
    encrypt: Annotated[bool, typer.Option("--encrypt", help="Ask for a passphrase and encrypt the file.")] = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Make a new, empty lab; it is encrypted when a passphrase is given."""
    from bankklient_lab.lab import created, lab_path

    passphrase = read_passphrase(passphrase_file) or (_new_passphrase() if encrypt else None)
    path = lab_path(lab)
    with created(path, passphrase=passphrase):
        pass
    lines([f"{path} is ready" + (" and encrypted" if passphrase else "")])


def _new_passphrase() -> str:
    from getpass import getpass

    if not sys.stdin.isatty():
        raise BadArgument("there is no terminal to ask for the passphrase; give it with --passphrase-file")
    first = getpass("New passphrase: ")
    if not first or getpass("Once more: ") != first:
        raise BadArgument("the passphrases differ or are empty")
    return first


def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files of banks, of any known format.")],
    lab: LabOption = "",
    account: Annotated[str, typer.Option(metavar="NUMBER", help="Account, where a file does not name it.")] = "",
    currency: Annotated[str, typer.Option(metavar="CODE", help="Currency, where a file does not say it.")] = "",
    bank: Annotated[str, typer.Option(metavar="CODE", help="BIC or bank code, where a file does not say it.")] = "",
    mapping: Annotated[str, typer.Option(metavar="NAME", help="Column mapping of a CSV or XLSX file.")] = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Take bank files over, each whole or not at all; a file or statement known already changes nothing."""
    from bankklient_lab.formats import reading
    from bankklient_lab.formats.base import Hints

    reading.prepare()  # the reader starts beside the imports below and the opening of the lab
    from bankklient_lab.history.importing import REFUSED
    from bankklient_lab.history.several import import_files as take_over

    hints = Hints(account or None, currency or None, bank or None, mapping or None)
    with opened(lab, passphrase_file) as one, Progress() as job:
        reports = list(take_over(one, files, hints, job))
    if as_json:
        print_json([_as_json(report) for report in reports])
    else:
        for report in reports:
            _print_report(report)
    if any(report["status"] == REFUSED for report in reports):
        raise typer.Exit(1)


SHOWN_MAX = 20  # rows of a file for people
_STATEMENT = ("account", "currency", "number", "from", "to", "opening", "closing", "entries", "sum_credit", "sum_debit")


def _as_json(report: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: report[name] for name in ("path", "format", "version", "status")},
        "statements": [{name: statement[name] for name in _STATEMENT} for statement in report["statements"]],
        "findings": [
            {"code": finding["code"], "place": finding["place"], "message": _message(finding)}
            for finding in report["findings"]
        ],
    }


def _message(finding: Mapping[str, Any]) -> str:
    from bankklient_lab.codebooks import names

    said = finding["message"] if "message" in finding else names("findings", "title")[finding["code"]]
    return f"{said}: {finding['value']}" if finding["value"] else said


def _print_report(report: Mapping[str, Any]) -> None:
    number = f" as import {report['import_id']}" if report["import_id"] else ""
    kind = f" ({report['version'] or report['format']})" if report["format"] else ""
    why = f": {report['message']}" if report["status"] == "refused" else ""
    lines([f"{report['path']}{kind}: {report['status']}{number}{why}"])
    statements, findings = report["statements"], report["findings"]
    if statements:
        print_rows(statements[:SHOWN_MAX], _STATEMENT, empty="")
        lines(_more(statements, "statements"))
    if report["status"] != "refused":
        lines(f"  {f['code']} ({f['place'] or 'whole file'}): {_message(f)}" for f in findings[:SHOWN_MAX])
        lines(_more(findings, "findings"))


def _more(rows: Sequence[object], what: str) -> list[str]:
    """Return the line that says how many rows are not shown; none when all are."""
    return [f"  … and {len(rows) - SHOWN_MAX} more {what}; --json shows all"] if len(rows) > SHOWN_MAX else []


def imports(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """List the files taken over, newest first."""
    from bankklient_lab.history.importing import imports as imports_action

    columns = ("import_id", "file_name", "version", "imported_at", "state", "statements", "entries", "first_day",
               "last_day", "rates", "errors", "warnings")  # fmt: skip
    with opened(lab, passphrase_file) as one:
        rows = imports_action.rows(one)
    print_table(rows, columns, as_json=as_json, empty="nothing was imported yet")


def withdraw(
    import_id: Annotated[int, typer.Argument(metavar="IMPORT", help="Number, as `bankklient imports` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the log.")],
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Take an import back as a whole; its entries count nowhere any more."""
    from bankklient_lab.history.importing import withdraw_import

    with opened(lab, passphrase_file) as one:
        withdraw_import(one, import_id, reason=reason)
    lines([f"import {import_id} is withdrawn"])
