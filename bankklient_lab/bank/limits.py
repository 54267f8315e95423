"""Limits of a time: how much a client may order from an account for one day, as its contract says."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa

from bankklient_lab.bank.funds import covered
from bankklient_lab.bank.work import Source, Work

TEXT = "over the limit of the account for one day"
# Payments from accounts with such a limit that are not rejected, in the account's currency by the rates of today.
_ORDERED = (
    "SELECT p.payment_id, p.point = $point AND p.batch = $batch AND p.state = 'RV' AS arrived,"
    " p.own_account || ' ' || p.due AS account_day,"
    " if(p.currency = o.currency, p.amount, converted(p.amount, f.rate, t.rate, o.currency)) AS amount, o.day_max"
    " FROM payment p JOIN account o ON o.account = p.own_account AND o.day_max IS NOT NULL"
    " LEFT JOIN rate f ON f.day = $day AND f.currency = p.currency"
    " LEFT JOIN rate t ON t.day = $day AND t.currency = o.currency"
    " WHERE p.kind <> 'collection' AND p.state <> 'ER' AND p.due >= $day"
)


def reject_over_day(work: Work, source: Source, reason: int) -> None:
    """Reject the payments of a batch that arrived which go over what its account may order for their day.

    Payments count in the order of their numbers; one that does not fit is left out, and later, smaller ones may fit.
    """
    if not work.store.row("SELECT 1 FROM account WHERE day_max IS NOT NULL LIMIT 1"):
        return
    given = {"point": source.point, "batch": source.batch, "day": work.day}
    rows = work.store.rows(
        f"SELECT payment_id, arrived, account_day, amount, day_max FROM ({_ORDERED}) ORDER BY payment_id",  # noqa: S608
        given,
    )
    left = {day: most for _, _, day, _, most in rows}
    for _, arrived, day, amount, _ in rows:
        if not arrived:
            left[day] -= amount
    arrivals = [(number, day, amount) for number, arrived, day, amount, _ in rows if arrived]
    reject_over(work, arrivals, left, reason, TEXT)


def reject_over(
    work: Work, arrivals: Sequence[tuple[int, str, Decimal]], left: dict[str, Decimal], reason: int, text: str
) -> None:
    """Reject the payments (number, what limits it, amount) that go over what is `left`, in their order."""
    within = set(covered(((number, limited, None, amount, amount) for number, limited, amount in arrivals), left))
    over = pa.table({"payment_id": pa.array([one for one, _, _ in arrivals if one not in within], pa.int64())})
    if not over.num_rows:
        return
    with work.store.lent(over=over):
        work.store.do(
            "UPDATE payment SET state = 'ER', reason = $reason, reason_text = $text FROM over"
            " WHERE payment.payment_id = over.payment_id",
            {"reason": reason, "text": text},
        )
