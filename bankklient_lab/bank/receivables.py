"""Receivables that clients send for financing: agreements, what is taken over, and what is rejected."""

from __future__ import annotations

import json
from decimal import Decimal

from bankklient_lab.bank.granting import Asked, NotGranted
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import Rejection as Why
from bankklient_lab.codebooks.services import ENDED, KINDS, VALID, as_amount, as_day
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.formats.services import ServiceRecord

# ruff: noqa: S608 - every text below is our own

LETTERS, _RECEIVABLE = "FA", "RC"  # before the number of an agreement, and of a receivable
# What was taken over, in words of its own; the amount of a credit note is negative.
RECEIVABLE = (
    "SELECT receivable_id, 'RC' || receivable_id AS name, taken_on, (items ->> '$.own_account') AS account,"
    " (items ->> '$.due_date') AS due, (items ->> '$.debtor_name') AS debtor,"
    " (items ->> '$.variable_symbol') AS symbol, (items ->> '$.original_variable_symbol') AS original,"
    " ((items ->> '$.amount')::DECIMAL(18,3) * if(original IS NULL, 1, -1))::DECIMAL(18,3) AS amount FROM receivable"
)
_INVOICE, _ = KINDS["receivable"].by_name["receivable_type"].options
_WHOSE = ("own_account", "debtor_id_type", "debtor_identification")
_ALIKE = " AND ".join(f"(items ->> '$.{name}') = ${name}" for name in _WHOSE)


def agree(work: Work, point: int, account: str) -> None:
    """Agree with a client to finance receivables that are settled to an account; once more changes nothing.

    BadArgument for an account that is not the client's own open one.
    """
    owned = work.store.row(
        "SELECT 1 FROM account WHERE account = $account AND point = $point AND closed IS NULL AND NOT deposit",
        {"account": account, "point": point},
    )
    if not owned:
        raise BadArgument(f"client {point} has no open account {account[:34]!r}")
    work.store.do(
        "INSERT INTO financing SELECT (SELECT coalesce(max(agreement_id), 0) + 1 FROM financing), $point, $account,"
        " NULL WHERE NOT EXISTS (FROM financing WHERE account = $account AND ended_on IS NULL)",
        {"point": point, "account": account},
    )


def end(work: Work, account: str) -> None:
    """End the agreement for an account; UnknownName when there is none."""
    ended = work.store.rows(
        "UPDATE financing SET ended_on = $day WHERE account = $account AND ended_on IS NULL RETURNING agreement_id",
        {"day": work.day, "account": account},
    )
    if not ended:
        raise UnknownName("agreement on financing for account", account[:34])


def records(work: Work, point: int) -> list[ServiceRecord]:
    """Return a client's agreements."""
    rows = work.store.rows(
        "SELECT agreement_id, f.account, a.currency, ended_on IS NULL AND a.closed IS NULL FROM financing f"
        " JOIN account a USING (account) WHERE f.point = $point ORDER BY agreement_id",
        {"point": point},
    )
    return [
        ServiceRecord(
            f"{LETTERS}{number}", VALID if valid else ENDED, False,
            {"agreement_number": str(number), "agreement_account": account, "agreement_currency": currency},
        )
        for number, account, currency, valid in rows
    ]  # fmt: skip


def create(work: Work, asked: Asked) -> str:
    """Take a receivable over and return its name; NotGranted says why not."""
    items = asked.items
    agreed = {
        (one.items["agreement_account"], one.items["agreement_currency"])
        for one in records(work, asked.point)
        if one.state == VALID
    }
    if (items["own_account"], items["currency"]) not in agreed:
        raise NotGranted(Why.OPERATION, "there is no agreement on financing for this account and currency")
    issued, due = as_day(items["issue_date"]), as_day(items["due_date"])
    assert issued is not None and due is not None  # noqa: PT018 - required items
    if issued > due or issued > work.day:
        raise NotGranted(Why.FORMAL, "it is issued after its due date, or in the future")
    original = items.get("original_variable_symbol", "")
    if (items["receivable_type"] == _INVOICE) == bool(original):
        raise NotGranted(Why.FORMAL, "a credit note names the original invoice, and an invoice none")
    if original:
        _require_invoice(work, asked, original)
    elif _taken(work, asked, items["variable_symbol"]) is not None:
        raise NotGranted(Why.OPERATION, "the invoice was taken over before")
    ((number,),) = work.store.rows("SELECT coalesce(max(receivable_id), 0) + 1 FROM receivable")
    work.store.do(
        "INSERT INTO receivable VALUES ($id, $point, $request, $items, $day)",
        {
            "id": number, "point": asked.point, "request": asked.number,
            "items": json.dumps(items, ensure_ascii=False), "day": work.day,
        },
    )  # fmt: skip
    return f"{_RECEIVABLE}{number}"


def _require_invoice(work: Work, asked: Asked, original: str) -> None:
    """Refuse a credit note to an invoice that is not here, or of which less than its amount is left."""
    left = _taken(work, asked, original)
    if left is None:
        raise NotGranted(Why.OPERATION, f"no invoice {original} of this debtor was taken over")
    amount = as_amount(asked.items["amount"])
    assert amount is not None
    if amount > left:
        raise NotGranted(Why.AMOUNT, f"it is more than is left of invoice {original}: {left:.2f}")


def _taken(work: Work, asked: Asked, symbol: str) -> Decimal | None:
    """Return what is left of an invoice that was taken over, its credit notes deducted; None for none."""
    given = {name: asked.items[name] for name in _WHOSE} | {"point": asked.point, "symbol": symbol}
    ((left,),) = work.store.rows(
        "SELECT sum((items ->> '$.amount')::DECIMAL(18,2)"
        " * if((items ->> '$.original_variable_symbol') IS NULL, 1, -1))"
        f" FROM receivable WHERE point = $point AND {_ALIKE}"
        " AND coalesce(items ->> '$.original_variable_symbol', items ->> '$.variable_symbol') = $symbol",
        given,
    )
    return None if left is None else Decimal(left)
