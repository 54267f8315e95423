"""The BAI2 reader: records are collected line by line, the transactions of a block become columns at once."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import BinaryIO

import numpy as np

from bankklient_lab.errors import FormatError, HintNeeded, LimitExceeded
from bankklient_lab.formats import blocks
from bankklient_lab.formats.bai2_entries import Entries, part_of
from bankklient_lab.formats.bai2_records import Account, Group, at_field, body_of, funds_fields, is_number, whole_units
from bankklient_lab.formats.base import LIMITS, Findings, Hints, Part, Rows, clean
from bankklient_lab.formats.decoding import Decoder
from bankklient_lab.formats.lines import Lines
from bankklient_lab.formats.records import read_day
from bankklient_lab.formats.schema import Kind
from bankklient_lab.formats.spans import Ints

DEFAULT_CURRENCY = "USD"
INTERIM_MODIFIERS = ("1", "3")
REFUSED_STATUS = {"2": "deletes what was reported before", "4": "is a test"}
RECORD_STARTS = ("16,", "03,", "49,", "02,", "98,", "01,", "99,")
_SEVERAL_IN_A_LINE = re.compile(r"/[ \t]+(?=(?:0[123],|16,\d{3},|88,|(?:49|98|99),[-+]?\d))")
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


class Reader:
    """Reads one file; `read` yields its parts."""

    def __init__(self, source: BinaryIO, hints: Hints) -> None:
        self._source = source
        self._hints = hints
        self._decoder = Decoder(("cp1252",))
        self._findings = Findings()
        self._statements = Rows(Kind.STATEMENT, STATEMENT_COLUMNS)
        self._balances = Rows(Kind.BALANCE, ("statement_no", "balance_type", "day", "amount", "currency"))
        self._file: list[str] | None = None
        self._group: Group | None = None
        self._account: Account | None = None
        self._last_no = 0
        self._groups = 0
        self._total = 0
        self._ended = False
        self._number = 0  # of the record; a line without a record code is none
        self._closed: list[Account] = []

    def read(self) -> Iterator[Part]:
        """Yield statements, balances, entries and findings."""
        texts = (_one_record_a_line(text) for text in blocks.blocks_of_text(self._source, self._decoder))
        for text, _ in blocks.blocks_of_records(texts, RECORD_STARTS):
            entries = self._collect(Lines(text, 1))
            if len(entries.first):
                yield part_of(entries, self._findings)
            self._finish_accounts()
            yield from self._balances.drain()
            yield from self._statements.drain()
            yield from self._findings.drain()
        if not self._ended:
            raise FormatError("the file stops before its trailer record 99", place=f"record {self._number}")
        if self._decoder.replaced:
            self._findings.add("bad_character", value=self._decoder.encoding)
        yield from self._findings.close()

    def _collect(self, lines: Lines) -> Entries:
        """Take over whole records and return the transactions among them."""
        is_entry = lines.start_with("16,")
        is_other = np.any([lines.start_with(start) for start in RECORD_STARTS if start != "16,"], axis=0)
        has_code = is_entry | is_other | lines.start_with("88,")
        numbers: Ints = self._number + np.cumsum(has_code)
        starts, entry_at = np.flatnonzero(is_entry | is_other), np.flatnonzero(is_entry)
        last = np.append(starts[1:], len(lines)) - 1
        for at in np.flatnonzero(~has_code).tolist():
            if lines[at].strip():
                self._findings.add("unknown_record", place=f"record {numbers[at]}", value=lines[at])
        for at in range(int(starts[0]) if len(starts) else len(lines)):
            if lines[at].strip():
                raise FormatError("nothing stands before this line", place="record 1", text=lines[at])
        spans: list[tuple[Account, int, int]] = []
        start = 0
        others = is_other[starts]
        for at, end in zip(starts[others].tolist(), last[others].tolist(), strict=True):
            before = int(np.searchsorted(entry_at, at))
            self._add_span(spans, start, before, int(numbers[at]))
            self._record([line for each in range(at, end + 1) if (line := lines[each].rstrip())], int(numbers[at]))
            start = before
        self._number = int(numbers[-1])
        self._add_span(spans, start, len(entry_at), self._number)
        return Entries(lines, entry_at, last[np.searchsorted(starts, entry_at)], numbers[entry_at], spans)

    def _add_span(self, spans: list[tuple[Account, int, int]], start: int, end: int, number: int) -> None:
        if end > start:
            if self._account is None:
                raise FormatError("transaction 16 outside of an account", place=f"record {number}")
            spans.append((self._account, start, end))

    def _record(self, lines: list[str], number: int) -> None:
        """Take over a record other than a transaction, with the lines that continue it."""
        place = f"record {number}"
        fields = ",".join(body_of(line.removeprefix("88,")) for line in lines).split(",")
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
        if at_field(fields, 8) != "2":
            raise FormatError(
                "only version 2 of BAI can be read", place=place, field="version", text=at_field(fields, 8)
            )
        self._file, self._ended, self._total, self._groups = [*fields, raw], False, 0, 0

    def _begin_group(self, fields: list[str], raw: str, number: int) -> None:
        place = f"record {number}"
        if self._file is None or self._ended or self._group:
            raise FormatError("a group starts outside of a file or before the trailer 98", place=place, text=raw)
        if reason := REFUSED_STATUS.get(at_field(fields, 3)):
            raise FormatError(f"this group {reason}", place=place, field="group status", text=at_field(fields, 3))
        day = self._day(at_field(fields, 4), place, "as-of date")
        interim = at_field(fields, 7) in INTERIM_MODIFIERS
        self._group = Group(at_field(fields, 2) or None, day, at_field(fields, 6), interim, raw, number)
        self._groups += 1

    def _begin_account(self, fields: list[str], raw: str, number: int) -> None:
        place = f"record {number}"
        if self._group is None or self._account or self._file is None:
            raise FormatError("an account starts outside of a group or before the trailer 49", place=place, text=raw)
        account = at_field(fields, 1) or self._hints.account
        if not account:
            raise HintNeeded("account", "the record names no account", place=place)
        currency = at_field(fields, 2) or self._group.currency or self._hints.currency or DEFAULT_CURRENCY
        if not re.fullmatch("[A-Z]{3}", currency):
            raise FormatError("this is no ISO 4217 currency", place=place, field="currency", text=currency)
        self._last_no += 1
        if self._last_no > LIMITS.statements:
            raise LimitExceeded(f"more than {LIMITS.statements} statements", place=place)
        summary = self._summary(fields, place)
        total = sum(units for _, units, _ in summary)
        above = [self._file[-1], self._group.raw, raw]
        self._account = Account(self._last_no, account, currency, self._group, place, number, above, summary, total)
        self._group.accounts += 1

    def _summary(self, fields: list[str], place: str) -> list[tuple[str, int, int | None]]:
        """Return the type codes of an account record with their amounts and numbers of items."""
        found: list[tuple[str, int, int | None]] = []
        at = 3
        while at < len(fields):
            code, amount, items = fields[at].strip(), at_field(fields, at + 1), at_field(fields, at + 2)
            if code and amount:
                units = whole_units(amount)
                if units is None:
                    self._findings.add(
                        "bad_amount", statement_no=self._last_no, place=place, field=f"type {code}", value=amount
                    )
                else:
                    found.append((code, units, int(items) if is_number(items) else None))
            at += 4 + funds_fields(fields[at + 3 : at + 5])
        return found

    def _end_account(self, fields: list[str], raw: str, number: int) -> None:
        if self._account is None:
            raise FormatError("trailer 49 outside of an account", place=f"record {number}", text=raw)
        account, self._account = self._account, None
        account.raw.append(raw)
        stated = whole_units(at_field(fields, 1))
        if stated is None:
            raise FormatError("the control total is no number", place=f"record {number}", text=raw)
        account.trailer = (stated, f"record {number}")
        account.group.total += stated
        self._closed.append(account)
        self._compare("number of records", at_field(fields, 2), number - account.first_record + 1, account.no, number)

    def _end_group(self, fields: list[str], number: int) -> None:
        if self._group is None or self._account:
            raise FormatError("trailer 98 outside of a group or before the trailer 49", place=f"record {number}")
        group, self._group = self._group, None
        self._total += whole_units(at_field(fields, 1)) or 0
        self._compare("control total", at_field(fields, 1), group.total, None, number)
        self._compare("number of accounts", at_field(fields, 2), group.accounts, None, number)
        self._compare("number of records", at_field(fields, 3), number - group.first_record + 1, None, number)

    def _end_file(self, fields: list[str], number: int) -> None:
        if self._file is None or self._group or self._ended:
            raise FormatError("trailer 99 outside of a file or before the trailer 98", place=f"record {number}")
        self._compare("control total", at_field(fields, 1), self._total, None, number)
        self._compare("number of groups", at_field(fields, 2), self._groups, None, number)
        self._ended = True

    def _compare(self, name: str, text: str, counted: int, statement_no: int | None, number: int) -> None:
        """Record a finding when a trailer states another number than was counted."""
        if whole_units(text) != counted:
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

    def _finish(self, account: Account) -> None:
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
                clean(at_field(file, 5)),
                clean(f"{at_field(file, 3)} {at_field(file, 4)}"),
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


def _both(credits_: int | None, debits: int | None) -> int | None:
    return None if credits_ is None or debits is None else credits_ + debits


@cache
def _balance_types() -> dict[str, str]:
    """Return the ISO 20022 balance types by type code."""
    text = files("bankklient_lab.data").joinpath("codebooks", "bai2_balances.csv").read_text("utf-8")
    return {row["code"]: row["balance_type"] for row in csv.DictReader(text.splitlines())}
