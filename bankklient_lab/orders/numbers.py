"""The identification of orders: the day of creation, and a number within the day that all kinds share."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.lab import Lab

BANK_ZONE = "Europe/Prague"
A_DAY_MAX = 99_999_999
ID_MAX = 2**63 - 1


def bank_day(lab: Lab) -> date:
    """Return the bank's present day."""
    return lab.clock().astimezone(ZoneInfo(BANK_ZONE)).date()


def take_numbers(cursor: Any, day: date, count: int) -> int:
    """Take numbers for so many orders, within a transaction of the lane ops; return the id before the first of them."""
    row = cursor.execute("SELECT last FROM ops.order_number WHERE day = ?", [day]).fetchone()
    last = row[0] if row else 0
    if last + count > A_DAY_MAX:
        raise Refused(f"a day has at most {A_DAY_MAX} orders; {last} were made on {day}")
    cursor.execute("INSERT OR REPLACE INTO ops.order_number VALUES (?, ?)", [day, last + count])
    return int(f"{day:%Y%m%d}") * (A_DAY_MAX + 1) + int(last)


def go_on_after(cursor: Any, order_id: int) -> None:
    """Begin the numbers of a lab after those of another one, whose greatest id this is; BadArgument for no id."""
    day_number, last = divmod(order_id, A_DAY_MAX + 1)
    try:
        day = date.fromisoformat(f"{day_number:08d}")
    except ValueError:
        raise BadArgument(f"{order_id} is no identification of an order") from None
    cursor.execute("INSERT OR REPLACE INTO ops.order_number VALUES (?, ?)", [day, last])


def last_number(order_id: int) -> int:
    """Return the greatest id that an order of the same day can have."""
    return order_id - order_id % (A_DAY_MAX + 1) + A_DAY_MAX
