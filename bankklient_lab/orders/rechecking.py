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
from bankklient_lab.orders.checking import PARAMETERS, checked, rule_parameters
from bankklient_lab.orders.duplicates import DUPLICATE, repeated, wanted, with_error
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import DISCARDED, ERROR, is_created
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.steps import take_step

# ruff: noqa: S608 - every text below is made of our own declarations

_ALL = (0, 2**63 - 1)  # order ids
WRONG, RIGHT, TWICE = "recheck_wrong", "recheck_right", "duplicate_found"


@action("2", mode="batch", record="order_id")
def recheck_orders(lab: Lab) -> dict[str, int]:
    """Check all orders that wait again; returns how many became wrong, right, and suspected duplicates."""
    return recheck(lab, "asked for")


def recheck_after_configuring(lab: Lab, changed: Iterable[str]) -> None:
    """Check orders that wait again when one of the parameters that changed says what is right (ADM-297)."""
    if any(name in PARAMETERS or name.startswith("duplicates") for name in changed):
        recheck(lab, "configuration")


def recheck(lab: Lab, why: str) -> dict[str, int]:
    """Check all orders that wait again because of `why`, which their steps keep; returns as `recheck_orders`.

    Receivables that wait are checked again too (SRV-340).
    """
    from bankklient_lab.services.receivables import recheck_receivables  # a room above, which follows a change

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
        recheck_receivables(lab, cursor, why)
        told = {"wrong": counts[WRONG], "right": counts[RIGHT], "duplicates": counts[TWICE]}
        if any(told.values()):
            lab.log(cursor, "recheck_orders", why, **told)
    return told


_IDS = "SELECT order_id FROM rechecked_order WHERE step = ? ORDER BY 1"


def _find(lab: Lab, cursor: Any, kind: Kind) -> None:
    """Put the orders of a kind whose errors are others than before into a table, with the step that they take.

    Of two that pay the same the later one is the duplicate; the earlier one was compared when the later one was made.
    """
    values: dict[str, Any] = {}
    again = "SELECT NULL::BIGINT AS order_id WHERE false"
    if wanted(lab, kind):
        again, values = repeated(lab, kind, *_ALL)
    texts = (
        f"SELECT order_id AS entered_no, origin, created_on, {', '.join(kind.names)} FROM {kind.table} o"
        f" WHERE kind = '{kind.name}' AND {is_created()} AND status <> '{DISCARDED}'"
    )
    compared = f"o.duplicate_reason IS NULL AND (o.saved OR list_contains(string_split(o.errors, ' '), '{DUPLICATE}'))"
    cursor.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE rechecked_order AS
        SELECT order_id, errors, CASE
            WHEN status = '{ERROR}' AND errors = '' AND saved THEN '{RIGHT}'
            WHEN status <> '{ERROR}' AND broken <> '' THEN '{WRONG}'
            WHEN status <> '{ERROR}' THEN '{TWICE}' END AS step
        FROM (
            SELECT o.order_id, o.status, o.saved, o.errors AS before, n.errors AS broken,
                CASE WHEN a.order_id IS NOT NULL AND {compared} THEN {with_error("n.errors")}
                    ELSE n.errors END AS errors
            FROM {kind.table} o JOIN ({checked(kind, texts)}) n ON n.entered_no = o.order_id
            LEFT JOIN ({again}) a ON a.order_id = o.order_id)
        WHERE errors <> before
        """,
        rule_parameters(lab, bank_day(lab)) | values,
    )
