"""Kinds of requests for services of the bank, and their items (data/codebooks/service_items.csv).

A request asks for a new record at the bank, or for the correction or revocation of one that it has; each has items of
its own, and of a record the bank tells some more. Of an item the texts are those of messages: amounts with two
decimals, rates in percent a year, exchange rates with up to eight decimals, days as 2026-11-23, accounts as IBAN. Of
some kinds the bank tells terms beside the records, which hold for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from bankklient_lab.codebooks import rows
from bankklient_lab.codebooks.codes import BatchType

NEW, CORRECTION, REVOCATION = "new", "correction", "revocation"
REQUESTS = (NEW, CORRECTION, REVOCATION)
VALID, ENDED, REVOKED = "valid", "ended", "revoked"  # states of a record at the bank
STATES = (VALID, ENDED, REVOKED)
AGREEMENT = "agreement"  # the item by which somebody agrees to what is asked for
AMOUNT_MAX = Decimal("9999999999999.99")
_AMOUNT = re.compile(r"\d{1,13}\.\d\d", re.ASCII)
_ACCOUNT = re.compile(r"CZ\d{22}", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_RATE = re.compile(r"\d{1,2}\.\d\d", re.ASCII)
_EXCHANGE_RATE = re.compile(r"\d{1,9}\.\d{1,8}", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_REQUIRED, _FILLED, _OPTIONAL, _AUTOMATIC = "required", "filled", "optional", "automatic"
_TOLD, _TERMS = "told", "terms"
_ASKED = (_REQUIRED, _FILLED, _OPTIONAL, _AUTOMATIC)
# What is wrong with a text of a type, by the type.
_FORMS = {
    "account": "is the IBAN of a Czech account", "own_account": "has the form of an IBAN of a Czech account",
    "amount": "is an amount above 0 with two decimals", "day": "is a day as 2026-11-23",
    "rate": "is a rate in percent with two decimals", "sum": "is an amount of 0 or more with two decimals",
    "exchange_rate": "is a rate with up to eight decimals", "currency": "is a currency as EUR",
    "time": "is a time of day as 16:00",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One item; `most` is the number of characters of a text or of digits, `options` the values of a choice."""

    kind: str
    name: str
    type: str
    # Of a request for a new record: required, filled (in, where somebody leaves it empty), optional, automatic (it
    # follows from the others), "" for none; told: the bank alone says it of a record; terms: it says it for all.
    new: str
    correction: str  # yes: one may change it; required: each has it
    revocation: str  # as `new`
    most: int = 0
    options: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether each new record has it."""
        return self.new in (_REQUIRED, _FILLED)

    def problem(self, text: str) -> str:
        """Return what the text of this item has to be when it is not, "" when it is."""
        if self.type == "choice":
            return "" if text in self.options else f"is one of {', '.join(self.options)}"
        if self.type in ("text", "any_account"):
            return "" if 0 < len(text) <= self.most and text.isprintable() else f"has up to {self.most} characters"
        if self.type == "digits":
            return "" if _DIGITS.fullmatch(text) and len(text) <= self.most else f"has up to {self.most} digits"
        return "" if _FITS[self.type](text) else _FORMS[self.type]


class Rights(NamedTuple):
    """Which permission sees, creates, corrects and confirms, deletes, and confirms what it creates at once."""

    sees: str
    creates: str
    decides: str
    deletes: str
    confirms_itself: str


@dataclass(frozen=True, slots=True)
class ServiceKind:
    """A kind of request; `requests` are those that there are.

    Each has a batch of its own when it is `alone`. Until balancing one can be `corrected`, if it is no revocation. When
    they are `agreed` to with the item agreement, that confirms them, and nothing takes it back. Some are not `decided`
    on: what breaks no rule is confirmed (SRV-281). Balancing counts them apart by the item that they are `divided_by`.
    What is asked for is `kept` at the bank as a record; else the records are what allows to ask, such as agreements,
    and have only items that the bank tells.
    """

    name: str
    label: str
    plural: str
    batch_type: BatchType
    rights: Rights
    alone: bool = False
    requests: tuple[str, ...] = REQUESTS
    corrected: bool = True
    agreed: bool = False
    decided: bool = True
    divided_by: str = ""
    kept: bool = True

    @property
    def several(self) -> str:
        """What its records are called as a type of record, and its page: "standing_orders"."""
        return self.plural.lower().replace(" ", "_")

    @property
    def told_in(self) -> BatchType:
        """The type of batch in which the bank tells its records: what allows to ask comes with the accounts."""
        return self.batch_type if self.kept else BatchType.ACCOUNT_TYPES

    @property
    def answered_in(self) -> BatchType:
        """The type of batch in which the bank says what became of requests."""
        return self.batch_type if self.kept else BatchType.CONFIRMATION

    @property
    def items(self) -> tuple[Item, ...]:
        """All items in the order in which people enter them, those that the bank tells at the end."""
        return _items(self.name)

    @property
    def by_name(self) -> dict[str, Item]:
        """Its items by name."""
        return {item.name: item for item in self.items}

    def items_of(self, request: str) -> tuple[Item, ...]:
        """Return the items that a request has."""
        if request == CORRECTION:
            return tuple(item for item in self.items if item.correction)
        return tuple(item for item in self.items if getattr(item, request) in _ASKED)

    def entered(self, request: str) -> tuple[Item, ...]:
        """Return the items of a request that people enter."""
        return tuple(item for item in self.items_of(request) if item.new != _AUTOMATIC)

    @property
    def asked(self) -> tuple[Item, ...]:
        """The items that any request has."""
        return tuple(item for item in self.items if item.new not in (_TOLD, _TERMS))

    @property
    def recorded(self) -> tuple[Item, ...]:
        """The items of a record at the bank."""
        return tuple(item for item in self.items if item.new == _TOLD or (self.kept and item.new not in ("", _TERMS)))

    @property
    def terms(self) -> tuple[Item, ...]:
        """The items that the bank tells for all records."""
        return tuple(item for item in self.items if item.new == _TERMS)

    @property
    def completed(self) -> tuple[Item, ...]:
        """The items that each record has and nobody enters."""
        return tuple(item for item in self.items if item.new in (_TOLD, _AUTOMATIC))

    def lacking(self, texts: Mapping[str, str]) -> str:
        """Return the first item that a record must have and has not, "" for none."""
        must = (item for item in self.recorded if item.required or item in self.completed)
        return next((item.name for item in must if item.name not in texts), "")

    def missing(self, texts: Mapping[str, str], request: str = NEW) -> str:
        """Return the first item that a request must have and has not, "" for none."""
        return next(
            (
                item.name
                for item in self.items
                if getattr(item, request) in (_REQUIRED, _FILLED) and item.name not in texts
            ),
            "",
        )  # fmt: skip

    def problem(self, texts: Mapping[str, str], request: str = NEW) -> tuple[str, str]:
        """Return the first item that is not as it should be, and why; two empty texts when there is none."""
        known = {item.name: item for item in self.items_of(request)}
        for name, text in texts.items():
            if name not in known:
                return name, f"is no item of a {self.label.lower()} ({request})"
            if wrong := known[name].problem(text):
                return name, wrong
        missing = self.missing(texts, request)
        return (missing, "is missing") if missing else ("", "")


_PAYMENTS = Rights("193", "194", "195", "195", "195&196")
_DEPOSITS = Rights("186", "187", "188", "187", "189")
_FORWARDS = Rights("911", "912", "912", "912", "912")
_PARAMETERS = Rights("", "247", "247", "247", "247")  # everybody sees them
_RECEIVABLES = Rights("181", "181", "181", "181", "181")
KINDS: dict[str, ServiceKind] = {
    kind.name: kind
    for kind in (
        ServiceKind(
            "permitted_collection", "Permitted collection", "Permitted collections", BatchType.PERMITTED_COLLECTIONS,
            _PAYMENTS, alone=True,
        ),
        ServiceKind("standing_order", "Standing order", "Standing orders", BatchType.STANDING_ORDERS, _PAYMENTS),
        ServiceKind(
            "time_deposit", "Time deposit", "Time deposits", BatchType.TIME_DEPOSITS, _DEPOSITS,
            requests=(NEW, REVOCATION), corrected=False,
        ),
        ServiceKind(
            "forward_deal", "Forward deal", "Forward deals", BatchType.FORWARD_DEALS, _FORWARDS, requests=(NEW,),
            agreed=True, divided_by="deal_type",
        ),
        ServiceKind(
            "account_parameters", "Account parameters", "Account parameters", BatchType.ACCOUNT_PARAMETERS, _PARAMETERS,
            requests=(CORRECTION,),
        ),
        ServiceKind(
            "receivable", "Receivable", "Receivables", BatchType.RECEIVABLES, _RECEIVABLES, requests=(NEW,),
            decided=False, divided_by="receivable_type", kept=False,
        ),
    )
}  # fmt: skip


def as_day(text: str | None) -> date | None:
    """Return the day of a text that has the form of one."""
    return date.fromisoformat(text) if text else None


def as_amount(text: str | None) -> Decimal | None:
    """Return the amount of a text that has the form of one."""
    return Decimal(text) if text else None


@cache
def _items(kind: str) -> tuple[Item, ...]:
    return tuple(
        Item(
            row["kind"], row["item"], row["type"], row["new"], row["correction"], row["revocation"],
            int(row["most"]) if row["most"].isdigit() else 0,
            () if row["most"].isdigit() else tuple(filter(None, row["most"].split("|"))),
        )
        for row in rows("service_items")
        if row["kind"] == kind
    )  # fmt: skip


def _is_own(text: str) -> bool:
    """Tell whether a text has the form of an own account: its bank may have delivered it with wrong check digits."""
    return _ACCOUNT.fullmatch(text) is not None


def _is_account(text: str) -> bool:
    return _ACCOUNT.fullmatch(text) is not None and int(f"{text[4:]}1235{text[2:4]}") % 97 == 1


def _is_amount(text: str) -> bool:
    return _AMOUNT.fullmatch(text) is not None and Decimal(text) > 0


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_sum(text: str) -> bool:
    return _AMOUNT.fullmatch(text) is not None


def _is_exchange_rate(text: str) -> bool:
    return _EXCHANGE_RATE.fullmatch(text) is not None and Decimal(text) > 0


def _is_time(text: str) -> bool:
    return _TIME.fullmatch(text) is not None


def _is_currency(text: str) -> bool:
    return _CURRENCY.fullmatch(text) is not None


def _is_rate(text: str) -> bool:
    return _RATE.fullmatch(text) is not None


_FITS = {
    "account": _is_account, "own_account": _is_own, "amount": _is_amount, "day": _is_day, "rate": _is_rate,
    "sum": _is_sum, "exchange_rate": _is_exchange_rate, "currency": _is_currency, "time": _is_time,
}  # fmt: skip
