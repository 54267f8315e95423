"""What is gathered of a statement while the rows of a mapped file go by, and the balances that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple


class Key(NamedTuple):
    """What tells the statements of a file apart."""

    account: str
    currency: str


class Edge(NamedTuple):
    """First or last entry of a statement in the file."""

    day: date | None
    amount: Decimal | None
    balance: Decimal | None


@dataclass(slots=True)
class Gathered:
    """What is gathered of one statement while its entries go by."""

    number: int
    bank: str | None
    account_name: str | None
    place: str
    entries: int = 0
    total: Decimal = Decimal(0)
    first_day: date | None = None
    last_day: date | None = None
    head: Edge | None = None
    tail: Edge | None = None

    def balances(self) -> tuple[Decimal | None, Decimal | None]:
        """Return opening and closing by the running balance, null where the file does not give it."""
        head, tail = self.head, self.tail
        if head is None or tail is None:
            return None, None
        oldest_first = _before(head), tail.balance
        newest_first = _before(tail), head.balance
        if _adds_up(oldest_first, self.total):
            return oldest_first
        if _adds_up(newest_first, self.total):
            return newest_first
        return newest_first if head.day and tail.day and head.day > tail.day else oldest_first


def _before(edge: Edge) -> Decimal | None:
    return None if edge.balance is None or edge.amount is None else edge.balance - edge.amount


def _adds_up(pair: tuple[Decimal | None, Decimal | None], total: Decimal) -> bool:
    opening, closing = pair
    return opening is not None and closing is not None and opening + total == closing
