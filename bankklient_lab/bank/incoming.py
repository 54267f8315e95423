"""Payments of others to the bank's customers, which arrive at moments that a scenario sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa

from bankklient_lab.bank.ledger import CLEARING, FEES, book
from bankklient_lab.bank.work import Work
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.formats.foreign_details import BEARERS
from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.money import exact

# ruff: noqa: S608 - every text below is our own


class Incoming(NamedTuple):
    """A payment to an account of the bank; `arrives_at` is an instant, `currency` None: that of the account.

    It comes from abroad when its currency is not the bank's own, its payer has a foreign IBAN, or `payer_bank` (a BIC)
    is given. Then the account is charged, unless the payer bears all charges (`charge_bearer` DEBT).
    """

    arrives_at: datetime
    account: str
    amount: Decimal
    payer_account: str | None = None
    payer_name: str | None = None
    variable_symbol: str | None = None
    message: str | None = None
    currency: str | None = None
    payer_address: str | None = None
    payer_bank: str | None = None
    charge_bearer: str = "DEBT"


def expect(work: Work, payments: Sequence[Incoming]) -> None:
    """Store payments that are to arrive; BadArgument for one not in the future or without an amount.

    UnknownName for an account, a currency or a bearer of charges that there is not.
    """
    p = work.parameters
    for payment in payments:
        if payment.arrives_at <= work.at or exact(payment.amount) <= 0:
            raise BadArgument(f"a payment arrives in the future and has an amount, not {payment.amount}")
        if payment.currency not in (None, p.currency, *p.rates):
            raise UnknownName("currency", str(payment.currency), f"there are {', '.join([p.currency, *p.rates])}")
        if payment.charge_bearer not in BEARERS:
            raise UnknownName("bearer of charges", payment.charge_bearer, f"there are {', '.join(BEARERS)}")
    known: dict[str, str] = dict(work.store.rows("SELECT account, currency FROM account WHERE NOT own AND NOT deposit"))
    unknown = sorted({payment.account for payment in payments} - set(known))
    if unknown:
        raise UnknownName("account", unknown[0])
    fields = Incoming._fields
    columns = dict(zip(fields, zip(*payments, strict=True), strict=True)) if payments else {}
    types = {"arrives_at": pa.timestamp("us", "UTC"), "amount": AMOUNT}
    table = pa.table({name: pa.array(values, types.get(name, pa.string())) for name, values in columns.items()})
    if payments:
        with work.store.lent(expected=table):
            work.store.do(
                "INSERT INTO incoming BY NAME SELECT"
                " (SELECT coalesce(max(incoming_id), 0) FROM incoming) + row_number() OVER () AS incoming_id,"
                " e.* REPLACE (coalesce(e.currency, a.currency) AS currency), 0 AS fee, false AS booked,"
                " coalesce(e.currency, a.currency) <> $own OR payer_bank IS NOT NULL"
                " OR coalesce(regexp_matches(payer_account, '^[A-Z]{2}[0-9]{2}')"
                " AND NOT starts_with(payer_account, $country), false) AS abroad"
                " FROM expected e JOIN account a USING (account)",
                {"own": p.currency, "country": p.country},
            )


# Payments that are to be booked now, those to an account that was closed meanwhile go back, with what they bring.
_ARRIVED = (
    "SELECT i.*, a.name, a.currency AS account_currency, if(i.currency = a.currency, i.amount,"
    " converted(i.amount, f.rate, t.rate, a.currency)) AS equivalent, if(i.currency = a.currency, NULL, f.rate)"
    " AS rate,"
    " if(abroad AND charge_bearer <> 'DEBT', least(converted($fee, 1, t.rate, a.currency), equivalent), 0)"
    "::DECIMAL(18,3) AS charged FROM incoming i JOIN account a USING (account)"
    " JOIN rate f ON f.day = $day AND f.currency = i.currency JOIN rate t ON t.day = $day AND t.currency = a.currency"
    " WHERE NOT booked AND arrives_at <= $at AND coalesce(a.closed > $day, true)"
)


def arrive(work: Work) -> None:
    """Book the payments that have arrived, then the charges for those from abroad."""
    given: dict[str, object] = {"at": work.at, "day": work.day, "fee": work.parameters.incoming_fee}
    arrived = work.store.table(f"SELECT *, row_number() OVER (ORDER BY incoming_id) AS place FROM ({_ARRIVED})", given)
    before = work.store.row("SELECT coalesce(max(transaction_id), 0) FROM booking")
    assert before is not None
    with work.store.lent(arrived=arrived):
        book(
            work,
            "SELECT place AS sort, if(abroad, 'from_abroad', 'incoming') AS kind, NULL AS payment_id,"
            f" '{CLEARING} ' || currency AS debit_account, coalesce(payer_account, debit_account) AS debited,"
            " payer_name AS debited_name, account AS credited, name AS credited_name, amount, currency, rate,"
            " variable_symbol, NULL AS constant_symbol, NULL AS specific_symbol, message, NULL AS end_to_end_id,"
            " amount AS debit_amount, currency AS debit_currency, account AS credit_account,"
            " equivalent AS credit_amount, account_currency AS credit_currency FROM arrived",
        )
        # Transactions are numbered in the order of `sort`.
        work.store.do(
            "UPDATE incoming SET transaction_id = $before + place, fee = charged FROM arrived"
            " WHERE incoming.incoming_id = arrived.incoming_id",
            {"before": before[0]},
        )
        book(
            work,
            "SELECT place AS sort, 'fee' AS kind, NULL AS payment_id, account AS debited, name AS debited_name,"
            f" '{FEES} ' || account_currency AS credited, NULL AS credited_name, charged AS amount,"
            " account_currency AS currency, NULL AS rate, NULL AS variable_symbol, NULL AS constant_symbol,"
            " NULL AS specific_symbol, 'Payment from abroad' AS message, NULL AS end_to_end_id,"
            " account AS debit_account, charged AS debit_amount, account_currency AS debit_currency,"
            f" '{FEES} ' || account_currency AS credit_account, charged AS credit_amount,"
            " account_currency AS credit_currency FROM arrived WHERE charged > 0",
        )
    work.store.do("UPDATE incoming SET booked = true WHERE NOT booked AND arrives_at <= $at", {"at": work.at})
