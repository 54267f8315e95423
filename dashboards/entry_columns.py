"""The columns of entries that people choose from, and the filters that stand under their headings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bankklient_lab.analysis.entries import SEARCHED
from bankklient_lab.errors import BadArgument
from bankklient_lab.money import parse_amount

from .table import Column
from .texts import text

STEP = Decimal("0.001")  # between two amounts: more than 100 is from 100.001
_WIDE = 210


def _text(name: str, width: int | None = None, *, hint: str = "", **params: Any) -> Column:
    title = text(f"column.{name}") if name in _NAMED else text(f"entry_field.{name}")
    return Column(name, title, width=width, filter_hint=hint or text("table.contains"), **params)


_NAMED = ("day", "currency", "category", "variable_symbol", "remittance")
_MORE: dict[str, Any] = {"essential": False, "hidden": True}
COLUMNS = (
    _text("day", 98, kind="day", hint=text("table.day_hint")),
    _text("booking_day", 98, kind="day", hint=text("table.day_hint"), **_MORE),
    _text("value_day", 98, kind="day", hint=text("table.day_hint"), **_MORE),
    Column("label", text("column.account"), "account", 150, essential=False, filter_hint=text("table.contains")),
    Column("counterparty_name", text("column.counterparty"), filter_hint=text("table.contains")),
    _text("counterparty_account", _WIDE, kind="account", **_MORE),
    _text("counterparty_bank", 110, **_MORE),
    Column("amount", text("column.amount"), "amount", 132, filter_hint=text("table.amount_hint")),
    _text("currency", 84, essential=False),
    _text("category", 140, essential=False),
    _text("variable_symbol", 126, essential=False),
    _text("constant_symbol", 126, **_MORE),
    _text("specific_symbol", 126, **_MORE),
    _text("remittance", essential=False),
    _text("additional_info", _WIDE, **_MORE),
    _text("end_to_end_id", 180, **_MORE),
    _text("bank_reference", 180, **_MORE),
    _text("client_reference", 160, **_MORE),
    _text("transaction_code", 120, **_MORE),
)
TITLES = {column.name: column.title for column in COLUMNS}
DEFAULT = [column.name for column in COLUMNS if not column.hidden]


def arranged(before: Sequence[str], chosen: Sequence[str], names: Sequence[str] = tuple(TITLES)) -> list[str]:
    """Return the chosen columns: those shown before in their order, each new one after its neighbour in `names`."""
    order = [name for name in before if name in chosen]
    for name in sorted(set(chosen) - set(order), key=names.index):
        left = [other for other in names[: names.index(name)] if other in order]
        order.insert(order.index(left[-1]) + 1 if left else 0, name)
    return order


def filters_of(containing: Mapping[str, str], amount_from: str, amount_to: str) -> dict[str, str]:
    """Return what the filters under the headings show."""
    amounts = f"{amount_from}..{amount_to}" if amount_from and amount_to else ""
    if amount_from and amount_from == amount_to:
        amounts = amount_from
    shown = amounts or (f"\u2265 {amount_from}" if amount_from else f"\u2264 {amount_to}" if amount_to else "")
    return dict(containing) | ({"amount": shown} if shown else {})


def amounts_of(typed: str) -> tuple[str, str]:
    """Return the smallest and the largest amount that a filter means: "100", "100..200", "> 100", ">= 100", "< -5".

    Either is empty for none; BadArgument for what is not understood.
    """
    value = "".join(typed.split()).replace("\u2265", ">=").replace("\u2264", "<=")
    if not value:
        return "", ""
    if ".." in value:
        first, _, last = value.partition("..")
        return _number(first), _number(last)
    if value[0] in "<>":
        inclusive = value[1:2] == "="
        number = parse_amount(value[2 if inclusive else 1 :])
        shift = Decimal(0) if inclusive else STEP
        return (plain(number + shift), "") if value[0] == ">" else ("", plain(number - shift))
    return _number(value), _number(value)


def _number(value: str) -> str:
    return plain(parse_amount(value)) if value else ""


def plain(value: Decimal) -> str:
    """Return an amount as people type it, without trailing zeros."""
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


def with_part(containing: Mapping[str, str], column: str, value: str) -> dict[str, str]:
    """Return the parts of columns with one more, or without it for an empty value."""
    if column not in SEARCHED:
        raise BadArgument(f"{column!r} is no column of entries that can be searched")
    rest = {name: part for name, part in containing.items() if name != column}
    return rest | ({column: value.strip()} if value.strip() else {})
