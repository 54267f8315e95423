"""Revocation: what can still be stopped when the wish is processed."""

from __future__ import annotations

from collections.abc import Sequence

from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import Rejection, Revocation
from bankklient_lab.formats.order_answers import RevocationAnswer

_RESULT = {
    "RV": Revocation.DONE, "IS": Revocation.DONE, "PR": Revocation.DONE,
    "ER": Revocation.REJECTED, "OK": Revocation.POSTED,
}  # fmt: skip


def revoke(work: Work, point: int, order_ids: Sequence[int]) -> list[RevocationAnswer]:
    """Stop orders that are not posted (they are then rejected with 204), and say what became of each."""
    states: dict[int, str] = dict(
        work.store.rows(
            "SELECT order_id, state FROM payment WHERE point = $point AND order_id IN (SELECT unnest($ids))",
            {"point": point, "ids": order_ids},
        )
    )
    answers = [
        RevocationAnswer(order_id, _RESULT[states[order_id]] if order_id in states else Revocation.NOT_FOUND)
        for order_id in order_ids
    ]
    done = [answer.order_id for answer in answers if answer.result == Revocation.DONE]
    work.store.do(
        "UPDATE payment SET state = 'ER', reason = $reason, held = 0, changed_on = $day"
        " WHERE point = $point AND order_id IN (SELECT unnest($ids))",
        {"point": point, "ids": done, "reason": Rejection.EXCLUDED, "day": work.day},
    )
    return answers
