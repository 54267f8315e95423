"""Messages from the bank: kept as the bank wrote them, read by each user, answered, deleted (BNK-125 ff.).

A confidential message does not exist for whoever lacks permission 245. What a message says is shown as text, or as HTML
of which formats.letters.safe_html leaves nothing that runs or loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import UnknownName
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.letters import ONE_REPLY, read_letter, read_state, safe_html
from bankklient_lab.keys.points import BANK, FOLDER, point_of
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.rights.permissions import needed
from bankklient_lab.services.status import STATUS

# ruff: noqa: S608 - every text below is made of our own declarations

SEES_CONFIDENTIAL, WRITES = "245", "246"
_FIELDS = (
    "message_id", "bank_number", "kind", "type", "individual", "confidential", "expired", "has_attachment", "reply",
    "replies", "unread", "read_by", "sent_at", "received_at", "valid_until", "subject",
)  # fmt: skip
_MESSAGES = f"""
    WITH replied AS (SELECT answers FROM ops.client_message m LEFT JOIN ops.batch b USING (batch_id)
        WHERE {STATUS} NOT IN ('DE', 'ER'))
    SELECT m.*, coalesce(t.name, m.kind) AS type, coalesce(m.valid_until < $today, false) AS expired,
        m.attachment IS NOT NULL AS has_attachment,
        (SELECT count(*) FROM replied r WHERE r.answers = m.bank_number) AS replies,
        (SELECT count(*) FROM ops.bank_message_read r WHERE r.message_id = m.message_id) AS read_by,
        NOT EXISTS (FROM ops.bank_message_read r WHERE r.message_id = m.message_id AND r.user_id = $me) AS unread
    FROM ops.bank_message m LEFT JOIN codebook('message_types', $today) t ON t.code = m.kind
    WHERE NOT m.confidential OR $all
"""


def take_letter(lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Keep a message of the bank; one whose number is here already changes nothing and is told."""
    letter = read_letter(message)
    known = cursor.execute("SELECT 1 FROM ops.bank_message WHERE bank_number = ?", [letter.number]).fetchone()
    if known:
        return [f"message {letter.number} of the bank is here already"]
    ((last,),) = cursor.execute("SELECT coalesce(max(message_id), 0) FROM ops.bank_message").fetchall()
    name, content = letter.attachment or (None, None)
    cursor.execute(
        "INSERT INTO ops.bank_message BY NAME SELECT $id AS message_id, $number AS bank_number, $kind AS kind,"
        " $individual AS individual, $confidential AS confidential, $reply AS reply, $subject AS subject,"
        " $text AS content, $html AS html, $name AS attachment_name, $attachment::BLOB AS attachment,"
        " $sent_at AS sent_at, $now AS received_at, $until AS valid_until",
        {
            "id": last + 1, "number": letter.number, "kind": letter.kind, "individual": letter.individual,
            "confidential": letter.confidential, "reply": letter.reply, "subject": letter.subject, "text": letter.text,
            "html": letter.html, "name": name, "attachment": content, "sent_at": letter.sent_at, "now": lab.clock(),
            "until": letter.until,
        },
    )  # fmt: skip
    return []


def take_state(lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Keep what the bank did with a message to it; one that was not sent from here is told."""
    state = read_state(message)
    found = cursor.execute(
        "UPDATE ops.client_message SET answer = $status, answer_text = $text, answered_at = $now, changed_at = $now"
        " WHERE message_id = $number AND batch_id IS NOT NULL RETURNING message_id",
        {**state._asdict(), "now": lab.clock()},
    ).fetchall()
    return [] if found else [f"message {state.number}: the bank says {state.status}, and it was not sent from here"]


@table_action()
def bank_messages(lab: Lab, kind: str | None = None) -> Read:
    """Return the messages from the bank that the caller may see, the last received first; `kind`: of one type.

    Columns: message_id, bank_number (the bank's own), kind (its type), type (its name), individual (else for all
    clients), confidential, expired, has_attachment, reply (none, one: demanded, many), replies (made here; discarded
    and rejected ones do not count), unread (by the caller), read_by (number of users), sent_at, received_at (UTC),
    valid_until (inclusive, null: always), subject.
    """
    return lab.read(
        f"SELECT {', '.join(_FIELDS)} FROM ({_MESSAGES}) WHERE $kind IS NULL OR kind = $kind"
        " ORDER BY received_at DESC, message_id DESC",
        _bound(lab) | {"kind": kind},
    )


@action()
def read_bank_message(lab: Lab, message_id: int) -> dict[str, Any]:
    """Return a message with what it says, and note that the caller has read it; UnknownName otherwise.

    The columns of `bank_messages`, and text (as the bank wrote it), html (whether that is HTML), shown (HTML that runs
    and loads nothing; empty when it is text), attachment_name, must_reply (whether it demands a reply that is not
    written, and that the caller can write).
    """
    with lab.database.tx("ops") as cursor:
        found = _one(lab, cursor, message_id, (*_FIELDS, "content", "html", "attachment_name"))
        cursor.execute(
            "INSERT OR IGNORE INTO ops.bank_message_read VALUES (?, ?, ?)",
            [message_id, lab.caller.user_id, lab.clock()],
        )
    text = found.pop("content")
    writes = needed(WRITES).holds(lab.rights.held(lab.caller)) and takes_messages(lab)
    demanded = found["reply"] == ONE_REPLY and not found["replies"]
    return found | {"must_reply": writes and demanded, "text": text, "shown": safe_html(text) if found["html"] else ""}


@action(mode="standard")
def bank_message_attachment(lab: Lab, message_id: int) -> bytes:
    """Return the attachment of a message as the bank sent it; UnknownName when there is none."""
    with lab.database.reading() as cursor:
        found = _one(lab, cursor, message_id, ("attachment",))["attachment"]
    if found is None:
        raise UnknownName("attachment of message", str(message_id))
    return bytes(found)


@action(record="message_id")
def delete_bank_message(lab: Lab, message_id: int) -> None:
    """Delete a message for all users, which is logged and can't be taken back; UnknownName otherwise."""
    with lab.database.tx("ops") as cursor:
        _one(lab, cursor, message_id, ("message_id",))
        cursor.execute("DELETE FROM ops.bank_message_read WHERE message_id = ?", [message_id])
        cursor.execute("DELETE FROM ops.bank_message WHERE message_id = ?", [message_id])
        lab.log(cursor, "delete_bank_message", str(message_id))


def takes_messages(lab: Lab) -> bool:
    """Tell whether the bank takes messages, which it does not where it is reached by a folder."""
    return point_of(lab, BANK).channel != FOLDER


def seen_message(lab: Lab, cursor: Any, message_id: int) -> dict[str, Any]:
    """Return kind, reply, replies and subject of a message that the caller may see; UnknownName otherwise."""
    return _one(lab, cursor, message_id, ("kind", "reply", "replies", "subject"))


def _one(lab: Lab, cursor: Any, message_id: int, fields: Sequence[str]) -> dict[str, Any]:
    row = cursor.execute(
        f"SELECT {', '.join(fields)} FROM ({_MESSAGES}) WHERE message_id = $id", _bound(lab) | {"id": message_id}
    ).fetchone()
    if row is None:
        raise UnknownName("message", str(message_id)[:30], "`bankklient messages list` shows them")
    return dict(zip(fields, row, strict=True))


def _bound(lab: Lab) -> dict[str, Any]:
    sees_all = needed(SEES_CONFIDENTIAL).holds(lab.rights.held(lab.caller))
    return {"today": bank_day(lab), "me": lab.caller.user_id, "all": sees_all}
