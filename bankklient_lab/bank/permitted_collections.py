"""Permissions to collect from accounts: given at the bank or asked for by clients, and the limit of a period."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from bankklient_lab.bank.funds import any_payment
from bankklient_lab.bank.granting import Asked, NotGranted, require_account, require_order
from bankklient_lab.bank.limits import reject_over
from bankklient_lab.bank.work import Source, Work
from bankklient_lab.codebooks.codes import Rejection as Why
from bankklient_lab.codebooks.services import AMOUNT_MAX, ENDED, KINDS, REVOKED, VALID, as_amount, as_day
from bankklient_lab.errors import BadArgument
from bankklient_lab.formats.services import ServiceRecord
from bankklient_lab.money import exact

# ruff: noqa: S608 - every text below is our own

LETTERS = "PC"  # before the number of a permission
_VALID = "revoked_on IS NULL AND coalesce(last_day >= $day, true)"
# The first day of the calendar period of `due` (SRV-086).
_PERIOD_START = (
    "CASE p.period WHEN '1 day' THEN o.due WHEN '1 week' THEN date_trunc('week', o.due)"
    " WHEN '1 month' THEN date_trunc('month', o.due) WHEN '3 months' THEN date_trunc('quarter', o.due)"
    " WHEN '6 months' THEN make_date(year(o.due), if(month(o.due) <= 6, 1, 7), 1)"
    " ELSE date_trunc('year', o.due) END::DATE"
)
# Collections that are not rejected, each with its permission and the period of that (`arrived`: of the batch).
_COUNTED = (
    "SELECT o.payment_id, o.batch = $batch AND o.point IS NOT DISTINCT FROM $point AND o.state = 'RV' AS arrived,"
    f" p.permission_id || ' ' || {_PERIOD_START} AS period, o.amount, p.amount_max FROM payment o"
    " JOIN collection_permission p ON p.debited = o.counter_account AND p.credited = o.own_account"
    " AND p.revoked_on IS NULL AND o.due BETWEEN p.first_day AND coalesce(p.last_day, DATE '9999-12-31')"
    " WHERE o.kind = 'collection' AND o.state <> 'ER'"
)
# Those that arrived, with what is left for their period by those before.
_ARRIVED = (
    f"WITH counted AS MATERIALIZED ({_COUNTED}) SELECT payment_id, period, amount, amount_max - coalesce(taken, 0)"
    " FROM counted LEFT JOIN (SELECT period, sum(amount) AS taken FROM counted WHERE NOT arrived GROUP BY period)"
    " USING (period) WHERE arrived ORDER BY payment_id"
)


def permit_collection(
    work: Work,
    debited: str,
    credited: str,
    *,
    limit: Decimal = AMOUNT_MAX,
    period: str = "1 month",
    last_day: date | None = None,
) -> None:
    """Permit collections from one account to another, from today on; an earlier permission is replaced."""
    if not 0 < limit <= AMOUNT_MAX:
        raise BadArgument(f"the limit of a permission is above 0 and at most {AMOUNT_MAX}, not {limit}")
    if why := KINDS["permitted_collection"].by_name["period"].problem(period):
        raise BadArgument(f"the period of a permission {why}, not {period[:20]!r}")
    work.store.do(
        f"UPDATE collection_permission SET revoked_on = $day WHERE debited = $debited AND credited = $credited"
        f" AND {_VALID}",
        {"day": work.day, "debited": debited, "credited": credited},
    )
    _keep(work, debited, credited, limit=limit, period=period, description="", first=work.day, last=last_day)


def reject_over_permission(work: Work, source: Source) -> None:
    """Reject the collections that arrived which go over what is permitted for their period (SRV-085).

    They count in the order of their numbers; one that does not fit is left out, and later, smaller ones may fit.
    """
    arrived = "kind = 'collection' AND state = 'RV' AND batch = $batch AND point IS NOT DISTINCT FROM $point"
    given = {"batch": source.batch, "point": source.point}
    if not any_payment(work, arrived, **given):
        return
    rows = work.store.rows(_ARRIVED, given)
    left = {period: rest for _, period, _, rest in rows}
    arrivals = [(number, period, amount) for number, period, amount, _ in rows]
    reject_over(work, arrivals, left, Why.AMOUNT, "over what is permitted for the period")


def create(work: Work, asked: Asked) -> str:
    """Give a permission that a client asks for, and return its name."""
    items = asked.items
    own, counter, first, last = (
        items["own_account"], items["counter_account"], as_day(items["valid_from"]), as_day(items.get("valid_until")),
    )  # fmt: skip
    assert first is not None
    require_account(work, asked.point, own)
    if first < work.hours.day(asked.received_at):
        raise NotGranted(Why.LATE, f"it is to be valid from {first}, and came later")
    require_order(last, first)
    if work.store.row(
        f"SELECT 1 FROM collection_permission WHERE debited = $own AND credited = $counter AND {_VALID}",
        {"own": own, "counter": counter, "day": work.day},
    ):
        raise NotGranted(Why.OPERATION, "there is a valid permission for this account and recipient")
    number = _keep(
        work, own, counter, limit=as_amount(items["limit"]), period=items["period"],
        description=items.get("description", ""), first=first, last=last,
    )  # fmt: skip
    return f"{LETTERS}{number}"


def change(work: Work, number: int, items: dict[str, str]) -> None:
    """Let a permission say something else; `items` is all of it."""
    last = as_day(items.get("valid_until"))
    require_order(last, work.day, as_day(items["valid_from"]))
    work.store.do(
        "UPDATE collection_permission SET amount_max = $limit, period = $period, description = $description,"
        " last_day = $last WHERE permission_id = $number",
        {
            "limit": as_amount(items["limit"]), "period": items["period"],
            "description": items.get("description", ""), "last": last, "number": number,
        },
    )  # fmt: skip


def revoke(work: Work, number: int, _items: dict[str, str]) -> None:
    """Let a permission count no more, from today on."""
    work.store.do(
        "UPDATE collection_permission SET revoked_on = $day WHERE permission_id = $number",
        {"day": work.day, "number": number},
    )


def records(work: Work, point: int) -> list[ServiceRecord]:
    """Return the permissions of a client's accounts."""
    rows = work.store.rows(
        f"SELECT permission_id, CASE WHEN revoked_on IS NOT NULL THEN '{REVOKED}' WHEN last_day < $day THEN '{ENDED}'"
        f" ELSE '{VALID}' END, debited, credited, amount_max::DECIMAL(18,2)::VARCHAR, period, description,"
        " first_day::VARCHAR, last_day::VARCHAR FROM collection_permission p JOIN account a ON a.account = p.debited"
        " WHERE a.point = $point ORDER BY permission_id",
        {"point": point, "day": work.day},
    )
    names = ("own_account", "counter_account", "limit", "period", "description", "valid_from", "valid_until")
    return [
        ServiceRecord(
            f"{LETTERS}{number}", state, state == VALID,
            {name: text for name, text in zip(names, texts, strict=True) if text},
        )
        for number, state, *texts in rows
    ]  # fmt: skip


def _keep(
    work: Work,
    debited: str,
    credited: str,
    *,
    limit: Decimal | None,
    period: str,
    description: str,
    first: date,
    last: date | None,
) -> int:
    assert limit is not None
    ((number,),) = work.store.rows("SELECT coalesce(max(permission_id), 0) + 1 FROM collection_permission")
    work.store.do(
        "INSERT INTO collection_permission VALUES ($number, $debited, $credited, $limit, $period, $text, $first, $last,"
        " NULL)",
        {
            "number": number, "debited": debited, "credited": credited, "limit": exact(limit), "period": period,
            "text": description, "first": first, "last": last,
        },
    )  # fmt: skip
    return int(number)
