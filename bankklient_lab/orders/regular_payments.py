"""Regular payments: domestic payments that repeat by a schedule, from which an import makes orders.

A regular payment is a complete order without its maturity, and a schedule. Once an order was made the schedule stays:
for another one the payment is ended and a new one entered.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.checking import checked, defaults, rule_parameters
from bankklient_lab.orders.content import one_row, rows_of
from bankklient_lab.orders.kinds import domestic_payment
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.refusing import refuse
from bankklient_lab.orders.schedules import Schedule
from bankklient_lab.orders.unfinished import MATURITY, clean_name, entered, kept, lasting, values_of

# ruff: noqa: S608 - every text below is made of our own declarations

KIND = domestic_payment.KIND
EDITS, READS = "96", "96|21"
WHAT = "regular payment"


@action(EDITS)
def create_regular_payment(
    lab: Lab,
    name: str,
    values: dict[str, Any],
    *,
    periodicity: str,
    day: int,
    month: int = 0,
    valid_from: date | None = None,
    valid_until: date | None = None,
    instalments: int | None = None,
    last_amount: str | None = None,
    confirm: bool = False,
    use_defaults: bool = True,
) -> int:
    """Enter a regular payment and return its id.

    `values` are those of a domestic payment without maturity; what is left out gets its default unless `use_defaults`
    is false. `periodicity`, `month` (MM) and `day` (DD) are rows of the codebook regular_payment_periods; validity
    counts both days and begins with the bank's present one unless it is given. `confirm`: orders begin confirmed,
    otherwise verified. Raises WrongOrder with all errors of the order, BadArgument for the schedule.
    """
    schedule = Schedule(
        periodicity, month, day, valid_from or bank_day(lab), valid_until, instalments, last_amount or None
    )
    schedule.check()
    with lab.database.tx("ops") as cursor:
        texts: dict[str, str | None] = {**regular_payment_defaults(lab)} if use_defaults else {}
        texts |= lasting(KIND, values, WHAT)
        _check(lab, cursor, texts, schedule.last_amount)
        row = schedule.columns() | _described(lab, clean_name(name, WHAT), texts, confirm=confirm)
        row["remaining"] = instalments
        columns = ", ".join(f"${column} AS {column}" for column in row)
        ((regular_payment_id,),) = cursor.execute(
            f"INSERT INTO ops.regular_payment BY NAME SELECT coalesce(max(regular_payment_id), 0) + 1 AS"
            f" regular_payment_id, {columns} FROM ops.regular_payment RETURNING regular_payment_id",
            row,
        ).fetchall()
        lab.log(cursor, "create_regular_payment", row["name"], number=regular_payment_id)
    return int(regular_payment_id)


@action(EDITS, mode="standard")
def regular_payment_defaults(lab: Lab) -> dict[str, str]:
    """Return the values that the order of a new regular payment begins with, by item."""
    with lab.database.reading() as cursor:
        row = one_row(cursor.execute(defaults(KIND), rule_parameters(lab, bank_day(lab))))
    return {name: text for name, text in row.items() if name != MATURITY and text is not None}


@action(EDITS, record="regular_payment_id")
def change_regular_payment(
    lab: Lab,
    regular_payment_id: int,
    *,
    name: str | None = None,
    values: dict[str, Any] | None = None,
    schedule: dict[str, Any] | None = None,
    confirm: bool | None = None,
) -> None:
    """Change a regular payment; what is not given stays.

    `schedule` has the arguments of `create_regular_payment` by name (days may be texts); it is Refused once an order
    was made.
    """
    with lab.database.tx("ops") as cursor:
        before = _stored(cursor, regular_payment_id)
        after = _rescheduled(before, schedule or {})
        texts = values_of(before["items"]) | lasting(KIND, values or {}, WHAT)
        _check(lab, cursor, texts, after.last_amount)
        row = after.columns() | _described(
            lab,
            before["name"] if name is None else clean_name(name, WHAT),
            texts,
            confirm=before["confirm"] if confirm is None else confirm,
        )
        row["remaining"] = before["remaining"] if before["last_due"] else after.instalments
        cursor.execute(
            f"UPDATE ops.regular_payment SET {', '.join(f'{column} = ${column}' for column in row)}"
            " WHERE regular_payment_id = $id",
            row | {"id": regular_payment_id},
        )
        lab.log(cursor, "change_regular_payment", row["name"], number=regular_payment_id)


@action(EDITS, record="regular_payment_id")
def end_regular_payment(lab: Lab, regular_payment_id: int) -> None:
    """End a regular payment: no more orders are made from it. Refused when it is ended already."""
    with lab.database.tx("ops") as cursor:
        before = _stored(cursor, regular_payment_id)
        if before["ended_on"]:
            raise Refused(f"regular payment {regular_payment_id} ended on {before['ended_on']}")
        cursor.execute(
            "UPDATE ops.regular_payment SET ended_on = ?, changed_by = ?, changed_at = ? WHERE regular_payment_id = ?",
            [bank_day(lab), lab.caller.reference, lab.clock(), regular_payment_id],
        )
        lab.log(cursor, "end_regular_payment", before["name"], number=regular_payment_id)


@action(EDITS, record="regular_payment_id")
def delete_regular_payment(lab: Lab, regular_payment_id: int) -> None:
    """Delete a regular payment; orders that were made from it stay as they are."""
    with lab.database.tx("ops") as cursor:
        before = _stored(cursor, regular_payment_id)
        cursor.execute("DELETE FROM ops.regular_payment WHERE regular_payment_id = ?", [regular_payment_id])
        lab.log(cursor, "delete_regular_payment", before["name"], number=regular_payment_id)


@table_action(READS)
def regular_payments(lab: Lab) -> Read:
    """Return all regular payments: those that go on before those that ended, each by the next due date.

    Columns: regular_payment_id, name, state (valid, later: before its validity, finished), periodicity, month, day,
    valid_from, valid_until, instalments (total), remaining (instalments), remaining_amount, last_amount (text),
    confirm, last_due (the last payment: due date of the last order made), next_due (of the next order), ended_on,
    own_account, counter_account, amount (DECIMAL), currency, symbol, errors (numbers separated by spaces; such a
    one is left out by the import), items (JSON), changed_by, changed_at.
    """
    today = bank_day(lab)
    return lab.read(
        f"""
        SELECT r.regular_payment_id, name,
            CASE WHEN ended_on IS NOT NULL OR next_due IS NULL THEN 'finished'
                WHEN valid_from > $today THEN 'later' ELSE 'valid' END AS state,
            periodicity, month, day, valid_from, valid_until, instalments, remaining,
            CASE WHEN remaining > 0 THEN ((remaining - 1) * amount_value
                + coalesce(amount_value(last_amount), amount_value))::DECIMAL(18,3)
                WHEN remaining = 0 THEN 0::DECIMAL(18,3) END AS remaining_amount,
            last_amount, confirm, last_due, next_due, ended_on, own_account, counter_account, amount_value AS amount,
            currency, symbol, errors, items, changed_by, changed_at
        FROM ops.regular_payment r
        JOIN (SELECT entered_no, {KIND.own_account} AS own_account, {KIND.counter_account} AS counter_account,
                amount_value, currency, {KIND.symbol} AS symbol, errors
            FROM ({checked(KIND, entered(KIND, "ops.regular_payment", number="regular_payment_id", **_DUE_TODAY))})) c
            ON c.entered_no = r.regular_payment_id
        LEFT JOIN regular_payments_next() USING (regular_payment_id)
        ORDER BY state = 'finished', next_due, r.regular_payment_id
        """,
        rule_parameters(lab, today),
    )


@table_action("96|21|156")
def regular_payment_orders(lab: Lab, regular_payment_id: int | None = None) -> Read:
    """Return the orders that were made from regular payments (None: from all of them), the newest first.

    Columns: order_id, regular_payment_id, name (null: the payment was deleted), due_on, maturity, status, errors,
    own_account, counter_account, amount, currency.
    """
    return lab.read(
        f"""
        SELECT order_id, regular_payment_id, r.name, due_on, maturity_date_value AS maturity, status, errors,
            {KIND.own_account} AS own_account, {KIND.counter_account} AS counter_account, amount_value AS amount,
            currency
        FROM ops.domestic_order LEFT JOIN ops.regular_payment r USING (regular_payment_id)
        WHERE origin = 'automatic' AND regular_payment_id = coalesce($id, regular_payment_id)
        ORDER BY order_id DESC
        """,
        {"id": regular_payment_id},
    )


_DUE_TODAY = {MATURITY: "$today::DATE"}
_SCHEDULE = tuple(Schedule.__dataclass_fields__)


def _check(lab: Lab, cursor: Any, texts: dict[str, str | None], last_amount: str | None) -> None:
    """Raise WrongOrder with the errors of the order, and of the last instalment."""
    for amount in dict.fromkeys((texts.get("amount"), last_amount or texts.get("amount"))):
        sql = checked(KIND, entered(KIND, "(SELECT $items::VARCHAR AS items)", number="1", **_DUE_TODAY))
        bound = rule_parameters(lab, bank_day(lab)) | {"items": kept(texts | {"amount": amount})}
        ((errors,),) = cursor.execute(f"SELECT errors FROM ({sql})", bound).fetchall()
        refuse(lab, errors, WHAT)


def _described(lab: Lab, name: str, texts: dict[str, str | None], *, confirm: bool) -> dict[str, Any]:
    return {
        "name": name,
        "items": kept(texts),
        "confirm": confirm,
        "changed_by": lab.caller.reference,
        "changed_at": lab.clock(),
    }


def _rescheduled(before: dict[str, Any], changes: dict[str, Any]) -> Schedule:
    unknown = changes.keys() - set(_SCHEDULE)
    if unknown:
        raise UnknownName("part of a schedule", min(unknown), f"there are {', '.join(_SCHEDULE)}")
    now = {name: before[name] for name in _SCHEDULE}
    after = now | {name: _as_day(name, value) for name, value in changes.items()}
    for name, kinds in _KINDS.items():
        if not isinstance(after[name], kinds) or isinstance(after[name], bool):
            raise BadArgument(f"{name} can't be {after[name]!r}", parameter=name)
    if after != now and before["last_due"]:
        raise Refused("the schedule can't change once an order was made: end this payment and enter a new one")
    schedule = Schedule(**after)
    schedule.check()
    return schedule


def _as_day(name: str, value: object) -> object:
    """Return a value of a schedule; days may be texts, as JSON has them."""
    if date not in _KINDS[name] or not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadArgument(f"{name} can't be {value!r}; give a day as 2026-10-31", parameter=name) from None


_KINDS: dict[str, tuple[type, ...]] = {
    "periodicity": (str,),
    "month": (int,),
    "day": (int,),
    "valid_from": (date,),
    "valid_until": (date, type(None)),
    "instalments": (int, type(None)),
    "last_amount": (str, type(None)),
}


def _stored(cursor: Any, regular_payment_id: int) -> dict[str, Any]:
    found = cursor.execute("SELECT * FROM ops.regular_payment WHERE regular_payment_id = ?", [regular_payment_id])
    for row in rows_of(found):
        return row
    raise UnknownName("regular payment", str(regular_payment_id), "`bankklient regular-payments list` shows them")
