"""The account identification :25: of MT940 and MT942."""

from __future__ import annotations

import re
from typing import NamedTuple

_IBAN = re.compile(r"([A-Z]{2}\d{2}[A-Z0-9]{11,30}?)\s*([A-Z]{3})?")
_CZECH = re.compile(r"((?:\d{1,6}-)?\d{2,10})/(\d{4})")
_WITH_BANK = re.compile(r"(\d{3,11}|[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)/(.+)")
_WITH_CURRENCY = re.compile(r"(.*\d)[\s/]*([A-Z]{3})|(.+)/([A-Z]{3})")


class Account(NamedTuple):
    """What :25: says."""

    account: str | None
    bank: str | None
    currency: str | None


def account_of(text: str) -> Account:
    """Read :25:: an IBAN, or bank/account, or account/bank in Czech, or a number; some add the currency."""
    compact = text.replace(" ", "")
    iban = _IBAN.fullmatch(compact)
    if iban:
        has_currency = iban[2] and (_is_iban(iban[1]) or not _is_iban(compact))  # IBANs of MU and SC end in letters
        return Account(iban[1], None, iban[2]) if has_currency else Account(compact, None, None)
    czech = _CZECH.fullmatch(compact)
    if czech:
        return Account(czech[1], czech[2], None)
    with_bank = _WITH_BANK.fullmatch(text)
    bank, number = (with_bank[1], with_bank[2]) if with_bank else (None, text)
    with_currency = _WITH_CURRENCY.fullmatch(number)
    if with_currency:
        return Account(with_currency[1] or with_currency[3], bank, with_currency[2] or with_currency[4])
    return Account(number or None, bank, None)


def _is_iban(text: str) -> bool:
    """Tell whether the check digits are right (ISO 13616: the rest by 97 is 1)."""
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1
