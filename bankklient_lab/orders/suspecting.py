"""One order and the ones that pay the same: what the dialogue about a suspected duplicate shows, and its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankklient_lab.errors import BadArgument, SuspectedDuplicate
from bankklient_lab.lab import Lab
from bankklient_lab.orders import duplicates
from bankklient_lab.orders.content import rows_of
from bankklient_lab.orders.kinds.kind import Kind

# ruff: noqa: S608 - every text below is made of our own declarations

REASON_CHARACTERS_MAX = 200
KEPT_AS_ERROR = "error"
SHOWN_MAX = 100


def twin_ids(lab: Lab, cursor: Any, kind: Kind, row: Mapping[str, Any]) -> list[int]:
    """Return the orders that a checked order suspectedly repeats, in the order of their numbers."""
    if not duplicates.wanted(lab, kind):
        return []
    items = ", ".join(f"$i_{name}::VARCHAR AS {name}" for name in kind.names)
    new = (
        f"SELECT 1 AS entered_no, $order_id::BIGINT AS order_id, $regular::BIGINT AS regular_payment_id,"
        f" $amount_value::DECIMAL(18,3) AS amount_value, $maturity::DATE AS maturity_date_value, {items}"
    )
    sql, values = duplicates.twins(lab, kind, new)
    values |= {f"i_{name}": row[name] for name in kind.names}
    values |= {
        "order_id": row.get("order_id"),
        "regular": row.get("regular_payment_id"),
        "amount_value": row["amount_value"],
        "maturity": row["maturity_date_value"],
    }
    return [order_id for _, order_id in cursor.execute(f"{sql} ORDER BY 2", values).fetchall()]


def dialogue(lab: Lab, cursor: Any, kind: Kind, twins: list[int], offered: str | None) -> dict[str, Any]:
    """Return what the dialogue shows as plain values.

    `twins` (ids), `orders` (the first SHOWN_MAX of them, of each what is compared and who made it), `compared` (labels
    of the items), `days_before`, `days_after`, and `reason` (why an allowed one was allowed before, to be used again).
    """
    span = duplicates.days(lab)
    return {
        "twins": twins,
        "orders": _shown(cursor, kind, twins[:SHOWN_MAX]),
        "compared": ["Amount", *(kind.item(name).label for name in duplicates.key_items(lab, kind))],
        "days_before": span["before"],
        "days_after": span["after"],
        "reason": offered or "",
    }


def _shown(cursor: Any, kind: Kind, ids: list[int]) -> list[dict[str, Any]]:
    found = cursor.execute(
        f"""
        SELECT order_id, status, {kind.own_account} AS own_account, {kind.counter_account} AS counter_account,
            amount_value::VARCHAR AS amount, currency, maturity_date_value::VARCHAR AS maturity_date,
            {kind.symbol} AS variable_symbol, {kind.counter}_specific_symbol AS specific_symbol, constant_symbol,
            origin, created_by, created_on::VARCHAR AS created_on
        FROM {kind.table} WHERE order_id IN (SELECT unnest($ids)) ORDER BY order_id
        """,
        {"ids": ids},
    )
    return rows_of(found)


def check_answer(reason: str, answer: str) -> None:
    """Raise BadArgument for an answer that the dialogue does not have."""
    if answer not in ("", KEPT_AS_ERROR):
        raise BadArgument(f"duplicate can't be {answer!r}; it takes '{KEPT_AS_ERROR}', or leave it out")
    if len(reason) > REASON_CHARACTERS_MAX:
        raise BadArgument(f"the reason has {len(reason)} characters; it takes at most {REASON_CHARACTERS_MAX}")


def judged(
    lab: Lab, cursor: Any, kind: Kind, row: Mapping[str, Any], *, reason: str, answer: str, offered: str | None = None
) -> tuple[str, str]:
    """Return the errors and the reason that a right order is kept with: both empty when it repeats none.

    SuspectedDuplicate when it does and nobody has answered; `offered` is the reason of an earlier time.
    """
    check_answer(reason, answer)
    found = twin_ids(lab, cursor, kind, row)
    if not found:
        return "", ""
    if reason.strip():
        return "", reason.strip()
    if answer == KEPT_AS_ERROR:
        return str(duplicates.DUPLICATE), ""
    shown = ", ".join(map(str, found[:5])) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
    raise SuspectedDuplicate(
        f"{duplicates.DUPLICATE} it pays the same as order {shown}: change it, or give a reason why it is right",
        **dialogue(lab, cursor, kind, found, offered),
    )
