"""Fixed-width records as tables: the same table reads a line and writes one.

Positions are 1-based and inclusive, as the banks' manuals print them. A line that was trimmed on the
right is read as if the blanks were there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from bankklient_lab.errors import BadArgument, FormatError

CENTURY_PIVOT = 70  # two-digit years 70 to 99 are 1970 to 1999, 00 to 69 are 2000 to 2069

BadField = Callable[[str, str, str], None]  # code of the finding, field, text


class Codec(NamedTuple):
    """How the characters of a field become a value and back; both directions raise ValueError."""

    finding: str  # code of the finding when a reader goes on without the value
    read: Callable[[str], Any]
    write: Callable[[Any, int], str]


class Field(NamedTuple):
    """One field of a record, `first` to `last` inclusive."""

    name: str
    first: int
    last: int
    codec: Codec

    @property
    def width(self) -> int:
        """Characters of the field."""
        return self.last - self.first + 1


class Record:
    """The layout of one kind of line."""

    def __init__(self, width: int, *fields: Field) -> None:
        self.width = width
        self.fields = fields
        self.by_name = {field.name: field for field in fields}
        assert len(self.by_name) == len(fields)
        assert all(1 <= field.first <= field.last <= width for field in fields)

    def read(self, line: str, place: str, bad: BadField | None = None) -> dict[str, Any]:
        """Return the fields of `line` by name.

        A field that can't be read is None and told to `bad`; without `bad` it is a FormatError.
        """
        values: dict[str, Any] = {}
        for name, first, last, codec in self.fields:
            text = line[first - 1 : last]
            try:
                values[name] = codec.read(text)
            except ValueError as error:
                if bad is None:
                    raise FormatError(str(error), place=place, field=name, text=text) from None
                bad(codec.finding, name, text)
                values[name] = None
        return values

    def write(self, values: dict[str, Any], place: str) -> str:
        """Return the line for `values`, blank where a field is not given; BadArgument names what doesn't fit."""
        line = [" "] * self.width
        for name, value in values.items():
            field = self.by_name[name]
            try:
                text = field.codec.write(value, field.width)
            except ValueError as error:
                raise BadArgument(f"{place}, {name} {value!r}: {error}", field=name, value=str(value)) from None
            assert len(text) == field.width, (name, text)
            line[field.first - 1 : field.last] = text
        return "".join(line)


def _read_text(text: str) -> str | None:
    return text.strip() or None


def _write_text(value: str | None, width: int) -> str:
    text = value or ""
    if len(text) > width:
        raise ValueError(f"longer than the {width} characters of the field")
    if not text.isprintable():
        raise ValueError("has characters that a line of text can't hold")
    return text.ljust(width)


def _read_digits(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{len(text) or 'some'} digits are expected")
    return text


def _write_digits(value: str | int | None, width: int) -> str:
    text = str(value or "").zfill(width)
    if not (text.isascii() and text.isdigit()):
        raise ValueError("only digits are possible")
    if len(text) > width:
        raise ValueError(f"longer than the {width} digits of the field")
    return text


def _read_number(text: str) -> int:
    return int(_read_digits(text))


def read_day(text: str, order: str) -> date | None:
    """Return the day in a text of six digits, None for zeros or blanks; `order` is "dmy" or "ymd"."""
    if not text.strip(" 0"):
        return None
    digits = _read_digits(text)
    if len(digits) != 6:
        raise ValueError("a day of six digits is expected")
    parts = dict(zip(order, (int(digits[at : at + 2]) for at in (0, 2, 4)), strict=True))
    century = 1900 if parts["y"] >= CENTURY_PIVOT else 2000
    try:
        return date(century + parts["y"], parts["m"], parts["d"])
    except ValueError:
        raise ValueError("this day does not exist") from None


def _day(order: str, pattern: str) -> Codec:
    def write(value: date | None, width: int) -> str:
        if value is None:
            return "0" * width
        if not 1900 + CENTURY_PIVOT <= value.year < 2000 + CENTURY_PIVOT:
            raise ValueError("two digits can't hold the year")
        return value.strftime(pattern)

    return Codec("bad_date", lambda text: read_day(text, order), write)


def _cents(places: int) -> Codec:
    def read(text: str) -> Decimal:
        return Decimal(_read_number(text)).scaleb(-places)

    def write(value: Decimal, width: int) -> str:
        units = value.scaleb(places)
        if units != units.to_integral_value():
            raise ValueError(f"more than {places} decimals")
        if units < 0:
            raise ValueError("the field has no sign")
        return _write_digits(int(units), width)

    return Codec("bad_amount", read, write)


def side(*, credit: str, debit: str) -> Codec:
    """Return the codec of a character that says credit (1) or debit (-1)."""
    signs = {credit: 1, debit: -1}

    def read(text: str) -> int:
        if text not in signs:
            raise ValueError(f"{credit} for credit or {debit} for debit is expected")
        return signs[text]

    return Codec("missing_side", read, lambda value, _width: debit if value < 0 else credit)


TEXT = Codec("missing_field", _read_text, _write_text)
DIGITS = Codec("missing_field", _read_digits, _write_digits)
NUMBER = Codec("missing_field", _read_number, _write_digits)
DAY_DMY = _day("dmy", "%d%m%y")
DAY_YMD = _day("ymd", "%y%m%d")
AMOUNT_2 = _cents(2)  # unsigned, two decimals
AMOUNT_3 = _cents(3)
