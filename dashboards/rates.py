"""Exchange rates: a converter, one currency over time, and all rates of a day side by side (BNK-152, CB-015)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.analysis.rates import convert_amount, rate_series, rates
from bankklient_lab.calendars import months_on
from bankklient_lab.errors import LabError
from bankklient_lab.money import parse_amount
from bankklient_lab.orders.checking import national_currency
from bankklient_lab.orders.numbers import bank_day

from . import charts, formatting, ui
from .formatting import escape
from .listing import Listing, in_words
from .state import State, follow
from .styles import css
from .table import Column
from .texts import text

CHART_PX = 260
PERIODS = {"1M": 1, "3M": 3, "1Y": 12, "5Y": 60}  # months back
_FIRST_AMOUNT = "1 000"


class Rates:
    """The page; the day is the bank's present one at first."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._filling = False
        today = bank_day(lab)
        self.day = ui.date(text("rates.day"), value=today)
        self.amount = ui.field(text("rates.amount"), value=_FIRST_AMOUNT, width=180)
        self.currency = ui.select(text("rates.from"), {}, None, width=120)
        self.into = ui.select(text("rates.into"), {}, None, width=120)
        swap = ui.icon_button("swap_horiz", text("rates.swap"), self.swap)
        self.result = ui.html("", style=css("facts"))
        self.period = ui.choice(list(PERIODS), "1Y", stylesheets=[css("tabs")])
        self._legend = ui.html("", style=css("legend"))
        self._nothing = ui.html("")
        self._chart = charts.Lines(height=CHART_PX, from_zero=False)
        self.list = Listing(
            state, "rates", _columns(), self._read, count="rates.count", label=text("rates.title"),
            placeholder=text("rates.none"), rows_high=12, on_open=lambda row: self._choose(row["currency"]),
        )  # fmt: skip
        self.view = ui.column(
            ui.card(
                ui.heading(text("rates.converter")),
                ui.row(self.amount, self.currency, swap, self.into, self.day, gap=10), self.result, gap=10,
            ),
            ui.card(
                ui.heading(text("rates.course"), note=text("rates.course_hint")),
                ui.row(self.period, self._legend, gap=12), self._nothing, self._chart.pane, gap=10,
            ),
            ui.card(ui.heading(text("rates.title"), note=text("rates.hint")), self.list.search, self.list.view, gap=10),
            stylesheets=[ui.WHOLE],
        )  # fmt: skip
        self.day.param.watch(lambda _event: self._day_changed(), "value")
        self.amount.param.watch(lambda _event: self.convert(), "value_input")
        self.period.param.watch(lambda _event: self._draw(), "value")
        for one in (self.currency, self.into):
            one.param.watch(lambda _event: self._pair_changed(), "value")
        follow(state, "rates", ("dark",), self.refresh)

    def refresh(self) -> None:
        """Offer the currencies that have rates, and show the chosen ones."""
        home = national_currency(self._lab)
        rows = rates.rows(self._lab, on=bank_day(self._lab))
        known = sorted({name for row in rows for name in (row["currency"], row["base"])} | {home})
        foreign = [name for name in known if name != home]
        first = "EUR" if "EUR" in foreign else next(iter(foreign), home)
        self._filling = True
        for widget, otherwise in ((self.currency, first), (self.into, home)):
            ui.offer(widget, known, widget.value if widget.value in known else otherwise)
        self._filling = False
        self._pair_changed()

    def _day_changed(self) -> None:
        self.list.refresh()
        self.convert()

    def _pair_changed(self) -> None:
        if not self._filling:  # both at once are one change
            self.convert()
            self._draw()

    def swap(self) -> None:
        """Convert the other way round."""
        self._filling = True
        self.currency.value, self.into.value = self.into.value, self.currency.value
        self._filling = False
        self._pair_changed()

    def convert(self) -> None:
        """Show the amount in the other currency, or why that is not possible."""
        try:
            typed = parse_amount(self.amount.value_input or self.amount.value or "")
            told = convert_amount(self._lab, typed, self.currency.value, into=self.into.value, on=self._on())
        except LabError as error:
            self.result.object = f"<p class='signs'>{escape(formatting.sentence(error.message))}</p>"
            return
        source, into = self.currency.value, self.into.value
        title = f"{formatting.money(typed, source)} = {formatting.money(told['amount'], into)}"
        rate = f"{told['rate'].normalize():f}"
        lines = (
            (text("rates.rate"), f"1 {source} = {rate} {into}"),
            (text("rates.source"), told["source"]),
            (text("rates.of"), formatting.day(told["day"]) if told["day"] else ""),
        )
        self.result.object = formatting.facts(lines, title)

    def _on(self) -> date:
        return self.day.value or bank_day(self._lab)

    def _choose(self, currency: str) -> None:
        self.currency.value = currency

    def _draw(self) -> None:
        currency, into, today = self.currency.value, self.into.value, bank_day(self._lab)
        rows: list[dict[str, Any]] = []
        why = ""
        if currency != into:
            since = months_on(today, -PERIODS[self.period.value])
            try:
                rows = rate_series.rows(self._lab, currency, into=into, since=since, until=months_on(today, 1))
            except LabError as error:
                why = formatting.sentence(error.message)
        self._nothing.object = "" if rows else f"<p class='signs'>{escape(why or text('rates.no_course'))}</p>"
        self._chart.pane.visible = self._legend.visible = bool(rows)
        if not rows:
            return
        label = f"1 {currency}"
        series = [charts.Series(label, self._state.styles.of("rates", label), [row["rate"] for row in rows])]
        low, high = min(row["rate"] for row in rows), max(row["rate"] for row in rows)
        words = text("rates.span", low=f"{low.normalize():f}", high=f"{high.normalize():f}", currency=into)
        self._legend.object = f"<p class='signs'>{escape(words)}</p>"
        self._chart.show([row["day"] for row in rows], series, into, small=self._state.narrow)

    def _read(self) -> pa.Table:
        found = rates.rows(self._lab, on=self._on())
        return in_words(
            found, [column.name for column in _columns()],
            per_unit=lambda row: f"{row['per_unit'].normalize():f}",
            day=lambda row: formatting.day(row["day"]),
        )  # fmt: skip


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Rates(lab, state).view


def _columns() -> tuple[Column, ...]:
    return (
        Column("currency", text("rates.currency"), width=84),
        Column("per_unit", text("rates.per_unit"), "number", width=120),
        Column("base", text("rates.base"), width=84, essential=False),
        Column("source", text("rates.source")),
        Column("day", text("rates.of"), width=120, essential=False),
    )
