"""Commands for booked lines of statements and the sent orders that they settle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from bankklient_lab.cli.shared import Answered, add_group

LineArgument = Annotated[str, typer.Argument(metavar="LINE", help="As `bankklient bookings list` names it.")]
OrderArgument = Annotated[int, typer.Argument(metavar="ORDER", help="Number of a sent order.")]
_OPEN = (
    "line", "day", "own_account", "amount", "currency", "counterparty_name", "variable_symbol", "bank_reference",
    "orders",
)  # fmt: skip
_SETTLED = ("line", "day", "amount", "found_by", "done_by", "done_at")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {"list": open_lines, "of": of, "match": match, "unmatch": unmatch}
    add_group(app, "bookings", "Booked lines of statements, and the sent orders that they settle.", commands)


def open_lines(*, how: Answered) -> None:
    """List the booked lines that may settle sent orders and that nobody has matched."""
    from bankklient_lab.history.bookings import bookings_to_match

    with how.opened() as one:
        rows = bookings_to_match.rows(one)
    how.table(rows, _OPEN, empty="no booked line waits to be matched")


def of(order: OrderArgument, *, how: Answered) -> None:
    """List the booked lines that settled an order."""
    from bankklient_lab.history.bookings import settlements

    with how.opened() as one:
        rows = settlements.rows(one, order)
    how.table(rows, _SETTLED, empty="nothing is booked of this order")


def match(order: OrderArgument, line: LineArgument, *, how: Answered) -> None:
    """Say that a booked line settles an order."""
    from bankklient_lab.history.bookings import match_booking

    with how.opened() as one:
        told = match_booking(one, order, line)
    how.tell(told, f"line {line} settles order {order}", *told)


def unmatch(line: LineArgument, *, how: Answered) -> None:
    """Say that a booked line settles no sent order, also when it was matched."""
    from bankklient_lab.history.bookings import unmatch_booking

    with how.opened() as one:
        told = unmatch_booking(one, line)
    how.tell(told, f"line {line} settles no order", *told)
