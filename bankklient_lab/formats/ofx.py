"""OFX and QFX: bank and credit card statements of OFX 1.x (SGML) and 2.x (XML); investment statements by their cash.

Each STMTRS, CCSTMTRS and INVSTMTRS is a statement. LEDGERBAL is its closing balance, AVAILBAL what is available;
OFX has no opening balance. FITID is the bank's reference. Securities transactions are kept as INFO, which does
not count in balances. Days are the first eight digits: the bank's local day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import BinaryIO, NamedTuple

from bankklient_lab.errors import FormatError, HintNeeded, LimitExceeded
from bankklient_lab.formats.base import LIMITS, SNIFF_BYTES, Findings, Format, Hints, Part, Rows, clean
from bankklient_lab.formats.ofx_parts import Header, read_header, regions, unescape
from bankklient_lab.formats.ofx_values import SECURITIES, TYPES, read_amount, read_day
from bankklient_lab.formats.schema import Kind

_STATEMENTS = frozenset({"STMTRS", "CCSTMTRS", "INVSTMTRS"})
_ACCOUNTS = frozenset({"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"})
_AGGREGATES = _ACCOUNTS | {"LEDGERBAL", "AVAILBAL", "BAL", "STATUS", "SONRS", "BANKTRANLIST", "INVTRANLIST"}
_OPENER = re.compile(r"<(STMTTRNP?)>", re.IGNORECASE)
_CLOSER = re.compile(
    r"</STMTTRNP?\s*>|</?(?:BANKTRANLISTP?|INVBANKTRAN|STMTRS|CCSTMTRS|INVSTMTRS|LEDGERBAL)\b", re.IGNORECASE
)
_LEAF = re.compile(r"<([\w.]+)>([^<]*)")
_TOKEN = re.compile(r"<(/?)([\w.]+)\s*(/?)>([^<]*)")
_EXACT = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,3})?")
_ENTRY_COLUMNS = (
    "statement_no",
    "entry_no",
    "booking_day",
    "value_day",
    "amount",
    "currency",
    "status",
    "reversal",
    "counterparty_name",
    "counterparty_account",
    "counterparty_bank",
    "bank_reference",
    "client_reference",
    "transaction_code",
    "remittance",
    "original_currency",
    "exchange_rate",
    "raw",
    "place",
)
_STATEMENT_COLUMNS = (
    "statement_no",
    "interim",
    "account",
    "bank",
    "currency",
    "created_at",
    "first_day",
    "last_day",
    "closing",
    "closing_day",
    "available",
    "raw",
    "place",
)


@dataclass(slots=True)
class _Statement:
    """What is gathered of the statement that is being read."""

    number: int
    place: str
    kind: str
    entries: int = 0
    securities: int = 0
    values: dict[tuple[str, str], str] = field(default_factory=dict)  # (aggregate, tag) -> text
    rest: list[str] = field(default_factory=list)  # "TAG=value" that no column holds
    currency: str = ""


class _Place(NamedTuple):
    """Where a value stands: for findings."""

    statement: _Statement
    entry_no: int | None
    place: str


def sniff(head: bytes) -> str | None:
    """Return "OFX 102" and the like."""
    header = read_header(head)
    return f"OFX {header.version}".strip() if header else None


def read(source: BinaryIO, hints: Hints) -> Iterator[Part]:
    """Yield entries and statements in file order."""
    header = read_header(source.read(SNIFF_BYTES))
    source.seek(0)
    if header is None:
        raise FormatError("this is no OFX file: it starts neither with OFXHEADER nor with <?OFX", place="line 1")
    return _Reader(header, hints).parts(source)


class _Reader:
    def __init__(self, header: Header, hints: Hints) -> None:
        self._header = header
        self._hints = hints
        self._findings = Findings()
        self._entries = Rows(Kind.ENTRY, _ENTRY_COLUMNS)
        self._statements = Rows(Kind.STATEMENT, _STATEMENT_COLUMNS)
        self._balances = Rows(Kind.BALANCE, ("statement_no", "balance_type", "day", "amount", "currency"))
        self._now: _Statement | None = None
        self._count = 0
        self._path: list[str] = []
        self._security: dict[str, str] | None = None
        self._created: str | None = None
        self._answers: list[str] = []  # codes and messages of STATUS
        self._days: dict[str, tuple[date | None, str]] = {}

    def parts(self, source: BinaryIO) -> Iterator[Part]:
        for region in regions(source, self._header.encoding, self._findings):
            self._region(region)
            if self._entries.full():
                yield from self._entries.drain()
                yield from self._findings.drain()
        self._close()
        if not self._count:
            answers = "; ".join(dict.fromkeys(self._answers))
            said = f", the bank answered: {answers}" if answers else ""
            raise FormatError(f"the file holds no statement of an account{said}")
        yield from self._entries.drain()
        yield from self._statements.drain()
        yield from self._balances.drain()
        yield from self._findings.close()

    def _region(self, text: str) -> None:
        before, *transactions = _OPENER.split(text)
        self._tokens(before)
        for kind, body in zip(transactions[::2], transactions[1::2], strict=True):
            end = _CLOSER.search(body)
            if end is None:
                self._transaction(kind, body)
                continue
            self._transaction(kind, body[: end.start()])
            if end.end() < len(body):
                self._tokens(body[end.end() :] if end[0].upper().startswith("</STMTTRN") else body[end.start() :])

    # -- elements that are no transaction

    def _tokens(self, text: str) -> None:
        for slash, tag, empty, value in _TOKEN.findall(text):
            name = tag.upper()
            if slash:
                self._end(name)
            elif name in _STATEMENTS:
                self._open(name)
            elif name in _AGGREGATES:
                self._path.append(name)
            elif name in SECURITIES and "INVTRANLIST" in self._path:
                self._begin_security(name)
            elif not empty and (content := value.strip()):
                self._leaf(name, unescape(content))

    def _begin_security(self, name: str) -> None:
        self._end_security()
        self._security = {"": name}

    def _end(self, name: str) -> None:
        if name in _STATEMENTS:
            self._close()
        elif name in SECURITIES and self._security and self._security[""] == name:
            self._end_security()
        elif name in self._path:
            del self._path[self._path.index(name) :]

    def _leaf(self, name: str, value: str) -> None:
        if len(value) > LIMITS.field_chars:
            raise LimitExceeded(f"the value has more than {LIMITS.field_chars} characters", field=name, text=value)
        where = self._path[-1] if self._path else ""
        if self._security is not None:
            self._security.setdefault(name, value)
        elif where == "STATUS" and name in {"CODE", "SEVERITY", "MESSAGE"}:
            self._answer(name, value)
        elif self._now is None:
            if name == "DTSERVER":
                self._created = value
        elif (where, name) in _WANTED:
            self._now.values.setdefault((where, name), value)
            if (where, name) == ("", "CURDEF"):
                self._now.currency = value.upper()
        else:
            self._now.rest.append(f"{name}={value}")

    def _answer(self, name: str, value: str) -> None:
        if name == "CODE" and value != "0":
            self._answers.append(f"code {value}")
        elif name == "SEVERITY" and value != "INFO":
            self._answers.append(value)
        elif name == "MESSAGE":
            self._answers.append(value[:200])

    # -- statements

    def _open(self, kind: str) -> None:
        self._close()
        self._count += 1
        if self._count > LIMITS.statements:
            raise LimitExceeded(f"the file has more than {LIMITS.statements} statements")
        self._now = _Statement(self._count, f"{kind} {self._count}", kind)

    def _close(self) -> None:
        self._end_security()
        self._path.clear()
        statement, self._now = self._now, None
        if statement is None:
            return
        get = statement.values.get
        account_tag = next((tag for tag in _ACCOUNTS if get((tag, "ACCTID"))), "")
        account = "".join(get((account_tag, "ACCTID"), "").split()) or self._hints.account
        if not account:
            raise HintNeeded("account", "the file does not name the account", place=statement.place)
        currency = self._currency(statement)
        first, last = self._period(statement)
        closing = self._balance(statement, "LEDGERBAL", "CLBD", currency)
        available = self._balance(statement, "AVAILBAL", "CLAV", currency)
        if statement.securities:
            self._findings.add(
                "securities", statement_no=statement.number, place=statement.place, value=statement.securities
            )
        self._statements.rows.append(
            (
                statement.number,
                False,
                account,
                get((account_tag, "BANKID")) or get((account_tag, "BROKERID")) or self._hints.bank,
                currency,
                self._created,
                first,
                last,
                closing[0],
                closing[1],
                available[0],
                " ".join(statement.rest)[: LIMITS.field_chars] or None,
                statement.place,
            )
        )

    def _currency(self, statement: _Statement) -> str:
        currency = statement.currency or self._hints.currency
        if not currency:
            raise HintNeeded("currency", "the file does not name the currency of the account", place=statement.place)
        if not re.fullmatch("[A-Z]{3}", currency):
            raise FormatError("this is no ISO 4217 currency", place=statement.place, field="CURDEF", text=currency)
        statement.currency = currency
        return currency

    def _period(self, statement: _Statement) -> tuple[date | None, date | None]:
        first = statement.values.get(("BANKTRANLIST", "DTSTART")) or statement.values.get(("INVTRANLIST", "DTSTART"))
        last = statement.values.get(("BANKTRANLIST", "DTEND")) or statement.values.get(("INVTRANLIST", "DTEND"))
        at = _Place(statement, None, statement.place)
        return (
            self._day(first, at, "DTSTART"),
            self._day(last, at, "DTEND"),
        )

    def _balance(
        self, statement: _Statement, aggregate: str, code: str, currency: str
    ) -> tuple[Decimal | None, date | None]:
        text = statement.values.get((aggregate, "BALAMT"))
        at = _Place(statement, None, statement.place)
        day = self._day(statement.values.get((aggregate, "DTASOF")), at, f"{aggregate} DTASOF")
        if text is None:
            return None, None
        written = self._amount(text, at, f"{aggregate} BALAMT")
        amount = Decimal(written) if written else None
        if amount is not None:
            self._balances.rows.append((statement.number, code, day, amount, currency))
        return amount, day

    # -- transactions

    def _transaction(self, kind: str, body: str) -> None:
        statement = self._now
        if statement is None:
            raise FormatError("a transaction stands outside any statement", field="STMTTRN", text=body)
        statement.entries += 1
        place = f"STMTTRN {statement.entries} of {statement.place}"
        at = _Place(statement, statement.entries, place)
        if len(body) > LIMITS.field_chars:
            raise LimitExceeded(f"the transaction has more than {LIMITS.field_chars} characters", place=place)
        leaves: dict[str, str] = {}
        for tag, text in _LEAF.findall(body):
            value = text.strip()
            if value:
                leaves.setdefault(tag.upper() if tag.islower() else tag, unescape(value))
        get = leaves.get
        type_ = get("TRNTYPE")
        if type_ is None or type_.upper() not in TYPES:
            code = "unknown_code" if type_ else "missing_field"
            self._note(code, at, "TRNTYPE", type_ or "")
        day = get("DTPOSTED") or get("DTTRAN")
        if day is None:
            self._note("missing_field", at, "DTPOSTED", "")
        currency, original = self._currencies(leaves, body, at)
        self._entries.rows.append(
            (
                statement.number,
                at.entry_no,
                self._day(day, at, "DTPOSTED"),
                self._day(get("DTAVAIL"), at, "DTAVAIL"),
                self._amount(get("TRNAMT", ""), at, "TRNAMT"),
                currency,
                "PDNG" if len(kind) > len("STMTTRN") or type_ == "HOLD" else "BOOK",
                False,
                clean(get("NAME") or get("EXTDNAME")),
                get("ACCTID"),
                get("BANKID"),
                get("FITID"),
                get("CHECKNUM") or get("CHKNUM") or get("REFNUM"),
                type_,
                clean(get("MEMO")),
                original,
                get("CURRATE"),
                body.strip(),
                place,
            )
        )

    def _currencies(self, leaves: dict[str, str], body: str, at: _Place) -> tuple[str, str | None]:
        """Return the currency of TRNAMT and the one before conversion.

        Within CURRENCY the symbol is that of TRNAMT; within ORIGCURRENCY TRNAMT is converted already.
        """
        own = at.statement.currency or self._currency(at.statement)
        symbol = leaves.get("CURSYM")
        if symbol is None or symbol == own:
            return own, None
        if "<ORIGCURRENCY>" in body.upper():
            return own, symbol
        self._note("currency_differs", at, "CURSYM", symbol)
        return symbol, None

    def _end_security(self) -> None:
        """Keep a securities transaction as an entry for information."""
        given, self._security = self._security, None
        statement = self._now
        if given is None or statement is None:
            return
        statement.entries += 1
        statement.securities += 1
        place = f"{given['']} as entry {statement.entries} of {statement.place}"
        at = _Place(statement, statement.entries, place)
        total = given.get("TOTAL")
        raw = " ".join(f"{name}={value}" for name, value in given.items() if name)
        values: dict[str, object] = dict.fromkeys(_ENTRY_COLUMNS)
        values |= {
            "statement_no": statement.number,
            "entry_no": statement.entries,
            "booking_day": self._day(given.get("DTTRADE"), at, "DTTRADE"),
            "value_day": self._day(given.get("DTSETTLE"), at, "DTSETTLE"),
            "amount": self._amount(total, at, "TOTAL") if total else None,
            "currency": statement.currency or self._currency(statement),
            "status": "INFO",
            "reversal": False,
            "bank_reference": given.get("FITID"),
            "transaction_code": given[""],
            "remittance": clean(given.get("MEMO")),
            "raw": raw[: LIMITS.field_chars],
            "place": place,
        }
        self._entries.rows.append(tuple(values.values()))

    # -- values

    def _note(self, code: str, at: _Place, field_name: str, value: str) -> None:
        self._findings.add(
            code,
            statement_no=at.statement.number,
            entry_no=at.entry_no,
            place=at.place,
            field=field_name,
            value=value,
        )

    def _amount(self, text: str, at: _Place, name: str) -> str | None:
        """Return an amount as a plain decimal text, None with a finding when it can't be read exactly."""
        if _EXACT.fullmatch(text):
            return text.removeprefix("+")
        amount = read_amount(text)
        if amount in {"bad_amount", "too_many_decimals"}:
            self._note(amount, at, name, text)
            return None
        return amount

    def _day(self, text: str | None, at: _Place, name: str) -> date | None:
        if not text:
            return None
        digits = text[:9]
        known = self._days.get(digits)
        if known is None:
            if len(self._days) > 100_000:
                self._days.clear()
            known = self._days[digits] = read_day(digits)
        day, code = known
        if code:
            self._note(code, at, name, text)
        return day


_WANTED = frozenset(
    {
        ("", "CURDEF"),
        ("BANKTRANLIST", "DTSTART"),
        ("BANKTRANLIST", "DTEND"),
        ("INVTRANLIST", "DTSTART"),
        ("INVTRANLIST", "DTEND"),
        *((tag, name) for tag in _ACCOUNTS for name in ("ACCTID", "BANKID", "BROKERID")),
        *((tag, name) for tag in ("LEDGERBAL", "AVAILBAL") for name in ("BALAMT", "DTASOF")),
    }
)


FORMATS = (Format("ofx", "OFX and QFX (1.x SGML, 2.x XML)", sniff, read),)
