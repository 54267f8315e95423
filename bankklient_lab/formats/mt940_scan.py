"""Fields of SWIFT customer statement messages (MT940, MT942): where they begin and end in a block of text.

A field is a line that starts with a known tag between colons, with all lines until the next one. What looks
like a tag can be text: times are wrapped ("...T16" / ":20:37 ..."), so a tag of two digits below 60 behind an entry is
one only when the head of a statement follows. A line "-" is the end of a message when a new one or nothing follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

from bankklient_lab.errors import LimitExceeded
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.formats.blocks import BLOCK_BYTES
from bankklient_lab.formats.decoding import Decoder
from bankklient_lab.formats.spans import Bools, Bytes, Ints

TRAILER = "-"
TAGS = (
    *("20", "21", "25", "25P", "28", "28C", "13D", "34F", "60F", "60M", "61", "86", "62F", "62M", "64", "65"),
    *("90C", "90D", "NS", "940", TRAILER),
)
CODE = {tag: code for code, tag in enumerate(TAGS)}

# A block of text is cut before one of these: they are never the text of another field, and what belongs to a
# head or to an entry is never parted.
_BORDERS = (b"\n:61:", b"\n:62F:", b"\n:62M:", b"\n:34F:")
_MINUTES = np.array([CODE[tag] for tag in ("20", "21", "25", "28")])
_HEAD = np.array([CODE[tag] for tag in ("21", "25", "25P", "28", "28C", "13D", "34F", "60F", "60M")])
_ENTRY = np.array([CODE[tag] for tag in ("61", "86")])
_MESSAGE = np.array([CODE[tag] for tag in ("20", "940")])
_COLON, _DASH, _NEWLINE, _BRACE = b":-\n}"
_NONE = -1


def _key(text: str) -> int:
    return int.from_bytes(text.encode().ljust(3, b"\0"), "big")


_KEYS = np.array(sorted(_key(tag) for tag in TAGS if tag != TRAILER))
_CODE_BY_KEY = np.array([CODE[tag] for tag in sorted((tag for tag in TAGS if tag != TRAILER), key=_key)])


class Fields(NamedTuple):
    """Fields of one block in file order; `code` is the index in TAGS."""

    code: Ints
    line: Ints  # number of its first line in the block, from 0
    begin: Ints  # of the tag
    start: Ints  # of the content behind the tag
    end: Ints  # of the content, without the last line end


class Block(NamedTuple):
    """Some whole fields of a file: UTF-8 text with LF line ends, the number of its first line, and its fields."""

    data: Bytes
    line: int
    fields: Fields


def blocks(source: BinaryIO, decoder: Decoder) -> Iterator[Block]:
    """Yield the whole file block by block; the text between two borders has at most LIMITS.line_bytes bytes."""
    if source.read(3) != b"\xef\xbb\xbf":
        source.seek(0)
    rest, line = b"", 1
    while data := source.read(BLOCK_BYTES):
        rest += data
        border = 0
        for tag in _BORDERS:
            border = max(border, rest.rfind(tag, border))
        if border:
            yield _block(rest[:border], line, decoder, last=False)
            line += rest.count(b"\n", 0, border + 1)
            rest = rest[border + 1 :]
        if len(rest) > LIMITS.line_bytes + BLOCK_BYTES:
            raise LimitExceeded(
                f"there are more than {LIMITS.line_bytes} bytes without an entry or a balance", place=f"line {line}"
            )
    yield _block(rest, line, decoder, last=True)


def _block(raw: bytes, line: int, decoder: Decoder, *, last: bool) -> Block:
    text = decoder.decode(raw.translate(None, b"\r")).rstrip("\n")
    data = np.frombuffer(text.encode(), np.uint8)
    fields = _scan(data, last)
    longest = int(np.max(fields.end - fields.start, initial=0))
    if longest > LIMITS.field_chars:
        at = line + int(fields.line[np.argmax(fields.end - fields.start)])
        raise LimitExceeded(f"the field is longer than {LIMITS.field_chars} bytes", place=f"line {at}")
    return Block(data, line, fields)


def _scan(data: Bytes, last: bool) -> Fields:
    padded = np.append(data, np.full(5, _NEWLINE, np.uint8))
    begins = np.append(0, np.flatnonzero(data == _NEWLINE) + 1)
    code = _codes(padded, begins)
    lines = np.flatnonzero(code != _NONE)
    code, begins = code[lines], begins[lines]
    real = _real(code, padded[begins + 1], last)
    code, begins, lines = code[real], begins[real], lines[real]
    ends = np.append(begins[1:] - 1, len(data))
    widths = np.array([len(tag) + 2 if tag != TRAILER else 1 for tag in TAGS])
    return Fields(code, lines, begins, begins + widths[code], ends)


def _codes(padded: Bytes, begins: Ints) -> Ints:
    code = np.full(len(begins), _NONE)
    code[padded[begins] == _DASH] = CODE[TRAILER]
    tagged = np.flatnonzero(padded[begins] == _COLON)
    one, two, three, four = (padded[begins[tagged] + at].astype(np.int64) for at in (1, 2, 3, 4))
    short = three == _COLON
    key = one << 16 | two << 8 | np.where(short, 0, three)
    at = np.minimum(np.searchsorted(_KEYS, key), len(_KEYS) - 1)
    known = (_KEYS[at] == key) & (short | (four == _COLON))
    code[tagged[known]] = _CODE_BY_KEY[at[known]]
    return code


def _real(code: Ints, second: Bytes, last: bool) -> Bools:
    """Tell which of the lines that look like a field are one; `second` is the second character of each line."""
    before = np.append(_NONE, code[:-1])
    after = np.append(code[1:], _NONE)
    in_entry = np.isin(before, _ENTRY)
    opens_head = (code == CODE["20"]) & np.isin(after, _HEAD)
    text = np.isin(code, _MINUTES) & in_entry & ~opens_head
    ends_message = (second == _BRACE) | np.isin(after, _MESSAGE) | ((after == _NONE) & last)
    plain_end = np.isin(second, np.frombuffer(b"\n }X\x03", np.uint8))
    real: Bools = np.where(code == CODE[TRAILER], ends_message & plain_end, ~text)
    return real
