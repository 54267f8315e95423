"""Patterns: what is kept of orders that come again, their groups, headers, and the layouts of forms."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.orders.creating import order_defaults
from bankklient_lab.orders.headers import headers
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.layouts import STANDARD, form_layouts
from bankklient_lab.orders.pattern_groups import pattern_groups
from bankklient_lab.orders.patterns import patterns, take_over_patterns
from bankklient_lab.orders.unfinished import MATURITY, values_of
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .group_drawer import GroupDrawer
from .layout_drawer import LayoutDrawer
from .listing import Listing, in_words
from .order_fields import fields_of, shown
from .order_words import kind_label
from .pattern_drawer import HEADER, PATTERN, PatternDrawer, taken_over
from .state import State
from .table import Column
from .texts import text

PATTERNS, GROUPS, HEADERS, LAYOUTS = "patterns", "groups", "headers", "layouts"
STATE_MARKS = {"check": "\u25cf", "incomplete": "\u25d4", "error": "\u25cb"}


class Patterns:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        held = lab.rights.held(lab.caller)
        kinds = [kind.name for kind in KINDS.values() if needed(kind.creates).holds(held)]
        self.rows: dict[str, list[dict[str, Any]]] = {PATTERNS: [], GROUPS: [], HEADERS: [], LAYOUTS: []}
        self._kind = ui.choice({kind_label(name): name for name in kinds}, kinds[0])
        self.which = ui.choice({text(f"patterns.{name}"): name for name in self.rows}, PATTERNS)
        self.pattern = PatternDrawer(lab, state, PATTERN, self.refresh)
        self.header = PatternDrawer(lab, state, HEADER, self.refresh)
        self.group = GroupDrawer(lab, state, self.refresh, self._take_over)
        self.layout = LayoutDrawer(lab, self.refresh)
        self.lists = {
            PATTERNS: Listing(
                state, "patterns", _pattern_columns(), self._read_patterns, count="patterns.count",
                label=text("patterns.patterns"), placeholder=text("patterns.none"),
                on_open=lambda row: self.pattern.open(self.kind, self._row(PATTERNS, "name", row)),
            ),
            GROUPS: Listing(
                state, "patterns", _group_columns(), self._read_groups, count="patterns.group_count",
                label=text("patterns.groups"), placeholder=text("patterns.no_groups"),
                on_open=lambda row: self.group.open(self._row(GROUPS, "group_number", row), self.kind),
            ),
            HEADERS: Listing(
                state, "patterns", _header_columns(), self._read_headers, count="patterns.header_count",
                label=text("patterns.headers"), placeholder=text("patterns.no_headers"),
                on_open=lambda row: self.header.open(self.kind, self._row(HEADERS, "name", row)),
            ),
            LAYOUTS: Listing(
                state, "patterns", _layout_columns(), self._read_layouts, count="layouts.count",
                label=text("patterns.layouts"),
                on_open=lambda row: self.layout.open(self.kind, self._row(LAYOUTS, "shown_name", row)),
            ),
        }  # fmt: skip
        self._new = ui.button(text("patterns.new"), self.new, primary=True, icon="add")
        bar = ui.row(
            self._kind, self.which, *(one.search for one in self.lists.values()), ui.html(""), self._new, gap=10
        )
        self.view = ui.column(
            ui.card(bar, *(one.view for one in self.lists.values())), self.pattern.view, self.header.view,
            self.group.view, self.layout.view,
        )  # fmt: skip
        self.which.param.watch(lambda _event: self._show(), "value")
        self._kind.param.watch(lambda _event: self.refresh(), "value")
        self._show()

    @property
    def kind(self) -> str:
        """The kind whose patterns are shown."""
        return str(self._kind.value)

    def refresh(self) -> None:
        """Read all lists anew."""
        for one in self.lists.values():
            one.refresh()

    def new(self) -> None:
        """Show an empty form for what is listed."""
        if self.which.value == GROUPS:
            self.group.new(self.rows[GROUPS])
        elif self.which.value == LAYOUTS:
            self.layout.open(self.kind, self.rows[LAYOUTS][0])
        elif self.which.value == HEADERS:
            self.header.new(self.kind, {})
        else:
            values = order_defaults(self._lab, self.kind)
            self.pattern.new(self.kind, {name: value for name, value in values.items() if name != MATURITY})

    def _show(self) -> None:
        for name, one in self.lists.items():
            one.view.visible = one.search.visible = name == self.which.value
        self._kind.visible = self.which.value != GROUPS

    def _row(self, which: str, key: str, row: dict[str, Any]) -> dict[str, Any]:
        """Return what was read for a row of the table; a pattern is known by its group too."""
        keys = [key] if which != PATTERNS else [key, "group_number"]
        return next(one for one in self.rows[which] if all(str(one[name]) == str(row[name]) for name in keys))

    def _take_over(self, group: int) -> None:
        """Make an order of each pattern of a group."""
        made = take_over_patterns(self._lab, self.kind, group=group)
        ui.tell(taken_over(made))
        self._state.page = "orders"

    def _read_patterns(self) -> pa.Table:
        rows = self.rows[PATTERNS] = patterns.rows(self._lab, self.kind)
        words = [column.name for column in _pattern_columns() if column.kind != "amount"]
        table = in_words(rows, words, state=_state, group=lambda row: row["group_name"] or "")
        return table.append_column(
            "amount_value", pa.array([row["amount_value"] for row in rows], pa.decimal128(18, 3))
        )

    def _read_groups(self) -> pa.Table:
        rows = self.rows[GROUPS] = pattern_groups.rows(self._lab)
        return in_words(rows, [column.name for column in _group_columns()])

    def _read_headers(self) -> pa.Table:
        rows = self.rows[HEADERS] = headers.rows(self._lab, self.kind)
        return in_words(
            rows, [column.name for column in _header_columns()], values=self._values,
            changed_at=lambda row: formatting.moment(row["changed_at"]),
        )  # fmt: skip

    def _read_layouts(self) -> pa.Table:
        kept = form_layouts.rows(self._lab, self.kind)
        first = {"name": STANDARD, "fields": "[]", "current": not any(row["current"] for row in kept)}
        rows = self.rows[LAYOUTS] = [
            row | {"shown_name": text("layouts.standard") if row is first else row["name"]} for row in (first, *kept)
        ]
        return in_words(
            rows, [column.name for column in _layout_columns()],
            current=lambda row: f"\u25cf {text('layouts.current')}" if row["current"] else "",
        )  # fmt: skip

    def _values(self, row: dict[str, Any]) -> str:
        """Return what a header fills in, for people."""
        kind = KINDS[row["kind"]]
        texts = shown(kind, values_of(row["items"]))
        told = [f"{one.label}: {texts[one.name]}" for one in fields_of(kind) if texts[one.name]]
        return ", ".join(told).replace("\n", " ")


def _state(row: dict[str, Any]) -> str:
    state = row["state"]
    told = f"{STATE_MARKS[state]} {text(f'patterns.state_{state}')}"
    return f"{told} {row['errors']}" if row["errors"] else told


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Patterns(lab, state).view


def _pattern_columns() -> tuple[Column, ...]:
    return (
        Column("name", text("patterns.name")),
        Column("state", text("column.state"), "state", width=120),
        Column("group_number", text("patterns.group_number"), width=80, essential=False),
        Column("group", text("patterns.group"), width=130, essential=False),
        Column("own_account", text("patterns.own_account"), width=170, essential=False),
        Column("counter_account", text("patterns.counter_account"), width=190, essential=False),
        Column("amount_value", text("column.amount"), "amount", width=120),
        Column("currency", text("column.currency"), width=80, essential=False),
    )


def _group_columns() -> tuple[Column, ...]:
    return (
        Column("group_number", text("patterns.group_number"), width=100),
        Column("name", text("patterns.name")),
        Column("patterns", text("patterns.patterns"), width=120),
    )


def _layout_columns() -> tuple[Column, ...]:
    return (
        Column("shown_name", text("patterns.name")),
        Column("current", text("column.state"), "state", width=160),
    )


def _header_columns() -> tuple[Column, ...]:
    return (
        Column("name", text("patterns.name"), width=220),
        Column("values", text("patterns.values")),
        Column("changed_by", text("patterns.changed_by"), width=120, essential=False),
        Column("changed_at", text("patterns.changed_at"), width=160, essential=False),
    )
