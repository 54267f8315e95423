"""One payment of a pain message: from found texts to columns.

The Czech symbols stand in EndToEndId, in the reference of a creditor, or before the message: "/VS/123/SS/4/KS/0308".
"""

from __future__ import annotations

import re
from typing import Any

from bankklient_lab.formats.base import clean, symbol
from bankklient_lab.formats.camt_entry import REMITTANCE_CHARS, account_number, given
from bankklient_lab.formats.camt_layout import Found
from bankklient_lab.formats.payments.accounts import czech, transfer_kind
from bankklient_lab.formats.payments.pain_layout import Message

SYMBOLS = {"VS": "variable_symbol", "KS": "constant_symbol", "SS": "specific_symbol"}
COLUMNS = (
    "payment_no", "group_no", "kind", "own_account", "own_bank", "own_name", "counter_account", "counter_bank",
    "counter_bank_name", "counter_bank_country", "counter_name", "counter_address", "currency", "variable_symbol",
    "constant_symbol", "specific_symbol", "message", "end_to_end_id", "client_reference", "charge_bearer",
    "service_level", "local_instrument", "sequence_type", "category_purpose", "purpose", "urgent", "instructions",
    "exchange_rate", "mandate_id", "creditor_id", "order_text", "raw", "place",
)  # fmt: skip
_FROM_GROUP = (
    "priority", "service_level", "local_instrument", "sequence_type", "category_purpose", "charge_bearer",
    "creditor_id",
)  # fmt: skip
_CLEARING_CZECH = "CZNCC"
_NUMBER = re.compile(r"(?:(\d{1,6})-)?(\d{2,10})", re.ASCII)
_LEADING = re.compile(r"[ ,]*(?:/?([VKS]S)[:/]|/([VKS]S))\s?([0-9]{1,10})(?![0-9A-Za-z])(?:/(?![VKS]S)| )*")


class GroupColumns:
    """What the head of a group says for all of its payments."""

    def __init__(self, message: Message, found: Found, number: int) -> None:
        self.message = message
        self.number = number
        self.account = account(found, "own")
        self.bank = _bank(found, "own", self.account)
        self.name = clean(found.get("own_name"))
        self.reference = given(found.get("reference"))
        self.maturity: str | None = found.get("maturity")
        self.shared = {name: found[name] for name in _FROM_GROUP if found.get(name)}

    @property
    def kind(self) -> str | None:
        """The kind of all payments, None when it depends on their accounts."""
        return self.message.kind or None

    def payment(self, found: Found, currency: str | None, no: int, raw: str, place: str) -> tuple[Any, ...]:
        """Return the columns COLUMNS of a payment."""
        get = (self.shared | found).get
        other = account(found, "counter")
        symbols, message, end_to_end = _references(found)
        bank_lines = (clean(get("counter_bank_name")), *_address(found.get("counter_bank_address")))
        return (
            no,
            self.number,
            self.message.kind or transfer_kind(self.account, other),
            self.account,
            self.bank,
            self.name,
            other,
            _bank(found, "counter", other),
            "\n".join(filter(None, bank_lines)) or None,
            _country(found.get("counter_bank_address")),
            clean(get("counter_name")),
            "\n".join(_address(found.get("counter_address"))) or None,
            currency,
            symbols.get("VS"),
            symbols.get("KS"),
            symbols.get("SS"),
            message,
            end_to_end,
            given(get("client_reference")),
            clean(get("charge_bearer")),
            clean(get("service_level")),
            clean(get("local_instrument")),
            clean(get("sequence_type")),
            clean(get("category_purpose")),
            clean(get("purpose")),
            _urgent(get("priority"), get("service_level")),
            _instructions(found.get("instructions", ())),
            clean(get("exchange_rate")),
            given(get("mandate_id")),
            given(get("creditor_id")),
            get("order_text"),
            raw,
            place,
        )


def account(found: Found, side: str) -> str | None:
    """Return the account of a side: IBAN, or a Czech number when the bank is one of the Czech clearing."""
    if number := account_number(found.get(f"{side}_iban")):
        return number
    number = given(found.get(f"{side}_other"))
    parts = _NUMBER.fullmatch(number) if number else None
    if parts and found.get(f"{side}_clearing") == _CLEARING_CZECH:
        return str(czech(f"{number}/{found.get(f'{side}_member')}") or number)
    return number


def _bank(found: Found, side: str, number: str | None) -> str | None:
    """Return the BIC of a bank, or its code where the number of the account does not say it."""
    if bic := given(found.get(f"{side}_bic")):
        return bic
    code = given(found.get(f"{side}_member")) or given(found.get(f"{side}_agent"))
    national = czech(number) if code else None
    return None if national and national.bank == code else code


def _address(groups: list[Found] | None) -> list[str]:
    """Return the lines of an address: street, lines, town, country."""
    if not groups:
        return []
    get = groups[0].get
    street, town = (
        " ".join(filter(None, map(get, names))) for names in (("street", "building"), ("post_code", "town"))
    )
    return [line for line in map(clean, [street, *get("lines", ()), town, get("country")]) if line]


def _country(groups: list[Found] | None) -> str | None:
    return clean(groups[0].get("country")) if groups else None


def _urgent(priority: str | None, service_level: str | None) -> bool | None:
    if service_level == "URGP":
        return True
    return None if priority is None else priority.strip() == "HIGH"


def _instructions(groups: list[Found]) -> str | None:
    lines = ["/".join(filter(None, (clean(one.get("code")), clean(one.get("words"))))) for one in groups]
    return "\n".join(filter(None, lines)) or None


def _references(found: Found) -> tuple[dict[str, str | None], str | None, str | None]:
    """Return the symbols, the message and the identification from end to end."""
    symbols: dict[str, str | None] = {}
    end_to_end = given(found.get("end_to_end_id"))
    if end_to_end and not (rest := take_symbols(end_to_end, symbols)):
        end_to_end = rest or None
    elif end_to_end:
        symbols = {}  # it only happens to begin like one
    texts = [text for part in found.get("structured", ()) for text in _structured(part, symbols)]
    unstructured = take_symbols(joined(found.get("unstructured", ())), symbols)
    return symbols, " ".join(filter(None, [*texts, unstructured])) or None, end_to_end


def _structured(part: Found, symbols: dict[str, str | None]) -> list[str]:
    reference, kind = clean(part.get("reference")), clean(part.get("kind")) or ""
    texts = [text for text in map(clean, part.get("more", ())) if text]
    if not reference:
        return texts
    if kind in SYMBOLS and reference.rpartition(":")[2].isdigit():
        symbols.setdefault(kind, symbol(reference.rpartition(":")[2]))
        return texts
    rest = take_symbols(reference, symbols)
    return [rest, *texts] if rest else texts


def take_symbols(text: str, symbols: dict[str, str | None]) -> str:
    """Add the symbols that a text begins with, and return the rest of it."""
    at = 0
    while one := _LEADING.match(text, at):
        symbols.setdefault(one[1] or one[2], symbol(one[3]))
        at = one.end()
    return text[at:]


def joined(pieces: list[str]) -> str:
    """Return a text of several elements: a full one goes on in the next."""
    text = "".join(piece if len(piece) == REMITTANCE_CHARS else piece + " " for piece in pieces)
    return re.sub(r"[\t\r\n]+ *", " ", text).strip()
