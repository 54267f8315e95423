"""The lines of an MT101 file as messages, sequences and fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.formats.payments.charsets import Utf8

FIELDS_MAX = 100  # of one payment
_TAG = re.compile(r":(\d\d[A-Z]?):(.*)", re.DOTALL)
_GENERAL = {"20", "21R", "28D", "50C", "50L", "50F", "50G", "50H", "52A", "52C", "51A", "30", "25"}
_PAYMENT = {
    "21", "21F", "23E", "32B", "50C", "50L", "50F", "50G", "50H", "52A", "52C", "56A", "56C", "56D", "57A", "57C",
    "57D", "59", "59A", "59F", "70", "77B", "33B", "71A", "25A", "36",
}  # fmt: skip


@dataclass(slots=True)
class Sequence:
    """Some fields of a message: the general ones, or those of one payment."""

    place: str
    known: set[str]
    fields: dict[str, list[str]] = field(default_factory=dict)  # tag -> contents; only :23E: comes again
    raw: list[str] = field(default_factory=list)

    def add(self, tag: str, text: str, place: str) -> None:
        """Add a field; FormatError for one that the sequence does not have or has already."""
        if tag not in self.known:
            raise FormatError("there is no such field here", place=place, field=tag, text=text)
        if tag in self.fields and tag != "23E":
            raise FormatError("the field comes twice", place=place, field=tag, text=text)
        if len(self.raw) >= FIELDS_MAX:
            raise LimitExceeded(f"more than {FIELDS_MAX} fields in one payment", place=place)
        if len(text) > LIMITS.field_chars:
            raise LimitExceeded(f"longer than {LIMITS.field_chars} characters", place=place, field=tag)
        self.fields.setdefault(tag, []).append(text)
        self.raw.append(f":{tag}:{text}")

    def get(self, *tags: str) -> str | None:
        """Return the content of the first of these fields that is there."""
        return next((self.fields[tag][0] for tag in tags if tag in self.fields), None)

    def need(self, *tags: str) -> str:
        """Return the content of a field that must be there."""
        text = self.get(*tags)
        if text is None:
            raise FormatError(f"the field {' or '.join(tags)} is missing", place=self.place)
        return text


@dataclass(slots=True)
class Message:
    """The sequences of one message: the general one first, then one for each payment."""

    place: str
    sequences: list[Sequence]


class Scanner:
    """Reads the messages of one file, with SWIFT's blocks ({1:...}{4: ... -}) or without."""

    def __init__(self, text: Utf8) -> None:
        self._text = text
        self._message: Message | None = None
        self._tag = ""  # of a field that may go on in the next lines
        self._lines: list[str] = []
        self._start = 0
        self._blocks = False
        self._inside = True  # false between the blocks 4 of a file that has them

    def messages(self) -> Iterator[Message]:
        """Yield each message when it has ended."""
        number = 0
        for number, line in enumerate(_lines(self._text), start=1):
            text = self._block(line, number) if line.startswith(("{", "\x01{")) else line
            if self._inside and text is not None:
                yield from self._take(text, number)
        if self._blocks and self._inside:
            raise FormatError("the file stops inside a message", place=f"line {number}")
        yield from self._end()

    def _block(self, line: str, number: int) -> str | None:
        """Take the head of a message; return what follows the start of block 4 on its line."""
        if self._tag or self._message:
            raise FormatError("the message before it has not ended", place=f"line {number}", text=line)
        self._blocks = True
        _, start, text = line.partition("{4:")
        self._inside = bool(start)
        return text or None

    def _take(self, line: str, number: int) -> Iterator[Message]:
        if line.strip() == "-" or line.startswith("-}"):
            yield from self._end()
            self._inside = not self._blocks
        elif found := _TAG.fullmatch(line):
            self._end_field()
            self._tag, self._lines, self._start = found[1], [found[2]], number
        elif self._tag:
            self._lines.append(line)
        elif line.strip():
            raise FormatError("a field is expected", place=f"line {number}", text=line)

    def _end(self) -> Iterator[Message]:
        self._end_field()
        message, self._message = self._message, None
        if message:
            yield message

    def _end_field(self) -> None:
        """Put the field that was read into its sequence."""
        tag, self._tag = self._tag, ""
        if not tag:
            return
        place = f"line {self._start}"
        if (tag == "20") is not (self._message is None):
            raise FormatError("a message begins with the field 20", place=place, field=tag, text=self._lines[0])
        if self._message is None:
            self._message = Message(place, [Sequence(place, _GENERAL)])
        if tag == "21":
            self._message.sequences.append(Sequence(place, _PAYMENT))
        self._message.sequences[-1].add(tag, "\n".join(self._lines).rstrip("\n"), place)


def _lines(text: Utf8) -> Iterator[str]:
    while block := text.block():
        for line in block.decode().removesuffix("\n").split("\n"):
            yield line.rstrip("\r")
