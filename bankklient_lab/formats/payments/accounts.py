"""Numbers of accounts as payment files write them: IBAN, or Czech prefix-base/bank."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

REMEMBERED = 10_000  # the same accounts come again and again
_CZECH = re.compile(r"(?:(\d{1,6})-)?(\d{2,10})/(\d{4})", re.ASCII)
_CZECH_IBAN = re.compile(r"CZ\d{2}(\d{4})(\d{6})(\d{10})", re.ASCII)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}", re.ASCII)


class Czech(NamedTuple):
    """A Czech account: digits without leading zeros (prefix "" when there is none), bank with four digits."""

    prefix: str
    base: str
    bank: str

    def __str__(self) -> str:
        return f"{self.prefix}-{self.base}/{self.bank}" if self.prefix else f"{self.base}/{self.bank}"


def compact(text: str) -> str:
    """Return an IBAN without spaces and in capitals, another number as it is."""
    found = re.sub(r"\s", "", text).upper()
    return found if is_iban(found) else text.strip()


def is_iban(text: str) -> bool:
    """Tell whether a text has the form of an IBAN (its check digits are not looked at)."""
    return _IBAN.fullmatch(text) is not None


@lru_cache(maxsize=REMEMBERED)
def czech(text: str | None) -> Czech | None:
    """Return a Czech number, written in its own way or as an IBAN; None for another account."""
    if not text:
        return None
    if found := _CZECH.fullmatch(text):
        prefix, base, bank = found.groups(default="")
    elif found := _CZECH_IBAN.fullmatch(text):
        bank, prefix, base = found.groups()
    else:
        return None
    return Czech(prefix.lstrip("0"), base.lstrip("0") or "0", bank)


@lru_cache(maxsize=REMEMBERED)
def iban(account: Czech) -> str:
    """Return the IBAN of a Czech account (ISO 7064, modulo 97-10)."""
    bban = f"{account.bank}{account.prefix:0>6}{account.base:0>10}"
    check = 98 - int(f"{bban}123500") % 97  # C is 12, Z is 35
    return f"CZ{check:02d}{bban}"


def national(iban: str) -> str:
    """Return a Czech IBAN, without spaces, as people write the account: prefix-base/bank."""
    prefix, base = iban[8:14].lstrip("0"), iban[14:].lstrip("0")
    return f"{prefix}-{base}/{iban[4:8]}" if prefix else f"{base}/{iban[4:8]}"


def as_written(account: str) -> str:
    """Return a Czech IBAN as people write the account, and any other account as it is."""
    return national(account) if _CZECH_IBAN.fullmatch(account) else account


def of_iban(text: str) -> Czech | None:
    """Return the Czech number that a right IBAN stands for, however it is spaced; None for any other text."""
    plain = re.sub(r"\s", "", text).upper()
    number = czech(plain) if is_iban(plain) else None
    return number if number is not None and iban(number) == plain else None


def typed(text: str) -> Czech | None:
    """Return the Czech number that somebody typed: as people write it, or as a right IBAN, however it is spaced.

    None for any other text; an IBAN with wrong check digits is none, and is not mended.
    """
    plain = re.sub(r"\s", "", text).upper()
    return of_iban(plain) if is_iban(plain) else czech(plain)


def country(text: str | None) -> str | None:
    """Return the country that an account's number tells, None when it tells none."""
    if not text:
        return None
    if is_iban(text):
        return text[:2]
    return "CZ" if czech(text) else None


def transfer_kind(own: str | None, counter: str | None) -> str:
    """Return "foreign" when two accounts are of two countries, else "payment"."""
    both = country(own), country(counter)
    return "foreign" if both[0] and both[1] and both[0] != both[1] else "payment"
