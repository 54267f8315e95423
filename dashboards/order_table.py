"""A table of orders with its sets, conditions, totals and group actions; the pages Orders and To do are made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.orders.filters import conditions
from bankklient_lab.orders.listing import order_counts, order_totals, order_versions, orders

from . import formatting, ui
from .entry_columns import arranged
from .formatting import escape
from .order_actions import Chosen, OrderActions
from .order_columns import columns, told
from .refresh import Refresh
from .state import State
from .styles import css
from .table import PagedTable
from .texts import counted, text

NEWEST = ("-order_id",)
COUNTER_ACCOUNT, COUNTER_NAME = "counter_account", "counter_name"
SMALL_COLUMNS = 3  # that a small screen has room for
Found = tuple[list[dict[str, Any]], list[dict[str, Any]]]  # order_counts, and order_totals of what is shown


class OrderTable:
    """The table of the orders of one set that meet the conditions; `which` and `where` are set by its page."""

    def __init__(
        self,
        lab: bl.Lab,
        state: State,
        *,
        on_open: Callable[[int], None],
        on_conditions: Callable[[], None],
        order_by: Sequence[str] = NEWEST,
        rows_high: int = 16,
        essential: Sequence[str] = (),
    ) -> None:
        """`on_conditions` is called after the user has changed one under a heading.

        `essential` are columns for small screens, the most telling first; as many are shown as there is room for.
        """
        self._lab, self._state, self._on_conditions = lab, state, on_conditions
        self._essential = essential
        self.which = "all"
        self.where: dict[str, str] = {}
        self.secret: frozenset[str] = frozenset()  # columns that are not told, since they are to be typed
        self.sums: dict[str, Decimal] = {}
        self.total = 0
        self._columns = columns()
        self.on_read: Callable[[Found], object] = lambda _found: None  # told after each reading
        self.on_change: Callable[[], object] = self.refresh  # after a group action
        self.after: Callable[[], object] | None = None  # once: when the rows have been read
        self._problem = ui.notice("", severity="error", visible=False)
        self.table = PagedTable(
            self._columns, self._rows, order_by=order_by, rows_high=rows_high, label=text("page.orders"),
            on_open=lambda row: on_open(row["order_id_code"]), on_filter=self._filter_column,
            on_order=self.table_order, on_mark=self._marked, placeholder=text("orders.no_order"),
        )  # fmt: skip
        self.choice = ui.multi_choice(
            text("table.columns"), {column.title: column.name for column in self._columns}, width=150
        )
        self.actions = OrderActions(lab, self.chosen, self._whole, self._changed)
        self._reading: Refresh[Found] = Refresh(state, self._prepare, self._show, self._fail)
        self.view = ui.column(self.actions.view, self._problem, self.table.view, self.actions.dialog, gap=10)
        self.choice.param.watch(self._choose_columns, "value")
        state.param.watch(lambda _event: self._fit(), "narrow")
        self._fit()

    @property
    def criteria(self) -> dict[str, Any]:
        """What the table shows, as arguments of `orders`."""
        return {"which": self.which, "where": self.where}

    def chosen(self) -> Chosen:
        """Return the marked orders, or all of the table."""
        rows = list(self.table.marked.values()) if self._built else []
        if not rows:
            return Chosen(self.total, self.sums)
        sums: dict[str, Decimal] = {}
        for row in rows:
            if row["amount"] is not None:
                sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["amount"]
        return Chosen(len(rows), sums, [row["order_id_code"] for row in rows], [row["version"] for row in rows])

    def _changed(self) -> None:
        self._state.noted()
        self.on_change()

    def refresh(self) -> None:
        """Read anew."""
        self._reading.start()

    def hide(self, names: frozenset[str]) -> None:
        """Leave columns out that are not to be told."""
        if names != self.secret:
            self.secret = names
            self._fit()

    def filter(self, column: str, condition: str) -> None:
        """Set a condition ("": none) and read anew; a condition that is none is refused with a sentence."""
        where = {name: one for name, one in self.where.items() if name != column}
        if condition.strip():
            conditions({column: condition})
            where[column] = condition.strip()
        self.replace_conditions(where)

    def replace_conditions(self, where: Mapping[str, str]) -> None:
        """Set all conditions and read anew."""
        self.where = dict(where)
        self.table.keys.filters = self.where
        self._on_conditions()
        self.refresh()

    def _filter_column(self, column: str, value: str) -> None:
        with ui.told():
            self.filter(column, value)

    def _prepare(self) -> Callable[[], Found]:
        lab, criteria = self._lab, self.criteria

        def read() -> Found:
            counts = order_counts.rows(lab, where=criteria["where"])
            return counts, order_totals.rows(lab, **criteria)

        return read

    def _show(self, found: Found) -> None:
        counts, totals = found
        self.total = next((row["orders"] for row in counts if row["which"] == self.which), 0)
        self.on_read(found)
        told_sums = [row for row in totals if row["level"] == "all" and row["currency"] and "amount" not in self.secret]
        self.sums = {row["currency"]: row["amount"] for row in told_sums}
        self._problem.visible, self.table.view.visible = False, True
        number = counted("orders.orders", self.total, formatting.count(self.total))
        parts = [f"<b>{escape(number)}</b>"] + [
            f"<span class='nowrap'><b>{escape(formatting.money(value, code))}</b></span>"
            for code, value in self.sums.items()
        ]
        self.table.show(self.total, " ".join(parts) if self.total else "")
        self.actions.show()
        after, self.after = self.after, None
        if after is not None:
            after()

    def _fail(self, sentence: str) -> None:
        self._problem.object = escape(sentence[:1].upper() + sentence[1:])
        self._problem.visible, self.table.view.visible = True, False

    def _rows(self, order_by: Sequence[str], limit: int, offset: int) -> pa.Table:
        return told(orders.arrow(self._lab, **self.criteria, order_by=order_by, limit=limit, offset=offset))

    def _whole(self) -> Callable[[], Chosen]:
        lab, criteria, secret = self._lab, self.criteria, "amount" in self.secret

        def read() -> Chosen:
            found = order_versions.arrow(lab, **criteria)
            sums = found.group_by("currency").aggregate([("amount", "sum")]).sort_by("currency").to_pylist()
            known = {row["currency"]: row["amount_sum"] for row in sums if row["currency"] and row["amount_sum"]}
            ids, versions = (found[name].to_pylist() for name in ("order_id", "version"))
            return Chosen(len(ids), {} if secret else known, ids, versions)

        return read

    def _marked(self) -> None:
        if self._built:
            self.actions.show()

    @property
    def _built(self) -> bool:
        return hasattr(self, "actions")

    def _fit(self) -> None:
        self.table.narrow(self._state.narrow)
        wanted = set(self.table.shown)
        if self._state.narrow and self._essential:
            wanted = set([name for name in self._essential if name not in self.secret][:SMALL_COLUMNS])
        elif COUNTER_ACCOUNT in self.secret:
            wanted.add(COUNTER_NAME)  # whom it is for is told all the same
        self.table.choose([one.name for one in self._columns if one.name in wanted - self.secret])
        self._show_choice()

    def _show_choice(self) -> None:
        shown = self.table.shown
        self.choice.param.update(value=shown, value_label=counted("table.columns", len(shown)))

    def _choose_columns(self, event: Any) -> None:
        before = self.table.shown
        wanted = [name for name in event.new if name not in self.secret]
        if set(wanted) != set(before) and wanted:
            self.table.choose(arranged(before, wanted, [column.name for column in self._columns]))
        self._show_choice()

    def table_order(self, names: list[str]) -> None:
        """Keep the order of columns that the user has made."""
        self.table.choose(names)
        self._show_choice()


class Sets:
    """The sets that a table switches between, each with its count; empty ones are left out unless chosen."""

    def __init__(self, chosen: Callable[[str], None], *, first: str) -> None:
        self._chosen = chosen
        self._first, self._quiet = first, False
        self.widget = ui.choice(
            {}, None, css_classes=["sets"], styles={"max-width": "100%", "overflow-x": "auto"},
            stylesheets=["@media (min-width: 761px) {" + css("tabs") + "}"],  # else there is no room for two lines
        )  # fmt: skip
        self.widget.param.watch(self._changed, "value")

    @property
    def value(self) -> str:
        """The chosen set."""
        return str(self.widget.value or self._first)

    def show(self, counts: Mapping[str, tuple[str, int]], *, always: Sequence[str] = ()) -> None:
        """Offer sets by name with label and count."""
        here = self.value
        options = {
            f"{label} {formatting.count(number)}": name
            for name, (label, number) in counts.items()
            if number or name == here or name in always
        }
        self._quiet = True
        self.widget.param.update(options=options, value=here if here in options.values() else self._first)
        self._quiet = False

    def choose(self, name: str) -> None:
        """Choose a set, as far as it is offered, without telling that."""
        self._quiet = True
        if name in self.widget.options.values():
            self.widget.value = name
        else:
            self._first = name
        self._quiet = False

    def _changed(self, event: Any) -> None:
        if not self._quiet and event.new:
            self._chosen(event.new)


def chips(where: Mapping[str, str], drop: Callable[[str], None], clear: Callable[[], None]) -> list[ui.Widget]:
    """Return a button for each condition that takes it back, and one for all."""
    titles = {column.name: column.title for column in columns()}
    found = [
        ui.chip(f"{titles.get(name, name)}: {condition}", partial(drop, name)) for name, condition in where.items()
    ]
    if len(found) > 1:
        found.append(ui.button(text("explorer.clear"), clear, variant="text", icon="filter_alt_off"))
    return found
