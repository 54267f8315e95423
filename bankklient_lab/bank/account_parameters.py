"""Parameters of clients' accounts that they change: how documents come, how often, and who is told by e-mail."""

from __future__ import annotations

from bankklient_lab.bank.granting import NotGranted
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import Rejection as Why
from bankklient_lab.codebooks.services import ENDED, VALID
from bankklient_lab.formats.services import ServiceRecord

_AUTOMATIC = "automatic"
_DELIVERIES = {"mail": "by mail", "person": "personally", "electronic": "electronically"}
_CODES = {said: code for code, said in _DELIVERIES.items()}


def change(work: Work, number: int, items: dict[str, str]) -> None:
    """Change the parameters of an account; delivery and frequency once in a calendar month."""
    account = f"{work.parameters.country}{number:022d}"
    (before,) = _records(work, "a.account = $account", account=account)
    if items["automatic"] == "yes" and items["delivery"] != _DELIVERIES["electronic"]:
        raise NotGranted(Why.FORMAL, "automatic delivery needs electronic documents")
    changed = any(items[name] != before.items[name] for name in ("delivery", "frequency"))
    row = work.store.row("SELECT parameters_changed FROM account WHERE account = $account", {"account": account})
    if changed and row and row[0] and (row[0].year, row[0].month) == (work.day.year, work.day.month):
        raise NotGranted(Why.OPERATION, "delivery and frequency are changed once in a calendar month")
    work.store.do(
        "UPDATE account SET documents = $documents, frequency = $frequency, emails = $emails,"
        " parameters_changed = if($changed, $day, parameters_changed) WHERE account = $account",
        {
            "documents": _AUTOMATIC if items["automatic"] == "yes" else _CODES[items["delivery"]],
            "frequency": items["frequency"], "emails": items.get("emails", ""), "changed": changed, "day": work.day,
            "account": account,
        },
    )  # fmt: skip


def records(work: Work, point: int) -> list[ServiceRecord]:
    """Return the parameters of a client's accounts."""
    return _records(work, "a.point = $point", point=point)


def _records(work: Work, condition: str, **given: object) -> list[ServiceRecord]:
    rows = work.store.rows(
        "SELECT account, closed IS NOT NULL, deposit, documents, frequency, emails FROM account a"  # noqa: S608 - ours
        f" WHERE {condition} ORDER BY account",
        given,
    )
    found = []
    for account, closed, deposit, documents, frequency, emails in rows:
        automatic = documents == _AUTOMATIC
        items = {
            "own_account": account, "delivery": _DELIVERIES["electronic" if automatic else documents],
            "frequency": frequency, "automatic": "yes" if automatic else "no",
        } | ({"emails": emails} if emails else {})  # fmt: skip
        found.append(ServiceRecord(account, ENDED if closed else VALID, not (closed or deposit), items))
    return found
