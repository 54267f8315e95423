"""Commands for services of the bank: standing orders, collections, deposits, forward deals, account parameters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from bankklient_lab.cli import options
from bankklient_lab.cli.asked import PasswordFileOption, password_to_bank
from bankklient_lab.cli.order_steps import ValuesArgument, typed_values
from bankklient_lab.cli.output import lines
from bankklient_lab.cli.shared import Answered, AtLab, add_group

_REQUESTS = ("request_id", "request", "status", "record", "batch_order", "error_code", "answer", "changed_at")
_FIRST = ("record", "state", "changeable")
_VALUES = ("record", "maturity", "bought", "bought_currency", "sold", "sold_currency", "contract_rate", "current_rate",
           "value")  # fmt: skip
_DAYS_MAX = 3_660
_EXPOSURE = ("currency", "day", "known", "deals", "before", "after")
_WAITS = {"CR": "waits to be confirmed", "CO": "waits to be balanced"}
KindArgument = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help="standing_order, permitted_collection, time_deposit, forward_deal, account_parameters or receivable.",
    ),
]
RequestArgument = Annotated[
    int, typer.Argument(metavar="REQUEST", help="Number, as `bankklient services requests` shows it.")
]
RequestsArgument = Annotated[list[int], typer.Argument(metavar="REQUEST...")]
RecordArgument = Annotated[
    str,
    typer.Argument(
        metavar="RECORD", help="As `bankklient services list` shows it, such as SO17; of account parameters the IBAN."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {
        "list": list_records, "rates": rates, "update": update, "requests": requests, "new": new, "change": change,
        "revoke": revoke, "copy": copy, "correct": correct, "confirm": confirm, "unconfirm": unconfirm,
        "delete": delete, "clear": clear, "contract": contract, "values": values, "exposure": exposure,
    }  # fmt: skip
    add_group(
        app,
        "services",
        "Standing orders, permitted collections, deposits, forward deals, account parameters and receivables.",
        commands,
    )


def list_records(kind: KindArgument, how: Answered) -> None:
    """List what the bank has of a kind, as it told last."""
    from bankklient_lab.services.listing import service_records
    from bankklient_lab.services.requests import kind_named

    with how.opened() as one:
        rows = service_records.rows(one, kind)
    columns = (*_FIRST, *(item.name for item in kind_named(kind).recorded), "told_at")
    how.table(rows, columns, empty="the bank has told of none; `bankklient services update` asks it")


def rates(how: Answered) -> None:
    """List the variants of time deposits with their rates and penalties, in percent a year."""
    from bankklient_lab.services.deposits import deposit_rates

    with how.opened() as one:
        rows = deposit_rates.rows(one)
    how.table(rows, ("variant", "length", "amount_from", "currency", "rate", "penalty"), empty="there is no rate")


def update(kind: KindArgument, password_file: PasswordFileOption = "", *, how: AtLab) -> None:
    """Ask the bank for what it has of a kind; no batch is sent or taken over."""
    from bankklient_lab.exchange.service_lists import update_service_records

    with how.opened() as one:
        update_service_records(one, kind, password_to_bank(one, password_file))
    lines(["the list is up to date"])


def requests(
    kind: KindArgument,
    which: Annotated[
        str,
        typer.Option("--set", help="all, open (not balanced), to_confirm, history, unprocessed or processed."),
    ] = "all",
    *,
    how: Answered,
) -> None:
    """List requests for new records, corrections and revocations, with what became of them."""
    from bankklient_lab.services.listing import service_requests
    from bankklient_lab.services.requests import kind_named

    with how.opened() as one:
        rows = service_requests.rows(one, kind, which)
    columns = (*_REQUESTS, *(item.name for item in kind_named(kind).asked))
    how.table(rows, columns, empty="there is no such request")


def new(kind: KindArgument, values: ValuesArgument, how: Answered) -> None:
    """Ask for a new record; its items as ITEM=VALUE, named as `services list` has them."""
    from bankklient_lab.services.requests import create_service_request

    with how.opened() as one:
        told = create_service_request(one, kind, typed_values(values or []))
    how.tell(told, f"request {told['request_id']} {_WAITS[told['status']]}")


def change(kind: KindArgument, record: RecordArgument, values: ValuesArgument, how: Answered) -> None:
    """Ask for the correction of a record that the bank has; an item without a value is taken away."""
    _ask_of_record(kind, record, "correction", values, how)


def revoke(kind: KindArgument, record: RecordArgument, values: ValuesArgument = None, *, how: Answered) -> None:
    """Ask for the revocation of a record that the bank has; of a time deposit with method and principal_account."""
    _ask_of_record(kind, record, "revocation", values, how)


def copy(request: RequestArgument, values: ValuesArgument, how: Answered) -> None:
    """Make a new request of another one, but for the given items."""
    from bankklient_lab.services.requests import copy_service_request

    with how.opened() as one:
        told = copy_service_request(one, request, typed_values(values or []))
    how.tell(told, f"request {told['request_id']} {_WAITS[told['status']]}")


def correct(request: RequestArgument, values: ValuesArgument, how: Answered) -> None:
    """Correct a request that is not balanced."""
    from bankklient_lab.services.requests import correct_service_request

    with how.opened() as one:
        told = correct_service_request(one, request, typed_values(values or []))
    how.tell(told, f"request {told['request_id']} {_WAITS[told['status']]}")


def confirm(chosen: RequestsArgument, how: Answered) -> None:
    """Confirm requests; then they can be balanced."""
    from bankklient_lab.services.requests import confirm_service_requests

    with how.opened() as one:
        how.outcome(confirm_service_requests(one, chosen), "confirmed")


def unconfirm(chosen: RequestsArgument, how: Answered) -> None:
    """Take confirmations of requests back."""
    from bankklient_lab.services.requests import unconfirm_service_requests

    with how.opened() as one:
        how.outcome(unconfirm_service_requests(one, chosen), "taken back")


def delete(chosen: RequestsArgument, how: Answered) -> None:
    """Delete requests that are not balanced."""
    from bankklient_lab.services.requests import delete_service_requests

    with how.opened() as one:
        how.outcome(delete_service_requests(one, chosen), "deleted")


def clear(chosen: RequestsArgument, how: Answered) -> None:
    """Delete processed requests from the history; the bank's records stay."""
    from bankklient_lab.services.requests import clear_service_requests

    with how.opened() as one:
        how.outcome(clear_service_requests(one, chosen), "deleted")


def contract(how: Answered) -> None:
    """Show the contract on forward deals: its limit, what is drawn and remains, and the terms of the bank."""
    from bankklient_lab.services.forwards import forward_contract

    with how.opened() as one:
        found = forward_contract(one)
    how.table([found] if found else [], tuple(found), empty="the bank has told of no contract on forward deals")


def values(
    on: Annotated[str, typer.Option(metavar="DATE", help="By the rates of this day: YYYY-MM-DD or today.")] = "today",
    in_currency: Annotated[str, typer.Option("--in", metavar="CURRENCY", help="[default: the national one]")] = "",
    *,
    how: Answered,
) -> None:
    """List open forward deals with what they are worth now: ahead of buying today, or (negative) behind."""
    from bankklient_lab.analysis.forwards import forward_values

    with how.opened() as one:
        rows = forward_values.rows(one, on=options.day(on), in_currency=in_currency or None)
    how.table(rows, _VALUES, empty="no deal is open")


def exposure(
    on: Annotated[str, typer.Option(metavar="DATE", help="From this day on: YYYY-MM-DD or today.")] = "today",
    days: Annotated[int, typer.Option(min=1, max=_DAYS_MAX, help="So many days.")] = 366,
    *,
    how: Answered,
) -> None:
    """List what each currency has on the days on which something moves, before and after open forward deals."""
    from bankklient_lab.analysis.forwards import currency_exposure

    day = options.day(on)
    with how.opened() as one:
        rows = currency_exposure.rows(one, on=day, until=day + timedelta(days=days))
    how.table(rows, _EXPOSURE, empty="no balance or order is known")


def _ask_of_record(kind: str, record: str, request: str, values: list[str] | None, how: Answered) -> None:
    from bankklient_lab.services.requests import create_service_request

    with how.opened() as one:
        told = create_service_request(one, kind, typed_values(values or []), request=request, record=record)
    how.tell(told, f"request {told['request_id']} {_WAITS[told['status']]}")
