"""Payments of others to the bank's customers, which arrive at moments that a scenario sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa

from bankklient_lab.bank.ledger import CLEARING, book
from bankklient_lab.bank.work import Work
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.money import exact

# ruff: noqa: S608 - every text below is our own


class Incoming(NamedTuple):
    """A payment to an account of the bank, in the account's currency; `arrives_at` is an instant."""

    arrives_at: datetime
    account: str
    amount: Decimal
    payer_account: str | None = None
    payer_name: str | None = None
    variable_symbol: str | None = None
    message: str | None = None


def expect(work: Work, payments: Sequence[Incoming]) -> None:
    """Store payments that are to arrive; BadArgument for one not in the future or without an amount."""
    for payment in payments:
        if payment.arrives_at <= work.at or exact(payment.amount) <= 0:
            raise BadArgument(f"a payment arrives in the future and has an amount, not {payment.amount}")
    known: dict[str, str] = dict(work.store.rows("SELECT account, currency FROM account WHERE NOT own"))
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
                "INSERT INTO incoming SELECT"
                " (SELECT coalesce(max(incoming_id), 0) FROM incoming) + row_number() OVER (),"
                f" {', '.join(fields)}, false FROM expected"
            )


def arrive(work: Work) -> None:
    """Book the payments that have arrived."""
    book(
        work,
        "SELECT incoming_id AS sort, 'incoming' AS kind, NULL AS payment_id,"
        f" '{CLEARING} ' || currency AS debit_account, coalesce(payer_account, debit_account) AS debited,"
        " payer_name AS debited_name, account AS credited, a.name AS credited_name, i.amount, currency, NULL AS rate,"
        " variable_symbol, NULL AS constant_symbol, NULL AS specific_symbol, message, NULL AS end_to_end_id,"
        " i.amount AS debit_amount, currency AS debit_currency, account AS credit_account, i.amount AS credit_amount,"
        " currency AS credit_currency FROM incoming i JOIN account a USING (account)"
        " WHERE NOT booked AND arrives_at <= $at AND coalesce(a.closed > $day, true)",  # else it goes back
        at=work.at,
        day=work.day,
    )
    work.store.do("UPDATE incoming SET booked = true WHERE NOT booked AND arrives_at <= $at", {"at": work.at})
