"""pain.001 and pain.008 to record batches, in one pass and with bounded memory.

What is refused: a document that is not well formed, a stated count (NbOfTxs) or sum (CtrlSum) that does not hold, an
amount or a day that can't be read exactly, cheques (PmtMtd CHK), and an amount in another currency than the one to be
transferred (EqvtAmt), which no order can say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from lxml import etree

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats import camt_values
from bankklient_lab.formats.base import BATCH_ROWS, LIMITS, batch_of
from bankklient_lab.formats.camt_layout import Found, compile_paths, gather
from bankklient_lab.formats.camt_shapes import Shapes
from bankklient_lab.formats.camt_slices import MARK, Slices
from bankklient_lab.formats.camt_xml import Fragment, check_depth, forget, local_name, namespace, not_well_formed, parse
from bankklient_lab.formats.payments.base import Part
from bankklient_lab.formats.payments.pain_layout import HEADER, Message, group_paths, payment_paths
from bankklient_lab.formats.payments.pain_payment import COLUMNS, GroupColumns
from bankklient_lab.formats.payments.pain_totals import Totals
from bankklient_lab.formats.payments.schema import FINDING, GROUP, PAYMENT, Kind

BATCH_CHARS = 6 * 1024**2  # of kept XML in one batch


class Reader:
    """Reads one message of one kind."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._slices = Slices(message.payment)
        self._payments: list[tuple[Any, ...]] = []
        self._texts: list[tuple[str | None, str | None, str | None]] = []  # amount, maturity, day of the mandate
        self._chars = 0
        self._number = 0
        self._groups: list[tuple[Any, ...]] = []
        self._totals = Totals()
        self._header: Found = {}
        self._group: GroupColumns | None = None
        self._element: etree._Element | None = None
        self._in_group = 0

    def read(self, source: BinaryIO) -> Iterator[Part]:
        """Yield the parts of the message; FormatError when it can't be taken over."""
        entry = self._message.payment
        tags, begun = ("Document", "GrpHdr", "PmtInf", entry), False
        for event, name, element in parse(source, tags, frozenset({entry, "PmtInf"}), self._slices):
            if not begun:
                if name != "Document" or element.getparent() is not None:
                    raise FormatError("the message does not begin with the element Document", place="whole file")
                yield from self._start_document(element)
                begun = True
            elif event == "start":
                if name == "PmtInf":
                    self._start_group(element)
            elif name == entry:
                self._read_payments(element)
                if len(self._payments) >= BATCH_ROWS or self._chars > BATCH_CHARS:
                    yield from self._drain()
            elif name == "GrpHdr":
                self._read_header(element)
            elif element is self._element:
                self._end_group(element)
        if not self._number:
            raise FormatError(f"the message holds no payment ({entry})", place="whole file")
        yield from self._drain()
        self._totals.check_file()

    def _start_document(self, element: etree._Element) -> Iterator[Part]:
        space = namespace(element)
        self._fragment = Fragment(element)
        self._header_paths = compile_paths(HEADER, space)
        self._group_paths = compile_paths(group_paths(self._message), space)
        self._payment_paths = payment_paths(self._message)
        self._compiled = compile_paths(self._payment_paths, space)
        self._shapes: Shapes | None = None
        if space and not self._message.versions.fullmatch(space):
            found = {name: [text] for name, text in (("code", "unknown_code"), ("place", "Document"), ("value", space))}
            yield Part(Kind.FINDING, batch_of(FINDING, found | {"field": ["xmlns"]}))

    def _read_header(self, element: etree._Element) -> None:
        self._header = gather(element, self._header_paths, {})
        self._totals.state_file(self._header.get("count"), self._header.get("sum"))

    def _start_group(self, element: etree._Element) -> None:
        if self._element is not None:
            raise FormatError("a PmtInf stands inside another", place=self._group_place())
        self._element = element
        self._group = None
        self._in_group = 0
        if len(self._groups) >= LIMITS.statements:
            raise LimitExceeded(f"more than {LIMITS.statements} groups in one file")

    def _group_place(self) -> str:
        return f"PmtInf {self._totals.groups + (self._group is None)}"

    def _begin_payments(self, group: etree._Element) -> GroupColumns:
        """Read the head of a group, which stands before its first payment."""
        found = gather(group, self._group_paths, {})
        place = self._group_place()
        method = (found.get("method") or "").strip()
        if method not in self._message.methods:
            reason = f"only {' and '.join(self._message.methods)} can be taken over"
            raise FormatError(reason, place=place, field="PmtMtd", text=method)
        number, *stated = self._totals.begin(found.get("count"), found.get("sum"), place)
        columns = self._group = GroupColumns(self._message, found, number)
        head = [self._fragment.text(child) for child in group if local_name(child) != self._message.payment]
        header = self._header
        self._groups.append(
            (
                number, header.get("message_id"), header.get("created_at"), header.get("initiator"), columns.reference,
                columns.kind, columns.account, columns.maturity, *stated, "".join(head), place,
            )
        )  # fmt: skip
        return columns

    def _end_group(self, element: etree._Element) -> None:
        if self._group is None:
            raise FormatError("the group has no payment", place=self._group_place())
        self._element = None
        forget(element)

    # Payments

    def _read_payments(self, element: etree._Element) -> None:
        """Read one payment, or the run of payments that was cut out at its place."""
        run = self._slices.take(element.get(MARK))
        parent = element.getparent()
        if self._element is None or parent is not self._element:
            raise FormatError(f"{self._message.payment} stands outside of PmtInf", place=f"payment {self._number + 1}")
        group = self._group or self._begin_payments(parent)
        if run is None:
            place = self._next_place(group)
            check_depth(element, place)
            self._add(group, self._fragment.text(element), gather(element, self._compiled, {}), place)
        elif self._shapes is None:
            self._shapes = Shapes(self._payment_paths, element)
        for text in run or ():
            assert self._shapes is not None
            place = self._next_place(group)
            try:
                found = self._shapes.find(text, place)
            except etree.XMLSyntaxError as error:
                raise not_well_formed(error, place) from None
            self._add(group, text, found, place)
        forget(element)

    def _next_place(self, group: GroupColumns) -> str:
        self._in_group += 1
        self._number += 1
        if self._number > LIMITS.payments:
            raise LimitExceeded(f"more than {LIMITS.payments} payments in one file")
        return f"PmtInf {group.number}, {self._message.payment} {self._in_group}"

    def _add(self, group: GroupColumns, raw: str, found: Found, place: str) -> None:
        amount, currency = found.get("amount") or found.get("equivalent") or (None, None)
        if not amount or not currency:
            raise FormatError("the payment has no amount with a currency", place=place, field="InstdAmt")
        if "amount" not in found and (found.get("equivalent_currency") or "").strip() != currency:
            raise FormatError(
                "an amount in another currency than the one to be transferred can't be an order",
                place=place, field="EqvtAmt", text=f"{amount} {currency}",
            )  # fmt: skip
        self._payments.append(group.payment(found, currency, self._number, raw, place))
        self._texts.append((amount, group.maturity, found.get("mandate_day")))
        self._chars += len(raw)

    # Batches

    def _drain(self) -> Iterator[Part]:
        """Yield what was collected; a total that does not hold refuses the file."""
        if self._payments:
            columns = dict(zip(COLUMNS, zip(*self._payments, strict=True), strict=True))
            places = columns["place"]
            amounts, days, mandates = zip(*self._texts, strict=True)
            batch = batch_of(
                PAYMENT,
                {
                    **{name: _array(name, values, PAYMENT) for name, values in columns.items()},
                    "amount": camt_values.amounts(amounts, _Refuse(places, "InstdAmt")),
                    "maturity": camt_values.days(days, _Refuse(places, self._message.day)),
                    "mandate_day": camt_values.days(mandates, _Refuse(places, "DtOfSgntr")),
                },
            )
            _check_lengths(batch)
            self._totals.add(batch)
            yield Part(Kind.PAYMENT, batch)
        self._payments, self._texts, self._chars = [], [], 0
        self._totals.check(still_open=self._group.number if self._group and self._element is not None else None)
        if self._groups:
            yield from self._drain_groups()

    def _drain_groups(self) -> Iterator[Part]:
        """Yield the heads of groups."""
        names = GROUP.names
        columns = dict(zip(names, zip(*self._groups, strict=True), strict=True))
        places = columns["place"]
        given = {name: _array(name, values, GROUP) for name, values in columns.items() if name != "maturity"}
        days = camt_values.days(columns["maturity"], _Refuse(places, self._message.day))
        self._groups = []
        yield Part(Kind.GROUP, batch_of(GROUP, given | {"maturity": days}))


class _Refuse:
    """Refuses the file for a value that can't be read; rows are those of a batch."""

    def __init__(self, places: tuple[str, ...], field: str) -> None:
        self._places = places
        self._field = field

    def __call__(self, row: int, code: str, value: str) -> None:
        reasons = {"too_many_decimals": "more than three decimals or fifteen digits", "bad_date": "this is no day"}
        reason = reasons.get(code, "this is no unsigned amount")
        raise FormatError(reason, place=self._places[row], field=self._field, text=value)


def _array(name: str, values: tuple[Any, ...], schema: pa.Schema) -> pa.Array:
    return pa.array(values, schema.field(name).type)


def _check_lengths(batch: pa.RecordBatch) -> None:
    """Refuse a field that is longer than the limit."""
    for field in batch.schema:
        if field.type == pa.string() and field.name != "raw":
            column = batch.column(field.name)
            long = pc.greater(pc.utf8_length(column), LIMITS.field_chars)
            if pc.any(long).as_py():
                place = batch.column("place").filter(long)[0].as_py()
                raise LimitExceeded(f"longer than {LIMITS.field_chars} characters", place=place, field=field.name)
