"""Requests for services of the bank: entered, corrected, confirmed, deleted and copied until balancing (table T5).

Their status is created (CR) or confirmed (CO), and from balancing on that of their batch until the bank says more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from bankklient_lab.actions import action
from bankklient_lab.codebooks.services import AGREEMENT, CORRECTION, KINDS, NEW, VALID, ServiceKind
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.keys.points import BANK, FOLDER, point_of
from bankklient_lab.lab import Lab
from bankklient_lab.orders.content import rows_of
from bankklient_lab.orders.numbers import BANK_ZONE, bank_day
from bankklient_lab.orders.steps import Outcome, check_chosen
from bankklient_lab.orders.unfinished import values_of
from bankklient_lab.rights.permissions import needed
from bankklient_lab.services.checking import checked_items, checked_revocation
from bankklient_lab.services.receivable_rules import RECEIVABLE
from bankklient_lab.services.receivables import again
from bankklient_lab.services.status import LAST_NUMBER, OVER, REQUESTS_WITH_STATUS, status_in
from bankklient_lab.store.literals import literal

# ruff: noqa: S608 - every text below is made of our own declarations


class _Wish(NamedTuple):
    """What is asked for: a request on a kind, for a new record ("") or for one that the bank has."""

    of: ServiceKind
    request: str
    record: str = ""


# Any kind's; which kind's is asked for as soon as that is known.
SEES, CREATES, DECIDES, DELETES = (
    "" if "" in asked else "|".join(sorted(asked))
    for asked in (
        {getattr(kind.rights, name) for kind in KINDS.values()} for name in ("sees", "creates", "decides", "deletes")
    )
)
ID_MAX = 999_999_999
# Whoever asks the bank itself: what everybody sees, only those who change it.
ASKS = "|".join(sorted({kind.rights.sees or kind.rights.creates for kind in KINDS.values()}))
ONCE_A_MONTH = {"delivery", "frequency"}  # of account parameters


@action(CREATES)
def create_service_request(
    lab: Lab, kind: str, values: dict[str, Any], *, request: str = NEW, record: str = ""
) -> dict[str, Any]:
    """Enter a request and return request_id and status: CR, or CO for whoever confirms own requests at once.

    `kind` and the names of `values` are those of codebooks.services. A correction or revocation names the bank's
    `record`, which is valid and changeable and waits for nothing else; a correction gives what is to change ("" takes
    an item away), a revocation nothing. BadArgument with the item for a wrong value, WrongOrder for numbered rules that
    are broken, UnknownName for a kind, an item or a record that there is not, Refused for what is there or asked for
    already, and while the bank is reached by a folder.
    """
    wish = _Wish(kind_named(kind), request, record)
    demand(lab, wish.of.rights.creates, "create_service_request")
    if request not in wish.of.requests:
        raise UnknownName("request", str(request)[:30], f"there are {', '.join(wish.of.requests)}")
    if point_of(lab, BANK).channel == FOLDER:
        raise Refused("the bank is reached by a folder, and takes no requests from there")
    with lab.database.tx("ops") as cursor:
        return _keep(lab, cursor, wish, _asked(lab, cursor, wish, values), "create_service_request")


@action(CREATES)
def copy_service_request(lab: Lab, request_id: int, values: dict[str, Any] | None = None) -> dict[str, Any]:
    """Enter a new request with what another new one says, but for `values`; as `create_service_request`."""
    with lab.database.tx("ops") as cursor:
        found = stored_request(cursor, request_id)
        demand(lab, KINDS[found["kind"]].rights.creates, "copy_service_request")
        if found["request"] != NEW:
            raise Refused(f"request {request_id} is a {found['request']}; only one for a new record is copied")
        wish = _Wish(KINDS[found["kind"]], NEW)
        items = _asked(lab, cursor, wish, {**_entered(wish.of, found, copied=True), **(values or {})})
        return _keep(lab, cursor, wish, items, "copy_service_request")


@action(DECIDES, record="request_id")
def correct_service_request(
    lab: Lab, request_id: int, values: dict[str, Any], *, version: int | None = None
) -> dict[str, Any]:
    """Correct a new request or a correction that no batch has taken; it is created (or confirmed) as at the beginning.

    Of a revocation nothing can be changed. `version` is the one that was seen. Refused for one that has gone or was
    changed since, else as `create_service_request`.
    """
    with lab.database.tx("ops") as cursor:
        found = _open_request(cursor, request_id)
        if version is not None and version != found["version"]:
            raise Refused(f"request {request_id} was changed meanwhile; look at it again")
        of = KINDS[found["kind"]]
        demand(lab, of.rights.decides, "correct_service_request")
        if not of.corrected:
            raise Refused(f"a request for a {of.label.lower()} is not corrected; delete it and make another one")
        if found["request"] not in (NEW, CORRECTION):
            raise Refused(f"request {request_id} revokes {found['record']}; there is nothing to correct, delete it")
        before = _entered(of, found)
        wish = _Wish(of, found["request"], found["record"] or "")
        listed = _record(cursor, of, wish.record) if wish.record else None
        items = checked_items(lab, cursor, of, {**before, **values}, corrects=listed)
        _demand_once(lab, cursor, wish, items, but=request_id)
        confirmed = _confirms_itself(lab, of)
        cursor.execute(
            "UPDATE ops.service_request SET items = $items, errors = '', confirmed = $confirmed, version = version + 1,"
            " changed_by = $me, changed_at = $now, confirmed_by = if($confirmed, $me, NULL),"
            " confirmed_at = if($confirmed, $now, NULL) WHERE request_id = $id",
            {"items": _as_kept(items), "confirmed": confirmed, "id": request_id, **_who(lab)},
        )
        lab.log(cursor, "correct_service_request", str(request_id), kind=of.name)
    return {"request_id": request_id, "status": "CO" if confirmed else "CR"}


@action(DECIDES)
def confirm_service_requests(lab: Lab, request_ids: list[int], *, versions: list[int] | None = None) -> dict[str, Any]:
    """Confirm created requests; others stay, counted by reason (done, skipped, reasons), one alone is Refused.

    `versions` are those that were seen, one for each request: when somebody has changed one of them meanwhile, all is
    Refused. UnknownName for a request that there is not.
    """
    return _decide(
        lab, "confirm_service_requests", (request_ids, versions),
        "CASE WHEN errors <> '' THEN 'it breaks rules; correct it' WHEN confirmed THEN 'it is confirmed already' END",
        "confirmed = true, confirmed_by = $me, confirmed_at = $now",
    )  # fmt: skip


@action(DECIDES)
def unconfirm_service_requests(
    lab: Lab, request_ids: list[int], *, versions: list[int] | None = None
) -> dict[str, Any]:
    """Take confirmations back; the rest as in `confirm_service_requests`."""
    return _decide(
        lab, "unconfirm_service_requests", (request_ids, versions),
        f"CASE WHEN NOT confirmed THEN 'it is not confirmed' WHEN kind IN ({_AGREED}) THEN 'it was agreed to'"
        f" WHEN kind IN ({_UNDECIDED}) THEN 'it needs no confirmation' END",
        "confirmed = false, confirmed_by = NULL, confirmed_at = NULL",
    )  # fmt: skip


@action(DELETES)
def delete_service_requests(lab: Lab, request_ids: list[int], *, versions: list[int] | None = None) -> dict[str, Any]:
    """Delete requests that no batch has taken; the rest as in `confirm_service_requests`."""
    return _remove(lab, "delete_service_requests", (request_ids, versions), _TAKEN)


@action(DELETES)
def clear_service_requests(lab: Lab, request_ids: list[int], *, versions: list[int] | None = None) -> dict[str, Any]:
    """Delete processed requests from the history, which does not touch the bank (SRV-004); others stay as above."""
    return _remove(
        lab, "clear_service_requests", (request_ids, versions),
        f"CASE WHEN NOT {status_in(OVER)} THEN 'it is not processed' END",
    )  # fmt: skip


def kind_named(name: str) -> ServiceKind:
    """Return a kind of request; UnknownName."""
    if name not in KINDS:
        raise UnknownName("kind of request", str(name)[:40], f"there are {', '.join(KINDS)}")
    return KINDS[name]


def demand(lab: Lab, permission: str, done: str) -> None:
    """Raise NotAllowed unless the caller has the permission of a kind."""
    lab.rights.demand(lab.caller, needed(permission), done)


def stored_request(cursor: Any, request_id: int) -> dict[str, Any]:
    """Return a request with its status; UnknownName."""
    found = cursor.execute(
        f"FROM {REQUESTS_WITH_STATUS} WHERE request_id = ?", [request_id if 0 < request_id <= ID_MAX else 0]
    )
    for row in rows_of(found):
        return row
    raise UnknownName("request", str(request_id)[:30], "`bankklient services requests` shows them")


_AGREED = ", ".join(literal(kind.name) for kind in KINDS.values() if kind.agreed)
_UNDECIDED = ", ".join(literal(kind.name) for kind in KINDS.values() if not kind.decided)
_TAKEN = "CASE WHEN batch_id IS NOT NULL THEN 'it is in a batch' END"


def _asked(lab: Lab, cursor: Any, wish: _Wish, values: Mapping[str, Any]) -> dict[str, str]:
    """Return what a request keeps, when it can be made."""
    if wish.request == NEW:
        if wish.record:
            raise BadArgument("a request for a new record names none", parameter="record")
        items = checked_items(lab, cursor, wish.of, values)
        _demand_once(lab, cursor, wish, items)
        return items
    listed = _record(cursor, wish.of, wish.record)
    _demand_free(cursor, wish.of, wish.record)
    if wish.request == CORRECTION:
        items = checked_items(lab, cursor, wish.of, values, corrects=listed)
        _demand_once(lab, cursor, wish, items)
        return items
    return checked_revocation(lab, cursor, wish.of, values, listed)


def _entered(of: ServiceKind, found: Mapping[str, Any], *, copied: bool = False) -> dict[str, str]:
    """Return what people entered in a request; what follows from it, and what they agreed to, comes anew."""
    if of.name == RECEIVABLE.name:
        return again(values_of(found["items"]), copied=copied)
    entered = {item.name for item in of.entered(found["request"])} - ({AGREEMENT} if of.agreed else set())
    return {name: text for name, text in values_of(found["items"]).items() if name in entered}


def _record(cursor: Any, of: ServiceKind, record: str) -> dict[str, str]:
    """Return what the bank says of a record; UnknownName, Refused for one that can't be changed."""
    row = cursor.execute(
        "SELECT state, changeable, items FROM ops.service_record WHERE kind = ? AND record = ?", [of.name, record]
    ).fetchone()
    if row is None:
        raise UnknownName(of.label.lower(), str(record)[:30], "the list from the bank shows them")
    state, changeable, items = row
    if state != VALID or not changeable:
        why = f"is {state}" if state != VALID else "can't be changed here, the bank says"
        raise Refused(f"{of.label.lower()} {record} {why}")
    return values_of(items)


def _demand_free(cursor: Any, of: ServiceKind, record: str) -> None:
    row = cursor.execute(
        f"SELECT request_id FROM {REQUESTS_WITH_STATUS} WHERE kind = ? AND record = ? AND NOT {status_in(OVER)}",
        [of.name, record],
    ).fetchone()
    if row:
        raise Refused(f"request {row[0]} already changes {record}; wait for the bank's answer or delete it")


def _demand_only(_lab: Lab, cursor: Any, wish: _Wish, items: Mapping[str, str], but: int) -> None:
    """Refuse a second permission for one recipient to collect from an account, valid or asked for (SRV-084)."""
    row = cursor.execute(
        f"""
        SELECT what FROM (
            SELECT items, 'permitted collection ' || record AS what FROM ops.service_record
            WHERE kind = $kind AND state = 'valid'
            UNION ALL SELECT items, 'request ' || request_id FROM {REQUESTS_WITH_STATUS}
            WHERE kind = $kind AND request = 'new' AND NOT {status_in(OVER)} AND request_id <> $but)
        WHERE (items ->> '$.own_account') = $own AND (items ->> '$.counter_account') = $counter LIMIT 1
        """,
        {"kind": wish.of.name, "own": items["own_account"], "counter": items["counter_account"], "but": but},
    ).fetchone()
    if row:
        raise Refused(f"{row[0]} is there for this account and recipient; correct that one")


def _demand_first_of_month(lab: Lab, cursor: Any, wish: _Wish, items: Mapping[str, str], but: int) -> None:
    """Refuse a second change of an account's delivery or frequency in a calendar month (SRV-188)."""
    if not items.keys() & ONCE_A_MONTH:
        return
    changes = " OR ".join(f"(items ->> '$.{name}') IS NOT NULL" for name in sorted(ONCE_A_MONTH))
    row = cursor.execute(
        f"SELECT request_id FROM {REQUESTS_WITH_STATUS} WHERE kind = $kind AND record = $record AND ({changes})"
        f" AND request_id <> $but AND NOT {status_in(('ER', 'DE'))}"
        " AND created_at AT TIME ZONE $zone >= date_trunc('month', $today::DATE)",
        {
            "kind": wish.of.name, "record": wish.record, "zone": BANK_ZONE, "today": bank_day(lab), "but": but,
        },
    ).fetchone()  # fmt: skip
    if row:
        raise Refused(f"request {row[0]} of this month changes it; delivery and frequency change once in a month")


# What a kind's new requests, and its corrections, must not repeat; the last is the request that is corrected itself.
_AT_MOST_ONCE: dict[tuple[str, str], Callable[[Lab, Any, _Wish, Mapping[str, str], int], None]] = {
    ("permitted_collection", NEW): _demand_only,
    ("account_parameters", CORRECTION): _demand_first_of_month,
}


def _demand_once(lab: Lab, cursor: Any, wish: _Wish, items: Mapping[str, str], *, but: int = 0) -> None:
    if (wish.of.name, wish.request) in _AT_MOST_ONCE:
        _AT_MOST_ONCE[wish.of.name, wish.request](lab, cursor, wish, items, but)


def _keep(lab: Lab, cursor: Any, wish: _Wish, items: Mapping[str, str], done: str) -> dict[str, Any]:
    ((last,),) = cursor.execute(LAST_NUMBER).fetchall()
    number, confirmed = int(last) + 1, _confirms_itself(lab, wish.of)
    cursor.execute(
        "INSERT INTO ops.service_request BY NAME SELECT $id AS request_id, 1 AS version, $kind AS kind,"
        " $request AS request, nullif($record, '') AS record, $confirmed AS confirmed, $items AS items,"
        " '' AS errors, NULL AS file_no, '' AS answer,"
        " '' AS answer_text, $me AS created_by, $now AS created_at, $me AS changed_by, $now AS changed_at,"
        " if($confirmed, $me, NULL) AS confirmed_by, if($confirmed, $now, NULL) AS confirmed_at",
        {
            "id": number, "kind": wish.of.name, "request": wish.request, "record": wish.record,
            "confirmed": confirmed, "items": _as_kept(items), **_who(lab),
        },
    )  # fmt: skip
    lab.log(cursor, done, str(number), kind=wish.of.name, request=wish.request)
    return {"request_id": number, "status": "CO" if confirmed else "CR"}


def _as_kept(items: Mapping[str, str]) -> str:
    return json.dumps(items, ensure_ascii=False)


def _who(lab: Lab) -> dict[str, Any]:
    return {"me": lab.caller.reference, "now": lab.clock()}


def _confirms_itself(lab: Lab, of: ServiceKind) -> bool:
    return needed(of.rights.confirms_itself).holds(lab.rights.held(lab.caller))


def _open_request(cursor: Any, request_id: int) -> dict[str, Any]:
    found = stored_request(cursor, request_id)
    if found["batch_id"] is not None:
        raise Refused(f"request {request_id} is in a batch; it can't be changed any more")
    return found


_Seen = tuple[list[int], list[int] | None]  # requests, and the version of each that was seen


def _decide(lab: Lab, done: str, seen: _Seen, reason: str, change: str) -> dict[str, Any]:
    with lab.database.tx("ops") as cursor:
        _demand_of_all(lab, cursor, "decides", seen, done)
        outcome = _chosen(cursor, seen, f"coalesce({_TAKEN}, {reason})")
        who = {"me": lab.caller.reference, "now": lab.clock()}
        cursor.execute(
            f"UPDATE ops.service_request SET {change}, version = version + 1 WHERE request_id IN"
            " (SELECT unnest($ids::INTEGER[]))",
            {"ids": outcome.ids} | {name: value for name, value in who.items() if f"${name}" in change},
        )
        lab.log(cursor, done, str(len(outcome.ids)), requests=outcome.ids)
    return outcome.as_dict()


def _remove(lab: Lab, done: str, seen: _Seen, reason: str) -> dict[str, Any]:
    with lab.database.tx("ops") as cursor:
        _demand_of_all(lab, cursor, "deletes", seen, done)
        outcome = _chosen(cursor, seen, reason)
        given = {"ids": outcome.ids}
        cursor.execute("INSERT INTO ops.used_request SELECT unnest($ids::INTEGER[])", given)
        cursor.execute("DELETE FROM ops.service_request WHERE request_id IN (SELECT unnest($ids::INTEGER[]))", given)
        lab.log(cursor, done, str(len(outcome.ids)), requests=outcome.ids)
    return outcome.as_dict()


def _demand_of_all(lab: Lab, cursor: Any, right: str, seen: _Seen, done: str) -> None:
    """Raise NotAllowed unless the caller has a right of every kind among the requests."""
    check_chosen(*seen, "request")
    kinds = cursor.execute(
        "SELECT DISTINCT kind FROM ops.service_request WHERE request_id IN (SELECT unnest($ids::BIGINT[]))",
        {"ids": seen[0]},
    ).fetchall()
    for (kind,) in kinds:
        demand(lab, getattr(KINDS[kind].rights, right), done)


def _chosen(cursor: Any, seen: _Seen, reason: str) -> Outcome:
    """Return which requests are chosen, and of the others how many are left and why (SQL over a request).

    UnknownName, and Refused when one was changed since it was seen.
    """
    request_ids, versions = seen
    outcome = Outcome()
    changed = (
        versions
        and cursor.execute(
            "SELECT min(request_id) FROM ops.service_request JOIN (SELECT unnest($ids::BIGINT[]) AS request_id,"
            " unnest($versions::BIGINT[]) AS seen) USING (request_id) WHERE version <> seen HAVING count(*) > 0",
            {"ids": request_ids, "versions": versions},
        ).fetchone()
    )
    if changed:
        raise Refused(f"request {changed[0]} was changed meanwhile; nothing was done, look at it again")
    rows = cursor.execute(
        f"SELECT r.request_id IS NOT NULL AS known, {reason} AS reason, list(c.id ORDER BY c.id)"
        " FROM (SELECT DISTINCT unnest($ids::BIGINT[]) AS id) c"
        f" LEFT JOIN {REQUESTS_WITH_STATUS} r ON r.request_id = c.id GROUP BY ALL ORDER BY known, reason",
        {"ids": request_ids},
    ).fetchall()
    for known, why, ids in rows:
        if not known:
            raise UnknownName("request", str(ids[0]), "`bankklient services requests` shows them")
        if why is None:
            outcome.ids += ids
        else:
            outcome.skip(why, len(ids))
    if len(request_ids) == 1 and outcome.skipped:
        raise Refused(f"request {request_ids[0]}: {next(iter(outcome.skipped))}")
    return outcome
