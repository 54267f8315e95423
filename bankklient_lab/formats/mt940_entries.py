"""Entries: the statement line :61: with the information :86: behind it, as columns.

Parts of :61: are

value date, entry date (no year), mark (C, D, reversals RC, RD, expected EC, ED), third letter of the currency, amount,
type of transaction, client's reference // bank's reference, and on the next line supplementary details.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import FormatError
from bankklient_lab.formats import columns, mt940_details, texts
from bankklient_lab.formats.base import Findings, Part, record_batch
from bankklient_lab.formats.mt940_scan import CODE, Block
from bankklient_lab.formats.mt940_statement import Statement
from bankklient_lab.formats.records import CENTURY_PIVOT
from bankklient_lab.formats.schema import Kind
from bankklient_lab.formats.spans import Bools, Ints, chosen, cut, groups, joined, tidy

_LINE = (
    r"(?s)^(?P<value>\d{6})(?P<entry>\d{4}| {4})?(?P<mark>[RE]?[CD])[A-Z]?(?P<amount>\d[\d.,]*)"
    r"(?P<type>[A-Z][A-Z0-9][A-Z0-9 ]{2})?(?P<reference>(?:[^\n/]|/[^\n/])*)/?(?://(?P<bank>[^\n]*))?(?:\n(?P<more>.*))?$"
)
# References that say where another one is, or that there is none.
POINTERS = ("", "NONREF", "KREF+", "EREF", "EREF+", "PREF", "MARF", "MREF", "MREF+", ".")
_IBAN = r"^[A-Z]{2}\d{2}[A-Z]{4}[A-Z0-9]{6,22}\d{2}$"


class Lines(NamedTuple):
    """The columns of :61:, and the rows in which something is wrong, by the code of the finding."""

    columns: dict[str, pa.Array]
    wrong: dict[str, tuple[str, Ints]]  # code: field, rows


def parse(lines: pa.Array) -> Lines:
    """Read the contents of :61: fields; what can't be read is null and counted as wrong."""
    parts = groups(lines, _LINE)
    value_day, value_wrong, year, month = _value_days(parts["value"])
    entry_day, entry_wrong = _entry_days(parts["entry"], year, month)
    has_entry_day = pc.not_equal(pc.utf8_trim_whitespace(parts["entry"]), "")
    mark = parts["mark"]
    size, too_long = texts.amounts(pc.replace_substring(parts["amount"], ",", "."), ".")
    negative = pc.is_in(mark, pa.array(["D", "RC", "ED"]))
    found = {
        "booking_day": pc.if_else(has_entry_day, entry_day, value_day),
        "value_day": value_day,
        "amount": pc.if_else(negative, pc.negate(size), size),
        "status": pc.if_else(pc.starts_with(mark, "E"), "PDNG", "BOOK"),
        "reversal": pc.starts_with(mark, "R"),
        **_references(parts),
    }
    found["status"] = pc.fill_null(found["status"], "BOOK")
    found["reversal"] = pc.fill_null(found["reversal"], False)
    long_rows = chosen(too_long)
    wrong = {
        "too_many_decimals": (":61: amount", np.flatnonzero(long_rows)),
        "bad_amount": (":61: amount", np.flatnonzero(chosen(pc.is_null(size)) & ~long_rows)),
        "bad_date": (":61: date", np.flatnonzero(value_wrong | entry_wrong)),
    }
    found["additional_info"] = tidy(pc.binary_join_element_wise(found.pop("beside"), parts["more"], " "))
    return Lines(_with_account(found), wrong)


def _with_account(found: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Take an IBAN that stands where a reference or a text is expected for the other party's account."""
    account = pa.nulls(len(found["amount"]), pa.string())
    nothing = pa.scalar(None, pa.string())
    for name in ("client_reference", "additional_info"):
        is_account = pc.fill_null(pc.match_substring_regex(found[name], _IBAN), False)
        account = pc.if_else(is_account, found[name], account)
        found[name] = pc.if_else(is_account, nothing, found[name])
    return {**found, "counterparty_account": account}


def _numbers(digits: pa.Array) -> Ints:
    good = pc.fill_null(pc.ascii_is_decimal(digits), False)
    numbers: Ints = pc.if_else(good, digits, "0").cast(pa.int64()).to_numpy()
    return numbers


def _days(year: Ints, month: Ints, day: Ints) -> tuple[pa.Array, Bools]:
    """Return days and which of them do not exist; those are null."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    wrong = (month < 1) | (month > 12) | (day < 1) | (days.astype("datetime64[M]") != months)
    return pa.array(days.astype("datetime64[D]"), pa.date32(), mask=wrong), wrong


def _value_days(digits: pa.Array) -> tuple[pa.Array, Bools, Ints, Ints]:
    number = _numbers(digits)
    year, month, day = number // 10_000, number // 100 % 100, number % 100
    year += np.where(year >= CENTURY_PIVOT, 1900, 2000)
    days, wrong = _days(year, month, day)
    return days, wrong, year, month


def _entry_days(digits: pa.Array, year: Ints, month: Ints) -> tuple[pa.Array, Bools]:
    """Return the days of MMDD texts; the year is the one that puts them within half a year of the value date."""
    number = _numbers(digits)
    given = chosen(pc.match_substring_regex(digits, r"^\d{4}$"))
    distance = number // 100 - month
    near = year + np.where(distance > 6, -1, 0) + np.where(distance < -6, 1, 0)
    days, wrong = _days(near, number // 100, number % 100)
    return days, wrong & given


def _references(parts: dict[str, pa.Array]) -> dict[str, pa.Array]:
    kind, own = parts["type"], parts["reference"]
    nothing = pc.and_(pc.equal(kind, "NONR"), pc.starts_with(own, "EF"))  # no type at all: "NONREF"
    kind = pc.if_else(nothing, "", kind)
    own = pc.if_else(nothing, pc.utf8_slice_codeunits(own, 2, 1_000), own)
    own, beside = _padded(pc.utf8_trim_whitespace(own))
    own = pc.if_else(pc.is_in(own, pa.array(POINTERS)), pa.scalar(None, pa.string()), own)
    bank = pc.utf8_trim_whitespace(parts["bank"])
    bank = pc.if_else(pc.is_in(bank, pa.array(POINTERS)), pa.scalar(None, pa.string()), bank)
    return {
        "transaction_code": texts.null_if_empty(pc.utf8_trim_whitespace(kind)),
        "client_reference": own,
        "bank_reference": bank,
        "beside": beside,
    }


def _padded(references: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Part references that are padded with blanks and written on ("P000029225      KPN - MOBIEL"), as some banks do."""
    if not pc.any(pc.match_substring(references, "  ")).as_py():
        return references, pa.repeat("", len(references))
    sides = groups(references, r"^(?P<own>.*?)(?:  +(?P<beside>.*))?$")
    return sides["own"], pc.fill_null(sides["beside"], "")


class Entries:
    """The entries of one block: each :61: and the fields :86: and :NS: behind it."""

    def __init__(self, block: Block, *, closed: bool) -> None:
        """Find the entries; `closed` tells whether the statement open before the block has its closing balance."""
        code = block.fields.code
        follows = np.isin(code, (CODE["86"], CODE["NS"]))
        leader = np.maximum.accumulate(np.where(follows, -1, np.arange(len(code))))
        self._block = block
        self._heads = np.flatnonzero(code == CODE["61"])
        self.count = len(self._heads)
        ends = np.select([np.isin(code, (CODE["62F"], CODE["62M"])), code == CODE["20"]], [1, 0], -1)
        last = np.maximum.accumulate(np.where(ends >= 0, np.arange(len(code)), -1))
        self._late = np.where(last >= 0, ends[last], closed)[self._heads] == 1  # behind the closing balance
        self.fields: Bools = (leader >= 0) & (code[leader] == CODE["61"])  # which fields are of entries

    def part(self, owners: list[Statement | None], before: int, findings: Findings) -> Part:
        """Return all entries; `owners` are the statement before the block, number `before`, and those in the block."""
        owner = np.searchsorted(np.flatnonzero(self._block.fields.code == CODE["20"]), self._heads)
        place = columns.places(self._block.fields.line[self._heads] + self._block.line)
        if owners[owner[0]] is None:
            raise FormatError("the entry stands before the first :20:", place=place[0].as_py(), field=":61:")
        numbers, lines, raw = self._numbers(owners, owner), self._lines(), self._raw()
        late = {"out_of_order": (":61:", np.flatnonzero(self._late))}
        for code, (field, rows) in {**lines.wrong, **late}.items():
            for row in rows.tolist():
                findings.add(
                    code,
                    statement_no=before + int(owner[row]),
                    entry_no=int(numbers[row]),
                    place=place[row].as_py(),
                    field=field,
                    value=raw[row].as_py().partition("\n")[0],
                )
        _note_days(owners, owner, lines.columns["booking_day"])
        currencies = pa.array([one.currency if one else None for one in owners], pa.string())
        values = {
            "statement_no": pa.array(before + owner),
            "entry_no": pa.array(numbers),
            "currency": currencies.take(pa.array(owner)),
            **_merged(lines.columns, mt940_details.parse(self._details())),
            **mt940_details.conversions(pc.replace_substring(raw, "\n", "")),
            "detail_count": pa.repeat(pa.scalar(0, pa.int32()), self.count),
            "raw": raw,
            "place": place,
        }
        return Part(Kind.ENTRY, record_batch(Kind.ENTRY, values))

    def _numbers(self, owners: list[Statement | None], owner: Ints) -> Ints:
        """Return the number of each entry in its statement, and count them there."""
        numbers = np.empty(self.count, np.int64)
        for at in np.unique(owner).tolist():
            statement = owners[at]
            assert statement is not None
            first, end = np.searchsorted(owner, [at, at + 1]).tolist()
            numbers[first:end] = np.arange(1, end - first + 1) + statement.entries
            statement.entries += end - first
        return numbers

    def _lines(self) -> Lines:
        data, _, fields = self._block
        return parse(cut(data, fields.start[self._heads], fields.end[self._heads]))

    def _raw(self) -> pa.Array:
        data, _, fields = self._block
        last = np.append(np.flatnonzero(~self.fields | np.isin(fields.code, CODE["61"])), len(fields.code)) - 1
        return cut(data, fields.begin[self._heads], fields.end[last[np.searchsorted(last, self._heads)]])

    def _details(self) -> pa.Array:
        """Return the contents of :86: of each entry, null where it has none; several are one under another."""
        data, _, fields = self._block
        at = np.flatnonzero(self.fields & (fields.code == CODE["86"]))
        row = np.searchsorted(self._heads, at) - 1
        values = cut(data, fields.start[at], fields.end[at])
        several = np.append(row[1:] == row[:-1], False) if len(row) else np.empty(0, bool)
        if several.any():
            values = pc.if_else(pa.array(several), pc.binary_join_element_wise(values, "", "\n"), values)
        return joined(row, values, self.count)


def _merged(line: dict[str, pa.Array], details: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Join the columns of :61: and :86:; where both say something, :61: has the better reference, :86: the rest."""
    merged = {**details, **line}
    for name in ("transaction_code", "additional_info", "counterparty_account"):
        if name in details:
            merged[name] = pc.coalesce(details[name], line[name])
    if "client_reference" in details:
        merged["client_reference"] = pc.coalesce(line["client_reference"], details["client_reference"])
    return merged


def _note_days(owners: list[Statement | None], owner: Ints, days: pa.Array) -> None:
    """Tell each statement the first booking day of its entries in this block."""
    table = pa.table({"owner": owner, "day": days}).group_by("owner").aggregate([("day", "min")])
    for at, day in zip(table["owner"].to_pylist(), table["day_min"].to_pylist(), strict=True):
        statement = owners[at]
        if statement and day:
            statement.first_booking_day = min(day, statement.first_booking_day or day)
