"""Making orders from regular payments: for what is due today, ahead, or only as a simulation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.lab import Lab
from bankklient_lab.orders.checking import checked, rule_parameters
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.regular_payments import KIND, READS
from bankklient_lab.orders.schedules import LATEST
from bankklient_lab.orders.storing import Source, Stored, store_orders
from bankklient_lab.orders.unfinished import MATURITY, entered
from bankklient_lab.rights.permissions import everything, needed
from bankklient_lab.rights.settings import read_setting

# ruff: noqa: S608 - every text below is made of our own declarations

IMPORTS = "21"
DAYS_AHEAD_MAX = 75
SIMULATED_MAX = 100_000
_SOURCE = Source(
    "automatic", "imported", {"instalment_confirmed": "confirm", "instalment_verified": "true"}, "instalment_wrong",
    "create",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Made:
    """What became of all that was due: the orders stored, and the payments left out with their errors."""

    stored: Stored
    wrong: list[tuple[int, str, str]]


@action(IMPORTS, mode="batch", record="order_id")
def import_regular_payments(lab: Lab, until: date | None = None) -> dict[str, Any]:
    """Make orders for everything due up to a day (counted) for which none was made: up to today, or ahead.

    A due date that has passed gives today as maturity. Returns until, orders, right, wrong, duplicates (those of the
    wrong ones that are suspected duplicates), first_order and last_order (None without orders), left_out (payments with
    errors, from which nothing is made: regular_payment_id, name, errors).

    BadArgument for a day before today or more than 75 days ahead.
    """
    today = bank_day(lab)
    day = until or today
    if not today <= day <= today + timedelta(days=DAYS_AHEAD_MAX):
        last = today + timedelta(days=DAYS_AHEAD_MAX)
        raise BadArgument(f"regular payments can't be imported up to {day}; it takes {today} to {last}")
    with lab.database.tx("ops") as cursor:
        made = _make(lab, cursor, day, today)
        _note(cursor, today)
        for number, name, errors in made.wrong:
            lab.log(cursor, "leave_out_regular_payment", name, number=number, errors=errors)
        stored, orders = made.stored, made.stored.right + made.stored.wrong
        lab.log(
            cursor, "import_regular_payments", str(orders), until=day, duplicates=stored.duplicates,
            left_out=len(made.wrong),
        )  # fmt: skip
        _answer(lab, cursor, "imported")
    return {
        "until": day,
        "orders": orders,
        "right": stored.right,
        "wrong": stored.wrong,
        "duplicates": stored.duplicates,
        "first_order": stored.first if orders else None,
        "last_order": stored.last if orders else None,
        "left_out": [
            {"regular_payment_id": number, "name": name, "errors": errors} for number, name, errors in made.wrong
        ],
    }


@table_action(READS)
def simulate_regular_payments(lab: Lab, until: date) -> pa.Table:
    """Return the orders that an import up to a day (counted) would make now, by due date; nothing is stored.

    The day may be any; a past one shows only what is overdue. Columns: regular_payment_id, name, due_on, maturity,
    amount, currency, own_account, counter_account, status, errors. Refused when there are more than 100,000.
    """
    today = bank_day(lab)
    day = min(until, LATEST)
    with _undone(lab) as cursor:
        _refuse_many(cursor, day)
        made = _make(lab, cursor, day, today)
        return cursor.execute(
            f"""
            SELECT regular_payment_id, r.name, due_on, maturity_date_value AS maturity, amount_value AS amount,
                currency, {KIND.own_account} AS own_account, {KIND.counter_account} AS counter_account, status, errors
            FROM {KIND.table} JOIN ops.regular_payment r USING (regular_payment_id)
            WHERE order_id BETWEEN $first AND $last ORDER BY order_id
            """,
            {"first": made.stored.first, "last": made.stored.last},
        ).to_arrow_table()


@action(mode="standard")
def regular_payments_offer(lab: Lab) -> dict[str, Any]:
    """Tell whether to offer the import of regular payments now, which happens once a day, at its first start.

    It is offered when the configuration wants it, somebody with permission 21 starts first, and there is a regular
    payment that goes on. Returns offered, and last_due: the latest due date that an order was made for.
    """
    offer = {"offered": False, "last_due": None}
    if not read_setting(lab.database, "regular_payments_at_start"):
        return offer
    today = bank_day(lab)
    known = "SELECT 1 FROM ops.regular_payment_offer WHERE day = $day"
    if lab.rows(known, {"day": today}):  # nobody waits for a transaction once the day has begun
        return offer
    with lab.database.tx("ops") as cursor:
        if cursor.execute(known, {"day": today}).fetchone():
            return offer
        permitted = needed(IMPORTS).holds(lab.rights.held(lab.caller))
        ((going_on, last_due),) = cursor.execute(
            "SELECT count(*) FILTER (ended_on IS NULL AND valid_from <= $today), max(last_due)"
            " FROM ops.regular_payment",
            {"today": today},
        ).fetchall()
        if permitted and not going_on:
            return offer
        _answer(lab, cursor, "open" if permitted else "not permitted")
    return {"offered": permitted, "last_due": last_due}


@action(IMPORTS)
def decline_regular_payments(lab: Lab) -> None:
    """Decline the offer of the day; it is not made again that day, and `import_regular_payments` stays possible."""
    with lab.database.tx("ops") as cursor:
        _answer(lab, cursor, "declined")
        lab.log(cursor, "decline_regular_payments", str(bank_day(lab)))


def _make(lab: Lab, cursor: Any, until: date, today: date) -> _Made:
    """Store an order for each due date up to `until` of the payments that have no errors, by due date."""
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE due_payment AS {_DUE}", {"until": until, "today": today})
    orders = checked(KIND, _entered("due_payment"))
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE due_checked AS {orders}", rule_parameters(lab, today))
    wrong = cursor.execute(
        "SELECT regular_payment_id, name, any_value(errors) FROM due_checked JOIN due_payment ON due_no = entered_no"
        " WHERE errors <> '' GROUP BY ALL ORDER BY 1"
    ).fetchall()
    cursor.execute(
        """
        CREATE OR REPLACE TEMP TABLE due_right AS
        SELECT *, row_number() OVER (ORDER BY due_no) AS order_no FROM due_payment
        WHERE regular_payment_id NOT IN (SELECT unnest($wrong::BIGINT[]))
        """,
        {"wrong": [number for number, _, _ in wrong]},
    )
    stored = store_orders(
        lab, cursor, KIND,
        "(SELECT c.* REPLACE (order_no AS entered_no) FROM due_checked c JOIN due_right ON due_no = entered_no)",
        _SOURCE, today=today, held=everything(),
        further="(SELECT order_no AS entered_no, regular_payment_id, due_on, confirm FROM due_right)",
    )  # fmt: skip
    return _Made(stored, wrong)


def due_regular_payments() -> str:
    """Return SQL of what an import up to a day (counted) would pay now; bind `until` and `rule_parameters`.

    Columns: regular_payment_id, name, maturity, amount, currency, own_account, counter_account. Those with errors are
    not in it.
    """
    return (
        f"SELECT d.regular_payment_id, d.name, d.maturity, o.amount_value AS amount, o.currency, o.own_account,"
        f" o.counter_account FROM ({_DUE}) d JOIN (SELECT *, {KIND.own_account} AS own_account,"
        f" {KIND.counter_account} AS counter_account FROM ({checked(KIND, _entered(f'({_DUE})'))})) o"
        " ON o.entered_no = d.due_no WHERE o.errors = ''"
    )


# The orders that are due up to a day, each with what becomes of its text.
_DUE = """
    SELECT row_number() OVER (ORDER BY due_on, regular_payment_id) AS due_no, regular_payment_id, name, items,
        due_on, confirm, greatest(due_on, $today) AS maturity,
        CASE WHEN last_amount IS NOT NULL
                AND row_number() OVER (PARTITION BY regular_payment_id ORDER BY due_on) = remaining
            THEN last_amount ELSE items ->> '$.amount' END AS amount
    FROM regular_payments_due($until)
"""


def _entered(due: str) -> str:
    """Return them as if made on the day: a look ahead may go further than an order's maturity may lie."""
    return entered(
        KIND, due, number="due_no", origin="automatic", created_on="maturity",
        **{MATURITY: "maturity", "amount": "amount"},
    )  # fmt: skip


def _note(cursor: Any, today: date) -> None:
    """Record with each payment the last due date that an order was made for, what remains, and whether it is over."""
    cursor.execute(
        """
        UPDATE ops.regular_payment r SET last_due = d.last_due, remaining = r.remaining - d.orders
        FROM (SELECT regular_payment_id, max(due_on) AS last_due, count(*) AS orders FROM due_right GROUP BY ALL) d
        WHERE d.regular_payment_id = r.regular_payment_id
        """
    )
    cursor.execute(
        """
        UPDATE ops.regular_payment SET ended_on = $today
        WHERE regular_payment_id IN (SELECT regular_payment_id FROM regular_payments_next() WHERE next_due IS NULL)
        """,
        {"today": today},
    )


def _answer(lab: Lab, cursor: Any, answer: str) -> None:
    cursor.execute(
        "INSERT OR REPLACE INTO ops.regular_payment_offer VALUES (?, ?, ?, ?)",
        [bank_day(lab), answer, lab.caller.reference, lab.clock()],
    )


def _refuse_many(cursor: Any, until: date) -> None:
    """Raise Refused when there are too many due dates."""
    ((count,),) = cursor.execute("SELECT regular_payments_count($until)", {"until": until}).fetchall()
    if count > SIMULATED_MAX:
        told = f"up to {until} there would be {count} orders, more than {SIMULATED_MAX}"
        raise Refused(f"{told}; simulate an earlier day")


class _Undo(Exception):
    """Ends a transaction that must leave nothing behind."""


@contextmanager
def _undone(lab: Lab) -> Iterator[Any]:
    """Give a transaction whose work is undone when the block ends."""
    try:
        with lab.database.tx("ops") as cursor:
            yield cursor
            raise _Undo
    except _Undo:
        pass
