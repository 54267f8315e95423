"""Types of messages to the bank as its codebooks 44 say them: what each may carry, and the fields of its form.

A template is data: nothing that the bank sends is run. What somebody fills in is checked against it before it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from bankklient_lab.actions import action, table_action
from bankklient_lab.codebooks.bank import CHOICE
from bankklient_lab.codebooks.services import AMOUNT_MAX
from bankklient_lab.errors import BadArgument, Refused, UnknownName, WrongForm
from bankklient_lab.formats.camt_tags import check_text
from bankklient_lab.formats.forms import Filled
from bankklient_lab.formats.letters import ATTACHMENT_BYTES_MAX
from bankklient_lab.lab import Lab, Read
from bankklient_lab.money import parse_amount
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.services.wrong import own_number

# ruff: noqa: S608 - every text below is made of our own declarations

GENERAL = "message"
TEXT, FORM = "text", "form"
BYTES_MAX = 1024**2  # of an attachment whose type names no size (SRV-302)
LINE_CHARS = 140  # a longer text may have several lines
_NUMBER_DIGITS = 9  # where the bank names no length
_TYPES = f"""
    SELECT code AS kind, name, attributes['format'] AS format,
        CASE WHEN attributes['attachments'] = 'yes' THEN coalesce(attributes['suffixes'], '') ELSE '' END AS suffixes,
        least(coalesce(attributes['kilobytes']::BIGINT * 1024, {BYTES_MAX}), {ATTACHMENT_BYTES_MAX}) AS bytes_max
    FROM codebook('message_types', $today)
"""


class MessageType(NamedTuple):
    """A type; attachments with one of `suffixes` may have `bytes_max` bytes, and without any it takes none."""

    kind: str
    name: str
    format: str = TEXT
    suffixes: tuple[str, ...] = ()
    bytes_max: int = 0


class FormField(NamedTuple):
    """A field of a form; `length` is the number of characters or digits that it takes (0: as its kind does)."""

    name: str
    label: str
    kind: str
    length: int
    required: bool
    choices: tuple[str, ...]


@table_action()
def message_types(lab: Lab) -> Read:
    """Return the types that a message to the bank can have, by name.

    Columns: kind, name, format (text or form), suffixes (of attachments that it takes, with spaces between; empty: it
    takes none), bytes_max (of an attachment).
    """
    return lab.read(f"{_TYPES} ORDER BY name, kind", {"today": bank_day(lab)})


@action(mode="standard")
def message_form(lab: Lab, kind: str) -> list[dict[str, Any]]:
    """Return the fields of the form of a type of message, in their order; none for a type that is a text.

    Each has name, label, kind (text, number, date, amount, choice or account), length (in characters or digits), lines
    (whether it takes several), required and choices (of an account: the own ones, as IBAN). UnknownName for a type that
    there is not.
    """
    with lab.database.reading() as cursor:
        found = fields_of(lab, cursor, known_type(lab, cursor, kind))
        accounts = cursor.execute("SELECT DISTINCT number FROM own_accounts() ORDER BY number").fetchall()
    own = [number for (number,) in accounts]
    return [
        {
            **field._asdict(), "length": _length(field), "lines": _length(field) > LINE_CHARS,
            "choices": own if field.kind == "account" else list(field.choices),
        }
        for field in found
    ]  # fmt: skip


def known_type(lab: Lab, cursor: Any, kind: str) -> MessageType:
    """Return a type; UnknownName for one that the bank's codebook does not have."""
    found = _type(lab, cursor, kind)
    if found is None:
        kinds = [row[0] for row in cursor.execute(f"{_TYPES} ORDER BY 1", {"today": bank_day(lab)}).fetchall()]
        raise UnknownName("type of message", kind[:40], f"the bank takes {', '.join(kinds) or 'none'}")
    return found


def type_of_reply(lab: Lab, cursor: Any, kind: str) -> MessageType:
    """Return the type of a message that is answered; one that the codebook does not have is a text and nothing else."""
    return _type(lab, cursor, kind) or MessageType(kind, kind)


def fields_of(lab: Lab, cursor: Any, of: MessageType) -> list[FormField]:
    """Return the fields of a form in their order; Refused for a form of which the bank has told none."""
    rows = cursor.execute(
        "SELECT split_part(code, '/', 2), name, attributes FROM codebook('message_fields', $today)"
        " WHERE split_part(code, '/', 1) = $kind ORDER BY attributes['place']::INTEGER, code",
        {"today": bank_day(lab), "kind": of.kind},
    ).fetchall()
    if of.format != FORM:
        return []
    if not rows:
        raise Refused(f"messages of the type {of.name} are forms, and the bank has not sent their fields")
    return [
        FormField(
            name, label, said["kind"], int(said.get("length", 0)), said["required"] == "yes",
            tuple(filter(None, said.get("choices", "").split("|"))),
        )
        for name, label, said in rows
    ]  # fmt: skip


def filled(lab: Lab, cursor: Any, of: MessageType, given: Mapping[str, Any]) -> list[Filled]:
    """Return what the fields of a form say; WrongForm with all that are not as they should be, UnknownName."""
    fields = fields_of(lab, cursor, of)
    if unknown := next((name for name in given if name not in {field.name for field in fields}), ""):
        names = ", ".join(field.name for field in fields)
        raise UnknownName("field", str(unknown)[:40], f"a message of the type {of.name} has {names}")
    found, errors = [], []
    for field in fields:
        try:
            text = _text(cursor, field, given.get(field.name))
        except BadArgument as error:
            errors.append({"item": field.name, "text": f"{field.label} {error.message}"})
        else:
            found.append(Filled(field.name, field.label, text))
    if errors:
        raise WrongForm(f"the form is not saved: {'; '.join(one['text'] for one in errors)}", errors=errors)
    return [one for one in found if one.text]


def _type(lab: Lab, cursor: Any, kind: str) -> MessageType | None:
    row = cursor.execute(f"{_TYPES} WHERE code = $kind", {"today": bank_day(lab), "kind": kind}).fetchone()
    if row is None:
        return None
    code, name, form, suffixes, bytes_max = row
    return MessageType(code, name, form, tuple(suffixes.split()), bytes_max)


def _length(field: FormField) -> int:
    return field.length or (_NUMBER_DIGITS if field.kind == "number" else LINE_CHARS)


def _text(cursor: Any, field: FormField, value: Any) -> str:
    """Return the text that is kept of a value; BadArgument says why there is none."""
    if isinstance(value, float):
        raise BadArgument("is given as a text or a Decimal, since a float is not exact")
    if not isinstance(value, str | int | Decimal | date | None):
        raise BadArgument(f"can't be a {type(value).__name__}")
    text = "" if value is None else f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value).strip()
    if not text:
        if field.required:
            raise BadArgument("is missing")
        return ""
    if field.kind == "account":
        number = own_number(cursor, text)
        if not number:
            raise BadArgument(f"is none of your accounts: {text[:40]!r}")
        return number
    return _TEXTS[field.kind](field, text)


def _plain(field: FormField, text: str) -> str:
    most = _length(field)
    if len(text) > most:
        raise BadArgument(f"has {len(text)} characters and takes {most}")
    if "\n" in text and most <= LINE_CHARS:
        raise BadArgument("is one line")
    try:
        check_text(text, "", "")
    except BadArgument:
        raise BadArgument("has a character that can't be sent") from None
    return text


def _number(field: FormField, text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= _length(field)):
        raise BadArgument(f"is a number of up to {_length(field)} digits, not {text[:30]!r}")
    return text


def _amount(_field: FormField, text: str) -> str:
    with suppress(BadArgument):
        number = parse_amount(text)
        if 0 <= number <= AMOUNT_MAX and number == round(number, 2):
            return f"{number:.2f}"
    raise BadArgument(f"is an amount with at most two decimals, not {text[:30]!r}")


def _day(_field: FormField, text: str) -> str:
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        with suppress(ValueError):
            return datetime.strptime(text.replace(" ", ""), form).date().isoformat()
    raise BadArgument(f"is a day as 2026-11-23, not {text[:30]!r}")


def _choice(field: FormField, text: str) -> str:
    if text not in field.choices:
        raise BadArgument(f"is one of {', '.join(field.choices)}, not {text[:30]!r}")
    return text


_TEXTS: dict[str, Callable[[FormField, str], str]] = {
    "text": _plain, "number": _number, "amount": _amount, "date": _day, CHOICE: _choice,
}  # fmt: skip
