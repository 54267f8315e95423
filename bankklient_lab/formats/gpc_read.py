"""The GPC reader: blocks of lines to columns.

Decisions where the format is silent:

- The posting codes 1 and 2 mean the same everywhere; 3, 4 and 5 are reversals that differ by bank. The bank is
  the hint, or the marker in record 074. Without both, 3 proves 3/4 and 5 proves 4/5; a lone 4 needs the hint.
- Currency: positions 119-122 when they are 0 and an ISO 4217 number, else that of an entry or statement of the
  account before, else the hint, else it is asked for.
- Accounts: plain or internal order is decided once, by which of both makes more numbers divisible by 11.
- The period starts on the day after the opening balance, or with the first entry when that is earlier: some
  banks give the first day of the period as the day of the old balance, others the day before.
- The text of an entry is the counterparty's name when there is a counter-account, else the bank's information.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import FormatError, HintNeeded, LimitExceeded
from bankklient_lab.formats import blocks, columns, gpc_accounts, gpc_layout
from bankklient_lab.formats.base import LIMITS, Findings, Hints, Part, Rows, clean, record_batch
from bankklient_lab.formats.columns import NO_DAY, null_where
from bankklient_lab.formats.currencies import iso_currency
from bankklient_lab.formats.decoding import Decoder
from bankklient_lab.formats.fixed_width import FixedWidth
from bankklient_lab.formats.gpc_postings import Postings
from bankklient_lab.formats.lines import Lines
from bankklient_lab.formats.periods import earlier, first_day
from bankklient_lab.formats.schema import Kind
from bankklient_lab.formats.spans import Bools, Ints, joined, tidy

ENCODINGS = ("cp1250", "cp852")
LETTERS = "áäčďéěíĺľňóôŕřšťúůýž"
ORDER_SAMPLE = 10_000  # records that decide on the order of account numbers
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
    place: str
    values: dict[str, Any]
    account: str
    raw: str
    entries: int = 0
    first_entry_day: date | None = None
    currency: str | None = None


class _Span(NamedTuple):
    """The entries `start` to `end` (half-open) of a block belong to `statement`."""

    statement: _Statement
    start: int
    end: int


class Reader:
    """Reads one file; `read` yields its parts."""

    def __init__(self, source: BinaryIO, hints: Hints) -> None:
        self._source = source
        self._hints = hints
        self._decoder = Decoder(ENCODINGS, LETTERS)
        self._findings = Findings()
        self._statements = Rows(Kind.STATEMENT, STATEMENT_COLUMNS)
        self._postings = Postings(hints.bank)
        self._internal_order: bool | None = None
        self._current: _Statement | None = None
        self._currency_of: dict[str, str] = {}  # by account

    def read(self) -> Iterator[Part]:
        """Yield statements, entries and findings."""
        text, number = "", 1
        # The messages of a block's last record may go on in the next block.
        for text, number in blocks.blocks_of_records(_blocks(self._source, self._decoder), ("075", "074")):
            yield from self._take(Lines(text, number))
        _refuse_cut_off(text)
        if self._current:
            self._finish(self._current)
        if self._decoder.replaced:
            self._findings.add("bad_character", field="text", value=self._decoder.encoding)
        yield from self._statements.drain()
        yield from self._findings.close()

    def _take(self, lines: Lines) -> Iterator[Part]:
        """Yield what whole records say; but for the first lines of the file, `lines` start with 074 or 075."""
        is_entry, is_statement = lines.start_with("075"), lines.start_with("074")
        entry_at, head_at = np.flatnonzero(is_entry), np.flatnonzero(is_entry | is_statement)
        if self._internal_order is None:
            heads = [lines[at] for at in head_at[:ORDER_SAMPLE].tolist()]
            self._internal_order = gpc_accounts.in_internal_order(heads, self._postings.profile)
        is_message = lines.start_with("078") | lines.start_with("079")
        for at in np.flatnonzero(~(is_entry | is_statement | is_message)).tolist():
            if lines[at].strip():
                self._findings.add("unknown_record", place=lines.place(at), field="type", value=lines[at][:3])
        if not len(head_at) or head_at[0] > 0:
            self._orphan(lines, int(head_at[0]) if len(head_at) else len(lines))
        last = np.append(head_at[1:], len(lines)) - 1  # of the lines that belong to each head
        spans: list[_Span] = []
        ended: list[_Statement] = []
        start = 0
        for at in np.flatnonzero(is_statement).tolist():
            before = int(np.searchsorted(entry_at, at))
            self._add_span(spans, start, before, lines)
            if self._current:
                ended.append(self._current)
            end = int(last[np.searchsorted(head_at, at)])
            self._current = self._begin(lines, at, end)
            start = before
        self._add_span(spans, start, len(entry_at), lines)
        if len(entry_at):
            yield self._entries(lines, entry_at, last[np.searchsorted(head_at, entry_at)], is_message, spans)
        for statement in ended:
            self._finish(statement)
        if self._statements.full():
            yield from self._statements.drain()
        yield from self._findings.drain()

    def _orphan(self, lines: Lines, end: int) -> None:
        """Refuse records that stand before the first one with an account."""
        at = next((at for at in range(end) if lines[at].strip()), None)
        if at is not None or not len(lines):
            raise FormatError("no record 074 stands before this one", place=lines.place(at or 0), text=lines[at or 0])

    def _add_span(self, spans: list[_Span], start: int, end: int, lines: Lines) -> None:
        if end > start:
            if self._current is None:
                raise FormatError("no record 074 stands before the first 075", place=lines.place(0), text=lines[0])
            spans.append(_Span(self._current, start, end))

    def _begin(self, lines: Lines, at: int, last: int) -> _Statement:
        """Return the statement that starts at the line `at` and has further lines to `last`."""
        place = lines.place(at)
        values = gpc_layout.STATEMENT.read(lines[at], place)
        for name in ("opening", "closing", "debit", "credit"):
            values[name] = _signed(values[name], values[name + "_sign"], place, name)
        if values["marker"]:
            self._postings.notice(values["marker"])
        account = gpc_accounts.of_digits(values["account"], internal=bool(self._internal_order))
        no = self._current.no + 1 if self._current else 1
        if no > LIMITS.statements:
            raise LimitExceeded(f"more than {LIMITS.statements} statements", place=place)
        if not account.valid:
            self._findings.add(
                "bad_check_digit", statement_no=no, place=place, field="account", value=values["account"]
            )
        raw = "\n".join(lines[each] for each in range(at, last + 1)).rstrip("\n")
        return _Statement(no, place, values, account.text, raw)

    def _finish(self, statement: _Statement) -> None:
        """Keep the row of a statement whose entries were read."""
        said = statement.values
        opening_day, last_day = said["opening_day"], said["closing_day"]
        self._statements.rows.append(
            (
                statement.no,
                False,
                statement.account,
                self._bank(),
                statement.currency or self._fallback_currency(statement),
                clean(said["account_name"]),
                (said["number"] or "").lstrip("0") or None,
                first_day(opening_day, statement.first_entry_day, last_day),
                last_day,
                said["opening"],
                opening_day,
                said["closing"],
                last_day,
                said["credit"],
                said["debit"],
                statement.raw,
                statement.place,
            )
        )

    def _bank(self) -> str | None:
        return self._hints.bank or (self._postings.profile.bank if self._postings.profile else None)

    def _fallback_currency(self, statement: _Statement) -> str:
        """Return the currency of a statement whose entries name none."""
        currency = self._currency_of.get(statement.account) or self._hints.currency
        if not currency:
            raise HintNeeded("currency", "the file names no ISO 4217 currency", place=statement.place)
        return currency

    def _entries(self, lines: Lines, first: Ints, last: Ints, is_message: Bools, spans: list[_Span]) -> Part:
        """Return the entries that stand in the lines `first` and have further lines to `last`."""
        lengths = lines.lengths[first]
        if lengths.min() < gpc_layout.SHORTEST_ENTRY:
            at = int(first[lengths.argmin()])
            raise FormatError("the record is cut off", place=lines.place(at), text=lines[at])
        long_lines = first[lengths > gpc_layout.WIDTH].tolist()
        extended = any(lines[at][gpc_layout.WIDTH :].strip() for at in long_lines)
        block = lines.block(gpc_layout.EXTENDED_ENTRY if extended else gpc_layout.ENTRY, first)
        booking, booking_good = block.day("booking_day")
        value, value_good = block.day("value_day")
        statement_no, entry_no = _number(spans, len(first), booking)
        rows = _RowsAt(self._findings, lines, first, statement_no, entry_no)
        rows.report(booking_good & (booking != NO_DAY), "bad_date", "booking_day")
        rows.report(value_good, "bad_date", "value_day")
        self._check_account(block, spans, rows)
        amount, reversal = self._amounts(block, rows)
        account = gpc_accounts.texts(block.slab("counterparty_account"), internal=bool(self._internal_order))
        text, no_account = block.text("text"), np.asarray(account.is_null())
        values: dict[str, Any] = {
            "statement_no": pa.array(statement_no),
            "entry_no": pa.array(entry_no),
            "booking_day": columns.days(booking),
            "value_day": columns.days(np.where(value == NO_DAY, booking, value)),
            "amount": amount,
            "currency": self._currencies(block, spans),
            "status": pa.repeat("BOOK", len(first)),
            "reversal": pa.array(reversal),
            "counterparty_name": null_where(no_account, text),
            "counterparty_account": account,
            "counterparty_bank": block.digits("counterparty_bank"),
            "bank_reference": block.symbol("bank_reference"),
            "transaction_code": block.text("posting_code"),
            "variable_symbol": block.symbol("variable_symbol"),
            "constant_symbol": block.symbol("constant_symbol"),
            "specific_symbol": block.symbol("specific_symbol"),
            "remittance": _remittance(lines, first, last, np.flatnonzero(is_message)),
            "additional_info": null_where(~no_account, text),
            "detail_count": pa.array(np.zeros(len(first), np.int32)),
            "raw": lines.strings(first, last),
            "place": columns.places(first + lines.first_number),
        }
        if extended:
            _add_extension(values, block)
        return Part(Kind.ENTRY, record_batch(Kind.ENTRY, values))

    def _amounts(self, block: FixedWidth, rows: _RowsAt) -> tuple[pa.Array, Bools]:
        """Return signed amounts, null where the file does not say one, and which entries are reversals."""
        units, good = block.number("amount")
        rows.report(good, "bad_amount", "amount")
        codes = block.slab("posting_code")[:, 0]
        debit_reversal, credit_reversal = self._postings.reversals(codes, rows.place)
        takes_back_debit, takes_back_credit = codes == ord(debit_reversal), codes == ord(credit_reversal)
        credit = (codes == ord("2")) | takes_back_debit
        debit = (codes == ord("1")) | takes_back_credit
        rows.report(credit | debit, "unknown_code", "posting_code")
        signed = np.where(debit, -units, units)
        return columns.amounts(signed, 2, good & (credit | debit)), takes_back_debit | takes_back_credit

    def _currencies(self, block: FixedWidth, spans: list[_Span]) -> pa.Array:
        numbers, good = block.number("currency")
        found, label = np.unique(np.where(good, numbers, 0), return_inverse=True)
        names = [iso_currency(int(number)) if 0 < number < 1000 else None for number in found]
        named = np.array([name is not None for name in names])[label]
        for statement, start, end in spans:
            if statement.currency is None and named[start:end].any():
                statement.currency = names[label[start + int(named[start:end].argmax())]] or ""
                self._currency_of[statement.account] = statement.currency
            if not named[start:end].all():
                names.append(statement.currency or self._fallback_currency(statement))
                label[start:end] = np.where(named[start:end], label[start:end], len(names) - 1)
        return pa.array(names, pa.string()).take(pa.array(label))

    def _check_account(self, block: FixedWidth, spans: list[_Span], rows: _RowsAt) -> None:
        slab = block.slab("account")
        same = np.ones(len(slab), np.bool_)
        for statement, start, end in spans:
            own = np.frombuffer(statement.values["account"].encode(), np.uint8)
            same[start:end] = (slab[start:end] == own).all(axis=1)
        rows.report(same, "account_differs", "account")


@dataclass(frozen=True, slots=True)
class _RowsAt:
    """Reports findings of single entries of a block."""

    findings: Findings
    lines: Lines
    line_at: Ints
    statement_no: Ints
    entry_no: Ints

    def place(self, at: int) -> str:
        """Return the place of an entry."""
        return self.lines.place(int(self.line_at[at]))

    def report(self, good: Bools, code: str, name: str) -> None:
        """Add a finding with the text of the field `name` for each entry that is not good."""
        field = gpc_layout.ENTRY.by_name[name]
        for at in np.flatnonzero(~good).tolist():
            self.findings.add(
                code,
                statement_no=int(self.statement_no[at]),
                entry_no=int(self.entry_no[at]),
                place=self.place(at),
                field=name,
                value=self.lines[int(self.line_at[at])][field.first - 1 : field.last],
            )


def _blocks(source: BinaryIO, decoder: Decoder) -> Iterator[str]:
    """Yield blocks of lines, also of files whose records have no line ends."""
    head = source.read(4096)
    source.seek(0)
    width = gpc_layout.WIDTH
    if b"\n" in head or not head[width : width + 3].startswith((b"074", b"075", b"078", b"079")):
        yield from blocks.blocks_of_text(source, decoder)
        return
    while data := source.read(blocks.BLOCK_BYTES // width * width):
        text = decoder.decode(data)
        yield "".join(text[at : at + width] + "\n" for at in range(0, len(text), width))


def _refuse_cut_off(text: str) -> None:
    """Refuse a file that stops inside an entry: its last line is too short and has no line end."""
    last = text[text.rfind("\n") + 1 :]
    if last.startswith("075") and len(last) < gpc_layout.WIDTH:
        raise FormatError("the file stops inside this record", place="last line", text=last)


def _number(spans: list[_Span], rows: int, booking: npt.NDArray[np.int32]) -> tuple[Ints, Ints]:
    """Return statement and entry numbers, and note in the statements how far they have come."""
    statement_no, entry_no = np.empty(rows, np.int64), np.empty(rows, np.int64)
    for statement, start, end in spans:
        statement_no[start:end] = statement.no
        entry_no[start:end] = np.arange(statement.entries + 1, statement.entries + 1 + end - start)
        statement.entries += end - start
        known = booking[start:end][booking[start:end] != NO_DAY]
        if len(known):
            statement.first_entry_day = earlier(statement.first_entry_day, known.min().astype("datetime64[D]").item())
    return statement_no, entry_no


def _signed(amount: Decimal, sign: str | None, place: str, name: str) -> Decimal:
    if sign not in ("+", "-") and (name in ("opening", "closing") or sign not in ("0", None)):
        raise FormatError("a sign is expected after the amount", place=place, field=name + "_sign", text=sign or "")
    return -amount if sign == "-" else amount


def _remittance(lines: Lines, entry_at: Ints, last: Ints, message_at: Ints) -> pa.Array:
    """Return the texts of the messages after each entry: a full record goes on in the next one without a blank."""
    owner = np.searchsorted(entry_at, message_at) - 1
    of_entry = (owner >= 0) & (message_at <= last[owner])  # others stand after a record 074
    message_at, owner = message_at[of_entry], owner[of_entry]
    if not len(message_at):
        return pa.nulls(len(entry_at), pa.string())
    texts = lines.block(gpc_layout.MESSAGE, message_at).padded("text")
    return tidy(joined(owner, texts, len(entry_at)))


def _add_extension(values: dict[str, Any], block: FixedWidth) -> None:
    """Put what the extended record says where the plain one says nothing, its longer name over the shorter."""
    units, good = block.number("original_amount")
    currency = block.text("original_currency")
    given = good & (units != 0) & np.asarray(currency.is_valid())
    values["original_amount"] = columns.amounts(units, 2, given)
    values["original_currency"] = pc.if_else(pa.array(given), currency, pa.scalar(None, pa.string()))
    values["client_reference"] = block.text("reference")
    values["counterparty_name"] = pc.coalesce(block.text("counterparty_name"), values["counterparty_name"])
    values["remittance"] = pc.coalesce(values["remittance"], block.text("messages"))
