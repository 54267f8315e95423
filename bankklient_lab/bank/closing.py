"""The end of an accounting day: fees and interest when a month ends, and the balances of all accounts."""

from __future__ import annotations

from datetime import date, timedelta

from bankklient_lab.bank.ledger import FEES, INTEREST, book, columns_between
from bankklient_lab.bank.work import Work

# ruff: noqa: S608 - every text below is our own

_DAYS_OF_YEAR = 365
_CLIENTS = (
    "account a JOIN rate r ON r.day = $day AND r.currency = a.currency WHERE a.point IS NOT NULL AND NOT a.deposit"
)


def end_month(work: Work) -> None:
    """On the last working day of a month: charge for accounts, and pay or charge interest on their balances."""
    day, p = work.day, work.parameters
    if not work.ends_month:
        return
    open_accounts = f"{_CLIENTS} AND (a.closed IS NULL OR a.closed > $day)"
    charged = columns_between("fee", "account", f"'{FEES} ' || currency", "Account fee")
    book(
        work,
        f"SELECT account AS sort, {charged} FROM (SELECT a.account, a.currency,"
        f" converted($fee, 1, r.rate, a.currency) AS amount FROM {open_accounts}) WHERE amount > 0",
        day=day, fee=p.month_fee,
    )  # fmt: skip
    _interest(work, day)


def _interest(work: Work, day: date) -> None:
    """Book interest from the last closing of the month before up to today, each balance until the next closing."""
    p = work.parameters
    first = work.store.row("SELECT coalesce(max(day), $none) FROM closing WHERE day < $first", {
        "first": day.replace(day=1), "none": day - timedelta(days=31),
    })  # fmt: skip
    assert first is not None
    balances = (
        "SELECT account, c.amount > 0 AS earns, abs(c.amount) * 1000"
        " * (lead(day, 1, $day) OVER (PARTITION BY account ORDER BY day) - day) AS mill_days"
        " FROM closing c WHERE day BETWEEN $first AND $day"
    )
    interest = (
        "SELECT account, currency, earns, quotient(mill_days::HUGEINT * (if(earns, $credit, $debit) * 100)::HUGEINT,"
        f" {_DAYS_OF_YEAR * 10_000}::HUGEINT, unit_mills(currency)) AS amount FROM"
        f" (SELECT account, currency, earns, sum(mill_days) AS mill_days FROM ({balances}) JOIN account USING (account)"
        " WHERE point IS NOT NULL AND NOT deposit GROUP BY ALL)"
    )
    given = {"day": day, "first": first[0], "credit": p.credit_interest, "debit": p.debit_interest}
    bank = f"'{INTEREST} ' || currency"
    paid = columns_between("interest", bank, "account", "Credit interest")
    charged = columns_between("interest", "account", bank, "Debit interest")
    book(
        work,
        f"SELECT (account, 0) AS sort, {paid} FROM ({interest}) WHERE earns AND amount > 0 UNION ALL BY NAME"
        f" SELECT (account, 1) AS sort, {charged} FROM ({interest}) WHERE NOT earns AND amount > 0",
        **given,
    )


def close_accounts(work: Work) -> None:
    """Store the balance of every account, numbered within the year for those of clients until they are closed."""
    work.store.do(
        "INSERT INTO closing SELECT $day, b.account, b.amount,"
        " if(a.point IS NULL OR coalesce(a.closed < $day, false), 0, 1 + (SELECT count(*) FROM closing c"
        " WHERE c.account = b.account AND c.number > 0 AND year(c.day) = year($day)))"
        " FROM balance b JOIN account a USING (account) ORDER BY b.account",
        {"day": work.day},
    )
