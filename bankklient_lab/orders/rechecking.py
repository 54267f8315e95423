"""The check of orders that wait, done again when what the rules refer to has changed: one may become wrong or right.

Orders wait from their creation until a batch takes them. All of one kind are checked by one query, and those of which
the errors differ take a step of the lifecycle (ORD-291 to ORD-293, ORD-430, ORD-431, IMP-171, IMP-180, IMP-181).
Orders that were never saved stay as they are with other errors.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.lab import Lab
from bankklient_lab.orders.checking import checked, rule_parameters
from bankklient_lab.orders.duplicates import DUPLICATE, twins, wanted
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import ERROR
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.steps import take_step

# ruff: noqa: S608 - every text below is made of our own declarations

# Parameters that rules refer to; those of the search for duplicates begin with its name.
_PARAMETERS = frozenset({"check_variable_symbol", "foreign_maturity_days", "national_currency", "bank_code"})
WRONG, RIGHT, TWICE = "recheck_wrong", "recheck_right", "duplicate_found"


@action("2", mode="batch", record="order_id")
def recheck_orders(lab: Lab) -> dict[str, int]:
    """Check all orders that wait again; returns how many became wrong, right, and suspected duplicates."""
    return recheck(lab, "asked for")


def recheck_after_configuring(lab: Lab, changed: Iterable[str]) -> None:
    """Check orders that wait again when one of the parameters that changed says what is right (ADM-297)."""
    if any(name in _PARAMETERS or name.startswith("duplicates") for name in changed):
        recheck(lab, "configuration")


def recheck(lab: Lab, why: str) -> dict[str, int]:
    """Check all orders that wait again because of `why`, which their steps keep; returns as `recheck_orders`."""
    counts = dict.fromkeys((WRONG, RIGHT, TWICE), 0)
    with lab.database.tx("ops") as cursor:
        for kind in KINDS.values():
            _find(lab, cursor, kind)
            for step in counts:
                ids = [one for (one,) in cursor.execute(_IDS, [step]).fetchall()]
                if ids:
                    counts[step] += len(take_step(lab, step, ids, note=why, single=False).ids)
            cursor.execute(
                f"UPDATE {kind.table} o SET errors = r.errors FROM rechecked_order r"
                " WHERE o.order_id = r.order_id AND (o.status = $wrong OR r.errors = '')",
                {"wrong": ERROR},
            )
        told = {"wrong": counts[WRONG], "right": counts[RIGHT], "duplicates": counts[TWICE]}
        if any(told.values()):
            lab.log(cursor, "recheck_orders", why, **told)
    return told


_IDS = "SELECT order_id FROM rechecked_order WHERE step = ? ORDER BY 1"


def _find(lab: Lab, cursor: Any, kind: Kind) -> None:
    """Put the orders of a kind whose errors are others than before into a table, with the step that they take.

    Of two that pay the same the later one is the duplicate; the earlier one was compared when the later one was made.
    """
    waiting = f"FROM {kind.table} WHERE kind = '{kind.name}' AND status <> 'discarded'"
    items = ", ".join(kind.columns())
    values: dict[str, Any] = {}
    repeated = "SELECT NULL::BIGINT AS entered_no, NULL::BIGINT AS order_id WHERE false"
    if wanted(lab, kind):
        repeated, values = twins(
            lab,
            kind,
            f"SELECT order_id AS entered_no, order_id, regular_payment_id, {items} {waiting}"
            f" AND duplicate_reason IS NULL AND (saved OR list_contains(string_split(errors, ' '), '{DUPLICATE}'))",
        )
    texts = f"SELECT order_id AS entered_no, origin, created_on, {', '.join(kind.names)} {waiting}"
    numbers = "list_transform(string_split(nullif(n.errors, ''), ' '), lambda e: e::INTEGER)"
    cursor.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE rechecked_order AS
        SELECT order_id, f.errors, CASE
            WHEN o.status = '{ERROR}' AND f.errors = '' AND o.saved THEN '{RIGHT}'
            WHEN o.status <> '{ERROR}' AND f.broken <> '' THEN '{WRONG}'
            WHEN o.status <> '{ERROR}' THEN '{TWICE}' END AS step
        FROM (
            SELECT n.entered_no AS order_id, n.errors AS broken, CASE WHEN d.entered_no IS NULL THEN n.errors
                ELSE array_to_string(list_sort(coalesce({numbers}, []) || [{DUPLICATE}]), ' ') END AS errors
            FROM ({checked(kind, texts)}) n
            LEFT JOIN (SELECT DISTINCT entered_no FROM ({repeated}) WHERE order_id < entered_no) d USING (entered_no)
        ) f JOIN {kind.table} o USING (order_id)
        WHERE o.errors <> f.errors
        """,
        rule_parameters(lab, bank_day(lab)) | values,
    )
