"""MT940 customer statements and MT942 interim reports (SWIFT category 9), as banks really write them.

Recognised with and without SWIFT blocks, banks' own head lines and a closing "-". The text is read as UTF-8 when it
is, else in the 8-bit encoding that gives letters (a finding names it).

A statement without its closing balance, or a SWIFT block that is not closed, is half a file and refused. So is a
balance that can't be read. An entry that can't be read is kept with its raw text and a finding.

Days: `opening_day` and `closing_day` are as the file says; `last_day` is the closing day, `first_day` the first booking
day of the entries, but not before the opening day nor after the closing day; without entries it is the opening day.
A booking day (:61: has no year for it) is put within half a year of the value date; without one it is the value date.
Reversals: RC takes a credit back and is negative, RD is positive, both with `reversal` set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from bankklient_lab.formats import mt940_scan
from bankklient_lab.formats.base import LIMITS, Findings, Format, Hints, Part
from bankklient_lab.formats.decoding import ALPHABETS, Decoder
from bankklient_lab.formats.mt940_entries import Entries
from bankklient_lab.formats.mt940_statement import Statements
from bankklient_lab.formats.mt940_write import write

_ENCODINGS = ("cp1252", "cp1250", "cp852", "iso8859-2")
_ENCODINGS_CENTRAL = ("cp1250", "cp852", "iso8859-2", "cp1252")
_COUNTRIES_CENTRAL = b"CZ|SK|PL|HU|RO|SI|HR"
_CENTRAL = re.compile(
    rb"^:25:(?:(?:%b)\d\d|[A-Z]{4}(?:%b)[A-Z0-9]{2})" % (_COUNTRIES_CENTRAL, _COUNTRIES_CENTRAL), re.MULTILINE
)

_BEGIN = re.compile(rb"^(?:\{1:[^\n]*)?\s*:20:", re.MULTILINE)
_BALANCE = re.compile(rb"^:6[02][FM]:", re.MULTILINE)
_REPORT = re.compile(rb"^:(?:34F|13D):", re.MULTILINE)
_WEAK = re.compile(rb"^:(?:25P?|61):|\A:20:[^\n]*\s*\Z", re.MULTILINE)
_OTHER_MESSAGE = re.compile(
    rb"\{2:[IO](?!94[012]|950)\d{3}|^:(?:23[BE]|28D|32A|32B|50[A-Z]|52A|59[A-Z]?|21R):", re.MULTILINE
)


def _version(head: bytes) -> str | None:
    """Return MT940 or MT942 for the first bytes of a file, by what the first message has."""
    text = head.replace(b"\r", b"\n").removeprefix(b"\xef\xbb\xbf")
    first = _BEGIN.search(text)
    if first is None:
        return None
    begin = first.end() - len(b":20:")
    following = _BEGIN.search(text, first.end())
    message = text[begin : following.start() if following else None]
    telling = _BALANCE.search(message) or _REPORT.search(message)
    if _OTHER_MESSAGE.search(text[: begin + telling.start()] if telling else text):
        return None
    if telling is None:
        return "MT940" if _WEAK.search(message) else None
    return "MT940" if telling.re is _BALANCE else "MT942"


def _only(head: bytes, version: str) -> str | None:
    return version if _version(head) == version else None


def _decoder(source: BinaryIO) -> Decoder:
    central = _CENTRAL.search(source.read(LIMITS.field_chars))
    source.seek(0)
    return Decoder(_ENCODINGS_CENTRAL if central else _ENCODINGS, tuple(ALPHABETS))


def read(source: BinaryIO, hints: Hints) -> Iterator[Part]:
    """Yield the parts of a file of MT940 or MT942 messages."""
    decoder = _decoder(source)
    findings = Findings()
    statements = Statements(hints, findings)
    for block in mt940_scan.blocks(source, decoder):
        before = statements.count
        entries = Entries(block, closed=bool(statements.open and statements.open.has_closing))
        owners = statements.take(block, entries.fields)
        if entries.count:
            yield entries.part(owners, before, findings)
        yield from statements.drain()
        yield from findings.drain()
    statements.end()
    if decoder.encoding not in ("", "utf-8"):
        findings.add("encoding_assumed", value=decoder.encoding)
    if decoder.replaced:
        findings.add("bad_character", field="encoding", value=decoder.encoding)
    yield from statements.drain()
    yield from findings.close()


FORMATS = (
    Format("mt940", "MT940 customer statement (SWIFT)", lambda head: _only(head, "MT940"), read, write, ".sta"),
    Format("mt942", "MT942 interim report (SWIFT)", lambda head: _only(head, "MT942"), read),
)
