"""Commands for regular payments: enter, list, simulate, import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, day, opened
from bankklient_lab.cli.order_steps import ValuesArgument, typed_values
from bankklient_lab.cli.output import lines, print_json
from bankklient_lab.cli.printed import OutputOption, print_or_write

PaymentArgument = Annotated[int, typer.Argument(metavar="PAYMENT", help="Number, as `regular-payments list` shows it.")]
PeriodicityOption = Annotated[
    str, typer.Option(metavar="PERIODICITY", help="year, half-year, quarter, month, '14 days', 'ten days' or week.")
]
DayOption = Annotated[int, typer.Option("--day", metavar="DD", help="Day of the month, or of the week from 1, Monday.")]
MonthOption = Annotated[int, typer.Option("--month", metavar="MM", help="Month, of a year or a part of it.")]
FromOption = Annotated[str, typer.Option("--from", metavar="DATE", help="First day of the validity.")]
ToOption = Annotated[str, typer.Option("--to", metavar="DATE", help="Last day of the validity (it belongs in).")]
InstalmentsOption = Annotated[int, typer.Option("--instalments", min=1, help="So many payments in all.")]
LastOption = Annotated[str, typer.Option("--last-amount", metavar="AMOUNT", help="Amount of the last instalment.")]
_COLUMNS = (
    "regular_payment_id", "name", "state", "periodicity", "month", "day", "next_due", "last_due", "remaining",
    "amount", "currency", "counter_account", "errors",
)  # fmt: skip
_DUE = ("due_on", "maturity", "name", "amount", "currency", "counter_account", "status", "errors")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Domestic payments that repeat by a schedule.")
    commands: dict[str, Callable[..., None]] = {
        "list": list_payments, "create": create, "change": change, "end": end, "delete": delete,
        "simulate": simulate, "import": import_due, "orders": list_orders,
    }  # fmt: skip
    for name, command in commands.items():
        group.command(name)(command)
    app.add_typer(group, name="regular-payments")


def list_payments(
    output: OutputOption = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List the regular payments, those that go on first."""
    print_or_write(
        "regular payments", _COLUMNS, lab=lab, passphrase_file=passphrase_file, output=output, as_json=as_json,
        empty="there is no regular payment",
    )  # fmt: skip


def create(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    values: ValuesArgument = None,
    periodicity: PeriodicityOption = "month",
    dd: DayOption = 1,
    mm: MonthOption = 0,
    since: FromOption = "today",
    to: ToOption = "",
    instalments: InstalmentsOption | None = None,
    last_amount: LastOption = "",
    confirm: Annotated[bool, typer.Option("--confirm", help="Its orders begin confirmed, not only verified.")] = False,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Enter a regular payment: the values of a domestic payment without maturity, and a schedule."""
    from bankklient_lab.orders.regular_payments import create_regular_payment

    with opened(lab, passphrase_file) as one:
        number = create_regular_payment(
            one, name, typed_values(values or []), periodicity=periodicity, month=mm, day=dd,
            valid_from=day(since), valid_until=day(to) if to else None, instalments=instalments,
            last_amount=last_amount or None, confirm=confirm,
        )  # fmt: skip
    print_json({"regular_payment_id": number}) if as_json else lines([f"regular payment {number} is entered"])


def change(
    payment: PaymentArgument,
    values: ValuesArgument = None,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    confirm: Annotated[
        bool | None, typer.Option("--confirm/--verify", help="Its orders begin confirmed, or only verified.")
    ] = None,
    periodicity: PeriodicityOption = "",
    dd: DayOption | None = None,
    mm: MonthOption | None = None,
    since: FromOption = "",
    to: ToOption = "",
    instalments: InstalmentsOption | None = None,
    last_amount: LastOption = "",
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Change a regular payment; the schedule only until the first order was made."""
    from bankklient_lab.orders.regular_payments import change_regular_payment

    given: dict[str, Any] = {
        "periodicity": periodicity or None, "day": dd, "month": mm, "valid_from": day(since) if since else None,
        "valid_until": day(to) if to else None, "instalments": instalments, "last_amount": last_amount or None,
    }  # fmt: skip
    schedule = {part: value for part, value in given.items() if value is not None}
    with opened(lab, passphrase_file) as one:
        change_regular_payment(
            one, payment, name=name, values=typed_values(values or []), schedule=schedule, confirm=confirm
        )
    lines([f"regular payment {payment} is changed"])


def end(payment: PaymentArgument, lab: LabOption = "", passphrase_file: PassphraseOption = "") -> None:
    """End a regular payment: no more orders are made from it."""
    from bankklient_lab.orders.regular_payments import end_regular_payment

    with opened(lab, passphrase_file) as one:
        end_regular_payment(one, payment)
    lines([f"regular payment {payment} is ended"])


def delete(payment: PaymentArgument, lab: LabOption = "", passphrase_file: PassphraseOption = "") -> None:
    """Delete a regular payment; orders made from it stay."""
    from bankklient_lab.orders.regular_payments import delete_regular_payment

    with opened(lab, passphrase_file) as one:
        delete_regular_payment(one, payment)
    lines([f"regular payment {payment} is deleted"])


def simulate(
    until: Annotated[str, typer.Argument(metavar="DATE", help="Last day, any: YYYY-MM-DD or today.")],
    output: OutputOption = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Show the orders that an import up to a day would make; nothing is stored."""
    print_or_write(
        "simulation of regular payments", _DUE, day(until), lab=lab, passphrase_file=passphrase_file, output=output,
        as_json=as_json, empty=f"nothing is due up to {until}",
    )  # fmt: skip


def import_due(
    ahead: Annotated[str, typer.Option("--ahead", metavar="DATE", help="Up to this day, at most 75 days ahead.")] = "",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Make orders of everything that is due today, or ahead, and was not made yet."""
    from bankklient_lab.orders.regular_import import import_regular_payments

    with opened(lab, passphrase_file) as one:
        made = import_regular_payments(one, day(ahead) if ahead else None)
    if as_json:
        print_json(made)
        return
    told = f"up to {made['until']}: {made['orders']} orders, of which {made['wrong']} with errors"
    lines([f"{told} ({made['duplicates']} suspected duplicates)"])
    lines(
        f"left out: {left['regular_payment_id']} {left['name']}, errors {left['errors']}" for left in made["left_out"]
    )


def list_orders(
    payment: Annotated[int | None, typer.Argument(metavar="[PAYMENT]", help="Only those of this payment.")] = None,
    output: OutputOption = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List the orders that were made from regular payments, the newest first."""
    print_or_write(
        "orders of regular payments", ("order_id", *_DUE), payment, lab=lab, passphrase_file=passphrase_file,
        output=output, as_json=as_json, empty="no order was made yet",
    )  # fmt: skip
