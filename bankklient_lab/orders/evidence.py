"""That what was confirmed is what will be sent: the digests and signatures of an order's steps against what it says."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.lab import Lab
from bankklient_lab.orders.content import canonical, stored_order
from bankklient_lab.orders.detail import order_detail
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.lifecycle import CONFIRMED_STATES, INCLUDED
from bankklient_lab.orders.signing import signature_holds
from bankklient_lab.orders.views import SEES
from bankklient_lab.store.invariant import Check
from bankklient_lab.store.order_checks import WRITING

# ruff: noqa: S608 - every text below is made of our own declarations


@action(SEES, mode="standard")
def order_evidence(lab: Lab, order_id: int) -> dict[str, Any]:
    """Return whether an order that the caller may see says what was confirmed; UnknownName otherwise.

    `confirmed`: it is confirmed, and every confirmation saw what it says now and has no false signature. `digest`:
    SHA-256 of its canonical text, made anew. `confirmations`: of each status, done_by, done_at, channel, digest, and
    signature ("valid", "false", or "" without one).
    """
    order_detail.function(lab, order_id)
    with lab.database.reading() as cursor:
        kind, order = stored_order(lab, cursor, order_id)
        ((digest,),) = cursor.execute(
            f"SELECT sha256({canonical(kind)}) FROM {kind.table} WHERE order_id = ?", [order_id]
        ).fetchall()
        steps = cursor.execute(
            "SELECT version, action, status, done_by, done_at, channel, digest, signature FROM ops.order_step"
            " WHERE order_id = ? ORDER BY version DESC",
            [order_id],
        ).fetchall()
        keys = dict(cursor.execute("SELECT key_id, public_key FROM ops.personal_key").fetchall())
    found = [_confirmation(keys, order_id, step) for step in _confirming(steps)]
    right = all(one["digest"] == digest and one["signature"] != "false" for one in found)
    return {
        "confirmed": bool(found) and right and order["digest"] == digest,
        "digest": digest,
        "confirmations": found[::-1],
    }


def unproved(cursor: Any, orders: str) -> tuple[int, str] | None:
    """Return an order of a relation (order_id) of which it is not proved that it says what was confirmed, and why.

    Its canonical text must have the digest that every step saw since the last one that wrote it, and no signature of
    one of these may be false.
    """
    says = " UNION ALL ".join(
        f"SELECT order_id, digest, sha256({canonical(kind)}) AS says FROM {kind.table}"
        f" WHERE kind = '{kind.name}' AND order_id IN (SELECT order_id FROM {orders})"
        for kind in KINDS.values()
    )
    cursor.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE proving_step AS
        SELECT order_id, version, digest, signature FROM (
            SELECT *, max(version) FILTER (version = 1 OR action IN ({", ".join(map(repr, WRITING))}))
                OVER (PARTITION BY order_id) AS written
            FROM ops.order_step WHERE order_id IN (SELECT order_id FROM {orders}))
        WHERE version >= written
        """
    )
    other = cursor.execute(
        f"""
        SELECT min(order_id) FROM ({says}) LEFT JOIN (
            SELECT order_id, min(digest) AS seen, max(digest) AS seen_last FROM proving_step GROUP BY order_id)
            USING (order_id)
        WHERE says <> digest OR seen IS DISTINCT FROM says OR seen_last IS DISTINCT FROM says
        """
    ).fetchone()
    signed = cursor.execute(
        "SELECT order_id, version, digest, signature FROM proving_step WHERE signature IS NOT NULL ORDER BY ALL"
    ).fetchall()
    cursor.execute("DROP TABLE proving_step")
    if other[0] is not None:
        return int(other[0]), "its content is another"
    keys = dict(cursor.execute("SELECT key_id, public_key FROM ops.personal_key").fetchall()) if signed else {}
    for order_id, version, digest, signature in signed:
        if not signature_holds(keys, signature, (order_id, version, digest)):
            return int(order_id), "a signature is false"
    return None


def content_checks() -> tuple[Check, ...]:
    """Return the invariant that every order says what its digest was made of."""
    return (
        Check(
            "order_digests",
            "Every order says what its digest was made of.",
            " UNION ALL ".join(
                f"SELECT order_id, digest FROM {kind.table}"
                f" WHERE kind = '{kind.name}' AND digest <> sha256({canonical(kind)})"
                for kind in KINDS.values()
            ),
        ),
    )


def _confirming(steps: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return those of the steps, newest first, that led to the confirmation which the order has now.

    What confirms by itself, as creating or correcting with the permissions for it, begins it anew.
    """
    found = []
    for step in steps:
        _, action, status, *_ = step
        if status not in {*CONFIRMED_STATES, INCLUDED}:
            break
        if action not in ("include", "exclude"):
            found.append(step)
            if action != "confirm":
                break
    return found


def _confirmation(keys: dict[int, str], order_id: int, step: tuple[Any, ...]) -> dict[str, Any]:
    version, _, status, done_by, done_at, channel, digest, signature = step
    holds = signature and signature_holds(keys, signature, (order_id, version, digest))
    return {
        "status": status, "done_by": done_by, "done_at": done_at, "channel": channel, "digest": digest,
        "signature": "" if signature is None else "valid" if holds else "false",
    }  # fmt: skip
