"""Forward deals: those with the bank, requests for new ones, the contract, what open deals are worth, and exposure."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.analysis.forwards import EXPOSURE, currency_exposure, forward_values
from bankklient_lab.formats.forwards import ACTIVE
from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.orders.checking import national_currency
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.services.forwards import forward_contract

from . import charts, formatting, ui
from .formatting import escape
from .listing import Listing
from .menu import may
from .services import Services
from .state import State, follow
from .styles import css
from .table import Column
from .texts import counted, text

SHOWN = ("pair", "deal_type", "amount", "currency", "maturity", "own_account", "recipient_account")
RECORDED = ("stored_pair", "deal_type", "amount", "second_amount", "contract_rate", "maturity", "own_account",
            "recipient_account", "reference")  # fmt: skip
AHEAD = timedelta(days=366)
CHART_PX = 230


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return ForwardDeals(lab, state).view


class ForwardDeals:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self.services = Services(lab, state, "forward_deal", SHOWN, RECORDED)
        self.contract = ui.html("", style=css("facts"))
        self.values = Listing(
            state, "forward_deals", _columns(national_currency(lab)), self._read, count="services.count",
            label=text("forwards.values"), placeholder=text("forwards.no_open"), rows_high=7,
        )  # fmt: skip
        self.currency = ui.choice({}, "", stylesheets=[css("tabs")])
        self._problem = ui.html("")
        self._legend = ui.html("", style=css("legend"))
        self._chart = charts.Lines(height=CHART_PX, from_zero=False)  # deals are small beside balances
        self._rows: list[dict[str, Any]] = []
        self.exposure = ui.card(
            ui.heading(text("forwards.exposure"), note=text("forwards.exposure_note")), self.currency, self._problem,
            self._legend, self._chart.pane, gap=10, visible=may(lab, EXPOSURE),
        )  # fmt: skip
        self.view = ui.column(
            self.services.view,
            ui.card(ui.heading(text("forwards.contract"), note=text("forwards.contract_note")), self.contract),
            ui.card(ui.heading(text("forwards.values"), note=text("forwards.values_note")), self.values.view, gap=10),
            self.exposure,
            stylesheets=[ui.WHOLE],
        )  # fmt: skip
        self.currency.param.watch(lambda _event: self._draw(), "value")
        follow(state, "forward_deals", ("dark",), self.refresh)

    def refresh(self) -> None:
        """Read the contract and the exposure anew."""
        told = forward_contract(self._lab)
        self.contract.object = _contract(told, self._lab.clock() - told["told_at"] if told else timedelta())
        today = bank_day(self._lab)
        self._rows = currency_exposure.rows(self._lab, on=today, until=today + AHEAD) if self.exposure.visible else []
        currencies = list(dict.fromkeys(row["currency"] for row in self._rows))
        home = national_currency(self._lab)
        dealt = [row["currency"] for row in self._rows if row["deals"] and row["currency"] != home]
        kept = self.currency.value if self.currency.value in currencies else next(iter(dealt or currencies), "")
        if not ui.offer(self.currency, currencies, kept):
            self._draw()

    def _draw(self) -> None:
        rows = [row for row in self._rows if row["currency"] == self.currency.value]
        self._problem.object = "" if rows else f"<p class='signs'>{escape(text('forwards.no_exposure'))}</p>"
        self._chart.pane.visible = self._legend.visible = bool(rows)
        if not rows:
            return
        days = [row["day"] for row in rows]
        end = bank_day(self._lab) + AHEAD
        series = [
            charts.Series(
                text(f"forwards.{name}"), self._state.styles.of("forwards", text(f"forwards.{name}")),
                [row[name] for row in (*rows, rows[-1])],
            )
            for name in ("before", "after")
        ]  # fmt: skip
        self._legend.object = charts.legend(series)
        self._chart.show([*days, end], series, self.currency.value, small=self._state.narrow)

    def _read(self) -> pa.Table:
        rows = forward_values.rows(self._lab, on=bank_day(self._lab))
        rates = {name: [_rate(row[name]) for row in rows] for name in ("contract_rate", "current_rate")}
        texts = {name: [row[name] for row in rows] for name in ("record", "bought_currency", "sold_currency")}
        amounts = {name: [row[name] for row in rows] for name in ("bought", "sold", "value")}
        home = national_currency(self._lab)
        return pa.table(
            {name: pa.array(values, pa.string()) for name, values in (texts | rates).items()}
            | {name: pa.array(values, AMOUNT) for name, values in amounts.items()}
            | {"maturity": pa.array([row["maturity"] for row in rows], pa.date32())}
            | {"currency": pa.array([home] * len(rows), pa.string())}
        )


def _columns(home: str) -> tuple[Column, ...]:
    return (
        Column("record", text("services.record"), width=76),
        Column("maturity", text("service_item.maturity"), "day", width=120),
        Column("bought", text("services.bought"), "amount", width=120, essential=False),
        Column("bought_currency", text("column.currency"), width=85, essential=False),
        Column("sold", text("services.sold"), "amount", width=130, essential=False),
        Column("sold_currency", text("column.currency"), width=85, essential=False),
        Column("contract_rate", text("service_item.contract_rate"), "number", width=100, essential=False),
        Column("current_rate", text("forwards.current_rate"), "number", width=100, essential=False),
        Column("value", text("forwards.value", currency=home), "amount"),
    )


def _rate(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate.normalize():f}"


def _in_words(age: timedelta) -> str:
    """Return how old something is in whole hours, from two days on in whole days."""
    hours = int(age.total_seconds() // 3600)
    unit, number = ("days", hours // 24) if hours >= 48 else ("hours", hours)
    return counted(f"age.{unit}", number, formatting.count(number))


def _contract(told: dict[str, Any], age: timedelta) -> str:
    """Return the contract, which was told so long ago, as facts, or that there is none."""
    if not told:
        return f"<p class='signs'>{escape(text('forwards.no_contract'))}</p>"
    currency = told["currency"]
    lines = [
        (text("forwards.client"), f"{told['client_name']} ({told['number']})"),
        (text("forwards.status"), text("forwards.active") if told["status"] == ACTIVE else told["status"]),
        *(
            (text(f"forwards.{name}"), formatting.money(told[name], currency))
            for name in ("limit", "drawn", "remaining")
        ),
        (text("forwards.least_amount"), formatting.money(told["least_amount"], currency)),
        (text("forwards.days"), text("forwards.days_ahead", least=told["least_days"], most=told["most_days"])),
        (text("forwards.curfew"), told["curfew"]),
        (text("forwards.told_at"), formatting.moment(told["told_at"])),
        (text("forwards.age"), _in_words(age)),
    ]
    return formatting.facts(lines, "")
