"""Commands for the liquidity forecast."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated

import typer

from bankklient_lab.cli import options
from bankklient_lab.cli.options import AccountsOption
from bankklient_lab.cli.shared import Answered, add_group

_DAYS_MAX = 366
_BALANCES = ("key", "day", "known_in", "known_out", "usual_in", "usual_out", "balance", "low", "high", "currency")
_FLOWS = ("day", "label", "amount", "currency", "source", "category", "what", "counterparty_account", "reference")
_ERRORS = ("key", "ahead", "forecasts", "error", "error_of_none", "within", "currency")

OnOption = Annotated[str, typer.Option(metavar="DATE", help="Begin on this day: YYYY-MM-DD or today.")]
DaysOption = Annotated[int, typer.Option(min=1, max=_DAYS_MAX, help="So many days.")]
ByOption = Annotated[str, typer.Option(metavar="KEY", help="By currency or account.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    about = "Balances ahead: from what is known to come and what is usual, and how wrong that was before."
    commands: dict[str, Callable[..., None]] = {"balances": balances, "flows": flows, "errors": errors}
    add_group(app, "forecast", about, commands)


def balances(
    on: OnOption = "today",
    days: DaysOption = 28,
    by: ByOption = "currency",
    account: AccountsOption = [],
    *,
    how: Answered,
) -> None:
    """List the balance expected at the end of each day; eight of ten past forecasts lay within low and high."""
    from bankklient_lab.analysis.forecast import liquidity_forecast

    begin = options.day(on)
    with how.opened() as one:
        rows = liquidity_forecast.rows(one, on=begin, until=_end(begin, days), accounts=account, by=by)
    how.table(rows, _BALANCES, empty=f"no balance is known on {begin}")


def flows(
    on: OnOption = "today",
    days: DaysOption = 28,
    account: AccountsOption = [],
    *,
    how: Answered,
) -> None:
    """List what is expected to move: orders, regular payments, records at the bank, and what is usual."""
    from bankklient_lab.analysis.expected_flows import forecast_flows

    begin = options.day(on)
    with how.opened() as one:
        rows = forecast_flows.rows(one, on=begin, until=_end(begin, days), accounts=account)
    how.table(rows, _FLOWS, empty="nothing is expected")


def errors(
    on: OnOption = "today",
    by: ByOption = "currency",
    account: AccountsOption = [],
    *,
    how: Answered,
) -> None:
    """List how wrong forecasts of the last year were on average, and how wrong no forecast at all would have been."""
    from bankklient_lab.analysis.forecast import forecast_errors

    with how.opened() as one:
        rows = forecast_errors.rows(one, on=options.day(on), accounts=account, by=by)
    how.table(rows, _ERRORS, empty="the history is too short to try forecasts on it")


def _end(begin: date, days: int) -> date:
    return begin + timedelta(days=days)
