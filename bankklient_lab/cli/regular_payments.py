"""Commands for regular payments: enter, list, simulate, import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from bankklient_lab.cli.options import day
from bankklient_lab.cli.order_steps import ValuesArgument, typed_values
from bankklient_lab.cli.output import lines, print_json
from bankklient_lab.cli.printed import print_or_write
from bankklient_lab.cli.shared import Answered, AtLab, Listed, add_group

PaymentArgument = Annotated[int, typer.Argument(metavar="PAYMENT", help="Number, as `regular-payments list` shows it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleOptions(Answered):
    """What is said of a schedule."""

    periodicity: Annotated[
        str | None, typer.Option(help="year, half-year, quarter, month (at first), '14 days', 'ten days' or week.")
    ] = None
    day: Annotated[
        int | None, typer.Option(metavar="DD", help="Day of the month, or of the week from 1, Monday; at first 1.")
    ] = None
    month: Annotated[int | None, typer.Option(metavar="MM", help="Month, of a year or a part of it.")] = None
    since: Annotated[
        str, typer.Option("--from", metavar="DATE", help="First day of the validity; at first the bank's present day.")
    ] = ""
    to: Annotated[str, typer.Option(metavar="DATE", help="Last day of the validity (it belongs in).")] = ""
    instalments: Annotated[int | None, typer.Option(min=1, help="So many payments in all.")] = None
    last_amount: Annotated[str | None, typer.Option(metavar="AMOUNT", help="Amount of the last instalment.")] = None

    def schedule(self) -> dict[str, Any]:
        """Return what was given, by argument of `create_regular_payment`."""
        given = self.given()
        days = {"valid_from": given.pop("since"), "valid_until": given.pop("to")}
        return given | {name: day(text) for name, text in days.items() if text}


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {
        "list": list_payments, "create": create, "change": change, "end": end, "delete": delete,
        "simulate": simulate, "import": import_due, "orders": list_orders,
    }  # fmt: skip
    add_group(app, "regular-payments", "Domestic payments that repeat by a schedule.", commands)


def list_payments(
    *,
    how: Listed,
) -> None:
    """List the regular payments, those that go on first."""
    print_or_write(how, "regular payments", empty="there is no regular payment")


def create(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    values: ValuesArgument = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Its orders begin confirmed, not only verified.")] = False,
    *,
    how: ScheduleOptions,
) -> None:
    """Enter a regular payment: the values of a domestic payment without maturity, and a schedule."""
    from bankklient_lab.orders.regular_payments import create_regular_payment

    schedule: dict[str, Any] = {"periodicity": "month", "day": 1} | how.schedule()
    with how.opened() as one:
        number = create_regular_payment(one, name, typed_values(values or []), confirm=confirm, **schedule)
    how.tell({"regular_payment_id": number}, f"regular payment {number} is entered")


def change(
    payment: PaymentArgument,
    values: ValuesArgument = None,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    confirm: Annotated[
        bool | None, typer.Option("--confirm/--verify", help="Its orders begin confirmed, or only verified.")
    ] = None,
    *,
    how: ScheduleOptions,
) -> None:
    """Change a regular payment; the schedule only until the first order was made."""
    from bankklient_lab.orders.regular_payments import change_regular_payment

    schedule = how.schedule()
    with how.opened() as one:
        change_regular_payment(
            one, payment, name=name, values=typed_values(values or []), schedule=schedule, confirm=confirm
        )
    how.tell({"regular_payment_id": payment}, f"regular payment {payment} is changed")


def end(payment: PaymentArgument, at: AtLab) -> None:
    """End a regular payment: no more orders are made from it."""
    from bankklient_lab.orders.regular_payments import end_regular_payment

    with at.opened() as one:
        end_regular_payment(one, payment)
    lines([f"regular payment {payment} is ended"])


def delete(payment: PaymentArgument, at: AtLab) -> None:
    """Delete a regular payment; orders made from it stay."""
    from bankklient_lab.orders.regular_payments import delete_regular_payment

    with at.opened() as one:
        delete_regular_payment(one, payment)
    lines([f"regular payment {payment} is deleted"])


def simulate(
    until: Annotated[str, typer.Argument(metavar="DATE", help="Last day, any: YYYY-MM-DD or today.")],
    *,
    how: Listed,
) -> None:
    """Show the orders that an import up to a day would make; nothing is stored."""
    print_or_write(how, "simulation of regular payments", day(until), empty=f"nothing is due up to {until}")


def import_due(
    ahead: Annotated[str, typer.Option("--ahead", metavar="DATE", help="Up to this day, at most 75 days ahead.")] = "",
    *,
    how: Answered,
) -> None:
    """Make orders of everything that is due today, or ahead, and was not made yet."""
    from bankklient_lab.orders.regular_import import import_regular_payments

    with how.opened() as one:
        made = import_regular_payments(one, day(ahead) if ahead else None)
    if how.as_json:
        print_json(made)
        return
    told = f"up to {made['until']}: {made['orders']} orders, of which {made['wrong']} with errors"
    lines([f"{told} ({made['duplicates']} suspected duplicates)"])
    lines(
        f"left out: {left['regular_payment_id']} {left['name']}, errors {left['errors']}" for left in made["left_out"]
    )


def list_orders(
    payment: Annotated[int | None, typer.Argument(metavar="[PAYMENT]", help="Only those of this payment.")] = None,
    *,
    how: Listed,
) -> None:
    """List the orders that were made from regular payments, the newest first."""
    print_or_write(how, "orders of regular payments", payment, empty="no order was made yet")
