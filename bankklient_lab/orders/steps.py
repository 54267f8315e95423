"""Steps of the lifecycle on one order or on many at once: decided, done and recorded in one transaction.

The chosen orders are read once with what decides over them (state and guards), and each group of the same is changed by
one statement; there are few groups, however many orders there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.kinds import TABLES
from bankklient_lab.orders.lifecycle import FOLLOWS, GONE, GUARDS, Decision, by_system, decide
from bankklient_lab.orders.marks import marks_changed
from bankklient_lab.orders.numbers import ID_MAX
from bankklient_lab.orders.views import bound, views

# ruff: noqa: S608 - every text below is made of our own declarations

SPANS_LOGGED_AT_ONCE = 1_000
VERSION_MAX = 2**31 - 1

# Gives the signatures of steps of which it gets order, version and digest.
Signer = Callable[[list[tuple[int, int, str]]], list[str]]


@dataclass(slots=True)
class Outcome:
    """What a step did: the orders it changed, and how many it left as they are and why."""

    ids: list[int] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    def skip(self, reason: str, count: int) -> None:
        """Count orders that stay."""
        self.skipped[reason] = self.skipped.get(reason, 0) + count

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values: done, skipped, reasons."""
        return {"done": len(self.ids), "skipped": sum(self.skipped.values()), "reasons": self.skipped}


@dataclass(frozen=True, slots=True)
class _Step:
    lab: Lab
    cursor: Any
    action: str
    note: str
    signer: Signer | None


def take_step(
    lab: Lab,
    action: str,
    orders: Sequence[int],
    *,
    versions: Sequence[int] | None = None,
    note: str = "",
    single: bool | None = None,
    signer: Signer | None = None,
) -> Outcome:
    """Do an action on orders by id: those that the tables allow change, the others stay and are counted by reason.

    `versions` are those that were seen, one for each order: when somebody has changed one of them meanwhile, all is
    Refused. UnknownName for an order that there is not or that the caller may not see; Refused when one order alone was
    chosen (`single`, unless the caller knows better) and it stays.
    """
    outcome = Outcome()
    with lab.database.tx("ops") as cursor:
        step = _Step(lab, cursor, action, note, signer)
        _choose(step, orders, versions)
        for table in TABLES:
            _step_in(step, table, outcome)
        if (len(orders) == 1 if single is None else single) and outcome.skipped:
            raise Refused(f"order {orders[0]}: {next(iter(outcome.skipped))}")
    return outcome


def step_all(lab: Lab, cursor: Any, action: str, orders: str, *, note: str = "") -> None:
    """Do an action on all orders of a relation with order_id, whoever may see them, within a transaction.

    Refused, and nothing is done, unless the tables allow it of each; the sentence says why not.
    """
    outcome = Outcome()
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE chosen_order AS SELECT order_id FROM {orders}")
    for table in TABLES:
        _step_in(_Step(lab, cursor, action, note, None), table, outcome)
    if outcome.skipped:
        reason, count = next(iter(outcome.skipped.items()))
        raise Refused(f"{count} orders {reason}; nothing was done")


def standing(lab: Lab, cursor: Any, table: str, order_id: int) -> list[tuple[str, str, frozenset[str]]]:
    """Return of an order the table that it follows, its state, and the guards that hold for the caller."""
    found = cursor.execute(
        f"SELECT {FOLLOWS[TABLES[table]]}, o.status, {_truths()} FROM {table} o WHERE order_id = $id",
        {"id": order_id, "me": lab.caller.reference},
    ).fetchall()
    return [(transitions, status, _holding(truths)) for transitions, status, *truths in found]


def _truths() -> str:
    return ", ".join(f"coalesce({sql}, false) AS g{n}" for n, (sql, _) in enumerate(GUARDS.values()))


def _holding(truths: Sequence[bool]) -> frozenset[str]:
    return frozenset(guard for guard, holds in zip(GUARDS, truths, strict=True) if holds)


def check_chosen(orders: Sequence[int], versions: Sequence[int] | None, what: str = "order") -> None:
    """Raise UnknownName for numbers that no order can have, and BadArgument unless each order has one version or none.

    BadArgument also for what is no whole number: the database would round it to that of another order. `what` they are,
    in one word.
    """
    for one in (*orders, *(versions or ())):
        if isinstance(one, bool) or not isinstance(one, Integral):
            raise BadArgument(f"{what}s and their versions are whole numbers, not {one!r:.30}")
    unknown = next((one for one in orders if not 0 < one <= ID_MAX), None)
    if unknown is not None:
        raise UnknownName(what, str(unknown)[:30], "nothing was done")
    if versions is None:
        return
    if len(versions) != len(orders) or any(abs(one) > VERSION_MAX for one in versions):
        raise BadArgument(f"{len(orders)} {what}s were given with {len(versions)} versions; give the one of each")
    if len(set(zip(orders, versions, strict=True))) > len(set(orders)):
        raise BadArgument(f"one {what} was given twice, with different versions")


def _choose(step: _Step, orders: Sequence[int], versions: Sequence[int] | None) -> None:
    """Put the chosen orders into a table; refuse orders that are not there or were changed since they were seen."""
    check_chosen(orders, versions)
    cursor = step.cursor
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE chosen_order AS SELECT order_id, max(seen) AS seen FROM"
        " (SELECT unnest($orders::BIGINT[]) AS order_id, unnest($versions::INTEGER[]) AS seen) GROUP BY ALL",
        {"orders": list(orders), "versions": list(versions or [])},
    )
    known, me = _known(step)
    lost = cursor.execute(
        f"SELECT min(order_id) FROM chosen_order ANTI JOIN ({known}) USING (order_id) HAVING count(*) > 0", me
    ).fetchone()
    if lost:
        raise UnknownName("order", str(lost[0]), "somebody may have changed or deleted it; nothing was done")
    changed = (
        versions is not None
        and cursor.execute(
            f"SELECT min(order_id), count(*) FROM chosen_order JOIN ({known}) USING (order_id) WHERE version <> seen"
            " HAVING count(*) > 0",
            me,
        ).fetchone()
    )
    if changed:
        others = f" and {changed[1] - 1} more" if changed[1] > 1 else ""
        raise Refused(f"order {changed[0]}{others} was changed meanwhile; nothing was done, look at them again")


def _known(step: _Step) -> tuple[str, dict[str, Any]]:
    """Return SQL, and what it binds, for id and version of the orders that can be chosen: to the system, all."""
    if by_system(step.action):
        return " UNION ALL ".join(f"SELECT order_id, version FROM {table}" for table in TABLES), {}
    known = " UNION ALL ".join(view.known("order_id, version") for view in views(step.lab))
    return known, bound(known, {"me": step.lab.caller.reference})


def _step_in(step: _Step, table: str, outcome: Outcome) -> None:
    """Do the action on those of the chosen orders that a table keeps."""
    lab, cursor = step.lab, step.cursor
    held = lab.rights.held(lab.caller)
    flags = ", ".join(f"g{n}" for n in range(len(GUARDS)))
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE standing_order AS"
        f" SELECT order_id, dense_rank() OVER (ORDER BY transitions, status, {flags}) AS part, * EXCLUDE (order_id)"
        f" FROM (SELECT o.order_id, {FOLLOWS[TABLES[table]]} AS transitions, o.status, {_truths()}"
        f" FROM {table} o SEMI JOIN chosen_order USING (order_id))",
        {"me": lab.caller.reference},
    )
    parts = cursor.execute(
        f"SELECT part, count(*), transitions, status, {flags} FROM standing_order GROUP BY ALL ORDER BY part"
    ).fetchall()
    for part, count, transitions, status, *truths in parts:
        decision = decide(transitions, status, step.action, _holding(truths), held)
        if decision.next is None:
            outcome.skip(f"can't {step.action.replace('_', ' ')}: {decision.reason}", count)
            continue
        cursor.execute(
            "CREATE OR REPLACE TEMP TABLE stepping_order AS SELECT order_id FROM standing_order WHERE part = ?", [part]
        )
        _record(step, table, decision)
        _change(step, table, status, decision)
        outcome.ids += [order_id for (order_id,) in cursor.execute("FROM stepping_order ORDER BY 1").fetchall()]


def _record(step: _Step, table: str, decision: Decision) -> None:
    """Append the step of each order, with the digest of what it is, before the order changes."""
    signature, join = "NULL", ""
    if step.signer is not None:
        _sign(step, table, step.signer)
        signature, join = "signature", "JOIN signed_order USING (order_id)"
    step.cursor.execute(
        f"""
        INSERT INTO ops.order_step
        SELECT order_id, version + 1, $action, status, $next, $me, $now, $channel, digest, nullif($note, ''),
            {signature}
        FROM {table} SEMI JOIN stepping_order USING (order_id) {join}
        """,
        {
            "action": step.action,
            "next": None if decision.next == GONE else decision.next,
            "me": "" if decision.by_system else step.lab.caller.reference,
            "now": step.lab.clock(),
            "channel": step.lab.caller.channel,
            "note": step.note,
        },
    )


def _sign(step: _Step, table: str, signer: Signer) -> None:
    seen = step.cursor.execute(
        f"SELECT order_id, version + 1, digest FROM {table} SEMI JOIN stepping_order USING (order_id)"
    ).fetchall()
    step.cursor.execute(
        "CREATE OR REPLACE TEMP TABLE signed_order AS SELECT unnest($ids::BIGINT[]) AS order_id,"
        " unnest($signatures::VARCHAR[]) AS signature",
        {"ids": [one[0] for one in seen], "signatures": signer(seen)},
    )


def _change(step: _Step, table: str, before: str, decision: Decision) -> None:
    if decision.next == GONE:
        step.cursor.execute(f"DELETE FROM {table} WHERE order_id IN (FROM stepping_order)")
        return
    more = "".join(f", {name} = {value}" for name, value in marks_changed(before, decision.next or "").items())
    who = {"me": step.lab.caller.reference, "now": step.lab.clock()}
    step.cursor.execute(
        f"UPDATE {table} o SET status = $next, version = version + 1{more} WHERE order_id IN (FROM stepping_order)",
        {"next": decision.next} | {name: value for name, value in who.items() if f"${name}" in more},
    )


def log_orders(lab: Lab, cursor: Any, message: str, ids: Sequence[int], *, every: bool = False) -> None:
    """Log which orders something was done to, numbers in a row as first-last.

    With `every` all of them, in several entries when there are many; otherwise the first ones, since their steps tell.
    """
    spans = _spans(sorted(ids))
    for start in range(0, len(spans), SPANS_LOGGED_AT_ONCE):
        told = spans[start : start + SPANS_LOGGED_AT_ONCE]
        count = sum(last - first + 1 for first, last in told) if every else len(ids)
        orders = [str(first) if first == last else f"{first}-{last}" for first, last in told]
        lab.log(cursor, message, str(count), orders=orders)
        if not every:
            return


def _spans(ids: Sequence[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for one in ids:
        if found and one == found[-1][1] + 1:
            found[-1] = (found[-1][0], one)
        else:
            found.append((one, one))
    return found
