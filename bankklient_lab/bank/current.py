"""The current state of a client's accounts and orders: a report of the day so far (camt.052) and a pain.002.

Booked movements since the last closing, funds held as pending ones; of orders those on their way and those rejected
today. It answers a question: it has no number, is not kept and need not be confirmed.
"""

from __future__ import annotations

from datetime import date

from bankklient_lab.bank.answers import answers_on
from bankklient_lab.bank.statements import ENTRIES, conformed
from bankklient_lab.bank.work import Work
from bankklient_lab.errors import UnknownName
from bankklient_lab.formats.base import StatementSet
from bankklient_lab.formats.batches import QUERY, REPORT_MESSAGE, Batch, Message, write_batch
from bankklient_lab.formats.camt_write import write_reports
from bankklient_lab.formats.order_answers import write_status
from bankklient_lab.formats.schema import Kind
from bankklient_lab.sealing.identity import BatchIdentity

# ruff: noqa: S608 - every text below is our own

_REPORTS = (
    "SELECT row_number() OVER (ORDER BY a.account) AS statement_no, true AS interim, a.account, $bic AS bank,"
    " a.currency, a.name AS account_name, $created_at AS created_at, v.amount AS booked, v.available AS free,"
    " if(s.postings > $entries, s.postings, NULL) AS declared_entries"
    " FROM account a JOIN available v USING (account) LEFT JOIN (SELECT account, count(*) AS postings FROM posting"
    " WHERE day > (SELECT day FROM last_closing) GROUP BY account) s USING (account)"
    " WHERE a.point = $point ORDER BY a.account"
)
_BALANCES = (
    "SELECT statement_no, balance_type, $day AS day, amount, currency FROM"
    " (SELECT statement_no, 'ITBD' AS balance_type, booked AS amount, currency FROM reports UNION ALL"
    " SELECT statement_no, 'ITAV', free, currency FROM reports) ORDER BY statement_no, balance_type DESC"
)
# The last movements of each account, in their order, then what is held for its orders.
_ENTRIES = (
    "SELECT r.statement_no, row_number() OVER (PARTITION BY r.statement_no ORDER BY pending, serial) AS entry_no, e.*"
    f" FROM (SELECT *, false AS pending, transaction_id AS serial FROM ({ENTRIES})"
    " QUALIFY row_number() OVER (PARTITION BY account ORDER BY transaction_id DESC) <= $entries UNION ALL BY NAME"
    " SELECT p.own_account AS account, $day AS booking_day, -p.held AS amount, a.currency, 'PDNG' AS status,"
    " false AS reversal, p.counter_name AS counterparty_name, p.order_id::VARCHAR AS client_reference,"
    " 'Hold' AS additional_info, true AS pending, p.payment_id AS serial FROM payment p"
    " JOIN account a ON a.account = p.own_account WHERE p.held > 0) e JOIN reports r USING (account) ORDER BY 1, 2"
)
_ON_THEIR_WAY = "p.point = $point AND (p.state IN ('RV', 'PR', 'IS') OR (p.state = 'ER' AND p.changed_on = $day))"


def current_state(work: Work, point: int) -> tuple[BatchIdentity, bytes]:
    """Return the payload for a client, in the form of a batch of type 0 and number 1; UnknownName without an account.

    Of a very busy account only its last movements are given (the parameter current_entries): the report says so by
    another number of entries than it has.
    """
    p = work.parameters
    created_at = work.at.isoformat(timespec="seconds")
    given = {"point": point, "bic": p.bic, "created_at": created_at, "entries": p.current_entries}
    reports = work.store.table(_REPORTS, given)
    if not reports.num_rows:
        raise UnknownName("client with an account", point)
    (closed,) = work.store.rows("SELECT day + 1 FROM last_closing")
    with work.store.lent(reports=reports):
        balances = work.store.table(_BALANCES, {"day": work.day})
        period = {"day": work.day, "since": closed[0], "until": date.max}
        entries = work.store.table(_ENTRIES, period | {"entries": p.current_entries})
    report = StatementSet(
        conformed(reports, Kind.STATEMENT), conformed(entries, Kind.ENTRY), conformed(balances, Kind.BALANCE)
    )
    answers = [one.answer for one in answers_on(work, _ON_THEIR_WAY, point=point, day=work.day)]
    messages = [
        Message(REPORT_MESSAGE, b"".join(write_reports(report))),
        write_status("current state", answers, f"{work.at:%Y%m%d%H%M%S}", work.at),
    ]
    identity = BatchIdentity(p.point, point, QUERY, work.day.year, 1)
    return identity, write_batch(Batch(identity, False, (), messages))
