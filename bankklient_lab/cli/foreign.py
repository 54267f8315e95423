"""Commands for foreign payments as the bank booked them: lists, single ones, advices to print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bankklient_lab.cli.output import lines, print_json, save_file
from bankklient_lab.cli.shared import Answered, AtLab, Listed, add_group

BatchOption = Annotated[
    str,
    typer.Option("--batch", metavar="BATCH", help="rrrrnnnn, last, or all (with orders that the bank rejected)."),
]
DirectionOption = Annotated[str, typer.Option("--direction", metavar="SIDE", help="outgoing or incoming; both if not.")]
_LIST = (
    "detail_id", "batch", "status", "type", "transaction_code", "booking_day", "label", "orderer", "recipient", "bic",
    "purpose", "amount", "currency", "total", "account_currency", "reason",
)  # fmt: skip
_EMPTY = "there is no such foreign payment; `bankklient foreign batches` shows what the bank told"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    about = "Foreign payments as the bank booked them, with rate and charges."
    commands: dict[str, Callable[..., None]] = {
        "list": list_details, "batches": batches, "show": show, "advice": advice,
    }  # fmt: skip
    add_group(app, "foreign", about, commands)


def list_details(
    batch: BatchOption = "last",
    direction: DirectionOption = "",
    *,
    how: Listed,
) -> None:
    """List the foreign payments of the last received batch of details, or of another one."""
    from bankklient_lab.exchange.foreign_listing import foreign_details

    with how.opened() as one:
        if how.output is not None:
            from bankklient_lab.reports.foreign_details import render_foreign_details

            content = render_foreign_details(one, how.output.suffix.lower(), batch=batch, direction=direction)
            save_file(how.output, content)
            return
        rows = foreign_details.rows(one, batch, direction=direction)
    how.table(rows, _LIST, empty=_EMPTY)


def batches(how: Answered) -> None:
    """List the batches of details that the bank sent."""
    from bankklient_lab.exchange.foreign_listing import foreign_detail_batches

    with how.opened() as one:
        rows = foreign_detail_batches.rows(one)
    how.table(rows, ("batch", "received_at", "details"), empty="the bank sent no batch of details yet")


def show(
    detail: Annotated[int, typer.Argument(metavar="DETAIL", help="Number, as `bankklient foreign list` shows it.")],
    *,
    how: Answered,
) -> None:
    """Show one foreign payment with all that is known of it."""
    from bankklient_lab.exchange.foreign_listing import foreign_detail
    from bankklient_lab.exchange.foreign_pages import detail_pages
    from bankklient_lab.reports.foreign_details import WORDS, fact_name, fact_text

    with how.opened() as one:
        told = foreign_detail(one, detail)
    if how.as_json:
        print_json(told)
        return
    width = max(map(len, WORDS.values()))
    for page, facts in detail_pages(told).items():
        if facts:
            shown = [(fact_name(fact), fact_text(fact).replace("\n", ", ")) for fact in facts]
            lines([page.capitalize(), *(f"  {name:<{width}}  {value}" for name, value in shown)])


def advice(
    details: Annotated[list[int], typer.Argument(metavar="DETAIL...", help="Numbers, as `foreign list` shows them.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Write this PDF.")],
    *,
    how: AtLab,
) -> None:
    """Write payment advices as a PDF, each on a page of its own."""
    from bankklient_lab.reports.foreign_details import render_advices

    with how.opened() as one:
        save_file(output, render_advices(one, details))
