"""The entries of a GPC file: records 075 and their messages to columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import FormatError
from bankklient_lab.formats import columns, gpc_accounts, gpc_layout
from bankklient_lab.formats.base import Findings, Part, record_batch
from bankklient_lab.formats.columns import NO_DAY, null_where
from bankklient_lab.formats.currencies import iso_currency
from bankklient_lab.formats.fixed_width import FixedWidth
from bankklient_lab.formats.gpc_postings import Postings
from bankklient_lab.formats.gpc_statement import Currencies, Span
from bankklient_lab.formats.lines import Lines
from bankklient_lab.formats.periods import earlier
from bankklient_lab.formats.schema import Kind
from bankklient_lab.formats.spans import Bools, Ints, joined, tidy


class Entries:
    """Turns the records 075 of a block of lines into a part."""

    def __init__(self, findings: Findings, postings: Postings, currencies: Currencies) -> None:
        self._findings = findings
        self._postings = postings
        self._known = currencies

    def part(
        self, lines: Lines, first: Ints, last: Ints, is_message: Bools, spans: list[Span], *, internal_order: bool
    ) -> Part:
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
        rows = RowsAt(self._findings, lines, first, statement_no, entry_no)
        rows.report(booking_good & (booking != NO_DAY), "bad_date", "booking_day")
        rows.report(value_good, "bad_date", "value_day")
        self._check_account(block, spans, rows)
        amount, reversal = self._amounts(block, rows)
        account = gpc_accounts.texts(block.slab("counterparty_account"), internal=internal_order)
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

    def _amounts(self, block: FixedWidth, rows: RowsAt) -> tuple[pa.Array, Bools]:
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

    def _currencies(self, block: FixedWidth, spans: list[Span]) -> pa.Array:
        numbers, good = block.number("currency")
        found, label = np.unique(np.where(good, numbers, 0), return_inverse=True)
        names = [iso_currency(int(number)) if 0 < number < 1000 else None for number in found]
        named = np.array([name is not None for name in names])[label]
        for statement, start, end in spans:
            if statement.currency is None and named[start:end].any():
                self._known.learn(statement, names[label[start + int(named[start:end].argmax())]] or "")
            if not named[start:end].all():
                names.append(self._known.of(statement))
                label[start:end] = np.where(named[start:end], label[start:end], len(names) - 1)
        return pa.array(names, pa.string()).take(pa.array(label))

    def _check_account(self, block: FixedWidth, spans: list[Span], rows: RowsAt) -> None:
        slab = block.slab("account")
        same = np.ones(len(slab), np.bool_)
        for statement, start, end in spans:
            own = np.frombuffer(statement.values["account"].encode(), np.uint8)
            same[start:end] = (slab[start:end] == own).all(axis=1)
        rows.report(same, "account_differs", "account")


@dataclass(frozen=True, slots=True)
class RowsAt:
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


def _number(spans: list[Span], rows: int, booking: npt.NDArray[np.int32]) -> tuple[Ints, Ints]:
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
