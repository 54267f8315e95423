"""Hypothesis strategies for what writers take."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
from hypothesis import strategies as st

from bankklient_lab.formats.base import StatementSet
from bankklient_lab.formats.schema import AMOUNT, SCHEMAS, Kind

# Texts that trip writers: formulas, quotes, separators, line ends, apostrophes, diacritics; never empty.
_SPECIAL = st.sampled_from(
    ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'=1", "''", "'", '"', ",", "a\nb", "a\r\nb", " x ", "Žluťoučký"]
)
_TEXT = st.one_of(_SPECIAL, st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8))
_AMOUNT = st.decimals(Decimal(-(10**15) + 1), Decimal(10**15 - 1), places=3)
_VALUES: dict[pa.DataType, st.SearchStrategy[object]] = {
    pa.string(): _TEXT,
    pa.date32(): st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    pa.int32(): st.integers(0, 2**31 - 1),
    pa.int64(): st.integers(0, 2**63 - 1),
    pa.bool_(): st.booleans(),
    AMOUNT: _AMOUNT,
}


@st.composite
def statement_sets(draw: st.DrawFn) -> StatementSet:
    """Return up to three statements with entries, balances and details in order."""
    numbers = list(range(1, draw(st.integers(1, 3)) + 1))
    entries = [
        {"statement_no": number, "entry_no": at + 1} for number in numbers for at in range(draw(st.integers(0, 3)))
    ]
    details = [entry | {"detail_no": at + 1} for entry in entries for at in range(draw(st.integers(0, 2)))]
    balances = [{"statement_no": number} for number in numbers for _ in range(draw(st.integers(0, 2)))]
    return StatementSet(
        statements=_table(draw, Kind.STATEMENT, [{"statement_no": number} for number in numbers]),
        entries=_table(draw, Kind.ENTRY, entries),
        balances=_table(draw, Kind.BALANCE, balances),
        details=_table(draw, Kind.DETAIL, details),
    )


def _table(draw: st.DrawFn, kind: Kind, keys: list[dict[str, int]]) -> pa.Table:
    rows = [
        {
            item.name: key[item.name] if item.name in key else draw(st.none() | _VALUES[item.type])
            for item in SCHEMAS[kind]
        }
        for key in keys
    ]
    return pa.Table.from_pylist(rows, SCHEMAS[kind])
