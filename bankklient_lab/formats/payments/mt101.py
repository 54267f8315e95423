"""MT101, the SWIFT message "request for transfer": one file may hold several, each with several payments.

Source: SWIFT standards, category 1. Sequence A (what holds for all payments) ends with the first :21:, which begins a
payment each time. Readings: the ordered amount (:33B:), the deal (:21F:), the account for charges (:25A:) and the
regulatory text (:77B:) stay in the raw text; :71A: OUR, SHA and BEN are the charge bearers DEBT, SHAR and CRED.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO

import pyarrow as pa

from bankklient_lab.errors import BadArgument, FormatError, LimitExceeded
from bankklient_lab.formats.base import BATCH_ROWS, LIMITS, batch_of, clean
from bankklient_lab.formats.payments.base import Options, Part, PaymentFormat
from bankklient_lab.formats.payments.charsets import Utf8
from bankklient_lab.formats.payments.mt101_scan import Message, Scanner, Sequence
from bankklient_lab.formats.payments.schema import GROUP, PAYMENT, Kind
from bankklient_lab.formats.records import read_day
from bankklient_lab.money import exact

_HEAD = re.compile(rb"\{2:[IO]101")
_BARE = re.compile(rb":20:.*\n:28D:")
_MONEY = re.compile(r"([A-Z]{3})(\d{1,15},\d{0,15})", re.ASCII)
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_STRUCTURED = re.compile(r"([1-8])/(.*)")
_CHARGES = {"OUR": "DEBT", "SHA": "SHAR", "BEN": "CRED"}
_PAYMENT_COLUMNS = (
    "payment_no", "group_no", "kind", "own_account", "own_bank", "own_name", "counter_account", "counter_bank",
    "counter_bank_name", "counter_name", "counter_address", "amount", "currency", "maturity", "message",
    "client_reference", "charge_bearer", "instructions", "exchange_rate", "raw", "place",
)  # fmt: skip
_GROUP_COLUMNS = (
    "group_no", "file_reference", "initiator", "reference", "kind", "own_account", "maturity", "raw", "place"
)  # fmt: skip


def sniff(head: bytes) -> str | None:
    """Return "MT101" for a message of that type, with its SWIFT blocks or without."""
    if _HEAD.search(head[:500]):
        return "MT101"
    return "MT101" if _BARE.match(head.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"")) else None


def read(source: BinaryIO, options: Options) -> Iterator[Part]:
    """Yield the payments of a file."""
    payments: list[tuple[Any, ...]] = []
    groups: list[tuple[Any, ...]] = []
    count = 0
    for number, message in enumerate(Scanner(Utf8(source, options.charset)).messages(), start=1):
        if number > LIMITS.statements:
            raise LimitExceeded(f"more than {LIMITS.statements} messages", place=message.place)
        general, *rest = message.sequences
        maturity = _day(general)
        groups.append(_group(number, message, general, maturity))
        if not rest:
            raise FormatError("the message has no payment (:21:)", place=message.place)
        for sequence in rest:
            count += 1
            payments.append(_payment(count, number, general, sequence, maturity))
        if len(payments) >= BATCH_ROWS:
            yield from _drain(payments, groups)
    if not count:
        raise FormatError("the file holds no message", place="whole file")
    yield from _drain(payments, groups)


def _drain(payments: list[tuple[Any, ...]], groups: list[tuple[Any, ...]]) -> Iterator[Part]:
    for kind, schema, names, rows in (
        (Kind.GROUP, GROUP, _GROUP_COLUMNS, groups),
        (Kind.PAYMENT, PAYMENT, _PAYMENT_COLUMNS, payments),
    ):
        if rows:
            columns = zip(names, zip(*rows, strict=True), strict=True)
            yield Part(kind, batch_of(schema, {name: pa.array(v, schema.field(name).type) for name, v in columns}))
            rows.clear()


def _group(number: int, message: Message, general: Sequence, maturity: date) -> tuple[Any, ...]:
    own = general.get("50F", "50G", "50H")
    return (
        number, general.need("20").strip(), clean(general.get("50L", "50C")), clean(general.get("21R")), "foreign",
        _party(own)[0] if own else None, maturity, "\n".join(general.raw), message.place,
    )  # fmt: skip


def _payment(count: int, group: int, general: Sequence, one: Sequence, maturity: date) -> tuple[Any, ...]:
    own = one.get("50F", "50G", "50H") or general.get("50F", "50G", "50H")
    if own is None:
        raise FormatError("the field 50F, 50G or 50H with the own account is missing", place=one.place)
    own_account, own_lines = _party(own)
    account, lines = _party(one.need("59", "59A", "59F"))
    bank, bank_lines = _bank(one)
    currency, amount = _money(one)
    charges = one.get("71A")
    if charges is not None and charges not in _CHARGES:
        raise FormatError("OUR, SHA or BEN is expected", place=one.place, field="71A", text=charges)
    return (
        count, group, "foreign", own_account, clean(one.get("52A") or general.get("52A")), _first(own_lines),
        account, bank, "\n".join(bank_lines) or None, _first(lines), "\n".join(lines[1:]) or None, amount,
        currency, maturity, one.get("70") or None, clean(one.get("21")), _CHARGES.get(charges or ""),
        "\n".join(one.fields.get("23E", ())) or None, clean(one.get("36")), "\n".join(one.raw), one.place,
    )  # fmt: skip


def _party(text: str) -> tuple[str | None, list[str]]:
    """Return the account and the lines of a party; of numbered lines the name, the address, and country and town."""
    lines = text.split("\n")
    account = clean(lines.pop(0)[1:]) if lines[0].startswith("/") else None
    found = []
    for line in lines:
        numbered = _STRUCTURED.fullmatch(line)
        shown = (
            clean(numbered[2].replace("/", " ", 1) if numbered[1] in "36" else numbered[2]) if numbered else clean(line)
        )
        if shown:
            found.append(shown)
    return account, found


def _first(lines: list[str]) -> str | None:
    return lines[0] if lines else None


def _bank(one: Sequence) -> tuple[str | None, list[str]]:
    """Return the code of the other bank (BIC, else a national one) and its name and address."""
    text = one.get("57A", "57C", "57D")
    if text is None:
        return None, []
    lines = text.split("\n")
    code = lines.pop(0).lstrip("/") or None if lines[0].startswith("/") else None
    if lines and "57A" in one.fields:
        bic = lines.pop(0).strip()
        if not _BIC.fullmatch(bic):
            raise FormatError("this is no BIC", place=one.place, field="57A", text=bic)
        code = bic
    return code, [line.strip() for line in lines if line.strip()]


def _money(one: Sequence) -> tuple[str, Decimal]:
    text = one.need("32B")
    found = _MONEY.fullmatch(text.strip())
    if not found:
        raise FormatError("a currency and an amount with a comma are expected", place=one.place, field="32B", text=text)
    try:
        return found[1], exact(Decimal(found[2].replace(",", ".")))
    except (BadArgument, InvalidOperation):
        raise FormatError("the amount has too many digits", place=one.place, field="32B", text=text) from None


def _day(general: Sequence) -> date:
    text = general.need("30").strip()
    try:
        day = read_day(text, "ymd")
    except ValueError:
        day = None
    if day is None:
        raise FormatError("this is no day", place=general.place, field="30", text=text)
    return day


FORMATS = (PaymentFormat("mt101", "SWIFT MT101 request for transfer", sniff, read, takes_charset=True),)
