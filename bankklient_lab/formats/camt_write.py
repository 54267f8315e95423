"""camt.053.001.08 from statements, camt.052.001.08 from reports: valid by their schemas, nothing of a column is lost.

Each column goes to its ISO 20022 element. Elements are shorter than columns may be (35 characters of a
reference, 140 of a name), and some values an element can't give back (a text "NOTPROVIDED", a rate that is no
number). So each entry is read back while it is written: a column that comes back otherwise is also put, whole and
as JSON, into the supplementary data of its transaction, and the element keeps the start. A long `remittance` goes on
in more Ustrd. Statements have no supplementary data: theirs is in AddtlStmtInf, which takes 500 characters; a report
whose own elements can't carry a column is refused.

Where the schema needs what a column may lack: MsgId is NOTPROVIDED; the message's time is that of the first
statement, and stands in for a `created_at` that is null; a balance without a day gets the first or last day of
the period.

Refused (BadArgument): a report as a statement and the other way round, a statement without any balance or day, an entry
without amount, currency or a known status, a character that XML does not have, a single detail (it belongs into its
entry).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import pyarrow as pa
from lxml import etree

from bankklient_lab.errors import BadArgument
from bankklient_lab.formats import camt_layout as layout
from bankklient_lab.formats.base import StatementSet
from bankklient_lab.formats.batches import ISO_NAMESPACE, REPORT_MESSAGE, STATEMENT_MESSAGE
from bankklient_lab.formats.camt_entry_write import EntryWriter
from bankklient_lab.formats.camt_layout import compile_paths, gather
from bankklient_lab.formats.camt_statement import (
    AVAILABLE,
    CLOSING,
    OPENING,
    OWN_STATEMENT,
    OWN_STATEMENT_COLUMNS,
    Balance,
    first_balance,
    statement_texts,
)
from bankklient_lab.formats.camt_tags import account, agent, check_text, is_currency, leaf, money, plain, side, tag
from bankklient_lab.formats.camt_values import exact_day
from bankklient_lab.formats.schema import SCHEMAS, Kind

OWN_CHARS = 500
# What reading gives back; of `detail_count` not whether it is 0 or 1.
CARRIED = {
    kind: tuple(name for name in SCHEMAS[kind].names if name not in {"raw", "place"})
    for kind in (Kind.STATEMENT, Kind.ENTRY, Kind.BALANCE, Kind.DETAIL)
}

_ROWS = 2_000
_BALANCE = ("balance_type", "day", "amount", "currency")
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-](0\d|1[0-3]):[0-5]\d)?", re.ASCII)


class _Message(NamedTuple):
    """What the two messages call the same."""

    namespace: str
    root: str
    statement: str
    page: str
    interim: bool


_STATEMENTS = _Message(f"{ISO_NAMESPACE}{STATEMENT_MESSAGE}", "BkToCstmrStmt", "Stmt", "StmtPgntn", False)
_REPORTS = _Message(f"{ISO_NAMESPACE}{REPORT_MESSAGE}", "BkToCstmrAcctRpt", "Rpt", "RptPgntn", True)


def write(statements: StatementSet) -> Iterator[bytes]:
    """Yield the bytes of one camt.053 with all statements, entry by entry."""
    return _write(_STATEMENTS, statements)


def write_reports(reports: StatementSet) -> Iterator[bytes]:
    """Yield the bytes of one camt.052 with all reports (`interim`), entry by entry."""
    return _write(_REPORTS, reports)


def _write(message: _Message, statements: StatementSet) -> Iterator[bytes]:
    entries, details, balances = map(_Rows, (statements.entries, statements.details, statements.balances))
    header = ""
    for row in _rows(statements.statements):
        number = row["statement_no"]
        statement = _Statement(message, row, balances.take((number,)))
        if not header:
            header = statement.group_header()
            yield f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{message.namespace}">'.encode()
            yield f"<{message.root}>{header}\n".encode()
        yield f"<{message.statement}>{statement.head()}\n".encode()
        writer = EntryWriter(message.namespace, row["account"])
        for entry in entries.take((number,)):
            batch = list(details.take((number, entry["entry_no"])))
            yield writer.write(entry, batch, f"entry {entry['entry_no']} of {statement.place}").encode()
        yield f"{statement.tail(header)}</{message.statement}>\n".encode()
    if not header:
        raise BadArgument("there is no statement to write")
    for rows, what in ((entries, "an entry"), (balances, "a balance"), (details, "a detail")):
        rows.check_done(what)
    yield f"</{message.root}></Document>\n".encode()


class _Statement:
    """One statement without its entries."""

    def __init__(self, message: _Message, row: dict[str, Any], balances: Iterator[dict[str, Any]]) -> None:
        self.place = f"statement {row['statement_no']}"
        self._message = message
        self._row = row
        if row["interim"] and not message.interim:
            raise BadArgument(f"{self.place} is an interim report and can't be written as a booked statement")
        if message.interim and not row["interim"]:
            raise BadArgument(f"{self.place} is a booked statement and can't be written as an interim report")
        if not row["account"] or not is_currency(row["currency"]):
            raise BadArgument(f"{self.place} has no account or no currency code, which camt.053 requires")
        for name in OWN_STATEMENT_COLUMNS:
            if isinstance(row[name], str):
                check_text(row[name], self.place, name)
        self._balances = self._all_balances([Balance(*(b[n] for n in _BALANCE)) for b in balances])

    def group_header(self) -> str:
        """Return the header of a message that starts with this statement."""
        days = [day for day in (self._row["last_day"], *(b.day for b in self._balances)) if day]
        time = _time(self._row["created_at"]) or f"{max(days)}T00:00:00"
        return tag("GrpHdr", tag("MsgId", "NOTPROVIDED"), tag("CreDtTm", time))

    def head(self) -> str:
        """Return what comes before the entries."""
        row = self._row
        number = row["number"] or ""
        page = row["page"]
        paged = page is not None and 0 <= page < 100_000
        first, last = row["first_day"], row["last_day"]
        return "".join(
            (
                leaf("Id", row["reference"] or "NOTPROVIDED", 35),
                tag(self._message.page, tag("PgNb", str(page)), tag("LastPgInd", "true")) if paged else "",
                tag("ElctrncSeqNb", number) if _NUMBER.fullmatch(number) else "",
                tag("CreDtTm", _time(row["created_at"])),
                tag("FrToDt", tag("FrDtTm", f"{first}T00:00:00"), tag("ToDtTm", f"{last}T23:59:59"))
                if first and last
                else "",
                self._account(),
                *map(self._balance, self._balances),
                self._totals(),
            )
        )

    def tail(self, header: str) -> str:
        """Return what comes after the entries: the columns that reading would give back otherwise."""
        namespace = f' xmlns="{self._message.namespace}"'
        paths, header_paths = _compiled(self._message)
        found = gather(etree.fromstring(f"<Stmt{namespace}>{self.head()}</Stmt>"), paths, {})
        group = gather(etree.fromstring(header.replace(">", f"{namespace}>", 1)), header_paths, {})
        back = {
            **statement_texts(found, group),
            "page": int(found["page"]) if "page" in found else None,
            "first_day": exact_day(found.get("first_day") or ""),
            "last_day": exact_day(found.get("last_day") or ""),
        }
        own = {
            name: None if self._row[name] is None else str(self._row[name])
            for name in sorted(OWN_STATEMENT_COLUMNS)
            if self._row[name] != back[name] and (name, self._row[name]) != ("created_at", None)
        }
        if not own:
            return ""
        if self._message.interim:
            raise BadArgument(f"{self.place}: camt.052 can't carry {', '.join(own)} as they are")
        info = OWN_STATEMENT + json.dumps(own, ensure_ascii=False)
        if len(info) > OWN_CHARS:
            columns = ", ".join(own)
            raise BadArgument(f"{self.place}: {columns} are too long for camt.053 ({OWN_CHARS} characters)")
        return tag("AddtlStmtInf", escape(info))

    def _account(self) -> str:
        row = self._row
        number = account("Acct", row["account"]).removeprefix("<Acct>").removesuffix("</Acct>")
        name = leaf("Nm", row["account_name"], 70)
        return tag("Acct", number, tag("Ccy", row["currency"]), name, agent("Svcr", row["bank"]))

    def _all_balances(self, balances: list[Balance]) -> list[Balance]:
        """Return the balances with those that only the statement's own columns say."""
        row = self._row
        for kinds, amount, day in (
            (OPENING, row["opening"], row["opening_day"]),
            (CLOSING, row["closing"], row["closing_day"]),
            (AVAILABLE, row["available"], row["closing_day"]),
        ):
            stated = first_balance(balances, *kinds)
            if stated is None and amount is not None:
                balances.append(Balance(kinds[0], day, amount, row["currency"]))
            elif amount is not None and stated is not None and stated.amount != amount:
                raise BadArgument(f"{self.place}: the balance {stated.kind} differs from the statement's own")
        if not balances:
            raise BadArgument(f"{self.place} has no balance, which camt.053 requires")
        return [self._dated(balance) for balance in balances]

    def _dated(self, balance: Balance) -> Balance:
        row = self._row
        ends = (row["first_day"], row["opening_day"], row["last_day"], row["closing_day"])
        ends = ends if balance.kind in OPENING else ends[::-1]
        day = balance.day or next((end for end in ends if end), None)
        if day is None or balance.amount is None:
            raise BadArgument(f"{self.place}: the balance {balance.kind} has no amount or no day")
        return balance._replace(day=day, currency=balance.currency or row["currency"])

    def _balance(self, balance: Balance) -> str:
        kind = balance.kind or "NOTPROVIDED"
        check_text(kind, self.place, "balance_type")
        amount = balance.amount or Decimal(0)
        written = money("Amt", abs(amount), balance.currency)
        if not written or len(kind) > 35:
            raise BadArgument(f"{self.place}: the balance {kind} has no currency code or too long a type")
        code = tag("Cd", escape(kind)) if len(kind) <= 4 else tag("Prtry", escape(kind))
        return tag(
            "Bal", tag("Tp", tag("CdOrPrtry", code)), written, side(amount), tag("Dt", tag("Dt", str(balance.day)))
        )

    def _totals(self) -> str:
        currency = self._row["currency"]
        entries, credit, debit = (self._row[f"declared_{name}"] for name in ("entries", "credit", "debit"))
        return tag(
            "TxsSummry",
            tag("TtlNtries", tag("NbOfNtries", "" if entries is None else str(entries))),
            tag("TtlCdtNtries", tag("Sum", "" if credit is None else plain(credit, currency))),
            tag("TtlDbtNtries", tag("Sum", "" if debit is None else plain(debit, currency))),
        )


@cache
def _compiled(message: _Message) -> tuple[layout.Tree, layout.Tree]:
    """Return where a statement and the header of a message have what."""
    return compile_paths(layout.STATEMENT, message.namespace), compile_paths(layout.GROUP_HEADER, message.namespace)


class _Rows:
    """The rows of a table in the order of their numbers, taken by the first of these."""

    def __init__(self, table: pa.Table) -> None:
        self._left = _rows(table)
        self._numbers = [name for name in table.schema.names if name in {"statement_no", "entry_no"}]
        self._next = next(self._left, None)

    def take(self, numbers: tuple[int, ...]) -> Iterator[dict[str, Any]]:
        """Yield the next rows as long as they have these numbers."""
        names = self._numbers[: len(numbers)]
        while self._next and tuple(self._next[name] for name in names) == numbers:
            row, self._next = self._next, next(self._left, None)
            yield row

    def check_done(self, what: str) -> None:
        """Refuse rows that were not taken: they are of no statement, or not in order."""
        if self._next:
            numbers = ", ".join(f"{name} {self._next[name]}" for name in self._numbers)
            raise BadArgument(f"{what} is of no statement or out of order: {numbers}")


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=_ROWS):
        yield from batch.to_pylist()


def _time(text: str | None) -> str:
    """Return a time as the schema takes it, "" for another text."""
    if not text or not _TIME.fullmatch(text):
        return ""
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return ""
    return text
