"""The statement around the entries of a camt message: from found texts to its row and balances."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from bankklient_lab.errors import HintNeeded
from bankklient_lab.formats.base import Hints, clean
from bankklient_lab.formats.camt_entry import account_number, given
from bankklient_lab.formats.camt_layout import Found
from bankklient_lab.formats.camt_values import exact_amount, exact_day

# Columns that our writer may put whole into AddtlStmtInf, after this word.
OWN_STATEMENT = "bankklient_lab:"
OWN_STATEMENT_COLUMNS = frozenset(
    {
        "account",
        "bank",
        "account_name",
        "number",
        "page",
        "reference",
        "created_at",
        "first_day",
        "last_day",
    }
)

Find = Callable[[str, str, str, object], None]  # code, place, field, value


class Balance(NamedTuple):
    """One balance; the amount is signed, credit positive."""

    kind: str | None
    day: date | None
    amount: Decimal | None
    currency: str | None


def first_balance(balances: Sequence[Balance], *kinds: str) -> Balance | None:
    """Return the first balance of the first kind that there is."""
    return next((balance for kind in kinds for balance in balances if balance.kind == kind), None)


OPENING = ("OPBD", "PRCD")
CLOSING = ("CLBD",)
AVAILABLE = ("CLAV", "ITAV")


class Checked:
    """Single values; what can't be read exactly is null and a finding."""

    def __init__(self, find: Find) -> None:
        self._find = find

    def credit(self, side: str | None, place: str) -> bool:
        """Tell whether `side` is the credit side; one that is not said is read as credit."""
        if side == "CRDT":
            return True
        if side == "DBIT":
            return False
        side = (side or "").strip()
        if side not in {"CRDT", "DBIT"}:
            self._find("missing_side", place, "CdtDbtInd", side)
        return side != "DBIT"

    def amount(self, text: str | None, field: str, place: str) -> Decimal | None:
        """Return an unsigned amount."""
        found = exact_amount(text) if text else None
        if isinstance(found, str):
            self._find(found, place, field, text)
            return None
        return found

    def day(self, text: str | None, field: str, place: str) -> date | None:
        """Return the day of a date or of a date and time."""
        day = exact_day(text) if text else None
        if text and day is None:
            self._find("bad_date", place, field, text)
        return day

    def integer(self, text: str | None, digits: int, field: str, place: str) -> int | None:
        """Return a number of at most `digits` digits."""
        text = clean(text)
        if text is None:
            return None
        if text.isascii() and text.isdigit() and len(text) <= digits:
            return int(text)
        self._find("unknown_code", place, field, text)
        return None


def read_balances(found: Found, checked: Checked, find: Find, place: str) -> list[Balance]:
    """Return all balances of a statement, in its order."""
    balances: list[Balance] = []
    for said in found.get("balances", ()):
        kind = given(said.get("kind"))
        where = f"Bal {kind or len(balances) + 1} of {place}"
        text, currency = said.get("amount") or (None, None)
        if not text:
            find("missing_field", where, "Amt", "")
        amount = checked.amount(text, "Amt", where)
        if not checked.credit(said.get("side"), where) and amount is not None:
            amount = -amount
        day = checked.day(said.get("day"), "Dt", where)
        balances.append(Balance(kind, day, amount, given(currency) or given(found.get("currency"))))
    return balances


def statement_columns(
    found: Found,
    header: Found,
    balances: Sequence[Balance],
    entry_currency: str | None,
    *,
    own: dict[str, Any],
    hints: Hints,
    checked: Checked,
    place: str,
) -> dict[str, Any]:
    """Return the columns of a statement that its header says; HintNeeded without account or currency.

    `own` are those that come from our writer, whole.
    """
    columns = statement_texts(found, header) | own
    columns["account"] = columns["account"] or hints.account
    if columns["account"] is None:
        raise HintNeeded("account", "the statement names no account", place=place)
    stated = (balance.currency for balance in balances if balance.currency)
    currency = given(found.get("currency")) or next(stated, entry_currency) or hints.currency
    if currency is None:
        raise HintNeeded("currency", "the statement names no currency", place=place)
    nothing = Balance(None, None, None, None)
    opening = first_balance(balances, *OPENING) or nothing
    closing = first_balance(balances, *CLOSING) or nothing
    return {
        **columns,
        "bank": columns["bank"] or hints.bank,
        "currency": currency,
        "page": checked.integer(found.get("page") or header.get("page"), 9, "PgNb", place),
        "first_day": checked.day(found.get("first_day"), "FrDtTm", place),
        "last_day": checked.day(found.get("last_day"), "ToDtTm", place),
        "opening": opening.amount,
        "opening_day": opening.day,
        "closing": closing.amount,
        "closing_day": closing.day,
        "available": (first_balance(balances, *AVAILABLE) or nothing).amount,
        "declared_entries": checked.integer(found.get("declared_entries"), 18, "NbOfNtries", place),
        "declared_credit": checked.amount(found.get("declared_credit"), "TtlCdtNtries/Sum", place),
        "declared_debit": checked.amount(found.get("declared_debit"), "TtlDbtNtries/Sum", place),
        **{name: own[name] for name in ("page", "first_day", "last_day") if name in own},
    }


def statement_texts(found: Found, header: Found) -> dict[str, Any]:
    """Return the text columns of a statement."""
    references = [given(found.get("id")), given(header.get("message_id"))]
    return {
        "account": account_number(found.get("account")),
        "bank": given(found.get("bank")),
        "account_name": clean(found.get("account_name")) or clean(found.get("owner")),
        "number": _number(found.get("number")) or _number(found.get("legal_number")),
        "reference": " ".join(dict.fromkeys(text for text in references if text)) or None,
        "created_at": clean(found.get("created_at") or header.get("created_at")),
    }


def own_statement(found: Found) -> dict[str, Any]:
    """Return the columns that our writer put whole into the statement, typed.

    Raises ValueError for what our writer does not write.
    """
    word, _, own = (found.get("statement_info") or "").partition(OWN_STATEMENT)
    if word or not own:
        return {}
    columns = json.loads(own)
    if not isinstance(columns, dict) or not columns.keys() <= OWN_STATEMENT_COLUMNS:
        raise ValueError("no columns")
    if not all(value is None or isinstance(value, str) for value in columns.values()):
        raise ValueError("no texts")
    return {name: _typed(name, value) for name, value in columns.items()}


def _typed(name: str, value: str | None) -> object:
    if value is None:
        return None
    if name in {"first_day", "last_day"}:
        return date.fromisoformat(value)
    if name == "page":
        return int(value[:9])
    return value


def _number(text: str | None) -> str | None:
    text = given(text)
    return text.lstrip("0") or None if text else None
