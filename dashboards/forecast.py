"""Liquidity forecast: balances ahead with their band, what moves them, and how wrong past forecasts were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.analysis.expected_flows import forecast_flows
from bankklient_lab.analysis.forecast import forecast_errors, liquidity_forecast
from bankklient_lab.analysis.known_flows import USUAL
from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.orders.numbers import bank_day

from . import charts, forecast_chart, formatting, periods, ui
from .formatting import escape
from .listing import Listing
from .refresh import Refresh
from .state import State, follow
from .styles import css
from .table import Column
from .texts import counted, text

SPANS = {"2W": 14, "4W": 28, "13W": 91, "26W": 182}  # days
FIRST_SPAN = "13W"
AHEAD_PX, FLOW_PX = 300, 260
KNOWN = "known"
OWN_TRANSFERS = "Own transfers"  # the category (data/codebooks/categories.csv)
# What is usual is paler than what is known.
_STYLES = {
    (KNOWN, "in"): charts.Style(charts.IN), (KNOWN, "out"): charts.Style(charts.OUT),
    (USUAL, "in"): charts.Style(f"{charts.IN}73"), (USUAL, "out"): charts.Style(f"{charts.OUT}73"),
}  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """A forecast as it was read: `rows` of the balance, `flows` that make it, `errors` of the past."""

    currency: str
    rows: list[dict[str, Any]]
    flows: list[dict[str, Any]]
    errors: list[dict[str, Any]]


class Forecast:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._figures: Figures | None = None
        self._chosen: tuple[date, date] | None = None
        self.of = ui.select(text("forecast.of"), {}, None, width=280)
        self.span = ui.choice({text(f"forecast.{name}"): name for name in SPANS}, FIRST_SPAN, stylesheets=[css("tabs")])
        self._notice = ui.notice("", severity="warning", visible=False)
        self.tiles = [ui.html("", style=css("tiles")) for _ in range(3)]
        self._chart = forecast_chart.Ahead(AHEAD_PX)
        self._legend = ui.html(forecast_chart.key(), style=css("legend"))
        self._bars = charts.Bars(height=FLOW_PX, on_open=self.open_span)
        self._bars_title = ui.heading(text("forecast.moves"))
        self._bars_legend = ui.html("", style=css("legend"))
        self.items_title = ui.heading(text("forecast.items"))
        self.all = ui.button(text("forecast.all"), lambda: self.open_span(None, None), icon="close", variant="text")
        self.items = Listing(
            state, "forecast", _ITEM_COLUMNS, self._items, count="forecast.count", label=text("forecast.items"),
            placeholder=text("forecast.no_items"), rows_high=14,
        )  # fmt: skip
        self.errors = Listing(
            state, "forecast", _ERROR_COLUMNS, self._errors, count="forecast.horizons", label=text("forecast.tried"),
            placeholder=text("forecast.untried"), rows_high=6,
        )  # fmt: skip
        self.full = ui.column(
            ui.row(self.of, self.span, gap=12), self._notice, ui.grid(*(ui.card(tile, span=4) for tile in self.tiles)),
            ui.grid(
                ui.card(ui.heading(text("forecast.ahead"), note=text("forecast.hint")), self._legend, self._chart.pane)
            ),
            ui.grid(ui.card(self._bars_title, self._bars_legend, self._bars.pane)),
            ui.card(ui.row(self.items_title, self.all, gap=12), self.items.search, self.items.view, gap=10),
            ui.card(ui.heading(text("forecast.tried"), note=text("forecast.tried_hint")), self.errors.view, gap=10),
        )  # fmt: skip
        self.empty = ui.empty(text("overview.empty_title"), text("forecast.empty"), ui.import_button(state))
        self.view = ui.column(self.empty, self.full, gap=0, stylesheets=[ui.WHOLE])
        self._filling = False
        self._reading = Refresh(state, self._prepare, self._show, self._failed)
        for widget in (self.of, self.span):
            widget.param.watch(lambda _event: self._asked(), "value")
        state.param.watch(lambda _event: self._draw(), "narrow")
        follow(state, "forecast", (), self.refresh)

    def refresh(self) -> None:
        """Offer what the lab has now, and read the forecast of what is chosen."""
        content = self._state.content
        self.full.visible, self.empty.visible = bool(content.accounts), not content.accounts
        if not content.accounts:
            return
        offered = {text("forecast.of_currency", currency=currency): ("currency", currency)
                   for currency in content.currencies}  # fmt: skip
        offered |= {label: ("account", name) for name, label in content.labels.items()}
        self._filling = True
        self.of.options = offered
        if self.of.value not in offered.values():
            self.of.value = next(iter(offered.values()))
        self._filling = False
        self._reading.start()

    def _asked(self) -> None:
        if not self._filling:
            self._chosen = None
            self._reading.start()

    def _prepare(self) -> Callable[[], Figures]:
        (by, name), days = self.of.value, SPANS[self.span.value]
        accounts = self._state.content.in_currency(name, []) if by == "currency" else [name]
        today = bank_day(self._lab)
        asked: dict[str, Any] = {"on": today, "until": today + timedelta(days=days), "accounts": accounts}

        def read() -> Figures:
            rows = liquidity_forecast.rows(self._lab, **asked, by=by)
            return Figures(
                rows[0]["currency"] if rows else "", rows, forecast_flows.rows(self._lab, **asked),
                forecast_errors.rows(self._lab, on=today, accounts=accounts, by=by),
            )  # fmt: skip

        return read

    def _failed(self, sentence: str) -> None:
        self._notice.param.update(object=escape(sentence), severity="error", visible=True)

    def _show(self, figures: Figures) -> None:
        self._figures = figures
        rows = figures.rows
        left_out = rows[-1]["not_counted"] if rows else 0
        note = "" if rows else text("forecast.no_balance")
        note = counted("forecast.not_counted", left_out) if left_out else note
        self._notice.param.update(object=escape(note), severity="warning", visible=bool(note))
        self._draw()
        self.open_span(*(self._chosen or (None, None)))
        self.errors.refresh()

    def _draw(self) -> None:
        if self._figures is None or not self._figures.rows:
            for tile in self.tiles:
                tile.object = ""
            self._chart.pane.visible = self._bars.pane.visible = False
            return
        figures, small = self._figures, self._state.narrow
        self._chart.pane.visible = self._bars.pane.visible = True
        self._legend.visible = any(row["low"] is not None for row in figures.rows)
        self._chart.show(figures.rows, figures.currency, small=small)
        self._draw_bars(figures, small)
        self._tell(figures)

    def _tell(self, figures: Figures) -> None:
        rows, currency = figures.rows, figures.currency
        lowest = min(rows, key=lambda row: row["balance"])
        banded = [row for row in rows if row["low"] is not None]
        first, last = rows[0], rows[-1]
        net = first["known_in"] + first["usual_in"] - first["known_out"] - first["usual_out"]
        deep = min(banded, key=lambda row: row["low"], default=None)
        beyond = "" if deep is None else text("forecast.deep", amount=formatting.money(deep["low"], currency))
        self.tiles[0].object = _tile(text("forecast.today"), first["balance"] - net, currency,
            text("forecast.before", day=formatting.day(first["told_until"])) if first["told_until"] else "",
        )  # fmt: skip
        self.tiles[1].object = _tile(
            text("forecast.lowest", day=formatting.day(lowest["day"])), lowest["balance"], currency, beyond,
            "bad" if lowest["balance"] < 0 or (deep is not None and deep["low"] < 0) else "muted",
        )  # fmt: skip
        span = "" if last["low"] is None else text(
            "forecast.between", low=formatting.money(last["low"], currency),
            high=formatting.money(last["high"], currency),
        )  # fmt: skip
        self.tiles[2].object = _tile(
            text("forecast.last", day=formatting.day(last["day"])), last["balance"], currency, span
        )

    def _draw_bars(self, figures: Figures, small: bool) -> None:
        first, until = figures.rows[0]["day"], figures.rows[-1]["day"] + timedelta(days=1)
        unit = periods.unit_for(first, until)
        cut = periods.all_periods(first, until, unit)
        series = [
            charts.Series(text(f"forecast.{name}_{way}"), _STYLES[name, way], values)
            for name, way, values in _by_source(figures, cut)
        ]
        self._bars_title.object = f"<h2>{escape(text(f'forecast.moves_{unit}'))}</h2>"
        self._bars_legend.object = charts.legend(series)
        self._bars.fit(small)
        self._bars.show(cut, series, [], figures.currency, [periods.name_of(span, unit) for span in cut])

    def open_span(self, since: date | None, until: date | None) -> None:
        """List what moves in [since, until); all when there is none."""
        self._chosen = None if since is None or until is None else (since, until)
        self.all.visible = self._chosen is not None
        title = text("forecast.items")
        if self._chosen is not None:
            last = self._chosen[1] - timedelta(days=1)
            title = text("forecast.items_of", first=formatting.day(self._chosen[0]), last=formatting.day(last))
        self.items_title.object = f"<h2>{escape(title)}</h2>"
        self.items.refresh()

    def _items(self) -> pa.Table:
        flows = self._figures.flows if self._figures else []
        if self._figures is not None and self._chosen is not None:
            since, until = self._chosen
            flows = [row for row in flows if since <= _counts_on(row, self._figures) < until]
        texts = {
            "label": [row["label"] for row in flows], "source": [text(f"forecast.{row['source']}") for row in flows],
            "what": [_what(row) for row in flows], "category": [row["category"] or "" for row in flows],
            "reference": [row["reference"] or "" for row in flows], "currency": [row["currency"] for row in flows],
        }  # fmt: skip
        return pa.table(
            {"day": pa.array([row["day"] for row in flows], pa.date32())}
            | {name: pa.array(values, pa.string()) for name, values in texts.items()}
            | {"amount": pa.array([row["amount"] for row in flows], AMOUNT)}
        )

    def _errors(self) -> pa.Table:
        rows = self._figures.errors if self._figures else []
        texts = {
            "ahead": [counted("forecast.days", row["ahead"], formatting.count(row["ahead"])) for row in rows],
            "share": [_percent(row["error"], row["error_of_none"]) for row in rows],
            "within": [_percent(row["within"], row["forecasts"]) for row in rows],
            "forecasts": [formatting.count(row["forecasts"]) for row in rows],
            "currency": [row["currency"] for row in rows],
        }  # fmt: skip
        amounts = {name: [row[name] for row in rows] for name in ("error", "error_of_none")}
        return pa.table(
            {name: pa.array(values, pa.string()) for name, values in texts.items()}
            | {name: pa.array(values, AMOUNT) for name, values in amounts.items()}
        )


def _by_source(figures: Figures, cut: Sequence[tuple[date, date]]) -> list[tuple[str, str, list[Decimal | None]]]:
    """Return source, way (in, out) and the amounts of the spans, of what moves anything.

    Usual transfers between own accounts count as what is left of them when they are added up.
    """
    moved: dict[tuple[int, str, bool, str], Decimal] = defaultdict(Decimal)
    for row in figures.flows:
        if row["amount"] is not None:
            name = USUAL if row["source"] == USUAL else KNOWN
            place = next(at for at, (_, until) in enumerate(cut) if _counts_on(row, figures) < until)
            within = name == USUAL and row["category"] == OWN_TRANSFERS
            moved[place, name, within, "" if within else "in" if row["amount"] > 0 else "out"] += row["amount"]
    sums: dict[tuple[str, str], list[Decimal | None]] = {}
    for (place, name, _within, _way), amount in moved.items():
        values = sums.setdefault((name, "in" if amount > 0 else "out"), [Decimal(0)] * len(cut))
        values[place] = (values[place] or Decimal(0)) + amount
    return [(*key, sums[key]) for key in _STYLES if key in sums]


def _counts_on(row: dict[str, Any], figures: Figures) -> date:
    """Return the day on which a flow counts: what was due before does on the first one."""
    day: date = max(row["day"], figures.rows[0]["day"])
    return day


def _what(row: dict[str, Any]) -> str:
    """Return whom a flow goes to or comes from, or that it is usual."""
    if row["source"] == USUAL:
        return counted("forecast.mean", row["months"])
    said = row["what"] or formatting.iban(row["counterparty_account"]) or ""
    foreign = formatting.money(row["known_amount"], row["known_currency"]) if row["known_amount"] is not None else ""
    return " \u00b7 ".join(part for part in (said, foreign) if part)


def _percent(part: Decimal | int, whole: Decimal | int) -> str:
    return f"{round(100 * part / whole)}\u00a0%" if whole else formatting.DASH


def _tile(title: str, value: Decimal, currency: str, note: str, kind: str = "muted") -> str:
    digits, unit = formatting.short(value)
    exact = escape(formatting.money(value, currency))
    shown = f"{digits}<span class='unit'>{escape(f'{unit} {currency}'.strip())}</span>"
    head = f"<div class='title'>{escape(title)}</div><div class='value' title='{exact}'>{shown}</div>"
    return f"{head}<div class='note {kind}'>{escape(note)}</div>"


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Forecast(lab, state).view


_ITEM_COLUMNS = (
    Column("day", text("forecast.day"), "day", width=112),
    Column("label", text("column.account"), "account", width=150, essential=False),
    Column("amount", text("column.amount"), "amount", width=132),
    Column("currency", text("column.currency"), width=82, essential=False),
    Column("source", text("forecast.source"), width=160),
    Column("category", text("forecast.category"), width=150, essential=False),
    Column("what", text("forecast.what"), essential=False),
    Column("reference", text("forecast.reference"), width=160, essential=False),
)
_ERROR_COLUMNS = (
    Column("ahead", text("forecast.ahead_days"), width=90),
    Column("error", text("forecast.error"), "amount", width=150),
    Column("error_of_none", text("forecast.error_of_none"), "amount", width=190, essential=False),
    Column("currency", text("column.currency"), width=82, essential=False),
    Column("share", text("forecast.share"), "number", width=100),
    Column("within", text("forecast.within"), "number", width=150, essential=False),
    Column("forecasts", text("forecast.forecasts"), "number", essential=False),
)
