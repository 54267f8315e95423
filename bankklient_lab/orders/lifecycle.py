"""The lifecycle of orders: the transition tables T1, T2 and T3 as data, and what decides over one order.

data/codebooks/order_transitions.csv has a row for each transition: table (domestic, foreign, imported), states, action,
the permissions that it needs, a guard on the order, and the next state ("as new": what saving a new order gives;
"gone": the order is deleted). Of several rows that apply the one with the most permissions wins, so that automatic
verification and confirmation come by themselves. What stands in no row is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from bankklient_lab.codebooks import names, rows
from bankklient_lab.orders.kinds.kind import Family
from bankklient_lab.rights.permissions import Held, needed

CREATED, VERIFIED, CONFIRMED, CONFIRMED_ONCE, CONFIRMED_TWICE = "", "V", "F", "F1", "F2"
INCLUDED, ERROR, DISCARDED = "I", "E", "discarded"
NEW, GONE, AS_NEW, SYSTEM = "new", "gone", "as new", "system"
CONFIRMED_WHOLE = (CONFIRMED, CONFIRMED_TWICE)  # by all who are to confirm
CONFIRMED_STATES = frozenset({*CONFIRMED_WHOLE, CONFIRMED_ONCE})
NOT_SENT, REJECTED, DELETED = "NS", "ER", "DE"

# The tables that orders of a family follow, and SQL for the one that an order `o` follows.
TABLES_OF: dict[Family, tuple[str, ...]] = {"domestic": ("domestic", "imported"), "foreign": ("foreign",)}
FOLLOWS: dict[Family, str] = {
    "domestic": "CASE WHEN o.origin = 'creation' THEN 'domestic' ELSE 'imported' END",
    "foreign": "'foreign'",
}
TYPED_IN = ("domestic", "foreign")  # tables whose orders can be verified by typing; imported ones can't (IMP-138)

# What a guard asks of an order `o`, as SQL over the caller's reference $me, and the sentence when it does not hold.
# Who entered or changed the values last counts as creator for verification (ORD-204); for confirmation everybody does
# who ever changed them, since a later correction may leave what they wrote.
GUARDS: dict[str, tuple[str, str]] = {
    "created_by_me": ("o.created_by = $me", "another user created it"),
    "entered_by_me": ("coalesce(o.corrected_by, o.created_by) = $me", "another user entered it"),
    "entered_by_other": ("coalesce(o.corrected_by, o.created_by) <> $me", "you entered it yourself"),
    "took_part": ("$me IN (o.created_by, coalesce(o.corrected_by, ''))", "you took no part in entering it"),
    "only_to_save": ("NOT o.saved AND o.errors = ''", "it is not one that is only to be saved"),
    "received_by_me": ("o.origin = 'accounting_system' AND o.created_by = $me", "another user imported it"),
    "not_mine": (
        "$me NOT IN (o.created_by, coalesce(o.verified_by, '')) AND o.order_id NOT IN"
        " (SELECT order_id FROM ops.order_step WHERE action = 'correct' AND done_by = $me)",
        "you created, corrected or verified it, so another person confirms it",
    ),
    "not_confirmed_by_me": (
        "coalesce(o.confirmed_by, '') <> $me",
        "you gave the first confirmation, so another person gives the second",
    ),
    "saved": ("o.saved", "it was never saved"),
}


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the tables."""

    line: str
    table: str
    states: frozenset[str]
    action: str
    needs: str
    guards: tuple[str, ...]
    next: str

    def allowed(self, held: Held) -> bool:
        """Tell whether these permissions are enough; what the system does needs none."""
        return self.needs == SYSTEM or needed(self.needs).holds(held)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an order: the next state, or why it is refused."""

    next: str | None
    reason: str = ""
    line: str = ""
    by_system: bool = False


@cache
def transitions() -> tuple[Transition, ...]:
    """Return all rows of the tables."""
    return tuple(
        Transition(
            row["line"],
            row["table"],
            frozenset("" if state == "blank" else state for state in row["state"].split("|")),
            row["action"],
            row["needs"],
            tuple(row["guard"].split("&")) if row["guard"] else (),
            "" if row["next"] == "blank" else row["next"],
        )
        for row in rows("order_transitions")
    )


@cache
def _rows_of(table: str, state: str, action: str) -> tuple[Transition, ...]:
    return tuple(one for one in transitions() if (one.table, one.action) == (table, action) and state in one.states)


def by_system(action: str) -> bool:
    """Tell whether the system does an action, nobody in person."""
    return all(one.needs == SYSTEM for one in transitions() if one.action == action)


def decide(table: str, state: str, action: str, holding: frozenset[str], held: Held) -> Decision:
    """Decide over an order in a state of which the guards `holding` are true, for a caller with permissions `held`."""
    known = _rows_of(table, state, action)
    if not known:
        return Decision(None, _out_of_state(state, action))
    permitted = [one for one in known if one.allowed(held)]
    if not permitted:
        numbers = " or ".join(dict.fromkeys(str(needed(one.needs)) for one in known if one.needs != SYSTEM))
        return Decision(None, f"permission {numbers} is needed")
    fitting = [one for one in permitted if holding.issuperset(one.guards)]
    if not fitting:
        missed = next(guard for one in permitted for guard in one.guards if guard not in holding)
        return Decision(None, GUARDS[missed][1])
    best = max(fitting, key=lambda one: len(needed(one.needs).numbers) if one.needs != SYSTEM else 0)
    return Decision(best.next, line=best.line, by_system=best.needs == SYSTEM)


def status_name(state: str) -> str:
    """Return the name of a status for people."""
    return names("order_statuses")[state]


@cache
def is_created() -> str:
    """Return SQL that is true of an order `o` that no batch has taken, discarded ones too."""
    codes = ", ".join(f"'{row['code']}'" for row in rows("order_statuses") if row["stage"] == "created")
    return f"o.status IN ({codes})"


def _out_of_state(state: str, action: str) -> str:
    if state == INCLUDED and action in {"correct", "delete", "discard"}:
        return "it is included for balancing; exclude it first"
    return f"it is {status_name(state)}" if state != NEW else "there is no such step"
