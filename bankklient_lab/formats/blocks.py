"""Text files in blocks of whole lines or whole records: a block bounds the memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from bankklient_lab.errors import LimitExceeded
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.formats.decoding import Decoder

BLOCK_BYTES = 2 * 1024**2


def blocks_of_text(source: BinaryIO, decoder: Decoder) -> Iterator[str]:
    """Yield a text file as blocks of whole lines, each with its line end but perhaps the last one of the file.

    A byte order mark and the end-of-file mark of DOS are left out. A line longer than the limit is refused.
    """
    if source.read(3) != b"\xef\xbb\xbf":
        source.seek(0)
    rest, number = b"", 1
    data = source.read(BLOCK_BYTES)
    while more := source.read(BLOCK_BYTES):
        whole, newline, rest = (rest + data).rpartition(b"\n")
        if newline:
            yield decoder.decode(whole + newline)
            number += whole.count(b"\n") + 1
        if len(rest) > LIMITS.line_bytes:
            raise LimitExceeded(f"the line is longer than {LIMITS.line_bytes} bytes", place=f"line {number}")
        data = more
    yield decoder.decode((rest + data).rstrip(b"\x1a"))


def numbered_lines(source: BinaryIO, decoder: Decoder) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, without their ends, with their numbers."""
    number = 0
    for text in blocks_of_text(source, decoder):
        for line in text.removesuffix("\n").split("\n"):
            number += 1
            if len(line) > LIMITS.line_bytes:
                raise LimitExceeded(f"the line is longer than {LIMITS.line_bytes} bytes", place=f"line {number}")
            if line.strip():
                yield number, line.removesuffix("\r")


def blocks_of_records(texts: Iterable[str], starts: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield blocks of whole records and the number of their first line.

    A record is a line that begins with one of `starts` (the commonest first: the last one is looked for) and the
    lines after it that begin otherwise.
    """
    waiting, number = "", 1
    for text in texts:
        cut = -1
        for start in starts:
            cut = max(cut, waiting.rfind("\n" + start, max(cut, 0)))
        cut += 1
        if cut:
            yield waiting[:cut], number
        elif len(waiting) > 2 * BLOCK_BYTES:
            raise LimitExceeded("too many lines belong to one record", place=f"line {number}")
        number += waiting.count("\n", 0, cut)
        waiting = waiting[cut:] + text
    yield waiting, number
