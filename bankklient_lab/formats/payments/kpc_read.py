"""The KPC reader: whole columns of items at once, the few records around them one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats.base import LIMITS, batch_of
from bankklient_lab.formats.columns import amounts, exact_sum
from bankklient_lab.formats.payments import kpc_layout as layout
from bankklient_lab.formats.payments.base import Options, Part
from bankklient_lab.formats.payments.charsets import Utf8
from bankklient_lab.formats.payments.schema import GROUP, PAYMENT, Kind
from bankklient_lab.formats.records import read_day
from bankklient_lab.formats.texts import clean_texts, null_if_empty, symbols

_ACCOUNT = r"(?:[0-9]{1,6}-[0-9]{1,10}|[0-9]{1,16})"
# In the order of an item; the own account leads it when the group has none.
_FIELDS = {
    "counter": _ACCOUNT,
    "amount": rf"0*[0-9]{{1,{layout.AMOUNT_DIGITS}}}",
    "variable_symbol": rf"0*[0-9]{{0,{layout.SYMBOL_DIGITS}}}",
    "constant_field": r"[0-9]{5,10}",
}
# A text without a symbol before it can't begin with a digit.
_REST = rf"(?: (?P<specific_symbol>0*[0-9]{{0,{layout.SYMBOL_DIGITS}}})(?: (?P<text>.*))?| (?P<alone>[^0-9 ].*))?$"
_STRUCTURE = r"^(UHL1|[12] |[35] ?\+)"
_FILE = re.compile(r"1 (?P<kind>\d{4}) (?P<number>\d{1,6}) (?P<bank>\d{4})\s*")
_GROUP = re.compile(
    rf"2 (?:(?P<account>{_ACCOUNT}) )?(?P<sum>0*\d{{1,{layout.SUM_DIGITS}}}) (?P<day>\d{{6}}|\d{{8}})\s*"
)
_KINDS = {layout.PAYMENTS: "payment", layout.COLLECTIONS: "collection"}


@dataclass(slots=True)
class _File:
    """An accounting file; a data file may have several."""

    kind: str
    number: str
    bank: str


@dataclass(slots=True)
class _Group:
    no: int
    file: _File
    account: str | None
    stated: int
    maturity: date
    place: str
    raw: str
    found: int = 0
    items: int = 0


class Reader:
    """Reads one file; `read` yields its parts."""

    def __init__(self, source: BinaryIO, options: Options) -> None:
        self._text = Utf8(source, options.charset)
        self._file: _File | None = None
        self._group: _Group | None = None
        self._groups = 0
        self._payments = 0
        self._initiator: str | None = None
        self._ended: list[_Group] = []
        self._line = 0  # lines before the block

    def read(self) -> Iterator[Part]:
        """Yield groups and payments; FormatError for what is not KPC or does not add up."""
        while block := self._text.block():
            lines = pa.array(block.decode().removesuffix("\n").split("\n"))
            lines = pc.utf8_rtrim(lines, "\r")
            yield from self._take(lines)
            yield from self._drain()
            self._line += len(lines)
        if self._file or self._group:
            raise FormatError("the file stops before the end of its accounting file (5 +)", place="last line")
        if not self._payments:
            raise FormatError("the file has no payment", place="whole file")

    def _take(self, lines: pa.Array) -> Iterator[Part]:
        structure = pc.match_substring_regex(lines, _STRUCTURE)
        blank = pc.equal(pc.utf8_trim_whitespace(lines), "")
        done = 0
        for at in [*pc.indices_nonzero(pc.or_(structure, blank)).to_pylist(), len(lines)]:
            if at > done:
                yield self._items(lines.slice(done, at - done), done)
            if at < len(lines):
                self._record(lines[at].as_py(), self._line + at + 1)
            done = at + 1

    def _record(self, line: str, number: int) -> None:
        """Read a record that is no item."""
        place = f"line {number}"
        if line.startswith("UHL1"):
            if self._file:
                raise FormatError("a header stands inside an accounting file", place=place, text=line)
            self._initiator = line[10:30].strip() or None
        elif line.startswith("1 "):
            self._begin_file(line, place)
        elif line.startswith("2 "):
            self._begin_group(line, place)
        elif line.startswith("3"):
            self._end_group(place)
        elif line.startswith("5"):
            if self._group or not self._file:
                raise FormatError("5 + ends an accounting file, and none is open", place=place, text=line)
            self._file = None

    def _begin_file(self, line: str, place: str) -> None:
        found = _FILE.fullmatch(line)
        if self._file or found is None:
            reason = (
                "the accounting file before it has not ended" if self._file else "1, kind, number, bank are expected"
            )
            raise FormatError(reason, place=place, text=line)
        kind = _KINDS.get(found["kind"])
        if kind is None:
            raise FormatError(
                f"only {' and '.join(_KINDS)} can be taken over", place=place, field="kind", text=found["kind"]
            )
        self._file = _File(kind, found["number"], found["bank"])

    def _begin_group(self, line: str, place: str) -> None:
        found = _GROUP.fullmatch(line)
        if self._file is None or self._group or found is None:
            reason = "2, perhaps an account, the sum and the maturity are expected"
            if self._file is None or self._group:
                reason = "a group can only begin inside an accounting file, after the group before it"
            raise FormatError(reason, place=place, text=line)
        self._groups += 1
        if self._groups > LIMITS.statements:
            raise LimitExceeded(f"more than {LIMITS.statements} groups", place=place)
        account = found["account"]
        own = _accounts(pa.array([account]), pa.array([self._file.bank]))[0].as_py() if account else None
        day = _maturity(found["day"], place)
        self._group = _Group(self._groups, self._file, own, int(found["sum"]), day, place, line)

    def _end_group(self, place: str) -> None:
        group = self._group
        if group is None:
            raise FormatError("3 + ends a group, and none is open", place=place)
        if not group.items:
            raise FormatError("the group has no item", place=group.place, text=group.raw)
        if group.found != group.stated:
            raise FormatError(
                f"the items of the group make {_crowns(group.found)}, its head states {_crowns(group.stated)}",
                place=group.place,
                field="sum",
                text=group.raw,
            )
        self._ended.append(group)
        self._group = None

    def _items(self, lines: pa.Array, start: int) -> Part:
        """Read items that follow one another: `start` is the index of the first in its block."""
        group = self._group
        first = self._line + start + 1
        if group is None:
            raise FormatError("an item stands outside of a group", place=f"line {first}", text=lines[0].as_py())
        fields = _FIELDS if group.account else {"own": _ACCOUNT, **_FIELDS}
        pattern = "^" + " ".join(f"(?P<{name}>{shape})" for name, shape in fields.items()) + _REST
        found = pc.extract_regex(lines, pattern)
        if found.null_count:
            at = pc.indices_nonzero(found.is_null())[0].as_py()
            raise _bad_item(lines[at].as_py(), fields, f"line {first + at}")
        given = dict(zip([item.name for item in found.type], found.flatten(), strict=True))
        units = given["amount"].cast(pa.int64()).to_numpy(zero_copy_only=False)
        group.found += exact_sum(units)
        group.items += len(lines)
        numbers = self._payments + 1 + np.arange(len(lines), dtype=np.int32)
        self._payments += len(lines)
        if self._payments > LIMITS.payments:
            raise LimitExceeded(f"more than {LIMITS.payments} payments", place=f"line {first}")
        columns = _columns(given, group)
        _check_lengths(columns, lines, first)
        batch = batch_of(
            PAYMENT,
            {
                "payment_no": pa.array(numbers),
                "group_no": pa.array(np.full(len(lines), group.no, np.int32)),
                "amount": amounts(units, 2),
                "place": pc.binary_join_element_wise(
                    "line", pa.array(first + np.arange(len(lines))).cast(pa.string()), " "
                ),
                "raw": lines,
                **_constant(group, len(lines)),
                **columns,
            },
        )
        return Part(Kind.PAYMENT, batch)

    def _drain(self) -> Iterator[Part]:
        """Yield the groups that have ended."""
        groups, self._ended = self._ended, []
        if groups:
            rows = {
                "group_no": [group.no for group in groups],
                "file_reference": [group.file.number for group in groups],
                "initiator": pa.array([self._initiator] * len(groups), pa.string()),
                "kind": [group.file.kind for group in groups],
                "own_account": pa.array([group.account for group in groups], pa.string()),
                "maturity": [group.maturity for group in groups],
                "stated_sum": [Decimal(group.stated).scaleb(-2) for group in groups],
                "raw": [group.raw for group in groups],
                "place": [group.place for group in groups],
            }
            yield Part(Kind.GROUP, batch_of(GROUP, rows))


def _constant(group: _Group, length: int) -> dict[str, pa.Array]:
    """Return the columns that all items of a group share."""
    values = {"kind": group.file.kind, "currency": layout.CURRENCY, "own_account": group.account}
    columns = {name: pa.repeat(pa.scalar(value, pa.string()), length) for name, value in values.items()}
    columns["maturity"] = pa.repeat(pa.scalar(group.maturity, pa.date32()), length)
    return columns


def _columns(given: dict[str, pa.Array], group: _Group) -> dict[str, pa.Array]:
    """Return the columns that come from the fields of items."""
    constant = pc.utf8_lpad(given["constant_field"], 8, "0")
    columns = {
        "counter_account": _accounts(given["counter"], pc.utf8_slice_codeunits(constant, -8, -4)),
        "variable_symbol": symbols(given["variable_symbol"]),
        "constant_symbol": symbols(pc.utf8_slice_codeunits(constant, -4)),
        "specific_symbol": symbols(given["specific_symbol"]),
        **_texts(pc.binary_join_element_wise(given["text"], given["alone"], "")),
    }
    if group.account is None:
        columns["own_account"] = _accounts(given["own"], pa.repeat(group.file.bank, len(constant)))
    return columns


def _accounts(digits: pa.Array, banks: pa.Array) -> pa.Array:
    """Return accounts as prefix-base/bank; more than ten digits without a dash begin with the prefix."""
    dashed = pc.replace_substring_regex(digits, r"^([0-9]+)([0-9]{10})$", r"\1-\2")
    plain = pc.replace_substring_regex(dashed, r"^0*([0-9]*)-0*", r"\1-")
    plain = pc.replace_substring_regex(plain, r"^-|^0+", "")
    return pc.binary_join_element_wise(plain, banks, "/")


def _texts(texts: pa.Array) -> dict[str, pa.Array]:
    """Return what the text of an item says to whom, and the name of the other party."""
    if pc.all(pc.equal(texts, "")).as_py():
        return {}
    found = pc.extract_regex(texts, r"^(?:AV:)?(?P<both>.*?)(?:(?:^| )NP:(?P<name>.*))?$")
    both, name = found.flatten()
    parts = pc.extract_regex(both, r"^(?P<message>[^|]*)\|?(?P<own>.*)$").flatten()
    own = pc.replace_substring(pc.utf8_rtrim(parts[1], "| "), "|", "\n")
    message = null_if_empty(pc.utf8_rtrim_whitespace(parts[0]))
    return {"message": message, "own_text": null_if_empty(own), "counter_name": clean_texts(name)}


def _check_lengths(columns: dict[str, pa.Array], lines: pa.Array, first: int) -> None:
    """Refuse texts that are longer than any bank takes."""
    for name in ("message", "own_text", "counter_name"):
        if name in columns:
            long = pc.greater(pc.utf8_length(columns[name]), layout.TEXT_CHARACTERS)
            if pc.any(long).as_py():
                at = pc.indices_nonzero(long)[0].as_py()
                reason = f"longer than {layout.TEXT_CHARACTERS} characters"
                raise FormatError(reason, place=f"line {first + at}", field=name, text=lines[at].as_py())


def _maturity(digits: str, place: str) -> date:
    """Return a day written DDMMYY or YYYYMMDD."""
    try:
        if len(digits) == 8:
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        day = read_day(digits, "dmy")
    except ValueError:
        day = None
    if day is None:
        raise FormatError("this day does not exist", place=place, field="maturity", text=digits)
    return day


def _bad_item(line: str, fields: dict[str, str], place: str) -> FormatError:
    """Return which field of an item can't be read."""
    cells = line.split(" ", len(fields))
    for at, (name, shape) in enumerate(fields.items()):
        text = cells[at] if at < len(cells) else ""
        if not re.fullmatch(shape, text, re.ASCII):
            return FormatError(
                "the field is missing or has characters or a length that it can't have",
                place=place,
                field=name,
                text=text or line,
            )
    return FormatError("the specific symbol has more digits than possible", place=place, text=line)


def _crowns(units: int) -> str:
    return f"{Decimal(units).scaleb(-2):.2f}"
