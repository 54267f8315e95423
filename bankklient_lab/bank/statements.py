"""What clients learn of their accounts: statements of a closed day (camt.053) with the orders rejected on it."""

from __future__ import annotations

from datetime import date
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.bank.answers import answers_on, send
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.formats import format_named
from bankklient_lab.formats.base import StatementSet
from bankklient_lab.formats.batches import MESSAGES_MAX, STATEMENT_MESSAGE, Message
from bankklient_lab.formats.camt_write import write
from bankklient_lab.formats.order_answers import write_status
from bankklient_lab.formats.schema import SCHEMAS, Kind

# ruff: noqa: S608 - every text below is our own

STATEMENT_FORMATS = ("camt.053", "mt940", "gpc")
_WITHOUT_CURRENCY = "gpc"  # such a file does not name the currency of an account without entries
CODES = {  # what the account is debited with, credited with
    "payment": ("PMNT/ICDT/DMCT", "PMNT/RCDT/DMCT"),
    "collection": ("PMNT/RDDT/PMDD", "PMNT/IDDT/PMDD"),
    "foreign": ("PMNT/ICDT/XBCT", "PMNT/RCDT/XBCT"),
    "incoming": ("PMNT/ICDT/DMCT", "PMNT/RCDT/DMCT"),
    "from_abroad": ("PMNT/ICDT/XBCT", "PMNT/RCDT/XBCT"),
    "fee": ("ACMT/MDOP/FEES", "ACMT/MCOP/FEES"),
    "interest": ("ACMT/MDOP/INTR", "ACMT/MCOP/INTR"),
    "deposit": ("PMNT/ICDT/BOOK", "PMNT/RCDT/BOOK"),
    "penalty": ("ACMT/MDOP/CHRG", "ACMT/MCOP/CHRG"),
    "forward": ("FORX/FWRD/OTHR", "FORX/FWRD/OTHR"),
    "opening": ("ACMT/MDOP/OTHR", "ACMT/MCOP/OTHR"),
}

# The movements of clients' accounts in the accounting days [$since, $until], each seen from its account's side.
ENTRIES = (
    "SELECT a.account, a.point, b.transaction_id, b.booked_at, b.kind, b.day AS booking_day, b.day AS value_day,"
    " s.amount, s.currency, 'BOOK' AS status, false AS reversal,"
    " if(is_debit, b.credited_name, b.debited_name) AS counterparty_name,"
    " if(is_debit, b.credited, b.debited) AS other, if(contains(other, ' '), NULL, other) AS counterparty_account,"
    " b.variable_symbol, b.constant_symbol, b.specific_symbol, b.end_to_end_id,"
    " b.transaction_id::VARCHAR AS bank_reference,"
    " if(o.own_account = a.account AND b.kind <> 'fee', o.order_id, NULL)::VARCHAR AS client_reference, CASE b.kind "
    + " ".join(f"WHEN '{kind}' THEN if(is_debit, '{debit}', '{credit}')" for kind, (debit, credit) in CODES.items())
    + " END AS transaction_code, b.message AS remittance,"
    " if(b.currency <> s.currency, b.amount, NULL) AS original_amount,"
    " if(b.currency <> s.currency, b.currency, NULL) AS original_currency,"
    " if(b.currency <> s.currency, trim(b.rate::VARCHAR, '0'), NULL) AS rate_text,"
    " if(starts_with(rate_text, '.'), '0' || rate_text, rtrim(rate_text, '.')) AS exchange_rate, 0 AS detail_count"
    " FROM (SELECT *, amount < 0 AS is_debit FROM posting WHERE day BETWEEN $since AND $until) s"
    " JOIN account a ON a.account = s.account AND a.point IS NOT NULL"
    " JOIN booking b USING (transaction_id) LEFT JOIN payment o ON o.payment_id = b.payment_id"
)
_STATEMENTS = (
    "SELECT row_number() OVER (ORDER BY c.account) AS statement_no, false AS interim, c.account, $bic AS bank,"
    " a.currency, a.name AS account_name, c.number::VARCHAR AS number, $reference AS reference,"
    " $created_at AS created_at, coalesce(p.day + 1, $day) AS first_day, $day AS last_day,"
    " coalesce(p.amount, 0) AS opening, coalesce(p.day, $day) AS opening_day, c.amount AS closing, $day AS closing_day"
    " FROM closing c JOIN account a USING (account) LEFT JOIN closing p ON p.account = c.account"
    " AND p.day = (SELECT max(day) FROM closing WHERE day < $day)"
    " WHERE c.day = $day AND a.point = $point AND c.number > 0 ORDER BY c.account"
)


def make_statements(work: Work) -> None:
    """Send each client the statements of the day that was closed, in a batch of type 1."""
    for (point,) in work.store.rows("SELECT point FROM client ORDER BY point"):
        data = statements_of(work, point, work.day)
        if not data.statements.num_rows:
            continue
        messages = [Message(STATEMENT_MESSAGE, b"".join(write(data))), *_rejected(work, point)]
        for start in range(0, len(messages), MESSAGES_MAX):
            send(work, point, BatchType.DOMESTIC, messages[start : start + MESSAGES_MAX])


def statements_of(work: Work, point: int, day: date) -> StatementSet:
    """Return the statements of a client's accounts for a day that was closed; without rows for another day."""
    given = {
        "point": point, "day": day, "bic": work.parameters.bic, "reference": f"{day:%Y%m%d}",
        "created_at": work.at.isoformat(timespec="seconds"),
    }  # fmt: skip
    statements = conformed(work.store.table(_STATEMENTS, given), Kind.STATEMENT)
    with work.store.lent(numbered=statements):
        entries = work.store.table(
            "SELECT n.statement_no, row_number() OVER (PARTITION BY n.statement_no ORDER BY e.transaction_id) AS"
            f" entry_no, e.* FROM ({ENTRIES}) e JOIN numbered n USING (account) ORDER BY 1, 2",
            {"since": min(statements["first_day"].to_pylist(), default=day), "until": day},
        )
    return StatementSet(statements, conformed(entries, Kind.ENTRY))


def statement_file(work: Work, point: int, day: date, format_name: str, currency: str = "") -> bytes:
    """Return the statements of a day as a file (STATEMENT_FORMATS), or those in one currency.

    GPC needs the currency, BadArgument without it. UnknownName for a day without any.
    """
    if format_name not in STATEMENT_FORMATS:
        raise UnknownName("format of statements", format_name, f"there are {', '.join(STATEMENT_FORMATS)}")
    if format_name == _WITHOUT_CURRENCY and not currency:
        raise BadArgument("a GPC file does not name the currency of an account without bookings; give the currency")
    data = statements_of(work, point, day)
    if currency:
        data = _in_currency(data, currency)
    if not data.statements.num_rows:
        raise UnknownName("day with statements", day.isoformat(), f"for connection point {point}")
    format_ = format_named(format_name)
    assert format_.write is not None
    return b"".join(format_.write(format_.fit(data) if format_.fit else data))


def _in_currency(data: StatementSet, currency: str) -> StatementSet:
    statements = data.statements.filter(pc.equal(data.statements["currency"], currency))
    chosen = pc.is_in(data.entries["statement_no"], value_set=statements["statement_no"].combine_chunks())
    return StatementSet(statements, data.entries.filter(chosen))


def conformed(table: pa.Table, kind: Kind) -> pa.Table:
    """Return a table in the schema of a kind of record; columns that it lacks are null."""
    schema = SCHEMAS[kind]
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _rejected(work: Work, point: int) -> list[Message]:
    """Return the domestic orders rejected on the day, which come back with its statements (TRN-141)."""
    rejected = "p.point = $point AND p.state = 'ER' AND p.kind <> 'foreign' AND p.changed_on = $day"
    found = answers_on(work, rejected, point=point, day=work.day)
    batches = groupby(found, key=lambda one: one.batch)
    return [
        write_status(batch, [one.answer for one in orders], f"{work.day:%Y%m%d}-{at}", work.at)
        for at, (batch, orders) in enumerate(batches, start=1)
    ]
