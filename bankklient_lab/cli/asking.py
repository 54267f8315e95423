"""The command that asks in SQL."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import print_json, print_rows, print_table
from bankklient_lab.errors import BadArgument

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

_LIST_COLUMNS = ("relation", "column", "type", "needs", "allowed")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sql")(sql)


def sql(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="One SELECT; - reads it from standard input.")] = "",
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Write .csv, .json, .parquet or .xlsx.")
    ] = "",
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    what: Annotated[bool, typer.Option("--list", help="Show what can be read, and which functions there are.")] = False,
    seconds: Annotated[int, typer.Option(min=1, max=300, help="Give up after so long.")] = 30,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Answer one SELECT over the lab's published relations, which changes nothing."""
    from bankklient_lab.analysis.sql import sql as ask

    if bool(text) == what:
        raise BadArgument("give one SELECT, or --list")
    if bool(output) + csv + as_json > 1:
        raise BadArgument("the answer goes one way: -o FILE, --csv or --json")
    with opened(lab, passphrase_file, pandas=True) as one:
        if what:
            _list(one, as_json)
            return
        table = ask.arrow(one, sys.stdin.read() if text == "-" else text, seconds=seconds)
    if output or csv:
        from bankklient_lab.reports.doors import render_table

        content = render_table(table, Path(output).suffix.lower() if output else ".csv", "SQL")
        _write(content, output)
    else:
        print_table(table.to_pylist(), table.column_names, as_json=as_json, empty="no row")


def _write(content: bytes, output: str) -> None:
    if not output:
        sys.stdout.buffer.write(content)
        return
    try:
        Path(output).write_bytes(content)
    except OSError as error:
        raise BadArgument(f"{output} can't be written ({error.strerror})") from None


def _list(lab: Lab, as_json: bool) -> None:
    from bankklient_lab.analysis.sql import published_relations, sql_functions

    relations, functions = published_relations.rows(lab), sql_functions.rows(lab)
    if as_json:
        print_json({"relations": relations, "functions": functions})
        return
    print_rows(relations, _LIST_COLUMNS, empty="")
    sys.stdout.write(f"\nfunctions: {' '.join(row['function'] for row in functions)}\n")
