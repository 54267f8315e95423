"""BAI2 transactions: the records 16 of a block become columns at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.formats import columns
from bankklient_lab.formats.bai2_records import Account, body_of, funds_fields, whole_units
from bankklient_lab.formats.base import Findings, Part, record_batch
from bankklient_lab.formats.lines import Lines
from bankklient_lab.formats.records import read_day
from bankklient_lab.formats.schema import Kind
from bankklient_lab.formats.separated import Separated
from bankklient_lab.formats.spans import Bools, Ints
from bankklient_lab.formats.texts import null_if_empty

_CREDIT_CODES = ((100, 399), (720, 759), (920, 959))
_DEBIT_CODES = ((400, 699), (760, 760), (960, 999))
_BEFORE_TEXT = 6  # fields of a transaction before its text, without those of the funds type


@dataclass(frozen=True, slots=True)
class Entries:
    """The transactions of a block: their first and last lines and the numbers of their records.

    A span (account, start, end) says that the transactions start to end (half-open) are the account's.
    """

    lines: Lines
    first: Ints
    last: Ints
    numbers: Ints
    spans: list[tuple[Account, int, int]]


def part_of(found: Entries, findings: Findings) -> Part:
    """Return the transactions of a block as one part, and count them in their accounts."""
    fields, dated = _regular(found)
    codes, amounts = fields.text(1), fields.text(2)
    after_funds = np.where(dated, 6, 4)
    accounts = [account for account, _, _ in found.spans]
    counts = [end - start for _, start, end in found.spans]
    label = np.repeat(np.arange(len(accounts)), counts)
    statement_no = np.array([account.no for account in accounts])[label]
    entry_no = np.concatenate(
        [
            np.arange(account.entries + 1, account.entries + 1 + count)
            for account, count in zip(accounts, counts, strict=True)
        ]
    )
    units, good = _all_units(amounts)
    found_codes = codes.dictionary_encode()
    side = np.array([_side(code.as_py()) for code in found_codes.dictionary])[found_codes.indices.to_numpy()]
    for code, name, bad, texts in (
        ("bad_amount", "amount", ~good, amounts),
        ("unknown_code", "type code", side == 0, codes),
    ):
        for at in np.flatnonzero(bad).tolist():
            findings.add(
                code,
                statement_no=int(statement_no[at]),
                entry_no=int(entry_no[at]),
                place=f"record {found.numbers[at]}",
                field=name,
                value=texts[at].as_py(),
            )
    for account, start, end in found.spans:
        account.entries += end - start
        account.total += columns.exact_sum(units[start:end])
    places: Ints = np.array([account.places for account in accounts])[label]
    take = pa.array(label)
    values = {
        "statement_no": pa.array(statement_no),
        "entry_no": pa.array(entry_no),
        "booking_day": pa.array([account.group.day for account in accounts], pa.date32()).take(take),
        "value_day": _value_days(fields, dated, found, findings),
        "amount": columns.amounts(units * side, places, good & (side != 0)),
        "currency": pa.array([account.currency for account in accounts]).take(take),
        "status": pa.repeat("BOOK", len(found.first)),
        "reversal": pa.repeat(False, len(found.first)),
        "bank_reference": _texts(fields.text(after_funds)),
        "client_reference": _texts(fields.text(after_funds + 1)),
        "transaction_code": _texts(codes),
        "additional_info": _in_one_line(fields.text(after_funds + 2, to_the_end=True)),
        "detail_count": pa.array(np.zeros(len(found.first), np.int32)),
        "raw": found.lines.strings(found.first, found.last),
        "place": pc.binary_join_element_wise("record", pa.array(found.numbers).cast(pa.string()), " "),
    }
    return Part(Kind.ENTRY, record_batch(Kind.ENTRY, values))


def _value_days(fields: Separated, dated: Bools, found: Entries, findings: Findings) -> pa.Array:
    """Return the days of the funds type V, null for the others."""
    texts = fields.text(4).dictionary_encode()
    days = [_day_or_none(text.as_py()) for text in texts.dictionary]
    index = texts.indices.to_numpy()
    bad = np.array([day is None for day in days])[index] & dated
    for at in np.flatnonzero(bad).tolist():
        place = f"record {found.numbers[at]}"
        findings.add("bad_date", place=place, field="value date", value=texts[at].as_py())
    return pa.array(days, pa.date32()).take(pa.array(index, mask=~dated))


def _all_units(texts: pa.Array) -> tuple[Ints, Bools]:
    """Return whole numbers and whether each is one (0 where it is not)."""
    if pc.all(pc.ascii_is_decimal(texts)).as_py() and pc.max(pc.binary_length(texts)).as_py() <= 15:
        units = texts.cast(pa.int64()).to_numpy()
        return units, np.ones(len(units), np.bool_)
    found = [whole_units(text.strip()) for text in texts.to_pylist()]
    return np.array([units or 0 for units in found], np.int64), np.array([units is not None for units in found])


def _regular(found: Entries) -> tuple[Separated, Bools]:
    """Return the fields of transactions and which have a value day: V, with two fields more before the rest."""
    fields = found.lines.separated(found.first, found.last)
    dated = fields.is_one_of(3, "V")
    irregular = (fields.fields < np.where(dated, 9, 7)) | fields.is_one_of(3, "SD")
    irregular |= found.lines.end_with_blank(found.last)
    if irregular.any():
        at = np.flatnonzero(irregular)
        ranges = zip(found.first[at].tolist(), found.last[at].tolist(), strict=True)
        fields.replace(at, [_regular_text(found.lines, first, last) for first, last in ranges])
        dated = fields.is_one_of(3, "V")
    return fields, dated


def _in_one_line(texts: pa.Array) -> pa.Array:
    """Return texts without the line ends and record codes of their continuations."""
    continued = pc.match_substring(texts, "\n")
    if pc.any(continued).as_py():
        joined = pc.replace_substring_regex(texts.filter(continued), r"\s*/?\s*\n(?:88,)?\s*", " ")
        texts = pc.replace_with_mask(texts, continued, joined)
    return _texts(texts)


def _regular_text(lines: Lines, first: int, last: int) -> str:
    """Return a transaction as one text with seven fields, or nine with the value day of the funds type V."""
    body = body_of(lines[first].rstrip())
    if last > first:
        body = _merged(body, [lines[at] for at in range(first + 1, last + 1)])
    funds, own = _funds(body)
    if own == 0 and body.count(",") >= _BEFORE_TEXT:
        return body
    row = body.split(",", _BEFORE_TEXT + own)
    row += [""] * (_BEFORE_TEXT + own + 1 - len(row))
    if funds != "V":
        row[3 : 4 + own] = [""]
    return ",".join(row)


def _merged(body: str, further: list[str]) -> str:
    """Return a transaction with the lines that continue it: further fields, then more of its text."""
    pieces = [body_of(line.rstrip().removeprefix("88,")) for line in further]
    for at, piece in enumerate(pieces):
        if body.count(",") >= _BEFORE_TEXT + _funds(body)[1]:
            return " ".join([body, *[more.strip() for more in pieces[at:]]])
        body = f"{body},{piece}"
    return body


def _funds(body: str) -> tuple[str, int]:
    """Return the funds type of a transaction and how many fields follow it."""
    fields = body.split(",", 5)
    return (fields[3], funds_fields(fields[3:5])) if len(fields) > 3 else ("", 0)


def _side(code: str) -> int:
    """Return 1 for a credit, -1 for a debit, 0 for a type code that is neither."""
    number = int(code) if re.fullmatch(r"\d{3}", code) else 0
    if any(first <= number <= last for first, last in _CREDIT_CODES):
        return 1
    return -1 if any(first <= number <= last for first, last in _DEBIT_CODES) else 0


def _texts(values: pa.Array) -> pa.Array:
    return null_if_empty(pc.utf8_trim_whitespace(values))


def _day_or_none(text: str) -> date | None:
    try:
        return read_day(text, "ymd")
    except ValueError:
        return None
