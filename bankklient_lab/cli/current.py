"""Commands for on-line information: what the bank says of the running day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from bankklient_lab.cli.asked import PasswordFileOption, password_to_bank
from bankklient_lab.cli.shared import Answered, add_group
from bankklient_lab.errors import UnknownName

_BALANCES = ("label", "booked", "held", "available", "currency", "listed", "posted")
_ENTRIES = (
    "label", "booking_day", "amount", "currency", "counterparty_name", "counterparty_account", "variable_symbol",
    "order_id", "additional_info",
)  # fmt: skip
_ORDERS = (
    "in_set", "order_id", "own_account", "counter_account", "amount", "currency", "status",
    "rejected_on", "reason", "reason_name", "reason_text", "bank_reference",
)  # fmt: skip
_EMPTY = "the current state has none; `bankklient current update` asks the bank"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    about = "On-line information: what the bank says of the running day."
    commands: dict[str, Callable[..., None]] = {
        "update": update, "balances": balances, "entries": entries, "orders": orders,
    }  # fmt: skip
    add_group(app, "current", about, commands)


def update(password_file: PasswordFileOption = "", *, how: Answered) -> None:
    """Ask the bank for the current state; no batch is sent or taken over."""
    from bankklient_lab.analysis.current import current_state
    from bankklient_lab.exchange.current import update_current_state

    with how.opened() as one:
        update_current_state(one, password_to_bank(one, password_file))
        state = current_state(one)
    assert state is not None
    how.tell(state, f"current state of {state['stated_at']:%Y-%m-%d %H:%M:%S}")


def balances(how: Answered) -> None:
    """List booked and available balances; fewer listed than posted: the bank gave the last postings only."""
    from bankklient_lab.analysis.current import current_balances

    with how.opened() as one:
        rows = current_balances.rows(one)
    how.table(rows, _BALANCES, empty=_EMPTY)


def entries(
    held: Annotated[bool, typer.Option("--held", help="The holds instead of the postings.")] = False,
    *,
    how: Answered,
) -> None:
    """List the postings of the running day."""
    from bankklient_lab.analysis.current import current_entries

    with how.opened() as one:
        rows = current_entries.rows(one, held=held)
    how.table(rows, _ENTRIES, empty=_EMPTY)


def orders(
    in_set: Annotated[str, typer.Option("--set", metavar="SET", help="As the first column names it.")] = "",
    *,
    how: Answered,
) -> None:
    """List sent orders that wait for funds, were rejected, or are under way abroad."""
    from bankklient_lab.analysis.current import SETS, current_orders

    if in_set and in_set not in SETS:
        raise UnknownName("set of orders", in_set[:40], f"there are {', '.join(SETS)}")
    with how.opened() as one:
        rows = current_orders.rows(one)
    how.table([row for row in rows if in_set in ("", row["in_set"])], _ORDERS, empty=_EMPTY)
