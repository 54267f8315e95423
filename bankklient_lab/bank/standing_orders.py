"""Standing orders: kept for clients, and their payments made in the morning of each working day."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pyarrow as pa

from bankklient_lab.bank import domestic
from bankklient_lab.bank.granting import Asked, NotGranted, require_account, require_order
from bankklient_lab.bank.letters import Wanted, send_letter
from bankklient_lab.bank.limits import reject_over_day
from bankklient_lab.bank.reading import SCHEMA
from bankklient_lab.bank.work import Source, Work
from bankklient_lab.codebooks import names
from bankklient_lab.codebooks.codes import Rejection as Why
from bankklient_lab.codebooks.services import ENDED, REVOKED, VALID, as_day
from bankklient_lab.formats.services import ServiceRecord
from bankklient_lab.formats.standing_orders import Due, earliest_valid_from, payments

LETTERS = "SO"  # before the number of an order


def create(work: Work, asked: Asked) -> str:
    """Keep a standing order that a client asks for, and return its name."""
    items = asked.items
    require_account(work, asked.point, items["own_account"])
    first, last = as_day(items["valid_from"]), as_day(items.get("last_payment"))
    assert first is not None
    at = asked.received_at
    earliest = earliest_valid_from(work.hours.day(at), work.hours.time(at), work.calendars)
    if first < earliest:
        raise NotGranted(Why.LATE, f"it came too late to be valid from {first}, {earliest} is the first day")
    require_order(last, first)
    ((number,),) = work.store.rows("SELECT coalesce(max(standing_order_id), 0) + 1 FROM standing_order")
    work.store.do(
        "INSERT INTO standing_order VALUES ($number, $point, $own, $items, $until, NULL)",
        {
            "number": number, "point": asked.point, "own": items["own_account"], "items": _kept(items), "until": first,
        },
    )  # fmt: skip
    return f"{LETTERS}{number}"


def change(work: Work, number: int, items: dict[str, str]) -> None:
    """Let a standing order say something else; `items` is all of it."""
    require_order(as_day(items.get("last_payment")), work.day, as_day(items["valid_from"]))
    work.store.do(
        "UPDATE standing_order SET items = $items WHERE standing_order_id = $number",
        {"items": _kept(items), "number": number},
    )


def revoke(work: Work, number: int, _items: dict[str, str]) -> None:
    """Let a standing order pay no more; what it has paid or what waits for funds stays."""
    work.store.do(
        "UPDATE standing_order SET revoked_on = $day WHERE standing_order_id = $number",
        {"day": work.day, "number": number},
    )


def records(work: Work, point: int) -> list[ServiceRecord]:
    """Return the standing orders of a client."""
    rows = work.store.rows(
        "SELECT standing_order_id, items, made_until, revoked_on IS NOT NULL FROM standing_order"
        " WHERE point = $point ORDER BY standing_order_id",
        {"point": point},
    )
    found = []
    for number, kept, made_until, revoked in rows:
        items = json.loads(kept)
        last = as_day(items.get("last_payment"))
        state = REVOKED if revoked else ENDED if last is not None and last < made_until else VALID
        found.append(ServiceRecord(f"{LETTERS}{number}", state, state == VALID, items))
    return found


def pay(work: Work) -> None:
    """Make the payments that are due by today, as domestic payments."""
    until = work.day + timedelta(days=1)
    for number, point, kept, since in work.store.rows(
        "SELECT standing_order_id, point, items, made_until FROM standing_order"
        " WHERE revoked_on IS NULL AND made_until <= $day ORDER BY standing_order_id",
        {"day": work.day},
    ):
        items = json.loads(kept)
        due = list(payments(items, since, until))
        if due:
            _pay(work, Source(point, f"{LETTERS}{number}"), items, due)
        work.store.do(
            "UPDATE standing_order SET made_until = $until WHERE standing_order_id = $number",
            {"until": until, "number": number},
        )


def tell_rejected(work: Work) -> None:
    """Write to the client of each payment of a standing order that was not made, once."""
    untold = "point IS NOT NULL AND order_id IS NULL AND state = 'ER' AND told <> state"
    rows = work.store.rows(
        "SELECT point, batch, maturity, amount, currency, counter_account, reason, reason_text"  # noqa: S608 - ours
        f" FROM payment WHERE {untold} ORDER BY payment_id"
    )
    reasons = names("bank_rejections", "meaning") if rows else {}
    for point, name, maturity, amount, currency, account, reason, text in rows:
        why = f"{reasons[str(reason)]}{f' ({text})' if text else ''}"
        said = f"{_said(amount)} {currency} to {account} were to be paid on {maturity}: {why}."
        send_letter(work, Wanted(f"Standing order {name} was not paid", said, client=point))
    if rows:
        work.store.do(f"UPDATE payment SET told = state WHERE {untold}")  # noqa: S608 - ours


def _pay(work: Work, source: Source, items: dict[str, str], due: list[Due]) -> None:
    row = work.store.row("SELECT name FROM account WHERE account = $account", {"account": items["own_account"]})
    orders = [
        {
            "kind": "payment", "own_account": items["own_account"], "own_name": row[0] if row else None,
            "counter_account": items["counter_account"], "amount": one.amount, "currency": work.parameters.currency,
            "maturity": one.day, "variable_symbol": items.get("variable_symbol"),
            "specific_symbol": items.get("specific_symbol"), "constant_symbol": items.get("constant_symbol"),
            "message": f"Standing order {source.batch}", "place": f"{place:06d}",
        }
        for place, one in enumerate(due)
    ]  # fmt: skip
    table = pa.Table.from_pylist([dict.fromkeys(SCHEMA.names) | order for order in orders], SCHEMA)
    domestic.arrive(work, source, table, late=False)
    reject_over_day(work, source, Why.OPERATION)


def _kept(items: dict[str, str]) -> str:
    return json.dumps(items, ensure_ascii=False)


def _said(amount: Decimal) -> str:
    return f"{amount:,.2f}"
