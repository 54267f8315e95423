"""The GPC reader: blocks of lines to statements and their entries.

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
from decimal import Decimal
from typing import BinaryIO

import numpy as np

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats import blocks, gpc_accounts, gpc_layout
from bankklient_lab.formats.base import LIMITS, Findings, Hints, Part, Rows, clean
from bankklient_lab.formats.decoding import CENTRAL_EUROPEAN, Decoder
from bankklient_lab.formats.gpc_entries import Entries
from bankklient_lab.formats.gpc_postings import Postings
from bankklient_lab.formats.gpc_statement import Currencies, Span, Statement
from bankklient_lab.formats.lines import Lines
from bankklient_lab.formats.periods import first_day
from bankklient_lab.formats.schema import Kind

ENCODINGS = ("cp1250", "cp852", "iso8859-2")
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


class Reader:
    """Reads one file; `read` yields its parts."""

    def __init__(self, source: BinaryIO, hints: Hints) -> None:
        self._source = source
        self._hints = hints
        self._decoder = Decoder(ENCODINGS, CENTRAL_EUROPEAN)
        self._findings = Findings()
        self._statements = Rows(Kind.STATEMENT, STATEMENT_COLUMNS)
        self._postings = Postings(hints.bank)
        self._internal_order: bool | None = None
        self._current: Statement | None = None
        self._currencies = Currencies(hints.currency)
        self._entries = Entries(self._findings, self._postings, self._currencies)

    def read(self) -> Iterator[Part]:
        """Yield statements, entries and findings."""
        text, number = "", 1
        # The messages of a block's last record may go on in the next block.
        for text, number in blocks.blocks_of_records(_blocks(self._source, self._decoder), ("075", "074")):
            yield from self._take(Lines(text, number))
        _refuse_cut_off(text)
        if self._current:
            self._finish(self._current)
        if self._decoder.unsure:
            self._findings.add("encoding_assumed", field="text", value=self._decoder.encoding)
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
        spans: list[Span] = []
        ended: list[Statement] = []
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
            ends = last[np.searchsorted(head_at, entry_at)]
            internal = bool(self._internal_order)
            yield self._entries.part(lines, entry_at, ends, is_message, spans, internal_order=internal)
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

    def _add_span(self, spans: list[Span], start: int, end: int, lines: Lines) -> None:
        if end > start:
            if self._current is None:
                raise FormatError("no record 074 stands before the first 075", place=lines.place(0), text=lines[0])
            spans.append(Span(self._current, start, end))

    def _begin(self, lines: Lines, at: int, last: int) -> Statement:
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
        return Statement(no, place, values, account.text, raw)

    def _finish(self, statement: Statement) -> None:
        """Keep the row of a statement whose entries were read."""
        said = statement.values
        opening_day, last_day = said["opening_day"], said["closing_day"]
        self._statements.rows.append(
            (
                statement.no,
                False,
                statement.account,
                self._bank(),
                self._currencies.of(statement),
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


def _signed(amount: Decimal, sign: str | None, place: str, name: str) -> Decimal:
    if sign not in ("+", "-") and (name in ("opening", "closing") or sign not in ("0", None)):
        raise FormatError("a sign is expected after the amount", place=place, field=name + "_sign", text=sign or "")
    return -amount if sign == "-" else amount
