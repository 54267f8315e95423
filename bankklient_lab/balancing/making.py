"""Balancing: confirmed orders become signed batches, all of them or none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bankklient_lab.balancing.batch_record import insert_batch, last_number
from bankklient_lab.balancing.content import Frozen, Head
from bankklient_lab.balancing.document_orders import WAITS
from bankklient_lab.balancing.record_types import (
    DOCUMENTS,
    MESSAGES,
    NUMBER_MAX,
    ORDERS,
    REQUESTS,
    REVOKED,
    TYPES,
    RecordType,
    demand_way,
    records,
)
from bankklient_lab.balancing.remote_backup import changed_settings
from bankklient_lab.balancing.signing import begin_signatures
from bankklient_lab.balancing.summaries import DIGEST
from bankklient_lab.codebooks.codes import BatchType, Revocation
from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.evidence import unproved
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.steps import step_all
from bankklient_lab.sealing.configuration import Backup, written_backup
from bankklient_lab.sealing.container import agreed_format
from bankklient_lab.sealing.identity import BatchIdentity

# ruff: noqa: S608 - every text below is made of our own declarations

# Returns the detached signature of an identity and the SHA-256 of a payload, made at an instant.
Sign = Callable[[BatchIdentity, bytes, datetime], bytes]


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that is open, and what signs with it."""

    key_id: int
    sign: Sign


@dataclass(frozen=True, slots=True)
class _Balancing:
    """One balancing under way."""

    lab: Lab
    cursor: Any
    number: int
    sender: int
    recipient: int
    record_format: str
    signer: Signer


def make_batches(lab: Lab, chosen: Mapping[str, str], signer: Signer, *, which: str) -> dict[str, Any]:
    """Put the ready records of the chosen types into batches, as `balance` says."""
    with lab.database.tx("ops") as cursor:
        step = demand_way(lab, which, "balance")
        types = _chosen(chosen)
        _take(lab, cursor, step, types, chosen)
        wrong = unproved(cursor, "balancing_order")
        if wrong:
            raise Refused(f"order {wrong[0]} does not say what was confirmed ({wrong[1]}); nothing was balanced")
        balancing = _begun(lab, cursor, signer)
        batches = [batch for number, one in types for batch in _batches(balancing, number, one)]
        backup = _back_up(balancing)
        created = ", ".join(str(number) for number, one in types if one.what == ORDERS)
        step_all(lab, cursor, step, f"balancing_order WHERE step_no IN ({created or 'NULL'})")
        begin_signatures(lab, cursor, [batch["batch_id"] for batch in batches], signer.key_id)
        told = [f"{batch['batch_type']} {batch['batch_order']}" for batch in batches]
        orders = sum(batch["orders"] for batch in batches)
        lab.log(cursor, "balance", str(balancing.number), which=which, batches=told, orders=orders)
        cursor.execute("DROP TABLE balancing_order")
    return {"balancing": balancing.number, "orders": orders, "batches": batches, "remote_backup": backup}


def _chosen(chosen: Mapping[str, str]) -> list[tuple[int, RecordType]]:
    """Return the chosen types with their places, in the fixed order."""
    known = [one.name for one in TYPES]
    for name in chosen:
        if name not in known:
            raise UnknownName("type of record", name, f"there are {', '.join(known)}")
    if not chosen:
        raise Refused("no type of record was chosen; there is nothing to balance")
    return [(number, one) for number, one in enumerate(TYPES, start=1) if one.name in chosen]


def _take(lab: Lab, cursor: Any, step: str, types: list[tuple[int, RecordType]], chosen: Mapping[str, str]) -> None:
    """Put the records that are ready into a table, in shares of a batch each; Refused when they are not the agreed."""
    cursor.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE balancing_order AS
        SELECT step_no, record_type, record_id AS order_id, record_id, version, ready,
            (row_number() OVER (PARTITION BY step_no ORDER BY record_id) - 1) // batch_max AS share
        FROM ({records(lab, step)}) WHERE ready AND list_contains($types, record_type)
        """,
        {"types": list(chosen)},
    )
    found = dict(cursor.execute(f"SELECT record_type, {DIGEST} FROM balancing_order GROUP BY record_type").fetchall())
    for _, one in types:
        if one.name not in found:
            raise Refused(f"{one.label.lower()}: there is nothing to balance any more; look at the summary again")
        if found[one.name] != chosen[one.name]:
            raise Refused(f"{one.label.lower()} have changed since their summary; look at it again")


def _begun(lab: Lab, cursor: Any, signer: Signer) -> _Balancing:
    points = {
        role: (point, encrypted)
        for role, point, encrypted in cursor.execute(
            "SELECT role, point, encrypted FROM ops.connection_point"
        ).fetchall()
    }
    ((number,),) = cursor.execute("SELECT coalesce(max(balancing), 0) + 1 FROM ops.batch").fetchall()
    (own, _), (bank, encrypted) = points["own"], points["bank"]
    return _Balancing(lab, cursor, number, own, bank, agreed_format(encrypted=encrypted), signer)


def _batches(balancing: _Balancing, step_no: int, one: RecordType) -> list[dict[str, Any]]:
    """Make the batches of one type, numbered one after the other."""
    cursor = balancing.cursor
    year = bank_day(balancing.lab).year
    ((shares,),) = cursor.execute("SELECT max(share) + 1 FROM balancing_order WHERE step_no = ?", [step_no]).fetchall()
    last = last_number(cursor, balancing.recipient, one.batch_type, year)
    if last + shares > NUMBER_MAX:
        raise Refused(
            f"{one.label.lower()}: the numbers 1 to {NUMBER_MAX} of batches of type {one.batch_type} are used up in"
            f" {year}; nothing was balanced"
        )
    made = []
    for share in range(shares):
        identity = BatchIdentity(balancing.sender, balancing.recipient, one.batch_type, year, last + share + 1)
        orders = f"(SELECT order_id FROM balancing_order WHERE step_no = {step_no} AND share = {share})"
        head = Head(identity, one.priority)
        made.append(_keep(balancing, head, one.freeze(balancing.lab, cursor, head, orders), one.what))
    return made


def _keep(balancing: _Balancing, head: Head, content: Frozen, what: str) -> dict[str, Any]:
    """Keep a batch as `_keep_payload` does, with what becomes of its records."""
    identity = head.identity
    batch_id = _keep_payload(balancing, head, content.payload, len(content.order_ids))
    _TAKEN[what](balancing.lab, balancing.cursor, batch_id, content.order_ids)
    return {
        "batch_id": batch_id, "batch_type": identity.batch_type, "batch_order": identity.order,
        "file_name": identity.file_name(balancing.record_format), "priority": head.priority,
        "orders": len(content.order_ids),
    }  # fmt: skip


def _keep_payload(balancing: _Balancing, head: Head, payload: bytes, records: int) -> int:
    """Keep a batch with its frozen payload, its signature and the first event of its protocol; return its number."""
    lab, cursor = balancing.lab, balancing.cursor
    digest = hashlib.sha256(payload)
    batch_id = insert_batch(
        lab, cursor, "send", head.identity, digest.hexdigest(), record_format=balancing.record_format,
        priority=head.priority, records=records, balancing=balancing.number,
    )  # fmt: skip
    cursor.execute("INSERT INTO ops.batch_content VALUES (?, ?)", [batch_id, payload])
    now = lab.clock()
    signature = balancing.signer.sign(head.identity, digest.digest(), now)
    cursor.execute(
        "INSERT INTO ops.batch_signature VALUES (?, ?, ?, ?, ?)",
        [batch_id, balancing.signer.key_id, signature, lab.caller.reference, now],
    )
    return batch_id


def _back_up(balancing: _Balancing) -> dict[str, Any] | None:
    """Make a remote backup of the settings when they have changed; None when they have not."""
    lab, cursor = balancing.lab, balancing.cursor
    settings = changed_settings(lab, cursor)
    if settings is None:
        return None
    year = bank_day(lab).year
    number = last_number(cursor, balancing.recipient, BatchType.REMOTE_BACKUP, year) + 1
    if number > NUMBER_MAX:
        raise Refused(f"the numbers of remote backups are used up in {year}; nothing was balanced")
    identity = BatchIdentity(balancing.sender, balancing.recipient, BatchType.REMOTE_BACKUP, year, number)
    payload = written_backup(Backup(identity.line, settings))
    batch_id = _keep_payload(balancing, Head(identity, priority=False), payload, len(settings))
    return {
        "batch_id": batch_id, "batch_type": identity.batch_type, "batch_order": identity.order,
        "records": len(settings),
    }  # fmt: skip


def _send(lab: Lab, cursor: Any, batch_id: int, order_ids: list[int]) -> None:
    """Keep the orders of a batch as sent ones; those of a domestic batch are watched until the bank settles them."""
    cursor.execute(
        "INSERT INTO ops.sent_order BY NAME SELECT unnest($ids::BIGINT[]) AS order_id,"
        " generate_subscripts($ids::BIGINT[], 1)::INTEGER AS position, $batch AS batch_id,"
        " (SELECT batch_type = $domestic FROM ops.batch WHERE batch_id = $batch) AS in_process,"
        " $none AS revocation, 0 AS settled, $now AS changed_at",
        {
            "ids": order_ids,
            "batch": batch_id,
            "now": lab.clock(),
            "domestic": BatchType.DOMESTIC,
            "none": Revocation.NOT_INCLUDED,
        },
    )


def _revoke(lab: Lab, cursor: Any, batch_id: int, order_ids: list[int]) -> None:
    """Note of orders in process that a batch asks to revoke them."""
    cursor.execute(
        "UPDATE ops.sent_order SET revocation = $ready, revocation_batch = $batch, changed_at = $now"
        " WHERE order_id IN (SELECT unnest($ids::BIGINT[]))",
        {"ready": Revocation.READY, "batch": batch_id, "now": lab.clock(), "ids": order_ids},
    )


def _post(lab: Lab, cursor: Any, batch_id: int, message_ids: list[int]) -> None:
    """Keep the messages of a batch as sent ones."""
    cursor.execute(
        "UPDATE ops.client_message SET batch_id = $batch, version = version + 1, changed_at = $now"
        " WHERE message_id IN (SELECT unnest($ids::BIGINT[]))",
        {"batch": batch_id, "now": lab.clock(), "ids": message_ids},
    )


def _order(lab: Lab, cursor: Any, batch_id: int, document_ids: list[int]) -> None:
    """Keep the orders of documents of a batch as sent ones."""
    cursor.execute(
        f"UPDATE ops.document_order SET batch_id = $batch, changed_at = $now WHERE {WAITS}"
        " AND document_id IN (SELECT unnest($ids::INTEGER[]))",
        {"batch": batch_id, "now": lab.clock(), "ids": document_ids},
    )


def _ask(lab: Lab, cursor: Any, batch_id: int, request_ids: list[int]) -> None:
    """Keep the requests of a batch as sent ones."""
    del lab  # nobody corrects them by this, so they are as of before
    cursor.execute(
        "UPDATE ops.service_request SET batch_id = $batch, version = version + 1"
        " WHERE request_id IN (SELECT unnest($ids::INTEGER[]))",
        {"batch": batch_id, "ids": request_ids},
    )


_TAKEN = {ORDERS: _send, REVOKED: _revoke, MESSAGES: _post, DOCUMENTS: _order, REQUESTS: _ask}
