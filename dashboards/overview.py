"""Overview: what do we have, what moved, what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import bankklient_lab as bl

from . import charts, formatting, periods, ui
from .content import in_one_currency
from .formatting import escape
from .state import State, follow
from .styles import css
from .table import Column, PagedTable
from .texts import counted, text

FINDINGS_SHOWN = 6
WAYS = ("account", "currency", "bank", "total")


class Overview:
    """The page; each part is filled anew when the filter or the lab's content changes."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._notice = ui.notice("", severity="warning", visible=False)
        self._tiles = [ui.html("", style=css("tiles")) for _ in range(4)]
        self._lines = charts.Lines(height=320)
        self._by = ui.choice({text(f"overview.by_{way}"): way for way in WAYS}, "account")
        self._legend = ui.html("", style=css("legend"))
        self._bars = charts.Bars(height=280, on_open=self._open_period)
        self._bars_title = ui.heading(text("overview.flow"))
        self._flow_legend = ui.html("", style=css("legend"))
        self._findings = ui.html("", style=css("findings"))
        self._accounts = PagedTable(
            _ACCOUNT_COLUMNS, self._account_rows, rows_high=12, selectable=False, on_open=self._open_account
        )
        self._moves_title = ui.heading("")
        self._moves = PagedTable(
            _MOVE_COLUMNS, self._move_rows, rows_high=12, selectable=False, on_open=self._open_move
        )
        self._account_table: pa.Table | None = None
        self._moves_day = state.last_day
        self.full = ui.column(
            self._notice,
            ui.grid(*(ui.card(tile, span=3) for tile in self._tiles)),
            ui.card(ui.row(ui.heading(text("overview.balances")), self._by, gap=12), self._lines.pane, self._legend),
            ui.grid(
                ui.card(self._bars_title, self._flow_legend, self._bars.pane, span=7),
                ui.card(ui.heading(text("overview.findings")), self._findings, span=5),
            ),
            ui.grid(
                ui.card(ui.heading(text("overview.accounts")), self._accounts.view, span=7),
                ui.card(self._moves_title, self._moves.view, span=5),
            ),
        )
        self.empty = ui.empty(
            text("overview.empty_title"),
            text("overview.empty"),
            ui.import_button(state),
        )
        self.view = ui.column(self.empty, self.full, gap=0)
        self._by.param.watch(lambda _event: self._show_balances(), "value")
        state.param.watch(lambda _event: self._fit(), "narrow")
        self._fit()
        follow(state, "overview", State.FILTER, self.refresh)

    def refresh(self) -> None:
        """Fill the page."""
        has_content = bool(self._state.content.accounts)
        self.full.visible, self.empty.visible = has_content, not has_content
        if not has_content:
            return
        notes = [self._show_position(), self._show_balances(), self._show_flow()]
        self._notice.object = escape(next((note for note in notes if note), ""))
        self._notice.visible = any(notes)
        self._show_findings()
        self._show_moves()

    def _fit(self) -> None:
        self._accounts.narrow(self._state.narrow)
        self._moves.narrow(self._state.narrow)
        self._bars.fit(self._state.narrow)
        if self._state.content.accounts:
            self._show_balances()

    def _balances(self, on: date) -> tuple[pa.Table | None, str]:
        return in_one_currency(
            self._state.content,
            self._state,
            lambda names, target: bl.balances.arrow(self._lab, on=on, accounts=names, in_currency=target),
        )

    def _show_position(self) -> str:
        state = self._state
        now, note = self._balances(state.last_day)
        before, _ = self._balances(state.since - timedelta(days=1))
        position, start = _total(now), _total(before)
        change = position - start
        since = formatting.day(state.since - timedelta(days=1))
        self._tiles[0].object = _tile(
            text("overview.position", day=formatting.day(state.last_day)), position, state.currency,
            text("overview.change", change=formatting.money(change, state.currency, sign=True), day=since),
            "good" if change > 0 else "bad" if change < 0 else "muted",
        )  # fmt: skip
        # Each account's own balance is shown, also where it can't be converted.
        own = bl.balances.arrow(self._lab, on=state.last_day, accounts=state.accounts)
        converted = {} if now is None else dict(zip(now["label"].to_pylist(), _worth(now).to_pylist(), strict=True))
        worth = pa.array([converted.get(label) for label in own["label"].to_pylist()], own["balance"].type)
        shown = own.set_column(own.column_names.index("converted"), "converted", worth)
        self._account_table = shown.append_column("target", pa.array([state.currency] * shown.num_rows, pa.string()))
        self._accounts.show(
            shown.num_rows,
            counted("overview.accounts_total", shown.num_rows)
            + f" &nbsp; <b>{formatting.money(position, escape(state.currency))}</b>",
        )
        return note

    def _show_balances(self) -> str:
        state, way = self._state, self._by.value
        days = periods.sampled_days(state.since, state.until)
        table, note = in_one_currency(
            state.content,
            state,
            lambda names, target: bl.balance_series.arrow(
                self._lab, since=state.since, until=state.until, accounts=names,
                by=way if target else "account", in_currency=target,
            ),
        )  # fmt: skip
        values = periods.by_key(table, "day", "balance", days) if table is not None else {}
        names = {"total": text("overview.total")}
        series = charts.fold(
            {names.get(key, formatting.short_account(key)): amounts for key, amounts in values.items()},
            lambda key: state.styles.of(way, key),
            text("overview.other"),
        )
        self._lines.show(days, series, state.currency, small=state.narrow)
        self._legend.object = charts.legend(series) if state.narrow else ""
        self._legend.visible = state.narrow
        return note

    def _show_flow(self) -> str:
        state = self._state
        unit = periods.unit_for(state.since, state.until)
        table, note = in_one_currency(
            state.content,
            state,
            lambda names, target: bl.cash_flow.arrow(
                self._lab,
                since=state.since,
                until=state.until,
                accounts=names,
                period=unit,
                by="none",
                in_currency=target,
            ),
        )
        spans = periods.all_periods(state.since, state.until, unit)
        starts = [span[0] for span in spans]

        def values(name: str) -> list[Decimal]:
            found = periods.by_key(table, "period", name, starts) if table is not None else {}
            return [value or Decimal(0) for value in next(iter(found.values()), [None] * len(starts))]

        came, went, net = values("credit"), values("debit"), values("net")
        series = [
            charts.Series(text("overview.in"), charts.Style(charts.IN), came),
            charts.Series(text("overview.out"), charts.Style(charts.OUT), [-value for value in went]),
        ]
        netted = charts.Series(text("overview.net"), charts.Style(charts.NET), net)
        self._bars.show(spans, series, [netted], state.currency, [periods.name_of(span, unit) for span in spans])
        self._bars_title.object = f"<h2>{escape(text(f'overview.flow_{unit}'))}</h2>"
        self._flow_legend.object = charts.legend([*series, netted])
        for tile, title, amount in ((self._tiles[1], "came_in", sum(came)), (self._tiles[2], "went_out", -sum(went))):
            tile.object = _tile(
                text(f"overview.{title}"), Decimal(amount), state.currency, self._number_of(title), "muted"
            )
        return note

    def _number_of(self, way: str) -> str:
        state = self._state
        totals = bl.entry_totals.arrow(
            self._lab,
            since=state.since,
            until=state.until,
            accounts=state.accounts,
            side="credit" if way == "came_in" else "debit",
        )
        number = sum(totals["entries"].to_pylist())
        return counted(f"overview.{way}", number, formatting.count(number))

    def _show_findings(self) -> None:
        state = self._state
        table = bl.findings.arrow(self._lab, since=state.since, until=state.until, accounts=state.accounts)
        severities = table["severity"].to_pylist()
        errors, warnings = severities.count("error"), severities.count("warning")
        kind = "bad" if errors else "warn" if warnings else "good"
        note = ", ".join(
            counted(f"overview.{name}", number)
            for name, number in (("errors", errors), ("warnings", warnings))
            if number
        )
        self._tiles[3].object = _count_tile(
            text("overview.findings"), errors + warnings, note or text("overview.no_findings"), kind
        )
        rows = [row for row in table.to_pylist() if row["severity"] != "info"]
        self._findings.object = _findings_list(rows[:FINDINGS_SHOWN], len(rows) - FINDINGS_SHOWN)

    def _show_moves(self) -> None:
        state = self._state
        newest = bl.entries.arrow(self._lab, since=state.since, until=state.until, accounts=state.accounts, limit=1)
        self._moves_day = newest["day"][0].as_py() if newest.num_rows else state.last_day
        totals = bl.entry_totals.arrow(
            self._lab, since=self._moves_day, until=self._moves_day + timedelta(days=1), accounts=state.accounts
        ).to_pylist()
        self._moves_title.object = f"<h2>{escape(text('overview.moves', day=formatting.day(self._moves_day)))}</h2>"
        shown = " &nbsp; ".join(
            f"<b>{formatting.money(row['net'], escape(row['currency']), sign=True)}</b>" for row in totals
        )
        self._moves.show(sum(row["entries"] for row in totals), shown)

    def _account_rows(self, order_by: Sequence[str], limit: int, offset: int) -> pa.Table:
        assert self._account_table is not None
        keys = [(name.removeprefix("-"), "descending" if name.startswith("-") else "ascending") for name in order_by]
        table = self._account_table.sort_by(keys) if keys else self._account_table
        return table.slice(offset, limit)

    def _move_rows(self, order_by: Sequence[str], limit: int, offset: int) -> pa.Table:
        state = self._state
        return bl.entries.arrow(
            self._lab, since=self._moves_day, until=self._moves_day + timedelta(days=1), accounts=state.accounts,
            order_by=order_by, limit=limit, offset=offset,
        )  # fmt: skip

    def _open_period(self, since: date, until: date) -> None:
        state = self._state
        state.param.update(since=max(since, state.since), until=min(until, state.until), page="explorer")

    def _open_account(self, row: dict[str, Any]) -> None:
        names = [name for name, label in self._state.content.labels.items() if label == row["label"]]
        self._state.param.update(accounts=names, page="explorer")

    def _open_move(self, _row: dict[str, Any]) -> None:
        self._state.param.update(since=self._moves_day, until=self._moves_day + timedelta(days=1), page="explorer")


def _worth(table: pa.Table) -> pa.ChunkedArray:
    return pc.coalesce(table["converted"], table["balance"])


def _total(table: pa.Table | None) -> Decimal:
    if table is None or not table.num_rows:
        return Decimal(0)
    return sum((value for value in _worth(table).to_pylist()), Decimal(0))


def _tile(title: str, value: Decimal, currency: str, note: str, kind: str) -> str:
    digits, unit = formatting.short(value)
    exact = escape(formatting.money(value, currency))
    shown = f"{digits}<span class='unit'>{escape(f'{unit} {currency}'.strip())}</span>"
    head = f"<div class='title'>{escape(title)}</div><div class='value' title='{exact}'>{shown}</div>"
    return f"{head}<div class='note {kind}'>{escape(note)}</div>"


def _count_tile(title: str, number: int, note: str, kind: str) -> str:
    return (
        f"<div class='title'>{escape(title)}</div><div class='value'>{formatting.count(number)}</div>"
        f"<div class='note {kind}'>{escape(note)}</div>"
    )


def _findings_list(rows: Sequence[dict[str, Any]], more: int) -> str:
    if not rows:
        return f"<p class='muted none'>{escape(text('overview.nothing_found'))}</p>"
    items = "".join(
        f"<li><span class='dot {escape(row['severity'])}'></span><div><b>{escape(row['title'])}</b>"
        f"<div class='muted'>{escape(_where(row))}</div>{_value(row)}</div></li>"
        for row in rows
    )
    rest = f"<p class='muted'>{escape(text('overview.more_findings', n=more))}</p>" if more > 0 else ""
    return f"<ul>{items}</ul>{rest}"


def _where(row: dict[str, Any]) -> str:
    return " \u00b7 ".join(part for part in (row["label"], formatting.day(row["day"]), row["file_name"]) if part)


def _value(row: dict[str, Any]) -> str:
    return f"<div class='muted'>{escape(row['value'])}</div>" if row["value"] else ""


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Overview(lab, state).view


_ACCOUNT_COLUMNS = (
    Column("label", text("column.account"), "account"),
    Column("bank", text("column.bank"), width=64, essential=False),
    Column("balance", text("column.balance"), "amount", width=132),
    Column("currency", text("column.currency"), width=82),
    Column("converted", text("column.converted"), "amount", width=132, currency="target", essential=False),
    Column("balance_day", text("column.balance_day"), "day", width=104, essential=False),
)
_MOVE_COLUMNS = (
    Column("label", text("column.account"), "account", essential=False),
    Column("counterparty_name", text("column.counterparty")),
    Column("amount", text("column.amount"), "amount", width=120),
    Column("currency", text("column.currency"), width=82),
)
