"""Regular payments: what repeats, what will be due up to a day, and the import of what is due."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.regular_import import (
    DAYS_AHEAD_MAX,
    IMPORTS,
    import_regular_payments,
    simulate_regular_payments,
)
from bankklient_lab.orders.regular_payments import EDITS, regular_payments
from bankklient_lab.rights.permissions import needed

from . import charts, formatting, ui
from .formatting import escape
from .listing import Listing
from .order_words import status_label
from .regular_drawer import RegularDrawer, period_label
from .regular_offer import outcome
from .state import State
from .styles import css
from .table import Column
from .texts import text

STATE_MARKS = {"valid": "\u25cf", "later": "\u25d4", "finished": "\u2298", "wrong": "\u25cb"}
LOOK_AHEAD = 30  # days that the simulation shows at first
CHART_PX = 190
CHART_DAYS_MAX = 400  # beyond, only days on which something is due are drawn


class Regular:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        held = lab.rights.held(lab.caller)
        self.rows: list[dict[str, Any]] = []
        self.drawer = RegularDrawer(lab, state, self._changed)
        self.until = ui.date(text("regular.until"))
        self.until.value = bank_day(lab) + timedelta(days=LOOK_AHEAD)
        self._import = ui.button("", self.import_due, primary=True, icon="event_available")
        self._import.visible = needed(IMPORTS).holds(held)
        self._last = ui.html("")
        self._summary = ui.notice("", severity="success", visible=False)
        self._sums = ui.html("", style=css("legend"))
        self._chart = charts.Bars(height=CHART_PX)
        self.payments = Listing(
            state, "regular", _columns(), self._read, count="regular.count", label=text("page.regular"),
            placeholder=text("regular.none"), rows_high=9,
            on_open=lambda row: self.drawer.open(self._row(int(row["number"]))),
        )  # fmt: skip
        new = ui.button(text("regular.new"), self.drawer.new, primary=True, icon="add")
        new.visible = needed(EDITS).holds(held)
        self.due = Listing(
            state, "regular", _due_columns(), self._simulated, count="regular.due_count",
            label=text("regular.simulation"), placeholder=text("regular.nothing_due"), rows_high=8,
        )  # fmt: skip
        self.view = ui.column(
            ui.card(ui.row(self.payments.search, ui.html(""), new, gap=10), self.payments.view),
            ui.card(
                ui.heading(text("regular.simulation"), note=text("regular.simulation_note")),
                ui.row(self.until, self._import, self._last, gap=12), self._summary, self._sums, self._chart.pane,
                self.due.view,
            ),
            self.drawer.view,
        )  # fmt: skip
        self.until.param.watch(lambda _event: self.due.refresh(), "value")

    def _changed(self) -> None:
        self.payments.refresh()
        self.due.refresh()

    @property
    def day(self) -> date:
        """The day up to which is looked."""
        return ui.as_date(self.until.value) if self.until.value else bank_day(self._lab)

    def import_due(self) -> None:
        """Make orders of what is due up to the chosen day, and say what came of it."""
        told, kind = outcome(import_regular_payments(self._lab, self.day))
        self._summary.param.update(object=escape(told), severity=kind, visible=True)
        self._changed()

    def _row(self, number: int) -> dict[str, Any]:
        return next(row for row in self.rows if row["regular_payment_id"] == number)

    def _read(self) -> pa.Table:
        rows = self.rows = regular_payments.rows(self._lab)
        last = max((row["last_due"] for row in rows if row["last_due"]), default=None)
        told = text("regular.last", day=formatting.day(last)) if last else text("regular.never")
        self._last.object = f"<span class='muted'>{escape(told)}</span>"
        kinds = {"amount": pa.decimal128(18, 3), "next_due": pa.date32(), "last_due": pa.date32()}
        told_rows = [_in_words(row) for row in rows]
        return pa.table(
            {column.name: pa.array([row[column.name] for row in told_rows], kinds.get(column.name, pa.string()))
             for column in (*_columns(), Column("number", ""))}
        )  # fmt: skip

    def _simulated(self) -> pa.Table:
        table = simulate_regular_payments.arrow(self._lab, self.day)
        self._show_sums(table)
        self._import.label = text("regular.import", day=formatting.day(self.day))
        self._import.disabled = not 0 <= (self.day - bank_day(self._lab)).days <= DAYS_AHEAD_MAX
        status = pa.array([status_label(one) for one in table["status"].to_pylist()], pa.string())
        return table.set_column(table.column_names.index("status"), "status", status)

    def _show_sums(self, table: pa.Table) -> None:
        """Show what will be paid: sums by currency, and by day of the currency that most is paid in."""
        days: dict[str, dict[date, Decimal]] = {}
        for row in table.select(["currency", "maturity", "amount"]).to_pylist():
            of = days.setdefault(row["currency"], {})
            of[row["maturity"]] = of.get(row["maturity"], Decimal(0)) - row["amount"]
        sums = {currency: sum(of.values(), Decimal(0)) for currency, of in days.items()}
        told = " \u00b7 ".join(formatting.money(-total, currency) for currency, total in sums.items())
        self._sums.object = f"<b>{escape(told)}</b>" if told else ""
        self._chart.pane.visible = bool(sums)
        if not sums:
            return
        currency = min(sums, key=lambda one: sums[one])
        today = bank_day(self._lab)
        span = [today + timedelta(days=n) for n in range(max((self.day - today).days, 0) + 1)]
        if len(span) > CHART_DAYS_MAX:
            span = sorted(days[currency])
        values = [days[currency].get(day, Decimal(0)) for day in span]
        series = charts.Series(text("regular.paid"), charts.Style(charts.OUT), values)
        self._chart.show(
            [(day, day + timedelta(days=1)) for day in span],
            [series],
            [],
            currency,
            [formatting.day(day) for day in span],
        )


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    name = "wrong" if row["errors"] and row["state"] != "finished" else row["state"]
    state = f"{STATE_MARKS[name]} {text(f'regular.state_{name}')}"
    remaining = "" if row["remaining"] is None else f"{row['remaining']} / {row['instalments']}"
    return row | {
        "state": f"{state} {row['errors']}" if name == "wrong" else state,
        "periodicity": period_label(row["periodicity"]),
        "remaining": remaining,
        "number": str(row["regular_payment_id"]),
    }


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Regular(lab, state).view


def _columns() -> tuple[Column, ...]:
    return (
        Column("name", text("patterns.name")),
        Column("state", text("column.state"), "state", width=110, essential=False),
        Column("periodicity", text("regular.periodicity"), width=130, essential=False),
        Column("next_due", text("regular.next_due"), "day", width=110),
        Column("last_due", text("regular.last_due"), "day", width=120, essential=False),
        Column("remaining", text("regular.remains"), width=90, essential=False),
        Column("counter_account", text("patterns.counter_account"), width=180, essential=False),
        Column("amount", text("column.amount"), "amount", width=120),
        Column("currency", text("column.currency"), width=80, essential=False),
    )


def _due_columns() -> tuple[Column, ...]:
    return (
        Column("due_on", text("regular.due_on"), "day", width=110),
        Column("maturity", text("regular.maturity"), "day", width=110, essential=False),
        Column("name", text("patterns.name")),
        Column("counter_account", text("patterns.counter_account"), width=190, essential=False),
        Column("status", text("column.state"), width=110, essential=False),
        Column("errors", text("column.errors"), width=90, essential=False),
        Column("amount", text("column.amount"), "amount", width=130),
        Column("currency", text("column.currency"), width=80, essential=False),
    )
