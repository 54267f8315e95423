"""Requests for services of a bank, what became of them, and the records that the bank has: written and read.

    <Document xmlns="urn:bankklient:message:servicerequest.1">
    <Request number="7" kind="standing_order" request="correction" record="SO17"><Item name="amount">100.00</Item>
    </Request></Document>
    <Document xmlns="urn:bankklient:message:servicestate.1">
    <State number="7" status="ER" code="209">...</State></Document>
    <Document xmlns="urn:bankklient:message:servicelist.1"><List kind="standing_order" at="2026-11-23T09:00:00+00:00">
    <Record name="SO17" state="valid" changeable="true"><Item name="amount">100.00</Item></Record></List></Document>

`record` is what the bank calls a record; a request for a new one has none. Items are those of codebooks.services. Of a
kind that has terms the list begins with `<Terms><Item name="curfew">16:00</Item></Terms>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from bankklient_lab.codebooks.services import CORRECTION, KINDS, NEW, STATES, Item, ServiceKind
from bankklient_lab.errors import FormatError
from bankklient_lab.formats.batches import DECLARATION, Message, namespace_of, root_of
from bankklient_lab.formats.forwards import deal_problem, terms_problem

if TYPE_CHECKING:
    from lxml import etree

REQUEST_MESSAGE, STATE_MESSAGE, LIST_MESSAGE = "servicerequest.1", "servicestate.1", "servicelist.1"
DONE, REJECTED, CANCELLED = "OK", "ER", "DE"
# What of a record's items, and of terms, does not fit together, by kind: the item and why, two empty texts for nothing.
_Problems = dict[str, Callable[[Mapping[str, str]], tuple[str, str]]]
RECORD_PROBLEMS: _Problems = {"forward_deal": deal_problem}
TERMS_PROBLEMS: _Problems = {"forward_deal": terms_problem}
RECORDS_MAX = 10_000  # in one list
TEXT_CHARS_MAX = 140
_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_NAME = re.compile(r"[A-Z]{2}\d{1,22}", re.ASCII)  # two letters and a number, or an IBAN
_CODE = re.compile(r"\d{3}", re.ASCII)


class ServiceRequest(NamedTuple):
    """What a client asks for; `record` is the bank's name of what is corrected or revoked, "" for a new one."""

    number: int
    kind: str
    request: str
    record: str
    items: dict[str, str]


class ServiceState(NamedTuple):
    """What became of a request: done with its `record`, or rejected (with a code of bank_rejections) or cancelled."""

    number: int
    status: str
    record: str = ""
    code: int | None = None
    text: str = ""


class ServiceRecord(NamedTuple):
    """A record at the bank."""

    name: str
    state: str
    changeable: bool
    items: dict[str, str]


class ServiceList(NamedTuple):
    """All records of a kind that the bank has of a client at a moment, and the terms, where it tells some."""

    kind: str
    at: datetime
    records: list[ServiceRecord]
    terms: Mapping[str, str] = MappingProxyType({})


def write_requests(requests: Sequence[ServiceRequest]) -> Message:
    """Return the message that asks for something."""
    return _message(REQUEST_MESSAGE, "\n".join(map(_request, requests)))


def read_requests(message: Message) -> list[ServiceRequest]:
    """Return what a message asks for, each once; FormatError."""
    found = [_read_request(one) for one in _elements(message, REQUEST_MESSAGE, "Request")]
    numbers = [one.number for one in found]
    if len(set(numbers)) != len(numbers):
        raise FormatError("a request comes twice", field="number")
    return found


def write_states(states: Sequence[ServiceState]) -> Message:
    """Return the message that says what became of requests."""
    return _message(STATE_MESSAGE, "\n".join(map(_state, states)))


def read_states(message: Message) -> list[ServiceState]:
    """Return what became of requests, of each once; FormatError."""
    found = [_read_state(one) for one in _elements(message, STATE_MESSAGE, "State")]
    if len({one.number for one in found}) != len(found):
        raise FormatError("a request is answered twice", field="number")
    return found


def _state(state: ServiceState) -> str:
    code = "" if state.code is None else f' code="{state.code}"'
    record = f" record={quoteattr(state.record)}" if state.record else ""
    return f'<State number="{state.number}" status="{state.status}"{record}{code}>{escape(state.text)}</State>'


def _read_state(state: etree._Element) -> ServiceState:
    status, code = str(state.get("status", "")), str(state.get("code", ""))
    if status not in (DONE, REJECTED, CANCELLED):
        raise FormatError("the status of a request is OK, ER or DE", field="status", text=status)
    if code and not _CODE.fullmatch(code):
        raise FormatError("a code has three digits", field="code", text=code)
    record = str(state.get("record", ""))
    return ServiceState(
        _number(state), status, _record_name(record) if record else "", int(code) if code else None, _text(state)
    )


def write_records(listed: ServiceList) -> Message:
    """Return the message with all records of a kind."""
    records = "\n".join(
        f"<Record name={quoteattr(one.name)} state={quoteattr(one.state)}"
        f' changeable="{str(one.changeable).lower()}">{_items(one.items)}</Record>'
        for one in listed.records
    )
    head = f"<List kind={quoteattr(listed.kind)} at={quoteattr(listed.at.isoformat(timespec='seconds'))}>"
    terms = f"\n<Terms>{_items(listed.terms)}</Terms>" if listed.terms else ""
    return _message(LIST_MESSAGE, f"{head}{terms}\n{records}</List>")


def read_records(message: Message) -> ServiceList:
    """Return all records of a kind, each once; FormatError."""
    listed = _only(message, LIST_MESSAGE, "List")
    kind = _kind(listed)
    said = str(listed.get("at", ""))
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        raise FormatError("it is a moment with its zone", field="at", text=said)
    if len(listed) > RECORDS_MAX:
        raise FormatError(f"a list has at most {RECORDS_MAX} records", field="List")
    told = listed[0] if len(listed) and listed[0].tag == f"{{{namespace_of(LIST_MESSAGE)}}}Terms" else None
    terms = {} if told is None else _read_items(kind, told, kind.terms)
    if told is not None and len(terms) < len(kind.terms):
        raise FormatError("terms are told whole", field="Terms")
    if terms:
        _demand_fit(TERMS_PROBLEMS, kind, terms)
    records = [_read_record(kind, one) for one in listed if one is not told]
    if len({one.name for one in records}) != len(records):
        raise FormatError("a record comes twice", field="name")
    return ServiceList(kind.name, at, records, terms)


def _request(one: ServiceRequest) -> str:
    record = f" record={quoteattr(one.record)}" if one.record else ""
    head = f'number="{one.number}" kind={quoteattr(one.kind)} request={quoteattr(one.request)}{record}'
    return f"<Request {head}>{_items(one.items)}</Request>"


def _items(items: Mapping[str, str]) -> str:
    return "".join(f"<Item name={quoteattr(name)}>{escape(text)}</Item>" for name, text in items.items())


def _read_request(element: etree._Element) -> ServiceRequest:
    kind, request = _kind(element), str(element.get("request", ""))
    record = str(element.get("record", ""))
    if request not in kind.requests:
        raise FormatError(f"a request is {', '.join(kind.requests)}", field="request", text=request)
    if (request == NEW) == bool(record):
        raise FormatError("a request names the record that it changes, and for a new one none", field="record")
    items = _read_items(kind, element, kind.items_of(request), empty=request == CORRECTION)
    if missing := kind.missing(items, request):
        raise FormatError("it is missing", field=missing)
    return ServiceRequest(_number(element), kind.name, request, _record_name(record) if record else "", items)


def _read_record(kind: ServiceKind, element: etree._Element) -> ServiceRecord:
    state, changeable = str(element.get("state", "")), str(element.get("changeable", ""))
    if element.tag != f"{{{namespace_of(LIST_MESSAGE)}}}Record":
        raise FormatError("a list has records", field="List")
    if state not in STATES or changeable not in ("true", "false"):
        raise FormatError("a record has a state and says whether it can be changed", field="state", text=state)
    items = _read_items(kind, element, kind.recorded)
    if missing := kind.lacking(items):
        raise FormatError("it is missing", field=missing)
    _demand_fit(RECORD_PROBLEMS, kind, items)
    return ServiceRecord(_record_name(str(element.get("name", ""))), state, changeable == "true", items)


def _demand_fit(problems: _Problems, kind: ServiceKind, items: Mapping[str, str]) -> None:
    name, why = problems[kind.name](items) if kind.name in problems else ("", "")
    if why:
        raise FormatError(f"it {why}", field=name, text=items[name])


def _read_items(
    kind: ServiceKind, element: etree._Element, items: Sequence[Item], *, empty: bool = False
) -> dict[str, str]:
    """Return the items of an element; where `empty` ones may stand, they take away what an item said."""
    known = {item.name: item for item in items}
    found: dict[str, str] = {}
    for one in element:
        name = str(one.get("name", ""))
        item = known.get(name)
        if item is None:
            raise FormatError(f"a {kind.label.lower()} does not say it there", field="name", text=name)
        if name in found or len(one):
            raise FormatError("an item stands once, with a text", field=name)
        text = one.text or ""
        if (wrong := item.problem(text)) and not (empty and not text and not item.required):
            raise FormatError(f"it {wrong}", field=name, text=text)
        found[name] = text
    return found


def _kind(element: etree._Element) -> ServiceKind:
    name = str(element.get("kind", ""))
    if name not in KINDS:
        raise FormatError(f"a kind of request is {', '.join(KINDS)}", field="kind", text=name)
    return KINDS[name]


def _record_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise FormatError("the name of a record is two letters and a number", field="record", text=text)
    return text


def _number(element: etree._Element) -> int:
    said = str(element.get("number", ""))
    if not _NUMBER.fullmatch(said):
        raise FormatError("it is a number of up to 9 digits", field="number", text=said)
    return int(said)


def _text(element: etree._Element) -> str:
    found = element.text or ""
    if len(element) or len(found) > TEXT_CHARS_MAX:
        raise FormatError(f"it has up to {TEXT_CHARS_MAX} characters", field=str(element.tag).rpartition("}")[2])
    return found


def _elements(message: Message, name: str, tag: str) -> list[etree._Element]:
    found = list(root_of(message))
    if message.name != name or not found or any(one.tag != f"{{{namespace_of(name)}}}{tag}" for one in found):
        raise FormatError(f"the message has {tag} alone, at least one", field=tag)
    return found


def _only(message: Message, name: str, tag: str) -> etree._Element:
    found = _elements(message, name, tag)
    if len(found) != 1:
        raise FormatError(f"the message has one {tag}", field=tag)
    return found[0]


def _message(name: str, body: str) -> Message:
    return Message(name, DECLARATION + f'<Document xmlns="{namespace_of(name)}">\n{body}</Document>\n'.encode())
