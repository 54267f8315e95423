"""A GPC statement while it is read, and the currency of an account whose records name none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from bankklient_lab.errors import HintNeeded


@dataclass(slots=True)
class Statement:
    """One statement, from its record 074 on."""

    no: int
    place: str
    values: dict[str, Any]
    account: str
    raw: str
    entries: int = 0
    first_entry_day: date | None = None
    currency: str | None = None


class Span(NamedTuple):
    """The entries `start` to `end` (half-open) of a block belong to `statement`."""

    statement: Statement
    start: int
    end: int


class Currencies:
    """What the entries and statements of an account before have said of its currency."""

    def __init__(self, hint: str | None) -> None:
        self._hint = hint
        self._by_account: dict[str, str] = {}

    def learn(self, statement: Statement, currency: str) -> None:
        """Note that an entry of the statement names its currency."""
        statement.currency = self._by_account[statement.account] = currency

    def of(self, statement: Statement) -> str:
        """Return the currency of a statement, HintNeeded when nothing before says it."""
        currency = statement.currency or self._by_account.get(statement.account) or self._hint
        if not currency:
            raise HintNeeded("currency", "the file names no ISO 4217 currency", place=statement.place)
        return currency
