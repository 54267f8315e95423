"""Messages between a bank and its client's people, and what became of those to the bank: written and read.

    <Document xmlns="urn:bankklient:message:letter.1">
    <Letter number="7" kind="notice" sent="2026-11-23T09:00:00+00:00" individual="true" confidential="false"
     reply="none" html="false"><Subject>...</Subject><Text>...</Text><Attachment name="...">(base64)</Attachment>
    </Letter></Document>
    <Document xmlns="urn:bankklient:message:letterstate.1"><State number="1" status="OK">...</State></Document>

Optional are `until` (the last day on which a message is valid), `answers` (the number of the message that it answers),
`form="true"` (the text is the XML of a filled form, see formats.forms) and the attachment. What a message says is never
run: HTML is for `safe_html` before anybody sees it.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from datetime import date, datetime
from html import unescape
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.formats.bank_files import FILE_BYTES_MAX, BankFile, is_file_name
from bankklient_lab.formats.batches import DECLARATION, Message, namespace_of, root_of
from bankklient_lab.formats.camt_tags import check_text

if TYPE_CHECKING:
    from lxml import etree

LETTER_MESSAGE, STATE_MESSAGE = "letter.1", "letterstate.1"
SUBJECT_CHARS_MAX, TEXT_CHARS_MAX = 140, 100_000
ATTACHMENT_BYTES_MAX = FILE_BYTES_MAX
NO_REPLY, ONE_REPLY, REPLIES = "none", "one", "many"
REPLIED = "RE "  # before the subject of a reply
KINDS_OF_REPLY = (NO_REPLY, ONE_REPLY, REPLIES)
ANSWERED = ("PR", "OK", "ER")  # what the bank tells of a message to it, of order_statuses
_KIND = re.compile(r"[a-z0-9 _-]{0,40}", re.ASCII)
_UNNAMED = re.compile(r"[^A-Za-z0-9_.-]+", re.ASCII)
_STEM_CHARS, _SUFFIX_CHARS = 80, 10  # that a name keeps
_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_BLOCK = re.compile(r"<(?:br|/p|/h\d|/li|/tr|/div)\s*/?>", re.IGNORECASE)
# What HTML of a bank may have: no picture, link, form, style or script.
_TAGS = {"b", "strong", "i", "em", "u", "p", "br", "ul", "ol", "li", "h1", "h2", "h3", "h4", "table", "thead", "tbody",
         "tr", "th", "td", "pre", "code", "blockquote", "hr", "div", "span"}  # fmt: skip


class Letter(NamedTuple):
    """A message; `number` is its sender's, `reply` one of KINDS_OF_REPLY, `until` the last day on which it is valid."""

    number: int
    subject: str
    text: str
    sent_at: datetime
    kind: str = ""
    individual: bool = True  # for this client, else for all
    confidential: bool = False
    reply: str = NO_REPLY
    html: bool = False
    until: date | None = None
    answers: int | None = None
    attachment: BankFile | None = None
    form: bool = False


class LetterState(NamedTuple):
    """What became of a message to the bank: `status` is one of ANSWERED, `text` says why it was rejected."""

    number: int
    status: str
    text: str = ""


def safe_html(text: str) -> str:
    """Return the HTML of a bank without whatever runs, loads, links or styles."""
    import nh3

    return nh3.clean(text, tags=_TAGS, attributes={}, strip_comments=True)


def plain_text(html: str) -> str:
    """Return the words of HTML, each block on a line of its own."""
    import nh3

    return unescape(nh3.clean(_BLOCK.sub("\n", html), tags=set())).strip()


def attachment_name(name: str) -> str:
    """Return how a file is called as an attachment: its name alone, with "_" for what is no letter of ASCII or digit.

    Letters lose their accents. BadArgument when nothing is left that could be a name.
    """
    plain = unicodedata.normalize("NFKD", name.replace("\\", "/").rpartition("/")[2])
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    stem, dot, suffix = _UNNAMED.sub("_", letters).strip("._-").rpartition(".")
    if not suffix.strip("_"):
        raise BadArgument(f"{name[:40]!r} is no name of an attachment")
    return f"{stem[:_STEM_CHARS]}{dot}{suffix[:_SUFFIX_CHARS]}"


def check_letter(letter: Letter) -> None:
    """Refuse, as BadArgument, a message that can't be written: what is too long, empty or no text."""
    subject = letter.subject.strip()
    if not subject or len(subject) > SUBJECT_CHARS_MAX or "\n" in subject:
        raise BadArgument(f"a message has a subject of one line, 1 to {SUBJECT_CHARS_MAX} characters")
    if not letter.text.strip() or len(letter.text) > TEXT_CHARS_MAX:
        raise BadArgument(f"a message has a text of 1 to {TEXT_CHARS_MAX} characters")
    if letter.html and letter.form:
        raise BadArgument("a message is HTML or a form, not both")
    if letter.reply not in KINDS_OF_REPLY or not _KIND.fullmatch(letter.kind):
        raise BadArgument(f"a message has a reply of {', '.join(KINDS_OF_REPLY)}, and a type of up to 40 small letters")
    for name, text in (("subject", letter.subject), ("text", letter.text)):
        check_text(text, "the message", name)
    if letter.attachment is not None:
        if not is_file_name(letter.attachment.name):
            raise BadArgument(f"{letter.attachment.name[:40]!r} is no name of an attachment")
        if len(letter.attachment.content) > ATTACHMENT_BYTES_MAX:
            raise BadArgument(f"an attachment has at most {ATTACHMENT_BYTES_MAX} bytes")


def write_letter(letter: Letter) -> Message:
    """Return the message of a batch; BadArgument as `check_letter`."""
    check_letter(letter)
    said = {
        "number": str(letter.number), "kind": letter.kind, "sent": letter.sent_at.isoformat(timespec="seconds"),
        "individual": _yes(letter.individual), "confidential": _yes(letter.confidential), "reply": letter.reply,
        "html": _yes(letter.html),
    }  # fmt: skip
    if letter.form:
        said["form"] = _yes(letter.form)
    if letter.until is not None:
        said["until"] = letter.until.isoformat()
    if letter.answers is not None:
        said["answers"] = str(letter.answers)
    attributes = " ".join(f"{name}={quoteattr(value)}" for name, value in said.items())
    parts = [f"<Subject>{escape(letter.subject.strip())}</Subject>", f"<Text>{escape(letter.text)}</Text>"]
    if letter.attachment is not None:
        content = base64.b64encode(letter.attachment.content).decode("ascii")
        parts.append(f'<Attachment name="{letter.attachment.name}">{content}</Attachment>')
    return _message(LETTER_MESSAGE, f"<Letter {attributes}>{''.join(parts)}</Letter>")


def read_letter(message: Message) -> Letter:
    """Return what a message says; FormatError for one that can't be, with the field."""
    letter = _only(message, LETTER_MESSAGE, "Letter")
    parts = {str(part.tag).rpartition("}")[2]: part for part in letter}
    if len(parts) != len(letter) or not {"Subject", "Text"} <= set(parts) <= {"Subject", "Text", "Attachment"}:
        raise FormatError("a letter has one subject, one text, and at most one attachment", field="Letter")
    found = Letter(
        number=_number(letter, "number"),
        subject=parts["Subject"].text or "",
        text=parts["Text"].text or "",
        sent_at=_moment(letter),
        kind=str(letter.get("kind", "")),
        individual=_flag(letter, "individual"),
        confidential=_flag(letter, "confidential"),
        reply=str(letter.get("reply", "")),
        html=_flag(letter, "html"),
        until=_day(letter),
        answers=_number(letter, "answers") if letter.get("answers") else None,
        attachment=_attachment(parts["Attachment"]) if "Attachment" in parts else None,
        form=_flag(letter, "form") if letter.get("form") else False,
    )
    try:
        check_letter(found)
    except BadArgument as error:
        raise FormatError(error.message, field="Letter") from None
    return found


def write_state(state: LetterState) -> Message:
    """Return the message that tells what became of a message to the bank."""
    assert state.status in ANSWERED
    body = f'<State number="{state.number}" status="{state.status}">{escape(state.text)}</State>'
    return _message(STATE_MESSAGE, body)


def read_state(message: Message) -> LetterState:
    """Return what a message tells; FormatError for one that can't be."""
    state = _only(message, STATE_MESSAGE, "State")
    status = str(state.get("status", ""))
    if status not in ANSWERED:
        raise FormatError(f"the status of a message is {', '.join(ANSWERED)}", field="status", text=status)
    return LetterState(_number(state, "number"), status, state.text or "")


def _message(name: str, body: str) -> Message:
    text = f'<Document xmlns="{namespace_of(name)}">{body}</Document>\n'
    return Message(name, DECLARATION + text.encode())


def _only(message: Message, name: str, tag: str) -> etree._Element:
    (*found,) = root_of(message)
    if message.name != name or len(found) != 1 or found[0].tag != f"{{{namespace_of(name)}}}{tag}":
        raise FormatError(f"the message has one {tag}", field=tag)
    return found[0]


def _yes(value: bool) -> str:
    return "true" if value else "false"


def _flag(letter: etree._Element, name: str) -> bool:
    said = str(letter.get(name, ""))
    if said not in ("true", "false"):
        raise FormatError("it is true or false", field=name, text=said)
    return said == "true"


def _number(element: etree._Element, name: str) -> int:
    said = str(element.get(name, ""))
    if not _NUMBER.fullmatch(said):
        raise FormatError("it is a number of up to 9 digits", field=name, text=said)
    return int(said)


def _moment(letter: etree._Element) -> datetime:
    said = str(letter.get("sent", ""))
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise FormatError("it is a moment with its time zone", field="sent", text=said)
    return found


def _day(letter: etree._Element) -> date | None:
    said = letter.get("until")
    if said is None:
        return None
    try:
        return date.fromisoformat(str(said))
    except ValueError:
        raise FormatError("it is a day", field="until", text=str(said)) from None


def _attachment(part: etree._Element) -> BankFile:
    try:
        return BankFile(str(part.get("name", "")), base64.b64decode(part.text or "", validate=True))
    except binascii.Error:
        raise FormatError("the attachment is not in base64", field="Attachment") from None
