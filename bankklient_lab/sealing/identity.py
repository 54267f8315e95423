"""Identity of a batch: sender, recipient, type, year and number (docs/spec/codebooks/batch_identity.md)."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, get_args

from bankklient_lab.errors import BadArgument

RecordFormat = Literal["00", "02", "06"]  # open, packed, packed and encrypted
RECORD_FORMATS: tuple[str, ...] = get_args(RecordFormat)

POINT_MIN, POINT_MAX = 1, 65_535
CLIENT_POINT_MIN = 20_001
BATCH_TYPE_MAX = 99
YEAR_MIN, YEAR_MAX = 2000, 2099  # a file name has two digits of it
NUMBER_MAX = 9_999
ORDER_DIGITS = 8

_LINE = re.compile(r"([0-9]{1,5})\|([0-9]{1,5})\|([0-9]{1,2})\|([0-9]{4})([0-9]{4})", re.ASCII)


class _Parts(NamedTuple):
    sender: int
    recipient: int
    batch_type: int
    year: int
    number: int


class BatchIdentity(_Parts):
    """What identifies a batch: connection points of sender and recipient, batch type, and number within the year.

    BadArgument names the part that is out of its range.
    """

    __slots__ = ()

    def __new__(cls, sender: int, recipient: int, batch_type: int, year: int, number: int) -> BatchIdentity:
        """Check the ranges."""
        for name, value, least, most in (
            ("connection point of the sender", sender, POINT_MIN, POINT_MAX),
            ("connection point of the recipient", recipient, POINT_MIN, POINT_MAX),
            ("batch type", batch_type, 0, BATCH_TYPE_MAX),
            ("year of a batch", year, YEAR_MIN, YEAR_MAX),
            ("number of a batch", number, 1, NUMBER_MAX),
        ):
            if not least <= value <= most:
                raise BadArgument(f"the {name} can't be {value}; it lies from {least} to {most}")
        if sender == recipient:
            raise BadArgument(f"connection point {sender} can't send a batch to itself")
        return super().__new__(cls, sender, recipient, batch_type, year, number)

    @property
    def order(self) -> str:
        """The batch order rrrrnnnn, such as 20260007."""
        return f"{self.year}{self.number:04d}"

    @property
    def line(self) -> str:
        """One line that names all parts: sender|recipient|type|rrrrnnnn."""
        return f"{self.sender}|{self.recipient}|{self.batch_type}|{self.order}"

    def file_name(self, record_format: str) -> str:
        """Return the name rrnnnndd.ff of the batch's file in a record format."""
        if record_format not in RECORD_FORMATS:
            raise BadArgument(f"unknown record format {record_format!r}; there are {', '.join(RECORD_FORMATS)}")
        return f"{self.year % 100:02d}{self.number:04d}{self.batch_type:02d}.{record_format}"


def read_line(line: str) -> BatchIdentity:
    """Return the identity that a line names; BadArgument for any other text than `BatchIdentity.line` gives."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise BadArgument(f"{line[:60]!r} does not identify a batch")
    identity = BatchIdentity(*map(int, found.groups()))
    if identity.line != line:
        raise BadArgument(f"{line[:60]!r} does not identify a batch; {identity.line!r} would")
    return identity


def read_order(text: str) -> tuple[int, int]:
    """Return year and number of the order of a batch, rrrrnnnn; BadArgument for any other text."""
    if len(text) != ORDER_DIGITS or not (text.isascii() and text.isdigit()):
        raise BadArgument(f"the order of a batch is rrrrnnnn, not {text[:20]!r}")
    year, number = divmod(int(text), NUMBER_MAX + 1)
    return year, number
