"""Electronic documents: statements, advices of foreign payments and lists of receivables, told of, and sent on order.

No document is kept: what it says is in the ledger, or among the receivables that were taken over, which never change,
so it is made anew and has the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from bankklient_lab.bank.answers import send
from bankklient_lab.bank.papers import Paper, pdf
from bankklient_lab.bank.receivables import RECEIVABLE
from bankklient_lab.bank.statements import ENTRIES
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.formats.bank_files import BankFile, write_file
from bankklient_lab.formats.batches import MESSAGES_MAX, Message
from bankklient_lab.formats.camt_tags import plain
from bankklient_lab.formats.documents import (
    TEXT_CHARS_MAX,
    About,
    DocumentName,
    write_list,
    write_refusal,
)

# ruff: noqa: S608 - every text below is our own

STATEMENT, ADVICE, RECEIVABLES = "STM", "ADV", "ARF"
_TITLES = {STATEMENT: "Account statement", ADVICE: "Foreign payment advice", RECEIVABLES: "List of receivables"}
_ORDERED, _AUTOMATIC = ("electronic", "automatic"), "automatic"
_TOLD_AT_ONCE = 1_000  # in one message
# The documents of a closed day: an advice of each foreign payment, a list of the receivables of each account that were
# taken over, and a statement of each account as often as its client wants it, when the month ends, and when that was
# changed.
_NEW = (
    "INSERT INTO document SELECT 'ADV', b.debited, b.transaction_id, b.day, b.day FROM booking b"
    " JOIN account a ON a.account = b.debited AND a.point IS NOT NULL WHERE b.kind = 'foreign' AND b.day = $day"
    " UNION ALL SELECT 'ARF', account, year($day) * 1000000 + 1 + coalesce(made, 0), $day, $day FROM (SELECT DISTINCT"
    " account FROM receivable WHERE taken_on = $day) LEFT JOIN (SELECT account,"
    " count(*) AS made FROM document WHERE kind = 'ARF' AND year(day) = year($day) GROUP BY account) USING (account)"
    " UNION ALL SELECT 'STM', c.account, year($day) * 1000000 + 1 + coalesce(s.made, 0),"
    " coalesce(s.last_day + 1, least(a.opened, $day)), $day FROM closing c"
    " JOIN account a ON a.account = c.account AND a.point IS NOT NULL AND (a.closed IS NULL OR a.closed > $day)"
    " LEFT JOIN (SELECT account, max(day) AS last_day, count(*) FILTER (year(day) = year($day)) AS made FROM document"
    " WHERE kind = 'STM' GROUP BY account) s ON s.account = c.account WHERE c.day = $day AND ($ends_month"
    " OR a.frequency = 'daily' OR (a.frequency = 'weekly' AND $ends_week) OR a.parameters_changed = $day)"
)
_DOCUMENTS = (
    "SELECT a.point, a.documents, d.kind, d.account, d.number, d.first_day, d.day, a.currency, a.name,"
    " CASE d.kind WHEN 'STM' THEN c.amount WHEN 'ADV' THEN b.amount ELSE r.amount END,"
    " if(d.kind = 'ADV', b.currency, a.currency), b.credited_name, b.credited, b.rate, b.message"
    " FROM document d JOIN account a USING (account)"
    " LEFT JOIN closing c ON d.kind = 'STM' AND c.account = d.account AND c.day = d.day"
    " LEFT JOIN booking b ON d.kind = 'ADV' AND b.transaction_id = d.number"
    f" LEFT JOIN (SELECT account, taken_on, sum(amount) AS amount FROM ({RECEIVABLE}) GROUP BY ALL) r"
    " ON d.kind = 'ARF' AND r.account = d.account AND r.taken_on = d.day"
)


class _Document(NamedTuple):
    """A document with what it says: `amount` is the closing balance, what was paid, as ordered, or what is owed."""

    point: int
    delivery: str
    kind: str
    account: str
    number: int
    first_day: date
    day: date
    currency: str
    account_name: str
    amount: Decimal
    amount_currency: str
    payee: str | None
    payee_account: str | None
    rate: Decimal | None
    message: str | None

    @property
    def name(self) -> DocumentName:
        return DocumentName(self.kind, self.account, self.day, str(self.number))

    @property
    def sum(self) -> str:
        return f"{plain(self.amount, self.amount_currency)} {self.amount_currency}"


def make_documents(work: Work) -> None:
    """Make the documents of the day that was closed and tell their clients; automatic ones go along."""
    work.store.do(_NEW, {"day": work.day, "ends_month": work.ends_month, "ends_week": work.ends_week})
    found = _documents(work, "d.day = $day", day=work.day)
    for point, told in groupby(found, key=lambda one: one.point):
        made = list(told)
        parts = [made[start : start + _TOLD_AT_ONCE] for start in range(0, len(made), _TOLD_AT_ONCE)]
        messages = [write_list([_about(one) for one in part]) for part in parts]
        _send(work, point, [*messages, *(_file(work, one) for one in made if one.delivery == _AUTOMATIC)])


def deliver(work: Work, point: int, names: Sequence[DocumentName]) -> None:
    """Answer an order with the documents, or with the reason for which one does not come."""
    _send(work, point, [_answer(work, point, name) for name in names])


def _answer(work: Work, point: int, name: DocumentName) -> Message:
    found = _documents(
        work, "a.point = $point AND d.kind = $kind AND d.account = $account AND d.day = $day AND d.number = $number",
        point=point, kind=name.kind, account=name.account, day=name.day, number=int(name.number),
    )  # fmt: skip
    if not found or found[0].name != name:
        return write_refusal(name, "there is no such document of yours")
    if found[0].delivery not in _ORDERED:
        return write_refusal(name, "documents of this account are mailed or handed over in person")
    return _file(work, found[0])


def _send(work: Work, point: int, messages: Sequence[Message]) -> None:
    """Send messages in one batch, or in several when they are too many or larger than the bank's limit."""
    batch: list[Message] = []
    for message in messages:
        size = sum(len(one.content) for one in batch) + len(message.content)
        if batch and (len(batch) == MESSAGES_MAX or size > work.parameters.document_batch_bytes):
            send(work, point, BatchType.DOCUMENTS, batch)
            batch = []
        batch.append(message)
    if batch:
        send(work, point, BatchType.DOCUMENTS, batch)


def _documents(work: Work, condition: str, **given: object) -> list[_Document]:
    """Return the documents of a condition over `d` (document) and `a` (account), by client."""
    sql = f"{_DOCUMENTS} WHERE {condition} ORDER BY a.point, d.kind DESC, d.account, d.number"
    return [_Document(*row) for row in work.store.rows(sql, given)]


def _about(one: _Document) -> About:
    if one.kind == STATEMENT:
        more = f"from {one.first_day} to {one.day}"
    elif one.kind == RECEIVABLES:
        more = f"taken over on {one.day}"
    else:
        more = ", ".join(filter(None, (one.payee, one.message)))
    return About(one.name, one.day, one.delivery in _ORDERED, one.sum, " ".join(more.split())[:TEXT_CHARS_MAX])


def _file(work: Work, one: _Document) -> Message:
    paper = {STATEMENT: _statement, ADVICE: _advice, RECEIVABLES: _receivables}[one.kind](work, one)
    return write_file(BankFile(one.name.file_name, pdf(paper, work.hours.instant(one.day, work.parameters.closing))))


def _statement(work: Work, one: _Document) -> Paper:
    entries = work.store.rows(
        "SELECT booking_day, coalesce(counterparty_name, counterparty_account, ''), coalesce(remittance, ''), amount"
        f" FROM ({ENTRIES}) WHERE account = $account ORDER BY transaction_id",
        {"account": one.account, "since": one.first_day, "until": one.day},
    )
    opening = one.amount - sum((amount for *_, amount in entries), Decimal(0))
    facts = (
        ("Account", f"{one.account}, {one.account_name}"),
        ("Period", f"{one.first_day} to {one.day}"),
        ("Opening balance", f"{plain(opening, one.currency)} {one.currency}"),
        ("Closing balance", one.sum),
    )
    lines = [(str(day), name, text, plain(amount, one.currency)) for day, name, text, amount in entries]
    return Paper(f"{_TITLES[STATEMENT]} {one.number}", work.parameters.name, facts, lines)


def _receivables(work: Work, one: _Document) -> Paper:
    rows = work.store.rows(
        "SELECT name, due, debtor_name, coalesce('credit note ' || symbol || ' to ' || original, 'invoice ' || symbol),"
        f" amount FROM ({RECEIVABLE}) WHERE account = $account AND taken_on = $day ORDER BY receivable_id",
        {"account": one.account, "day": one.day},
    )
    facts = (
        ("Account", f"{one.account}, {one.account_name}"),
        ("Taken over on", str(one.day)),
        ("Sum", one.sum),
    )
    lines = [(due, debtor, f"{name}: {text}", plain(amount, one.currency)) for name, due, debtor, text, amount in rows]
    return Paper(f"{_TITLES[RECEIVABLES]} {one.number}", work.parameters.name, facts, lines)


def _advice(work: Work, one: _Document) -> Paper:
    facts = (
        ("Account", f"{one.account}, {one.account_name}"),
        ("Booked on", str(one.day)),
        ("Amount", one.sum),
        ("Exchange rate", f"{one.rate.normalize():f}" if one.rate else ""),
        ("Paid to", ", ".join(filter(None, (one.payee, one.payee_account)))),
        ("Text", one.message or ""),
    )
    return Paper(f"{_TITLES[ADVICE]} {one.number}", work.parameters.name, [fact for fact in facts if fact[1]], ())
