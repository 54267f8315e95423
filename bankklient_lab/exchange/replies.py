"""Messages to the bank as their users write them: new ones and replies, changed and withdrawn until balancing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from bankklient_lab.actions import action, table_action
from bankklient_lab.balancing.batch_record import BATCH_ORDER
from bankklient_lab.codebooks.codes import UNANSWERED, Sent, listed
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.exchange.attachments import read_attachment
from bankklient_lab.exchange.message_types import FORM, GENERAL, MessageType, filled, known_type, type_of_reply
from bankklient_lab.exchange.messages import WRITES, seen_message, takes_messages
from bankklient_lab.formats.bank_files import BankFile
from bankklient_lab.formats.forms import read_form, write_form
from bankklient_lab.formats.letters import NO_REPLY, ONE_REPLY, REPLIED, SUBJECT_CHARS_MAX, Letter, check_letter
from bankklient_lab.lab import Lab, Read
from bankklient_lab.services.status import STATUS

# ruff: noqa: S608 - every text below is made of our own declarations

_CONFIRMED = listed((Sent.RECEIVED, Sent.PROCESSED))
_FIELDS = (
    "message_id", "answers", "kind", "form", "status", "why", "batch_order", "attachment_name", "sent_at",
    "confirmed_at", "received_at", "subject", "text", "created_by", "created_at", "changed_at",
)  # fmt: skip
_MESSAGES = f"""
    WITH event AS (SELECT batch_id, min(done_at) FILTER (status IN {listed(UNANSWERED)}) AS sent_at,
        min(done_at) FILTER (status IN {_CONFIRMED}) AS confirmed_at FROM ops.batch_event GROUP BY batch_id)
    SELECT m.*, {STATUS} AS status, nullif(m.answer_text, '') AS why, {BATCH_ORDER} AS batch_order, e.sent_at,
        e.confirmed_at, m.answered_at AS received_at, m.content AS text
    FROM ops.client_message m LEFT JOIN ops.batch b USING (batch_id) LEFT JOIN event e USING (batch_id)
"""


class _Draft(NamedTuple):
    """What a message says and carries."""

    subject: str
    text: str
    file: BankFile | None = None


@table_action(WRITES)
def client_messages(lab: Lab, kind: str | None = None) -> Read:
    """Return the messages to the bank, the last written first; `kind`: of one type.

    Columns: message_id, answers (the number that the bank gave the message it replies to, null: a new one), kind, form
    (whether text is the XML of a form), status ("" while it can be changed, then NS, SE, RV, PR, OK, ER, DE), why (of
    ER), batch_order (rrrrnnnn), attachment_name, sent_at (first, in its batch), confirmed_at (its receipt by the bank),
    received_at (the bank's last word on it; UTC, as all), subject, text, created_by, created_at, changed_at.
    """
    return lab.read(
        f"SELECT {', '.join(_FIELDS)} FROM ({_MESSAGES}) WHERE $kind IS NULL OR kind = $kind ORDER BY message_id DESC",
        {"kind": kind},
    )


@action(WRITES, mode="standard")
def read_client_message(lab: Lab, message_id: int) -> dict[str, Any]:
    """Return a message to the bank; UnknownName.

    The columns of `client_messages`, and fields: of a form, each with name, label and text.
    """
    with lab.database.reading() as cursor:
        row = cursor.execute(
            f"SELECT {', '.join(_FIELDS)} FROM ({_MESSAGES}) WHERE message_id = $id", {"id": message_id}
        ).fetchone()
    if row is None:
        raise _unknown(message_id)
    found = dict(zip(_FIELDS, row, strict=True))
    return found | {"fields": [one._asdict() for one in read_form(found["text"])] if found["form"] else []}


@action(WRITES, mode="standard")
def client_message_attachment(lab: Lab, message_id: int) -> bytes:
    """Return the attachment of a message to the bank; UnknownName when there is none."""
    with lab.database.reading() as cursor:
        row = cursor.execute("SELECT attachment FROM ops.client_message WHERE message_id = ?", [message_id]).fetchone()
    if row is None or row[0] is None:
        raise UnknownName("attachment of message to the bank", str(message_id)[:30])
    return bytes(row[0])


@action(WRITES)
def write_to_bank(
    lab: Lab,
    text: str = "",
    *,
    subject: str = "",
    kind: str | None = None,
    reply_to: int | None = None,
    fields: dict[str, Any] | None = None,
    attachment: Path | None = None,
    name: str | None = None,
) -> int:
    """Keep a message for the bank, and return its number; it goes out after balancing, in a batch of its own.

    `kind` is one of `message_types` (None: a general one); what it is decides whether the message has a text or, as a
    form, `fields` (`message_form`), and which attachment it may have. `name` is what that file is called (None: as its
    path says). Without a `subject` that is the name of the type. With `reply_to` it answers a message of the bank,
    whose type it takes and, without a `subject`, whose subject with RE. BadArgument for a text, subject or attachment
    that can't be sent, WrongForm with all fields that are wrong; UnknownName for a type or field that there is not, and
    for a message that the caller can't see; Refused for one that takes no reply or has its only one, and while the bank
    is reached by a folder.
    """
    if not takes_messages(lab):
        raise Refused("the bank is reached by a folder, and takes no messages from there; write to it another way")
    with lab.database.tx("ops") as cursor:
        answered = _answered(lab, cursor, reply_to)
        of = _type(lab, cursor, kind, answered)
        ((last,),) = cursor.execute(
            "SELECT coalesce(max(message_id), 0) FROM"
            " (SELECT message_id FROM ops.client_message UNION ALL SELECT number FROM ops.used_message)"
        ).fetchall()
        number, given = int(last) + 1, f"{REPLIED}{answered['subject']}" if answered else of.name
        content = _content(lab, cursor, of, text, fields or {})
        file = read_attachment(of, attachment, name) if attachment is not None else None
        draft = _Draft((subject or given[:SUBJECT_CHARS_MAX]).strip(), content, file)
        _check(lab, number, of, draft)
        cursor.execute(
            "INSERT INTO ops.client_message BY NAME SELECT $id AS message_id, 1 AS version,"
            " (SELECT bank_number FROM ops.bank_message WHERE message_id = $reply_to) AS answers, $kind AS kind,"
            " $subject AS subject, $text AS content, $form AS form, $name AS attachment_name,"
            " $attachment::BLOB AS attachment, '' AS answer, '' AS answer_text, $me AS created_by,"
            " $now AS created_at, $now AS changed_at",
            _kept(draft) | {
                "id": number, "reply_to": reply_to, "kind": of.kind, "form": of.format == FORM,
                "me": lab.caller.reference, "now": lab.clock(),
            },
        )  # fmt: skip
        lab.log(cursor, "write_to_bank", str(number), answers=reply_to, attachment=file and file.name)
    return number


@action(WRITES, record="message_id")
def change_message(
    lab: Lab,
    message_id: int,
    text: str | None = None,
    *,
    subject: str | None = None,
    fields: dict[str, Any] | None = None,
    attachment: Path | None = None,
    name: str | None = None,
    detach: bool = False,
) -> None:
    """Change a message that no batch has taken, in what is given; what is None stays as it is.

    `fields` are those of a form that change (an empty text takes one away), `attachment` comes in the place of the one
    that is there, which `detach` takes away. Refused for a message that has gone, and for one whose type has become
    another since; otherwise as `write_to_bank`.
    """
    with lab.database.tx("ops") as cursor:
        before = _open_message(cursor, message_id)
        of = _type_now(lab, cursor, before)
        if before["form"] or fields:
            known = {one.name: one.text for one in read_form(before["content"])} if before["form"] else {}
            content = _content(lab, cursor, of, text or "", known | (fields or {}))
        else:
            content = before["content"] if text is None else text
        file = BankFile(before["attachment_name"], bytes(before["attachment"])) if before["attachment_name"] else None
        if attachment is not None or detach:
            file = read_attachment(of, attachment, name) if attachment is not None else None
        draft = _Draft((before["subject"] if subject is None else subject).strip(), content, file)
        _check(lab, message_id, of, draft)
        cursor.execute(
            "UPDATE ops.client_message SET subject = $subject, content = $text, attachment_name = $name,"
            " attachment = $attachment::BLOB, version = version + 1, changed_at = $now WHERE message_id = $id",
            _kept(draft) | {"id": message_id, "now": lab.clock()},
        )
        lab.log(cursor, "change_message", str(message_id))


@action(WRITES, record="message_id")
def withdraw_message(lab: Lab, message_id: int) -> None:
    """Delete a message that no batch has taken; Refused for one that has gone, UnknownName for none."""
    with lab.database.tx("ops") as cursor:
        _open_message(cursor, message_id)
        cursor.execute("DELETE FROM ops.client_message WHERE message_id = ?", [message_id])
        # Another message under its number could pass for this one in a summary that somebody has agreed to.
        cursor.execute("INSERT INTO ops.used_message VALUES (?)", [message_id])
        lab.log(cursor, "withdraw_message", str(message_id))


def _answered(lab: Lab, cursor: Any, reply_to: int | None) -> dict[str, Any]:
    """Return the message that is answered, empty when none is; Refused when it takes no reply (any more)."""
    if reply_to is None:
        return {}
    found = seen_message(lab, cursor, reply_to)
    if found["reply"] == NO_REPLY:
        raise Refused(f"message {reply_to} is for information; it takes no reply")
    if found["reply"] == ONE_REPLY and found["replies"]:
        raise Refused(f"message {reply_to} has its reply; the bank takes one only")
    return found


def _type(lab: Lab, cursor: Any, kind: str | None, answered: dict[str, Any]) -> MessageType:
    """Return the type of a new message; a reply has that of the message that it answers (SRV-303)."""
    if not answered:
        return known_type(lab, cursor, GENERAL if kind is None else kind)
    if kind not in (None, answered["kind"]):
        raise BadArgument("a reply has the type of the message that it answers", parameter="kind")
    return type_of_reply(lab, cursor, answered["kind"])


def _type_now(lab: Lab, cursor: Any, message: dict[str, Any]) -> MessageType:
    """Return the type of a message that is changed; Refused when it says the message in another way than before."""
    of = type_of_reply(lab, cursor, message["kind"])
    if (of.format == FORM) != message["form"]:
        raise Refused(
            f"the bank has changed the type {of.name} since the message was written; withdraw it and write it anew"
        )
    return of


def _content(lab: Lab, cursor: Any, of: MessageType, text: str, fields: dict[str, Any]) -> str:
    """Return what a message says: its text, or the XML of its form."""
    if of.format != FORM:
        if fields:
            raise BadArgument(f"messages of the type {of.name or GENERAL} have a text and no fields")
        return text
    if text:
        raise BadArgument(f"messages of the type {of.name} are forms: they have fields and no text", parameter="text")
    return write_form(of.kind, filled(lab, cursor, of, fields))


def _check(lab: Lab, number: int, of: MessageType, draft: _Draft) -> None:
    check_letter(Letter(
        number, draft.subject, draft.text, lab.clock(), of.kind, attachment=draft.file, form=of.format == FORM
    ))  # fmt: skip


def _kept(draft: _Draft) -> dict[str, Any]:
    name, content = draft.file or (None, None)
    return {"subject": draft.subject, "text": draft.text, "name": name, "attachment": content}


def _open_message(cursor: Any, message_id: int) -> dict[str, Any]:
    """Return a message that no batch has taken; Refused for one that has gone, UnknownName for none."""
    names = ("batch_id", "kind", "subject", "content", "form", "attachment_name", "attachment")
    row = cursor.execute(
        f"SELECT {', '.join(names)} FROM ops.client_message WHERE message_id = ?", [message_id]
    ).fetchone()
    if row is None:
        raise _unknown(message_id)
    if row[0] is not None:
        raise Refused(f"message {message_id} is in a batch; it can't be changed any more")
    return dict(zip(names, row, strict=True))


def _unknown(message_id: int) -> UnknownName:
    return UnknownName("message to the bank", str(message_id)[:30], "`bankklient messages sent` shows them")
