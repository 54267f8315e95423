"""Orders: all kinds and states, in sets, by conditions; group actions, totals, and one order beside the list."""

from __future__ import annotations

from typing import Any

import bankklient_lab as bl
from bankklient_lab.analysis.selections import ORDERS
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.listing import NEXT_SETS, REJECTIONS, SETS

from . import formatting, ui
from .formatting import escape
from .order_actions import REJECTION, STEPS
from .order_drawer import DRAFT, OrderDrawer
from .order_export import OrderExport
from .order_table import Found, OrderTable, Sets, chips
from .order_words import kind_label, set_label, status_label
from .selections import SelectionBar
from .state import State, follow
from .styles import css
from .texts import text

ANY = "*"  # no kind: the widget takes "" for nothing chosen
ALWAYS = ("all", "waiting")


class Orders:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self.drawer = OrderDrawer(lab, state, self.refresh)
        self.list = OrderTable(lab, state, on_open=self.drawer.open, on_conditions=self._show_conditions)
        self.list.on_read = self._show_found
        self.sets = Sets(self._choose_set, first="all")
        kinds = {text("orders.any_kind"): ANY} | {kind_label(name): name for name in KINDS}
        self._kind = ui.select(text("order_column.kind"), kinds, ANY, width=190)
        self._chips = ui.row(gap=6, visible=False)
        self._selections = SelectionBar(lab, self._criteria, self._show_selection, of=ORDERS)
        self._totals = ui.html("", style=css("totals"), visible=False)
        show_totals = ui.button(text("orders.totals"), self.toggle_totals, icon="functions", variant="text")
        self.export = OrderExport(lab, state, self._shown)
        refresh = ui.icon_button("refresh", text("orders.refresh"), self.refresh)
        self.full = ui.column(
            ui.card(
                self.sets.widget,
                ui.row(
                    self._kind,
                    self._selections.view,
                    gap=10,
                    stylesheets=[".selections { flex: 1 1 300px !important; }"],
                ),
                self._chips,
                gap=10,
            ),
            ui.card(
                ui.row(ui.html(""), self.export.view, show_totals, refresh, self.list.choice, gap=8),
                self.export.work.view,
                self._totals,
                self.list.view,
            ),
        )
        self.empty = ui.empty(
            text("orders.empty_title"), text("orders.empty"),
            ui.button(text("create.new"), lambda: state.param.update(page="create"), primary=True, icon="add"),
        )  # fmt: skip
        self.view = ui.column(self.empty, self.full, self.drawer.view, gap=0)
        self._kind.param.watch(lambda event: self._choose_kind(event.new), "value")
        state.param.watch(lambda _event: self._restore(), "restored")
        follow(state, "orders", (), self.refresh)

    def refresh(self) -> None:
        """Read anew: the sets with their counts, the rows and the totals."""
        self.list.refresh()

    def _show_found(self, found: Found) -> None:
        counts, totals = found
        sets = {
            row["which"]: (set_label(row["which"]), row["orders"]) for row in counts if row["which"] not in NEXT_SETS
        }
        self.sets.show(sets, always=ALWAYS)
        rejected = self.list.which == REJECTIONS
        self.list.actions.offer([name for name in STEPS if (name == REJECTION) == rejected])
        self._totals.object = _totals(totals)
        nothing = not any(row["orders"] for row in counts) and not self.list.where
        self.empty.visible, self.full.visible = nothing, not nothing

    def toggle_totals(self) -> None:
        """Show or hide the sums by status and account."""
        self._totals.visible = not self._totals.visible

    def _choose_set(self, name: str) -> None:
        self.list.which = name
        self.list.refresh()

    def _choose_kind(self, kind: str) -> None:
        if (self.list.where.get("kind") or ANY) != kind:
            self.list.filter("kind", "" if kind == ANY else kind)

    def _show_conditions(self) -> None:
        """Show what the list is narrowed by, and count the sets by it."""
        where = self.list.where
        self._kind.value = where.get("kind") or ANY
        others = {name: condition for name, condition in where.items() if name != "kind"}
        self._chips.objects = chips(others, self._drop, lambda: self.list.replace_conditions({}))
        self._chips.visible = bool(others)

    def _drop(self, name: str) -> None:
        self.list.filter(name, "")

    def _criteria(self) -> dict[str, Any]:
        return {"which": self.list.which, "where": self.list.where}

    def _shown(self) -> dict[str, Any]:
        """Return what is shown as arguments of a report: with who did what where such a column is shown (ORD-055)."""
        table = self.list.table
        people = any(name.endswith("_by") and name != "created_by" for name in table.shown)
        return {**self.list.criteria, "order_by": table.order_by, "details": people}

    def _show_selection(self, criteria: dict[str, Any]) -> None:
        """Show a saved selection."""
        which = criteria.get("which", "all")
        self.list.which = which if which in SETS else "all"
        self.list.replace_conditions(criteria.get("where", {}))
        self.sets.choose(self.list.which)

    def _restore(self) -> None:
        """Open the correction again that a reload has closed."""
        for name in self._state.restored:
            number = name.removeprefix(DRAFT)
            if name.startswith(DRAFT) and number.isdigit():
                self.drawer.open(int(number))
                if self.drawer.view.open:
                    self.drawer.correct()


def _totals(rows: list[dict[str, Any]]) -> str:
    """Return the sums by kind, status, account and currency as a table, each sum above what it adds up."""
    parts, lines = ("kind", "status", "own_account"), []
    for row in sorted(rows, key=lambda row: [(row[name] is not None, row[name] or "") for name in parts]):
        if row["level"] == "account":
            label = escape(row["own_account_name"] or row["own_account"] or "")
        elif row["level"] == "status":
            label = escape(status_label(row["status"]))
        else:
            label = escape(kind_label(row["kind"]) if row["kind"] else text("orders.all"))
        code = row["currency"] or ""
        lines.append(
            f"<tr class='{row['level']}'><td>{label}</td><td class='n'>{formatting.count(row['orders'])}</td>"
            f"<td class='n'>{escape(formatting.money(row['amount'], code))}</td></tr>"
        )
    head = "".join(
        f"<th class='{kind}'>{escape(title)}</th>"
        for kind, title in (("", ""), ("n", text("page.orders")), ("n", text("column.amount")))
    )
    return f"<table aria-label='{escape(text('orders.totals'))}'><tr>{head}</tr>{''.join(lines)}</table>"


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Orders(lab, state).view
