"""Writes MT940 customer statements: one message a statement, CRLF, :86: in the German structure.

What an MT940 carries is named in CARRIED: reading the file back gives these columns as they were. Within them

- texts are on one line, runs of white space are one space; characters outside ASCII are written as UTF-8, nothing is
  transliterated; lengths of SWIFT (16 characters of a reference, 27 of a sub-field) are exceeded rather than text cut;
- a transaction code is a SWIFT type (NTRF) or a German business code (166), any other is written as NMSC;
- entries that are not booked are left out.

A bank's BIC stands in SWIFT blocks around the message, a national bank code beside the account.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

import pyarrow as pa

from bankklient_lab.errors import BadArgument
from bankklient_lab.formats.base import BATCH_ROWS, StatementSet, clean
from bankklient_lab.formats.mt940_details import LINE_CHARS, PIECE_CHARS, REMITTANCE_PIECES
from bankklient_lab.formats.mt940_entries import POINTERS
from bankklient_lab.formats.records import CENTURY_PIVOT
from bankklient_lab.formats.schema import Kind
from bankklient_lab.money import decimals

Row: TypeAlias = Mapping[str, Any]

CARRIED: dict[Kind, tuple[str, ...]] = {
    Kind.STATEMENT: (
        *("statement_no", "interim", "account", "bank", "currency", "number", "page", "reference"),
        *("opening", "opening_day", "closing", "closing_day", "available"),
    ),
    Kind.BALANCE: ("statement_no", "balance_type", "day", "amount", "currency"),
    Kind.ENTRY: (
        *("statement_no", "entry_no", "booking_day", "value_day", "amount", "currency", "status", "reversal"),
        *("counterparty_name", "counterparty_account", "counterparty_bank"),
        *("variable_symbol", "constant_symbol", "specific_symbol", "end_to_end_id", "mandate_id", "creditor_id"),
        *("bank_reference", "client_reference", "transaction_code", "remittance", "additional_info"),
        *("original_amount", "original_currency", "exchange_rate", "charges"),
    ),
}

_END = "\r\n"
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?!XXX)(?:[A-Z0-9]{3})?")
_CZECH_ACCOUNT = re.compile(r"(?:\d{1,6}-)?\d{2,10}")
_TYPE = re.compile(r"(?!NONR)[A-Z][A-Z0-9]{1,3}")
_BUSINESS_CODE = re.compile(r"(?!000)\d{3}")
_PLAIN_REFERENCE = re.compile(r"(?![A-Z]{2}\d\d[A-Z]{4})(?!.*  )[^/\s](?:[^/]{0,14}[^/\s])?")
_SIGNS = "?~^|#$*@!<>"
_RATE = re.compile(r"[\d.,]+")
_SYMBOLS = {"VS": "variable_symbol", "KS": "constant_symbol", "SS": "specific_symbol"}
_SEPA = {"EREF+": "end_to_end_id", "MREF+": "mandate_id", "CRED+": "creditor_id", "SVWZ+": "remittance"}


def write(statements: StatementSet) -> Iterator[bytes]:
    """Yield one file; BadArgument for what an MT940 can't say (no balance, an interim report, a far value date)."""
    entries = groupby(_rows(statements.entries), itemgetter("statement_no"))
    balances = groupby(_rows(statements.balances), itemgetter("statement_no"))
    entries_no, own_entries = next(entries, (None, iter(())))
    balances_no, own_balances = next(balances, (None, iter(())))
    for statement in _rows(statements.statements):
        number = statement["statement_no"]
        others = list(own_balances) if balances_no == number else []
        yield _head(statement, others).encode()
        if entries_no == number:
            for entry in own_entries:
                if entry["status"] == "BOOK":
                    yield _entry(entry).encode()
            entries_no, own_entries = next(entries, (None, iter(())))
        if balances_no == number:
            balances_no, own_balances = next(balances, (None, iter(())))
        yield _foot(statement, others).encode()


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=BATCH_ROWS):
        yield from batch.to_pylist()


def _text(value: str | None) -> str:
    return clean(value) or ""


def _day(day: date) -> str:
    if not 1900 + CENTURY_PIVOT <= day.year < 2000 + CENTURY_PIVOT:
        raise BadArgument(f"MT940 has two digits for the year, which can't hold {day}")
    return day.strftime("%y%m%d")


def _amount(amount: Decimal, currency: str | None) -> str:
    """Return an unsigned amount with the decimals of the currency, more when the amount has more."""
    text = f"{abs(amount):.3f}"
    keep = decimals(currency or "")
    shown = text[: len(text) - 3 + keep] + text[len(text) - 3 + keep :].rstrip("0")
    return shown.replace(".", ",")


def _balance(tag: str, amount: Decimal, day: date, currency: str) -> str:
    return f":{tag}:{'D' if amount < 0 else 'C'}{_day(day)}{currency}{_amount(amount, currency)}{_END}"


def _has_blocks(statement: Row) -> bool:
    return bool(_BIC.fullmatch(statement["bank"] or ""))


def _head(statement: Row, balances: list[dict[str, Any]]) -> str:
    place = f"statement {statement['statement_no']}"
    if statement["interim"]:
        raise BadArgument(f"{place} is an interim report; an MT940 is only written of booked statements")
    missing = [name for name in ("account", "currency", "opening", "closing", "closing_day") if statement[name] is None]
    if missing:
        raise BadArgument(f"{place} has no {missing[0]}, which an MT940 must have")
    lines = []
    if _has_blocks(statement):
        bank = statement["bank"]
        terminal = f"{bank[:8]}X{bank[8:] or 'XXX'}"
        lines.append(f"{{1:F01{terminal}0000000000}}{{2:I940{terminal}N}}{{4:")
    page = f"/{statement['page']}" if statement["page"] is not None else ""
    lines += [
        f":20:{_text(statement['reference']) or 'NONREF'}",
        f":25:{_account(statement)}",
        f":28C:{_text(statement['number']) or '0'}{page}",
    ]
    opening = _balance(
        _frame("60", "OPBD", balances),
        statement["opening"],
        statement["opening_day"] or statement["closing_day"],
        statement["currency"],
    )
    return _END.join(lines) + _END + opening


def _foot(statement: Row, balances: list[dict[str, Any]]) -> str:
    currency, day = statement["currency"], statement["closing_day"]
    text = _balance(_frame("62", "CLBD", balances), statement["closing"], day, currency)
    if statement["available"] is not None and not any(row["balance_type"] == "CLAV" for row in balances):
        text += _balance("64", statement["available"], day, currency)
    for row in balances:
        tag = {"CLAV": "64", "FWAV": "65"}.get(row["balance_type"])
        if tag:
            text += _balance(tag, row["amount"], row["day"] or day, row["currency"] or currency)
    return text + ("-}" if _has_blocks(statement) else "-") + _END


def _frame(tag: str, final: str, balances: list[dict[str, Any]]) -> str:
    """Return 60F or 62F, or with M when the balances say that the statement goes on over several messages."""
    kinds = {row["balance_type"] for row in balances}
    return tag + ("M" if "ITBD" in kinds and final not in kinds else "F")


def _account(statement: Row) -> str:
    account, bank = _text(statement["account"]), _text(statement["bank"])
    if not bank or _has_blocks(statement):
        return account
    if len(bank) == 4 and _CZECH_ACCOUNT.fullmatch(account):
        return f"{account}/{bank}"
    return f"{bank}/{account}"


def _entry(entry: Row) -> str:
    place = f"entry {entry['entry_no']} of statement {entry['statement_no']}"
    if entry["amount"] is None:
        raise BadArgument(f"{place} has no amount, which an MT940 must have")
    booked = entry["booking_day"] or entry["value_day"]
    if booked is None:
        raise BadArgument(f"{place} has no day, which an MT940 must have")
    valued = entry["value_day"] or booked
    if abs((booked.year - valued.year) * 12 + booked.month - valued.month) > 5:
        raise BadArgument(
            f"{place} is booked on {booked} with value date {valued}; an MT940 can't say days half a year apart"
        )
    mark = ("RC" if entry["amount"] < 0 else "RD") if entry["reversal"] else ("D" if entry["amount"] < 0 else "C")
    code = entry["transaction_code"] or ""
    kind = code.ljust(4) if _TYPE.fullmatch(code) else "NMSC"
    own = _text(entry["client_reference"])
    in_line = own if _PLAIN_REFERENCE.fullmatch(own) and own not in POINTERS else ""
    bank = _text(entry["bank_reference"])
    return (
        f":61:{_day(valued)}{booked:%m%d}{mark}{_amount(entry['amount'], entry['currency'])}{kind}"
        f"{in_line or ('KREF+' if own else 'NONREF')}{bank and '//' + bank}{_END}"
        + _details(entry, code, "" if in_line else own)
    )


def _details(entry: Row, code: str, reference: str) -> str:
    """Return :86: in lines, nothing when the entry has nothing to say there."""
    words = "".join(f"{word}{_text(entry[name])}" for word, name in _SEPA.items() if entry[name])
    words = (f"KREF+{reference}" if reference else "") + words
    name = _text(entry["counterparty_name"])
    fields = [
        (64, _marked(entry)),
        (0, _text(entry["additional_info"])),
        *zip(REMITTANCE_PIECES, _chunks(words, len(REMITTANCE_PIECES)), strict=False),
        (30, _text(entry["counterparty_bank"])),
        (31, _text(entry["counterparty_account"]).replace(" ", "")),
        *zip((32, 33), _chunks(name, 2), strict=False),
    ]
    given = [(number, text) for number, text in fields if text]
    if _BUSINESS_CODE.fullmatch(code):
        given = given or [(0, "")]
    elif given:
        code = "000"
    else:
        return ""
    sign = _sign("\n".join(text for _, text in given))
    return ":86:" + _wrapped(code + "".join(f"{sign}{number:02}{text}" for number, text in given)) + _END


def _marked(entry: Row) -> str:
    """Return what has no sub-field of its own: Czech symbols, amount before conversion, charges and rate."""
    parts = [f"{label}:{entry[name]}/" for label, name in _SYMBOLS.items() if entry[name]]
    if entry["original_amount"] is not None and entry["original_currency"]:
        currency = entry["original_currency"]
        parts.append(f"/OCMT/{currency}{_amount(entry['original_amount'], currency)}/")
    if entry["charges"] is not None:
        parts.append(f"/CHGS/{entry['currency']}{_amount(entry['charges'], entry['currency'])}/")
    if entry["exchange_rate"] and _RATE.fullmatch(entry["exchange_rate"]):
        parts.append(f"/EXCH/{entry['exchange_rate']}/")
    return "".join(parts)


def _chunks(text: str, most: int) -> list[str]:
    """Part a text into full pieces; the last of at most `most` takes all that is left."""
    cuts = range(0, min(len(text), PIECE_CHARS * most), PIECE_CHARS)
    return [text[at : at + PIECE_CHARS] if at < PIECE_CHARS * (most - 1) else text[at:] for at in cuts]


def _sign(text: str) -> str:
    """Return the first sign that does not look like the beginning of a sub-field anywhere in the text."""
    free = (sign for sign in _SIGNS if not re.search(rf"{re.escape(sign)}[0-367]\d", text))
    return next(free, _SIGNS[0])


def _wrapped(text: str) -> str:
    """Part a text into lines; none begins like a field or the end of the message."""
    lines, at = [], 0
    while at < len(text):
        end = at + LINE_CHARS
        while end < len(text) and text[end] in ":-" and end > at + 1:
            end -= 1
        lines.append(text[at:end])
        at = end
    return _END.join(lines)
