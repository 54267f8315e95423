"""What a person records of a batch whose bank does not answer here."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.balancing.batch_record import move
from bankklient_lab.balancing.unsent import status_name
from bankklient_lab.codebooks.codes import UNANSWERED, Sent
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.exchange.protocol import line_of
from bankklient_lab.exchange.sending import outgoing, refuse
from bankklient_lab.keys.points import BANK, FOLDER, point_of
from bankklient_lab.lab import Lab

NOTE_CHARS_MAX = 500
ANSWERS = ("received", "refused")


@action("26", mode="batch", record="order_id")
def record_answer(lab: Lab, batch_id: int, answer: str, note: str = "") -> dict[str, Any]:
    """Record what the bank said of a batch that was written into a folder: `answer` received or refused.

    A refused one is refused as a whole: its orders are rejected. Returns batch_id, batch_type, batch_order, direction,
    status, note. UnknownName for a batch that there is not; Refused for one that is not transferred, and while the bank
    answers by itself.
    """
    if answer not in ANSWERS:
        raise UnknownName("answer", answer, f"there are {', '.join(ANSWERS)}")
    if len(note) > NOTE_CHARS_MAX:
        raise BadArgument(f"a note has at most {NOTE_CHARS_MAX} characters")
    if point_of(lab, BANK).channel != FOLDER:
        raise Refused("the bank answers by itself; transmit, and its answer is taken over")
    found = next((one for one in outgoing(lab) if one.batch_id == batch_id), None)
    if found is None:
        raise UnknownName("batch", str(batch_id)[:30], "`bankklient protocol list` shows them all")
    if found.status not in UNANSWERED:
        raise Refused(
            f"batch {found.name} is {status_name(found.status)}; only one that was transferred waits for an answer"
        )
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "record_answer", found.name, answer=answer, note=note)
        if answer == "refused":
            refuse(lab, cursor, found, note)
        else:
            move(lab, cursor, batch_id, Sent.RECEIVED, note=note)
    return line_of(lab, batch_id)
