"""Storing many checked orders at once: from files, from regular payments, from a group of patterns.

Orders are inserted in parts, each by one statement; when all are in, the duplicates among them are marked and the first
step of each is recorded. One transaction of the lane ops holds all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.orders import duplicates
from bankklient_lab.orders.content import canonical
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import ERROR, NEW, decide
from bankklient_lab.orders.marks import marks
from bankklient_lab.orders.numbers import last_number, take_numbers
from bankklient_lab.rights.permissions import Held

# ruff: noqa: S608 - every text below is made of our own declarations


@dataclass(frozen=True, slots=True)
class Source:
    """Where orders come from, and what the lifecycle makes of them.

    `transitions` names the table T1 to T3 ("domestic", "foreign", "imported"). `right` maps actions of the lifecycle to
    SQL conditions over the orders: the first that holds is what is done with a right order; `wrong` with one that has
    errors or is a suspected duplicate.
    """

    origin: str
    transitions: str
    right: Mapping[str, str]
    wrong: str
    step: str  # the action that the orders' first step records
    saved: bool = True  # false: a person is still to save them


@dataclass(slots=True)
class Stored:
    """What was stored of one kind: the ids `first` to `last` (both counted; last < first: none)."""

    first: int = 0
    last: int = -1
    right: int = 0
    wrong: int = 0
    duplicates: int = 0


def store_orders(
    lab: Lab, cursor: Any, kind: Kind, checked: str, source: Source, *, today: date, further: str = "",
    values: Mapping[str, Any] | None = None, held: Held | None = None,
) -> Stored:  # fmt: skip
    """Store the orders of the relation `checked` (a table or a SELECT in parentheses) and return the counts.

    `checked` has what orders.checking.checked gives, with entered_no from 1 without gaps: numbers follow it. `further`
    is a relation with entered_no and more columns of the order's table (regular_payment_id, due_on, accounting_system,
    ...) or for the conditions of the source. `values` are bound for both. Of two orders that pay the same the second
    is the duplicate. `held` are the permissions that decide (None: the caller's).
    """
    storing = Storing(lab, cursor, kind, source, today, held=held)
    ((count,),) = cursor.execute(f"SELECT count(*) FROM {checked}", dict(values or {})).fetchall()
    if count:
        storing.add(checked, take_numbers(cursor, today, count), further=further, values=values)
    return storing.finish()


class Storing:
    """Orders of one kind from one source, taken over part by part within a transaction of the lane ops."""

    def __init__(
        self, lab: Lab, cursor: Any, kind: Kind, source: Source, today: date, *, held: Held | None = None
    ) -> None:
        self._lab, self._cursor, self._kind, self._source, self._today = lab, cursor, kind, source, today
        self._held = lab.rights.held(lab.caller) if held is None else held
        self._states = {action: self._state(action) for action in (*source.right, source.wrong)}
        self._first = self._last = 0

    def add(
        self,
        checked: str,
        before: int,
        *,
        further: str = "",
        columns: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """Insert checked orders; the id of each is `before` and its entered_no.

        `columns` has SQL for more columns of the table, over the checked orders.
        """
        kind = self._kind
        joined = "n" + (f" JOIN {further} f USING (entered_no)" if further else "")
        more = "".join(f"{value} AS {name}, " for name, value in (columns or {}).items())
        more += self._further_columns(further, values)
        marks = ", ".join(f"{value} AS {name}" for name, value in self._marks().items())
        self._cursor.execute(
            f"""
            INSERT INTO {kind.table} BY NAME
            WITH n AS MATERIALIZED (SELECT * FROM {checked})  -- else values are worked out again for the digest
            SELECT *, sha256({canonical(kind)}) AS digest, {marks} FROM (
                SELECT $before + entered_no AS order_id, '{kind.name}' AS kind, '{self._source.origin}' AS origin,
                    {self._status()} AS status, {self._source.saved} AS saved, errors, 1 AS version,
                    $today::DATE AS created_on, $me AS created_by, $now::TIMESTAMPTZ AS created_at,
                    {more}{", ".join(kind.columns())}
                FROM {joined})
            """,
            {"before": before, "today": self._today, "me": self._lab.caller.reference, "now": self._lab.clock()}
            | dict(values or {}),
        )
        if not self._first:
            self._first, self._last = before + 1, last_number(before)

    def finish(self) -> Stored:
        """Mark the duplicates, record the first step of each order, and return the counts."""
        stored = Stored()
        if not self._first:
            return stored
        if self._source.saved and duplicates.wanted(self._lab, self._kind):
            stored.duplicates = self._mark_duplicates()
        ((stored.first, stored.last, stored.right, stored.wrong),) = self._cursor.execute(
            "SELECT min(order_id), max(order_id), count(*) FILTER (errors = ''), count(*) FILTER (errors <> '')"
            f" FROM {self._new()}"
        ).fetchall()
        self._record()
        return stored

    def _state(self, action: str) -> str:
        decision = decide(self._source.transitions, NEW, action, frozenset(), self._held)
        if decision.next is None:
            raise Refused(f"the orders can't be taken over: {decision.reason}")
        return decision.next

    def _status(self) -> str:
        cases = " ".join(
            f"WHEN {condition} THEN '{self._states[action]}'" for action, condition in self._source.right.items()
        )
        return f"CASE WHEN errors <> '' THEN '{self._states[self._source.wrong]}' {cases} END"

    def _marks(self) -> dict[str, str]:
        """Return who verified and confirmed, as SQL by column: whoever takes over what counts as verified."""
        found = {status: marks(status) for status in sorted(set(self._states.values()))}
        return {
            name: "CASE status " + " ".join(f"WHEN '{status}' THEN {of[name]}" for status, of in found.items()) + " END"
            for name in marks(ERROR)
        }

    def _further_columns(self, further: str, values: Mapping[str, Any] | None) -> str:
        """Return those columns of `further` that the table has; the others serve the conditions."""
        if not further:
            return ""
        found = self._cursor.execute(f"SELECT * FROM {further} LIMIT 0", dict(values or {})).description
        table = self._cursor.execute(f"SELECT * FROM {self._kind.table} LIMIT 0").description
        known = {column[0] for column in table}
        return "".join(f"f.{column[0]}, " for column in found if column[0] in known)

    def _new(self) -> str:
        """Return the new orders as a relation: of their day they have the highest ids."""
        new = f"order_id BETWEEN {self._first} AND {self._last}"
        return f"(SELECT * FROM {self._kind.table} WHERE kind = '{self._kind.name}' AND {new})"

    def _mark_duplicates(self) -> int:
        """Give those new orders the error 151 that repeat an earlier one; return their number."""
        found, values = duplicates.repeated(self._lab, self._kind, self._first, self._last)
        self._cursor.execute(f"CREATE OR REPLACE TEMP TABLE repeated_order AS {found}", values)
        ((count,),) = self._cursor.execute("SELECT count(*) FROM repeated_order").fetchall()
        if count:
            blank = ", ".join(f"{name} = {value}" for name, value in marks(ERROR).items())
            self._cursor.execute(
                f"UPDATE {self._kind.table} SET status = '{self._states[self._source.wrong]}', {blank},"
                f" errors = {duplicates.with_error('errors')}"
                " WHERE order_id IN (FROM repeated_order)"
            )
        self._cursor.execute("DROP TABLE repeated_order")
        return int(count)

    def _record(self) -> None:
        self._cursor.execute(
            f"INSERT INTO ops.order_step SELECT order_id, 1, $step, NULL, status, created_by, created_at, $channel,"
            f" digest, NULL, NULL FROM {self._new()}",
            {"step": self._source.step, "channel": self._lab.caller.channel},
        )
