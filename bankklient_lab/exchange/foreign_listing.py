"""Details of foreign payments as their users see them: booked ones by batch, and orders that the bank rejected."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.balancing.batch_record import BATCH_ORDER
from bankklient_lab.codebooks import name_sql
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.keys.points import OWN, point_of
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.columns import column_sql
from bankklient_lab.orders.content import rows_of
from bankklient_lab.orders.kinds import foreign_payment
from bankklient_lab.orders.numbers import ID_MAX

# ruff: noqa: S608 - every text below is made of our own declarations

LAST, ALL = "last", "all"
OUTGOING, INCOMING = "outgoing", "incoming"
DIRECTIONS = (OUTGOING, INCOMING)
_KIND = foreign_payment.KIND
_LABEL = "coalesce(nullif(a.name, ''), account) AS label"
_ACCOUNTS = (
    "LEFT JOIN (SELECT number AS account, currency AS account_currency, name FROM ops.account) a"
    " USING (account, account_currency)"
)
_BOOKED = f"""
    SELECT d.detail_id, {BATCH_ORDER} AS batch, d.order_id, 'OK' AS status, if(d.outgoing, 'O', 'I') AS type,
        d.transaction_code, d.booking_day, d.account, {_LABEL}, d.payment AS amount, d.payment_currency AS currency,
        d.total, d.account_currency, d.orderer_name AS orderer, d.recipient_name AS recipient,
        if(d.outgoing, d.recipient_bank_bic, d.orderer_bank_bic) AS bic, d.remittance AS purpose,
        d.bank_reference, d.batch_id
    FROM history.foreign_detail d JOIN ops.batch b USING (batch_id) {_ACCOUNTS}
"""
# An order that the bank rejected is part of no batch of details (BNK-103).
_REJECTED = f"""
    SELECT o.order_id, 'ER' AS status, 'O' AS type, {_KIND.own_account} AS account,
        coalesce(nullif(a.name, ''), {_KIND.own_account}) AS label, o.amount_value AS amount, o.currency,
        a.name AS orderer, {_KIND.counter_name} AS recipient, o.swift_bic AS bic,
        {column_sql(_KIND, "recipient_info")} AS purpose, s.reason,
        {name_sql("bank_rejections", "s.reason", name="meaning")} AS reason_name, s.bank_reference
    FROM {_KIND.table} o JOIN ops.sent_order s USING (order_id)
    LEFT JOIN own_accounts() a ON a.bank_code = o.orderer_bank AND a.base = significant(o.orderer_account_base)
        AND a.prefix = coalesce(nullif(significant(o.orderer_account_prefix), ''), '0')
    WHERE o.status = 'ER'
"""
_COLUMNS = (
    "detail_id", "batch", "order_id", "status", "type", "transaction_code", "booking_day", "account", "label", "amount",
    "currency", "total", "account_currency", "orderer", "recipient", "bic", "purpose", "reason", "reason_name",
    "bank_reference",
)  # fmt: skip
_PEOPLE = tuple(
    f"{step}_{what}"
    for step in ("created", "corrected", "verified", "confirmed", "confirmed_again")
    for what in ("by", "at")
)


@table_action("231")
def foreign_details(lab: Lab, batch: str = LAST, *, direction: str = "", order_id: int | None = None) -> Read:
    """Return details of foreign payments, the last ones first: those of the last received batch unless said otherwise.

    `batch` is a batch of details (rrrrnnnn), or "all": then orders that the bank rejected are there, too, which no
    batch of details has. `direction` is outgoing or incoming, `order_id` an order sent from here.

    Columns: detail_id and batch (null: a rejected order), order_id (sent from here; null: none), status (OK booked, ER
    rejected), type (O outgoing, I incoming), transaction_code, booking_day, account and label (of the client), amount
    (unsigned, as it moves between the banks) in currency, total (unsigned, what the account was debited or credited) in
    account_currency, orderer, recipient, bic (of the other side's bank), purpose, reason and reason_name (of a
    rejection), bank_reference. BadArgument for another direction, UnknownName for a batch that is not here.
    """
    if direction not in ("", *DIRECTIONS):
        raise BadArgument(f"a direction is {' or '.join(DIRECTIONS)}", parameter="direction")
    if batch not in (LAST, ALL) and not _known(lab, batch):
        raise UnknownName("batch of details", batch[:40], "`bankklient foreign batches` shows them")
    return lab.read(
        f"""
        SELECT {", ".join(_COLUMNS)} FROM (
            SELECT *, NULL AS reason, NULL AS reason_name FROM ({_BOOKED})
            UNION ALL BY NAME ({_REJECTED})) d
        WHERE CASE $batch WHEN 'all' THEN true
            WHEN 'last' THEN batch_id = (SELECT max(batch_id) FROM history.foreign_detail) ELSE batch = $batch END
        AND ($direction = '' OR type = upper($direction[1]))
        AND ($order_id::BIGINT IS NULL OR order_id = $order_id)
        ORDER BY batch DESC NULLS LAST, account, detail_id, order_id DESC
        """,
        {"batch": batch, "direction": direction, "order_id": order_id},
    )


@table_action("231")
def foreign_detail_batches(lab: Lab) -> Read:
    """Return the batches of details, the last one first. Columns: batch (rrrrnnnn), received_at (UTC), details."""
    return lab.read(
        f"""
        SELECT {BATCH_ORDER} AS batch, b.created_at AS received_at, count(*) AS details
        FROM history.foreign_detail JOIN ops.batch b USING (batch_id) GROUP BY ALL ORDER BY max(batch_id) DESC
        """
    )


@action("231", mode="standard")
def foreign_detail(lab: Lab, detail_id: int) -> dict[str, Any]:
    """Return everything that is known of one booked foreign payment; UnknownName otherwise.

    The columns of history.foreign_detail, batch (rrrrnnnn), label (own name of the account), charge_list (name, amount,
    currency, bearer of each) and order: what the order sent from here says of itself, or None (transmission_id, status,
    status_name, errors, accounting_system and batch_order of the file that it came in, sent_batch and position,
    taken_by and taken_at: into that batch, and by and at of each step: created, corrected, verified, confirmed,
    confirmed_again).
    """
    with lab.database.reading() as cursor:
        found = rows_of(
            cursor.execute(
                f"SELECT d.*, {BATCH_ORDER} AS batch, {_LABEL} FROM history.foreign_detail d"
                f" JOIN ops.batch b USING (batch_id) {_ACCOUNTS} WHERE detail_id = $id",
                {"id": min(detail_id, ID_MAX)},
            )
        )
        if not found:
            raise UnknownName("foreign payment", str(detail_id)[:30], "`bankklient foreign list` shows them")
        charges = rows_of(
            cursor.execute(
                "SELECT name, amount, currency, bearer FROM history.foreign_charge WHERE detail_id = $id"
                " ORDER BY charge_no",
                {"id": detail_id},
            )
        )
    return found[0] | {"charge_list": charges, "order": _order(lab, found[0]["order_id"])}


def _order(lab: Lab, order_id: int | None) -> dict[str, Any] | None:
    if order_id is None:
        return None
    connection = column_sql(_KIND, "transmission_id")
    people = ", ".join(f"o.{name}" for name in _PEOPLE)
    with lab.database.reading() as cursor:
        found = rows_of(
            cursor.execute(
                f"""
                SELECT {connection} AS transmission_id, o.status,
                    {name_sql("order_statuses", "o.status")} AS status_name, o.errors, o.accounting_system,
                    o.batch_order, {BATCH_ORDER} AS sent_batch, s.position, b.created_by AS taken_by,
                    b.created_at AS taken_at, {people}
                FROM {_KIND.table} o JOIN ops.sent_order s USING (order_id) JOIN ops.batch b USING (batch_id)
                WHERE order_id = $order_id
                """,
                {"order_id": order_id, "connection_point": point_of(lab, OWN).point},
            )
        )
    return found[0] if found else None


def _known(lab: Lab, batch: str) -> bool:
    return bool(
        lab.rows(
            "SELECT 1 FROM history.foreign_detail JOIN ops.batch b USING (batch_id)"
            f" WHERE {BATCH_ORDER} = $batch LIMIT 1",
            {"batch": batch},
        )
    )
