"""Commands that make and change payment orders, one at a time or all of a set."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from bankklient_lab.cli.asked import PasswordFileOption, password, password_to_bank
from bankklient_lab.cli.orders import OrderArgument, WhereOption, conditions
from bankklient_lab.cli.output import lines, print_json, shown
from bankklient_lab.cli.shared import Answered, KindArgument, with_options
from bankklient_lab.errors import BadArgument, WrongOrder

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

ValuesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ITEM=VALUE]...", help="Values, as counter_account=19-2000145399/0800 amount=250."),
]
OrdersArgument = Annotated[
    list[int] | None, typer.Argument(metavar="[ORDER]...", help="Numbers; without any the set is meant.")
]
StepSetOption = Annotated[str, typer.Option("--set", metavar="SET", help="All orders of this set.")]
FileOption = Annotated[
    Path | None,
    typer.Option("--from", metavar="FILE", help="JSON file with the values: an object, or a list with one an order."),
]
ReasonOption = Annotated[str, typer.Option(metavar="TEXT", help="Why a suspected duplicate is right all the same.")]
KeepOption = Annotated[bool, typer.Option("--keep-as-error", help="Keep a suspected duplicate as a wrong order.")]


class _Step(NamedTuple):
    """A step on many orders at once: where its action is, how its outcome is told, and what the command's help says."""

    module: str
    action: str
    done: str
    about: str


_STEPS = {
    "delete": _Step("creating", "delete_orders", "deleted", "Delete created orders for good."),
    "cancel-verification": _Step(
        "verification", "cancel_verification", "no longer verified", "Take the verification of orders back."
    ),
    "cancel-confirmation": _Step(
        "confirmation", "cancel_confirmation", "no longer confirmed", "Take the confirmation of orders back."
    ),
    "include": _Step("confirmation", "include_orders", "included", "Mark confirmed orders for the next balancing."),
    "exclude": _Step("confirmation", "exclude_orders", "excluded", "Take that mark back."),
    "discard": _Step(
        "confirmation", "discard_orders", "discarded", "Give up imported orders; this can't be taken back."
    ),
}


def add_to(orders: typer.Typer) -> None:
    """Add the commands."""
    orders.command("create")(with_options(create))
    orders.command("correct")(with_options(correct))
    orders.command("verify")(with_options(verify))
    orders.command("confirm")(with_options(confirm))
    orders.command("payees")(with_options(payees))
    for name, step in _STEPS.items():
        orders.command(name, help=step.about)(with_options(_step_command(step)))


def create(
    kind: KindArgument,
    values: ValuesArgument = None,
    file: FileOption = None,
    reason: ReasonOption = "",
    keep_as_error: KeepOption = False,
    *,
    how: Answered,
) -> None:
    """Create an order, or one for each object of a file; what rules it breaks is told, one line a rule."""
    from bankklient_lab.orders.creating import create_order

    given = _from_file(file) if file else [{}]
    said = typed_values(values or [])
    duplicate = "error" if keep_as_error else ""
    with how.opened() as one:
        done = [
            _tried(partial(create_order, one, kind, row | said, reason=reason, duplicate=duplicate)) for row in given
        ]
    _tell(done, how, created=True)


def correct(
    order: OrderArgument,
    values: ValuesArgument = None,
    file: FileOption = None,
    reason: ReasonOption = "",
    keep_as_error: KeepOption = False,
    *,
    how: Answered,
) -> None:
    """Change values of an order; an empty value (ITEM=) takes it away. Without any a wrong order is checked again."""
    from bankklient_lab.orders.creating import correct_order

    given = _from_file(file) if file else [{}]
    if len(given) != 1:
        raise BadArgument(f"{file} has {len(given)} orders; one is corrected")
    new = given[0] | typed_values(values or [])
    duplicate = "error" if keep_as_error else ""
    with how.opened() as one:
        done = _tried(partial(correct_order, one, order, new, reason=reason, duplicate=duplicate))
    _tell([done], how, created=False)


def payees(
    orders: Annotated[list[int], typer.Argument(metavar="ORDER...", help="Numbers of payments, at most 100.")],
    password_file: PasswordFileOption = "",
    *,
    how: Answered,
) -> None:
    """Ask the bank whether accounts belong to whom payments name, before they are confirmed; it decides nothing."""
    from bankklient_lab.exchange.payees import verify_payees

    with how.opened() as one:
        rows = verify_payees(one, orders, password_to_bank(one, password_file))
    how.table(rows, ("order_id", "name", "answer", "bank_name"), empty="none of them is a payment")


def verify(
    orders: OrdersArgument = None,
    which: StepSetOption = "",
    where: WhereOption = [],
    typed: Annotated[
        list[str], typer.Option("--type", metavar="ITEM=VALUE", help="An item typed again; may be repeated.")
    ] = [],
    *,
    how: Answered,
) -> None:
    """Verify orders that you have looked at, or one whose marked items you type again."""
    from bankklient_lab.orders.verification import verify_by_typing, verify_orders

    with how.opened() as one:
        ids = _ids(one, orders or [], which, where)
        if typed:
            if len(ids) != 1:
                raise BadArgument(f"items are typed for one order at a time, not for {len(ids)}")
            told = verify_by_typing(one, ids[0], typed_values(typed))
        else:
            told = verify_orders(one, ids)
    how.outcome(told, "verified")


def confirm(
    orders: OrdersArgument = None,
    which: StepSetOption = "",
    where: WhereOption = [],
    sign: Annotated[bool, typer.Option("--sign", help="Sign with your key; its password is asked for.")] = False,
    key_password_file: Annotated[
        str, typer.Option("--key-password-file", metavar="FILE", help="File with it; only you may read it.")
    ] = "",
    *,
    how: Answered,
) -> None:
    """Confirm verified orders, with --sign by a signature of your own key (`bankklient signing-key make`)."""
    from bankklient_lab.orders.confirmation import confirm_and_sign, confirm_orders

    with how.opened() as one:
        ids = _ids(one, orders or [], which, where)
        if sign or key_password_file:
            given = password(key_password_file, "Password of your key: ", "--key-password-file")
            told = confirm_and_sign(one, ids, given)
        else:
            told = confirm_orders(one, ids)
    how.outcome(told, "confirmed")


def _step_command(step: _Step) -> Callable[..., None]:
    """Return the command of one step."""

    def command(
        orders: OrdersArgument = None,
        which: StepSetOption = "",
        where: WhereOption = [],
        *,
        how: Answered,
    ) -> None:
        from importlib import import_module

        act = getattr(import_module(f"bankklient_lab.orders.{step.module}"), step.action)
        with how.opened() as one:
            told = act(one, _ids(one, orders or [], which, where))
        how.outcome(told, step.done)

    return command


def _ids(lab: Lab, orders: list[int], which: str, where: list[str]) -> list[int]:
    """Return the orders that are meant: those named, or all of a set; BadArgument for neither, both or none."""
    from bankklient_lab.orders.listing import order_ids

    if orders and (which or where):
        raise BadArgument("name orders, or choose them by --set and --where, not both")
    if not orders and not which and not where:
        raise BadArgument("no order is named; give numbers, or --set (all of it) or --where")
    ids = orders or order_ids(lab, which=which or "all", where=conditions(where))
    if not ids:
        raise BadArgument("no order is like that")
    return ids


def typed_values(given: list[str]) -> dict[str, str]:
    """Return the values of ITEM=VALUE texts by item; BadArgument for another text."""
    values: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadArgument(f"{text!r} is no value; write ITEM=VALUE, as amount=250")
        if name in values:
            raise BadArgument(f"{name} is given twice")
        values[name] = value.replace("\\n", "\n")
    return values


def _from_file(file: Path) -> list[dict[str, Any]]:
    """Return the orders of a JSON file; BadArgument."""
    try:
        told = json.loads(file.read_text("utf-8"), parse_float=str)  # an amount is not a float
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise BadArgument(f"{file} can't be read as JSON ({error})") from None
    rows = told if isinstance(told, list) else [told]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise BadArgument(f"{file} has to be an object with values by item, or a list of such objects")
    return rows


def _tried(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what came of one order: its number and status, or every error with its number."""
    try:
        return work() | {"errors": []}
    except WrongOrder as error:
        return {"order_id": None, "status": None, "warnings": [], "errors": error.details["errors"]}


def _tell(done: list[dict[str, Any]], how: Answered, *, created: bool) -> None:
    from bankklient_lab.orders.lifecycle import status_name

    if how.as_json:
        print_json(done)
    for number, one in enumerate(done, start=1):
        place = f"order {number} of {len(done)}: " if len(done) > 1 else ""
        for error in one["errors"]:
            sys.stderr.write(f"bankklient: {place}{error['code']} {error['item']}: {shown(error['text'])}\n")
        if not how.as_json and not one["errors"]:
            verb = "created" if created else "corrected"
            lines([f"order {one['order_id']} is {verb}: {status_name(one['status'])}", *one["warnings"]])
    if any(one["errors"] for one in done):
        raise typer.Exit(1)
