"""Batches that wait for signatures: their list, what is in them, and signing one of them (EL-014)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.balancing.batch_record import BATCH_ORDER
from bankklient_lab.balancing.signature_rights import SIGNS, same_person
from bankklient_lab.balancing.signing import count_signature, counting, missing, orders_of
from bankklient_lab.balancing.unsent import ID_MAX
from bankklient_lab.codebooks import name_sql
from bankklient_lab.codebooks.codes import Sent
from bankklient_lab.errors import Refused, SealBroken, UnknownName
from bankklient_lab.keys.choosing import balancing_key
from bankklient_lab.keys.points import BANK, OWN, point_of
from bankklient_lab.keys.register import PERSONAL, key_numbered, valid_key
from bankklient_lab.keys.unlocking import unlock
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.rights.permissions import needed
from bankklient_lab.sealing.container import check_signature, sign
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.store.checks import Outcome

# ruff: noqa: S608 - every text below is made of our own declarations

WAITING = (
    f"SELECT batch_id FROM ops.unsigned_batch SEMI JOIN (FROM ops.batch WHERE status = {Sent.CREATED}) USING (batch_id)"
)


@table_action(SIGNS)
def waiting_signatures(lab: Lab) -> Read:
    """Return the batches that wait for signatures and do not go out before they have them, the oldest first.

    Columns: batch_id, batch_type, type_name, batch_order (rrrrnnnn), orders, lacking (how many of them lack a
    signature), counts_for (for how many of these the caller's would count now; 0: it is for others to sign), signed_by
    (names and classes), created_by, created_at, sha256 (of the frozen payload: what is signed).
    """
    return lab.read(
        f"""
        WITH waiting AS ({WAITING}), lacking AS ({missing(WAITING)}), mine AS ({counting(WAITING)}),
        lacks AS (SELECT batch_id, count(*) AS orders FROM lacking GROUP BY batch_id),
        counts AS (
            SELECT batch_id, count(*) AS orders FROM mine SEMI JOIN lacking USING (batch_id, order_id)
            GROUP BY batch_id),
        signed AS (
            SELECT batch_id, string_agg(DISTINCT told, ', ' ORDER BY told) AS told FROM (
                SELECT batch_id, u.name || ' (' || signature_class || ')' AS told
                FROM ops.signed_order JOIN ops.user u USING (user_id)) GROUP BY batch_id)
        SELECT batch_id, batch_type, {name_sql("batch_types", "batch_type")} AS type_name,
            {BATCH_ORDER} AS batch_order,
            messages AS orders, coalesce(lacks.orders, 0) AS lacking, coalesce(counts.orders, 0) AS counts_for,
            coalesce(signed.told, '') AS signed_by, created_by, created_at, payload_sha256 AS sha256
        FROM ops.batch SEMI JOIN waiting USING (batch_id) LEFT JOIN lacks USING (batch_id)
        LEFT JOIN counts USING (batch_id) LEFT JOIN signed USING (batch_id) ORDER BY batch_id
        """,
        _caller(lab),
    )


@table_action(SIGNS)
def orders_to_sign(lab: Lab, batch_id: int) -> Read:
    """Return the orders of a batch that waits for signatures; none for another batch.

    Columns: order_id, kind, own_account (IBAN), counter_account, amount, currency, lacking (it lacks a signature),
    counts (the caller's would count).
    """
    one = f"SELECT batch_id FROM ({WAITING}) WHERE batch_id = {_within(batch_id)}"
    return lab.read(
        f"""
        SELECT o.order_id, o.kind, o.own_account, o.counter_account, o.amount, o.currency,
            l.order_id IS NOT NULL AS lacking, c.order_id IS NOT NULL AS counts
        FROM ({orders_of(one)}) o LEFT JOIN ({missing(one)}) l USING (order_id)
        LEFT JOIN ({counting(one)}) c ON c.order_id = o.order_id ORDER BY o.order_id
        """,
        _caller(lab),
    )


@table_action(SIGNS)
def sums_to_sign(lab: Lab, batch_id: int) -> Read:
    """Return orders and amount by currency of a batch that waits for signatures; none for another batch."""
    one = f"SELECT batch_id FROM ({WAITING}) WHERE batch_id = {_within(batch_id)}"
    return lab.read(
        f"SELECT currency, count(*) AS orders, sum(amount)::DECIMAL(18,3) AS amount FROM ({orders_of(one)})"
        " GROUP BY currency ORDER BY currency"
    )


@action(SIGNS, record="batch_id", steps=True, personal=True)
def sign_batch(lab: Lab, batch_id: int, sha256: str, password: str) -> dict[str, Any]:
    """Sign a batch that waits for signatures, by the caller's personal key; `password` is the key's.

    `sha256` is that of the payload which `waiting_signatures` told: what is signed is just that. Returns batch_type,
    batch_order, counted (for how many orders it counts) and lacking (how many still lack one; 0: the batch can go out).

    UnknownName for a batch that does not wait; Refused for another content, a person who has signed it already, also
    under another name, and one whose signature would count for no order. A wrong password is Refused and counted.
    """
    _check(lab, batch_id, sha256)
    key = balancing_key(lab)
    if not key.delivered:
        raise Refused(f"the bank does not have the {key.title} yet; deliver it before you sign")
    opened = unlock(lab, key.key_id, password)
    with lab.database.tx("ops") as cursor:
        lab.rights.demand(lab.caller, needed(SIGNS), "sign_batch")  # the key took its time
        identity, content = _check(lab, batch_id, sha256)
        now = lab.clock()
        cursor.execute(
            "INSERT INTO ops.batch_signature VALUES (?, ?, ?, ?, ?)",
            [batch_id, key.key_id, sign(identity, content, opened, now), lab.caller.reference, now],
        )
        counted = count_signature(lab, cursor, batch_id, key.key_id)
        ((lacking,),) = cursor.execute(f"SELECT count(*) FROM ({missing(f'SELECT {batch_id:d}')})").fetchall()
        name = f"{identity.batch_type} {identity.order}"
        lab.log(cursor, "sign_batch", name, sha256=sha256, orders=counted, lacking=lacking)
    return {
        "batch_type": identity.batch_type, "batch_order": identity.order, "counted": counted, "lacking": lacking,
    }  # fmt: skip


def check_signatures(lab: Lab, batch_id: int, identity: BatchIdentity, sha256: str) -> None:
    """Raise Refused unless each signature of a batch is that of its key over this identity and payload.

    It is asked before each sending, so that a signature put into the lab's file by hand brings nothing to the bank.
    """
    kept = lab.rows(
        "SELECT key_id, signature, signed_at FROM ops.batch_signature WHERE batch_id = $id", {"id": batch_id}
    )
    for key_id, signature, signed_at in kept:
        try:
            _verify(lab, identity, sha256, key_id=key_id, signature=bytes(signature), at=signed_at)
        except SealBroken as broken:
            name = f"{identity.batch_type} {identity.order}"
            raise Refused(f"a signature of batch {name} is not valid: {broken.message}; it is not sent") from None


def false_signatures(lab: Lab) -> Outcome:
    """Return the outcome of the check that every signature of a batch holds, whatever became of the batch."""
    own, bank = point_of(lab, OWN).point, point_of(lab, BANK).point
    kept = lab.rows(
        "SELECT batch_type, year, number, payload_sha256, key_id, signature, signed_at FROM ops.batch_signature"
        " JOIN ops.batch USING (batch_id) ORDER BY batch_id, key_id"
    )
    found = []
    for batch_type, year, number, sha256, key_id, signature, signed_at in kept:
        identity = BatchIdentity(own, bank, batch_type, year, number)
        try:
            _verify(lab, identity, sha256, key_id=key_id, signature=bytes(signature), at=signed_at)
        except (SealBroken, UnknownName) as broken:
            found.append(f"batch {batch_type} {identity.order}, key {key_id}: {broken.message}")
    sentence = "Every signature of a batch is that of its key over number and payload."
    return Outcome("batch_signatures", sentence, len(found), found[0] if found else "")


def _verify(lab: Lab, identity: BatchIdentity, sha256: str, *, key_id: int, signature: bytes, at: datetime) -> None:
    certificate = key_numbered(lab, key_id).certificate
    trust = {certificate.fingerprint: certificate}.get
    check_signature(signature, identity, bytes.fromhex(sha256), trust=trust, at=at)


def _check(lab: Lab, batch_id: int, sha256: str) -> tuple[BatchIdentity, bytes]:
    """Return identity and SHA-256 of the frozen payload of a batch that the caller can sign now."""
    found = lab.rows(
        f"SELECT batch_type, year, number, payload_sha256, payload FROM ops.batch"
        f" JOIN ops.batch_content USING (batch_id) WHERE batch_id = {_within(batch_id)} AND batch_id IN ({WAITING})"
    )
    if not found:
        raise UnknownName(
            "batch that waits for signatures", str(batch_id)[:30], "`bankklient signatures list` shows them"
        )
    ((batch_type, year, number, kept, payload),) = found
    identity = BatchIdentity(point_of(lab, OWN).point, point_of(lab, BANK).point, batch_type, year, number)
    name = f"{batch_type} {identity.order}"
    content = hashlib.sha256(bytes(payload)).digest()
    if sha256 != kept or content.hex() != kept:
        raise Refused(f"the content of batch {name} is not what was shown; look at it again, nothing was signed")
    ((signed,),) = lab.rows(
        "SELECT count(*) FROM ops.batch_signature s JOIN ops.user u ON u.reference = s.signed_by, ops.user me"
        f" WHERE s.batch_id = $batch AND me.user_id = $me AND {same_person('u', 'me')}",
        {"batch": batch_id, "me": lab.caller.user_id},
    )
    if signed:
        raise Refused(f"you have signed batch {name} already; another person gives the other signature")
    one = f"SELECT {batch_id:d}"
    ((counts,),) = lab.rows(
        f"SELECT count(*) FROM ({counting(one)}) SEMI JOIN ({missing(one)}) USING (batch_id, order_id)", _caller(lab)
    )
    if not counts:
        raise Refused(
            f"your signature would count for no order of batch {name}: you have no right to sign them with your kind of"
            " key, they are above its limits, or you entered or confirmed them"
        )
    return identity, content


def _caller(lab: Lab) -> dict[str, object]:
    key = valid_key(lab, point_of(lab, OWN).point, PERSONAL, lab.caller.user_id)  # with which they would sign
    return {"me": lab.caller.user_id, "today": bank_day(lab), "key": key.key_id if key else None}


def _within(batch_id: int) -> int:
    """Return a number that a column can hold, 0 for one that it can't."""
    return batch_id if abs(batch_id) <= ID_MAX else 0
