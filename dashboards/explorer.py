"""Explorer: every entry, in one chart and one table that show the same selection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import bankklient_lab as bl
from bankklient_lab.analysis.selections import ENTRIES
from bankklient_lab.errors import BadArgument, NoRate

from . import charts, formatting, periods, ui
from .content import in_one_currency, left_out
from .detail import EntryDetail
from .entry_columns import COLUMNS, DEFAULT, amounts_of, arranged, filters_of, with_part
from .entry_filter import Chips, EntryFilter
from .export import ExportMenu
from .formatting import escape
from .paging import only_of_days, page_of_entries
from .selections import SelectionBar, of_entries, show_entries
from .state import State, follow
from .styles import css
from .table import PagedTable
from .texts import counted, text

WAYS = ("none", "category", "account")
Flow = tuple[pa.Table | None, str, list[dict[str, Any]]]  # amounts by period and key, what is left out, totals


class Explorer:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._by = ui.choice({text(f"explorer.by_{way}"): way for way in WAYS}, "none")
        self._title = ui.heading("")
        self._legend = ui.html("", style=css("legend"))
        self._notice = ui.notice("", severity="warning", visible=False)
        self._bars = charts.Bars(height=230, on_open=self._choose_days)
        self._bars.choose_range(self._choose_days)
        self._detail = EntryDetail(lab)
        self._table = PagedTable(
            COLUMNS, self._rows, order_by=("-day",), rows_high=16, on_open=self._detail.open,
            label=text("explorer.entries"), on_filter=self._filter_column, on_order=self._keep_columns,
        )  # fmt: skip
        self._choice = ui.multi_choice(
            text("table.columns"), {column.title: column.name for column in COLUMNS}, width=150,
        )  # fmt: skip
        self._filter = EntryFilter(lab, state)
        self._selections = SelectionBar(
            lab, lambda: of_entries(state), lambda criteria: show_entries(state, criteria), of=ENTRIES
        )
        self._chips = Chips(state)
        self._more = ui.button(text("explorer.more"), self._show_more, variant="text", icon="tune")
        self.view = ui.column(
            ui.card(self._filter.view, self._more, self._selections.view, self._chips.view, gap=10),
            self._notice,
            ui.card(ui.row(self._title, self._by, gap=12), self._legend, self._bars.pane),
            ui.card(
                ui.row(
                    ui.heading(text("explorer.entries")),
                    ExportMenu(lab, state, self._shown).view,
                    self._choice,
                    gap=12,
                    stylesheets=["@media (max-width: 760px) { .export { order: 3; flex: 1 0 100% !important; } }"],
                ),
                self._table.view,
            ),
            self._detail.view,
        )
        self._by.param.watch(lambda _event: self._show_chart(), "value")
        state.param.watch(lambda _event: self._fit(), "narrow")
        state.param.watch(self._show_filters, ["containing", "amount_from", "amount_to"])
        state.param.watch(self._show_columns, "columns")
        self._choice.param.watch(self._choose_columns, "value")
        self._fit()
        self._show_filters()
        follow(state, "explorer", (*State.FILTER, *State.CRITERIA), self.refresh)

    def _fit(self) -> None:
        self._show_columns()
        self._bars.fit(self._state.narrow)
        self._more.visible = self._state.narrow
        self._show_fields(not self._state.narrow)

    def _show_fields(self, shown: bool) -> None:
        self._selections.view.visible = shown
        for name, widget in self._filter.fields.items():
            widget.visible = shown or name == "text"

    def _shown(self) -> tuple[Sequence[str], Sequence[str]]:
        """Return order and columns for an export; that a small screen has less room leaves nothing out of a file."""
        return self._table.order_by, self._state.columns or DEFAULT

    def _show_columns(self, *_events: object) -> None:
        chosen = self._state.columns
        if chosen:
            self._table.choose(chosen)
        else:
            self._table.narrow(self._state.narrow)
        shown = self._table.shown
        self._choice.param.update(value=shown, value_label=counted("table.columns", len(shown)))

    def _choose_columns(self, event: Any) -> None:
        before = self._table.shown
        if set(event.new) == set(before):
            return
        if not event.new:  # a table needs one
            self._choice.value = before
            return
        self._keep_columns(arranged(before, event.new))

    def _keep_columns(self, names: list[str]) -> None:
        self._state.columns = [] if names == DEFAULT and not self._state.narrow else names

    def _show_filters(self, *_events: object) -> None:
        state = self._state
        self._table.keys.filters = filters_of(state.containing, state.amount_from, state.amount_to)

    def _filter_column(self, column: str, value: str) -> None:
        """Take what was typed under a heading."""
        state = self._state
        try:
            if column == "amount":
                low, high = amounts_of(value)
                state.param.update(amount_from=low, amount_to=high)
            else:
                state.containing = with_part(state.containing, column, value)
        except BadArgument:
            ui.tell(text("table.bad_amount"), kind="warning")

    def _show_more(self) -> None:
        self._show_fields(not self._selections.view.visible)

    def refresh(self) -> None:
        """Show the selection anew."""
        with ui.told():
            totals = self._show_chart()
            self._table.show(sum(row["entries"] for row in totals), _totals(totals))

    def _rows(self, order_by: Sequence[str], limit: int, offset: int) -> pa.Table:
        return page_of_entries(self._lab, self._state.criteria(), order_by, limit, offset)

    def _show_chart(self) -> list[dict[str, Any]]:
        """Draw the chart and return the totals by currency of all that is selected."""
        state, criteria = self._state, self._state.criteria()
        unit = periods.unit_for(state.since, state.until)
        flow = self._flow_of_days if only_of_days(criteria) else self._flow_of_entries
        table, note, totals = flow(unit, criteria)
        self._notice.object, self._notice.visible = escape(note), bool(note)
        spans = periods.all_periods(state.since, state.until, unit)
        starts = [span[0] for span in spans]
        series = self._series(table, starts)
        net = _summed(series, len(starts))
        names = [periods.name_of(span, unit) for span in spans]
        series = [one for one in series if any(one.values)]
        netted = [charts.Series(text("overview.net"), charts.Style(charts.NET), net)] if len(series) > 1 else []
        self._bars.show(spans, series, netted, state.currency, names)
        hint = "" if state.narrow else escape(text("explorer.hint"))
        title = escape(text(f"overview.flow_{unit}"))
        self._title.object = f"<h2>{title} <span class='note'>{hint}</span></h2>"
        self._legend.object = charts.legend([*series, *netted])
        return totals

    def _flow_of_days(self, unit: str, criteria: dict[str, Any]) -> Flow:
        """Answer from the sums of days."""
        category = criteria["category"]
        by = "category" if category else self._by.value

        def load(names: list[str], target: str | None) -> pa.Table:
            table = bl.cash_flow.arrow(
                self._lab, since=criteria["since"], until=criteria["until"], accounts=names,
                period=unit, by=by, in_currency=target,
            )  # fmt: skip
            return table.filter(pc.equal(table["key"], category)) if category else table

        table, note = in_one_currency(self._state.content, self._state, load)
        return table, note, bl.entry_totals.arrow(self._lab, **criteria).to_pylist()

    def _flow_of_entries(self, unit: str, criteria: dict[str, Any]) -> Flow:
        """Answer from the entries, read once for the chart and the totals."""
        state, chosen = self._state, criteria | {"period": unit, "by": self._by.value}
        target = None if state.content.currencies == [state.currency] else state.currency
        try:
            table, note = bl.entry_flow.arrow(self._lab, **chosen, in_currency=target), ""
        except NoRate as error:
            table, note, target = bl.entry_flow.arrow(self._lab, **chosen), left_out(error, state.currency), None
        totals = _by_currency(table)
        if target is None:
            return table.filter(pc.equal(table["currency"], state.currency)), note, totals
        shown = table.drop_columns(["credit", "debit"]).rename_columns(
            {"converted_credit": "credit", "converted_debit": "debit"}
        )
        summed = shown.group_by(["period", "key"]).aggregate([("credit", "sum"), ("debit", "sum")])
        return summed.rename_columns({"credit_sum": "credit", "debit_sum": "debit"}), note, totals

    def _series(self, table: pa.Table | None, starts: list[date]) -> list[charts.Series]:
        state, way = self._state, self._by.value
        if table is None:
            return []
        came, went = (periods.by_key(table, "period", name, starts) for name in ("credit", "debit"))
        none = [Decimal(0)] * len(starts)
        if way == "none":
            ups = _filled(next(iter(came.values()), none))
            downs = _filled(next(iter(went.values()), none))
            return [
                charts.Series(text("overview.in"), charts.Style(charts.IN), ups if state.side != "debit" else none),
                charts.Series(
                    text("overview.out"),
                    charts.Style(charts.OUT),
                    [-v for v in downs] if state.side != "credit" else none,
                ),
            ]
        values: dict[str, Sequence[Decimal | None]] = {}
        for key in came:
            ups = _filled(came[key]) if state.side != "debit" else none
            downs = _filled(went[key]) if state.side != "credit" else none
            label = formatting.short_account(key) if way == "account" else key
            values[label] = [up - down for up, down in zip(ups, downs, strict=True)]
        return charts.fold(values, lambda key: state.styles.of(way, key), text("overview.other"))

    def _choose_days(self, since: date, until: date) -> None:
        state = self._state
        state.param.update(since=max(since, state.since), until=min(until, state.until))


def _by_currency(table: pa.Table) -> list[dict[str, Any]]:
    names = ("entries", "credit", "debit", "net")
    summed = table.group_by("currency").aggregate([(name, "sum") for name in names]).sort_by("currency")
    rows: list[dict[str, Any]] = summed.rename_columns({f"{name}_sum": name for name in names}).to_pylist()
    return rows


def _filled(values: Sequence[Decimal | None]) -> list[Decimal]:
    return [value or Decimal(0) for value in values]


def _summed(series: Sequence[charts.Series], size: int) -> list[Decimal]:
    return [sum((one.values[at] or Decimal(0) for one in series), Decimal(0)) for at in range(size)]


def _totals(rows: Sequence[dict[str, Any]]) -> str:
    number = sum(row["entries"] for row in rows)
    parts = [f"<b>{counted('explorer.total', number, formatting.count(number))}</b>"]
    for row in rows:
        code = escape(row["currency"])
        parts.append(
            f"<span class='nowrap'>{code}: {formatting.amount(row['credit'], code, sign=True)} / "
            f"{formatting.amount(-row['debit'], code)} = <b>{formatting.amount(row['net'], code, sign=True)}</b></span>"
        )
    return " ".join(parts)


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Explorer(lab, state).view
