"""BAI2 records: fields, groups and accounts, as the reader collects them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bankklient_lab.formats import columns
from bankklient_lab.money import decimals


@dataclass(slots=True)
class Group:
    """A group of accounts of one bank and day; `accounts` and `total` are counted for its trailer."""

    bank: str | None
    day: date | None
    currency: str
    interim: bool
    raw: str
    first_record: int
    accounts: int = 0
    total: int = 0


@dataclass(slots=True)
class Account:
    """An account of a group; `total` and `records` are counted to be compared with its trailer."""

    no: int
    number: str
    currency: str
    group: Group
    place: str
    first_record: int
    raw: list[str]
    summary: list[tuple[str, int, int | None]]  # type code, amount in units, number of items
    total: int
    entries: int = 0
    trailer: tuple[int, str] | None = None  # stated total, place

    @property
    def places(self) -> int:
        """Decimals of the amounts."""
        return decimals(self.currency)

    def stated(self, code: str) -> Decimal | None:
        """Return the summary amount with this type code."""
        found = next((units for known, units, _ in self.summary if known == code), None)
        return None if found is None else Decimal(found).scaleb(-self.places)

    def items(self, code: str) -> int | None:
        """Return the number of items that the summary states for this type code."""
        return next((items for known, _, items in self.summary if known == code), None)


def body_of(line: str) -> str:
    """Return a line without the slash that closes it."""
    return line.removesuffix("/")


def at_field(fields: Sequence[str], at: int) -> str:
    """Return a field without blanks, empty where the record is shorter."""
    return fields[at].strip() if at < len(fields) else ""


def is_number(text: str) -> bool:
    """Tell whether a text is digits that a number of 64 bits holds."""
    return text.isascii() and text.isdigit() and len(text) < 18


def whole_units(text: str) -> int | None:
    """Return a signed whole number, None for anything else or for more than an amount holds."""
    if not is_number(text.lstrip("+-")[-18:]) or not re.fullmatch(r"[+-]?\d{1,30}", text):
        return None
    number = int(text)
    return number if abs(number) < columns.UNITS_END else None


def funds_fields(funds: Sequence[str]) -> int:
    """Return how many fields follow a funds type; `funds` is it and the field after it."""
    match at_field(funds, 0):
        case "V":
            return 2
        case "S":
            return 3
        case "D":
            return 1 + 2 * int(at_field(funds, 1)) if re.fullmatch(r"\d{1,2}", at_field(funds, 1)) else 1
    return 0
