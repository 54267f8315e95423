"""XML from strangers, element by element: bounded memory, no document type, no entity, no network.

A document type definition is where entity bombs and external entities live, and no bank message has one: it is
refused before a parser sees it. Every byte reaches the parser as UTF-8, so that what was checked is what is parsed.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, Literal, NamedTuple, cast

from lxml import etree

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats.base import LIMITS, SNIFF_BYTES
from bankklient_lab.formats.camt_slices import Slices

CHUNK_BYTES = 256 * 1024

_Reported = tuple[Literal["start", "end"], etree._Element]
Event = tuple[Literal["start", "end"], str, etree._Element]  # the name is the local one

_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NO_BOM = {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]{1,40})["']""", re.ASCII)
# Of one meaning everywhere, and each keeps "<" where ASCII has it.
_ENCODINGS = {"utf-8", "ascii", "iso8859-1", "iso8859-2", "iso8859-15", "cp1250", "cp1252"}
_BEFORE_ROOT = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_DEEPER = etree.XPath("boolean(" + "*/" * (LIMITS.xml_depth - 3) + "*)")  # Document, message, statement above


class _Head(NamedTuple):
    encoding: str  # a Python codec
    skipped: int  # bytes of the byte order mark


def _encoding(head: bytes) -> _Head:
    for mark, name in _BOMS.items():
        if head.startswith(mark):
            return _Head(name, len(mark))
    if name := _NO_BOM.get(head[:2], ""):
        return _Head(name, 0)
    declared = _DECLARED.match(head)
    if not declared:
        return _Head("utf-8", 0)
    label = declared[1].decode("ascii")
    try:
        name = codecs.lookup(label).name
    except LookupError:
        name = label
    if name.startswith("utf-16"):  # the declaration itself is readable as ASCII, so it can't be
        name = "utf-8"
    if name not in _ENCODINGS:
        raise FormatError("the encoding is not one that bank messages use", place="line 1", text=label)
    return _Head(name, 0)


def opening_text(head: bytes) -> str:
    """Return the first bytes of a file as text from the root element on, for recognition only."""
    encoding, skipped = _encoding(head)
    text = head[skipped:].decode(encoding, "replace")
    return re.sub(r"<!--.*?(-->|$)", "", text[_before_root(text) :], flags=re.DOTALL)


def _before_root(text: str) -> int:
    """Return how many characters come before the root element or a document type."""
    before = _BEFORE_ROOT.match(text)
    return before.end() if before else 0


def _check_before_root(head: bytes, encoding: str) -> int:
    """Return how many characters come before the root element."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    end = _before_root(text)
    if text[end : end + 9].upper() == "<!DOCTYPE":
        line = text.count("\n", 0, end) + 1
        raise FormatError("a document type definition (DOCTYPE) is not allowed in a bank message", place=f"line {line}")
    if not re.match(r"<[^!?\s]", text[end:]) and len(head) >= SNIFF_BYTES - 4:
        raise LimitExceeded(
            f"no element starts in the first {SNIFF_BYTES} bytes", place="start of the file", text=text[end:]
        )
    return end


def _texts(source: BinaryIO) -> Iterator[str]:
    head = source.read(SNIFF_BYTES)
    encoding, skipped = _encoding(head)
    chunk = head[skipped:]
    root = _check_before_root(chunk, encoding)
    decoder = codecs.getincrementaldecoder(encoding)()
    done = skipped
    try:
        yield decoder.decode(chunk)[root:]
        while chunk:
            done += len(chunk)
            chunk = source.read(CHUNK_BYTES)
            yield decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError as error:
        place = f"byte {done - (len(error.object) - len(chunk)) + error.start}"
        raise FormatError(f"the bytes are not {encoding} text", place=place) from None


def parse(source: BinaryIO, tags: tuple[str, ...], units: frozenset[str], slices: Slices) -> Iterator[Event]:
    """Yield start and end of the elements named `tags` (local names), while the file is read.

    `units` are those of `tags` whose end means that the caller has used and emptied what came before: between
    two such ends at most LIMITS.xml_unit_bytes are held. Entries are in `slices` where it could cut them out.
    Comments and processing instructions are left out, CDATA is text. Raises FormatError for what is not well
    formed, with its place.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=[f"{{*}}{tag}" for tag in tags],
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )
    try:
        held = 0
        for text in _texts(source):
            chunk = (slices.cut(text) if text else slices.rest()).encode()
            parser.feed(chunk)
            held += len(chunk)
            for event, element in cast("Iterator[_Reported]", parser.read_events()):
                name = local_name(element)
                if event == "end" and name in units:
                    held = len(chunk)
                yield event, name, element
            if held > LIMITS.xml_unit_bytes:
                what = " or ".join(sorted(units))
                raise LimitExceeded(f"one {what} is larger than {LIMITS.xml_unit_bytes} bytes")
        parser.close()
    except etree.XMLSyntaxError as error:
        place = f"after {slices.entry} {slices.count} of the file" if slices.count else ""
        raise not_well_formed(error, place) from None


def not_well_formed(error: etree.XMLSyntaxError, place: str) -> FormatError:
    """Return the refusal of a file that is no XML or cut off; without `place` the parser's line is the file's."""
    line, column = error.position
    reason = re.sub(r", line \d+, column \d+.*", "", error.msg or "")
    return FormatError(
        f"the XML is not well formed or cut off: {reason}", place=place or f"line {line}, column {column}"
    )


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def namespace(element: etree._Element) -> str:
    """Return the namespace of an element, "" when it has none."""
    return element.tag[1:].partition("}")[0] if element.tag.startswith("{") else ""


def forget(element: etree._Element) -> None:
    """Empty an element that is done and drop its elder sibling of the same name.

    The element itself stays: the parser may be adding the text after it.
    """
    element.clear(keep_tail=True)  # type: ignore[call-arg]  # the stubs lack it
    elder = element.getprevious()
    if elder is not None and elder.tag == element.tag:
        parent = element.getparent()
        assert parent is not None
        parent.remove(elder)


def check_depth(element: etree._Element, place: str) -> None:
    """Refuse an element of a statement that is nested deeper than LIMITS.xml_depth."""
    if _DEEPER(element):
        raise LimitExceeded(f"XML is nested deeper than {LIMITS.xml_depth} levels", place=place)


class Fragment:
    """Elements as text, as the file has them: without the namespace declarations that the document makes.

    A declaration stays where the fragment uses its prefix, so that a fragment without prefixes can be parsed
    by itself, then in no namespace.
    """

    def __init__(self, root: etree._Element) -> None:
        self._prefixes = tuple(f"{prefix}:" for prefix in root.nsmap if prefix)
        self._keep = root.prefix is not None
        self._start = ""  # the start tag seen last, and the same without declarations
        self._shown = ""

    def text(self, element: etree._Element) -> str:
        """Return an element as text."""
        text: str = etree.tostring(element, encoding="unicode", with_tail=False)
        if self._keep:
            return text
        end = text.index(">")
        start = text[:end]
        if start != self._start:
            self._start, self._shown = start, re.sub(r' xmlns(:[^=]*)?="[^"]*"', "", start)
        body = text[end:]
        return text if any(prefix in body for prefix in self._prefixes) else self._shown + body
