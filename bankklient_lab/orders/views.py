"""Who sees which orders, and on which of them a caller can do a step, as SQL over an order `o`.

Everybody sees the orders on which they can do a step; data/codebooks/order_views.csv says what else each permission
shows (`shows` is "sums" where it is only added up, `stage` is "created" where what a batch has taken is not shown).
What a caller can do follows from the lifecycle's own tables and guards, so that a list never offers what a step then
refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bankklient_lab.codebooks import rows
from bankklient_lab.lab import Lab
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import FOLLOWS, GUARDS, SYSTEM, TABLES_OF, TYPED_IN, is_created, transitions
from bankklient_lab.rights.permissions import Held, needed
from bankklient_lab.rights.settings import read_setting

# Every permission that shows any order, or lets a step be done on one.
SEES = "11|16|21|36|51|56|61|66|70|71|101|106|108|110|111|120|121|125|126|130|131|140|141|151|156|201"
ORDERS, SUMS = "orders", "sums"
STEPS = (
    "correct", "save", "delete", "verify", "cancel_verification", "confirm", "cancel_confirmation", "include",
    "exclude", "discard",
)  # fmt: skip
NEXT_STEPS = ("verify", "confirm")
# What a view asks besides the guards of the lifecycle.
_SHARED = "$me IN (o.created_by, coalesce(o.corrected_by, ''), coalesce(o.verified_by, ''))"
_WHOSE = {name: sql for name, (sql, _) in GUARDS.items()} | {
    "shared": _SHARED,
    "worked_on": "coalesce($me IN (o.verified_by, o.confirmed_by, o.confirmed_again_by), false)",
}


@dataclass(frozen=True, slots=True)
class View:
    """What one caller may see of the orders of one kind.

    `visible` is true for the orders that are shown, `open_` for those of which every item is: an order that is shown
    only because the caller verifies it by typing `typed` items again does not tell these (ORD-195).
    """

    kind: Kind
    visible: str
    open_: str
    typed: tuple[str, ...]

    def relation(self, more: str = "true", source: str = "") -> str:
        """Return SQL of the orders that are shown and for which the predicate `more` holds, as a table `o`.

        `source` has the rows of the kind's table that are looked at, all of them when empty.
        """
        where = f"o.kind = '{self.kind.name}' AND ({self.visible}) AND ({more})"
        return f"(SELECT {self._columns()} FROM {source or self.kind.table} o WHERE {where}) o"  # noqa: S608 - our own

    def known(self, columns: str) -> str:
        """Return SELECT of columns of the orders that the caller may name: those shown, and those they took part in.

        All items are as they are kept: it is for what judges orders, not for what tells them.
        """
        where = f"o.kind = '{self.kind.name}' AND (({self.visible}) OR {_SHARED})"
        return f"SELECT {columns} FROM {self.kind.table} o WHERE {where}"  # noqa: S608 - our own

    def whole(self, columns: str) -> str:
        """Return SELECT of columns of the orders of which the caller sees every item."""
        return f"SELECT {columns} FROM {self.kind.table} o WHERE o.kind = '{self.kind.name}' AND ({self.open_})"  # noqa: S608 - our own

    def _columns(self) -> str:
        if not self.typed or self.open_ == self.visible:
            return "o.*"
        hidden = {column for column in self.kind.columns() if column.removesuffix("_value") in self.typed}
        replaced = ", ".join(f"CASE WHEN {self.open_} THEN o.{name} END AS {name}" for name in sorted(hidden))
        return f"o.* REPLACE ({replaced})"


def views(lab: Lab, shows: str = ORDERS) -> list[View]:
    """Return what the caller sees, a view for each kind of which there is anything to see; one of nothing otherwise."""
    held = lab.rights.held(lab.caller)
    found = []
    for kind in KINDS.values():
        named = _named(kind, held, shows)
        working = [possible(kind, step, held) for step in STEPS if step != "verify"]
        by_sight = possible(kind, "verify", held, tables=set(TABLES_OF[kind.family]).difference(TYPED_IN))
        open_, verifying = _any([named, by_sight, *working]), possible(kind, "verify", held)
        visible = _any([open_, verifying])
        if visible != "false":
            found.append(View(kind, visible, open_, typed_items(lab, kind)))
    return found or [View(next(iter(KINDS.values())), "false", "false", ())]


def possible(kind: Kind, step: str, held: Held, *, tables: Collection[str] | None = None) -> str:
    """Return SQL that is true of the orders of a kind on which a caller with permissions `held` can do a step.

    `tables` are the tables of transitions that count, all by default.
    """
    among, found = TABLES_OF[kind.family] if tables is None else tables, []
    for one in transitions():
        if one.action != step or one.needs == SYSTEM or not one.allowed(held) or one.table not in among:
            continue
        states = ", ".join(f"'{state}'" for state in sorted(one.states))
        guards = "".join(f" AND ({GUARDS[guard][0]})" for guard in one.guards)
        found.append(f"({_follows(kind, one.table)} AND o.status IN ({states}){guards})")
    return _any(found)


def typed_items(lab: Lab, kind: Kind) -> tuple[str, ...]:
    """Return the items that are typed again to verify an order of a kind."""
    chosen = read_setting(lab.database, kind.verified_setting)
    return tuple(item for choice in chosen for item in kind.verified_items[choice])


def bound(sql: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the values that an SQL text names; DuckDB takes no others."""
    return {name: value for name, value in values.items() if f"${name}" in sql}


def _named(kind: Kind, held: Held, shows: str) -> str:
    """Return SQL of the orders that the codebook of views shows."""
    found = []
    for row in rows("order_views"):
        shown = row["table"] in TABLES_OF[kind.family] and row["shows"] in (ORDERS, shows)
        if shown and needed(row["needs"]).holds(held):
            more = [_WHOSE[row["guard"]]] if row["guard"] else []
            more += [is_created()] if row["stage"] == "created" else []
            follows = _follows(kind, row["table"])
            found.append(f"({' AND '.join([follows, *more])})" if more else follows)
    if kind.family == "domestic" and {_follows(kind, table) for table in TABLES_OF[kind.family]} <= set(found):
        return "true"
    return _any(found)


def _follows(kind: Kind, table: str) -> str:
    """Return SQL that is true of the orders of a kind that follow a table of transitions."""
    return "true" if TABLES_OF[kind.family] == (table,) else f"{FOLLOWS[kind.family]} = '{table}'"


def _any(predicates: Iterable[str]) -> str:
    """Return SQL that is true where one of the predicates is, as short as it can be."""
    told = list(dict.fromkeys(one for one in predicates if one != "false"))
    if "true" in told:
        return "true"
    return "(" + " OR ".join(told) + ")" if told else "false"
