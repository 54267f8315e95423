"""One entry or one transaction of a batch booking in a camt message: from found texts to columns.

Which party is the other one: of a credit the debtor, of a debit the creditor, of a reversal or a return the other
way round, as the parties keep the roles that they had in the first booking. A party that the entry lacks, or
whose account is the statement's own, is not the other one.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from lxml import etree

from bankklient_lab.formats.base import clean, symbol
from bankklient_lab.formats.camt_layout import ABSENT, Found, Tree, gather
from bankklient_lab.formats.camt_values import exact_amount
from bankklient_lab.formats.schema import SCHEMAS, Kind

PARTY_AND_REFERENCES = tuple(SCHEMAS[Kind.DETAIL].names[5:])
REMITTANCE_CHARS = 140  # of one Ustrd: a full one goes on in the next
SYMBOLS = {"VS": "variable_symbol", "KS": "constant_symbol", "SS": "specific_symbol"}

_DEBTOR = ("Dbtr.name", "Dbtr.account", "Dbtr.bank")
_CREDITOR = ("Cdtr.name", "Cdtr.account", "Cdtr.bank")
# /VS123/SS456/KS0308, /VS/123/SS/456, VS:123 KS:0308; never "VS 123", which also is plain language ("KS 5").
_SYMBOL = re.compile(r"(?<![A-Za-z0-9])(?:/([VKS]S)[:/]?|([VKS]S):\s?)([0-9]{1,10})(?![0-9A-Za-z])")


def given(text: str | None) -> str | None:
    """Return clean text, None for what the standard writes when there is none."""
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
    found: Found, *, credit: bool, turned: bool, currency: str | None, own_account: str | None, structured: Tree
) -> tuple[Any, ...]:
    """Return the columns PARTY_AND_REFERENCES; amounts among them are still text.

    `found` is what the entry and its only transaction, or the transaction of a batch say.
    """
    name, account, bank = _other_party(found, is_debtor(credit, turned or "returned" in found), own_account)
    symbols, remittance = _remittance(found, structured)
    original, original_currency = _original(found, currency)
    get = found.get
    mandate = given(get("mandate_id"))
    creditor = get("creditor_id") if mandate or get("creditor_scheme") == "SEPA" else None
    info = clean(get("entry_info"))
    detail_info = clean(get("detail_info"))
    if detail_info and detail_info != info:
        info = f"{info} {detail_info}" if info else detail_info
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
        given(get("instruction_id"))
        or given(get("payment_id"))
        or given(get("message_id"))
        or given(get("batch_reference")),
        _code(found),
        remittance,
        info,
        original,
        original_currency,
        clean(get("exchange_rate")),
        _charges(found, currency),
    )


def own_columns(found: Found) -> dict[str, dict[str, str]]:
    """Return the texts that our writer put into supplementary data: {"entry": {...}, "detail": {...}}.

    Raises ValueError for what our writer does not write.
    """
    columns: dict[str, dict[str, str]] = {}
    for element in found.get("own_columns", ()):
        level = element.get("of")
        values = json.loads(element.text or "")
        known = isinstance(values, dict) and values.keys() <= set(PARTY_AND_REFERENCES)
        if level not in {"entry", "detail"} or not known or not all(isinstance(v, str) for v in values.values()):
            raise ValueError(etree.tostring(element, encoding="unicode", with_tail=False))
        columns[level] = values
    return columns


def _other_party(
    found: Found, debtor: bool, own_account: str | None
) -> tuple[str | None, str | None, str | None]:
    expected, other = (_DEBTOR, _CREDITOR) if debtor else (_CREDITOR, _DEBTOR)
    name, account = clean(found.get(expected[0])), account_number(found.get(expected[1]))
    lacking = name is None and account is None and found.get(expected[2]) is None
    if (lacking or (account is not None and account == own_account)) and any(key in found for key in other[:2]):
        expected = other
        name, account = clean(found.get(expected[0])), account_number(found.get(expected[1]))
    return name, account, given(found.get(expected[2]))


def _remittance(found: Found, structured: Tree) -> tuple[dict[str, str | None], str | None]:
    unstructured: list[str] = found.get("unstructured", [])
    symbols: dict[str, str | None] = {}
    texts = _joined(unstructured) if unstructured else []
    for element in found.get("structured", ()):
        part = gather(element, structured, {})
        reference = clean(part.get("reference"))
        if reference:
            kind = clean(part.get("kind")) or ""
            label, _, value = reference.rpartition(":")
            if kind in SYMBOLS and label in {"", kind}:
                symbols.setdefault(kind, symbol(value))
            elif not _take_symbols(reference, symbols):
                texts.append(reference)
        texts += part.get("more", ())
    searched = [found.get("end_to_end_id"), found.get("instruction_id"), found.get("payment_id"), *unstructured]
    for text in searched:
        if text and ("VS" in text or "KS" in text or "SS" in text):
            _take_symbols(text, symbols)
    return symbols, clean(" ".join(texts))


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


def _code(found: Found) -> str | None:
    domain = [found.get(name) for name in ("domain", "family", "subfamily")]
    return clean("/".join(part for part in domain if part)) or clean(found.get("proprietary_code"))


def _original(found: Found, currency: str | None) -> tuple[str | None, str | None]:
    instructed: tuple[str | None, str | None] | None = found.get("instructed")
    if instructed:
        return instructed
    amount: tuple[str | None, str | None] | None = found.get("detail_amount")
    if amount and amount[1] not in (currency, None) and "amount" in found:
        return amount
    return None, None


def _charges(found: Found, currency: str | None) -> str | None:
    total = found.get("total_charges")
    monies = [total] if total else found.get("charges", ())
    texts = [text for text, own in monies if text and own in (currency, None)]
    if len(texts) <= 1:
        return texts[0] if texts else None
    amounts = [exact_amount(text) for text in texts]
    for text, amount in zip(texts, amounts, strict=True):
        if isinstance(amount, str):
            return text  # reported when the column is made
    return str(sum(amount for amount in amounts if isinstance(amount, Decimal)))
