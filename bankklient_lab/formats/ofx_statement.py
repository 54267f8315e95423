"""A statement of OFX: what is gathered of it, and the row and balances that it gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from bankklient_lab.errors import FormatError, HintNeeded
from bankklient_lab.formats.base import LIMITS, Findings, Hints, Part, Rows
from bankklient_lab.formats.ofx_checked import Checked, Place
from bankklient_lab.formats.schema import Kind

ACCOUNTS = frozenset({"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"})
WANTED = frozenset(  # (aggregate, tag) that columns hold
    {
        ("", "CURDEF"),
        ("BANKTRANLIST", "DTSTART"),
        ("BANKTRANLIST", "DTEND"),
        ("INVTRANLIST", "DTSTART"),
        ("INVTRANLIST", "DTEND"),
        *((tag, name) for tag in ACCOUNTS for name in ("ACCTID", "BANKID", "BROKERID")),
        *((tag, name) for tag in ("LEDGERBAL", "AVAILBAL") for name in ("BALAMT", "DTASOF")),
    }
)
_STATEMENT_COLUMNS = (
    "statement_no",
    "interim",
    "account",
    "bank",
    "currency",
    "created_at",
    "first_day",
    "last_day",
    "closing",
    "closing_day",
    "available",
    "raw",
    "place",
)


@dataclass(slots=True)
class Statement:
    """What is gathered of the statement that is being read."""

    number: int
    place: str
    kind: str
    entries: int = 0
    securities: int = 0
    values: dict[tuple[str, str], str] = field(default_factory=dict)  # (aggregate, tag) -> text
    rest: list[str] = field(default_factory=list)  # "TAG=value" that no column holds
    currency: str = ""


class Statements:
    """Turns complete statements into rows of statements and balances."""

    def __init__(self, hints: Hints, findings: Findings, values: Checked) -> None:
        self._hints = hints
        self._findings = findings
        self._values = values
        self._rows = Rows(Kind.STATEMENT, _STATEMENT_COLUMNS)
        self._balances = Rows(Kind.BALANCE, ("statement_no", "balance_type", "day", "amount", "currency"))

    def drain(self) -> Iterator[Part]:
        """Yield what was kept."""
        yield from self._rows.drain()
        yield from self._balances.drain()

    def keep(self, statement: Statement, created: str | None) -> None:
        """Keep a statement that is complete; `created` is when the bank says that it made the file."""
        get = statement.values.get
        account_tag = next((tag for tag in ACCOUNTS if get((tag, "ACCTID"))), "")
        account = "".join(get((account_tag, "ACCTID"), "").split()) or self._hints.account
        if not account:
            raise HintNeeded("account", "the file does not name the account", place=statement.place)
        currency = currency_of(statement, self._hints)
        first, last = self._period(statement)
        closing = self._balance(statement, "LEDGERBAL", "CLBD", currency)
        available = self._balance(statement, "AVAILBAL", "CLAV", currency)
        if statement.securities:
            self._findings.add(
                "securities", statement_no=statement.number, place=statement.place, value=statement.securities
            )
        self._rows.rows.append(
            (
                statement.number,
                False,
                account,
                get((account_tag, "BANKID")) or get((account_tag, "BROKERID")) or self._hints.bank,
                currency,
                created,
                first,
                last,
                closing[0],
                closing[1],
                available[0],
                " ".join(statement.rest)[: LIMITS.field_chars] or None,
                statement.place,
            )
        )

    def _period(self, statement: Statement) -> tuple[date | None, date | None]:
        first = statement.values.get(("BANKTRANLIST", "DTSTART")) or statement.values.get(("INVTRANLIST", "DTSTART"))
        last = statement.values.get(("BANKTRANLIST", "DTEND")) or statement.values.get(("INVTRANLIST", "DTEND"))
        at = Place(statement.number, None, statement.place)
        return (
            self._values.day(first, at, "DTSTART"),
            self._values.day(last, at, "DTEND"),
        )

    def _balance(
        self, statement: Statement, aggregate: str, code: str, currency: str
    ) -> tuple[Decimal | None, date | None]:
        text = statement.values.get((aggregate, "BALAMT"))
        at = Place(statement.number, None, statement.place)
        day = self._values.day(statement.values.get((aggregate, "DTASOF")), at, f"{aggregate} DTASOF")
        if text is None:
            return None, None
        written = self._values.amount(text, at, f"{aggregate} BALAMT")
        amount = Decimal(written) if written else None
        if amount is not None:
            self._balances.rows.append((statement.number, code, day, amount, currency))
        return amount, day


def currency_of(statement: Statement, hints: Hints) -> str:
    """Return the currency of a statement, HintNeeded when the file does not name it."""
    currency = statement.currency or hints.currency
    if not currency:
        raise HintNeeded("currency", "the file does not name the currency of the account", place=statement.place)
    if not re.fullmatch("[A-Z]{3}", currency):
        raise FormatError("this is no ISO 4217 currency", place=statement.place, field="CURDEF", text=currency)
    statement.currency = currency
    return currency
