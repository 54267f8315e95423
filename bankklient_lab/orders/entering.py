"""What people and programs give as values of an order, made into the texts of its items."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.formats.payments.accounts import of_iban
from bankklient_lab.orders.kinds.kind import Kind

TEXT_CHARACTERS_MAX = 1_000
# 19-2000145399/0800, 19 2000145399, 2000145399/0800
_ACCOUNT = re.compile(r"(?:(?P<prefix>[^-/\s]*)[-\s]+)?(?P<base>[^-/\s]*)(?:\s*/\s*(?P<bank>\S*))?")


def entered_texts(kind: Kind, values: Mapping[str, object]) -> dict[str, str | None]:
    """Return the texts of the items named in `values`; empty ones are None.

    Besides the items themselves: `own_account` and `counter_account` (prefix-base/bank or IBAN), `variable_symbol`,
    `specific_symbol` and `abbreviation` (those of the counter account), and texts of several lines by the name of the
    lines without a number (`client_message`). UnknownName for anything else, BadArgument for what is too long.
    """
    texts: dict[str, str | None] = {}
    for name, value in values.items():
        text = _text(name, value)
        for item, part in _items(kind, name, text):
            texts[item] = _clean(kind, item, part)
    return texts


def _items(kind: Kind, name: str, text: str) -> list[tuple[str, str]]:
    if name in kind.names:
        return [(name, text)]
    side = {"own_account": kind.own, "counter_account": kind.counter}.get(name)
    if side is not None and f"{side}_account_base" in kind.names:
        return _account(kind, side, text)
    if f"{kind.counter}_{name}" in kind.names:
        return [(f"{kind.counter}_{name}", text)]
    if f"{name}_line_1" in kind.names:
        return _lines(kind, name, text)
    raise UnknownName("item", name, f"a {kind.label.lower()} has {', '.join(kind.names)}")


def _account(kind: Kind, side: str, text: str) -> list[tuple[str, str]]:
    number, typed = of_iban(text), _ACCOUNT.fullmatch(text.strip())
    prefix, base, bank = number or (typed.group("prefix", "base", "bank") if typed else (None, text, None))
    found = [(f"{side}_account_prefix", prefix or "0"), (f"{side}_account_base", base)]
    bank_item = f"{side}_bank"
    return [*found, (bank_item, bank)] if bank is not None and bank_item in kind.names else found


def _lines(kind: Kind, name: str, text: str) -> list[tuple[str, str]]:
    names = [item for item in kind.names if re.fullmatch(rf"{re.escape(name)}_line_\d", item)]
    lines = text.splitlines()
    if len(lines) > len(names):
        raise BadArgument(f"{name} has {len(lines)} lines; it takes {len(names)}", item=name)
    return [(item, lines[n] if n < len(lines) else "") for n, item in enumerate(names)]


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        raise BadArgument(f"{name}: give {value} as a text or a Decimal, a float is not exact", item=name)
    if not isinstance(value, (str, int, Decimal)):
        raise BadArgument(f"{name} can't be a {type(value).__name__}; give a text", item=name)
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if len(text) > TEXT_CHARACTERS_MAX:
        raise BadArgument(f"{name} has {len(text)} characters; it takes at most {TEXT_CHARACTERS_MAX}", item=name)
    return text


def _clean(kind: Kind, item: str, text: str) -> str | None:
    """Return a text as it is kept: without blanks around it, codes in capitals, an IBAN without blanks."""
    text = text.strip()
    one = kind.item(item)
    if one.type == "yes_no" and text.lower() == "no":
        return None  # as if nothing had been marked
    if one.codebook and one.type == "text":
        text = text.upper()
    if item == "recipient_account" and re.match(r"[A-Z]{2}\s?\d{2}", text):
        text = re.sub(r"\s", "", text)
    return text or None
