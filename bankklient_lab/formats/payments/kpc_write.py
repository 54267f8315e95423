"""The KPC writer: accounting files by kind and own bank, groups by own account and maturity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

import pyarrow as pa

from bankklient_lab.errors import BadArgument
from bankklient_lab.formats.payments import kpc_layout as layout
from bankklient_lab.formats.payments.accounts import Czech, czech
from bankklient_lab.formats.payments.base import Header, one_line, refused, require_held, rows_of
from bankklient_lab.formats.payments.charsets import encode

HELD = frozenset(
    {
        "kind", "own_account", "own_name", "own_text", "counter_account", "counter_name", "amount", "currency",
        "maturity", "variable_symbol", "constant_symbol", "specific_symbol", "message",
    }
)  # fmt: skip
_CODES = {"payment": layout.PAYMENTS, "collection": layout.COLLECTIONS}
_SYMBOLS = {"variable_symbol": layout.SYMBOL_DIGITS, "constant_symbol": 4, "specific_symbol": layout.SYMBOL_DIGITS}
_END = "\r\n"

Row = Mapping[str, Any]


def write(payments: pa.Table, header: Header) -> Iterator[bytes]:
    """Yield one data file."""
    require_held(payments, "KPC", HELD)
    rows = sorted((_checked(row) for rows in rows_of(payments) for row in rows), key=_file_and_group)
    yield encode(_header(header), header.charset, "the header of the file")
    for number, (key, items) in enumerate(groupby(rows, key=lambda row: _file_and_group(row)[:2]), start=1):
        yield f"1 {key[0]} {number:06d} {key[1]}{_END}".encode("ascii")
        for _, group in groupby(items, key=_file_and_group):
            yield from _group(list(group), header.charset)
        yield f"5 +{_END}".encode("ascii")


def _header(header: Header) -> str:
    values = {
        "type": "UHL1", "day": header.created_at.date(), "client_name": header.initiator[:20],
        "client_number": header.client_number.rjust(10, "0"), "first_file": "001", "last_file": "999",
    }  # fmt: skip
    return layout.HEADER.write(values, "the header of the file").rstrip() + _END


def _checked(row: dict[str, Any]) -> dict[str, Any]:
    """Return a payment with both accounts as Czech numbers; BadArgument for what KPC can't hold."""
    if row["kind"] not in _CODES:
        raise refused(row, "kind", "KPC has payments and collections only")
    if row["currency"] != layout.CURRENCY:
        raise refused(row, "currency", f"KPC is for {layout.CURRENCY} only")
    if row["maturity"] is None:
        raise refused(row, "maturity", "KPC needs it")
    sides = {name: czech(row[name]) for name in ("own_account", "counter_account")}
    for name, account in sides.items():
        if account is None:
            raise refused(row, name, "KPC is for Czech accounts only")
    for name, digits in _SYMBOLS.items():
        text = row[name] or ""
        if len(text) > digits or (text and not (text.isascii() and text.isdigit())):
            raise refused(row, name, f"a symbol of at most {digits} digits is possible")
    return row | sides


def _file_and_group(row: Row) -> tuple[Any, ...]:
    own: Czech = row["own_account"]
    return _CODES[row["kind"]], own.bank, own, row["maturity"]


def _group(rows: list[Row], charset: str) -> Iterator[bytes]:
    first = rows[0]
    units = [_units(row) for row in rows]
    total = f"{sum(units)}"
    if len(total) > layout.SUM_DIGITS:
        raise BadArgument(f"the group of {first['own_account']} sums to more than {layout.SUM_DIGITS} digits")
    yield f"2 {_digits(first['own_account'])} {total} {first['maturity']:%d%m%y}{_END}".encode("ascii")
    for row, amount in zip(rows, units, strict=True):
        other: Czech = row["counter_account"]
        fields = [
            _digits(other), f"{amount}", row["variable_symbol"] or "0",
            f"{other.bank}{row['constant_symbol'] or '':0>4}", row["specific_symbol"] or "",
        ]  # fmt: skip
        text = _text(row)
        line = " ".join([*fields, text] if text else fields).rstrip(" ")
        yield encode(line + _END, charset, str(row["place"] or f"payment {row['payment_no']}"))
    yield f"3 +{_END}".encode("ascii")


def _digits(account: Czech) -> str:
    return f"{account.prefix}-{account.base}" if account.prefix else account.base


def _units(row: Row) -> int:
    amount: Decimal = row["amount"]
    units = amount.scaleb(2)
    if units != units.to_integral_value() or not 0 <= units < 10**layout.AMOUNT_DIGITS:
        raise refused(row, "amount", f"two decimals and at most {layout.AMOUNT_DIGITS} digits are possible")
    return int(units)


def _text(row: Row) -> str:
    """Return the field with the texts; BadArgument when reading would not give them back."""
    message, own, name = one_line(row["message"] or ""), row["own_text"] or "", row["counter_name"] or ""
    for field, text, limit in (
        ("message", message, layout.TEXT_CHARACTERS),
        ("own_text", own, layout.TEXT_CHARACTERS),
        ("counter_name", name, layout.NAME_CHARACTERS),
    ):
        if len(text) > limit:
            raise refused(row, field, f"longer than {limit} characters")
        if "|" in text or "NP:" in text or not text.replace("\n", "").isprintable():
            raise refused(row, field, "KPC gives a bar, the letters NP: and control characters a meaning of their own")
    both = message + ("|" + own.replace("\n", "|") if own else "")
    named = f" NP:{name}" if name else ""
    return f"AV:{both}{named}" if both or named else ""
