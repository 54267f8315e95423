"""Character sets of accounting systems; a byte without a meaning in the chosen one refuses the file."""

from __future__ import annotations

import codecs
import csv
import io
from functools import cache
from importlib.resources import files
from typing import Any, BinaryIO

from bankklient_lab.errors import BadArgument, FormatError, LimitExceeded, UnknownName
from bankklient_lab.formats.base import LIMITS

BLOCK_BYTES = 2 * 1024**2
# name -> Python codec; kamenicky has a table of our own
CHARSETS = {
    "ascii": "ascii",
    "kamenicky": "",
    "cp852": "cp852",
    "windows-1250": "cp1250",
    "utf-8": "utf-8",
}
TITLES = {
    "ascii": "without diacritics",
    "kamenicky": "Kamenicky (KEYBCS2)",
    "cp852": "CP852 (Latin 2)",
    "windows-1250": "Windows-1250",
    "utf-8": "UTF-8",
}
_BOM = codecs.BOM_UTF8
_DOS_END = b"\x1a"


@cache
def _kamenicky() -> str:
    """Return the 256 characters of the set by their byte."""
    text = files("bankklient_lab.data").joinpath("charsets", "kamenicky.csv").read_text("utf-8")
    upper = [row["character"] for row in csv.DictReader(text.split("\n"))]
    return "".join(map(chr, range(128))) + "".join(upper)


def check_charset(name: str) -> None:
    """Refuse a character set that is not known."""
    if name not in CHARSETS:
        raise UnknownName("character set", name, f"known are {', '.join(CHARSETS)}")


def encode(text: str, charset: str, place: str, field: str = "") -> bytes:
    """Return a text in a character set; BadArgument names the character that it lacks."""
    check_charset(charset)
    try:
        if charset == "kamenicky":
            return codecs.charmap_encode(text, "strict", codecs.charmap_build(_kamenicky()))[0]
        return text.encode(CHARSETS[charset])
    except UnicodeEncodeError as error:
        what = f"{place}, {field}" if field else place
        bad = text[error.start]
        raise BadArgument(f"{what}: the character {bad!r} is not in the character set {charset}") from None


class Utf8(io.RawIOBase):
    """A file in some character set, read as UTF-8.

    A byte that has no meaning, a NUL and a line longer than the limit refuse the file. A byte order mark and the
    end-of-file mark of DOS are left out.
    """

    def __init__(self, source: BinaryIO, charset: str) -> None:
        check_charset(charset)
        self._source = source
        self._charset = charset
        self._held = b""  # the start of a line, so that no character is cut
        self._lines = 0
        self._first = True
        self._rest = b""

    def readable(self) -> bool:
        """Tell that this is read."""
        return True

    def unread(self, data: bytes) -> None:
        """Put back what `block` gave, to be read first."""
        self._rest = data

    def again(self) -> Utf8:
        """Return the same file from its start."""
        self._source.seek(0)
        return Utf8(self._source, self._charset)

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, for readers that want one."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes."""
        while not self._rest and (block := self.block()):
            self._rest = block
        size = len(self._rest) if size < 0 else size
        given, self._rest = self._rest[:size], self._rest[size:]
        return given

    def block(self) -> bytes:
        """Return the next whole lines, nothing at the end."""
        while True:
            data = self._source.read(BLOCK_BYTES)
            if self._first:
                self._first = False
                data = data.removeprefix(_BOM) if self._charset == "utf-8" else data
            whole, newline, rest = (self._held + data).rpartition(b"\n")
            if not data:
                last, self._held = self._held.rstrip(_DOS_END), b""
                return self._decoded(last)
            self._held = rest
            if len(rest) > LIMITS.line_bytes:
                lines = self._lines + whole.count(b"\n") + (2 if newline else 1)
                raise LimitExceeded(f"the line is longer than {LIMITS.line_bytes} bytes", place=f"line {lines}")
            if newline:
                return self._decoded(whole + newline)

    def _decoded(self, data: bytes) -> bytes:
        if b"\0" in data:
            raise self._refusal(data, data.index(b"\0"), "the file holds a zero byte, so it is no text")
        if not data.isascii():
            data = self._text(data).encode()
        self._lines += data.count(b"\n")
        return data

    def _text(self, data: bytes) -> str:
        try:
            if self._charset == "kamenicky":
                return codecs.charmap_decode(data, "strict", _kamenicky())[0]
            return data.decode(CHARSETS[self._charset])
        except UnicodeDecodeError as error:
            reason = f"the byte 0x{data[error.start]:02X} is no character of the set {self._charset}"
            raise self._refusal(data, error.start, reason) from None

    def _refusal(self, data: bytes, at: int, reason: str) -> FormatError:
        start = data.rfind(b"\n", 0, at) + 1
        line = self._lines + data.count(b"\n", 0, at) + 1
        return FormatError(
            reason, place=f"line {line}, byte {at - start + 1}", text=data[start:at].decode("ascii", "replace")[-40:]
        )
