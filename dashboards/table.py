"""A table whose rows come from the database page by page, sorted there, with totals of all and of the marked rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pandas as pd
import panel as pn
import pyarrow as pa

from . import formatting, ui
from .styles import css
from .table_keys import TableKeys
from .texts import counted, text

PAGE_ROWS = 50
ROW_PX = 28  # as in table.css
ROWS_REACHABLE = 200_000  # further pages cost the database seconds: one filters instead
ROOM_PX = 1_100  # on a large screen; a table that needs more scrolls sideways
FLEXIBLE_LEAST, FLEXIBLE_PX = 120, 220  # what a column without a width needs, and gets where the table scrolls
_SMALL_PX = {"day": 88, "amount": 104, "state": 88}  # on a small screen


@dataclass(frozen=True)
class Column:
    """A column of a table on a page."""

    name: str
    title: str
    # "text", "number" (written already), "account", "amount", "day", "count", "flaws" (a count that is best empty)
    kind: str = "text"
    width: int | None = None
    currency: str = "currency"  # the column with the currency of an amount
    essential: bool = True  # shown on small screens
    sortable: bool = True
    hidden: bool = False  # not among the columns that are shown unless chosen
    filter_hint: str = ""  # shown in the filter under the heading; empty for none


def _height(rows: int, *, filtered: bool = False) -> int:
    return ROW_PX * rows + (64 if filtered else 34)  # and the header


def _widths(columns: Sequence[Column], shown: Sequence[str], *, small: bool = False) -> dict[str, int]:
    """Return the widths of columns; those without one share the room that is left, as long as there is enough."""
    if small:
        columns = [replace(column, width=_SMALL_PX.get(column.kind, column.width)) for column in columns]
    here = [column.width or FLEXIBLE_LEAST for column in columns if column.name in shown]
    flexible = FLEXIBLE_PX if sum(here) > ROOM_PX else None
    widths = {column.name: column.width or flexible for column in columns}
    return {name: width for name, width in widths.items() if width}


def _same(value: Any) -> Any:
    return value


_SHOWN: dict[str, Callable[[Any], Any]] = {
    "account": formatting.short_account,
    "count": formatting.count,
    "flaws": lambda number: formatting.count(number) if number else "",
}
Rows = Callable[[Sequence[str], int, int], pa.Table]


def page_of(table: pa.Table, order_by: Sequence[str], limit: int, offset: int) -> pa.Table:
    """Return the rows [offset, offset + limit) of a table in memory, sorted by columns ("-name" descends)."""
    keys = [(name.removeprefix("-"), "descending" if name.startswith("-") else "ascending") for name in order_by]
    return (table.sort_by(keys) if keys else table).slice(offset, limit)


class _Paged(pn.widgets.Tabulator):
    """Tabulator with remote pages that come from `rows(order_by, limit, offset)` instead of a frame in memory."""

    def __init__(self, owner: PagedTable, **params: Any) -> None:
        self._owner = owner
        super().__init__(  # type: ignore[no-untyped-call]
            value=owner.empty_frame(),
            pagination="remote",
            page_size=PAGE_ROWS,
            show_index=False,
            disabled=True,
            row_height=ROW_PX,
            theme="simple",
            sizing_mode="stretch_width",
            margin=0,
            stylesheets=[css("table")],
            **params,
        )

    @property
    def _length(self) -> int:
        return min(self._owner.total, ROWS_REACHABLE)

    def _get_data(self) -> tuple[pd.DataFrame, dict[str, Any]]:
        frame = self._owner.load(self.sorters, self.page)
        return frame, {"index": frame.index.to_numpy(), **{name: frame[name].to_numpy() for name in frame.columns}}

    def _process_event(self, event: Any) -> None:
        if event.event_name == "cell-click":  # the frame in memory has no rows to look the click up in
            if event.column in self.value.columns:
                self._owner.opened(int(event.row))
        else:
            super()._process_event(event)

    def _update_selection(self, indices: Any) -> None:
        added, flush = (True, True) if isinstance(indices, list) else (indices.selected, indices.flush)
        self._owner.mark(indices if isinstance(indices, list) else indices.indices, added=added, flush=flush)

    def _update_selected(self, *_events: Any, **_kwargs: Any) -> None:
        for model, _parent in self._models.values():
            model.source.selected.indices = self._owner.marked_here()

    def reload(self) -> None:
        """Load the first page anew."""
        if self.page != 1:
            self.page = 1
        else:
            self._update_cds()  # type: ignore[no-untyped-call]
        self._update_max_page()


class PagedTable:
    """The table with its lines beneath: which rows are shown, totals of all, number and sum of the marked ones."""

    def __init__(
        self,
        columns: Sequence[Column],
        rows: Rows,
        *,
        order_by: Sequence[str] = (),
        rows_high: int = 14,
        on_open: Callable[[dict[str, Any]], None] | None = None,
        selectable: bool | str = "checkbox",
        placeholder: str = "",
        label: str = "",
        on_filter: Callable[[str, str], None] | None = None,
        on_order: Callable[[list[str]], None] | None = None,
        on_mark: Callable[[], None] | None = None,
    ) -> None:
        self.columns = list(columns)
        self.total = 0
        self.marked: dict[int, dict[str, Any]] = {}
        self._rows, self._order_by, self._on_open = rows, tuple(order_by), on_open
        self._rows_high, self._on_mark = rows_high, on_mark
        self._here: list[dict[str, Any]] = []
        self._offset = 0
        self._filtered, self._small = on_filter is not None, False
        right = {column.name: "right" for column in columns if column.kind in ("number", "amount", "count", "flaws")}
        self.widget = _Paged(
            self,
            titles={column.name: self._heading(column) for column in columns},
            widths=_widths(columns, []),
            editors={column.name: None for column in columns},  # cells of an editor are stops of the tab key
            text_align=right,
            header_align=right,
            hidden_columns=[column.name for column in columns if column.hidden],
            selectable=selectable,
            height=_height(rows_high, filtered=self._filtered),
            layout="fit_columns",
            configuration={
                "headerSortTristate": True,
                "columnDefaults": {"headerSort": True, "tooltip": False, "headerTooltip": False},
                "rowHeight": ROW_PX,
                "movableColumns": True,
            },
        )
        self._where = ui.html("", style=css("table_foot"), sizing_mode=None, width_policy="min")
        self._totals = ui.html("", style=css("table_foot"), css_classes=["sums"])
        self._previous = ui.icon_button("chevron_left", text("table.previous"), lambda: self._turn(-1))
        self._next = ui.icon_button("chevron_right", text("table.next"), lambda: self._turn(1))
        self._pager = ui.row(
            self._previous, self._where, self._next, gap=2, wrap=False, sizing_mode=None, width_policy="min"
        )
        nothing = formatting.escape(placeholder or text("table.nothing"))
        self._nothing = ui.html(f"<p class='nothing'>{nothing}</p>", style=css("table_foot"), visible=False)
        foot = ui.row(
            self._totals, self._pager, gap=12,
            stylesheets=["@media (max-width: 760px) { .sums { flex: 1 0 100% !important; } }"],
        )  # fmt: skip
        self.keys = TableKeys(label=label, margin=0)  # type: ignore[no-untyped-call]
        self.view = ui.column(self._nothing, self.widget, self.keys, foot, gap=4)
        self.widget.param.watch(self._show_where, ["page", "sorters"])
        if on_filter is not None:
            self.keys.param.watch(lambda event: on_filter(event.new["column"], event.new["value"]), "typed")
        if on_order is not None:
            self.keys.param.watch(lambda event: on_order(self._known(event.new)), "moved")
        self.narrow(False)

    def _heading(self, column: Column) -> str:
        title, hint = formatting.escape(column.title), formatting.escape(column.filter_hint)
        if not hint:
            return title
        name = formatting.escape(text("table.filter", column=column.title))
        return (
            f"{title}<input class='column-filter' data-column='{column.name}' placeholder='{hint}' aria-label='{name}'>"
        )

    def _known(self, names: Sequence[str]) -> list[str]:
        known = {column.name for column in self.columns}
        return [name for name in names if name in known]

    def narrow(self, small: bool) -> None:
        """Show the columns as by default: only the essential ones on a small screen."""
        self._small = small
        self.choose([column.name for column in self.columns if not column.hidden and (column.essential or not small)])

    def choose(self, names: Sequence[str]) -> None:
        """Show these columns, in this order."""
        shown = self._known(names)
        self.keys.order = shown
        if (widths := _widths(self.columns, shown, small=self._small)) != self.widget.widths:
            self.widget.widths = widths
        self.widget.hidden_columns = [column.name for column in self.columns if column.name not in shown]

    @property
    def shown(self) -> list[str]:
        """The columns that are shown, in their order."""
        return list(self.keys.order)

    def show(self, total: int, totals: str) -> None:
        """Show rows anew: `total` fit, `totals` is our own markup about all of them."""
        self.total, self._all_totals = total, totals
        self.widget.height = _height(min(self._rows_high, max(total, 1)), filtered=self._filtered)
        self.widget.visible, self._nothing.visible = total > 0 or self._filtered, not total
        self.marked.clear()
        self.widget.reload()
        self._show_where()

    @property
    def order_by(self) -> tuple[str, ...]:
        """The order that is shown."""
        names = {column.name for column in self.columns if column.sortable}
        chosen = [
            ("-" if sorter["dir"] == "desc" else "") + sorter["field"]
            for sorter in self.widget.sorters
            if sorter["field"] in names
        ]
        return tuple(chosen) or self._order_by

    def empty_frame(self) -> pd.DataFrame:
        """Return the columns without a row."""
        return pd.DataFrame({column.name: pd.Series(dtype=object) for column in self.columns})

    def load(self, _sorters: Any, page: int) -> pd.DataFrame:
        """Return one page as texts."""
        if not self.total:
            self._here = []
            return self.empty_frame()
        self._offset = (page - 1) * PAGE_ROWS
        table = self._rows(self.order_by, PAGE_ROWS, self._offset)
        self._here = table.to_pylist()
        amounts = {column.name: column.currency for column in self.columns if column.kind == "amount"}
        days = [column.name for column in self.columns if column.kind == "day"]
        shown = formatting.for_display(table, amounts, days)
        for column in self.columns:
            shown[column.name] = [_SHOWN.get(column.kind, _same)(value) for value in shown[column.name]]
        frame = pd.DataFrame(
            {column.name: pd.Series(shown[column.name], dtype=object).fillna("") for column in self.columns}
        )
        frame.index = pd.RangeIndex(self._offset, self._offset + len(frame))
        return frame

    def mark(self, rows: Sequence[int], *, added: bool, flush: bool) -> None:
        """Mark or unmark rows of the page that is shown."""
        if flush:
            for number in range(self._offset, self._offset + len(self._here)):
                self.marked.pop(number, None)
        for row in rows:
            if row >= len(self._here):
                continue
            if added:
                self.marked[self._offset + row] = self._here[row]
            else:
                self.marked.pop(self._offset + row, None)
        self._show_totals()

    def marked_here(self) -> list[int]:
        """Return which rows of the page are marked."""
        return [number - self._offset for number in self.marked if 0 <= number - self._offset < len(self._here)]

    @property
    def here(self) -> list[dict[str, Any]]:
        """The rows of the page that is shown."""
        return list(self._here)

    def opened(self, position: int) -> None:
        """Open a row of the page that is shown."""
        if self._on_open is not None and 0 <= position < len(self._here):
            self._on_open(self._here[position])

    def _turn(self, step: int) -> None:
        last = max(1, -(-min(self.total, ROWS_REACHABLE) // PAGE_ROWS))
        self.widget.page = min(max(1, self.widget.page + step), last)

    def _show_where(self, *_events: Any) -> None:
        first = (self.widget.page - 1) * PAGE_ROWS
        last = min(first + PAGE_ROWS, self.total)
        shown = text(
            "table.where",
            first=formatting.count(first + 1),
            last=formatting.count(last),
            total=formatting.count(self.total),
        )
        self._where.object = f"<div class='where'>{shown if self.total > PAGE_ROWS else ''}</div>"
        self._previous.disabled = self.widget.page == 1
        self._next.disabled = last >= min(self.total, ROWS_REACHABLE)
        self._pager.visible = self.total > PAGE_ROWS
        self._show_totals()

    def _show_totals(self) -> None:
        if self._on_mark is not None:
            self._on_mark()
        if not self.marked:
            self._totals.object = f"<div class='totals'>{self._all_totals}</div>"
            return
        sums: dict[str, Decimal] = {}
        for row in self.marked.values():
            sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + (row["amount"] or 0)
        parts = " &nbsp; ".join(
            f"<b>{formatting.money(value, formatting.escape(code))}</b>" for code, value in sorted(sums.items())
        )
        number = counted("table.marked", len(self.marked), formatting.count(len(self.marked)))
        self._totals.object = f"<div class='totals'>{number} &nbsp; {parts}</div>"

    _all_totals = ""
