"""The GPC reader: blocks of lines to columns.

Decisions where the format is silent:

- The posting codes 1 and 2 mean the same everywhere; 3, 4 and 5 are reversals that differ by bank. The bank is
  the hint, or the marker in record 074. Without both, 3 proves 3/4 and 5 proves 4/5; a lone 4 needs the hint.
- Currency: positions 119-122 when they are 0 and an ISO 4217 number, else the hint, else it is asked for.
- Accounts: plain or internal order is decided once, by which of both makes more numbers divisible by 11.
- The period starts on the day after the opening balance, or with the first entry when that is earlier: some
  banks give the first day of the period as the day of the old balance, others the day before.
- The text of an entry is the counterparty's name when there is a counter-account, else the bank's information.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import FormatError, HintNeeded, LimitExceeded
from bankklient_lab.formats import columns, gpc_layout
from bankklient_lab.formats.base import LIMITS, Findings, Hints, Part, Rows, clean, record_batch
from bankklient_lab.formats.columns import NO_DAY, Block, Bools, Decoder, Ints, blocks_of_lines, digits_to_numbers
from bankklient_lab.formats.gpc_layout import (
    BASE_WEIGHTS,
    INTERNAL_ORDER,
    PREFIX_WEIGHTS,
    Profile,
    iso_currency,
    profile_of,
)
from bankklient_lab.formats.schema import Kind

ENCODINGS = ("cp1250", "cp852")
LETTERS = "áäčďéěíĺľňóôŕřšťúůýž"
HEADS = ("074", "075")
MESSAGES = ("078", "079")
STATEMENT_COLUMNS = (
    "statement_no",
    "interim",
    "account",
    "bank",
    "currency",
    "account_name",
    "number",
    "first_day",
    "last_day",
    "opening",
    "opening_day",
    "closing",
    "closing_day",
    "declared_credit",
    "declared_debit",
    "raw",
    "place",
)


@dataclass(slots=True)
class _Statement:
    """The statement that is being read."""

    no: int
    line_no: int
    values: dict[str, Any]
    account: str
    raw: list[str]
    entries: int = 0
    first_entry_day: int = NO_DAY
    currency: str | None = None


@dataclass(slots=True)
class _Messages:
    """The lines after an entry's record: all of them, and the texts among them."""

    lines: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class Reader:
    """Reads one file; `read` yields its parts."""

    def __init__(self, source: BinaryIO, hints: Hints) -> None:
        self._source = source
        self._hints = hints
        self._decoder = Decoder(ENCODINGS, LETTERS)
        self._findings = Findings()
        self._statements = Rows(Kind.STATEMENT, STATEMENT_COLUMNS)
        self._profile = profile_of(hints.bank) if hints.bank else None
        self._internal_order: bool | None = None
        self._reversals: tuple[str, str] | None = None  # posting codes of debit and credit reversals
        self._current: _Statement | None = None

    def read(self) -> Iterator[Part]:
        """Yield statements, entries and findings."""
        waiting: list[str] = []
        line_no = 1
        for block in _blocks(self._source, self._decoder):
            # The messages of the last record may go on in the next block.
            cut = next((at for at in range(len(waiting) - 1, -1, -1) if waiting[at].startswith(HEADS)), 0)
            if cut:
                yield from self._take(waiting[:cut], line_no)
            elif sum(map(len, waiting)) > 2 * columns.BLOCK_BYTES:
                raise LimitExceeded("too many lines belong to one record", place=f"line {line_no}")
            waiting = waiting[cut:] + block
            line_no += cut
        _refuse_cut_off(waiting, line_no)
        yield from self._take(waiting, line_no)
        self._finish()
        if self._decoder.replaced:
            self._findings.add("bad_character", field="text", value=self._decoder.encoding)
        yield from self._statements.drain()
        yield from self._findings.close()

    def _take(self, lines: list[str], line_no: int) -> Iterator[Part]:
        """Yield what whole records say: `lines` start with a record 074 or 075."""
        is_entry = np.fromiter((line.startswith("075") for line in lines), np.bool_, len(lines))
        entry_at = np.flatnonzero(is_entry)
        entries = lines if len(entry_at) == len(lines) else [lines[at] for at in entry_at.tolist()]
        if self._internal_order is None:
            self._internal_order = self._choose_order([line for line in lines if line.startswith(HEADS)])
        messages: dict[int, _Messages] = {}
        spans: list[tuple[_Statement, int, int]] = []
        span_start = 0
        for at in np.flatnonzero(~is_entry).tolist():
            line, before = lines[at], int(np.searchsorted(entry_at, at))
            if line.startswith("074"):
                self._span(spans, span_start, before, line_no)
                self._finish()
                self._current = self._begin(line, line_no + at)
                span_start = before
            elif line.strip():
                self._message(line, line_no + at, before - 1 if before > span_start else None, messages)
        self._span(spans, span_start, len(entry_at), line_no)
        if entries:
            yield self._entries(entries, entry_at + line_no, spans, messages)
        if self._statements.full():
            yield from self._statements.drain()
        yield from self._findings.drain()

    def _span(self, spans: list[tuple[_Statement, int, int]], start: int, end: int, line_no: int) -> None:
        if end > start:
            spans.append((self._statement(f"line {line_no}"), start, end))

    def _statement(self, place: str) -> _Statement:
        if self._current is None:
            raise FormatError("no record 074 stands before this one", place=place)
        return self._current

    def _message(self, line: str, line_no: int, entry: int | None, messages: dict[int, _Messages]) -> None:
        """Keep a line that follows the entry with the index `entry`, or the statement's record."""
        known = line.startswith(MESSAGES)
        if not known:
            self._findings.add("unknown_record", place=f"line {line_no}", field="type", value=line[:3])
        if entry is None:
            self._statement(f"line {line_no}").raw.append(line)
            return
        kept = messages.setdefault(entry, _Messages())
        kept.lines.append(line)
        if known:
            kept.texts.append(line[3:73])

    def _begin(self, line: str, line_no: int) -> _Statement:
        place = f"line {line_no}"
        values = gpc_layout.STATEMENT.read(line, place)
        for name in ("opening", "closing", "debit", "credit"):
            values[name] = _signed(values[name], values[name + "_sign"], place, name)
        if values["marker"]:
            self._profile = profile_by_marker(values["marker"]) or self._profile
        digits = np.array([[ord(char) for char in values["account"]]], np.uint32)
        no = self._current.no + 1 if self._current else 1
        if no > LIMITS.statements:
            raise LimitExceeded(f"more than {LIMITS.statements} statements", place=place)
        if not _divisible(self._in_plain_order(digits))[0]:
            self._findings.add("bad_check_digit", statement_no=no, place=place, field="account", value=values["account"])
        account = self._accounts(digits)[0].as_py() or "0"
        return _Statement(no, line_no, values, account, [line])

    def _finish(self) -> None:
        """Keep the row of the statement that ends here."""
        if self._current is None:
            return
        said = self._current.values
        opening_day, last_day = said["opening_day"], said["closing_day"]
        self._statements.rows.append(
            (
                self._current.no,
                False,
                self._current.account,
                self._bank(),
                self._current.currency or self._fallback_currency(self._current),
                clean(said["account_name"]),
                (said["number"] or "").lstrip("0") or None,
                _first_day(opening_day, self._current.first_entry_day, last_day),
                last_day,
                said["opening"],
                opening_day,
                said["closing"],
                last_day,
                said["credit"],
                said["debit"],
                "\n".join(self._current.raw),
                f"line {self._current.line_no}",
            )
        )

    def _bank(self) -> str | None:
        return self._hints.bank or (self._profile.bank if self._profile else None)

    def _fallback_currency(self, statement: _Statement) -> str:
        if not self._hints.currency:
            raise HintNeeded(
                "currency", "the file names no ISO 4217 currency", place=f"statement at line {statement.line_no}"
            )
        return self._hints.currency

    def _choose_order(self, heads: list[str]) -> bool:
        """Tell whether account numbers are in the internal order."""
        numbers = [line[at : at + 16] for line in heads for at in ((3,) if line.startswith("074") else (3, 19))]
        numbers = [number for number in numbers if len(number) == 16 and number.isascii() and number.isdigit()]
        digits = np.frombuffer("".join(numbers).encode("utf-32-le"), np.uint32).reshape(-1, 16)
        plain, internal = _divisible(digits), _divisible(digits[:, INTERNAL_ORDER])
        for_plain, for_internal = int((plain & ~internal).sum()), int((internal & ~plain).sum())
        if for_plain == for_internal:
            return bool(self._profile and self._profile.account_order == "internal")
        return for_internal > for_plain

    def _in_plain_order(self, digits: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        return digits[:, INTERNAL_ORDER] if self._internal_order else digits

    def _accounts(self, digits: npt.NDArray[np.uint32]) -> pa.Array:
        """Return numbers as prefix-base without leading zeros, null when all is zero or not a number."""
        plain = self._in_plain_order(digits)
        prefix, prefix_good = digits_to_numbers(plain[:, :6])
        base, base_good = digits_to_numbers(plain[:, 6:])
        texts = pa.array(base).cast(pa.string())
        if prefix.any():
            both = pc.binary_join_element_wise(pa.array(prefix).cast(pa.string()), texts, "-")
            texts = pc.if_else(pa.array(prefix == 0), texts, both)
        given = prefix_good & base_good & ((base != 0) | (prefix != 0))
        return pc.if_else(pa.array(given), texts, pa.scalar(None, pa.string()))

    def _entries(
        self,
        lines: list[str],
        line_numbers: Ints,
        spans: list[tuple[_Statement, int, int]],
        messages: dict[int, _Messages],
    ) -> Part:
        longest = max(map(len, lines))
        extended = longest > gpc_layout.WIDTH and any(line[gpc_layout.WIDTH :].strip() for line in lines)
        block = Block(gpc_layout.EXTENDED_ENTRY if extended else gpc_layout.ENTRY, lines)
        if min(map(len, lines)) < gpc_layout.SHORTEST_ENTRY:
            at = next(at for at, line in enumerate(lines) if len(line) < gpc_layout.SHORTEST_ENTRY)
            raise FormatError("the record is cut off", place=f"line {line_numbers[at]}", text=lines[at])
        booking, booking_good = block.day("booking_day")
        value, value_good = block.day("value_day")
        statement_no, entry_no = np.empty(len(lines), np.int64), np.empty(len(lines), np.int64)
        for statement, start, end in spans:
            statement_no[start:end] = statement.no
            entry_no[start:end] = np.arange(statement.entries + 1, statement.entries + 1 + end - start)
            statement.entries += end - start
            known = booking[start:end][booking[start:end] != NO_DAY]
            if len(known) and (statement.first_entry_day == NO_DAY or known.min() < statement.first_entry_day):
                statement.first_entry_day = int(known.min())
        rows = _RowsAt(self._findings, lines, line_numbers, statement_no, entry_no)
        rows.report(booking_good & (booking != NO_DAY), "bad_date", "booking_day", 122, 128)
        rows.report(value_good, "bad_date", "value_day", 91, 97)
        account = self._accounts(block.slab("counterparty_account"))
        amount, reversal = self._amounts(block, rows)
        self._check_account(block, spans, rows)
        values: dict[str, Any] = {
            "statement_no": pa.array(statement_no),
            "entry_no": pa.array(entry_no),
            "booking_day": columns.days(booking),
            "value_day": columns.days(np.where(value == NO_DAY, booking, value)),
            "amount": amount,
            "currency": self._currencies(block, spans),
            "status": pa.repeat("BOOK", len(lines)),
            "reversal": pa.array(reversal),
            "counterparty_account": account,
            "counterparty_bank": _unless_zeros(block, "counterparty_bank"),
            "bank_reference": _unless_zeros(block, "bank_reference"),
            "transaction_code": block.text("posting_code"),
            "variable_symbol": block.symbol("variable_symbol"),
            "constant_symbol": block.symbol("constant_symbol"),
            "specific_symbol": block.symbol("specific_symbol"),
            "detail_count": pa.array(np.zeros(len(lines), np.int32)),
            "raw": _with_messages(lines, messages),
            "place": columns.places(line_numbers),
        }
        text, has_account = block.text("text"), account.is_valid()
        nothing = pa.scalar(None, pa.string())
        values["counterparty_name"] = pc.if_else(has_account, text, nothing)
        values["additional_info"] = pc.if_else(has_account, nothing, text)
        values["remittance"] = _remittance(len(lines), messages)
        if extended:
            _add_extension(values, block)
        return Part(Kind.ENTRY, record_batch(Kind.ENTRY, values))

    def _amounts(self, block: Block, rows: _RowsAt) -> tuple[pa.Array, Bools]:
        """Return signed amounts, null where the file does not say one, and which entries are reversals."""
        units, good = block.number("amount")
        rows.report(good, "bad_amount", "amount", 48, 60)
        codes = block.slab("posting_code")[:, 0]
        debit_reversal, credit_reversal = self._reversal_codes(codes, rows.line_numbers)
        credit = np.isin(codes, (ord("2"), ord(debit_reversal)))
        debit = np.isin(codes, (ord("1"), ord(credit_reversal)))
        rows.report(credit | debit, "unknown_code", "posting_code", 60, 61)
        signed = np.where(debit, -units, units)
        return columns.amounts(signed, 2, good & (credit | debit)), np.isin(codes, (ord(debit_reversal), ord(credit_reversal)))

    def _reversal_codes(self, codes: npt.NDArray[np.uint32], line_numbers: Ints) -> tuple[str, str]:
        """Return the posting codes of debit and credit reversals; NUL characters while there are none."""
        unusual = np.isin(codes, [ord(code) for code in "345"])
        if self._profile:
            self._reversals = self._profile.debit_reversal, self._profile.credit_reversal
        if self._reversals is None and unusual.any():
            place = f"line {line_numbers[int(unusual.argmax())]}"
            self._reversals = self._prove_reversals({chr(code) for code in codes[unusual]}, place)
        return self._reversals or ("\0", "\0")

    def _prove_reversals(self, present: set[str], place: str) -> tuple[str, str]:
        if present >= {"3", "5"}:
            reason = "reversals 3 and 5 are of different banks and do not go together"
            raise FormatError(reason, place=place, field="posting_code")
        if present != {"4"}:
            return ("4", "5") if "5" in present else ("3", "4")
        reason = "posting code 4 reverses a debit or a credit, depending on the bank"
        if self._hints.bank:
            raise FormatError(f"{reason}, and bank {self._hints.bank} has no profile", place=place, field="posting_code")
        raise HintNeeded("bank", reason, place=place)

    def _currencies(self, block: Block, spans: list[tuple[_Statement, int, int]]) -> pa.Array:
        numbers, good = block.number("currency")
        found, label = np.unique(np.where(good, numbers, 0), return_inverse=True)
        names = [iso_currency(int(number)) if 0 < number < 1000 else None for number in found]
        named = np.array([name is not None for name in names])[label]
        for statement, start, end in spans:
            if statement.currency is None and named[start:end].any():
                statement.currency = names[label[start + int(named[start:end].argmax())]]
            if not named[start:end].all():
                names.append(statement.currency or self._fallback_currency(statement))
                label[start:end] = np.where(named[start:end], label[start:end], len(names) - 1)
        return pa.array(names, pa.string()).take(pa.array(label))

    def _check_account(self, block: Block, spans: list[tuple[_Statement, int, int]], rows: _RowsAt) -> None:
        slab = block.slab("account")
        same = np.ones(len(slab), np.bool_)
        for statement, start, end in spans:
            own = np.frombuffer(statement.values["account"].encode("utf-32-le"), np.uint32)
            same[start:end] = (slab[start:end] == own).all(axis=1)
        rows.report(same, "account_differs", "account", 3, 19)


@dataclass(frozen=True, slots=True)
class _RowsAt:
    """Reports findings of single entries of a block."""

    findings: Findings
    lines: list[str]
    line_numbers: Ints
    statement_no: Ints
    entry_no: Ints

    def report(self, good: Bools, code: str, name: str, start: int, end: int) -> None:
        """Add a finding for each entry that is not good, with the text in lines[start:end]."""
        for at in np.flatnonzero(~good).tolist():
            self.findings.add(
                code,
                statement_no=int(self.statement_no[at]),
                entry_no=int(self.entry_no[at]),
                place=f"line {self.line_numbers[at]}",
                field=name,
                value=self.lines[at][start:end],
            )


def _blocks(source: BinaryIO, decoder: Decoder) -> Iterator[list[str]]:
    """Yield blocks of records, also of files whose records have no line ends."""
    head = source.read(4096)
    source.seek(0)
    width = gpc_layout.WIDTH
    if b"\n" in head or not head[width : width + 3].startswith((b"074", b"075", b"078", b"079")):
        yield from blocks_of_lines(source, decoder)
        return
    while data := source.read(columns.BLOCK_BYTES // width * width):
        text = decoder.decode(data)
        yield [text[at : at + width] for at in range(0, len(text), width)]


def _refuse_cut_off(lines: list[str], line_no: int) -> None:
    """Refuse a file that stops inside its last record; `lines` are the last ones, empty after a line end."""
    last = lines[-1]
    if last.startswith("075") and len(last) < gpc_layout.WIDTH:
        raise FormatError("the file stops inside this record", place=f"line {line_no + len(lines) - 1}", text=last)


def profile_by_marker(marker: str) -> Profile | None:
    """Return the profile whose bank leaves `marker` in record 074."""
    return next((p for p in gpc_layout.profiles() if p.marker and marker.startswith(p.marker)), None)


def _signed(amount: Decimal, sign: str | None, place: str, name: str) -> Decimal:
    if sign not in ("+", "-") and (name in ("opening", "closing") or sign not in ("0", None)):
        raise FormatError("a sign is expected after the amount", place=place, field=name + "_sign", text=sign or "")
    return -amount if sign == "-" else amount


def _first_day(opening_day: date | None, first_entry: int, last_day: date | None) -> date | None:
    candidates = [] if first_entry == NO_DAY else [date(1970, 1, 1) + timedelta(days=first_entry)]
    if opening_day:
        candidates.append(opening_day + timedelta(days=1))
    if last_day:
        candidates.append(last_day)
    return min(candidates, default=None)


def _divisible(digits: npt.NDArray[np.uint32]) -> Bools:
    """Tell for each row of 16 digits whether prefix and base are divisible by 11 in their weighted sums."""
    values = digits.astype(np.int64) - ord("0")
    prefix, base = values[:, :6] @ np.array(PREFIX_WEIGHTS), values[:, 6:] @ np.array(BASE_WEIGHTS)
    return (prefix % 11 == 0) & (base % 11 == 0)


def _unless_zeros(block: Block, name: str) -> pa.Array:
    """Return a field as written, null where it is all zeros or blank."""
    texts = block.text(name)
    empty = np.isin(block.slab(name), (ord("0"), ord(" "))).all(axis=1)
    return pc.if_else(pa.array(empty), pa.scalar(None, pa.string()), texts) if empty.any() else texts


def _with_messages(lines: list[str], messages: dict[int, _Messages]) -> pa.Array:
    raw = list(lines)
    for at, kept in messages.items():
        raw[at] = "\n".join([raw[at], *kept.lines])
    return pa.array(raw, pa.string())


def _remittance(rows: int, messages: dict[int, _Messages]) -> pa.Array:
    texts: list[str | None] = [None] * rows
    for at, kept in messages.items():
        texts[at] = clean(" ".join(kept.texts))
    return pa.array(texts, pa.string())


def _add_extension(values: dict[str, Any], block: Block) -> None:
    """Put what the extended record says where the plain one says nothing, its longer name over the shorter."""
    units, good = block.number("original_amount")
    currency = block.text("original_currency")
    given = good & (units != 0) & np.asarray(currency.is_valid())
    values["original_amount"] = columns.amounts(units, 2, given)
    values["original_currency"] = pc.if_else(pa.array(given), currency, pa.scalar(None, pa.string()))
    values["client_reference"] = block.text("reference")
    values["counterparty_name"] = pc.coalesce(block.text("counterparty_name"), values["counterparty_name"])
    values["remittance"] = pc.coalesce(values["remittance"], block.text("messages"))
