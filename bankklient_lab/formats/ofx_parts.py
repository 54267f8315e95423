"""The parts of an OFX file: its header, and the text after it cut at whole transactions.

OFX 1.x is SGML whose leaf elements need no end tag, OFX 2.x is XML; the text of both is cut in the same way.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats.base import LIMITS, SNIFF_BYTES, Findings

_BLOCK_BYTES = 1024**2
_HEADER_KEYS = "OFXHEADER|DATA|VERSION|SECURITY|ENCODING|CHARSET|COMPRESSION|OLDFILEUID|NEWFILEUID"
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_DECLARATION = re.compile(r"<!\s*(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_OPENERS = re.compile(r"<STMTTRNP?>", re.IGNORECASE)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}
_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos|nbsp)|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));")
# Names that banks write for the charsets; a number alone is an ISO 8859 part or a Windows code page.
_CHARSETS = {"1252": "cp1252", "8859-1": "latin-1", "ISO-8859-1": "latin-1", "UTF-8": "utf-8", "UNICODE": "utf-8"}

_TEXT_CODECS = re.compile(r"utf-8|ascii|cp\d+|iso8859-\d+|koi8-[ru]|mac-\w+|shift_jis\w*|euc_\w+|gb\w+|big5\w*")


class Header(NamedTuple):
    """What the head of a file says: the version ("102", "211", or "" when it says none) and the encoding's name."""

    version: str
    encoding: str


def read_header(head: bytes) -> Header | None:
    """Return the header; None when this is no OFX."""
    text = head[:SNIFF_BYTES].decode("latin-1").removeprefix("\u00ef\u00bb\u00bf").lstrip("\r\n\t \0")
    start = text[:4096]
    if start.upper().startswith("OFXHEADER"):
        version = _value("VERSION", start)
        return Header(version, _sgml_encoding(start))
    if re.match(r"<\?OFX\s|<OFX>", start, re.IGNORECASE) or (
        start.startswith("<?xml") and re.search(r"<\?OFX\s|<OFX>", start, re.IGNORECASE)
    ):
        stated = re.search(r"<\?OFX[^>]*?\bVERSION=[\"'](\d+)", start, re.IGNORECASE)
        declared = re.search(r"<\?xml[^>]*?encoding=[\"']([\w.-]+)", start)
        return Header(stated[1] if stated else "", declared[1] if declared else "utf-8")
    return None


def _value(key: str, start: str) -> str:
    found = re.search(rf"{key}\s*:\s*([\w.-]*?)(?=\s|<|{_HEADER_KEYS}|$)", start, re.IGNORECASE)
    return found[1] if found else ""


def _sgml_encoding(start: str) -> str:
    encoding, charset = _value("ENCODING", start).upper(), _value("CHARSET", start).upper()
    if encoding in {"UTF-8", "UNICODE"}:
        return "utf-8"
    if charset in {"", "NONE"}:
        return "ascii"
    return _CHARSETS.get(charset) or (f"cp{charset}" if charset.isdigit() else charset)


def codec(name: str) -> str:
    """Return Python's name of an encoding; FormatError when there is no such text encoding."""
    try:
        found = codecs.lookup(_CHARSETS.get(name.upper(), name)).name
    except (LookupError, ValueError):
        found = ""
    if not _TEXT_CODECS.fullmatch(found):
        raise FormatError("the file names an encoding that does not exist", place="header", text=name)
    return found


def regions(source: BinaryIO, encoding: str, findings: Findings) -> Iterator[str]:
    """Yield the text in regions of whole elements: a transaction is never cut. Comments are left out."""
    held = ""
    replaced = False
    for piece in _decoded(source, codec(encoding)):
        if not replaced and "\ufffd" in piece:
            replaced = True
            findings.add("bad_character", field="encoding", value=encoding)
        held += piece
        region, held = _cut(held)
        if region:
            yield region
        if len(held) > LIMITS.line_bytes + _BLOCK_BYTES:
            raise LimitExceeded(f"one element is longer than {LIMITS.line_bytes} characters", text=held[:80])
    _refuse_declaration(held)
    yield _plain(held)


def _decoded(source: BinaryIO, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while block := source.read(_BLOCK_BYTES):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _cut(held: str) -> tuple[str, str]:
    """Return what can be read now and what waits for more."""
    _refuse_declaration(held)
    text = _plain(held)
    end = len(text)
    for opener in ("<!--", "<![CDATA["):
        if (at := text.find(opener)) >= 0:
            end = min(end, at)
    last = None
    for last in _OPENERS.finditer(text, 0, end):  # noqa: B007 the last one counts
        pass
    end = last.start() if last else max(text.rfind("<", 0, end), 0)
    return text[:end], text[end:]


def _plain(text: str) -> str:
    if "<!" in text:
        text = _COMMENT.sub("", text)
        text = _CDATA.sub(lambda found: found[1].replace("&", "&amp;").replace("<", "&lt;"), text)
    return text


def _refuse_declaration(text: str) -> None:
    if "<!" in text and (found := _DECLARATION.search(text)):
        raise FormatError("a document type or entity declaration is not accepted", text=text[found.start() :][:80])


def unescape(text: str) -> str:
    """Return text with the entities that OFX allows resolved; any other stays as it is."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    name, number, hexadecimal = found.groups()
    if name:
        return _ENTITIES[name]
    code = int(number) if number else int(hexadecimal, 16)
    usable = 32 <= code < 0x110000 and not 0xD800 <= code < 0xE000
    return chr(code) if usable else found[0]
