"""Electronic documents of a bank: what it tells of them, orders of them, and why it does not deliver one.

    <Document xmlns="urn:bankklient:message:documents.1">
    <About name="STM_CZ9906000000000150000030_20051231_2005999999.PDF" made="2005-12-31" orderable="true">
    <Text>1250.00 CZK</Text><More>from 2005-12-01, 14 transactions</More></About></Document>
    <Document xmlns="urn:bankklient:message:documentorder.1"><Order name="..."/></Document>
    <Document xmlns="urn:bankklient:message:documentrefusal.1"><Refusal name="...">...</Refusal></Document>

A document itself comes as the message of a file (formats.bank_files) under its name, which says all that identifies it
and leads into no folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.formats.batches import DECLARATION, Message, namespace_of, root_of
from bankklient_lab.formats.camt_tags import check_text

if TYPE_CHECKING:
    from lxml import etree

LIST_MESSAGE, ORDER_MESSAGE, REFUSAL_MESSAGE = "documents.1", "documentorder.1", "documentrefusal.1"
TEXT_CHARS_MAX = 140
PDF = "PDF"
_NAME = re.compile(r"([A-Z]{3})_([A-Z]{2}\d{2}[A-Z0-9]{1,30})_(\d{8})_(\d{1,18})\.([A-Z0-9]{3,4})", re.ASCII)
_END_BYTES = 1024  # within which a PDF says that it ends


class DocumentName(NamedTuple):
    """What identifies a document: `kind` of document_types, IBAN, the day that it is of, its number, its format."""

    kind: str
    account: str
    day: date
    number: str
    format: str = PDF

    @property
    def file_name(self) -> str:
        """The name of its file."""
        return f"{self.kind}_{self.account}_{self.day:%Y%m%d}_{self.number}.{self.format}"


class About(NamedTuple):
    """What a bank tells of a document, made on a day; one that is not `orderable` is mailed or handed over in person.

    `text` is the closing balance of a statement or the amount of an advice, `more` what else there is to say.
    """

    name: DocumentName
    made: date
    orderable: bool
    text: str
    more: str = ""


def read_name(text: str) -> DocumentName:
    """Return what the name of a file identifies; FormatError for a name that no document has."""
    found = _NAME.fullmatch(text)
    if found is None:
        raise FormatError("this is no name of a document", field="name", text=text[:100])
    kind, account, day, number, form = found.groups()
    return DocumentName(kind, account, _day(f"{day[:4]}-{day[4:6]}-{day[6:]}", "name"), number, form)


def is_pdf(content: bytes) -> bool:
    """Tell whether a content begins and ends as a PDF does."""
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-_END_BYTES:]


def write_list(told: Sequence[About]) -> Message:
    """Return the message that tells of documents; BadArgument for a text that it can't carry."""
    return _message(LIST_MESSAGE, "\n".join(_about(one) for one in told))


def read_list(message: Message) -> list[About]:
    """Return what a message tells of documents, of each once; FormatError."""
    found = [_read_about(one) for one in _elements(message, LIST_MESSAGE, "About")]
    _check_once([one.name for one in found])
    return found


def write_orders(names: Sequence[DocumentName]) -> Message:
    """Return the message that orders documents."""
    return _message(ORDER_MESSAGE, "\n".join(f'<Order name="{name.file_name}"/>' for name in names))


def read_orders(message: Message) -> list[DocumentName]:
    """Return the documents that a message orders, each once; FormatError."""
    found = [read_name(str(one.get("name", ""))) for one in _elements(message, ORDER_MESSAGE, "Order")]
    _check_once(found)
    return found


def write_refusal(name: DocumentName, why: str) -> Message:
    """Return the message that says why an ordered document does not come."""
    return _message(REFUSAL_MESSAGE, f'<Refusal name="{name.file_name}">{escape(why)}</Refusal>')


def read_refusal(message: Message) -> tuple[DocumentName, str]:
    """Return the document that does not come, and why; FormatError."""
    found = list(_elements(message, REFUSAL_MESSAGE, "Refusal"))
    if len(found) != 1:
        raise FormatError("the message refuses one document", field="Refusal")
    return read_name(str(found[0].get("name", ""))), _text(found[0])


def _about(one: About) -> str:
    for column, text in (("text", one.text), ("more", one.more)):
        check_text(text, one.name.file_name, column)
        if len(text) > TEXT_CHARS_MAX or "\n" in text:
            raise BadArgument(f"{one.name.file_name}: its {column} is a line of up to {TEXT_CHARS_MAX} characters")
    orderable = "true" if one.orderable else "false"
    said = (
        f"name={quoteattr(one.name.file_name)} made={quoteattr(one.made.isoformat())} orderable={quoteattr(orderable)}"
    )
    return f"<About {said}><Text>{escape(one.text)}</Text><More>{escape(one.more)}</More></About>"


def _read_about(about: etree._Element) -> About:
    name, orderable = read_name(str(about.get("name", ""))), str(about.get("orderable", ""))
    if orderable not in ("true", "false"):
        raise FormatError("it is true or false", field="orderable", text=orderable)
    parts = {str(part.tag).rpartition("}")[2]: _text(part) for part in about}
    if len(about) != len(parts) or parts.keys() != {"Text", "More"}:
        raise FormatError("of a document there are Text and More", field="About", place=name.file_name)
    made = _day(str(about.get("made", "")), "made")
    return About(name, made, orderable == "true", parts["Text"], parts["More"])


def _text(element: etree._Element) -> str:
    found = element.text or ""
    if len(element) or len(found) > TEXT_CHARS_MAX or "\n" in found:
        raise FormatError(
            f"it is a line of up to {TEXT_CHARS_MAX} characters", field=str(element.tag).rpartition("}")[2]
        )
    return found


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FormatError("it is a day", field=field, text=text) from None


def _check_once(names: Sequence[DocumentName]) -> None:
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise FormatError("the document is named twice", field="name", text=twice.file_name)


def _elements(message: Message, name: str, tag: str) -> Iterator[etree._Element]:
    """Yield what a message of a name has; FormatError for another message, another element and for none."""
    found = list(root_of(message))
    if message.name != name or not found or any(one.tag != f"{{{namespace_of(name)}}}{tag}" for one in found):
        raise FormatError(f"the message has {tag} alone, at least one", field=tag)
    yield from found


def _message(name: str, body: str) -> Message:
    return Message(name, DECLARATION + f'<Document xmlns="{namespace_of(name)}">\n{body}</Document>\n'.encode())
