"""Lists that a command prints or writes to a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bankklient_lab.cli.options import opened
from bankklient_lab.cli.output import lines, print_table
from bankklient_lab.store.files import write_whole

OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write .pdf, .csv, .json, .xlsx or .parquet.")
]


def print_or_write(
    name: str,
    columns: Sequence[str],
    *given: object,
    lab: str,
    passphrase_file: str,
    output: Path | None,
    as_json: bool,
    empty: str,
) -> None:
    """Print one of ORDER_LISTINGS, or write it as a file; `given` are arguments of what reads it."""
    with opened(lab, passphrase_file, pandas=output is not None) as one:
        if output is None:
            from bankklient_lab.orders.reported import ORDER_LISTINGS

            rows = ORDER_LISTINGS[name].read.rows(one, *given)
        else:
            from bankklient_lab.reports.listings import render_listing

            write_whole(output, render_listing(one, name, output.suffix.lower(), *given))
            lines([f"{output} is written"])
            return
    if not as_json:  # a number to type again has no blanks in it
        rows = [row | {"order_id": str(row["order_id"])} if "order_id" in row else row for row in rows]
    print_table(rows, columns, as_json=as_json, empty=empty)
