"""The GPC writer: nothing is cut, replaced or left out silently.

A value that a field can't hold (too long, too large, a character outside cp1250, more than two decimals) is a
BadArgument that names it. Columns without a place in the format (such as end_to_end_id) are not written:

    text of record 075    counterparty_name when there is a counterparty_account, else additional_info
    records 078, 079      remittance, up to 140 characters

Accounts are Czech or Slovak: prefix-base, a number of up to 16 digits, or an IBAN. A value day that is not
known is the booking day when it is read back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow.compute as pc

from bankklient_lab.errors import BadArgument
from bankklient_lab.formats.base import StatementSet
from bankklient_lab.formats.currencies import iso_number
from bankklient_lab.formats.gpc_layout import ENTRY, MESSAGE, MESSAGE_CHARS, STATEMENT, Profile, profile_of

ENCODING = "cp1250"
_IBAN = re.compile(r"(?:CZ|SK)\d{2}(?P<bank>\d{4})(?P<prefix>\d{6})(?P<base>\d{10})")
_NUMBER = re.compile(r"(?:(?P<prefix>\d{1,6})-(?P<base>\d{1,10})|(?P<whole>\d{1,16}))")
_MESSAGE_TYPES = ("078", "079")
_DEFAULT_REVERSALS = ("4", "5")  # of debits, of credits


def lines(statements: StatementSet) -> Iterator[bytes]:
    """Yield the file in pieces, one per statement."""
    for statement in statements.statements.to_pylist():
        number = statement["statement_no"]
        chosen = statements.entries.filter(pc.equal(statements.entries["statement_no"], number))
        yield "".join(_statement(statement, chosen.to_pylist())).encode(ENCODING)


def _statement(statement: dict[str, Any], entries: list[dict[str, Any]]) -> Iterator[str]:
    place = f"statement {statement['statement_no']}"
    for name in ("account", "opening", "closing", "closing_day"):
        if statement[name] is None:
            raise BadArgument(f"{place}: a GPC statement needs {name}", field=name)
    opening_day = statement["opening_day"]
    if opening_day is None and statement["first_day"]:
        opening_day = statement["first_day"] - timedelta(days=1)
    account, _ = _account(statement["account"], place, "account")
    profile = profile_of(statement["bank"]) if statement["bank"] else None
    following = [
        line for entry in entries for line in _entry(entry, account, profile, f"{place}, entry {entry['entry_no']}")
    ]
    debit = -sum((entry["amount"] for entry in entries if _is_debit(entry)), Decimal(0))
    credit = sum((entry["amount"] for entry in entries if not _is_debit(entry)), Decimal(0))
    values = {
        "type": "074",
        "account": account,
        "account_name": _text(statement["account_name"], place, "account_name"),
        "opening_day": opening_day,
        "opening": abs(statement["opening"]),
        "opening_sign": "-" if statement["opening"] < 0 else "+",
        "closing": abs(statement["closing"]),
        "closing_sign": "-" if statement["closing"] < 0 else "+",
        "debit": abs(debit),
        "debit_sign": "-" if debit < 0 else "0",
        "credit": abs(credit),
        "credit_sign": "-" if credit < 0 else "0",
        "number": _text(statement["number"], place, "number").rjust(3, "0"),
        "closing_day": statement["closing_day"],
    }
    yield STATEMENT.write(values, place) + "\r\n"
    yield from following


def _entry(entry: dict[str, Any], account: str, profile: Profile | None, place: str) -> Iterator[str]:
    for name in ("amount", "booking_day"):
        if entry[name] is None:
            raise BadArgument(f"{place}: a GPC entry needs {name}", field=name)
    if entry["status"] not in (None, "BOOK"):
        raise BadArgument(f"{place}: GPC holds booked entries only, this one is {entry['status']}", field="status")
    currency = iso_number(entry["currency"] or "")
    if currency is None:
        raise BadArgument(f"{place}: {entry['currency']!r} has no ISO 4217 number", field="currency")
    counterparty, bank = _account(entry["counterparty_account"], place, "counterparty_account")
    text_column = "counterparty_name" if entry["counterparty_account"] else "additional_info"
    values = {
        "type": "075",
        "account": account,
        "counterparty_account": counterparty,
        "bank_reference": entry["bank_reference"],
        "amount": abs(entry["amount"]),
        "posting_code": _posting_code(entry, profile),
        "variable_symbol": entry["variable_symbol"],
        "counterparty_bank": bank or entry["counterparty_bank"],
        "constant_symbol": entry["constant_symbol"],
        "specific_symbol": entry["specific_symbol"],
        "value_day": entry["value_day"],
        "text": _text(entry[text_column], place, text_column),
        "currency": currency,
        "booking_day": entry["booking_day"],
    }
    yield ENTRY.write(values, place) + "\r\n"
    remittance = _text(entry["remittance"], place, "remittance")
    if len(remittance) > MESSAGE_CHARS * len(_MESSAGE_TYPES):
        limit = MESSAGE_CHARS * len(_MESSAGE_TYPES)
        raise BadArgument(f"{place}, remittance {remittance!r}: longer than {limit} characters", field="remittance")
    for at, type_ in zip(range(0, len(remittance), MESSAGE_CHARS), _MESSAGE_TYPES, strict=False):
        yield MESSAGE.write({"type": type_, "text": remittance[at : at + MESSAGE_CHARS]}, place) + "\r\n"


def _is_debit(entry: dict[str, Any]) -> bool:
    """Tell whether an entry belongs to the debit turnover: debits, and credits that take a debit back."""
    return (entry["amount"] < 0) is not bool(entry["reversal"])


def _posting_code(entry: dict[str, Any], profile: Profile | None) -> str:
    if not entry["reversal"]:
        return "1" if _is_debit(entry) else "2"
    debit, credit = (profile.debit_reversal, profile.credit_reversal) if profile else _DEFAULT_REVERSALS
    return debit if _is_debit(entry) else credit


def _account(text: str | None, place: str, name: str) -> tuple[str, str | None]:
    """Return the 16 digits of an account and the bank code of an IBAN."""
    compact = (text or "").replace(" ", "")
    if not compact:
        return "0" * 16, None
    if iban := _IBAN.fullmatch(compact):
        return iban["prefix"] + iban["base"], iban["bank"]
    number = _NUMBER.fullmatch(compact)
    if not number:
        reason = "no Czech or Slovak account of up to 6 and 10 digits, which is all that GPC holds"
        raise BadArgument(f"{place}, {name} {text!r}: {reason}", field=name, value=compact)
    if number["whole"]:
        return number["whole"].zfill(16), None
    return number["prefix"].zfill(6) + number["base"].zfill(10), None


def _text(value: str | None, place: str, name: str) -> str:
    """Return a text that the encoding holds; BadArgument otherwise."""
    text = value or ""
    try:
        text.encode(ENCODING)
    except UnicodeEncodeError as error:
        raise BadArgument(
            f"{place}, {name} {text!r}: {ENCODING} has no {text[error.start]!r}", field=name, value=text
        ) from None
    return text
