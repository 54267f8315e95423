"""Messages to the bank as their users write them: new ones and replies, changed and withdrawn until balancing."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.balancing.batch_record import BATCH_ORDER
from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.exchange.messages import seen_message
from bankklient_lab.formats.letters import NO_REPLY, ONE_REPLY, SUBJECT_CHARS_MAX, Letter, check_letter
from bankklient_lab.keys.points import BANK, FOLDER, point_of
from bankklient_lab.lab import Lab, Read
from bankklient_lab.services.status import STATUS

# ruff: noqa: S608 - every text below is made of our own declarations

WRITES = "246"
_REPLIED = "RE "


@table_action(WRITES)
def client_messages(lab: Lab) -> Read:
    """Return the messages to the bank, the last written first.

    Columns: message_id, answers (the number that the bank gave the message it replies to, null: a new one), kind,
    status ("" while it can be changed, then NS, SE, RV, PR, OK, ER, DE), why (of ER), batch_order (rrrrnnnn), subject,
    text, created_by, created_at, changed_at.
    """
    return lab.read(
        f"SELECT message_id, answers, kind, {STATUS} AS status, if(m.answer_text = '', NULL, m.answer_text) AS why,"
        f" {BATCH_ORDER} AS batch_order, subject, content AS text, m.created_by, m.created_at, m.changed_at"
        " FROM ops.client_message m LEFT JOIN ops.batch b USING (batch_id) ORDER BY message_id DESC"
    )


@action(WRITES)
def write_to_bank(lab: Lab, text: str, *, subject: str = "", reply_to: int | None = None) -> int:
    """Keep a message for the bank, and return its number; it goes out after balancing, in a batch of its own.

    With `reply_to` it answers a message of the bank, whose type it takes and, without a `subject`, whose subject with
    RE. BadArgument for a text or subject that can't be sent; UnknownName for a message that the caller can't see;
    Refused for one that takes no reply or has its only one, and while the bank is reached by a folder.
    """
    if point_of(lab, BANK).channel == FOLDER:
        raise Refused("the bank is reached by a folder, and takes no messages from there; write to it another way")
    with lab.database.tx("ops") as cursor:
        answered = _answered(lab, cursor, reply_to)
        if answered and not subject:
            subject = f"{_REPLIED}{answered['subject']}"[:SUBJECT_CHARS_MAX]
        ((last,),) = cursor.execute(
            "SELECT coalesce(max(message_id), 0) FROM"
            " (SELECT message_id FROM ops.client_message UNION ALL SELECT number FROM ops.used_message)"
        ).fetchall()
        number, kind = int(last) + 1, answered.get("kind", "")
        _check(lab, number, subject, text)
        cursor.execute(
            "INSERT INTO ops.client_message BY NAME SELECT $id AS message_id, 1 AS version,"
            " (SELECT bank_number FROM ops.bank_message WHERE message_id = $reply_to) AS answers, $kind AS kind,"
            " $subject AS subject, $text AS content, '' AS answer, '' AS answer_text, $me AS created_by,"
            " $now AS created_at, $now AS changed_at",
            {
                "id": number, "reply_to": reply_to, "kind": kind, "subject": subject.strip(), "text": text,
                "me": lab.caller.reference, "now": lab.clock(),
            },
        )  # fmt: skip
        lab.log(cursor, "write_to_bank", str(number), answers=reply_to)
    return number


@action(WRITES, record="message_id")
def change_message(lab: Lab, message_id: int, text: str, *, subject: str) -> None:
    """Change a message that no batch has taken; Refused for one that has gone, otherwise as `write_to_bank`."""
    _check(lab, message_id, subject, text)
    with lab.database.tx("ops") as cursor:
        _demand_open(cursor, message_id)
        cursor.execute(
            "UPDATE ops.client_message SET subject = ?, content = ?, version = version + 1, changed_at = ?"
            " WHERE message_id = ?",
            [subject.strip(), text, lab.clock(), message_id],
        )
        lab.log(cursor, "change_message", str(message_id))


@action(WRITES, record="message_id")
def withdraw_message(lab: Lab, message_id: int) -> None:
    """Delete a message that no batch has taken; Refused for one that has gone, UnknownName for none."""
    with lab.database.tx("ops") as cursor:
        _demand_open(cursor, message_id)
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


def _check(lab: Lab, number: int, subject: str, text: str) -> None:
    check_letter(Letter(number, subject, text, lab.clock()))


def _demand_open(cursor: Any, message_id: int) -> None:
    """Refuse a message that a batch has taken; UnknownName for one that there is not."""
    row = cursor.execute("SELECT batch_id FROM ops.client_message WHERE message_id = ?", [message_id]).fetchone()
    if row is None:
        raise UnknownName("message to the bank", str(message_id)[:30], "`bankklient messages sent` shows them")
    if row[0] is not None:
        raise Refused(f"message {message_id} is in a batch; it can't be changed any more")
