"""Overview: what do we have, what moved, what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

import bankklient_lab as bl

from . import charts, formatting, periods, ui
from .figures import ONE_DAY, PARTS, Figures, Flow, Movement, Moves, Position, balances_by, read_figures
from .formatting import escape
from .menu import allowed
from .refresh import Refresh
from .state import State, follow
from .styles import css
from .table import Column, PagedTable, page_of
from .texts import counted, text

FINDINGS_SHOWN = 6
WAYS = ("account", "currency", "bank", "total")


class Overview:
    """The page; it is filled anew when the filter or the lab's content changes."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._figures: Figures | None = None
        self._notice = ui.notice("", severity="warning", visible=False)
        self._tiles = [ui.html(_waiting(title), style=css("tiles")) for title in _TILES]
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
        self._parts = [part for part, asks in PARTS.items() if allowed(lab, asks)]
        self._moves_title = ui.heading("")
        self._moves = PagedTable(
            _MOVE_COLUMNS, self._move_rows, rows_high=12, selectable=False, on_open=self._open_move
        )
        self.full = ui.column(self._notice, *self._cards())
        self.empty = ui.empty(
            text("overview.empty_title"),
            text("overview.empty"),
            ui.import_button(state),
        )
        self.view = ui.column(self.empty, self.full, gap=0)
        self._reading = Refresh(state, self._prepare, self._show, self._failed)
        self._by.param.watch(lambda _event: self._show_balances(), "value")
        state.param.watch(lambda _event: self._fit(), "narrow")
        self._fit()
        self._choose_view()
        follow(state, "overview", State.FILTER, self.refresh)

    def _cards(self) -> list[ui.Viewable]:
        """Return the rows of the page, of the parts that the user may see."""
        position, movement, findings = (part in self._parts for part in ("position", "movement", "findings"))
        tiles = zip(self._tiles, (position, movement, movement, findings), strict=True)
        rows = [
            [ui.card(tile, span=3) for tile, here in tiles if here],
            [
                ui.card(
                    ui.row(ui.heading(text("overview.balances")), self._by, gap=12), self._lines.pane, self._legend,
                    span=12,
                )
            ] * position,
            [ui.card(self._bars_title, self._flow_legend, self._bars.pane, span=7)] * movement
            + [ui.card(ui.heading(text("overview.findings")), self._findings, span=5)] * findings,
            [ui.card(ui.heading(text("overview.accounts")), self._accounts.view, span=7)] * position
            + [ui.card(self._moves_title, self._moves.view, span=5)] * movement,
        ]  # fmt: skip
        return [ui.grid(*cards) for cards in rows if cards]

    def refresh(self) -> None:
        """Fill the page."""
        if self._choose_view():
            self._reading.start()

    def _choose_view(self) -> bool:
        has_content = bool(self._state.content.accounts)
        self.full.visible, self.empty.visible = has_content, not has_content
        return has_content

    def _prepare(self) -> Callable[[], Figures]:
        choice = self._state.choice()
        return lambda: read_figures(self._lab, choice, self._parts)

    def _show(self, figures: Figures) -> None:
        self._figures = figures
        self._tell(figures.note, "warning")
        if figures.position is not None:
            self._show_position(figures.position)
            self._show_balances()
            self._show_accounts(figures.position)
        if figures.movement is not None:
            self._show_sides(figures.movement)
            self._show_flow(figures.movement.flow)
            self._show_moves(figures.movement.moves)
        if figures.findings is not None:
            self._show_findings(figures.findings)

    def _failed(self, sentence: str) -> None:
        self._tell(sentence, "error")

    def _tell(self, sentence: str, severity: str) -> None:
        self._notice.param.update(object=escape(sentence), severity=severity, visible=bool(sentence))

    def _fit(self) -> None:
        self._accounts.narrow(self._state.narrow)
        self._moves.narrow(self._state.narrow)
        self._bars.fit(self._state.narrow)
        self._show_balances()

    def _show_position(self, position: Position) -> None:
        choice, change = self._shown.choice, position.change
        currency = choice.currency
        self._tiles[0].object = _tile(
            text("overview.position", day=formatting.day(choice.last_day)), position.total, currency,
            text(
                "overview.change", change=formatting.money(change, currency, sign=True),
                day=formatting.day(choice.since - ONE_DAY),
            ),
            "good" if change > 0 else "bad" if change < 0 else "muted",
        )  # fmt: skip

    def _show_sides(self, movement: Movement) -> None:
        flow, currency = movement.flow, self._shown.choice.currency
        for tile, way, amounts, number in (
            (self._tiles[1], "came_in", flow.came, movement.credit_entries),
            (self._tiles[2], "went_out", flow.went, movement.debit_entries),
        ):
            total = sum(amounts, Decimal(0))
            note = counted(f"overview.{way}", number, formatting.count(number))
            tile.object = _tile(text(f"overview.{way}"), total if way == "came_in" else -total, currency, note, "muted")

    def _show_balances(self) -> None:
        if self._figures is None:
            return
        state, way, choice = self._state, self._by.value, self._figures.choice
        days = periods.sampled_days(choice.since, choice.until)
        values, others = balances_by(self._figures, way, days, charts.SLOTS)
        series = []
        for key, amounts in values.items():
            label = {"": text("overview.other", n=others), "total": text("overview.total")}.get(
                key, formatting.short_account(key)
            )
            style = state.styles.of(way, label) if key else charts.Style(charts.GREY)
            series.append(charts.Series(label, style, amounts))
        self._lines.show(days, series, choice.currency, small=state.narrow)
        self._legend.object = charts.legend(series) if state.narrow else ""
        self._legend.visible = state.narrow

    def _show_flow(self, flow: Flow) -> None:
        currency = self._shown.choice.currency
        series = [
            charts.Series(text("overview.in"), charts.Style(charts.IN), flow.came),
            charts.Series(text("overview.out"), charts.Style(charts.OUT), [-value for value in flow.went]),
        ]
        netted = charts.Series(text("overview.net"), charts.Style(charts.NET), flow.net)
        names = [periods.name_of(span, flow.unit) for span in flow.spans]
        self._bars.show(flow.spans, series, [netted], currency, names)
        self._bars_title.object = f"<h2>{escape(text(f'overview.flow_{flow.unit}'))}</h2>"
        self._flow_legend.object = charts.legend([*series, netted])

    def _show_findings(self, table: pa.Table) -> None:
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

    def _show_accounts(self, position: Position) -> None:
        number = position.accounts.num_rows
        total = formatting.money(position.total, escape(self._shown.choice.currency))
        counted_from_zero = position.accounts["basis"].to_pylist().count("counted")
        note = counted("overview.counted", counted_from_zero) if counted_from_zero else ""
        self._accounts.show(
            number,
            f"{counted('overview.accounts_total', number)} &nbsp; <b>{total}</b> <span class='muted'>{note}</span>",
        )

    def _show_moves(self, moves: Moves) -> None:
        self._moves_title.object = f"<h2>{escape(text('overview.moves', day=formatting.day(moves.day)))}</h2>"
        shown = " &nbsp; ".join(
            f"<b>{formatting.money(row['net'], escape(row['currency']), sign=True)}</b>" for row in moves.totals
        )
        self._moves.show(sum(row["entries"] for row in moves.totals), shown)

    @property
    def _shown(self) -> Figures:
        assert self._figures is not None
        return self._figures

    @property
    def _newest_day(self) -> date:
        assert self._shown.movement is not None
        return self._shown.movement.moves.day

    def _account_rows(self, order_by: Sequence[str], limit: int, offset: int) -> pa.Table:
        assert self._shown.position is not None
        return page_of(self._shown.position.accounts, order_by, limit, offset)

    def _move_rows(self, order_by: Sequence[str], limit: int, offset: int) -> pa.Table:
        day, choice = self._newest_day, self._shown.choice
        return bl.entries.arrow(
            self._lab, since=day, until=day + ONE_DAY, accounts=choice.accounts,
            order_by=order_by, limit=limit, offset=offset,
        )  # fmt: skip

    def _open_period(self, since: date, until: date) -> None:
        state = self._state
        state.param.update(since=max(since, state.since), until=min(until, state.until), page="explorer")

    def _open_account(self, row: dict[str, Any]) -> None:
        names = [name for name, label in self._state.content.labels.items() if label == row["label"]]
        self._state.param.update(accounts=names, page="explorer")

    def _open_move(self, _row: dict[str, Any]) -> None:
        day = self._newest_day
        self._state.param.update(since=day, until=day + ONE_DAY, page="explorer")


def _waiting(title: str) -> str:
    return (
        f"<div class='title'>{escape(title)}</div><div class='value waiting'>&nbsp;</div><div class='note'>&nbsp;</div>"
    )


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
    Column("name_and_basis", text("column.account")),
    Column("bank", text("column.bank"), width=64, essential=False),
    Column("balance", text("column.balance"), "amount", width=132),
    Column("currency", text("column.currency"), width=82),
    Column("converted", text("column.converted"), "amount", width=132, currency="target", essential=False),
    Column("balance_day", text("column.balance_day"), "day", width=104, essential=False),
)
_MOVE_COLUMNS = (
    Column("label", text("column.account"), "account", width=112, essential=False),
    Column("counterparty_name", text("column.counterparty")),
    Column("amount", text("column.amount"), "amount", width=120),
    Column("currency", text("column.currency"), width=82),
)
_TILES = tuple(text(f"overview.{name}") for name in ("position_waiting", "came_in", "went_out", "findings"))
