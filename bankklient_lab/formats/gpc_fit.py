"""Makes any statement fit GPC, which holds less than a lab: amounts, days and symbols never change, texts may be cut.

The writer itself refuses what does not fit; whoever exports for a program that reads only GPC wants the entries all
the same. What `fit` leaves out is said in LOSSES.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.formats.base import StatementSet

LOSSES = (
    "GPC holds less than the lab: names are cut to 20 and messages to 140 characters, accounts abroad, references that"
    " are not digits and letters that Windows-1250 does not have are left out"
)
NAME_CHARS, MESSAGE_CHARS = 20, 140
ENCODING = "cp1250"
_ACCOUNT = r"^((CZ|SK)\d{22}|(\d{1,6}-)?\d{1,10}|\d{11,16})$"
_KEPT = {  # what a column must look like to be kept
    "counterparty_account": _ACCOUNT,
    "counterparty_bank": r"^\d{4}$",
    "bank_reference": r"^\d{1,13}$",
    "variable_symbol": r"^\d{1,10}$",
    "constant_symbol": r"^\d{1,4}$",
    "specific_symbol": r"^\d{1,10}$",
}


def fit(statements: StatementSet) -> StatementSet:
    """Return the statements with what GPC can't hold left out (see LOSSES)."""
    entries = statements.entries
    for name, pattern in _KEPT.items():
        entries = _with(entries, name, _matching(entries[name], pattern))
    nameless = pc.is_null(entries["counterparty_account"])  # the text then is what the bank wrote
    told = pc.coalesce(entries["counterparty_name"], entries["additional_info"])
    entries = _with(entries, "additional_info", pc.if_else(nameless, told, entries["additional_info"]))
    for name, chars in (
        ("counterparty_name", NAME_CHARS),
        ("additional_info", NAME_CHARS),
        ("remittance", MESSAGE_CHARS),
    ):
        entries = _with(entries, name, _texts(entries[name], partial(_cut, chars)))
    heads = statements.statements
    heads = _with(heads, "account_name", _texts(heads["account_name"], partial(_cut, NAME_CHARS)))
    heads = _with(heads, "number", _texts(heads["number"], _last_digits))
    return replace(statements, statements=heads, entries=entries)


def _with(table: pa.Table, name: str, column: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(name), table.schema.field(name), column)


def _matching(column: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    return pc.if_else(pc.match_substring_regex(column, pattern), column, pa.scalar(None, pa.string()))


def _texts(column: pa.ChunkedArray, change: Callable[[str], str]) -> pa.ChunkedArray:
    values = [None if text is None else change(text) or None for text in column.to_pylist()]
    return pa.chunked_array([pa.array(values, pa.string())])


def _cut(chars: int, text: str) -> str:
    return _plain(text)[:chars].strip()


def _last_digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))[-3:]


def _plain(text: str) -> str:
    """Return a text with letters that the encoding lacks as their base letters, else left out."""
    found = []
    for letter in text:
        kept = letter if _encodable(letter) else unicodedata.normalize("NFKD", letter)
        found.append(kept if _encodable(kept) else "".join(filter(_encodable, kept)))
    return "".join(found)


def _encodable(text: str) -> bool:
    try:
        text.encode(ENCODING)
    except UnicodeEncodeError:
        return False
    return True
