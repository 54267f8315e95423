"""What the services of the bank share: what is asked for, and why it is not granted."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import Rejection as Why


class Asked(NamedTuple):
    """What a client asks for as new, under its number; the items are in their form, `received_at` is an instant."""

    point: int
    number: int
    items: dict[str, str]
    received_at: datetime


class NotGranted(Exception):
    """A request is rejected, with a code of bank_rejections and a text for its client."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def require_order(last: date | None, *firsts: date | None) -> None:
    """Refuse a last day that is before any of the days at which it could be at the earliest."""
    if last is not None and last < max(day for day in firsts if day is not None):
        raise NotGranted(Why.FORMAL, f"it would end on {last}, before it begins or in the past")


def require_account(work: Work, point: int, account: str, currency: str = "", *, credited: bool = False) -> None:
    """Refuse an account that is not the client's, is closed, has another currency, or can't be debited.

    `currency` "" is the national one; `credited`: it only gets money, and must be no deposit.
    """
    row = work.store.row(
        "SELECT point, closed <= $day, if($credited, NOT deposit, debit), currency FROM account"
        " WHERE account = $account",
        {"account": account, "day": work.day, "credited": credited},
    )
    if row is None or row[1]:
        raise NotGranted(Why.ACCOUNT, "the own account does not exist")
    if row[0] != point or not row[2]:
        raise NotGranted(Why.OPERATION, "the contract does not allow it for this account")
    if row[3] != (currency or work.parameters.currency):
        raise NotGranted(Why.CURRENCY, f"the own account is not in {currency or 'the national currency'}")
