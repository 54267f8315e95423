"""What is known to move on own accounts: orders, regular payments, and what services of the bank will do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from bankklient_lab.analysis.after_orders import OWN_ACCOUNTS, debits
from bankklient_lab.calendars import months_on, working_from
from bankklient_lab.codebooks.deposits import RENEWED, TO_DEPOSIT, ends_on, interest, variant_named
from bankklient_lab.codebooks.money_markets import market
from bankklient_lab.codebooks.services import ENDED, KINDS, REVOCATION, VALID, as_amount, as_day
from bankklient_lab.formats.standing_orders import payments
from bankklient_lab.lab import Lab
from bankklient_lab.orders.checking import national_currency
from bankklient_lab.orders.kinds import KINDS as ORDERS
from bankklient_lab.orders.listing import relation
from bankklient_lab.orders.regular_import import due_regular_payments
from bankklient_lab.orders.regular_payments import READS
from bankklient_lab.orders.views import views

# ruff: noqa: S608 - every text below is made of our own declarations

ORDER, REGULAR, STANDING, COLLECTION, DEPOSIT, FORWARD, USUAL = SOURCES = (
    "order", "regular_payment", "standing_order", "permitted_collection", "time_deposit", "forward_deal", "usual",
)  # fmt: skip
# Which permission tells with whom and of which record: who lacks it sees the amount alone. Of orders see orders.views.
TOLD_TO = {REGULAR: READS, USUAL: "161"} | {
    name: KINDS[name].rights.sees for name in (STANDING, COLLECTION, DEPOSIT, FORWARD)
}


class Told(NamedTuple):
    """A movement that a record at the bank tells of: signed `amount`, what it is, and the record's name."""

    source: str
    account: str
    counter: str
    currency: str
    day: date
    amount: Decimal
    what: str
    record: str


_TYPES = {"day": "DATE", "amount": "DECIMAL(18,3)"}


def told_flows(lab: Lab, since: date, until: date) -> list[Told]:
    """Return what standing orders, deposits and forward deals move on own accounts in [since, until)."""
    rows = lab.rows(
        f"SELECT kind, record, items, state FROM ops.service_record WHERE state IN ('{VALID}', '{ENDED}')"
        " ORDER BY kind, length(record), record"
    )
    home = national_currency(lab)
    calendar = [market(home).calendar]
    terminated = _terminated(lab)
    found: list[Told] = []
    for kind, record, kept, state in rows:  # a deal that has ended is settled: a statement may not tell of it yet
        items = json.loads(kept)
        if kind == STANDING and state == VALID:
            found += _standing_order(items | {"currency": home}, record, since, until, calendar)
        elif kind == DEPOSIT and state == VALID:
            found += _deposit(items, record, terminated.get(record), until, calendar)
        elif kind == FORWARD:
            found += _deal(items, record)
    return [one for one in found if one.day < until]


def _standing_order(
    items: dict[str, str], record: str, since: date, until: date, calendar: list[str]
) -> Iterator[Told]:
    own, counter, currency = items["own_account"], items["counter_account"], items["currency"]
    for due in payments(items, since - timedelta(days=10), until):  # a holiday puts off what was due before
        day = working_from(due.day, calendar)
        if day >= since:
            yield Told(STANDING, own, counter, currency, day, -due.amount, items.get("order_name", ""), record)


def _deposit(
    items: dict[str, str], record: str, termination: dict[str, str] | None, until: date, calendar: list[str]
) -> Iterator[Told]:
    """Yield what a deposit pays: the interest of each period at its present rate, and itself when it ends."""
    variant = variant_named(items["variant"])
    day, amount, rate = as_day(items["matures_on"]), as_amount(items["amount"]), Decimal(items["rate"])
    assert day is not None
    assert amount is not None
    own, deposit, currency = items["own_account"], items["deposit_account"], variant.currency
    number, unit = items["length"].split()
    begun = day - timedelta(days=int(number)) if unit.startswith("day") else months_on(day, -int(number))
    ends = variant.renewal != RENEWED or termination is not None
    principal_to = (termination or {}).get("principal_account", own)
    interest_to = (termination or {}).get("interest_account", principal_to if ends else own)
    if not ends and items["interest_to"] == TO_DEPOSIT:
        interest_to = deposit
    while day < until:
        earned = interest(amount, rate, begun, day, currency)
        yield Told(DEPOSIT, interest_to, deposit, currency, day, earned, "interest", record)
        if ends:
            yield Told(DEPOSIT, deposit, principal_to, currency, day, -amount, "deposit", record)
            yield Told(DEPOSIT, principal_to, deposit, currency, day, amount, "deposit", record)
            return
        amount += earned if interest_to == deposit else 0
        begun, day = day, working_from(ends_on(day, items["length"]), calendar)


def _deal(items: dict[str, str], record: str) -> Iterator[Told]:
    own, other = items["own_account"], items["recipient_account"]
    day, bought, sold = as_day(items["maturity"]), as_amount(items["amount"]), as_amount(items["second_amount"])
    assert day is not None
    assert bought is not None
    assert sold is not None
    what = f"{items['pair']} {items['contract_rate']}"
    yield Told(FORWARD, own, other, items["second_currency"], day, -sold, what, record)
    yield Told(FORWARD, other, own, items["currency"], day, bought, what, record)


def _terminated(lab: Lab) -> dict[str, dict[str, str]]:
    """Return the items of the terminations of deposits that the bank agreed to, by record."""
    rows = lab.rows(
        "SELECT record, items FROM ops.service_request WHERE kind = $kind AND request = $request AND answer = 'OK'"
        " ORDER BY request_id",
        {"kind": DEPOSIT, "request": REVOCATION},
    )
    return {record: json.loads(items) for record, items in rows}


def moved(lab: Lab) -> str:
    """Return SQL of what is known to move, with one row for each own account.

    Columns: source, number (canonical), counter (canonical), currency, day (null: at once), amount (signed), what,
    reference, sent (the bank has it: it may be booked any day), told (it is over when a statement tells of its day; an
    order is when it has ended). Bind `told_parameters`, those of orders.listing and of the rules of orders, and until.
    """
    orders = " UNION ALL ".join(
        debits(ORDERS[name], own_transfers=True, collections=name == "domestic_collection")
        for name in ("domestic_payment", "domestic_collection", "foreign_payment")
    )
    seen = relation(lab, views(lab), ("order_id", "counter_name"), "all")
    text = "canonical_account({}, NULL)"
    told = ", ".join(f"unnest($told_{name}::{_TYPES.get(name, 'VARCHAR')}[]) AS {name}" for name in Told._fields)
    return f"""
        WITH own AS ({OWN_ACCOUNTS})
        SELECT '{ORDER}' AS source, {text.format("own_account")} AS number,
            {text.format("counter_account")} AS counter, currency, maturity AS day, -debit AS amount,
            s.counter_name AS what, s.order_id::VARCHAR AS reference, stage = 1 AS sent, false AS told
        FROM ({orders}) o LEFT JOIN ({seen}) s USING (order_id)
        WHERE stage IS NOT NULL AND debit <> 0
        UNION ALL
        SELECT '{REGULAR}', {text.format("own_account")}, {text.format("counter_account")}, currency, maturity, -amount,
            name, regular_payment_id::VARCHAR, false, false
        FROM ({due_regular_payments()})
        UNION ALL
        SELECT source, {text.format("account")}, {text.format("counter")}, currency, day, amount, what, record, true,
            true
        FROM (SELECT {told})
    """


def told_parameters(told: list[Told]) -> dict[str, list[object]]:
    """Return the movements as columns to be bound."""
    return {f"told_{name}": [getattr(one, name) for one in told] for name in Told._fields}
