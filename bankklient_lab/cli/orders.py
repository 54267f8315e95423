"""Commands that show payment orders: lists, one order, totals, the steps that were taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import amount, lines, print_json, print_rows, print_table, save_file
from bankklient_lab.errors import BadArgument, UnknownName

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

OrderArgument = Annotated[int, typer.Argument(metavar="ORDER", help="Number, as `bankklient orders list` shows it.")]
SetOption = Annotated[
    str, typer.Option("--set", metavar="SET", help="A set of orders, as `bankklient orders counts` shows them.")
]
WhereOption = Annotated[
    list[str],
    typer.Option(
        "--where",
        metavar="ITEM=CONDITION",
        help="Only orders like that: 250, 100..250, '>= 250', '~ part'; may be repeated.",
    ),
]
SelectionOption = Annotated[str, typer.Option("--selection", metavar="NAME", help="A saved selection of orders.")]
FileOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write .pdf, .html, .csv, .json, .xlsx or .parquet."),
]
_COLUMNS = (
    "order_id", "letter", "status_name", "own_account", "counter_account", "counter_name", "amount", "currency",
    "maturity", "symbol", "errors", "created_by",
)  # fmt: skip
_TOTALS = ("letter", "status_name", "own_account", "own_account_name", "currency", "orders", "amount")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    from bankklient_lab.cli import order_steps

    orders = typer.Typer(rich_markup_mode=None, help="Payment orders, from creation to confirmation.")
    orders.command("list")(list_orders)
    for command in (show, counts, totals, steps, select, selections):
        orders.command(command.__name__)(command)
    order_steps.add_to(orders)
    app.add_typer(orders, name="orders")


def list_orders(
    which: SetOption = "all",
    where: WhereOption = [],
    selection: SelectionOption = "",
    sort: Annotated[
        list[str], typer.Option("--sort", metavar="COLUMN", help="Sort by it, -COLUMN downwards; may be repeated.")
    ] = [],
    limit: Annotated[int, typer.Option(min=1, help="At most so many orders.")] = 1000,
    offset: Annotated[int, typer.Option(min=0, help="Leave so many of the first out.")] = 0,
    details: Annotated[bool, typer.Option("--details", help="With who did what and when, in a file.")] = False,
    output: FileOption = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List the orders that you may see, the newest first; a file begins with the sums of each account."""
    from bankklient_lab.orders.listing import orders

    with opened(lab, passphrase_file, pandas=output is not None) as one:
        chosen = _chosen(one, selection, which, where)
        if sort:
            chosen["order_by"] = sort
        if output is not None:
            from bankklient_lab.reports.orders import render_orders

            save_file(output, render_orders(one, output.suffix.lower(), details=details, **chosen))
            return
        rows = orders.rows(one, **chosen, limit=limit, offset=offset)
    print_table(rows, _COLUMNS, as_json=as_json, empty="no order is like that")


def show(
    order: OrderArgument,
    output: FileOption = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Show one order with all its items, errors, and who did what."""
    from bankklient_lab.orders.columns import SENT
    from bankklient_lab.orders.detail import order_detail

    with opened(lab, passphrase_file, pandas=output is not None) as one:
        if output is not None:
            from bankklient_lab.reports.orders import render_order

            save_file(output, render_order(one, order, output.suffix.lower()))
            return
        told = order_detail(one, order)
    if as_json:
        print_json(told)
        return
    title = f"{told['kind_label']} {told['order_id']}, {told['status_name']}"
    facts = [(item["label"], item["value"]) for item in told["items"] if item["value"]]
    facts += [(name.replace("_", " ").capitalize(), told[name]) for name in _PEOPLE if told[name]]
    facts += [(name.replace("_", " ").capitalize(), told[name]) for name in SENT if told[name]]
    width = max(len(label) for label, _ in facts)
    lines([title, "", *(f"{label:<{width}}  {value}" for label, value in facts)])
    lines(f"{one['code']} {one['text']}" for one in told["errors"])


_PEOPLE = tuple(f"{step}_by" for step in ("created", "corrected", "verified", "confirmed", "confirmed_again"))


def counts(
    where: WhereOption = [], lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = ""
) -> None:
    """Show the sets of orders and how many orders each has."""
    from bankklient_lab.orders.listing import order_counts

    with opened(lab, passphrase_file) as one:
        rows = order_counts.rows(one, where=conditions(where))
    print_table(rows, ("which", "label", "orders"), as_json=as_json, empty="")


def totals(
    which: SetOption = "all",
    where: WhereOption = [],
    selection: SelectionOption = "",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Add the orders up by kind, status, own account and currency."""
    from bankklient_lab.orders.listing import order_totals

    with opened(lab, passphrase_file) as one:
        chosen = _chosen(one, selection, which, where)
        rows = order_totals.rows(one, which=chosen["which"], where=chosen["where"])
    if as_json:
        print_json(rows)
        return
    print_rows([row for row in rows if row["level"] == "account"], _TOTALS, empty="no order is like that")
    for row in rows:
        if row["level"] == "all":
            currency = row["currency"] or ""
            lines([f"total: {row['orders']} orders, {amount(row['amount'], currency)} {currency}".rstrip()])


def steps(
    order: OrderArgument, lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = ""
) -> None:
    """Show the steps of an order: who did what, when and by which channel."""
    from bankklient_lab.orders.lifecycle import status_name
    from bankklient_lab.orders.timeline import order_steps

    with opened(lab, passphrase_file) as one:
        rows = order_steps.rows(one, order)
    for row in rows:
        row["became"] = "" if row["status"] is None else status_name(row["status"])
    columns = ("version", "action", "became", "done_by", "done_at", "channel", "note", "signed")
    print_table(rows, columns, as_json=as_json, empty="")


def select(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the selection; an earlier one is replaced.")],
    which: SetOption = "all",
    where: WhereOption = [],
    delete: Annotated[bool, typer.Option("--delete", help="Forget it instead.")] = False,
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Save a selection of orders under a name, each user their own."""
    from bankklient_lab.analysis.selections import ORDERS, delete_selection, save_selection

    with opened(lab, passphrase_file) as one:
        if delete:
            delete_selection(one, name, of=ORDERS)
        else:
            save_selection(one, name, {"which": which, "where": conditions(where)}, of=ORDERS)
    lines([f"selection {name} is {'forgotten' if delete else 'saved'}"])


def selections(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """List your saved selections of orders."""
    from bankklient_lab.analysis.selections import ORDERS
    from bankklient_lab.analysis.selections import selections as saved

    with opened(lab, passphrase_file) as one:
        rows = saved.rows(one, of=ORDERS)
    print_table(rows, ("name", "criteria"), as_json=as_json, empty="no selection is saved")


def conditions(given: list[str]) -> dict[str, str]:
    """Return conditions by item; BadArgument for one that is none or comes twice."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, condition = text.partition("=")
        if not equals or not condition.strip():
            raise BadArgument(f"{text!r} is no condition; write ITEM=CONDITION, as amount=100..250 or 'amount=>= 250'")
        if name in found:
            raise BadArgument(f"there are two conditions on {name}; one is possible")
        found[name] = condition
    return found


def _chosen(lab: Lab, selection: str, which: str, where: list[str]) -> dict[str, Any]:
    """Return which orders are meant: those of a saved selection, narrowed by what is given besides."""
    chosen: dict[str, Any] = {"which": which, "where": conditions(where)}
    if selection:
        from bankklient_lab.analysis.selections import ORDERS, selections

        saved = {row["name"]: json.loads(row["criteria"]) for row in selections.rows(lab, of=ORDERS)}
        if selection not in saved:
            raise UnknownName("selection", selection, "`bankklient orders selections` shows them")
        kept = saved[selection]
        chosen = {
            "which": kept.get("which", "all") if which == "all" else which,
            "where": kept.get("where", {}) | chosen["where"],
        }
    return chosen
