"""Steps of the lifecycle on one order or on many at once: decided, done and recorded in one transaction.

The orders are read with the guards that hold for the caller, grouped by what decides (state and guards), and each group
is changed by one statement; a group has few kinds of orders, however many orders there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.kinds import TABLES
from bankklient_lab.orders.lifecycle import GONE, GUARDS, Decision, decide

# ruff: noqa: S608 - every text below is made of our own declarations

# Which of the tables T1 to T3 an order follows.
TABLE_OF = (
    "CASE WHEN '{table}' = 'ops.foreign_order' THEN 'foreign'"
    " WHEN o.origin = 'creation' THEN 'domestic' ELSE 'imported' END"
)
# What a step writes besides the status: who did what, and what an earlier state no longer says.
_VERIFIED = "verified_by = $me, verified_at = $now"
_CONFIRMED = "confirmed_by = $me, confirmed_at = $now"
_NOBODY = "confirmed_by = NULL, confirmed_at = NULL, confirmed_again_by = NULL, confirmed_again_at = NULL"
MARKS: dict[str, dict[str, str]] = {  # by action, by next state; "*": any
    "verify": {"V": _VERIFIED, "*": f"{_VERIFIED}, {_CONFIRMED}"},
    "cancel_verification": {"*": "verified_by = NULL, verified_at = NULL"},
    "confirm": {
        "F2": "confirmed_again_by = CASE WHEN o.status = 'F1' THEN $me END,"
        " confirmed_again_at = CASE WHEN o.status = 'F1' THEN $now END,"
        " confirmed_by = coalesce(CASE WHEN o.status = 'F1' THEN o.confirmed_by END, $me),"
        " confirmed_at = coalesce(CASE WHEN o.status = 'F1' THEN o.confirmed_at END, $now)",
        "*": _CONFIRMED,
    },
    "cancel_confirmation": {"*": _NOBODY},
}


@dataclass(slots=True)
class Outcome:
    """What a step did: how many orders it changed, and how many it left as they are and why."""

    done: int = 0
    skipped: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values: done, skipped, reasons."""
        return {"done": self.done, "skipped": sum(self.skipped.values()), "reasons": self.skipped}


def take_step(lab: Lab, action: str, orders: Sequence[int], *, note: str = "", single: bool | None = None) -> Outcome:
    """Do an action on orders by id: those that the tables allow change, the others stay and are counted by reason.

    Must run within a transaction of the lane ops. UnknownName for an order that there is not; Refused when one order
    alone was chosen (`single`, unless the caller knows better) and it stays.
    """
    outcome = Outcome()
    found = 0
    for table in TABLES:
        found += _step_in(lab, table, action, list(orders), note, outcome)
    if found < len(set(orders)):
        raise UnknownName("order", str(_first_missing(lab, orders)))
    if (len(orders) == 1 if single is None else single) and outcome.skipped:
        raise Refused(f"order {orders[0]}: {next(iter(outcome.skipped))}")
    return outcome


def _step_in(lab: Lab, table: str, action: str, orders: list[int], note: str, outcome: Outcome) -> int:
    """Do the action on those of the orders that a table keeps; return how many it keeps."""
    held, me = lab.rights.held(lab.caller), lab.caller.reference
    guards = list(GUARDS)
    truth = ", ".join(f"({GUARDS[guard][0]}) AS g{n}" for n, guard in enumerate(guards))
    flags = ", ".join(f"g{n}" for n in range(len(guards)))
    with lab.database.tx("ops") as cursor:
        groups = cursor.execute(
            f"""
            SELECT transitions, status, {flags}, list(order_id) FROM (
                SELECT o.order_id, o.status, {TABLE_OF.format(table=table)} AS transitions, {truth}
                FROM {table} o WHERE o.order_id IN (SELECT unnest($orders)))
            GROUP BY ALL
            """,
            {"orders": orders, "me": me},
        ).fetchall()
        for transitions, status, *truths, ids in groups:
            holding = frozenset(guard for guard, holds in zip(guards, truths, strict=True) if holds)
            decision = decide(transitions, status, action, holding, held)
            if decision.next is None:
                told = f"can't {action.replace('_', ' ')}: {decision.reason}"
                outcome.skipped[told] = outcome.skipped.get(told, 0) + len(ids)
                continue
            record_step(lab, cursor, table, action, ids, decision, note)
            _change(lab, cursor, table, action, ids, decision)
            outcome.done += len(ids)
    return sum(len(group[-1]) for group in groups)


def record_step(lab: Lab, cursor: Any, table: str, action: str, ids: list[int], decision: Decision, note: str) -> None:
    """Append the step of each of the orders, with the digest of what they are now, before they change."""
    cursor.execute(
        f"""
        INSERT INTO ops.order_step
        SELECT order_id, version + 1, $action, status, $next, $me, $now, $channel, digest, nullif($note, ''), NULL
        FROM {table} WHERE order_id IN (SELECT unnest($ids))
        """,
        {
            "action": action,
            "next": None if decision.next == GONE else decision.next,
            "me": lab.caller.reference,
            "now": lab.clock(),
            "channel": lab.caller.channel,
            "note": note,
            "ids": ids,
        },
    )


def _change(lab: Lab, cursor: Any, table: str, action: str, ids: list[int], decision: Decision) -> None:
    if decision.next == GONE:
        cursor.execute(f"DELETE FROM {table} WHERE order_id IN (SELECT unnest($ids))", {"ids": ids})
        return
    marks = MARKS.get(action, {})
    more = marks.get(decision.next or "", marks.get("*", ""))
    values = {"next": decision.next, "ids": ids}
    values |= {name: value for name, value in _who(lab).items() if f"${name}" in more}
    cursor.execute(
        f"UPDATE {table} o SET status = $next, version = version + 1{', ' if more else ''}{more}"
        " WHERE order_id IN (SELECT unnest($ids))",
        values,
    )


def _who(lab: Lab) -> dict[str, Any]:
    return {"me": lab.caller.reference, "now": lab.clock()}


def _first_missing(lab: Lab, orders: Sequence[int]) -> int:
    known = " UNION ALL ".join(f"SELECT order_id FROM {table}" for table in TABLES)
    ((missing,),) = lab.rows(
        f"SELECT min(id) FROM (SELECT unnest($orders) AS id) WHERE id NOT IN ({known})", {"orders": list(orders)}
    )
    return int(missing)
