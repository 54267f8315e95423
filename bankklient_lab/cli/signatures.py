"""Commands for signatures of batches: what waits for them, signing, and who may sign what."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated

import typer

from bankklient_lab.cli.asked import PasswordFileOption, of_key, typed
from bankklient_lab.cli.output import lines, print_rows
from bankklient_lab.cli.shared import Answered, AtLab, add_group
from bankklient_lab.errors import UnknownName
from bankklient_lab.store.passphrase import read_passphrase

BatchArgument = Annotated[int, typer.Argument(metavar="BATCH", help="Number, as `signatures list` shows it.")]
AmountOption = Annotated[Decimal | None, typer.Option(parser=Decimal, metavar="AMOUNT")]
_WAITING = ("batch_id", "batch_type", "batch_order", "orders", "lacking", "counts_for", "signed_by", "created_by")
_ORDERS = ("order_id", "own_account", "counter_account", "amount", "currency", "lacking", "counts")
_RIGHTS = (
    "right_id", "user", "signature_class", "class_name", "account", "currency", "order_max", "day_max", "own_orders",
    "key_kind",
)  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {
        "list": list_waiting, "show": show, "sign": sign, "rights": rights, "give": give, "take": take,
    }  # fmt: skip
    add_group(app, "signatures", "Batches that wait for signatures, and who may sign what.", commands)


def list_waiting(*, how: Answered) -> None:
    """List the batches that wait for signatures, with for how many orders yours would count."""
    from bankklient_lab.balancing.signatures import waiting_signatures

    with how.opened() as one:
        rows = waiting_signatures.rows(one)
    how.table(rows, _WAITING, empty="no batch waits for signatures")


def show(batch: BatchArgument, *, how: Answered) -> None:
    """Show the orders of a batch that waits for signatures."""
    from bankklient_lab.balancing.signatures import orders_to_sign

    with how.opened() as one:
        rows = orders_to_sign.rows(one, batch)
    how.table(rows, _ORDERS, empty=f"batch {batch} does not wait for signatures")


def sign(
    batch: BatchArgument,
    sha256: Annotated[
        str, typer.Option(metavar="TEXT", help="Sign only this content, as `signatures list --as-json` tells it.")
    ] = "",
    password_file: PasswordFileOption = "",
    *,
    how: Answered,
) -> None:
    """Sign a batch with your personal key; what is in it is shown before the password is asked."""
    from bankklient_lab.balancing.balance import key_for_balancing
    from bankklient_lab.balancing.signatures import orders_to_sign, sign_batch, waiting_signatures

    with how.opened() as one:
        found = [row for row in waiting_signatures.rows(one) if row["batch_id"] == batch]
        if not found:
            raise UnknownName("batch that waits for signatures", str(batch), "`signatures list` shows them")
        password = read_passphrase(password_file)
        if password is None:
            key = key_for_balancing(one)
            print_rows(orders_to_sign.rows(one, batch), _ORDERS, empty="it has no order")
            password = typed(f"{of_key(key)}: ")
        done = sign_batch(one, batch, sha256 or found[0]["sha256"], password)
    lacking = f"{done['lacking']} of its orders lack another signature" if done["lacking"] else "it can go out"
    how.tell(done, f"batch {done['batch_type']} {done['batch_order']} is signed; {lacking}")


def rights(*, how: Answered) -> None:
    """List who may sign which orders."""
    from bankklient_lab.balancing.signature_rights import signature_rights

    with how.opened() as one:
        rows = signature_rights.rows(one)
    how.table(rows, _RIGHTS, empty="nobody has a right to sign; whoever balances signs alone")


def give(
    user: Annotated[str, typer.Argument(metavar="USER")],
    signature_class: Annotated[str, typer.Argument(metavar="CLASS", help="E single, A first, B second, T transport.")],
    currency: Annotated[str, typer.Argument(metavar="CURRENCY", help="Of the orders and of the limits.")],
    account: Annotated[str, typer.Option(metavar="ACCOUNT", help="For this own account alone.")] = "",
    order_max: AmountOption = None,
    day_max: AmountOption = None,
    own_orders: Annotated[bool, typer.Option("--own-orders", help="Also what the user entered or confirmed.")] = False,
    key_kind: Annotated[
        str, typer.Option(metavar="KIND", help="Only signatures by a key of this kind: file (in the lab) or card.")
    ] = "",
    *,
    how: Answered,
) -> None:
    """Give a user the right to sign orders; from the first right on batches wait for the signatures they need."""
    from bankklient_lab.balancing.signature_rights import give_signature_right

    with how.opened() as one:
        given = give_signature_right(
            one, user, signature_class, currency,
            account=account, order_max=order_max, day_max=day_max, own_orders=own_orders, key_kind=key_kind,
        )  # fmt: skip
    how.tell(given, f"right {given['right_id']} is given to {user}")


def take(
    right: Annotated[int, typer.Argument(metavar="RIGHT", help="Number, as `signatures rights` shows it.")],
    *,
    at: AtLab,
) -> None:
    """Take a right to sign from its user; what was signed by it counts on."""
    from bankklient_lab.balancing.signature_rights import take_signature_right

    with at.opened() as one:
        take_signature_right(one, right)
    lines([f"right {right} is taken away"])
