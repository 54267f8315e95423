"""The lists of services: requests with what became of them, and the records that the bank has."""

from __future__ import annotations

from datetime import datetime

from bankklient_lab.actions import action, table_action
from bankklient_lab.codebooks import name_sql
from bankklient_lab.codebooks.codes import Sent
from bankklient_lab.codebooks.services import Item, ServiceKind
from bankklient_lab.errors import UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.services import status
from bankklient_lab.services.requests import SEES, demand, kind_named
from bankklient_lab.services.status import REQUESTS_WITH_STATUS, status_in

# ruff: noqa: S608 - every text below is made of our own declarations

ALL, OPEN, HISTORY, TO_CONFIRM, UNPROCESSED, PROCESSED = (
    "all", "open", "history", "to_confirm", "unprocessed", "processed"
)  # fmt: skip
SETS = {
    ALL: "true",
    OPEN: status_in(status.OPEN),  # creation: no batch has taken them
    TO_CONFIRM: "status = 'CR'",
    HISTORY: f"NOT {status_in(status.OPEN)}",
    UNPROCESSED: status_in(status.UNDER_WAY),
    PROCESSED: status_in(status.OVER),
}
_TYPES = {"amount": "DECIMAL(18,3)", "day": "DATE", "rate": "DECIMAL(5,2)", "exchange_rate": "DECIMAL(18,8)"}


@table_action(SEES)
def service_requests(lab: Lab, kind: str, which: str = ALL) -> Read:
    """Return the requests of a kind, the newest first.

    `which` is one of all, open (no batch has taken them), to_confirm, history (from balancing on), unprocessed and
    processed (of the history).

    Columns: request_id, version (to be given to what decides on it), request (new, correction, revocation), status (CR
    created, CO confirmed, E wrong, NS, SE, RV, OK, ER, DE), errors (of E: numbers of rules, with spaces), record (the
    bank's name of it), batch_order (rrrrnnnn), error_code, error (its meaning), answer (the bank's words), the items of
    the kind (of a correction what it changes), created_by, created_at, changed_by and changed_at (of its last
    correction, before one of its creation), confirmed_by, confirmed_at, sent_by (who sent its batch first).
    """
    of = seen_kind(lab, kind, "service_requests")
    if which not in SETS:
        raise UnknownName("set of requests", str(which)[:30], f"there are {', '.join(SETS)}")
    return lab.read(
        f"SELECT request_id, version, request, status, errors, record, batch_order, error_code,"
        f" {name_sql('bank_rejections', 'error_code', name='meaning')} AS error, nullif(answer_text, '') AS answer,"
        f" {_items(of.asked)}, created_by, created_at, changed_by, changed_at, confirmed_by, confirmed_at,"
        f" (SELECT arg_min(done_by, done_at) FROM ops.batch_event e WHERE e.batch_id = r.batch_id"
        f" AND e.status = {Sent.TRANSFERRED}) AS sent_by"
        f" FROM {REQUESTS_WITH_STATUS} r WHERE kind = $kind AND {SETS[which]} ORDER BY request_id DESC",
        {"kind": of.name},
    )


@action(SEES, mode="standard")
def listed_at(lab: Lab, kind: str) -> datetime | None:
    """Return of when the records of a kind are; None while the bank has told of none."""
    rows = lab.rows(
        "SELECT told_at FROM ops.service_list WHERE kind = $kind", {"kind": seen_kind(lab, kind, "listed_at").name}
    )
    return rows[0][0] if rows else None


@table_action(SEES)
def service_records(lab: Lab, kind: str) -> Read:
    """Return the records of a kind as the bank told them last, those that are valid first.

    Columns: record (the bank's name of it), state (valid, ended, revoked), changeable, the items of the kind, told_at.
    """
    of = seen_kind(lab, kind, "service_records")
    return lab.read(
        f"SELECT record, state, changeable, {_items(of.recorded)}, told_at"
        " FROM ops.service_record JOIN ops.service_list USING (kind) WHERE kind = $kind"
        " ORDER BY state <> 'valid', length(record), record",
        {"kind": of.name},
    )


def seen_kind(lab: Lab, name: str, done: str) -> ServiceKind:
    """Return a kind that the caller may see; UnknownName, NotAllowed."""
    of = kind_named(name)
    demand(lab, of.rights.sees, done)
    return of


def _items(items: tuple[Item, ...]) -> str:
    """Return SQL for the items as columns of their types."""
    return ", ".join(
        f"nullif(items ->> '$.{one.name}', '')::{_TYPES.get(one.type, 'VARCHAR')} AS \"{one.name}\"" for one in items
    )
