"""Matching by a person: booked lines that may settle several sent orders, or one that they do not name."""

from __future__ import annotations

import re

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.history.matching import BY_PERSON, KEY, candidates, lines, match_bookings, sent, settle
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.numbers import ID_MAX

# ruff: noqa: S608 - every text below is made of our own declarations

_LINE = "import_id = $import_id AND statement_no = $statement_no AND entry_no = $entry_no AND detail_no = $detail_no"
_TOLD = "day, own_account, amount, currency, counterparty_name, variable_symbol, bank_reference"
_LINE_NAME = f"concat_ws('/', {KEY})"
_NAME = re.compile(r"\d{1,9}/\d{1,9}/\d{1,9}/\d{1,9}", re.ASCII)


@table_action("231")
def bookings_to_match(lab: Lab) -> Read:
    """Return the booked lines of statements that may settle sent orders and that nobody has matched, the oldest first.

    Columns: line (import/statement/entry/detail, 0: the entry itself), day, own_account, amount (credit positive),
    currency, counterparty_name, variable_symbol, bank_reference, orders (numbers of the candidates).
    """
    return lab.read(
        f"SELECT {_LINE_NAME} AS line, {_TOLD}, string_agg(order_id::VARCHAR, ' ' ORDER BY order_id) AS orders"
        f" FROM ({candidates()}) GROUP BY {KEY}, {_TOLD} ORDER BY day, {KEY}"
    )


@table_action("231")
def settlements(lab: Lab, order_id: int) -> Read:
    """Return the booked lines that settled an order, in the order of their days.

    Columns: line, day, amount (unsigned, in the currency of the order), found_by (order number, bank reference, only
    candidate, person), done_by, done_at.
    """
    return lab.read(
        f"SELECT {_LINE_NAME} AS line, e.day, s.amount, s.found_by, s.done_by, s.done_at FROM ops.settlement s"
        " JOIN live_entry() e USING (import_id, statement_no, entry_no) WHERE s.order_id = $id ORDER BY e.day, line",
        {"id": order_id if 0 < order_id <= ID_MAX else 0},
    )


@action("211", mode="batch", record="order_id")
def match_booking(lab: Lab, order_id: int, line: str) -> list[str]:
    """Say which sent order a booked line (named as in `bookings_to_match`) settles; returns what does not fit.

    The status of the order follows. UnknownName for a line that there is not or that is matched already, and for an
    order that was not sent; Refused when own account, direction or currency are others.
    """
    key = _key(line)
    with lab.database.tx("ops") as cursor:
        cursor.execute(f"DELETE FROM ops.settlement WHERE order_id IS NULL AND {_LINE}", key)
        found = cursor.execute(
            "SELECT own_account, sign(amount), currency, original_currency, abs(amount), original_amount"
            f" FROM ({lines(all_of_them=True)}) WHERE {_LINE}",
            key,
        ).fetchone()
        if found is None:
            raise UnknownName("booked line to match", line[:60], "`bankklient bookings list` shows them")
        order = cursor.execute(
            f"SELECT own_account, sign, currency FROM ({sent()}) WHERE order_id = ? AND status NOT IN ('NS', 'DE')",
            [order_id if 0 < order_id <= ID_MAX else 0],
        ).fetchone()
        if order is None:
            raise UnknownName("sent order", str(order_id)[:30], "`bankklient orders list --set history` shows them")
        account, sign, currency, original, amount, original_amount = found
        for what, ours, theirs in (("account", order[0], account), ("direction", order[1], sign)):
            if ours != theirs:
                raise Refused(f"order {order_id} has another {what} than this line")
        settles = {original: original_amount, currency: amount}.get(order[2])
        if settles is None:
            raise Refused(f"order {order_id} is in {order[2]}, and this line tells no amount but in {currency}")
        cursor.execute(
            "INSERT INTO ops.settlement VALUES ($import_id, $statement_no, $entry_no, $detail_no, $order, $amount,"
            " $by, $me, $now)",
            key | {
                "order": order_id, "amount": settles, "by": BY_PERSON, "me": lab.caller.reference, "now": lab.clock(),
            },
        )  # fmt: skip
        lab.log(cursor, "match_booking", str(order_id), line=line)
        return settle(lab, cursor)


@action("211", mode="batch", record="order_id")
def unmatch_booking(lab: Lab, line: str) -> list[str]:
    """Say that a booked line settles no sent order, also one that was matched; returns what does not fit by that.

    It is not matched again unless a person does. UnknownName for a line that there is not.
    """
    key = _key(line)
    with lab.database.tx("ops") as cursor:
        found = cursor.execute(f"SELECT order_id FROM ops.settlement WHERE {_LINE}", key).fetchone()
        if (
            found is None
            and not cursor.execute(f"SELECT 1 FROM ({lines(all_of_them=True)}) WHERE {_LINE}", key).fetchone()
        ):
            raise UnknownName("booked line", line[:60], "`bankklient bookings list` shows them")
        cursor.execute(
            "INSERT OR REPLACE INTO ops.settlement VALUES ($import_id, $statement_no, $entry_no, $detail_no, NULL, 0,"
            " $by, $me, $now)",
            key | {"by": BY_PERSON, "me": lab.caller.reference, "now": lab.clock()},
        )
        lab.log(cursor, "unmatch_booking", line, order=found[0] if found else None)
        return match_bookings(lab, cursor)


def _key(line: str) -> dict[str, int]:
    """Return the numbers that a line's name is made of; UnknownName for what is none."""
    if not _NAME.fullmatch(line):
        raise UnknownName("booked line", line[:60], "`bankklient bookings list` shows them")
    return dict(zip(KEY.split(", "), map(int, line.split("/")), strict=True))
