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

LETTERS, _RECEIVABLE = "FA", "RC"  # before the number of an agreement, and of a receivable
# What was taken over, with the words that its list says; amounts are negative of credit notes.
RECEIVABLE = (
    "SELECT receivable_id, 'RC' || receivable_id AS name, taken_on, account, (items ->> '$.due_date') AS due,"
    " (items ->> '$.debtor_name') AS debtor_name, (items ->> '$.variable_symbol') AS symbol,"
    " if(amount < 0, invoice, NULL) AS original, amount FROM receivable"
)
_INVOICE, _ = KINDS["receivable"].by_name["receivable_type"].options


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
    """Return a client's agreements, the ended ones too."""
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
    amount = as_amount(items["amount"])
    assert amount is not None
    ((number,),) = work.store.rows("SELECT coalesce(max(receivable_id), 0) + 1 FROM receivable")
    work.store.do(
        "INSERT INTO receivable VALUES"
        " ($id, $point, $request, $account, $debtor, $invoice, $amount, $items, $day)",
        {
            "id": number, "point": asked.point, "request": asked.number, "account": items["own_account"],
            "debtor": _debtor(items), "invoice": original or items["variable_symbol"],
            "amount": -amount if original else amount, "items": json.dumps(items, ensure_ascii=False),
            "day": work.day,
        },
    )  # fmt: skip
    return f"{_RECEIVABLE}{number}"


def _debtor(items: dict[str, str]) -> str:
    return f"{items['debtor_id_type']} {items['debtor_identification']}"


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
    ((left,),) = work.store.rows(
        "SELECT sum(amount) FROM receivable WHERE point = $point AND account = $account AND debtor = $debtor"
        " AND invoice = $invoice",
        {
            "point": asked.point, "account": asked.items["own_account"], "debtor": _debtor(asked.items),
            "invoice": symbol,
        },
    )  # fmt: skip
    return None if left is None else Decimal(left)
