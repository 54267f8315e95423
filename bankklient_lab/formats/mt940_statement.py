"""Statements of MT940 and MT942: every field that is not part of an entry, one message after another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats.base import LIMITS, Findings, Hints, Part, Rows
from bankklient_lab.formats.mt940_account import account_of
from bankklient_lab.formats.mt940_scan import TAGS, TRAILER, Block
from bankklient_lab.formats.records import read_day
from bankklient_lab.formats.schema import Kind
from bankklient_lab.formats.spans import Bools

_BALANCE = re.compile(r"([CD]?)(\d{6})([A-Z]{3})?(\d[\d.,]*)")
_AMOUNT = re.compile(r"0*(\d{1,15})(?:[.,](\d{0,3}))?")
_NUMBER = re.compile(r"0*(.*?)(?:\s*/\s*0*(\d{0,9}))?")
_TOTAL = re.compile(r"(\d{1,9})([A-Z]{3})(\d[\d.,]*)")
_FLOOR = re.compile(r"([A-Z]{3})[CD]?\d[\d.,]*")
_ING_TOTALS = re.compile(r"D(\d{6})C(\d{6})D(\d[\d.,]*)C(\d[\d.,]*)")
_BIC = r"([A-Z]{6}[A-Z0-9]{2})[A-Z0-9]([A-Z0-9]{3})"
# The bank sends: block 1 of what it puts into SWIFT (I940), block 2 of what comes out (O940).
_SENT = re.compile(r"\{1:F\d\d" + _BIC + r"\d*\}\s*\{2:I")
_RECEIVED = re.compile(r"\{2:O\d{3}(?:\d{10})?" + _BIC)
_HEAD_LINE = re.compile(r"^(?:\d{4} \d\d)?([A-Z]{6}[A-Z0-9]{2})(?:[A-Z0-9]{4}\d{5})?\s*\n(?:.*\n)?940\b", re.MULTILINE)

_BLANK = " \t\n\0\x01\x03\x1a\ufeff"
_BALANCE_TYPES = {"60F": "OPBD", "60M": "ITBD", "62F": "CLBD", "62M": "ITBD", "64": "CLAV", "65": "FWAV"}


@dataclass(slots=True)
class Statement:
    """One message while it is read; the names are those of the statement schema."""

    statement_no: int
    line: int
    reference: str | None
    account: str | None = None
    bank: str | None = None
    currency: str | None = None
    number: str | None = None
    page: int | None = None
    created_at: str | None = None
    opening: Decimal | None = None
    opening_day: date | None = None
    closing: Decimal | None = None
    closing_day: date | None = None
    available: Decimal | None = None
    declared: dict[str, tuple[int, Decimal | None]] = field(default_factory=dict)  # C and D: entries, sum
    is_report: bool = False
    has_bank: bool = False  # named before the message
    has_opening: bool = False
    has_closing: bool = False
    in_block: bool = False
    entries: int = 0
    first_booking_day: date | None = None
    raw: list[str] = field(default_factory=list)

    @property
    def interim(self) -> bool:
        """Tell whether this is an MT942: a report without balances."""
        return self.is_report and not (self.has_opening or self.has_closing)

    @property
    def first_day(self) -> date | None:
        """The first day of the period; the rule is at the top of mt940.py."""
        first = self.first_booking_day or self.opening_day
        if first and self.opening_day:
            first = max(first, self.opening_day)
        if first and self.closing_day:
            first = min(first, self.closing_day)
        return first


class Statements:
    """Takes the fields of a file in order and gives statement and balance rows."""

    def __init__(self, hints: Hints, findings: Findings) -> None:
        self.count = 0
        self.open: Statement | None = None
        self._hints = hints
        self._findings = findings
        self._bank: str | None = None
        self._preface = ""
        self._done: list[Statement] = []
        self._balances = Rows(Kind.BALANCE, ("statement_no", "balance_type", "day", "amount", "currency"))

    def take(self, block: Block, of_entries: Bools) -> list[Statement | None]:
        """Read the fields of a block that are not of entries.

        Returns the statement that was open before the block and those that begin in it.
        """
        taken = [self.open]
        fields, data = block.fields, block.data
        if self.count == 0 and self.open is None:
            end = int(fields.begin[0]) if len(fields.begin) else len(data)
            self._read_preface(data[:end].tobytes().decode())
        for at in (~of_entries).nonzero()[0].tolist():
            tag = TAGS[fields.code[at]]
            text = data[fields.start[at] : fields.end[at]].tobytes().decode()
            line = block.line + int(fields.line[at])
            if tag == TRAILER:
                self._trailer(text)
            elif tag == "20":
                self._begin(text, line)
                taken.append(self.open)
            elif tag != "940":
                self._field(tag, text, line)
        return taken

    def end(self) -> None:
        """Finish the last statement; FormatError when the file ends within it."""
        self._finish()

    def drain(self) -> Iterator[Part]:
        """Yield the balances so far and the statements that are complete."""
        yield from self._balances.drain()
        rows = Rows(Kind.STATEMENT, STATEMENT_COLUMNS)
        rows.rows.extend(map(_row, self._done))
        self._done = []
        yield from rows.drain()

    def _begin(self, text: str, line: int) -> None:
        self._finish()
        self.count += 1
        if self.count > LIMITS.statements:
            raise LimitExceeded(f"the file has more than {LIMITS.statements} statements", place=f"line {line}")
        hints = self._hints
        self.open = Statement(self.count, line, None, hints.account, self._bank or hints.bank, hints.currency)
        self.open.has_bank, self._bank = self._bank is not None, None
        self.open.in_block = "{4:" in self._preface
        if self._preface.strip():
            self.open.raw.append(self._preface.strip())
        self._preface = ""
        reference = self._one_line("20", text, line)
        self.open.reference = reference if reference not in ("", "NONREF") else None

    def _finish(self) -> None:
        statement, self.open = self.open, None
        if statement is None:
            return
        place = f"line {statement.line}"
        if not statement.has_closing and not statement.interim:
            raise FormatError(
                "the statement that begins here has no closing balance (:62F: or :62M:); the file is cut off",
                place=place,
                text=statement.reference or "",
            )
        if statement.in_block:
            raise FormatError("the message that begins here is not closed by -}, the file is cut off", place=place)
        self._done.append(statement)

    def _trailer(self, text: str) -> None:
        if self.open:
            self.open.in_block = False
        self._read_preface(text)

    def _read_preface(self, text: str) -> None:
        """Keep what stands before a message, and the bank's BIC when it names one."""
        self._preface = text.partition("\n")[2] if text[:1] in ("", "}", "X", "\n") else text
        found = _SENT.search(text) or _RECEIVED.search(text) or _HEAD_LINE.search(text)
        if found:
            branch = found[2] if found.re is not _HEAD_LINE else None
            self._bank = found[1] + (branch if branch and branch != "XXX" else "")

    def _one_line(self, tag: str, text: str, line: int) -> str:
        """Return the content of a field that has one line; more lines are kept and told."""
        first, _, more = text.partition("\n")
        more = more.strip(_BLANK)
        if more and self.open:
            self.open.raw.append(more)
            self._find("unknown_record", line + 1, tag, more.partition("\n")[0])
        return first.strip(_BLANK)

    def _find(self, code: str, line: int, tag: str, value: str) -> None:
        number = self.open.statement_no if self.open else None
        self._findings.add(code, statement_no=number, place=f"line {line}", field=f":{tag}:", value=value)

    def _field(self, tag: str, text: str, line: int) -> None:
        statement = self.open
        if statement is None:
            raise FormatError(
                "the field stands before the first :20:", place=f"line {line}", field=f":{tag}:", text=text
            )
        if tag in ("86", "NS"):
            self._information(statement, tag, text)
        elif tag == "25P":
            account, _, bank = text.partition("\n")
            self._account(statement, account.strip(_BLANK))
            statement.bank = bank.strip(_BLANK) or statement.bank
        else:
            self._single(statement, tag, self._one_line(tag, text, line), line)

    def _single(self, statement: Statement, tag: str, text: str, line: int) -> None:
        if tag in _BALANCE_TYPES:
            self._balance(statement, tag, text, line)
        elif tag == "25":
            self._account(statement, text)
        elif tag in ("28", "28C"):
            self._number(statement, text)
        elif tag in ("90C", "90D"):
            self._total(statement, tag, text, line)
        elif tag == "13D":
            statement.is_report = True
            statement.created_at = text
        elif tag == "34F":
            statement.is_report = True
            floor = _FLOOR.fullmatch(text)
            statement.currency = floor[1] if floor else statement.currency
            statement.raw.append(f":34F:{text}")
        else:
            statement.raw.append(f":{tag}:{text}")

    def _information(self, statement: Statement, tag: str, text: str) -> None:
        totals = _ING_TOTALS.match(text) if statement.has_closing else None
        if totals:
            for mark, entries, total in (("D", totals[1], totals[3]), ("C", totals[2], totals[4])):
                statement.declared[mark] = (int(entries), exact_amount(total))
        statement.raw.append(f":{tag}:{text.rstrip(_BLANK)}")

    def _account(self, statement: Statement, text: str) -> None:
        found = account_of(text)
        statement.account = found.account or statement.account
        if found.bank and not statement.has_bank:
            statement.bank = found.bank
        statement.currency = found.currency or statement.currency
        if found.account and text != found.account:
            statement.raw.append(f":25:{text}")

    def _number(self, statement: Statement, text: str) -> None:
        found = _NUMBER.fullmatch(text)
        assert found, text
        statement.number = found[1] or None
        statement.page = int(found[2]) if found[2] else None

    def _total(self, statement: Statement, tag: str, text: str, line: int) -> None:
        found = _TOTAL.fullmatch(text)
        total = exact_amount(found[3]) if found else None
        if found and total is not None:
            statement.declared[tag[-1]] = (int(found[1]), total)
        else:
            self._find("bad_amount", line, tag, text)

    def _balance(self, statement: Statement, tag: str, text: str, line: int) -> None:
        found = _BALANCE.fullmatch(text)
        amount = exact_amount(found[4]) if found else None
        if found is None or amount is None:
            if tag in ("64", "65"):
                self._find("bad_amount", line, tag, text)
                return
            raise FormatError(
                "the balance can't be read; it is written like C260131EUR1234,56",
                place=f"line {line}",
                field=f":{tag}:",
                text=text,
            )
        mark, digits, currency, _ = found.groups()
        if not mark:
            self._find("missing_side", line, tag, text)
        if not currency:
            self._find("missing_field", line, tag, text)
        elif statement.has_opening and currency != statement.currency:
            self._find("currency_differs", line, tag, text)
        else:
            statement.currency = currency
        day = self._day(digits, line, tag)
        signed = -amount if mark == "D" else amount
        self._balances.rows.append(
            (statement.statement_no, _BALANCE_TYPES[tag], day, signed, currency or statement.currency)
        )
        self._place(statement, tag, day, signed, line)

    def _day(self, digits: str, line: int, tag: str) -> date | None:
        try:
            return _day_of(digits)
        except ValueError:
            self._find("bad_date", line, tag, digits)
            return None

    def _place(self, statement: Statement, tag: str, day: date | None, amount: Decimal, line: int) -> None:
        opens, closes = tag in ("60F", "60M"), tag in ("62F", "62M")
        if (opens and statement.has_opening) or (closes and statement.has_closing):
            raise FormatError(
                "the statement has this balance twice; the head of the next statement is missing",
                place=f"line {line}",
                field=f":{tag}:",
            )
        if opens:
            statement.has_opening, statement.opening, statement.opening_day = True, amount, day
        elif closes:
            statement.has_closing, statement.closing, statement.closing_day = True, amount, day
        elif tag == "64" and statement.available is None:
            statement.available = amount


STATEMENT_COLUMNS = (
    *("statement_no", "interim", "account", "bank", "currency", "number", "page", "reference", "created_at"),
    *("first_day", "last_day", "opening", "opening_day", "closing", "closing_day", "available"),
    *("declared_entries", "declared_credit", "declared_debit", "raw", "place"),
)


def _row(statement: Statement) -> tuple[object, ...]:
    credit, debit = statement.declared.get("C"), statement.declared.get("D")
    return (
        statement.statement_no,
        statement.interim,
        statement.account,
        statement.bank,
        statement.currency,
        statement.number,
        statement.page,
        statement.reference,
        statement.created_at,
        statement.first_day,
        statement.closing_day,
        statement.opening,
        statement.opening_day,
        statement.closing,
        statement.closing_day,
        statement.available,
        credit[0] + debit[0] if credit and debit else None,
        credit[1] if credit else None,
        debit[1] if debit else None,
        "\n".join(statement.raw) or None,
        f"line {statement.line}",
    )


@lru_cache(maxsize=1_000)
def _day_of(digits: str) -> date | None:
    return read_day(digits, "ymd")


def exact_amount(text: str) -> Decimal | None:
    """Return an unsigned amount of at most 15 digits and three decimals, None when it is none."""
    found = _AMOUNT.fullmatch(text)
    return Decimal(f"{found[1]}.{found[2] or 0}") if found else None
