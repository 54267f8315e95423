"""The fields of a form of orders, made from the declaration of a kind: an account is one field, lines are one text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from bankklient_lab.orders.kinds.kind import Item, Kind
from bankklient_lab.orders.layouts import STANDARD

from .texts import section, text

TEXT, LINES, TICK, AMOUNT = "text", "lines", "tick", "amount"
HIDDEN_PART = "import"  # items that only files of accounting systems give
WHOLE_ORDER = ""  # errors that belong to no single field
ACCOUNT_CHARACTERS = 22  # prefix-base/bank
_LINE = re.compile(r"(.+)_line_\d")
_SHORT, _LONG = 3, 6  # columns of twelve


@dataclass(frozen=True)
class OrderField:
    """One field; `name` is what orders.entering understands, `items` are the items behind it."""

    name: str
    label: str
    kind: str
    items: tuple[str, ...]
    help: str = ""
    characters: int = 0
    lines: int = 1
    required: bool = False
    codebook: str = ""
    part: str = "main"
    span: int = _LONG

    def described(self, *, locked: bool = False) -> dict[str, Any]:
        """Return what the browser is told about it."""
        return {
            "name": self.name, "label": self.label, "kind": self.kind, "help": self.help, "characters": self.characters,
            "lines": self.lines, "required": self.required, "list": self.codebook, "part": self.part,
            "span": self.span, "locked": locked,
        }  # fmt: skip


@cache
def _fields(kind: Kind, words: tuple[tuple[str, str], ...]) -> tuple[OrderField, ...]:
    labels = dict(words)
    found: dict[str, OrderField] = {}
    for item in kind.items:
        if item.part == HIDDEN_PART:
            continue
        one = _account(kind, item, labels) or _lines(kind, item, labels) or _single(item, labels)
        found.setdefault(one.name, one)
    return tuple(found.values())


def fields_of(kind: Kind) -> tuple[OrderField, ...]:
    """Return the fields of a kind, in the order of its declaration, labelled in the language spoken here."""
    return _fields(kind, tuple(section("item").items()))


def fields_with(kind: Kind, items: Sequence[str]) -> tuple[OrderField, ...]:
    """Return the fields that hold any of the items."""
    return tuple(one for one in fields_of(kind) if set(one.items) & set(items))


def arranged(fields: Sequence[OrderField], layout: Mapping[str, Any]) -> tuple[OrderField, ...]:
    """Return the fields as a user has arranged them (orders.layouts): order, labels, and what is shown at first."""
    if layout["name"] == STANDARD:
        return tuple(fields)
    of_item = {item: one for one in layout["fields"] for item in one["items"]}
    ordered = sorted(fields, key=lambda field: of_item[field.items[0]]["place"])
    return tuple(
        replace(
            field, label=of_item[field.items[0]]["label"], part="main" if of_item[field.items[0]]["shown"] else "more"
        )
        for field in ordered
    )


def field_of(kind: Kind, item: str) -> str:
    """Return the field at which an error of an item is shown; WHOLE_ORDER for those that belong to no field."""
    for one in fields_of(kind):
        if item in one.items or item == one.name:
            return one.name
    names = {one.name for one in fields_of(kind)}
    sides = {f"own_{kind.own}_account": "own_account", f"{kind.own}_account": "own_account",
             f"own_{kind.counter}_account": "counter_account", "accounts": "counter_account",
             "variable_symbol": f"{kind.counter}_variable_symbol"}  # fmt: skip
    return sides[item] if sides.get(item) in names else WHOLE_ORDER


def shown(kind: Kind, texts: Mapping[str, Any]) -> dict[str, str]:
    """Return what the fields show of an order's texts by item."""
    return {one.name: _shown(one, texts) for one in fields_of(kind)}


def _shown(one: OrderField, texts: Mapping[str, Any]) -> str:
    values = [str(texts.get(item) or "") for item in one.items]
    if one.name in ("own_account", "counter_account"):
        return account_text(*values)
    return "\n".join(values).rstrip()


def account_text(prefix: str, base: str, bank: str) -> str:
    """Return an account as people write it: prefix-base/bank, without a prefix of zeros."""
    if not base:
        return ""
    front = f"{prefix.lstrip('0')}-" if prefix.lstrip("0") else ""
    return f"{front}{base}/{bank}" if bank else front + base


def _account(kind: Kind, item: Item, labels: Mapping[str, str]) -> OrderField | None:
    for name, side in (("own_account", kind.own), ("counter_account", kind.counter)):
        parts = tuple(f"{side}_{part}" for part in ("account_prefix", "account_base", "bank"))
        if item.name in parts and parts[1] in kind.names:
            base = kind.item(parts[1])
            return OrderField(
                name, labels.get(base.name, base.label), TEXT, parts, text("order.help_account"), ACCOUNT_CHARACTERS,
                required=True, codebook=base.codebook, part=base.part,
            )  # fmt: skip
    return None


def _lines(kind: Kind, item: Item, labels: Mapping[str, str]) -> OrderField | None:
    found = _LINE.fullmatch(item.name)
    if found is None:
        return None
    lines = tuple(name for name in kind.names if name.startswith(f"{found[1]}_line_"))
    label = labels.get(found[1], item.label.rstrip(" 0123456789"))
    told = item.help or text("order.help_lines", lines=len(lines), n=item.characters)
    return OrderField(
        found[1], label, LINES, lines, told, item.characters, len(lines), item.mandatory, part=item.part
    )  # fmt: skip


def _single(item: Item, labels: Mapping[str, str]) -> OrderField:
    kind = {"yes_no": TICK, "amount": AMOUNT, "rate": AMOUNT}.get(item.type, TEXT)
    span = 12 if kind == TICK else _SHORT if item.characters <= 13 or kind == AMOUNT else _LONG
    return OrderField(
        item.name, labels.get(item.name, item.label), kind, (item.name,), item.help, item.characters,
        required=item.mandatory, codebook=item.codebook, part=item.part, span=span,
    )  # fmt: skip
