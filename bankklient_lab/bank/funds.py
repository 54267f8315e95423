"""The funds test: order after order, each against what the ones before it left."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import ForeignRejection, Rejection


def any_payment(work: Work, condition: str, **given: object) -> bool:
    """Tell whether there is such an order: cheap, unlike the queries that work on them, and most moments have none."""
    return work.store.row(f"SELECT 1 FROM payment WHERE {condition} LIMIT 1", given) is not None  # noqa: S608 - ours


def available(work: Work) -> dict[str, Decimal]:
    """Return what customers' accounts may still be debited by: balance and overdraft, less what is held."""
    rows = work.store.rows(
        "SELECT v.account, v.available FROM available v JOIN account a USING (account) WHERE NOT own"
    )
    return dict(rows)


def reject_closed(work: Work, *, foreign: bool) -> None:
    """Reject the orders due, foreign or domestic ones, whose account here was closed since they came."""
    work.store.do(
        "UPDATE payment SET state = 'ER', reason = if($foreign, $of_foreign, $of_domestic),"
        " reason_text = 'the account is closed', changed_on = $day"
        " WHERE state IN ('RV', 'IS') AND (kind = 'foreign') = $foreign AND due <= $day"
        " AND EXISTS (SELECT 1 FROM account a WHERE a.closed <= $day"
        " AND a.account IN (payment.own_account, payment.counter_account))",
        {
            "day": work.day,
            "foreign": foreign,
            "of_foreign": ForeignRejection.SYSTEM,
            "of_domestic": Rejection.ACCOUNT,
        },
    )


def covered(
    orders: Iterable[tuple[int, str | None, str | None, Decimal, Decimal]], funds: dict[str, Decimal]
) -> list[int]:
    """Return the orders that funds suffice for, in their order; `funds` is brought up to date.

    An order is its number, the accounts debited and credited (None: not of this bank's customers, hence not limited),
    and what each is moved by. One that does not fit is left out, and later, smaller ones may still fit: so this is a
    walk, which no sum over a window can express.
    """
    found = []
    for number, debited, credited, debit, credit in orders:
        if debited is not None:
            if funds[debited] < debit:
                continue
            funds[debited] -= debit
        if credited is not None:
            funds[credited] += credit
        found.append(number)
    return found
