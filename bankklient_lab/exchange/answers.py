"""What the bank answers on orders: each follows the tables of the lifecycle, and what does not fit is a finding."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from bankklient_lab.codebooks.codes import Rejection, Revocation
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.order_answers import OrderAnswer, read_resolution, read_status
from bankklient_lab.lab import Lab
from bankklient_lab.orders.lifecycle import status_name
from bankklient_lab.orders.numbers import ID_MAX
from bankklient_lab.orders.steps import take_step

# ruff: noqa: S608 - every text below is made of our own declarations

# By the status that the bank tells, the step of data/codebooks/order_transitions.csv that it is.
STEPS = {
    "RV": "bank_takes_over",
    "PR": "bank_processes",
    "IS": "bank_lacks_funds",
    "OK": "bank_posts",
    "ER": "bank_rejects",
}
_STATUSES = "(SELECT order_id, status FROM ops.domestic_order UNION ALL SELECT order_id, status FROM ops.foreign_order)"


def apply_answers(lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Give orders the status that the bank tells, with reason, reference and hold, and return what did not fit."""
    findings: list[str] = []
    by_status = sorted(read_status(message).answers, key=lambda answer: list(STEPS).index(answer.status))
    for status, answers in groupby(by_status, key=lambda answer: answer.status):
        findings += apply_status(lab, cursor, status, list(answers))
    return findings


def apply_returned(lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Do the same for orders that come back as rejected with the statements of their day, and end their watch."""
    findings = apply_answers(lab, cursor, message)
    cursor.execute(
        "UPDATE ops.sent_order SET in_process = false, changed_at = $now WHERE in_process AND order_id IN"
        f" (SELECT unnest($ids::BIGINT[]) INTERSECT SELECT order_id FROM {_STATUSES} WHERE status = 'ER')",
        {"ids": [one.order_id for one in read_status(message).answers], "now": lab.clock()},
    )
    return findings


def apply_revocations(lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Note what became of revocations (TRN-028, TRN-035); a revoked order is rejected, the others stay as they are."""
    findings: list[str] = []
    answers = read_resolution(message)
    ids = [answer.order_id for answer in answers]
    asked = dict(
        cursor.execute(
            "SELECT order_id, revocation FROM ops.sent_order WHERE order_id IN (SELECT unnest($ids::BIGINT[]))",
            {"ids": [one for one in ids if one <= ID_MAX]},
        ).fetchall()
    )
    known = [
        answer for answer in answers if asked.get(answer.order_id) in (Revocation.READY, Revocation.SENT, answer.result)
    ]
    findings += [
        f"order {answer.order_id}: the bank answers a revocation that was not sent"
        for answer in answers
        if answer not in known
    ]
    cursor.execute(
        "UPDATE ops.sent_order s SET revocation = a.result, changed_at = $now"
        " FROM (SELECT unnest($ids::BIGINT[]) AS order_id, unnest($results::INTEGER[]) AS result) a"
        " WHERE s.order_id = a.order_id AND s.revocation <> a.result",
        {"ids": [one.order_id for one in known], "results": [one.result for one in known], "now": lab.clock()},
    )
    revoked = [
        OrderAnswer(one.order_id, "ER", Rejection.EXCLUDED, one.text) for one in known if one.result == Revocation.DONE
    ]
    return findings + (apply_status(lab, cursor, "ER", revoked) if revoked else [])


def apply_status(lab: Lab, cursor: Any, status: str, answers: Sequence[OrderAnswer]) -> list[str]:
    """Take the step to a status on the orders that it fits; those that have it already only get what came with it.

    Returns what did not fit.
    """
    ids = [answer.order_id for answer in answers if answer.order_id <= ID_MAX]
    before = dict(
        cursor.execute(
            f"SELECT order_id, o.status FROM ops.sent_order JOIN {_STATUSES} o USING (order_id)"
            " WHERE order_id IN (SELECT unnest($ids::BIGINT[]))",
            {"ids": ids},
        ).fetchall()
    )
    waiting = [one for one in before if before[one] != status]
    done = set(take_step(lab, STEPS[status], waiting, single=False).ids) if waiting else set()
    fitting = [one for one in answers if one.order_id in done or before.get(one.order_id) == status]
    _keep(lab, cursor, fitting)
    told = status_name(status)
    return [
        f"order {one.order_id}: the bank says {told}, and it is {status_name(before[one.order_id])}"
        if one.order_id in before
        else f"order {one.order_id}: the bank says {told}, and it was not sent from here"
        for one in answers
        if one.order_id not in done and before.get(one.order_id) != status
    ]


def _keep(lab: Lab, cursor: Any, answers: Sequence[OrderAnswer]) -> None:
    """Keep what came with a status; what an answer does not say stays, but a hold is over with it."""
    cursor.execute(
        """
        UPDATE ops.sent_order s SET reason = coalesce(a.reason, s.reason), held = a.held, changed_at = $now,
            reason_text = coalesce(a.text, s.reason_text), bank_reference = coalesce(a.reference, s.bank_reference)
        FROM (SELECT unnest($ids::BIGINT[]) AS order_id, unnest($reasons::INTEGER[]) AS reason,
            unnest($texts::VARCHAR[]) AS text, unnest($references::VARCHAR[]) AS reference,
            unnest($held::DECIMAL(18,3)[]) AS held) a
        WHERE s.order_id = a.order_id
        """,
        {
            "ids": [one.order_id for one in answers],
            "reasons": [one.reason for one in answers],
            "texts": [one.text for one in answers],
            "references": [one.bank_reference for one in answers],
            "held": [one.held for one in answers],
            "now": lab.clock(),
        },
    )
