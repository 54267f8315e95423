"""Our own fixed-width format of domestic orders: see fixed_layout and docs/reference/fixed-width.md."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats.base import LIMITS, batch_of
from bankklient_lab.formats.columns import amounts, exact_sum
from bankklient_lab.formats.fixed_width import FixedWidth
from bankklient_lab.formats.lines import Lines
from bankklient_lab.formats.payments import fixed_layout as layout
from bankklient_lab.formats.payments.base import LINE_CHARACTERS, Options, Part, PaymentFormat
from bankklient_lab.formats.payments.charsets import Utf8
from bankklient_lab.formats.payments.fixed_write import write
from bankklient_lab.formats.payments.schema import GROUP, PAYMENT, Kind
from bankklient_lab.formats.spans import Ints
from bankklient_lab.formats.texts import Days, clean_texts, null_if_empty, symbols

_HEAD = f"H{layout.SIGNATURE}".encode()


def sniff(head: bytes) -> str | None:
    """Return "BKORD1" for a file that starts with the line of this format."""
    return layout.SIGNATURE if head.removeprefix(b"\xef\xbb\xbf").startswith(_HEAD) else None


def read(source: BinaryIO, options: Options) -> Iterator[Part]:
    """Yield the orders of one file."""
    return _Reader(Utf8(source, options.charset)).read()


class _Reader:
    def __init__(self, text: Utf8) -> None:
        self._text = text
        self._header: dict[str, Any] | None = None
        self._header_raw = ""
        self._ended = False
        self._count = 0
        self._units = 0
        self._days = Days(("%Y%m%d",))

    def read(self) -> Iterator[Part]:
        number = 1
        while block := self._text.block():
            lines = Lines(block.decode(), number)
            number += len(lines)
            yield from self._take(lines)
        if not self._ended:
            raise FormatError("the file stops before its last line (T)", place=f"line {number - 1}")

    def _take(self, lines: Lines) -> Iterator[Part]:
        wrong = np.flatnonzero(lines.lengths != layout.WIDTH)
        if len(wrong):
            at = int(wrong[0])
            reason = f"the line has {int(lines.lengths[at])} characters, {layout.WIDTH} are expected"
            raise FormatError(reason, place=lines.place(at), text=lines[at])
        is_order = lines.start_with("P") | lines.start_with("C")
        orders = np.flatnonzero(is_order)
        first, last = (int(orders[0]), int(orders[-1])) if len(orders) else (len(lines), -1)
        for at in np.flatnonzero(~is_order).tolist():
            if first < at < last:
                raise FormatError("only P and C are possible between orders", place=lines.place(at), text=lines[at])
            if at < first:
                self._frame(lines, at)
        if len(orders):
            yield self._orders(lines, orders)
        for at in range(last + 1, len(lines)) if len(orders) else ():
            self._frame(lines, at)
        if self._ended:
            yield self._group()

    def _frame(self, lines: Lines, at: int) -> None:
        """Take the first or the last line of the file."""
        line, place = lines[at], lines.place(at)
        if self._ended:
            raise FormatError("the line T ends the file", place=place, text=line)
        if line.startswith(_HEAD.decode()) and self._header is None:
            self._header, self._header_raw = layout.HEADER.read(line, place), line
        elif line.startswith("T") and self._header is not None:
            self._check_totals(layout.TRAILER.read(line, place), place)
            self._ended = True
        else:
            raise FormatError("the file is a line H, lines P and C, and a line T", place=place, text=line)

    def _check_totals(self, stated: dict[str, Any], place: str) -> None:
        if not self._count:
            raise FormatError("the file has no order", place=place)
        if int(stated["count"] or 0) != self._count:
            reason = f"{int(stated['count'] or 0)} orders are stated, there are {self._count}"
            raise FormatError(reason, place=place, field="count")
        total = Decimal(self._units).scaleb(-2)
        if stated["sum"] != total:
            raise FormatError(f"the sum {stated['sum']} is stated, the orders make {total}", place=place, field="sum")

    def _group(self) -> Part:
        header = self._header
        assert header is not None
        row = {
            "group_no": 1,
            "file_reference": header["reference"],
            "created_at": str(header["created"]) if header["created"] else None,
            "initiator": header["client_name"],
            "stated_count": self._count,
            "stated_sum": Decimal(self._units).scaleb(-2),
            "raw": self._header_raw.rstrip(),
            "place": "line 1",
        }
        return Part(Kind.GROUP, batch_of(GROUP, {n: pa.array([v], GROUP.field(n).type) for n, v in row.items()}))

    def _orders(self, lines: Lines, rows: Ints) -> Part:
        if self._header is None:
            raise FormatError("the file begins with a line H", place=lines.place(int(rows[0])))
        if self._ended:
            raise FormatError("the line T ends the file", place=lines.place(int(rows[0])))
        if self._count + len(rows) > LIMITS.payments:
            raise LimitExceeded(f"more than {LIMITS.payments} payments", place=lines.place(int(rows[0])))
        block = _Block(lines, rows, self._days)
        units = block.units()
        payment_no = np.arange(self._count + 1, self._count + 1 + len(rows), dtype=np.int32)
        self._count += len(rows)
        self._units += exact_sum(units)
        columns = {
            "payment_no": pa.array(payment_no),
            "group_no": pa.array(np.ones(len(rows), np.int32)),
            "kind": block.kind(),
            "own_account": block.account("own"),
            "counter_account": block.account("counter"),
            "amount": amounts(units, 2),
            **{name: block.day(name) for name in ("maturity", "client_day")},
            **{name: symbols(block.digits(name)) for name in layout.SYMBOLS},
            "urgent": pc.equal(null_if_empty(block.digits("urgent")), "1"),
            **{name: clean_texts(block.fields.text(name)) for name in layout.TEXTS},
            **{name: block.lines_of(name) for name in layout.LONG_TEXTS},
            "raw": pc.utf8_rtrim_whitespace(lines.strings(rows, rows)),
            "place": pc.binary_join_element_wise("line", pa.array(rows + lines.first_number).cast(pa.string()), " "),
        }
        return Part(Kind.PAYMENT, batch_of(PAYMENT, columns))


class _Block:
    """The orders of some lines; a field that can't be read refuses the file."""

    def __init__(self, lines: Lines, rows: Ints, days: Days) -> None:
        self.fields: FixedWidth = lines.block(layout.ORDER, rows)
        self._lines = lines
        self._rows = rows
        self._days = days

    def kind(self) -> pa.Array:
        letters = self.fields.text("type")
        return pc.if_else(pc.equal(letters, "C"), layout.KINDS["C"], layout.KINDS["P"])

    def units(self) -> Ints:
        units, good = self.fields.number("amount")
        self._require(good, "amount", "fifteen digits are expected: hellers")
        return units

    def digits(self, name: str) -> pa.Array:
        """Return a field of digits as written, "" when it is blank."""
        text = pc.utf8_trim_whitespace(self.fields.padded(name))
        width = layout.ORDER.by_name[name].width
        good = pc.match_substring_regex(text, rf"^(?:[0-9]{{{width}}})?$")
        self._require(good.to_numpy(zero_copy_only=False), name, f"{width} digits are expected, or blanks")
        return text

    def day(self, name: str) -> pa.Array:
        text = symbols(self.digits(name))
        day = self._days.column(text)
        self._require(
            ~(text.is_valid().to_numpy(False) & day.is_null().to_numpy(False)), name, "this day does not exist"
        )
        return day

    def account(self, side: str) -> pa.Array:
        """Return accounts as prefix-base/bank, null where all is blank or zero."""
        prefix, base = symbols(self.digits(f"{side}_prefix")), symbols(self.digits(f"{side}_base"))
        bank = null_if_empty(self.digits(f"{side}_bank"))
        number = pc.binary_join_element_wise(prefix, pc.fill_null(base, "0"), "-")
        number = pc.if_else(prefix.is_valid(), number, base)
        return pc.binary_join_element_wise(number, pc.fill_null(bank, "0000"), "/")

    def lines_of(self, name: str) -> pa.Array:
        """Return a text of four lines."""
        text = self.fields.padded(name)
        parts = [
            pc.utf8_rtrim_whitespace(pc.utf8_slice_codeunits(text, at, at + LINE_CHARACTERS))
            for at in range(0, layout.TEXT_LINES * LINE_CHARACTERS, LINE_CHARACTERS)
        ]
        joined = pc.binary_join_element_wise(*parts, "\n")
        return null_if_empty(pc.utf8_rtrim(joined, "\n"))

    def _require(self, good: Any, name: str, reason: str) -> None:
        if not good.all():
            at = int(self._rows[np.flatnonzero(~good)[0]])
            field = layout.ORDER.by_name[name]
            text = self._lines[at][field.first - 1 : field.last]
            raise FormatError(reason, place=self._lines.place(at), field=name, text=text)


FORMATS = (
    PaymentFormat(
        "fixed", "fixed-width orders of this package (BKORD1)", sniff, read, write, ".bko", takes_charset=True
    ),
)
