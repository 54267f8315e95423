"""The codebooks that come from the bank: what each holds, what a content must look like, and what is shipped.

A codebook is rows of code, name and attributes. The shipped contents (data/codebooks/bank) are those of a Czech bank;
a bank's own replace them one codebook at a time, and no rule has to change for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import NamedTuple

from bankklient_lab.codebooks import raw, rows
from bankklient_lab.errors import FormatError, UnknownName

CODE, NAME, FIRST, LAST = "code", "name", "first", "last"
FIELD_KIND, CHOICES, CHOICE = "kind", "choices", "choice"
NAME_CHARACTERS_MAX = 200
ROWS_MAX = 200_000  # of one content
_YES_NO = r"yes|no"


class Column(NamedTuple):
    """An attribute: `takes` is a regular expression of the whole value, `said` the same in words."""

    name: str
    label: str
    takes: str
    said: str


class Row(NamedTuple):
    """One row of a content; empty attributes are left out."""

    code: str
    name: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Codebook:
    """One codebook; `batch_type` is the number that the bank sends it under (BAS-029), 0 for our own."""

    name: str
    label: str
    batch_type: int
    code: Column
    columns: tuple[Column, ...] = ()

    @property
    def title(self) -> Column:
        """The name that every code has."""
        return Column(NAME, "Name", rf".{{1,{NAME_CHARACTERS_MAX}}}", f"1 to {NAME_CHARACTERS_MAX} characters")

    @property
    def header(self) -> tuple[str, ...]:
        """The columns of a content, in order."""
        return (CODE, NAME, *(column.name for column in self.columns))

    def check_header(self, header: Sequence[str]) -> None:
        """Refuse a file whose first line names other columns than the codebook has."""
        if sorted(header) != sorted(self.header):
            raise FormatError(f"the header is not {','.join(self.header)}: {self._odd(header)}", place="line 1")

    def _odd(self, header: Sequence[str]) -> str:
        missing = [name for name in self.header if name not in header]
        unknown = [name for name in header if name not in self.header]
        if missing:
            return f"{', '.join(missing)} missing"
        return f"{', '.join(unknown)[:80] or 'a column'} not known or twice"

    def checked(self, given: Mapping[str, str | None], place: str) -> Row:
        """Return one row of a content; FormatError names the place, the column and what it takes."""
        values = {name: (given.get(name) or "").strip() for name in self.header}
        for column in (self.code, self.title, *self.columns):
            if not re.fullmatch(column.takes, values[column.name]):
                raise FormatError(f"it takes {column.said}", place=place, field=column.name, text=values[column.name])
        if FIRST in values and int(values[FIRST]) > int(values[LAST]):
            raise FormatError(f"it is less than {FIRST}", place=place, field=LAST, text=values[LAST])
        if CHOICES in values and bool(values[CHOICES]) != (values[FIELD_KIND] == CHOICE):
            raise FormatError("a choice has choices, and nothing else has", place=place, field=CHOICES)
        attributes = {column.name: values[column.name] for column in self.columns if values[column.name]}
        return Row(values[CODE], values[NAME], attributes)


def _flag(name: str, label: str) -> Column:
    return Column(name, label, _YES_NO, "yes or no")


def _code(takes: str, said: str) -> Column:
    return Column(CODE, "Code", takes, said)


_SYMBOL = _code(r"\d{4}", "4 digits")
_COUNTRY = _code(r"[A-Z]{2}", "2 capital letters")
_WORD = _code(r"[A-Z0-9]{1,11}", "1 to 11 capital letters and digits")
_TYPE, _SUFFIX = "[A-Z0-9]{1,11}", "[a-z0-9]{1,8}"
_MESSAGE = "[a-z0-9 _-]{1,40}"
_OPERATION = r"[A-Z]{4}"
_INSTRUCTION = r"[A-Z0-9]{4}"
_INSTRUCTIONS = rf"{_INSTRUCTION}( {_INSTRUCTION})*"
_BIC = r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?"
_BANK = Column("bank", "Bank", r"\d{4}", "the 4 digits of a bank")
_NUMBERS = (
    Column(FIRST, "From", r"\d{1,10}", "the first number, up to 10 digits"),
    Column(LAST, "To", r"\d{1,10}", "the last number, up to 10 digits"),
)

_ALL = (
    Codebook(
        "banks", "Banks", 21, _SYMBOL, (Column("bic", "BIC", rf"({_BIC})?", "a BIC of 8 or 11 characters, or nothing"),)
    ),
    Codebook(
        "currencies",
        "Currencies",
        23,
        _code(r"[A-Z]{3}", "3 capital letters"),
        (
            Column("decimals", "Decimals", r"[0-3]", "0 to 3"),
            _flag("abroad", "Payments abroad"),
            _flag("eea", "Of a state of the EEA"),
            _flag("clearing", "Domestic clearing"),
            _flag("forwards", "Forwards"),
            _flag("monetary_union", "Monetary union"),
        ),
    ),
    Codebook(
        "countries",
        "Countries",
        24,
        _COUNTRY,
        (
            Column("numeric", "Number", r"(\d{3})?", "3 digits, or nothing"),
            Column("iban_length", "Length of IBAN", r"(1[5-9]|2\d|3[0-4])?", "15 to 34, or nothing"),
            _flag("sepa", "SEPA"),
            _flag("eea", "EEA"),
            _flag("eu", "EU"),
        ),
    ),
    Codebook("payment_titles", "Payment titles", 25, _code(r"[A-Z0-9]{1,4}", "1 to 4 capital letters and digits")),
    Codebook("contractual_partners", "Contractual partners", 26, _WORD),
    Codebook(
        "bank_operations",
        "Bank operations",
        27,
        _code(_OPERATION, "4 capital letters"),
        (
            Column(
                "instructions",
                "Instructions",
                rf"all|none|{_INSTRUCTIONS}",
                "all, none, or codes of instructions separated by spaces",
            ),
        ),
    ),
    Codebook(
        "instructions",
        "Instructions",
        28,
        _code(_INSTRUCTION, "4 capital letters and digits"),
        (
            Column("description", "Words", "required|optional|none", "required, optional or none"),
            Column("excludes", "Not beside", rf"({_INSTRUCTIONS})?", "codes of instructions separated by spaces"),
        ),
    ),
    Codebook(
        "bics",
        "BIC codes",
        29,
        _code(_BIC, "a BIC of 8 or 11 characters"),
        (
            Column("city", "City", r".{0,60}", "up to 60 characters"),
            Column("country", "Country", r"[A-Z]{2}", "2 capital letters"),
        ),
    ),
    Codebook("constant_symbols", "Constant symbols", 0, _SYMBOL),
    Codebook(
        "special_constant_symbols",
        "Special constant symbols",
        45,
        _SYMBOL,
        (Column("use", "Use", r".{0,60}", "up to 60 characters"),),
    ),
    Codebook("permissions", "Permissions", 41, _code(r"\d{1,3}", "1 to 3 digits")),
    Codebook(
        "batch_types",
        "Types of batches",
        42,
        _code(r"\d{1,2}", "1 or 2 digits"),
        (Column("direction", "Direction", "internal|to_bank|from_bank|both", "internal, to_bank, from_bank or both"),),
    ),
    Codebook("account_types", "Types of accounts", 43, _WORD),
    Codebook("operation_types", "Types of operations", 43, _WORD),
    Codebook(
        "permitted_operations",
        "Permitted operations",
        43,
        _code(rf"{_TYPE}/{_TYPE}", "a type of account and a type of operation with / between"),
        (
            Column(
                "counter_accounts",
                "Counter accounts",
                rf"all|{_TYPE}( {_TYPE})*",
                "all, or types of accounts separated by spaces",
            ),
        ),
    ),
    Codebook(
        "message_types",
        "Types of messages",
        44,
        _code(_MESSAGE, "1 to 40 small letters and digits"),
        (
            Column("format", "Format", "text|form", "text or form"),
            _flag("attachments", "Attachments"),
            Column("suffixes", "Suffixes", rf"({_SUFFIX}( {_SUFFIX})*)?", "suffixes separated by spaces, or nothing"),
            Column("kilobytes", "Largest attachment in kB", r"\d{0,5}", "a number of up to 5 digits, or nothing"),
        ),
    ),
    Codebook(
        "message_fields",
        "Fields of messages",
        44,
        _code(rf"{_MESSAGE}/[a-z][a-z0-9_]{{0,29}}", "a type of message and a name in small letters with / between"),
        (
            Column("place", "Place", r"\d{1,3}", "1 to 3 digits"),
            Column(
                FIELD_KIND,
                "Kind",
                "text|number|date|amount|choice|account",
                "text, number, date, amount, choice or account",
            ),
            Column("length", "Length", r"([1-9]\d{0,3})?", "a number of up to 4 digits, or nothing"),
            _flag("required", "Required"),
            Column(
                CHOICES,
                "Choices",
                r"([^|]{1,60}(\|[^|]{1,60})*)?",
                "texts of up to 60 characters with | between, or nothing",
            ),
        ),
    ),
    Codebook("charges", "Charges", 0, _code("[A-Z]{3}", "3 capital letters")),
    Codebook(
        "blocked_accounts",
        "Blocked account numbers",
        0,
        _WORD,
        (_BANK, Column("part", "Part", "base|prefix", "base or prefix"), *_NUMBERS),
    ),
    Codebook(
        "budget_accounts",
        "Budget accounts in the old numbering",
        0,
        _WORD,
        (_BANK, *_NUMBERS, Column("specific_symbol", "Specific symbol", "required|forbidden", "required or forbidden")),
    ),
)
CODEBOOKS: dict[str, Codebook] = {one.name: one for one in _ALL}

# Contents that something else needs, too, and that lie there in columns of other names.
_ELSEWHERE = {
    "banks": ("czech_banks", {CODE: "bank_code", NAME: "bank_name", "bic": "bic"}),
    "permissions": ("permissions", {CODE: "number", NAME: "name"}),
    "batch_types": ("batch_types", {CODE: "code", NAME: "name", "direction": "direction"}),
}


def codebook_named(name: str) -> Codebook:
    """Return a codebook by its name; UnknownName."""
    try:
        return CODEBOOKS[name]
    except KeyError:
        raise UnknownName("codebook", name, f"there are {', '.join(CODEBOOKS)}") from None


def file_of(book: Codebook) -> str:
    """Return the name of the file in which a bank sends a codebook."""
    return f"{book.name}.csv"


@cache
def shipped(name: str) -> tuple[Row, ...]:
    """Return the content of a codebook that comes with this version."""
    book = codebook_named(name)
    source = _source(name)
    columns = _ELSEWHERE[name][1] if name in _ELSEWHERE else {column: column for column in book.header}
    given = [{column: row[there] for column, there in columns.items()} for row in rows(source)]
    return content(book, given)


def content(book: Codebook, given: Sequence[Mapping[str, str | None]]) -> tuple[Row, ...]:
    """Return the rows of a content in order; FormatError for the first that is wrong."""
    found: dict[str, Row] = {}
    for number, one in enumerate(given, start=1):
        row = book.checked(one, f"row {number}")
        if row.code in found:
            raise FormatError("it is there twice", place=f"row {number}", field=CODE, text=row.code)
        found[row.code] = row
    return tuple(found.values())


def replacement(book: Codebook, given: Sequence[Mapping[str, str | None]]) -> tuple[Row, ...]:
    """Return the rows of a content that takes the place of another; FormatError also when orders need some."""
    if not given and shipped(book.name):
        raise FormatError(f"the file has no rows; without {book.label.lower()} every order would be wrong")
    return content(book, given)


@cache
def shipped_digest(name: str) -> str:
    """Return what tells one shipped content from another, without reading its rows."""
    return sha256(raw(_source(name)).encode()).hexdigest()


def _source(name: str) -> str:
    return _ELSEWHERE[name][0] if name in _ELSEWHERE else f"bank/{name}"
