"""One entry or one transaction of a batch booking in a camt message: from found texts to columns.

Which party is the other one: of a credit the debtor, of a debit the creditor, of a reversal or a return the other
way round, as the parties keep the roles that they had in the first booking. A party that the entry lacks, or
whose account is the statement's own, is not the other one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from bankklient_lab.formats.base import clean, symbol
from bankklient_lab.formats.camt_layout import ABSENT, Found
from bankklient_lab.formats.camt_values import exact_amount
from bankklient_lab.formats.schema import SCHEMAS, Kind

PARTY_AND_REFERENCES = tuple(SCHEMAS[Kind.DETAIL].names[5:])
REMITTANCE_CHARS = 140  # of one Ustrd: a full one goes on in the next
SYMBOLS = {"VS": "variable_symbol", "KS": "constant_symbol", "SS": "specific_symbol"}

_DEBTOR = ("Dbtr.name", "Dbtr.account", "Dbtr.bank")
_CREDITOR = ("Cdtr.name", "Cdtr.account", "Cdtr.bank")
# /VS123/SS456/KS0308, /VS/123/SS/456, VS:123 KS:0308; never "VS 123", which also is plain language ("KS 5").
_SYMBOL = re.compile(r"(?:/([VKS]S)[:/]?|(?<![A-Za-z0-9])([VKS]S):\s?)([0-9]{1,10})(?![0-9A-Za-z])")


def given(text: str | None) -> str | None:
    """Return clean text, None for what the standard writes when there is none."""
    if text is None or text in ABSENT:
        return None
    text = clean(text)
    return None if text in ABSENT else text


def account_number(text: str | None) -> str | None:
    """Return an IBAN without spaces, another number as it is written."""
    text = given(text)
    return text.replace(" ", "") if text and text[:2].isalpha() else text


def is_debtor(credit: bool, turned: bool) -> bool:
    """Tell whether the other party is the debtor; `turned` marks a reversal or a return."""
    return credit != turned


def party_and_references(
    found: Found, credit: bool, reversal: bool, currency: str | None, own_account: str | None
) -> tuple[Any, ...]:
    """Return the columns PARTY_AND_REFERENCES; amounts among them are still text.

    `found` is what the entry and its only transaction, or the transaction of a batch say.
    """
    get = found.get
    name, account, bank = _other_party(found, is_debtor(credit, reversal or "returned" in found), own_account)
    symbols, remittance = _remittance(found)
    original: str | None
    original_currency: str | None
    original, original_currency = get("instructed") or _converted(found, currency)
    mandate = given(get("mandate_id"))
    creditor = get("creditor_id")
    if creditor and not mandate and get("creditor_scheme") != "SEPA":
        creditor = None
    return (
        name,
        account,
        bank,
        symbols.get("VS"),
        symbols.get("KS"),
        symbols.get("SS"),
        given(get("end_to_end_id")),
        mandate,
        given(creditor),
        given(get("bank_reference")) or given(get("entry_reference")),
        _client_reference(found),
        _code(found),
        remittance,
        _info(found),
        original,
        original_currency,
        clean(get("exchange_rate")),
        _charges(found, currency),
    )


def own_columns(text: str) -> dict[str, str | None]:
    """Return the columns that our writer put whole into supplementary data.

    Raises ValueError for what our writer does not write.
    """
    values = json.loads(text)
    if not isinstance(values, dict) or not values.keys() <= set(PARTY_AND_REFERENCES):
        raise ValueError("no columns")
    if not all(value is None or isinstance(value, str) for value in values.values()):
        raise ValueError("no texts")
    return values


def _other_party(found: Found, debtor: bool, own_account: str | None) -> tuple[str | None, str | None, str | None]:
    first, second = (_DEBTOR, _CREDITOR) if debtor else (_CREDITOR, _DEBTOR)
    name, account, bank = map(found.get, first)
    account = account_number(account)
    lacking = name is None and account is None and bank is None
    if (lacking or (account and account == own_account)) and (second[0] in found or second[1] in found):
        name, account, bank = map(found.get, second)
        account = account_number(account)
    return clean(name), account, given(bank)


def _remittance(found: Found) -> tuple[dict[str, str | None], str | None]:
    unstructured: list[str] = found.get("unstructured", [])
    symbols: dict[str, str | None] = {}
    texts = _joined(unstructured) if unstructured else []
    for part in found.get("structured", ()):
        reference = clean(part.get("reference"))
        if reference:
            kind = clean(part.get("kind")) or ""
            label, _, value = reference.rpartition(":")
            if kind in SYMBOLS and label in {"", kind}:
                symbols.setdefault(kind, symbol(value))
            elif not _take_symbols(reference, symbols):
                texts.append(reference)
        texts += part.get("more", ())
    for name in ("end_to_end_id", "instruction_id", "payment_id"):
        text = found.get(name)
        if text and "S" in text:
            _take_symbols(text, symbols)
    for text in unstructured:
        if "S" in text:
            _take_symbols(text, symbols)
    return symbols, clean(" ".join(texts)) if texts else None


def _joined(pieces: list[str]) -> list[str]:
    if len(pieces) == 1:
        return pieces[:]
    text = ""
    for piece in pieces:
        text += piece if len(piece) == REMITTANCE_CHARS else piece + " "
    return [text]


def _take_symbols(text: str, symbols: dict[str, str | None]) -> bool:
    seen = False
    for slashed, labelled, digits in _SYMBOL.findall(text):
        seen = True
        symbols.setdefault(slashed or labelled, symbol(digits))
    return seen


def _client_reference(found: Found) -> str | None:
    for name in ("instruction_id", "payment_id", "message_id", "batch_reference"):
        text = found.get(name)
        if text and (text := given(text)):
            return text
    return None


def _code(found: Found) -> str | None:
    if "domain" in found:
        return _domain_code(found.get("domain"), found.get("family"), found.get("subfamily"))
    return clean(found.get("proprietary_code"))


@lru_cache(maxsize=1000)  # a bank writes a few codes again and again
def _domain_code(*parts: str | None) -> str | None:
    return clean("/".join(part for part in parts if part))


def _info(found: Found) -> str | None:
    info, more = clean(found.get("entry_info")), clean(found.get("detail_info"))
    return f"{info} {more}" if info and more and info != more else info or more


def _converted(found: Found, currency: str | None) -> tuple[str | None, str | None]:
    """Return the amount of the only transaction when it has another currency than its entry."""
    amount: tuple[str | None, str | None] | None = found.get("detail_amount")
    if amount and amount[1] not in (currency, None) and "amount" in found:
        return amount
    return None, None


def _charges(found: Found, currency: str | None) -> str | None:
    if "charges" not in found and "total_charges" not in found:
        return None
    total: tuple[str | None, str | None] | None = found.get("total_charges")
    monies: Sequence[tuple[str | None, str | None]] = [total] if total else found.get("charges", ())
    texts = [text for text, own in monies if text and own in (currency, None)]
    if len(texts) <= 1:
        return texts[0] if texts else None
    amounts = [exact_amount(text) for text in texts]
    for text, amount in zip(texts, amounts, strict=True):
        if isinstance(amount, str):
            return text  # reported when the column is made
    return str(sum(amount for amount in amounts if isinstance(amount, Decimal)))
