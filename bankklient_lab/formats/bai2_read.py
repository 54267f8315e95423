"""The BAI2 reader: records are collected line by line, the transactions of a block become columns at once."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import FormatError, HintNeeded, LimitExceeded
from bankklient_lab.formats import columns
from bankklient_lab.formats.base import LIMITS, Findings, Hints, Part, Rows, clean, record_batch
from bankklient_lab.formats.columns import Decoder, Separated
from bankklient_lab.formats.records import read_day
from bankklient_lab.formats.schema import Kind
from bankklient_lab.formats.spans import Bools, Ints
from bankklient_lab.formats.texts import null_if_empty
from bankklient_lab.money import decimals

DEFAULT_CURRENCY = "USD"
INTERIM_MODIFIERS = ("1", "3")
REFUSED_STATUS = {"2": "deletes what was reported before", "4": "is a test"}
RECORD_STARTS = ("01,", "02,", "03,", "16,", "49,", "98,", "99,")
_SEVERAL_IN_A_LINE = re.compile(r"/[ \t]+(?=(?:0[123],|16,\d{3},|88,|(?:49|98|99),[-+]?\d))")
_CREDIT_CODES = ((100, 399), (720, 759), (920, 959))
_DEBIT_CODES = ((400, 699), (760, 760), (960, 999))
_FUNDS_WITH_FIELDS = ("V", "S", "D")
_BEFORE_TEXT = 6  # fields of a transaction before its text, without those of the funds type
STATEMENT_COLUMNS = (
    "statement_no",
    "interim",
    "account",
    "bank",
    "currency",
    "reference",
    "created_at",
    "first_day",
    "last_day",
    "opening",
    "opening_day",
    "closing",
    "closing_day",
    "available",
    "declared_entries",
    "declared_credit",
    "declared_debit",
    "raw",
    "place",
)


@dataclass(slots=True)
class _Group:
    bank: str | None
    day: date | None
    currency: str
    interim: bool
    raw: str
    first_record: int
    accounts: int = 0
    total: int = 0


@dataclass(slots=True)
class _Account:
    """An account of a group; `total` and `records` are counted to be compared with its trailer."""

    no: int
    number: str
    currency: str
    group: _Group
    place: str
    first_record: int
    raw: list[str]
    summary: list[tuple[str, int, int | None]]  # type code, amount in units, number of items
    total: int
    entries: int = 0
    trailer: tuple[int, str] | None = None  # stated total, place

    @property
    def places(self) -> int:
        """Decimals of the amounts."""
        return decimals(self.currency)

    def stated(self, code: str) -> Decimal | None:
        """Return the summary amount with this type code."""
        found = next((units for known, units, _ in self.summary if known == code), None)
        return None if found is None else Decimal(found).scaleb(-self.places)

    def items(self, code: str) -> int | None:
        """Return the number of items that the summary states for this type code."""
        return next((items for known, _, items in self.summary if known == code), None)


@dataclass(slots=True)
class _Entries:
    """The transactions of a block as their records; `further` holds the lines that continue one."""

    lines: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    further: dict[int, list[str]] = field(default_factory=dict)
    spans: list[tuple[_Account, int, int]] = field(default_factory=list)


class Reader:
    """Reads one file; `read` yields its parts."""

    def __init__(self, source: BinaryIO, hints: Hints) -> None:
        self._source = source
        self._hints = hints
        self._decoder = Decoder(("cp1252",), "")
        self._findings = Findings()
        self._statements = Rows(Kind.STATEMENT, STATEMENT_COLUMNS)
        self._balances = Rows(Kind.BALANCE, ("statement_no", "balance_type", "day", "amount", "currency"))
        self._file: list[str] | None = None
        self._group: _Group | None = None
        self._account: _Account | None = None
        self._last_no = 0
        self._groups = 0
        self._total = 0
        self._ended = False
        self._number = 0  # of the record; a line without a record code is none
        self._closed: list[_Account] = []

    def read(self) -> Iterator[Part]:
        """Yield statements, balances, entries and findings."""
        texts = (_one_record_a_line(text) for text in columns.blocks_of_text(self._source, self._decoder))
        for text, _ in columns.blocks_of_records(texts, RECORD_STARTS):
            lines = _lines(text)
            entries = self._collect(lines)
            if entries.lines:
                yield self._entries(entries)
            self._finish_accounts()
            yield from self._balances.drain()
            yield from self._statements.drain()
            yield from self._findings.drain()
        if not self._ended:
            raise FormatError("the file stops before its trailer record 99", place=f"record {self._number}")
        if self._decoder.replaced:
            self._findings.add("bad_character", value=self._decoder.encoding)
        yield from self._findings.close()

    def _collect(self, lines: list[str]) -> _Entries:
        """Take over whole records and return the transactions among them."""
        entries = _Entries()
        waiting: list[str] = []  # a record other than a transaction, until its last continuation
        waiting_number = start = 0
        number = self._number
        add_line, add_number = entries.lines.append, entries.numbers.append
        for line in lines:
            code = line[:3]
            number += 1
            if code == "16,":
                if waiting:
                    self._record(waiting, waiting_number)
                    waiting = []
                add_line(line)
                add_number(number)
            elif code in RECORD_STARTS:
                start = self._close_span(entries, start, f"record {number}")
                if waiting:
                    self._record(waiting, waiting_number)
                waiting, waiting_number = [line], number
            else:
                if code != "88,":
                    number -= 1
                    self._findings.add("unknown_record", place=f"record {number}", value=line)
                if waiting:
                    waiting.append(line)
                elif entries.lines:
                    entries.further.setdefault(len(entries.lines) - 1, []).append(line)
                else:
                    raise FormatError("nothing stands before this continuation", place=f"record {number}", text=line)
        self._number = number
        self._close_span(entries, start, f"record {number}")
        if waiting:
            self._record(waiting, waiting_number)
        return entries

    def _close_span(self, entries: _Entries, start: int, place: str) -> int:
        end = len(entries.lines)
        if end > start:
            if self._account is None:
                raise FormatError("transaction 16 outside of an account", place=place)
            entries.spans.append((self._account, start, end))
        return end

    def _record(self, lines: list[str], number: int) -> None:
        """Take over a record other than a transaction, with the lines that continue it."""
        place = f"record {number}"
        fields = ",".join(_body(line.removeprefix("88,")) for line in lines).split(",")
        raw = "\n".join(lines)
        match fields[0]:
            case "01":
                self._begin_file(fields, raw, place)
            case "02":
                self._begin_group(fields, raw, number)
            case "03":
                self._begin_account(fields, raw, number)
            case "49":
                self._end_account(fields, raw, number)
            case "98":
                self._end_group(fields, number)
            case _:
                self._end_file(fields, number)

    def _begin_file(self, fields: list[str], raw: str, place: str) -> None:
        if self._file is not None and not self._ended:
            raise FormatError("a file starts before the trailer 99 of the one before", place=place, text=raw)
        if _at(fields, 8) != "2":
            raise FormatError("only version 2 of BAI can be read", place=place, field="version", text=_at(fields, 8))
        self._file, self._ended, self._total, self._groups = [*fields, raw], False, 0, 0

    def _begin_group(self, fields: list[str], raw: str, number: int) -> None:
        place = f"record {number}"
        if self._file is None or self._ended or self._group:
            raise FormatError("a group starts outside of a file or before the trailer 98", place=place, text=raw)
        if reason := REFUSED_STATUS.get(_at(fields, 3)):
            raise FormatError(f"this group {reason}", place=place, field="group status", text=_at(fields, 3))
        day = self._day(_at(fields, 4), place, "as-of date")
        interim = _at(fields, 7) in INTERIM_MODIFIERS
        self._group = _Group(_at(fields, 2) or None, day, _at(fields, 6), interim, raw, number)
        self._groups += 1

    def _begin_account(self, fields: list[str], raw: str, number: int) -> None:
        place = f"record {number}"
        if self._group is None or self._account or self._file is None:
            raise FormatError("an account starts outside of a group or before the trailer 49", place=place, text=raw)
        account = _at(fields, 1) or self._hints.account
        if not account:
            raise HintNeeded("account", "the record names no account", place=place)
        currency = _at(fields, 2) or self._group.currency or self._hints.currency or DEFAULT_CURRENCY
        if not re.fullmatch("[A-Z]{3}", currency):
            raise FormatError("this is no ISO 4217 currency", place=place, field="currency", text=currency)
        self._last_no += 1
        if self._last_no > LIMITS.statements:
            raise LimitExceeded(f"more than {LIMITS.statements} statements", place=place)
        summary = self._summary(fields, place)
        total = sum(units for _, units, _ in summary)
        above = [self._file[-1], self._group.raw, raw]
        self._account = _Account(self._last_no, account, currency, self._group, place, number, above, summary, total)
        self._group.accounts += 1

    def _summary(self, fields: list[str], place: str) -> list[tuple[str, int, int | None]]:
        """Return the type codes of an account record with their amounts and numbers of items."""
        found: list[tuple[str, int, int | None]] = []
        at = 3
        while at < len(fields):
            code, amount, items = fields[at].strip(), _at(fields, at + 1), _at(fields, at + 2)
            if code and amount:
                units = _units(amount)
                if units is None:
                    self._findings.add(
                        "bad_amount", statement_no=self._last_no, place=place, field=f"type {code}", value=amount
                    )
                else:
                    found.append((code, units, int(items) if _is_number(items) else None))
            at += 4 + _funds_fields(fields[at + 3 : at + 5])
        return found

    def _end_account(self, fields: list[str], raw: str, number: int) -> None:
        if self._account is None:
            raise FormatError("trailer 49 outside of an account", place=f"record {number}", text=raw)
        account, self._account = self._account, None
        account.raw.append(raw)
        stated = _units(_at(fields, 1))
        if stated is None:
            raise FormatError("the control total is no number", place=f"record {number}", text=raw)
        account.trailer = (stated, f"record {number}")
        account.group.total += stated
        self._closed.append(account)
        self._compare("number of records", _at(fields, 2), number - account.first_record + 1, account.no, number)

    def _end_group(self, fields: list[str], number: int) -> None:
        if self._group is None or self._account:
            raise FormatError("trailer 98 outside of a group or before the trailer 49", place=f"record {number}")
        group, self._group = self._group, None
        self._total += _units(_at(fields, 1)) or 0
        self._compare("control total", _at(fields, 1), group.total, None, number)
        self._compare("number of accounts", _at(fields, 2), group.accounts, None, number)
        self._compare("number of records", _at(fields, 3), number - group.first_record + 1, None, number)

    def _end_file(self, fields: list[str], number: int) -> None:
        if self._file is None or self._group or self._ended:
            raise FormatError("trailer 99 outside of a file or before the trailer 98", place=f"record {number}")
        self._compare("control total", _at(fields, 1), self._total, None, number)
        self._compare("number of groups", _at(fields, 2), self._groups, None, number)
        self._ended = True

    def _compare(self, name: str, text: str, counted: int, statement_no: int | None, number: int) -> None:
        """Record a finding when a trailer states another number than was counted."""
        if _units(text) != counted:
            self._findings.add(
                "declared_totals_differ",
                statement_no=statement_no,
                place=f"record {number}",
                field=name,
                value=f"{text}, counted {counted}",
            )

    def _day(self, text: str, place: str, name: str) -> date | None:
        try:
            return read_day(text, "ymd")
        except ValueError as error:
            raise FormatError(str(error), place=place, field=name, text=text) from None

    def _entries(self, found: _Entries) -> Part:
        bodies = [line[:-1] if line[-1] == "/" else line for line in found.lines]
        raw = found.lines
        for at, further in found.further.items():
            bodies[at] = _merged(bodies[at], further)
            raw[at] = "\n".join([raw[at], *further])
        fields, dated = _regular(bodies)
        codes, amounts = fields.text(1), fields.text(2)
        after_funds = np.where(dated, 6, 4)
        accounts = [account for account, _, _ in found.spans]
        counts = [end - start for _, start, end in found.spans]
        label = np.repeat(np.arange(len(accounts)), counts)
        statement_no = np.array([account.no for account in accounts])[label]
        entry_no = np.concatenate(
            [
                np.arange(account.entries + 1, account.entries + 1 + count)
                for account, count in zip(accounts, counts, strict=True)
            ]
        )
        units, good = _all_units(amounts)
        found_codes = codes.dictionary_encode()
        side = np.array([_side(code.as_py()) for code in found_codes.dictionary])[found_codes.indices.to_numpy()]
        for code, name, bad, texts in (
            ("bad_amount", "amount", ~good, amounts),
            ("unknown_code", "type code", side == 0, codes),
        ):
            for at in np.flatnonzero(bad).tolist():
                self._findings.add(
                    code,
                    statement_no=int(statement_no[at]),
                    entry_no=int(entry_no[at]),
                    place=f"record {found.numbers[at]}",
                    field=name,
                    value=texts[at].as_py(),
                )
        for account, start, end in found.spans:
            account.entries += end - start
            account.total += columns.exact_sum(units[start:end])
        places: Ints = np.array([account.places for account in accounts])[label]
        take = pa.array(label)
        values = {
            "statement_no": pa.array(statement_no),
            "entry_no": pa.array(entry_no),
            "booking_day": pa.array([account.group.day for account in accounts], pa.date32()).take(take),
            "value_day": self._value_days(fields, dated, found),
            "amount": columns.amounts(units * side, places, good & (side != 0)),
            "currency": pa.array([account.currency for account in accounts]).take(take),
            "status": pa.repeat("BOOK", len(raw)),
            "reversal": pa.repeat(False, len(raw)),
            "bank_reference": _texts(fields.text(after_funds)),
            "client_reference": _texts(fields.text(after_funds + 1)),
            "transaction_code": _texts(codes),
            "additional_info": _texts(fields.text(after_funds + 2, to_the_end=True)),
            "detail_count": pa.array(np.zeros(len(raw), np.int32)),
            "raw": pa.array(raw),
            "place": pc.binary_join_element_wise("record", pa.array(found.numbers).cast(pa.string()), " "),
        }
        return Part(Kind.ENTRY, record_batch(Kind.ENTRY, values))

    def _value_days(self, fields: Separated, dated: Bools, found: _Entries) -> pa.Array:
        """Return the days of the funds type V, null for the others."""
        texts = fields.text(4).dictionary_encode()
        days = [_day_or_none(text.as_py()) for text in texts.dictionary]
        index = texts.indices.to_numpy()
        bad = np.array([day is None for day in days])[index] & dated
        for at in np.flatnonzero(bad).tolist():
            place = f"record {found.numbers[at]}"
            self._findings.add("bad_date", place=place, field="value date", value=texts[at].as_py())
        return pa.array(days, pa.date32()).take(pa.array(index, mask=~dated))

    def _finish_accounts(self) -> None:
        """Keep the rows of the accounts whose trailers were read."""
        for account in self._closed:
            stated, place = account.trailer or (0, "")
            if stated != account.total:
                self._findings.add(
                    "declared_totals_differ",
                    statement_no=account.no,
                    place=place,
                    field="control total",
                    value=f"{stated}, counted {account.total}",
                )
            self._finish(account)
        self._closed = []

    def _finish(self, account: _Account) -> None:
        group, file = account.group, self._file or []
        kinds = _balance_types()
        for code, units, _ in account.summary:
            if code < "100":
                amount = Decimal(units).scaleb(-account.places)
                self._balances.rows.append((account.no, kinds.get(code, code), group.day, amount, account.currency))
        opening, closing = account.stated("010"), account.stated("015")
        credit_items, debit_items = account.items("100"), account.items("400")
        detailed = account.entries > 0
        if opening is None and closing is None:
            self._findings.add("missing_balance", statement_no=account.no, place=account.place)
        self._statements.rows.append(
            (
                account.no,
                group.interim,
                account.number,
                group.bank,
                account.currency,
                clean(_at(file, 5)),
                clean(f"{_at(file, 3)} {_at(file, 4)}"),
                group.day,
                group.day,
                opening,
                group.day if opening is not None else None,
                closing,
                group.day if closing is not None else None,
                account.stated("045"),
                _both(credit_items, debit_items) if detailed else None,
                account.stated("100") if detailed else None,
                account.stated("400") if detailed else None,
                "\n".join(account.raw),
                account.place,
            )
        )


def _one_record_a_line(text: str) -> str:
    return _SEVERAL_IN_A_LINE.sub("/\n", text)


def _lines(text: str) -> list[str]:
    """Return the lines that are not blank, without blanks at their ends."""
    if " \n" in text or "\r" in text or "\t" in text or "\n\n" in text or not text.endswith("\n"):
        return [line for raw in text.split("\n") if (line := raw.rstrip())]
    return text.removesuffix("\n").split("\n")


def _body(line: str) -> str:
    """Return a line without the slash that closes it."""
    return line.removesuffix("/")


def _at(fields: Sequence[str], at: int) -> str:
    return fields[at].strip() if at < len(fields) else ""


def _both(credits_: int | None, debits: int | None) -> int | None:
    return None if credits_ is None or debits is None else credits_ + debits


def _day_or_none(text: str) -> date | None:
    try:
        return read_day(text, "ymd")
    except ValueError:
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def _units(text: str) -> int | None:
    """Return a signed whole number, None for anything else or for more than an amount holds."""
    if not _is_number(text.lstrip("+-")[-18:]) or not re.fullmatch(r"[+-]?\d{1,30}", text):
        return None
    number = int(text)
    return number if abs(number) < columns.UNITS_END else None


def _all_units(texts: pa.Array) -> tuple[Ints, Bools]:
    """Return whole numbers and whether each is one (0 where it is not)."""
    if pc.all(pc.ascii_is_decimal(texts)).as_py() and pc.max(pc.binary_length(texts)).as_py() <= 15:
        units = texts.cast(pa.int64()).to_numpy()
        return units, np.ones(len(units), np.bool_)
    found = [_units(text.strip()) for text in texts.to_pylist()]
    return np.array([units or 0 for units in found], np.int64), np.array([units is not None for units in found])


def _regular(bodies: list[str]) -> tuple[Separated, Bools]:
    """Return the fields of transactions and which have a value day: V, with two fields more before the rest."""
    fields = Separated(bodies)
    dated = fields.is_one_of(3, "V")
    irregular = (fields.fields < np.where(dated, 9, 7)) | fields.is_one_of(3, "SD")
    if irregular.any():
        for at in np.flatnonzero(irregular).tolist():
            own = _funds_fields(bodies[at].split(",", 5)[3:5])
            row = bodies[at].split(",", _BEFORE_TEXT + own)
            row += [""] * (_BEFORE_TEXT + own + 1 - len(row))
            if not dated[at]:
                row[3 : 4 + own] = [""]
            bodies[at] = ",".join(row)
        fields = Separated(bodies)
    return fields, dated


def _funds_fields(funds: Sequence[str]) -> int:
    """Return how many fields follow a funds type; `funds` is it and the field after it."""
    match _at(funds, 0):
        case "V":
            return 2
        case "S":
            return 3
        case "D":
            return 1 + 2 * int(_at(funds, 1)) if re.fullmatch(r"\d{1,2}", _at(funds, 1)) else 1
    return 0


def _merged(body: str, further: list[str]) -> str:
    """Return a transaction with the lines that continue it: further fields, or more of its text."""
    for line in further:
        piece = _body(line.removeprefix("88,"))
        fields = body.split(",", 5)
        own = _funds_fields(fields[3:5]) if len(fields) > 3 and fields[3] in _FUNDS_WITH_FIELDS else 0
        has_text = body.count(",") >= _BEFORE_TEXT + own
        body = f"{body} {piece.strip()}" if has_text else f"{body},{piece}"
    return body


def _side(code: str) -> int:
    """Return 1 for a credit, -1 for a debit, 0 for a type code that is neither."""
    number = int(code) if re.fullmatch(r"\d{3}", code) else 0
    if any(first <= number <= last for first, last in _CREDIT_CODES):
        return 1
    return -1 if any(first <= number <= last for first, last in _DEBIT_CODES) else 0


def _texts(values: pa.Array) -> pa.Array:
    return null_if_empty(pc.utf8_trim_whitespace(values))


@cache
def _balance_types() -> dict[str, str]:
    """Return the ISO 20022 balance types by type code."""
    text = files("bankklient_lab.data").joinpath("codebooks", "bai2_balances.csv").read_text("utf-8")
    return {row["code"]: row["balance_type"] for row in csv.DictReader(text.splitlines())}
