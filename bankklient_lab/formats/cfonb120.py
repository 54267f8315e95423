"""CFONB 120, the account statement of French banks: fixed records of 120 characters.

    01 old balance    04 movement    05 more about the movement    07 new balance

Each pair of 01 and 07 is a statement. The last character of an amount carries its sign ({ and A to I are
positive, } and J to R negative), position 20 the number of its decimals. The account is bank, branch and
number as written. CFONB 240, which carries payment orders, is recognised in order to be refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO

from bankklient_lab.errors import FormatError, HintNeeded
from bankklient_lab.formats.base import Format, Hints, Part, clean
from bankklient_lab.formats.line_reader import LineReader, add_line
from bankklient_lab.formats.periods import earlier, first_day
from bankklient_lab.formats.records import DAY_DMY, TEXT, Codec, Field, Record
from bankklient_lab.formats.schema import Kind
from bankklient_lab.money import SCALE

WIDTH = 120
_POSITIVE, _NEGATIVE = "{ABCDEFGHI", "}JKLMNOPQR"
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?01[^\r\n]{88}\d{13}[{}A-R]")
_HEAD_240 = re.compile(rb"(?:\xef\xbb\xbf)?3[0-9]0{5}1\d{8}[A-Z ] {4}\d{21} ")


def _read_overpunched(text: str) -> int:
    digit = (_POSITIVE + _NEGATIVE).find(text[-1:] or " ")
    if digit < 0 or not re.fullmatch(r"[0-9]{13}", text[:-1]):
        raise ValueError("13 digits and a letter for the last digit and the sign are expected")
    units = int(text[:-1] + str(digit % 10))
    return units if digit < 10 else -units


def _write_overpunched(value: int, width: int) -> str:
    digits = str(abs(value)).zfill(width)
    return digits[:-1] + (_POSITIVE if value >= 0 else _NEGATIVE)[int(digits[-1])]


_AMOUNT = Codec("bad_amount", _read_overpunched, _write_overpunched)
_ACCOUNT_FIELDS = (
    Field("type", 1, 2, TEXT),
    Field("bank", 3, 7, TEXT),
    Field("branch", 12, 16, TEXT),
    Field("currency", 17, 19, TEXT),
    Field("decimals", 20, 20, TEXT),
    Field("account", 22, 32, TEXT),
    Field("day", 35, 40, DAY_DMY),
)
BALANCE = Record(WIDTH, *_ACCOUNT_FIELDS, Field("amount", 91, 104, _AMOUNT))
MOVEMENT = Record(
    WIDTH,
    *_ACCOUNT_FIELDS,
    Field("operation", 33, 34, TEXT),
    Field("value_day", 43, 48, DAY_DMY),
    Field("label", 49, 79, TEXT),
    Field("number", 82, 88, TEXT),
    Field("amount", 91, 104, _AMOUNT),
    Field("reference", 105, 120, TEXT),
)
MORE = Record(WIDTH, Field("type", 1, 2, TEXT), Field("qualifier", 46, 48, TEXT), Field("text", 49, 118, TEXT))

# Where the text of a record 05 goes; the other qualifiers are in the entry's raw text.
_COLUMN_BY_QUALIFIER = {
    "LIB": "remittance",
    "LCC": "remittance",
    "LC2": "remittance",
    "LCS": "remittance",
    "NPY": "counterparty_name",
    "NBE": "counterparty_name",
    "CPY": "counterparty_account",
    "CBE": "counterparty_account",
    "IBE": "creditor_id",
    "RCN": "end_to_end_id",
    "RUM": "mandate_id",
}
_REFERENCE_CHARS = 35  # of an identification at the start of the text


def sniff(head: bytes) -> str | None:
    """Return "CFONB120" for a file that starts with an old balance, "CFONB240" for payment orders."""
    if _HEAD.match(head):
        return "CFONB120"
    return "CFONB240" if _HEAD_240.match(head) else None


def read(source: BinaryIO, hints: Hints) -> Iterator[Part]:
    """Yield the parts of a CFONB 120 file; FormatError for a statement without its new balance."""
    return _Reader(hints).read(source)


class _Reader(LineReader):
    def end_of_file(self, place: str) -> None:
        if self._statement or not self.last_no:
            raise FormatError("the file stops before the new balance, record 07", place=place)

    def take(self, line: str, place: str) -> None:
        kind = line[:2]
        if kind in ("31", "34", "39"):
            raise FormatError(
                "this is CFONB 240, which carries payment orders and no statement", place=place, text=line
            )
        if kind == "01":
            self._begin(line, place)
            return
        if self._statement is None:
            raise FormatError("no old balance, record 01, stands before it", place=place, text=line)
        if kind == "04":
            self._movement(self._statement, line, place)
        elif kind == "05" and self._entry:
            self._more(self._entry, line, place)
        elif kind == "07":
            self._end(self._statement, line, place)
        else:
            self.misplaced(line, place, known=kind == "05")

    def _begin(self, line: str, place: str) -> None:
        if self._statement:
            raise FormatError("the statement before has no new balance, record 07", place=place, text=line)
        said = BALANCE.read(line, place)
        currency = said["currency"] or self.hints.currency
        if not currency:
            raise HintNeeded("currency", "the old balance names no currency", place=place)
        account = "".join(said[name] or "" for name in ("bank", "branch", "account"))
        if not account:
            raise FormatError("the old balance names no account", place=place, text=line)
        self.last_no += 1
        self._statement = {
            "said": said,
            "account": account,
            "currency": currency,
            "opening": self._balance(said, place),
            "raw": [line],
            "place": place,
            "entries": 0,
            "first_day": None,
        }

    def _balance(self, said: dict[str, Any], place: str) -> Decimal:
        places = _decimals(said)
        if places is None:
            raise FormatError(
                f"0 to {SCALE} decimals are possible", place=place, field="decimals", text=str(said["decimals"])
            )
        return Decimal(said["amount"]).scaleb(-places)

    def _movement(self, statement: dict[str, Any], line: str, place: str) -> None:
        self._finish_entry()
        statement["entries"] += 1
        said = MOVEMENT.read(line, place, self.noting(place))
        places = _decimals(said)
        if places is None:
            self.note("too_many_decimals", place, "decimals", said["decimals"])
        known = places is not None and said["amount"] is not None
        statement["first_day"] = earlier(statement["first_day"], said["day"])
        self._entry = {
            "statement_no": self.last_no,
            "entry_no": statement["entries"],
            "booking_day": said["day"],
            "value_day": said["value_day"],
            "amount": Decimal(said["amount"]).scaleb(-(places or 0)) if known else None,
            "currency": said["currency"] or statement["currency"],
            "status": "BOOK",
            "reversal": False,
            "bank_reference": said["number"] if (said["number"] or "").strip("0") else None,
            "client_reference": said["reference"],
            "transaction_code": said["operation"],
            "additional_info": clean(said["label"]),
            "detail_count": 0,
            "raw": [line],
            "place": place,
            "texts": {},
        }

    def _more(self, entry: dict[str, Any], line: str, place: str) -> None:
        """Add what a record 05 says of the entry before it."""
        add_line(entry["raw"], line, place)
        said = MORE.read(line, place)
        qualifier, text = said["qualifier"], said["text"] or ""
        if qualifier == "MMO":
            self._original_amount(entry, line, place)
        column = _COLUMN_BY_QUALIFIER.get(qualifier or "")
        if column:
            short = column in ("creditor_id", "end_to_end_id", "mandate_id", "counterparty_account")
            entry["texts"].setdefault(column, []).append(text[:_REFERENCE_CHARS] if short else text)

    def _original_amount(self, entry: dict[str, Any], line: str, place: str) -> None:
        """Read currency (3), decimals (1) and amount (14) at the start of the text."""
        text = line[48:66]
        found = re.fullmatch(rf"([A-Z]{{3}})([0-{SCALE}])([0-9]{{13}})([0-9{{}}A-R])", text)
        if not found:
            self.note("bad_amount", place, "MMO", text)
            return
        currency, places, digits, last = found.groups()
        last = last if last.isdigit() else str((_POSITIVE + _NEGATIVE).find(last) % 10)
        entry["original_amount"] = Decimal(digits + last).scaleb(-int(places))
        entry["original_currency"] = currency

    def _finish_entry(self) -> None:
        if self._entry is None:
            return
        entry, self._entry = self._entry, None
        for column, texts in entry.pop("texts").items():
            entry[column] = clean(" ".join(texts))
        self.keep(Kind.ENTRY, entry)

    def _end(self, statement: dict[str, Any], line: str, place: str) -> None:
        self._finish_entry()
        said, opening = BALANCE.read(line, place), statement["said"]
        if any(said[name] != opening[name] for name in ("bank", "branch", "account")):
            self.note("account_differs", place, "account", line[:32])
        last_day = said["day"]
        self.keep(
            Kind.STATEMENT,
            {
                "statement_no": self.last_no,
                "interim": False,
                "account": statement["account"],
                "bank": opening["bank"] or self.hints.bank,
                "currency": statement["currency"],
                "first_day": first_day(opening["day"], statement["first_day"], last_day),
                "last_day": last_day,
                "opening": statement["opening"],
                "opening_day": opening["day"],
                "closing": self._balance(said, place),
                "closing_day": last_day,
                "raw": [*statement["raw"], line],
                "place": statement["place"],
            },
        )
        self._statement = None


def _decimals(said: dict[str, Any]) -> int | None:
    """Return the number of decimals, None when an amount can't have that many."""
    text = said["decimals"] or ""
    return int(text) if text in tuple("0123"[: SCALE + 1]) else None


FORMATS = (Format("cfonb120", "CFONB 120 statement", sniff, read),)
