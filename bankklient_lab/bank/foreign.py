"""Foreign payments: checked on arrival, funds held for them on their day, booked in the afternoon."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa

from bankklient_lab.bank.funds import any_payment, available, covered, reject_closed
from bankklient_lab.bank.ledger import CLEARING, FEES, book
from bankklient_lab.bank.rejecting import INCOMPLETE, NO_ACCOUNT, NOT_IN_CONTRACT, OVER_LIMIT, Rule, cases
from bankklient_lab.bank.work import Source, Work
from bankklient_lab.calendars import working_after, working_from
from bankklient_lab.codebooks.codes import ForeignRejection as Why
from bankklient_lab.codebooks.money_markets import market
from bankklient_lab.errors import BadArgument, Refused

# ruff: noqa: S608 - every text below is our own

_RATE_END, _RATE_STEP = Decimal(10_000), Decimal("0.00000001")
NOT_AGREED = "no exchange rate was agreed"
# Besides what `rejecting` says, r is the rate of the currency, c the counter account where it is one of this bank, and
# d the day on which the payment falls due.
_REJECTIONS: tuple[Rule, ...] = (
    (Why.FORMAL, *INCOMPLETE),
    (Why.FORMAL, "a.counter_name IS NULL", "the recipient has no name"),
    (Why.FORMAL, "r.currency IS NULL", "the bank has no rate of the currency"),
    (Why.FORMAL, "a.exchange_rate IS NOT NULL AND a.maturity > $day", "770: an agreed rate allows no future maturity"),
    (Why.SYSTEM, *NO_ACCOUNT),
    (Why.SYSTEM, "o.point IS DISTINCT FROM $point OR NOT o.debit", NOT_IN_CONTRACT),
    (Why.SYSTEM, *OVER_LIMIT),
    (Why.SYSTEM, "c.deposit", "a time deposit takes no payments"),
    (Why.SYSTEM, "list_contains($refused, a.country)", "the bank makes no payments to this country"),
    (Why.SYSTEM, "a.exchange_rate IS NOT NULL AND d.due > $day", "an agreed rate needs the payment before the cut-off"),
    (
        Why.PAYMENTS_SYSTEM,
        "len(list_filter($unreachable, lambda x: starts_with(a.counter_bank, x))) > 0",
        "the bank can not be reached",
    ),
)


def _said(item: str) -> str:
    """Return SQL for what the order whole says in an item, for which its message has no place; null: nothing."""
    return f"nullif(regexp_extract(a.order_text, '(?m)^{item}=(.*)$', 1), '')"


_CONFIRMATION = f"coalesce({_said('recipient_confirmation')}, {_said('orderer_confirmation')})"
_INSTRUCTIONS = "nullif(concat_ws('; ', {}), '')".format(
    ", ".join(
        f"nullif(concat_ws('/', {_said(f'instruction_code_{n}')}, {_said(f'instruction_description_{n}')}), '')"
        for n in range(1, 5)
    )
)


def arrive(work: Work, source: Source, orders: pa.Table, *, late: bool) -> None:
    """Check the foreign payments of a batch and store them: rejected (ER), or waiting for their day (RV).

    `late`: after the cut-off, so that the next working day is the first of a payment. Those of today are tested for
    funds by `hold`, which the caller runs after this.
    """
    p = work.parameters
    pairs = sorted({
        (day or work.day, currency)
        for day, currency in zip(orders["maturity"].to_pylist(), orders["currency"].to_pylist(), strict=True)
    })  # fmt: skip
    due = pa.table({
        "maturity": [day for day, _ in pairs],
        "currency": [currency for _, currency in pairs],
        "due": [_due(work, day, currency, late) for day, currency in pairs],
    })  # fmt: skip
    reasons, texts = cases(_REJECTIONS)
    with work.store.lent(arriving=orders, due_days=due):
        work.store.do(
            f"""
            INSERT INTO payment BY NAME
            SELECT (SELECT coalesce(max(payment_id), 0) FROM payment)
                    + row_number() OVER (ORDER BY a.client_reference::BIGINT) AS payment_id,
                $point AS point, a.client_reference::BIGINT AS order_id, $batch AS batch, 'foreign' AS kind,
                false AS priority, a.own_account, a.own_name, a.counter_account, a.counter_bank,
                a.country AS counter_country, a.counter_name, a.counter_address, a.counter_bank_name, a.amount,
                a.currency,
                coalesce(a.maturity, $day) AS maturity, d.due, a.variable_symbol, a.constant_symbol, a.specific_symbol,
                a.message, a.end_to_end_id, a.charge_bearer, {_INSTRUCTIONS} AS instructions,
                {_CONFIRMATION} AS confirmation, {_said("client_transaction_id")} AS client_identification,
                a.exchange_rate AS asked_rate,
                {reasons} AS reason, {texts} AS reason_text, if({reasons} IS NULL, 'RV', 'ER') AS state,
                0 AS closings_left, 0 AS held, $day AS changed_on, '' AS told
            FROM (SELECT *, coalesce(counter_bank_country, if(regexp_matches(counter_account, '^[A-Z]{{2}}[0-9]{{2}}'),
                substr(counter_account, 1, 2), NULL)) AS country FROM arriving) a
            JOIN due_days d ON d.maturity = coalesce(a.maturity, $day) AND d.currency = a.currency
            LEFT JOIN account o ON o.account = a.own_account
            LEFT JOIN account c ON c.account = a.counter_account
            LEFT JOIN rate r ON r.day = $day AND r.currency = a.currency
            """,
            {
                "point": source.point,
                "batch": source.batch,
                "day": work.day,
                "refused": list(p.refused_countries),
                "unreachable": list(p.unreachable_banks),
            },
        )


def _due(work: Work, maturity: date, currency: str, late: bool) -> date:
    known = currency in work.parameters.rates
    calendars = (*work.calendars, *((market(currency).calendar,) if known else ()))
    first = working_after(work.day, calendars) if late else work.day
    return working_from(max(maturity, first), calendars)


# Foreign payments of the day with what they debit and credit, by the agreed rate or that of the day.
_MOVED = (
    "SELECT p.*, o.currency AS debit_currency, coalesce(p.agreed_rate, f.rate) AS rate,"
    " own_credit.account AS credit_to,"
    " coalesce(own_credit.currency, p.currency) AS credit_currency,"
    " if(o.currency = p.currency, p.amount,"
    " converted(p.amount, coalesce(p.agreed_rate, f.rate), t.rate, o.currency)) AS debit_amount,"
    " if(coalesce(own_credit.currency, p.currency) = p.currency, p.amount,"
    " converted(p.amount, f.rate, c.rate, own_credit.currency)) AS credit_amount,"
    " converted($fee, 1, t.rate, o.currency) AS fee"
    " FROM payment p JOIN account o ON o.account = p.own_account"
    " LEFT JOIN account own_credit ON own_credit.account = p.counter_account AND NOT own_credit.own"
    " JOIN rate f ON f.day = $day AND f.currency = p.currency JOIN rate t ON t.day = $day AND t.currency = o.currency"
    " LEFT JOIN rate c ON c.day = $day AND c.currency = own_credit.currency"
    " WHERE p.kind = 'foreign'"
)


def hold(work: Work) -> None:
    """Test funds for the payments due: those with funds are in processing and hold them, the others are rejected (302).

    It is the only test: a payment is not tried again.
    """
    if not any_payment(work, "kind = 'foreign' AND state = 'RV' AND due <= $day", day=work.day):
        return
    reject_closed(work, foreign=True)
    given: dict[str, object] = {"day": work.day, "fee": work.parameters.foreign_fee}
    due = f"SELECT payment_id, own_account, NULL, debit_amount + fee AS needed, 0 FROM ({_MOVED}) WHERE state = 'RV'"
    waiting = work.store.rows(f"{due} AND due <= $day ORDER BY payment_id", given)
    done = pa.table({"payment_id": pa.array(covered(waiting, available(work)), pa.int64())})
    with work.store.lent(done=done):
        work.store.do(
            "UPDATE payment SET state = 'PR', held = m.needed, changed_on = $day"
            f" FROM ({due}) m JOIN done USING (payment_id) WHERE payment.payment_id = m.payment_id",
            given,
        )
    work.store.do(
        f"UPDATE payment SET state = 'ER', reason = {Why.FUNDS}, changed_on = $day"
        " WHERE kind = 'foreign' AND state = 'RV' AND due <= $day",
        {"day": work.day},
    )


def agree_rate(work: Work, point: int, order_id: int, rate: Decimal) -> None:
    """Record the rate (national currency for one unit) agreed for a payment; Refused when none waits for it."""
    row = work.store.row(
        "SELECT payment_id FROM payment WHERE point = $point AND order_id = $order_id AND state = 'PR'"
        " AND asked_rate IS NOT NULL AND agreed_rate IS NULL",
        {"point": point, "order_id": order_id},
    )
    if row is None:
        raise Refused(f"no payment {order_id} waits for an agreed rate")
    if not 0 < rate < _RATE_END or rate != rate.quantize(_RATE_STEP):
        raise BadArgument(f"a rate is more than 0, less than {_RATE_END}, with at most 8 decimals, not {rate}")
    (payment_id,) = row
    given = {"id": payment_id, "rate": rate}
    work.store.do("UPDATE payment SET agreed_rate = $rate WHERE payment_id = $id", given)
    work.store.do(
        f"UPDATE payment SET held = m.debit_amount + m.fee FROM ({_MOVED} AND p.payment_id = $id) m"
        " WHERE payment.payment_id = m.payment_id",
        {"id": payment_id, "day": work.day, "fee": work.parameters.foreign_fee},
    )


def discard_not_agreed(work: Work) -> None:
    """Reject the payments of earlier days for which no rate was agreed."""
    work.store.do(
        f"UPDATE payment SET state = 'ER', reason = {Why.SYSTEM}, reason_text = $text, held = 0, changed_on = $day"
        " WHERE kind = 'foreign' AND state = 'PR' AND asked_rate IS NOT NULL AND agreed_rate IS NULL AND due < $day",
        {"text": NOT_AGREED, "day": work.day},
    )


def execute(work: Work, *, evening: bool) -> None:
    """Book the payments in processing: in the evening those to the bank's own customers, else the others.

    One that asked for a rate waits until it is agreed.
    """
    if not any_payment(work, "kind = 'foreign' AND state = 'PR'"):
        return
    given: dict[str, object] = {"day": work.day, "fee": work.parameters.foreign_fee}
    ready = (
        f"SELECT * FROM ({_MOVED} AND p.state = 'PR' AND (p.asked_rate IS NULL OR p.agreed_rate IS NOT NULL))"
        f" WHERE (credit_to IS NOT NULL) = {evening}"
    )
    ids = work.store.table(f"SELECT payment_id FROM ({ready}) ORDER BY payment_id", given)
    if not ids.num_rows:
        return
    with work.store.lent(done=ids):
        chosen = f"({_MOVED}) JOIN done USING (payment_id)"
        book(
            work,
            "SELECT (payment_id, 0) AS sort, kind, payment_id, own_account AS debited, own_name AS debited_name,"
            " counter_account AS credited, counter_name AS credited_name, amount, currency,"
            " if(debit_currency = currency AND credit_currency = currency, NULL, rate) AS rate, variable_symbol,"
            " constant_symbol, specific_symbol, message, end_to_end_id, own_account AS debit_account, debit_amount,"
            f" debit_currency, coalesce(credit_to, '{CLEARING} ' || currency) AS credit_account, credit_amount,"
            f" credit_currency FROM {chosen} UNION ALL BY NAME"
            " SELECT (payment_id, 1) AS sort, 'fee' AS kind, payment_id, own_account AS debited,"
            f" '{FEES} ' || debit_currency AS credited, fee AS amount, debit_currency AS currency,"
            " 'Foreign payment' AS message, own_account AS debit_account, fee AS debit_amount, debit_currency,"
            f" '{FEES} ' || debit_currency AS credit_account, fee AS credit_amount, debit_currency AS credit_currency"
            f" FROM {chosen} WHERE fee > 0",
            **given,
        )
        work.store.do(
            "UPDATE payment SET state = 'OK', held = 0, changed_on = $day FROM done"
            " WHERE payment.payment_id = done.payment_id",
            {"day": work.day},
        )
