"""The ledger: transactions whose postings add up to zero in each currency, appended and never changed."""

from __future__ import annotations

from datetime import date

from bankklient_lab.bank.work import Work
from bankklient_lab.calendars import working_after, working_from
from bankklient_lab.codebooks.services import ENDED

# ruff: noqa: S608 - every text below is our own

CLEARING, POSITION, FEES, INTEREST, CAPITAL = "CLEARING", "POSITION", "FEES", "INTEREST", "CAPITAL"
OWN_ACCOUNTS = (CLEARING, POSITION, FEES, INTEREST, CAPITAL)

# Columns that a query for `book` gives besides `sort`: the booking's, then the accounts of the ledger and what each is
# moved by in its own currency. The parties of a booking may have their accounts elsewhere.
COLUMNS = (
    "kind", "payment_id", "debited", "debited_name", "credited", "credited_name", "amount", "currency", "rate",
    "variable_symbol", "constant_symbol", "specific_symbol", "message", "end_to_end_id",
    "debit_account", "debit_amount", "debit_currency", "credit_account", "credit_amount", "credit_currency",
)  # fmt: skip
_BOOKING = COLUMNS[:-6]


def book(work: Work, query: str, **given: object) -> int:
    """Book a transaction for each row of a query (COLUMNS and `sort`, the order), and return how many there were.

    Where the accounts are in two currencies the bank's positions in both stand between them.
    """
    columns = ", ".join(COLUMNS)
    work.store.do(
        "CREATE OR REPLACE TEMP TABLE to_book AS SELECT"
        " (SELECT coalesce(max(transaction_id), 0) FROM booking) + row_number() OVER (ORDER BY sort) AS transaction_id,"
        f" {columns} FROM ({query})",
        given,
    )
    work.store.do(
        f"INSERT INTO booking (transaction_id, day, booked_at, {', '.join(_BOOKING)})"
        f" SELECT transaction_id, $day, $at, {', '.join(_BOOKING)} FROM to_book ORDER BY transaction_id",
        {"day": _accounting_day(work), "at": work.at},
    )
    changed = "debit_currency <> credit_currency"
    work.store.do(
        "INSERT INTO posting SELECT transaction_id, line, account, currency, amount, $day FROM ("
        " SELECT transaction_id, 1 AS line, debit_account AS account, debit_currency AS currency,"
        " -debit_amount AS amount FROM to_book UNION ALL"
        " SELECT transaction_id, 2, credit_account, credit_currency, credit_amount FROM to_book UNION ALL"
        f" SELECT transaction_id, 3, '{POSITION} ' || debit_currency, debit_currency, debit_amount"
        f" FROM to_book WHERE {changed} UNION ALL"
        f" SELECT transaction_id, 4, '{POSITION} ' || credit_currency, credit_currency, -credit_amount"
        f" FROM to_book WHERE {changed}) ORDER BY transaction_id, line",
        {"day": _accounting_day(work)},
    )
    found = work.store.row("SELECT count(*) FROM to_book")
    assert found is not None
    return int(found[0])


def _accounting_day(work: Work) -> date:
    """Return the day that is booked on: today while it is a working day and not closed, else the next working day."""
    closed = work.store.row("SELECT 1 FROM closing WHERE day = $day LIMIT 1", {"day": work.day})
    return working_after(work.day, work.calendars) if closed else working_from(work.day, work.calendars)


def columns_between(kind: str, debited: str, credited: str, text: str) -> str:
    """Return COLUMNS for a movement of `amount` in `currency` between two accounts, each given as SQL."""
    empty = "debited_name, credited_name, rate, variable_symbol, constant_symbol, specific_symbol, end_to_end_id"
    nothing = ", ".join(f"NULL AS {name}" for name in ("payment_id", *empty.split(", ")))
    return (
        f"'{kind}' AS kind, {nothing}, {debited} AS debited, {credited} AS credited, amount, currency,"
        f" '{text}' AS message, {debited} AS debit_account, amount AS debit_amount, currency AS debit_currency,"
        f" {credited} AS credit_account, amount AS credit_amount, currency AS credit_currency"
    )


# Queries that must return no row.
INVARIANTS = {
    "ledger sums to zero": (
        "SELECT transaction_id, currency, sum(amount) FROM posting GROUP BY ALL HAVING sum(amount) <> 0"
    ),
    "every transaction has its postings": (
        "SELECT transaction_id FROM booking b FULL JOIN (SELECT transaction_id FROM posting GROUP BY ALL) p"
        " USING (transaction_id) WHERE b.transaction_id IS NULL OR p.transaction_id IS NULL"
    ),
    "postings are in the currency of their account": (
        "SELECT transaction_id, line FROM posting p LEFT JOIN account a USING (account)"
        " WHERE a.currency IS DISTINCT FROM p.currency"
    ),
    "an order is executed once, if it is done, and never otherwise": (
        "SELECT payment_id FROM payment p LEFT JOIN (SELECT payment_id, count(*) AS times FROM booking"
        " WHERE payment_id IS NOT NULL AND kind <> 'fee' GROUP BY ALL) b USING (payment_id)"
        " WHERE coalesce(times, 0) <> if(state = 'OK', 1, 0)"
    ),
    "a forward deal is booked once, if it is settled, and never otherwise": (
        "SELECT own_account, recipient, amount, currency FROM ("
        " SELECT debited AS own_account, credited AS recipient, amount, currency, 1 AS times FROM booking"
        " WHERE kind = 'forward' UNION ALL"
        " SELECT items ->> '$.own_account', items ->> '$.recipient_account', (items ->> '$.amount')::DECIMAL(18,3),"
        f" items ->> '$.currency', -1 FROM forward_deal WHERE state = '{ENDED}') GROUP BY ALL HAVING sum(times) <> 0"
    ),
    "funds are held for orders in processing only": "SELECT payment_id FROM payment WHERE held <> 0 AND state <> 'PR'",
    "closing balances are sums of postings": (
        "SELECT c.day, account FROM closing c WHERE c.amount <>"
        " (SELECT coalesce(sum(p.amount), 0) FROM posting p WHERE p.account = c.account AND p.day <= c.day)"
    ),
    "numbers of batches have no gap": (
        "SELECT sender, batch_type, year FROM received WHERE state <> 'parked' GROUP BY ALL"
        " HAVING max(number) <> count(*)"
    ),
}
