"""Rows of cells become entries and statements by a column mapping: the part that CSV and XLSX share.

A file gives one statement per account and currency. Entries keep the order of the file; a running balance
gives the opening and closing balance, whichever end of the file is the older one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import FormatError, HintNeeded, LimitExceeded
from bankklient_lab.formats import texts
from bankklient_lab.formats.base import LIMITS, Findings, Hints, Part, Rows, record_batch
from bankklient_lab.formats.mapped_cells import Cells, Table
from bankklient_lab.formats.mapped_statements import Edge, Gathered, Key
from bankklient_lab.formats.mappings import SYMBOL_FIELDS, TEXT_FIELDS
from bankklient_lab.formats.schema import AMOUNT, Kind

Ints = npt.NDArray[np.int64]
_ISO = "%Y-%m-%d"
_STATEMENT_COLUMNS = (
    "statement_no",
    "interim",
    "account",
    "bank",
    "currency",
    "account_name",
    "number",
    "created_at",
    "first_day",
    "last_day",
    "opening",
    "opening_day",
    "closing",
    "closing_day",
    "available",
    "raw",
    "place",
)


class MappedReader:
    """Turns a Table into parts."""

    def __init__(self, table: Table, hints: Hints, findings: Findings) -> None:
        self._table = table
        self._mapping = table.located.mapping
        self._hints = hints
        self._findings = findings
        forms = (*self._mapping.dates, _ISO) if table.iso_days else self._mapping.dates
        self._days = texts.Days(forms, self._mapping.date_chars)
        self._statements: dict[Key, Gathered] = {}
        self._first_account: str | None = None
        self._metadata: dict[str, str] = {}

    def parts(self) -> Iterator[Part]:
        """Yield entries as they come, then the statements."""
        for columns, numbers in self._table.rows:
            self._read_metadata()
            if len(numbers):
                yield self._entries(Cells(self._table, columns, numbers, self._days, self._findings))
                yield from self._findings.drain()
        self._read_metadata()
        if not self._statements:
            raise FormatError("the table has a header and no entry", place="end of the file")
        yield from self._closing_rows()

    def _read_metadata(self) -> None:
        for name, expression in self._mapping.metadata.items():
            if name not in self._metadata:
                for line in self._table.outside:
                    if found := re.search(expression, line):
                        self._metadata[name] = found[1].strip()
                        break

    # -- entries of one batch

    def _entries(self, cells: Cells) -> Part:
        raw = cells.raw()
        amount = cells.amount()
        status = cells.status()
        booked = pc.equal(status, "BOOK")
        fields: dict[str, pa.Array] = {
            "amount": amount,
            "status": status,
            "reversal": cells.reversal(),
            "booking_day": cells.day("booking_day", booked),
            "value_day": cells.day("value_day", booked),
            "raw": raw,
            "place": cells.places,
        }
        for name in self._mapping.columns:
            if name in SYMBOL_FIELDS:
                fields[name] = texts.symbols(cells.text(name))
            elif name in TEXT_FIELDS:
                fields[name] = texts.clean_texts(cells.text(name))
            elif name in {"original_amount", "charges"}:
                fields[name] = pc.abs(cells.number(name))
        balance = cells.number("balance") if "balance" in self._mapping.columns else None
        keys, groups = self._groups(cells)
        fields["currency"] = pa.array([key.currency for key in keys], pa.string()).take(pa.array(groups))
        fields["statement_no"], fields["entry_no"] = self._numbers(keys, groups)
        self._gather(keys, groups, fields, pc.if_else(booked, amount, pa.scalar(None, AMOUNT)), balance)
        return Part(Kind.ENTRY, record_batch(Kind.ENTRY, fields))

    # -- which statement an entry belongs to

    def _groups(self, cells: Cells) -> tuple[list[Key], Ints]:
        """Return the keys that occur and for each row the index of its key."""
        account = self._key_column("account", cells)
        currency = self._key_column("currency", cells)
        pairs = pc.binary_join_element_wise(account, currency, "\x1f").dictionary_encode()
        written: Ints = pairs.indices.to_numpy().astype(np.int64)
        found: dict[Key, int] = {}  # one account may be written in several ways, so several pairs may mean one key
        key_of_pair = []
        first_rows = np.unique(written, return_index=True)[1].tolist()
        for first, pair in zip(first_rows, pairs.dictionary.to_pylist(), strict=True):
            key = self._key(*pair.split("\x1f"), place=cells.places[first].as_py())
            if key not in self._statements:
                self._open(key, cells, first)
            key_of_pair.append(found.setdefault(key, len(found)))
        groups: Ints = np.array(key_of_pair, np.int64)[written]
        return list(found), groups

    def _key_column(self, name: str, cells: Cells) -> pa.Array:
        if name in self._mapping.columns:
            return pc.fill_null(texts.clean_texts(cells.text(name)), "")
        given = self._metadata.get(name) or self._mapping.constants.get(name) or ""
        if name == "currency":
            given = given or self._table.located.header_currency or ""
        return pa.repeat(pa.scalar(given), len(cells))

    def _key(self, account: str, currency: str, *, place: str) -> Key:
        if '"' in account:  # an unbalanced quote of the cell
            self._findings.add("bad_character", place=place, field="account", value=account)
        account = _account(account.replace('"', ""))
        if not account and self._mapping.account_blank == "first":
            account = self._first_account or ""
        account = account or _account(self._hints.account or "")
        currency = currency.upper() or self._hints.currency or ""
        if not account:
            raise HintNeeded("account", "the file does not name the account", place=place)
        if not currency:
            raise HintNeeded("currency", "the file does not name the currency of the account", place=place)
        if not re.fullmatch("[A-Z]{3}", currency):
            raise FormatError("this is no ISO 4217 currency code", place=place, field="currency", text=currency)
        self._first_account = self._first_account or account
        return Key(account, currency)

    def _open(self, key: Key, cells: Cells, first: int) -> None:
        if len(self._statements) >= LIMITS.statements:
            raise LimitExceeded(
                f"the file has more than {LIMITS.statements} accounts", place=cells.places[first].as_py()
            )
        about = {}
        for name in ("bank", "account_name"):
            if name in self._mapping.columns:
                about[name] = " ".join(cells.text(name)[first].as_py().split()) or None
            else:
                about[name] = self._metadata.get(name) or self._mapping.constants.get(name)
        self._statements[key] = Gathered(
            len(self._statements) + 1,
            about["bank"] or self._hints.bank,
            about["account_name"],
            cells.places[first].as_py(),
        )

    def _numbers(self, keys: list[Key], groups: Ints) -> tuple[pa.Array, pa.Array]:
        """Return statement_no and entry_no of each row; each statement counts on from the last batch."""
        statements = [self._statements[key] for key in keys]
        order = np.argsort(groups, kind="stable")
        counts = np.bincount(groups, minlength=len(keys))
        starts = np.repeat(np.cumsum(counts) - counts, counts)
        within = np.empty(len(groups), np.int64)
        within[order] = np.arange(len(groups)) - starts
        before = np.array([statement.entries for statement in statements])
        numbers = np.array([statement.number for statement in statements])
        for statement, count in zip(statements, counts, strict=True):
            statement.entries += int(count)
        return pa.array(numbers[groups], pa.int32()), pa.array(before[groups] + within + 1, pa.int32())

    def _gather(
        self, keys: list[Key], groups: Ints, fields: dict[str, pa.Array], booked: pa.Array, balance: pa.Array | None
    ) -> None:
        """Keep what the statement rows at the end need of this batch."""
        days = fields["booking_day"]
        table = pa.table({"group": groups, "amount": booked, "day": days})
        sums = table.group_by("group").aggregate([("amount", "sum"), ("day", "min"), ("day", "max")])
        for row in sums.to_pylist():
            statement = self._statements[keys[row["group"]]]
            statement.total += row["amount_sum"] or 0
            statement.first_day = min(filter(None, (statement.first_day, row["day_min"])), default=None)
            statement.last_day = max(filter(None, (statement.last_day, row["day_max"])), default=None)
        if balance is None:
            return
        present, first = np.unique(groups, return_index=True)
        last = len(groups) - 1 - np.unique(groups[::-1], return_index=True)[1]
        for group, head, tail in zip(present.tolist(), first.tolist(), last.tolist(), strict=True):
            statement = self._statements[keys[group]]
            statement.head = statement.head or _edge(days, booked, balance, head)
            statement.tail = _edge(days, booked, balance, tail)

    # -- statements

    def _closing_rows(self) -> Iterator[Part]:
        rows = Rows(Kind.STATEMENT, _STATEMENT_COLUMNS)
        given = self._given()
        raw = "\n".join(line for line in self._table.outside if line.strip(" ,;|")) or None
        for key, statement in self._statements.items():
            opening, closing = statement.balances()
            opening = given.get("opening", opening)  # type: ignore[assignment]
            closing = given.get("closing", closing)  # type: ignore[assignment]
            first_day = given.get("first_day", statement.first_day)
            last_day = given.get("last_day", statement.last_day)
            rows.rows.append(
                (
                    statement.number,
                    False,
                    key.account,
                    statement.bank,
                    key.currency,
                    statement.account_name,
                    self._metadata.get("number"),
                    self._metadata.get("created_at"),
                    first_day,
                    last_day,
                    opening,
                    first_day if opening is not None else None,
                    closing,
                    last_day if closing is not None else None,
                    given.get("available"),
                    raw,
                    statement.place,
                )
            )
        yield from rows.drain()
        yield from self._findings.close()

    def _given(self) -> dict[str, Decimal | date]:
        """Return balances and days that lines outside the table state."""
        found: dict[str, Decimal | date] = {}
        for name in ("opening", "closing", "available"):
            if text := self._metadata.get(name):
                value = texts.amounts(pa.array([text]), self._mapping.decimal)[0][0].as_py()
                if value is None:
                    self._findings.add("bad_amount", field=name, value=text)
                else:
                    found[name] = value
        for name in ("first_day", "last_day"):
            if text := self._metadata.get(name):
                day = self._days.day(text)
                if day is None:
                    self._findings.add("bad_date", field=name, value=text)
                else:
                    found[name] = day
        return found


def _edge(days: pa.Array, amounts: pa.Array, balances: pa.Array, index: int) -> Edge:
    return Edge(days[index].as_py(), amounts[index].as_py(), balances[index].as_py())


def _account(text: str) -> str:
    """Return an IBAN without blanks, another account number as it is written."""
    compact = "".join(text.split())
    return compact.upper() if re.fullmatch(r"[A-Za-z]{2}\d{2}[A-Za-z0-9]{8,30}", compact) else " ".join(text.split())
