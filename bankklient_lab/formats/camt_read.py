"""camt.052, .053 and .054 to record batches, in one pass and with bounded memory.

Readings that the standard leaves open, each as most banks mean it:
- the sign follows CdtDbtInd alone; RvslInd only says that the entry takes an earlier one back;
- `opening` is the first OPBD, else the first PRCD, `closing` the first CLBD, `available` the first CLAV, else ITAV;
- `number` is ElctrncSeqNb, else LglSeqNb, without leading zeros; null when the bank does not number;
- `reference` is the Id of the statement and, where it differs, the MsgId of its message after a space;
- with exactly one TxDtls its fields are the entry's; with several, each is a detail;
- NOTPROVIDED and NONREF mean "none".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from lxml import etree

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats import camt_layout as layout
from bankklient_lab.formats.base import BATCH_ROWS, LIMITS, Findings, Hints, Part, Rows, clean
from bankklient_lab.formats.camt_entry import (
    PARTY_AND_REFERENCES,
    account_number,
    given,
    own_columns,
    party_and_references,
)
from bankklient_lab.formats.camt_layout import Found, compile_paths, gather
from bankklient_lab.formats.camt_shapes import Shapes
from bankklient_lab.formats.camt_slices import MARK, Slices
from bankklient_lab.formats.camt_statement import Checked, own_statement, read_balances, statement_columns
from bankklient_lab.formats.camt_table import Table
from bankklient_lab.formats.camt_xml import (
    Fragment,
    check_depth,
    forget,
    local_name,
    namespace,
    not_well_formed,
    parse,
)
from bankklient_lab.formats.schema import SCHEMAS, Kind

STATEMENT_TAGS = {"camt.052": "Rpt", "camt.053": "Stmt", "camt.054": "Ntfctn"}
BATCH_CHARS = 6 * 1024**2  # of kept XML in one batch

_VERSION = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.05[234]\.001\.(0[1-9]|1[0-3])")


class Reader:
    """Reads one message of one kind ("camt.053"); see the module for how."""

    def __init__(self, kind: str, hints: Hints) -> None:
        self._kind = kind
        self._tag = STATEMENT_TAGS[kind]
        self._hints = hints
        self._findings = Findings()
        self._entries = Table(Kind.ENTRY, self._findings)
        self._details = Table(Kind.DETAIL, self._findings)
        self._balances = Rows(Kind.BALANCE, SCHEMAS[Kind.BALANCE].names)
        self._statements = Rows(Kind.STATEMENT, SCHEMAS[Kind.STATEMENT].names)
        self._checked = Checked(self._find)
        self._slices = Slices("Ntry")
        self._header: Found = {}
        self._header_raw = ""
        self._statement: etree._Element | None = None
        self._statement_no = 0
        self._start_statement(None)

    def read(self, source: BinaryIO) -> Iterator[Part]:
        """Yield the parts of the message; FormatError when it can't be taken over."""
        tags, begun = ("Document", "GrpHdr", self._tag, "Ntry"), False
        for event, name, element in parse(source, tags, frozenset({"Ntry", self._tag}), self._slices):
            if not begun and (name != "Document" or element.getparent() is not None):
                raise FormatError("the message does not begin with the element Document", place="whole file")
            if event == "start":
                if not begun:
                    self._start_document(element)
                    begun = True
                elif name == self._tag and self._statement is None:
                    self._start_statement(element)
            elif name == "Ntry":
                self._read_entries(element)
                if len(self._entries.rows) >= BATCH_ROWS or self._entries.chars > BATCH_CHARS:
                    yield from self._drain()
            elif name == "GrpHdr" and self._statement is None:
                gather(element, self._header_paths, self._header)
                self._header_raw = self._fragment.text(element)
            elif element is self._statement:
                self._end_statement(element)
                if self._statements.full():
                    yield from self._drain()
        if not self._statement_no:
            raise FormatError(f"the message holds no statement ({self._tag})", place="whole file")
        yield from self._drain()
        yield from self._findings.close()

    def _drain(self) -> Iterator[Part]:
        yield from self._entries.drain()
        yield from self._details.drain()
        yield from self._balances.drain()
        yield from self._statements.drain()
        yield from self._findings.drain()

    def _start_document(self, element: etree._Element) -> None:
        if element.getroottree().docinfo.internalDTD is not None:
            raise FormatError("a document type definition (DOCTYPE) is not allowed in a bank message")
        space = namespace(element)
        if space and not _VERSION.fullmatch(space):
            self._findings.add("unknown_code", place="Document", field="xmlns", value=space)
        self._fragment = Fragment(element)
        self._header_paths = compile_paths(layout.GROUP_HEADER, space)
        self._statement_paths = compile_paths(layout.STATEMENT, space)
        self._account_paths = compile_paths(layout.ACCOUNT, space)
        self._entry_paths = compile_paths(layout.ENTRY, space)
        self._shapes: Shapes | None = None

    def _start_statement(self, element: etree._Element | None) -> None:
        self._statement = element
        self._entry_no = 0
        self._account: Found | None = None
        self._own_account: str | None = None
        self._entry_currency: str | None = None
        self._without_status = 0
        if element is not None:
            self._statement_no += 1
            if self._statement_no > LIMITS.statements:
                raise LimitExceeded(f"more than {LIMITS.statements} statements in one file")

    def _find(self, code: str, place: str, field: str, value: object = "") -> None:
        """Record a finding about the entry that is read, or about the statement when none is."""
        self._findings.add(
            code,
            statement_no=self._statement_no,
            entry_no=self._entry_no if place.startswith("Ntry") else None,
            place=place,
            field=field,
            value=value,
        )

    # Entries

    def _read_entries(self, element: etree._Element) -> None:
        """Read one entry, or the run of entries that was cut out at its place."""
        run = self._slices.take(element.get(MARK))
        if self._statement is None or element.getparent() is not self._statement:
            return
        if self._account is None:
            self._account = gather(self._statement, self._account_paths, {})
            self._own_account = account_number(self._account.get("account"))
        if run is None:
            place = self._next_place()
            check_depth(element, place)
            found = gather(element, self._entry_paths, {})
            self._add_entry(self._fragment.text(element), found, place)
        elif self._shapes is None:
            self._shapes = Shapes(layout.ENTRY, element)
        for text in run or ():
            assert self._shapes is not None
            place = self._next_place()
            try:
                found = self._shapes.find(text, place)
            except etree.XMLSyntaxError as error:
                raise not_well_formed(error, place) from None
            self._add_entry(text, found, place)
        forget(element)

    def _next_place(self) -> str:
        self._entry_no += 1
        return f"Ntry {self._entry_no} of {self._tag} {self._statement_no}"

    def _add_entry(self, raw: str, found: Found, place: str) -> None:
        details: list[Found] = found.get("details", [])
        if len(details) == 1:
            found = details[0] | found
        amount, currency = self._amount(found, place)
        credit = self._checked.credit(found.get("side"), place)
        reversal = (found.get("reversal") or "").strip() in {"true", "1"}
        if self._entry_currency is None:
            self._entry_currency = currency
        columns = party_and_references(found, credit, reversal, currency, self._own_account)
        if len(details) > 1:
            columns = self._read_details(
                details,
                columns,
                entry_credit=credit,
                reversal=reversal,
                entry_currency=currency,
                place=place,
            )
        elif "own_entry" in found:
            columns = self._with_own(columns, found["own_entry"], place)
        if len(raw) > LIMITS.field_chars:
            _check_fields(columns, place)
        self._entries.chars += len(raw)
        self._entries.rows.append(
            (
                self._statement_no,
                self._entry_no,
                found.get("booking_day"),
                found.get("value_day"),
                amount,
                currency,
                self._status(found, place),
                reversal,
                *columns,
                len(details),
                raw,
                place,
                not credit,
            )
        )

    def _read_details(
        self,
        details: list[Found],
        columns: tuple[Any, ...],
        *,
        entry_credit: bool,
        reversal: bool,
        entry_currency: str | None,
        place: str,
    ) -> tuple[Any, ...]:
        for number, found in enumerate(details, start=1):
            side = found.get("detail_side")
            credit = self._checked.credit(side, place) if side else entry_credit
            amount, currency = found.get("detail_amount") or (None, None)
            detail = party_and_references(found, credit, reversal, currency or entry_currency, self._own_account)
            if "own_detail" in found:
                detail = self._with_own(detail, found["own_detail"], place)
            if "own_entry" in found:
                columns = self._with_own(columns, found["own_entry"], place)
            currency = currency or entry_currency if amount else None
            numbers = (self._statement_no, self._entry_no, number)
            self._details.rows.append((*numbers, amount, currency, *detail, not credit))
        return columns

    def _with_own(self, columns: tuple[Any, ...], text: str | None, place: str) -> tuple[Any, ...]:
        try:
            own = own_columns(text or "")
        except ValueError:
            self._find("unknown_code", place, "SplmtryData", text)
            return columns
        return tuple(own.get(name, value) for name, value in zip(PARTY_AND_REFERENCES, columns, strict=True))

    def _amount(self, found: Found, place: str) -> tuple[str | None, str | None]:
        amount, currency = found.get("amount") or (None, None)
        if not amount:
            self._find("missing_field", place, "Amt")
        if not currency:
            currency = given((self._account or {}).get("currency")) or self._hints.currency
            if currency is None:
                self._find("missing_field", place, "Amt/@Ccy")
        return amount or None, currency

    def _status(self, found: Found, place: str) -> str | None:
        status: str | None = found.get("status")
        if status in layout.STATUSES:
            return status
        if "status" not in found:
            self._without_status += 1
            return "BOOK"
        status = clean(status)
        if status in layout.STATUSES:
            return status
        if status != "NOTPROVIDED":
            self._find("unknown_code", place, "Sts", status or "")
        return None

    # The statement around them

    def _end_statement(self, element: etree._Element) -> None:
        place = f"{self._tag} {self._statement_no}"
        check_depth(element, place)
        found = gather(element, self._statement_paths, {})
        if self._without_status:
            self._find("missing_field", place, "Ntry/Sts", f"in {self._without_status} entries, read as BOOK")
        balances = read_balances(found, self._checked, self._find, place)
        columns = statement_columns(
            found,
            self._header,
            balances,
            self._entry_currency,
            own=self._own_statement(found, place),
            hints=self._hints,
            checked=self._checked,
            place=place,
        )
        for balance in balances:
            if balance.amount is not None and balance.currency != columns["currency"]:
                self._find("currency_differs", place, f"Bal {balance.kind}", balance.currency)
            self._balances.rows.append(
                (self._statement_no, balance.kind, balance.day, balance.amount, balance.currency)
            )
        _check_fields(columns.values(), place)
        columns |= {
            "statement_no": self._statement_no,
            "interim": self._kind != "camt.053",
            "raw": self._header_raw + self._statement_raw(element),
            "place": place,
        }
        self._header_raw = ""  # it is with the first statement of its message
        self._statements.rows.append(tuple(columns[name] for name in SCHEMAS[Kind.STATEMENT].names))
        self._statement = None
        forget(element)

    def _own_statement(self, found: Found, place: str) -> dict[str, Any]:
        try:
            return own_statement(found)
        except ValueError:
            self._find("unknown_code", place, "AddtlStmtInf", found["statement_info"])
            return {}

    def _statement_raw(self, element: etree._Element) -> str:
        for entry in list(element):
            if local_name(entry) == "Ntry":
                element.remove(entry)
        return self._fragment.text(element)


def _check_fields(values: Iterable[object], place: str) -> None:
    for value in values:
        if isinstance(value, str) and len(value) > LIMITS.field_chars:
            raise LimitExceeded(f"a text is longer than {LIMITS.field_chars} characters", place=place, text=value)
