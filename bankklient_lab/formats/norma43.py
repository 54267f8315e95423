"""Norma 43 (AEB 43), the account statement of Spanish banks: fixed records of 80 characters.

    11 account    22 movement    23 concepts of the movement    24 its amount in another currency
    33 end of account    88 end of file

Amounts have two decimals and a digit for the side: 1 debit, 2 credit. The account is bank, branch and number
as written, without the two check digits of the IBAN. An account without its record 33 is refused; some banks
leave record 88 out, which is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO

from bankklient_lab.errors import FormatError, HintNeeded
from bankklient_lab.formats.base import Format, Hints, Part, clean
from bankklient_lab.formats.currencies import iso_currency
from bankklient_lab.formats.line_reader import LineReader, add_line
from bankklient_lab.formats.records import AMOUNT_2, DAY_YMD, NUMBER, TEXT, Field, Record, side
from bankklient_lab.formats.schema import Kind

WIDTH = 80
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?11\d{18}\d{12}[12]\d{14}\d{3}")
_SIDE = side(credit="2", debit="1")
_MOVEMENT_SIDE = _SIDE._replace(finding="bad_amount")
_ACCOUNT_FIELDS = (
    Field("type", 1, 2, TEXT),
    Field("bank", 3, 6, TEXT),
    Field("branch", 7, 10, TEXT),
    Field("account", 11, 20, TEXT),
)
OPENING = Record(
    WIDTH,
    *_ACCOUNT_FIELDS,
    Field("first_day", 21, 26, DAY_YMD),
    Field("last_day", 27, 32, DAY_YMD),
    Field("side", 33, 33, _SIDE),
    Field("amount", 34, 47, AMOUNT_2),
    Field("currency", 48, 50, NUMBER),
    Field("name", 52, 77, TEXT),
)
MOVEMENT = Record(
    WIDTH,
    Field("type", 1, 2, TEXT),
    Field("booking_day", 11, 16, DAY_YMD),
    Field("value_day", 17, 22, DAY_YMD),
    Field("common_concept", 23, 24, TEXT),
    Field("own_concept", 25, 27, TEXT),
    Field("side", 28, 28, _MOVEMENT_SIDE),
    Field("amount", 29, 42, AMOUNT_2),
    Field("document", 43, 52, TEXT),
    Field("reference_1", 53, 64, TEXT),
    Field("reference_2", 65, 80, TEXT),
)
CONCEPTS = Record(
    WIDTH,
    Field("type", 1, 2, TEXT),
    Field("concept_1", 5, 42, TEXT),
    Field("concept_2", 43, 80, TEXT),
)
ORIGINAL = Record(
    WIDTH,
    Field("type", 1, 2, TEXT),
    Field("currency", 5, 7, NUMBER),
    Field("amount", 8, 21, AMOUNT_2),
)
CLOSING = Record(
    WIDTH,
    *_ACCOUNT_FIELDS,
    Field("debits", 21, 25, NUMBER),
    Field("debit_sum", 26, 39, AMOUNT_2),
    Field("credits", 40, 44, NUMBER),
    Field("credit_sum", 45, 58, AMOUNT_2),
    Field("side", 59, 59, _SIDE),
    Field("amount", 60, 73, AMOUNT_2),
    Field("currency", 74, 76, NUMBER),
)
FILE_END = Record(WIDTH, Field("type", 1, 2, TEXT), Field("records", 21, 26, NUMBER))


def sniff(head: bytes) -> str | None:
    """Return "N43" for a file that starts with the opening record of an account."""
    return "N43" if _HEAD.match(head) else None


def read(source: BinaryIO, hints: Hints) -> Iterator[Part]:
    """Yield the parts of a Norma 43 file; FormatError for an account without its end."""
    return _Reader(hints).read(source)


class _Reader(LineReader):
    def __init__(self, hints: Hints) -> None:
        super().__init__(hints)
        self._records = 0
        self._file_ended = False

    def end_of_file(self, place: str) -> None:
        if self._statement or not self.last_no:
            raise FormatError("the file stops before the end of an account, record 33", place=place)
        if not self._file_ended:
            self.findings.add("missing_field", place="end of the file", field="record 88")

    def take(self, line: str, place: str) -> None:
        self._records += 1
        kind = line[:2]
        if kind == "11":
            self._begin(line, place)
        elif kind == "88":
            self._end_file(line, place)
        elif self._statement is None:
            raise FormatError("no account, record 11, is open here", place=place, text=line)
        elif kind == "22":
            self._movement(self._statement, line, place)
        elif kind in ("23", "24") and self._entry:
            self._more(self._entry, line, place)
        elif kind == "33":
            self._end(self._statement, line, place)
        else:
            self.misplaced(line, place, known=kind in ("23", "24"))

    def _begin(self, line: str, place: str) -> None:
        if self._statement:
            raise FormatError("the account before has no end, record 33", place=place, text=line)
        self.last_no += 1
        said, balance = self._balance(OPENING, line, place)
        self._file_ended = False
        self._statement = {
            "said": said,
            "opening": balance,
            "currency": self._currency(said["currency"], place),
            "raw": [line],
            "place": place,
            "entries": 0,
        }

    def _balance(self, record: Record, line: str, place: str) -> tuple[dict[str, Any], Decimal]:
        """Return the fields of a record with a balance, and the balance: a credit where the side is missing."""

        def bad(code: str, field: str, text: str) -> None:
            if field != "side":
                raise FormatError("this can't be read", place=place, field=field, text=text)
            self.note(code, place, field, text)

        said = record.read(line, place, bad)
        amount: Decimal = said["amount"]
        return said, -amount if said["side"] == -1 else amount

    def _currency(self, number: int, place: str) -> str:
        currency = iso_currency(number) or self.hints.currency
        if currency is None:
            raise HintNeeded("currency", f"{number:03} is no number of an ISO 4217 currency", place=place)
        return currency

    def _movement(self, statement: dict[str, Any], line: str, place: str) -> None:
        self._finish_entry()
        statement["entries"] += 1
        entry_no = statement["entries"]
        said = MOVEMENT.read(line, place, self.noting(place, entry_no=entry_no))
        known = said["amount"] is not None and said["side"] is not None
        self._entry = {
            "statement_no": self.last_no,
            "entry_no": entry_no,
            "booking_day": said["booking_day"],
            "value_day": said["value_day"],
            "amount": said["amount"] * said["side"] if known else None,
            "currency": statement["currency"],
            "status": "BOOK",
            "reversal": False,
            "bank_reference": _unless_zeros(said["document"]),
            "client_reference": _unless_zeros(said["reference_1"]),
            "transaction_code": "/".join(filter(None, (said["common_concept"], said["own_concept"]))) or None,
            "additional_info": clean(_unless_zeros(said["reference_2"])),
            "detail_count": 0,
            "raw": [line],
            "place": place,
            "texts": [],
        }

    def _more(self, entry: dict[str, Any], line: str, place: str) -> None:
        """Add what a record 23 or 24 says of the entry before it."""
        add_line(entry["raw"], line, place)
        if line.startswith("23"):
            said = CONCEPTS.read(line, place)
            entry["texts"] += [said["concept_1"] or "", said["concept_2"] or ""]
            return
        said = ORIGINAL.read(line, place, self.noting(place))
        if said["amount"] is not None and said["currency"] is not None:
            entry["original_amount"] = said["amount"]
            entry["original_currency"] = iso_currency(said["currency"]) or f"{said['currency']:03}"

    def _finish_entry(self) -> None:
        if self._entry is None:
            return
        entry, self._entry = self._entry, None
        entry["remittance"] = clean(" ".join(entry["texts"]))
        self.keep(Kind.ENTRY, entry)

    def _end(self, statement: dict[str, Any], line: str, place: str) -> None:
        self._finish_entry()
        opening = statement["said"]
        said, balance = self._balance(CLOSING, line, place)
        if any(said[name] != opening[name] for name in ("bank", "branch", "account")):
            self.note("account_differs", place, "account", line[2:20])
        self.keep(
            Kind.STATEMENT,
            {
                "statement_no": self.last_no,
                "interim": False,
                "account": "".join(opening[name] or "" for name in ("bank", "branch", "account")),
                "bank": opening["bank"],
                "currency": statement["currency"],
                "account_name": clean(opening["name"]),
                "first_day": opening["first_day"],
                "last_day": opening["last_day"],
                "opening": statement["opening"],
                "opening_day": opening["first_day"],
                "closing": balance,
                "closing_day": opening["last_day"],
                "declared_entries": said["debits"] + said["credits"],
                "declared_credit": said["credit_sum"],
                "declared_debit": said["debit_sum"],
                "raw": [*statement["raw"], line],
                "place": statement["place"],
            },
        )
        self._statement = None

    def _end_file(self, line: str, place: str) -> None:
        if self._statement:
            raise FormatError("the account has no end, record 33", place=place, text=line)
        stated: int = FILE_END.read(line, place)["records"]
        if stated not in (self._records, self._records - 1):  # banks differ in counting record 88 itself
            value = f"{stated}, counted {self._records}"
            self.findings.add("declared_totals_differ", place=place, field="number of records", value=value)
        self._file_ended = True


def _unless_zeros(text: str | None) -> str | None:
    return text if text and text.strip("0 ") else None


FORMATS = (Format("norma43", "Norma 43 statement", sniff, read),)
