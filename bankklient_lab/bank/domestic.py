"""Domestic payments and collections: checked on arrival, executed on their day, tried again while funds are missing."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from bankklient_lab.bank.funds import any_payment, available, covered, reject_closed
from bankklient_lab.bank.ledger import CLEARING, FEES, book
from bankklient_lab.bank.rejecting import INCOMPLETE, NO_ACCOUNT, NOT_IN_CONTRACT, OVER_LIMIT, Rule, cases
from bankklient_lab.bank.work import Source, Work
from bankklient_lab.calendars import working_after, working_from
from bankklient_lab.codebooks.codes import Rejection as Why

# ruff: noqa: S608 - every text below is our own

_IBAN_DIGITS = 22  # after the country, of an account of the banks simulated here (CZ, SK)
_MOD_97 = (
    "(substr(a.counter_account, 5) || (ascii(a.counter_account) - 55) || (ascii(substr(a.counter_account, 2)) - 55)"
    " || substr(a.counter_account, 3, 2))::HUGEINT % 97 <> 1"  # reached by digits only, see the rule before it
)
# Besides what `rejecting` says, c is the counter account, m its bank and p the permission to collect.
_REJECTIONS: tuple[Rule, ...] = (
    (Why.FORMAL, *INCOMPLETE),
    (Why.ACCOUNT, *NO_ACCOUNT),
    (Why.OPERATION, "o.point IS DISTINCT FROM $point", "the own account belongs to another client"),
    (Why.OPERATION, "NOT if(a.kind = 'collection', o.credit, o.debit)", NOT_IN_CONTRACT),
    (Why.OPERATION, *OVER_LIMIT),
    (
        Why.CURRENCY,
        "a.currency <> $currency OR o.currency <> $currency OR c.currency <> $currency",
        "not the national currency",
    ),
    (
        Why.ACCOUNT,
        f"NOT regexp_full_match(a.counter_account, '{{country}}[0-9]{{{{{_IBAN_DIGITS}}}}}')",
        "not an account here",
    ),
    (Why.ACCOUNT, _MOD_97, "the check digits are wrong"),
    (Why.BANK, "m.bank_code IS NULL", "there is no such bank"),
    (
        Why.ACCOUNT,
        "$bank_code = substr(a.counter_account, 5, 4)"
        " AND (c.account IS NULL OR c.closed <= $day OR c.own OR c.deposit)",
        "",
    ),
    (Why.LATE, "a.maturity < $latest", "the maturity lies too far back"),
    (Why.NOT_PERMITTED, "a.kind = 'collection' AND p.debited IS NULL", ""),
)


def arrive(work: Work, source: Source, orders: pa.Table, *, late: bool) -> None:
    """Check orders and store them: rejected (ER), or waiting for their day (RV).

    They have the columns of `reading`; those that came in no batch have no `client_reference`. `late`: they came after
    the end of the day, so that the next working day is the first of an order.
    """
    p = work.parameters
    first = working_after(work.day, work.calendars) if late else work.day
    days = sorted({day or work.day for day in orders["maturity"].to_pylist()})
    due = [working_from(max(day, first), work.calendars) for day in days]
    reasons, texts = cases((why, condition.format(country=p.country), text) for why, condition, text in _REJECTIONS)
    with work.store.lent(arriving=orders, due_days=pa.table({"maturity": days, "due": due})):
        work.store.do(
            f"""
            INSERT INTO payment BY NAME
            SELECT (SELECT coalesce(max(payment_id), 0) FROM payment)
                    + row_number() OVER (ORDER BY a.client_reference::BIGINT, a.place) AS payment_id,
                $point AS point, a.client_reference::BIGINT AS order_id, $batch AS batch, a.kind, $priority AS priority,
                a.own_account, a.own_name, a.counter_account, substr(a.counter_account, 5, 4) AS counter_bank,
                a.counter_name, a.amount, a.currency, coalesce(a.maturity, $day) AS maturity, d.due, a.variable_symbol,
                a.constant_symbol, a.specific_symbol, a.message, a.end_to_end_id,
                {reasons} AS reason, {texts} AS reason_text, if({reasons} IS NULL, 'RV', 'ER') AS state,
                if(a.kind = 'collection', $collection_days, $np_days) AS closings_left, 0 AS held, $day AS changed_on,
                '' AS told
            FROM (SELECT * REPLACE (if(kind = 'collection', kind, 'payment') AS kind) FROM arriving) a
            JOIN due_days d ON d.maturity = coalesce(a.maturity, $day)
            LEFT JOIN account o ON o.account = a.own_account
            LEFT JOIN account c ON c.account = a.counter_account
            LEFT JOIN participant m ON m.bank_code = substr(a.counter_account, 5, 4)
            LEFT JOIN collection_permission p ON p.debited = a.counter_account AND p.credited = a.own_account
                AND d.due BETWEEN p.first_day AND coalesce(p.last_day, DATE '9999-12-31') AND p.revoked_on IS NULL
            """,
            {
                **source._asdict(),
                "day": work.day,
                "currency": p.currency,
                "bank_code": p.bank_code,
                "latest": work.day - timedelta(days=p.late_days),
                "np_days": _np_days(work, source.point),
                "collection_days": p.collection_days,
            },
        )


def _np_days(work: Work, point: int | None) -> int:
    row = work.store.row("SELECT np_days FROM client WHERE point = $point", {"point": point})
    return int(row[0] if row else 0) or work.parameters.np_days


_WAITING = "state IN ('RV', 'IS') AND kind <> 'foreign' AND due <= $day"
_DUE = (
    "SELECT p.*, d.account AS debit_account, c.account AS credit_account, if(p.priority, $fee, 0) AS fee FROM"
    " (SELECT *, if(kind = 'payment', own_account, counter_account) AS debited,"
    " if(kind = 'payment', counter_account, own_account) AS credited,"
    " if(kind = 'payment', own_name, counter_name) AS debited_name,"
    " if(kind = 'payment', counter_name, own_name) AS credited_name"
    f" FROM payment WHERE {_WAITING}) p"
    " LEFT JOIN account d ON d.account = p.debited LEFT JOIN account c ON c.account = p.credited"
)


def settle(work: Work) -> None:
    """Execute the domestic orders that are due and have funds; the others wait (IS)."""
    if not any_payment(work, _WAITING, day=work.day):
        return
    reject_closed(work, foreign=False)
    given: dict[str, object] = {"day": work.day, "fee": work.parameters.priority_fee}
    waiting = work.store.rows(
        "SELECT payment_id, debit_account, credit_account, amount + if(kind = 'payment', fee, 0), amount"
        f" FROM ({_DUE}) ORDER BY priority DESC, payment_id",
        given,
    )
    if not waiting:
        return
    done = pa.table({"payment_id": pa.array(covered(waiting, available(work)), pa.int64())})
    currency = work.parameters.currency
    with work.store.lent(done=done):
        moved = (
            "variable_symbol, constant_symbol, specific_symbol, message, end_to_end_id,"
            f" coalesce(debit_account, '{CLEARING} {currency}') AS debit_account, amount AS debit_amount,"
            f" currency AS debit_currency, coalesce(credit_account, '{CLEARING} {currency}') AS credit_account,"
            " amount AS credit_amount, currency AS credit_currency"
        )
        book(
            work,
            "SELECT (payment_id, 0) AS sort, kind, payment_id, debited, debited_name, credited, credited_name, amount,"
            f" currency, NULL AS rate, {moved} FROM ({_DUE}) JOIN done USING (payment_id) UNION ALL BY NAME"
            " SELECT (payment_id, 1) AS sort, 'fee' AS kind, payment_id, own_account AS debited,"
            f" '{FEES} {currency}' AS credited, fee AS amount, currency, 'Priority payment' AS message,"
            f" own_account AS debit_account, fee AS debit_amount, currency AS debit_currency,"
            f" '{FEES} {currency}' AS credit_account, fee AS credit_amount, currency AS credit_currency"
            f" FROM ({_DUE}) JOIN done USING (payment_id) WHERE fee > 0 AND kind = 'payment'",
            **given,
        )
        work.store.do(
            "UPDATE payment SET state = 'OK', changed_on = $day FROM done WHERE payment.payment_id = done.payment_id",
            {"day": work.day},
        )
    work.store.do(
        "UPDATE payment SET state = 'IS', changed_on = $day WHERE state = 'RV' AND kind <> 'foreign' AND due <= $day",
        {"day": work.day},
    )


def close_day(work: Work) -> None:
    """Count one closing of each order that waits for funds; the last one rejects it (202)."""
    work.store.do(
        "UPDATE payment SET closings_left = closings_left - 1, state = if(closings_left = 1, 'ER', state),"
        f" reason = if(closings_left = 1, {Why.FUNDS}, reason),"
        " changed_on = if(closings_left = 1, $day, changed_on)"
        " WHERE state = 'IS'",
        {"day": work.day},
    )
