"""XML text for camt messages: elements that vanish when they are empty, texts cut to what their element takes."""

from __future__ import annotations

import re
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

from bankklient_lab.errors import BadArgument
from bankklient_lab.money import decimals

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}", re.ASCII)
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def tag(name: str, *content: str, **attributes: str) -> str:
    """Return an element around XML text, "" when there is none."""
    inner = "".join(content)
    if not inner:
        return ""
    start = "".join([name, *(f" {key}={quoteattr(value)}" for key, value in attributes.items())])
    return f"<{start}>{inner}</{name}>"


def leaf(name: str, text: str | None, chars: int) -> str:
    """Return an element with the first `chars` characters of a text, "" without text."""
    return tag(name, escape(text[:chars])) if text else ""


def check_text(text: str, place: str, column: str) -> None:
    """Refuse characters that XML does not have."""
    if found := _NOT_XML.search(text):
        code = f"U+{ord(found[0]):04X}"
        raise BadArgument(
            f"{place}, {column}: XML can't carry the character {code}; export to another format or correct it"
        )


def is_currency(text: str | None) -> bool:
    """Tell whether a text has the form of a currency code."""
    return bool(text and _CURRENCY.fullmatch(text))


def money(name: str, amount: Decimal | None, currency: str | None) -> str:
    """Return an element with an unsigned amount, "" when its amount or currency can't be written."""
    if amount is None or amount < 0 or not currency or not is_currency(currency):
        return ""
    return tag(name, plain(amount, currency), Ccy=currency)


def plain(amount: Decimal, currency: str) -> str:
    """Return an amount with the decimals of its currency, with all when it has more."""
    usual = round(amount, decimals(currency))
    return format(usual if usual == amount else amount, "f")


def side(amount: Decimal) -> str:
    """Return the element that says credit or debit of a signed amount."""
    return tag("CdtDbtInd", "DBIT" if amount < 0 else "CRDT")


def account(name: str, number: str | None) -> str:
    """Return an element with an account."""
    if not number:
        return ""
    if _IBAN.fullmatch(number):
        return tag(name, tag("Id", tag("IBAN", number)))
    return tag(name, tag("Id", tag("Othr", leaf("Id", number, 34))))


def agent(name: str, bank: str | None) -> str:
    """Return an element with a bank, by its BIC or national code."""
    if not bank:
        return ""
    code = tag("BICFI", bank) if _BIC.fullmatch(bank) else tag("ClrSysMmbId", leaf("MmbId", bank, 35))
    return tag(name, tag("FinInstnId", code))
