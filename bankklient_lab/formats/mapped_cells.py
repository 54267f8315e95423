"""The rows of cells of a mapped file, and the values of fields in a batch of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import LimitExceeded
from bankklient_lab.formats import texts
from bankklient_lab.formats.base import LIMITS, Findings
from bankklient_lab.formats.mappings import Located
from bankklient_lab.formats.schema import AMOUNT


@dataclass(slots=True)
class Table:
    """The rows of a mapped file: columns of text in batches, and lines around them.

    `rows` gives (columns, number of each row in the file, from 1); `outside` grows while the rows are read,
    when lines outside the table also come between or behind them.
    """

    located: Located
    rows: Iterable[tuple[Sequence[pa.Array], pa.Array]]
    outside: list[str] = field(default_factory=list)
    iso_days: bool = False  # days also come as ISO 8601 (cells of a workbook)
    row_word: str = "row"


class Cells:
    """A batch of rows, read field by field."""

    def __init__(
        self, table: Table, columns: Sequence[pa.Array], numbers: pa.Array, days: texts.Days, findings: Findings
    ) -> None:
        """Take columns of text and the number of each row in the file."""
        self._table = table
        self._mapping = table.located.mapping
        self._columns = columns
        self._days = days
        self._findings = findings
        self.places = pc.binary_join_element_wise(table.row_word, numbers.cast(pa.string()), " ")

    def __len__(self) -> int:
        return len(self.places)

    def _column(self, column: str | int) -> pa.Array:
        return self._columns[self._table.located.position(column)]

    def raw(self) -> pa.Array:
        """Return the rows as they are written."""
        columns = self._columns
        raw = columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, self._mapping.delimiter)
        longest = pc.index(pc.binary_length(raw), pc.max(pc.binary_length(raw))).as_py()
        if len(raw[longest].as_py()) > LIMITS.field_chars:
            raise LimitExceeded(
                f"the row has more than {LIMITS.field_chars} characters", place=self.places[longest].as_py()
            )
        return raw

    def text(self, name: str) -> pa.Array:
        """Return the texts of a field that the mapping gives columns to."""
        cells = [self._column(column) for column in self._mapping.columns[name]]
        return cells[0] if len(cells) == 1 else pc.binary_join_element_wise(*cells, " ")

    def amount(self) -> pa.Array:
        """Return signed amounts, null with a finding where there is none."""
        sign = self._mapping.sign
        if "amount" not in self._mapping.columns:
            debit = pc.abs(self.number("debit"))
            credit = pc.abs(self.number("credit"))
            both = pc.subtract(pc.fill_null(credit, Decimal(0)), pc.fill_null(debit, Decimal(0))).cast(AMOUNT)
            none = pc.and_(pc.is_null(debit), pc.is_null(credit))
            for index in pc.indices_nonzero(
                pc.and_(texts.blank(self.text("debit")), texts.blank(self.text("credit")))
            ).to_pylist():
                self._findings.add("bad_amount", place=self.places[index].as_py(), field="amount")
            return pc.if_else(none, pa.scalar(None, AMOUNT), both)
        amount = self.number("amount")
        for index in pc.indices_nonzero(texts.blank(self.text("amount"))).to_pylist():
            self._findings.add("bad_amount", place=self.places[index].as_py(), field="amount")
        if sign.get("inverse"):
            return pc.negate(amount)
        if "side" in sign:
            return self._by_side(amount)
        return amount

    def _by_side(self, amount: pa.Array) -> pa.Array:
        sign = self._mapping.sign
        side = pc.utf8_trim_whitespace(self._column(sign["side"]))  # type: ignore[arg-type]
        debit = pc.is_in(side, pa.array(sign["debit"], pa.string()))
        credit = pc.is_in(side, pa.array(sign["credit"], pa.string()))
        for index in pc.indices_nonzero(pc.invert(pc.or_(debit, credit))).to_pylist():
            self._findings.add("bad_amount", place=self.places[index].as_py(), field="side", value=side[index].as_py())
        size = pc.abs(amount)
        null = pa.scalar(None, AMOUNT)
        return pc.if_else(debit, pc.negate(size), pc.if_else(credit, size, null))

    def number(self, name: str) -> pa.Array:
        """Return a field as exact numbers, null where it is blank or, with a finding, can't be read."""
        given = self.text(name)
        values, too_long = texts.amounts(given, self._mapping.decimal)
        if values.null_count:
            bad = pc.and_(pc.is_null(values), pc.invert(texts.blank(given)))
            for index in pc.indices_nonzero(bad).to_pylist():
                code = "too_many_decimals" if too_long[index].as_py() else "bad_amount"
                self._findings.add(code, place=self.places[index].as_py(), field=name, value=given[index].as_py())
        return values

    def day(self, name: str, booked: pa.BooleanArray) -> pa.Array:
        """Return a field as days, null where it can't be read: with a finding when the entry is booked."""
        if name not in self._mapping.columns:
            return pa.nulls(len(self), pa.date32())
        given = self.text(name)
        days = self._days.column(given)
        if days.null_count:
            bad = pc.and_(pc.is_null(days), booked)
            if name != "booking_day":
                bad = pc.and_(bad, pc.invert(texts.blank(given)))
            for index in pc.indices_nonzero(bad).to_pylist():
                self._findings.add("bad_date", place=self.places[index].as_py(), field=name, value=given[index].as_py())
        return days

    def status(self) -> pa.Array:
        """Return BOOK or PDNG for each row."""
        status = self._mapping.status
        if not status:
            return pa.repeat(pa.scalar("BOOK"), len(self))
        cells = pc.utf8_trim_whitespace(self._column(status["column"]))  # type: ignore[arg-type]
        return pc.if_else(pc.is_in(cells, pa.array(status["pending"], pa.string())), "PDNG", "BOOK")

    def reversal(self) -> pa.Array:
        """Tell which rows take another one back."""
        if not self._mapping.reversal:
            return pa.repeat(pa.scalar(False), len(self))
        cells = self._column(self._mapping.reversal["column"])  # type: ignore[arg-type]
        return pc.invert(texts.blank(cells))
