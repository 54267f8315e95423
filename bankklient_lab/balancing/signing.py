"""What a signature of a batch counts for: judged order by order when it is made, by the rights of that moment.

A batch whose orders lack signatures stands in ops.unsigned_batch and does not go out. Everything is judged here, within
the transaction that keeps the signature; pages and commands only ask.
"""

from __future__ import annotations

from typing import Any

from bankklient_lab.balancing.signature_rights import same_person, signing_classes
from bankklient_lab.codebooks import rows
from bankklient_lab.codebooks.codes import DISCARDED, listed
from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.numbers import bank_day

# ruff: noqa: S608 - every text below is made of our own declarations

# Steps by which somebody has a hand in an order; others, such as balancing, add nothing to what it says.
_HANDS = ("correct", "save", "confirm", "verify")


def orders_of(batches: str) -> str:
    """Return SQL of the orders of batches, of those to be revoked too; `batches` is SQL of their batch_id.

    Columns: batch_id, order_id, kind, own_account (IBAN), counter_account, currency, amount.
    """
    every = " UNION ALL ".join(
        f"SELECT order_id, kind, canonical_account({kind.own_account}, NULL) AS own_account,"
        f" {kind.counter_account} AS counter_account, currency, amount_value AS amount"
        f" FROM {kind.table} o WHERE kind = '{kind.name}'"
        for kind in KINDS.values()
    )
    return (
        "SELECT s.batch_id, o.* FROM ("
        f"SELECT batch_id, order_id FROM ops.sent_order WHERE batch_id IN ({batches}) UNION ALL"
        f" SELECT revocation_batch, order_id FROM ops.sent_order WHERE revocation_batch IN ({batches})"
        f") s JOIN ({every}) o USING (order_id)"
    )


def counting(batches: str) -> str:
    """Return SQL of what a signature of the user $me would count for today ($today), in batches not signed by them.

    $key is the number of the key that signs; without it, no right counts that asks for a kind of key.
    Columns: batch_id, order_id, signature_class (the strongest that a right gives), account, currency, amount.
    A right whose limit of the day the orders of a batch would exceed counts for none of them.
    """
    rank = f"list_position({signing_classes()}, r.signature_class)"
    steps = ", ".join(f"'{one}'" for one in _HANDS)
    return f"""
        WITH me AS (SELECT u.* FROM ops.user u WHERE user_id = $me),
        persons AS (SELECT u.user_id, u.reference FROM ops.user u, me WHERE {same_person("u", "me")}),
        hands AS (SELECT DISTINCT order_id FROM ops.order_step WHERE done_by IN (SELECT reference FROM persons)
            AND (status_before IS NULL OR action IN ({steps}))),
        fitting AS (
            SELECT r.right_id, {rank} AS rank, r.signature_class, r.account AS of_account, r.day_max, o.*
            FROM ops.signature_right r JOIN ({orders_of(batches)}) o
                ON r.account IN ('', o.own_account) AND r.currency = o.currency
                AND o.amount <= coalesce(r.order_max, o.amount)
            WHERE r.user_id = $me AND {rank} IS NOT NULL
                AND (r.key_kind = '' OR r.key_kind = (
                    SELECT if(card = '', 'file', 'card') FROM ops.key WHERE key_id = $key))
                AND (r.own_orders OR o.order_id NOT IN (SELECT order_id FROM hands))
                AND o.batch_id NOT IN (SELECT batch_id FROM ops.signed_order SEMI JOIN persons USING (user_id))),
        used AS (
            SELECT right_id, sum(d.amount) AS amount
            FROM ops.signature_right r JOIN ops.signed_order d
                ON r.account IN ('', d.account) AND d.currency = r.currency AND d.signed_on = $today
            WHERE r.user_id = $me AND d.user_id IN (SELECT user_id FROM persons)
                AND d.batch_id NOT IN (SELECT batch_id FROM ops.batch WHERE status IN {listed(DISCARDED)})
            GROUP BY right_id),
        within AS (
            SELECT f.batch_id, right_id FROM fitting f LEFT JOIN used u USING (right_id)
            GROUP BY f.batch_id, right_id, f.day_max, u.amount
            HAVING f.day_max IS NULL OR sum(f.amount) + coalesce(u.amount, 0) <= f.day_max)
        SELECT batch_id, order_id, arg_min(signature_class, rank) AS signature_class, any_value(own_account) AS account,
            any_value(currency) AS currency, any_value(amount) AS amount
        FROM fitting SEMI JOIN within USING (batch_id, right_id) GROUP BY batch_id, order_id
    """


def missing(batches: str) -> str:
    """Return SQL of the orders (batch_id, order_id) of batches that lack signatures."""
    alone = [row["code"] for row in rows("signature_classes") if row["signs"] == "yes" and not row["enough_with"]]
    pairs = [
        (row["code"], other)
        for row in rows("signature_classes")
        for other in filter(None, row["enough_with"].split("|"))
    ]
    paired = f"list_contains({pairs}, (a.signature_class, b.signature_class))" if pairs else "false"
    signed = f"(FROM ops.signed_order WHERE batch_id IN ({batches}))"
    return (
        f"SELECT batch_id, order_id FROM ({orders_of(batches)}) ANTI JOIN ("
        f"SELECT batch_id, order_id FROM {signed} WHERE list_contains({alone}, signature_class) UNION ALL"
        f" SELECT a.batch_id, a.order_id FROM {signed} a JOIN {signed} b ON b.batch_id = a.batch_id"
        f" AND b.order_id = a.order_id AND b.user_id <> a.user_id AND {paired}) USING (batch_id, order_id)"
    )


def rights_exist(cursor: Any) -> bool:
    """Tell whether batches need the signatures that rights ask for."""
    ((some,),) = cursor.execute("SELECT count(*) > 0 FROM ops.signature_right").fetchall()
    return bool(some)


def begin_signatures(lab: Lab, cursor: Any, batch_ids: list[int], key_id: int) -> None:
    """Judge the signature of whoever balanced, by a key, where rights exist; batches that lack another one wait.

    Refused for a user who has no right of any class.
    """
    if not rights_exist(cursor):
        return
    ((own,),) = cursor.execute(
        "SELECT count(*) FROM ops.signature_right WHERE user_id = ?", [lab.caller.user_id]
    ).fetchall()
    if not own:
        raise Refused("you have no right to sign or to bring batches; an administrator gives it")
    for batch_id in batch_ids:
        cursor.execute("INSERT INTO ops.unsigned_batch VALUES (?)", [batch_id])
        count_signature(lab, cursor, batch_id, key_id)


def count_signature(lab: Lab, cursor: Any, batch_id: int, key_id: int) -> int:
    """Keep what the caller's signature of a batch, by a key, counts for and return for how many orders it does.

    When no order lacks one any more, the batch is free to go out.
    """
    one = f"SELECT {batch_id:d}"
    counted = cursor.execute(
        f"INSERT INTO ops.signed_order BY NAME SELECT batch_id, order_id, $me AS user_id, signature_class, account,"
        f" currency, amount, $today AS signed_on FROM ({counting(one)}) RETURNING order_id",
        {"me": lab.caller.user_id, "today": bank_day(lab), "key": key_id},
    ).fetchall()
    cursor.execute(f"DELETE FROM ops.unsigned_batch WHERE batch_id = {batch_id:d} AND NOT EXISTS ({missing(one)})")
    return len(counted)
