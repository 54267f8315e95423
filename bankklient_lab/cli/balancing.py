"""Commands that balance: what is ready, the batches of it, and what a balancing put into them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bankklient_lab.cli.asked import PasswordFileOption, is_agreed, of_key, password_to_bank, require_yes, typed
from bankklient_lab.cli.options import AccountsOption, day
from bankklient_lab.cli.output import lines, print_json, print_rows, save_file, shown
from bankklient_lab.cli.shared import Answered, Listed, add_group
from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.store.passphrase import read_passphrase

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

IncludedOption = Annotated[
    bool, typer.Option("--included", help="Only included orders, not all that are confirmed; of the other types all.")
]
_SUMMARY = (
    "record_type", "part", "status_name", "own_account", "currency", "orders", "amount", "placed", "placed_amount",
)  # fmt: skip
_TYPES = ("record_type", "label", "batch_type", "records", "batches", "allowed_duplicates")
_BATCHES = ("batch_id", "batch_type", "type_name", "batch_order", "priority", "records", "created_by", "created_at")
_STATEMENT = (
    "batch_order", "position", "transmission_id", "letter", "own_account", "counter_account", "counter_name", "amount",
    "currency", "maturity", "variable_symbol",
)  # fmt: skip
_AVAILABLE = ("account", "label", "currency", "balance", "available", "after_balancing", "after_all", "not_counted")
_REVOCABLE = (
    "order_id", "letter", "status_name", "own_account", "counter_account", "amount", "currency", "maturity",
    "revocation_name",
)  # fmt: skip
_STATEMENT_TOTALS = ("own_account", "own_account_name", "kind", "currency", "orders", "amount")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands = (summary, run, batches, failing, discard, statement, revocable, revoke, available)
    add_group(
        app, "balance", "Confirmed orders into signed batches for the bank.", {one.__name__: one for one in commands}
    )


def summary(
    included: IncludedOption = False,
    details: Annotated[bool, typer.Option("--details", help="By status and own account, whatever the status.")] = False,
    record_type: Annotated[
        str, typer.Option("--type", metavar="TYPE", help="The one that --output prints, such as domestic.")
    ] = "",
    *,
    how: Listed,
) -> None:
    """Show what balancing would take of each type of record, in its order; with --output print the summary of one."""
    from bankklient_lab.balancing.summaries import balancing_summary, balancing_types

    if how.output is not None:
        from bankklient_lab.reports.balancing import render_balancing_summary

        with how.opened() as one:
            content = render_balancing_summary(one, how.output.suffix, record_type=record_type, which=_way(included))
        save_file(how.output, content)
        return
    with how.opened() as one:
        if details:
            rows = [
                row for row in balancing_summary.rows(one, _way(included)) if row["level"] == "account" or how.as_json
            ]
        else:
            rows = balancing_types.rows(one, _way(included))
    how.table(rows, _SUMMARY if details else _TYPES, empty="there is nothing to balance")


def run(
    types: Annotated[
        list[str], typer.Option("--type", metavar="TYPE", help="Balance this type without asking; may be repeated.")
    ] = [],
    included: IncludedOption = False,
    password_file: PasswordFileOption = "",
    *,
    how: Answered,
) -> None:
    """Balance: each type is shown and asked for, then the password of your key; the batches can't be undone."""
    from bankklient_lab.balancing.balance import key_for_balancing
    from bankklient_lab.keys.expiring import key_warnings

    with how.opened() as one:
        asked = of_key(key_for_balancing(one))
        for said in key_warnings(one):
            sys.stderr.write(shown(f"bankklient: {said}") + "\n")
        chosen = _chosen(one, types, _way(included))
        made = _balanced(one, chosen, _way(included), asked, read_passphrase(password_file))
    how.tell(
        made,
        *(
            f"batch {batch['batch_type']} {batch['batch_order']} is made: {batch['orders']} orders"
            + (", priority payments" if batch["priority"] else "")
            for batch in made["batches"]
        ),
        *(
            [f"batch {backup['batch_type']} {backup['batch_order']} is made: remote backup of"
             f" {backup['records']} settings"]
            if (backup := made["remote_backup"])
            else []
        ),
    )  # fmt: skip


def batches(how: Answered) -> None:
    """List the batches that are made and not sent."""
    from bankklient_lab.balancing.unsent import unsent_batches

    with how.opened() as one:
        rows = unsent_batches.rows(one)
    how.table(rows, _BATCHES, empty="no batch waits to be sent")


def failing(how: Answered) -> None:
    """List the orders in batches not sent that the codebooks and settings of now refuse; discard their batch."""
    from bankklient_lab.balancing.unsent import failing_orders

    with how.opened() as one:
        rows = failing_orders.rows(one)
    how.table(rows, ("batch_id", "batch_type", "batch_order", "order_id", "errors"), empty="no order fails")


def discard(
    batch: Annotated[int, typer.Argument(metavar="BATCH", help="Number, as `bankklient balance batches` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    ask_bank: Annotated[
        bool, typer.Option("--ask-bank", help="One whose sending broke off: the bank is asked, and must not have it.")
    ] = False,
    password_file: PasswordFileOption = "",
    *,
    how: Answered,
) -> None:
    """Discard a batch that was not sent, with all its orders; you are asked twice."""
    from bankklient_lab.balancing.unsent import discard_batch
    from bankklient_lab.exchange.discarding import discard_aborted

    if not yes:
        require_yes(f"Batch {batch} is discarded as a whole and its orders are deleted.")
        require_yes("This can't be taken back. Are you sure?")
    with how.opened() as one:
        if ask_bank:
            told = discard_aborted(one, batch, password_to_bank(one, password_file))
        else:
            told = discard_batch(one, batch)
    how.tell(told, f"batch {told['batch_type']} {told['batch_order']} is discarded, with {told['records']} orders")


def statement(
    batch: Annotated[str, typer.Option(metavar="RRRRNNNN", help="Of one batch instead of the last balancing.")] = "",
    foreign: Annotated[bool, typer.Option("--foreign", help="Of foreign payments.")] = False,
    part: Annotated[str, typer.Option(metavar="PART", help="totals or orders; both without it.")] = "",
    *,
    how: Listed,
) -> None:
    """Show what the last balancing put into batches: totals of each account, then the orders as they are sent."""
    from bankklient_lab.balancing.statements import balancing_statement, balancing_statement_totals

    if part not in ("", "totals", "orders"):
        raise BadArgument(f"there is no part {part!r} of the statement; there are totals and orders")
    family = "foreign" if foreign else "domestic"
    if how.output is not None:
        _write(how, how.output, family, batch)
        return
    with how.opened() as one:
        totals = balancing_statement_totals.rows(one, family, batch)
        orders = balancing_statement.rows(one, family, batch)
    if how.as_json:
        print_json({"totals": totals, "orders": orders} if not part else totals if part == "totals" else orders)
        return
    if not orders:
        lines(["nothing was balanced yet"])
        return
    shown_parts = {"totals": (totals, _STATEMENT_TOTALS), "orders": (orders, _STATEMENT)}
    one_account = len({row["own_account"] for row in totals}) == 1
    for name in (part,) if part else ("orders", "totals") if one_account else ("totals", "orders"):
        rows, columns = shown_parts[name]
        print_rows(rows, columns, empty="")


def revocable(how: Answered) -> None:
    """List the domestic orders on their way that can still be revoked, or are marked for it."""
    from bankklient_lab.balancing.revocations import revocable_orders

    with how.opened() as one:
        rows = revocable_orders.rows(one)
    how.table(rows, _REVOCABLE, empty="there is no order that can be revoked")


def revoke(
    orders: Annotated[
        list[int], typer.Argument(metavar="ORDER...", help="Numbers, as `balance revocable` shows them.")
    ],
    undo: Annotated[bool, typer.Option("--undo", help="Take the mark back.")] = False,
    *,
    how: Answered,
) -> None:
    """Mark sent orders for revocation: the next balancing asks the bank to stop them."""
    from bankklient_lab.balancing.revocations import mark_for_revocation, unmark_for_revocation

    with how.opened() as one:
        told = (unmark_for_revocation if undo else mark_for_revocation)(one, orders)
    how.outcome(told, "no longer marked" if undo else "marked for revocation")


def available(
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="At the end of this day.")] = "today",
    due: Annotated[bool, typer.Option("--due", help="Only orders whose maturity is not after that day.")] = False,
    accounts: AccountsOption = [],
    own_transfers: Annotated[
        bool, typer.Option("--own-transfers", help="With transfers between own accounts.")
    ] = False,
    collections: Annotated[bool, typer.Option("--collections", help="With what collections bring in.")] = False,
    foreign: Annotated[bool, typer.Option("--foreign", help="With foreign payments.")] = False,
    *,
    how: Answered,
) -> None:
    """Show what accounts have left: without orders in process, after balancing, and after all orders."""
    from bankklient_lab.analysis.after_orders import balances_after_orders

    with how.opened() as one:
        rows = balances_after_orders.rows(
            one, on=day(on), future=not due, accounts=accounts, own_transfers=own_transfers, collections=collections,
            foreign=foreign,
        )  # fmt: skip
    how.table(rows, _AVAILABLE, empty="there is no account with a balance")


def _write(how: Listed, output: Path, family: str, batch: str) -> None:
    from bankklient_lab.reports.balancing import render_balancing_statement

    with how.opened(pandas=True) as one:
        save_file(output, render_balancing_statement(one, output.suffix.lower(), family=family, batch=batch))


def _balanced(lab: Lab, chosen: dict[str, str], which: str, asked: str, password: str | None) -> dict[str, Any]:
    """Balance with a password, or with one that is asked for until it is right or no try is left."""
    from bankklient_lab.balancing.balance import balance

    if password is not None:
        return balance(lab, chosen, password, which=which)
    while True:
        given = typed(f"{asked} (empty: cancel): ")
        if not given:
            raise Refused("cancelled; nothing was balanced")
        try:
            return balance(lab, chosen, given, which=which)
        except Refused as error:
            if not error.details.get("tries_left"):
                raise
            sys.stderr.write(f"bankklient: {shown(error.message)}\n")


def _way(included: bool) -> str:
    return "included" if included else "complete"


def _chosen(lab: Lab, types: list[str], which: str) -> dict[str, str]:
    """Return the types that go into the balancing, each with what the user has seen of it; Refused when none does."""
    from bankklient_lab.balancing.summaries import balancing_duplicates, balancing_summary, balancing_types

    if not types and not sys.stdin.isatty():
        raise BadArgument("nobody is asked here; choose what is balanced by --type (`bankklient balance summary`)")
    rows = balancing_types.rows(lab, which)
    known = [row["record_type"] for row in rows]
    if unknown := next((name for name in types if name not in known), ""):
        raise BadArgument(f"there is no type of record {unknown!r}; there are {', '.join(known)}")
    sums, twice = balancing_summary.rows(lab, which), balancing_duplicates.rows(lab, which)
    chosen = {}
    for row in rows:
        name = row["record_type"]
        if types and name not in types:
            continue
        if not row["records"]:
            sys.stderr.write(f"{row['label']}: there is nothing to balance\n")
            continue
        if not types:
            _show(row, [one for one in sums if one["record_type"] == name and one["level"] == "account"])
        _warn([one for one in twice if one["record_type"] == name])
        if types or is_agreed(f"{row['label']}: balance {row['records']} orders?"):
            chosen[name] = row["digest"]
    if not chosen:
        raise Refused("nothing was chosen, and nothing was balanced")
    return chosen


def _show(row: dict[str, Any], sums: list[dict[str, Any]]) -> None:
    lines([f"{row['label']}, {row['batches']} batches of type {row['batch_type']}"])
    print_rows(sums, _SUMMARY[1:], empty="")


def _warn(duplicates: list[dict[str, Any]]) -> None:
    """Name the orders that were saved although they seem to pay something twice (BAL-012)."""
    if duplicates:
        sys.stderr.write(shown(f"warning: {len(duplicates)} of them are allowed duplicates") + "\n")
        for one in duplicates:
            sys.stderr.write(shown(f"  order {one['order_id']}: {one['amount']} {one['currency']}") + "\n")
