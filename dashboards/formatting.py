"""How values are shown: amounts, days, counts and safe text. Display only; no result is ever used to calculate."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from bankklient_lab.money import decimals

if TYPE_CHECKING:
    import pyarrow as pa

GROUP = "\u202f"  # narrow no-break space
MINUS = "\u2212"
DASH = "\u2013"
MARKS = {
    "valid": "\u25cf",
    "invalid": "\u25cb",
    "locked": "\u2298",
    "system": "\u25c6",
}  # before a state's word; table.css colours them
_UNITS = ((Decimal(10**9), "bn"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))


def escape(value: object) -> str:
    """Return text that is only text in HTML, also within quotes; everything from a file passes through here."""
    return "" if value is None else html.escape(str(value), quote=True)


def facts(lines: Iterable[tuple[object, object]], title: str = "") -> str:
    """Return what is known of something as markup, value by name, under its title; what is empty is left out."""
    items = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in lines if value not in ("", None)
    )
    return (f"<h2>{escape(title)}</h2>" if title else "") + (f"<dl>{items}</dl>" if items else "")


def sentence(message: str) -> str:
    """Return a message of the lab as a sentence, "" for none."""
    return f"{message[:1].upper()}{message[1:].removesuffix('.')}." if message else ""


def amount(value: Decimal | None, currency: str = "", *, sign: bool = False) -> str:
    """Return an amount with its currency's decimals (more when it has more), thin groups and a true minus."""
    if value is None:
        return ""
    places = max(decimals(currency), -int(value.normalize().as_tuple().exponent))
    digits = f"{abs(value):,.{places}f}".replace(",", GROUP)
    before = MINUS if value < 0 else "+" if sign and value > 0 else ""
    return before + digits


def money(value: Decimal | None, currency: str, *, sign: bool = False) -> str:
    """Return an amount beside its currency."""
    return "" if value is None else f"{amount(value, currency, sign=sign)}\u00a0{currency}"


def short(value: Decimal, *, sign: bool = False) -> tuple[str, str]:
    """Return a large amount in three or more digits and its unit: ("572.25", "M"); below 10 000 as it is."""
    size, unit = scale(value)
    return amount((value / size).quantize(Decimal("0.01"), ROUND_HALF_UP), sign=sign), unit


def scale(largest: Decimal) -> tuple[Decimal, str]:
    """Return what amounts up to `largest` are divided by, and the name of that unit; "" below 10 000."""
    for size, unit in _UNITS:
        if abs(largest) >= size * (10 if unit == "k" else 1):
            return size, unit
    return Decimal(1), ""


def count(number: int) -> str:
    """Return a whole number with thin groups."""
    return f"{number:,}".replace(",", GROUP).replace("-", MINUS)


def day(value: date | None) -> str:
    """Return a day as 2026-11-20."""
    return "" if value is None else value.isoformat()[:10]


def moment(value: datetime | None) -> str:
    """Return an instant to the minute in the machine's zone."""
    return "" if value is None else value.astimezone().strftime("%Y-%m-%d %H:%M")


def second(value: datetime | None) -> str:
    """Return an instant to the second in the machine's zone."""
    return "" if value is None else value.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def iban(number: str | None) -> str:
    """Return an IBAN in groups of four; other numbers as they are."""
    if not number:
        return ""
    is_iban = len(number) >= 15 and number[:2].isalpha() and number[2:4].isdigit() and number.isalnum()
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4)) if is_iban else number


def short_account(label: str | None) -> str:
    """Return an account's label for narrow places: an IBAN as "CZ27 0800 …7899", a name as it is."""
    groups = iban(label)
    return f"{groups[:9]} \u2026{groups.replace(' ', '')[-4:]}" if groups != (label or "") else groups


def for_display(table: pa.Table, amounts: Mapping[str, str], days: Sequence[str] = ()) -> dict[str, list[Any]]:
    """Return columns of texts for a table on a page; `amounts` names for each amount the column of its currency.

    Widgets can't take decimals: they get finished texts, and sorting and filtering happen in the database.
    """
    columns: dict[str, list[Any]] = {name: table[name].to_pylist() for name in table.column_names}
    for name, currency in amounts.items():
        codes = columns.get(currency) or [""] * table.num_rows
        columns[name] = [amount(value, code or "") for value, code in zip(columns[name], codes, strict=True)]
    for name in days:
        columns[name] = [day(value) for value in columns[name]]
    return columns
