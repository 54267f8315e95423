"""Foreign payments as the bank booked them: by batch, one with its five pages, advices to print."""

from __future__ import annotations

from functools import partial
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.exchange.foreign_listing import (
    ALL,
    DIRECTIONS,
    LAST,
    foreign_detail,
    foreign_detail_batches,
    foreign_details,
)
from bankklient_lab.exchange.foreign_pages import BASIC, PAGES, Fact, detail_pages, total_name
from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.jobs import Job

from . import formatting, ui
from .formatting import escape
from .listing import Listing, in_words
from .menu import allowed
from .order_drawer import OrderDrawer
from .state import State, follow
from .styles import css
from .table import Column
from .texts import text
from .work import Work

ANY = "any"  # the widget takes "" for nothing chosen
SUFFIXES = (".pdf", ".xlsx", ".csv")
_WORDS = ("status", "type", "transaction_code", "orderer", "recipient", "bic", "purpose", "currency")


class Foreign:
    """The page; an order that the bank rejected, and that of a payment, open beside it for those who may see orders."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self.detail: dict[str, Any] = {}
        self.batch = ui.select(text("foreign.batch"), {text("foreign.last"): LAST}, LAST, width=270)
        sides = {text("foreign.both"): ANY} | {text(f"foreign.{one}"): one for one in DIRECTIONS}
        self.direction = ui.select(text("foreign.direction"), sides, ANY, width=150)
        self.work: Work[bytes] = Work()
        takes = [
            ui.button(suffix[1:].upper(), partial(self.take, suffix), icon="download", variant="text")
            for suffix in SUFFIXES
        ]
        advices = ui.button(text("foreign.advices"), self.take_advices, icon="print", variant="text")
        self.list = Listing(
            state, "foreign", _columns(), self._read, count="foreign.count", label=text("foreign.title"),
            placeholder=text("foreign.none"), on_open=self.open,
        )  # fmt: skip
        self._head = ui.html("", style=css("order"))
        self.pages = ui.choice({text(f"foreign.page_{page}"): page for page in PAGES}, BASIC, stylesheets=[css("tabs")])
        self.body = ui.html("", style=css("order"))
        self.order: OrderDrawer | None = None
        if allowed(lab, "orders.detail:order_detail"):
            self.order = OrderDrawer(lab, state, lambda: None)
        self.to_order = ui.button(text("foreign.order"), self._open_order, icon="list_alt", variant="text")
        advice = ui.button(text("foreign.advice"), self.take_advice, icon="print", variant="text")
        self.drawer = ui.drawer(
            self._head, self.pages, self.body, ui.row(advice, self.to_order, ui.html(""), gap=8), width=620
        )
        self.view = ui.column(
            ui.card(
                ui.heading(text("foreign.title"), note=text("foreign.hint")),
                ui.row(self.batch, self.direction, self.list.search, gap=10),
                self.list.view, ui.row(self.work.view, ui.html(""), advices, *takes, gap=4), gap=10,
            ),
            self.drawer, *([self.order.view] if self.order else []), gap=0, stylesheets=[ui.WHOLE],
        )  # fmt: skip
        follow(state, "foreign", (), self._offer_batches)
        for widget in (self.batch, self.direction):
            widget.param.watch(lambda _event: self.list.refresh(), "value")
        self.pages.param.watch(lambda _event: self._show_page(), "value")

    @property
    def chosen(self) -> dict[str, Any]:
        """The arguments of what is listed."""
        return {"batch": self.batch.value, "direction": "" if self.direction.value == ANY else self.direction.value}

    def open(self, row: dict[str, Any]) -> None:
        """Show a booked payment, or the order that the bank rejected."""
        with ui.told():
            if row["detail_id"] is None:
                if self.order is None:
                    ui.tell(text("foreign.not_yours"), kind="warning")
                else:
                    self.order.open(row["order_id"])
                return
            self.detail = foreign_detail(self._lab, row["detail_id"])
            self._head.object = _head(self.detail)
            self.to_order.visible = self.order is not None and self.detail["order"] is not None
            self.pages.value = BASIC
            self._show_page()
            self.drawer.open = True

    def take(self, suffix: str) -> None:
        """Make a file of the list and give it to the browser."""
        lab, chosen = self._lab, self.chosen

        def make(_job: Job) -> bytes:
            from bankklient_lab.reports.foreign_details import render_foreign_details

            return render_foreign_details(lab, suffix, **chosen)

        name = f"foreign_payments{suffix}"
        self.work.start(make, lambda content: self._state.send_file(name, content), text("log.making"))

    def take_advices(self) -> None:
        """Give the advices of all booked payments that are shown to the browser."""
        lab, shown = self._lab, self.list.shown
        ids = [one for one in shown["detail_id"].to_pylist() if one is not None] if shown is not None else []

        def make(_job: Job) -> bytes:
            from bankklient_lab.reports.foreign_details import render_advices

            return render_advices(lab, ids)

        self.work.start(make, lambda content: self._state.send_file("advices.pdf", content), text("log.making"))

    def take_advice(self) -> None:
        """Give the advice of the payment that is shown to the browser."""
        from bankklient_lab.reports.foreign_details import render_advices

        content = render_advices(self._lab, [self.detail["detail_id"]])
        self._state.send_file(f"advice_{self.detail['bank_reference']}.pdf", content)

    def _offer_batches(self) -> None:
        """Offer the batches that are here; the choice stays."""
        batches = {
            f"{row['batch']} \u00b7 {formatting.moment(row['received_at'])}": row["batch"]
            for row in foreign_detail_batches.rows(self._lab)
        }
        self.batch.options = {text("foreign.last"): LAST, text("foreign.all"): ALL} | batches

    def _read(self) -> pa.Table:
        rows = foreign_details.rows(self._lab, **self.chosen)
        told = {"status": _status, "type": lambda row: text(f"foreign.type_{row['type']}")}
        table = in_words(rows, _WORDS, **told)
        table = table.append_column("amount", pa.array([row["amount"] for row in rows], AMOUNT))
        for name in ("detail_id", "order_id"):
            table = table.append_column(name, pa.array([row[name] for row in rows], pa.int64()))
        return table.append_column("booking_day", pa.array([row["booking_day"] for row in rows], pa.date32()))

    def _show_page(self) -> None:
        facts = detail_pages(self.detail)[self.pages.value]
        lines = [(_name(fact), _value(fact)) for fact in facts]
        nothing = f"<p class='muted'>{escape(text('foreign.nothing'))}</p>"
        self.body.object = formatting.facts(lines) or nothing

    def _open_order(self) -> None:
        assert self.order is not None
        self.drawer.open = False
        self.order.open(self.detail["order_id"])


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Foreign(lab, state).view


def _head(detail: dict[str, Any]) -> str:
    side = "outgoing" if detail["outgoing"] else "incoming"
    other = detail["recipient_name"] if detail["outgoing"] else detail["orderer_name"]
    amount = formatting.money(detail["payment"], detail["payment_currency"])
    total = formatting.money(detail["total"], detail["account_currency"])
    wrong = "" if detail["adds_up"] else f"<p class='warn'>{escape(text('foreign.wrong_sum'))}</p>"
    return (
        f"<p class='muted'>{escape(text(f'foreign.{side}'))} \u00b7 {escape(formatting.day(detail['booking_day']))}</p>"
        f"<h2>{escape(other)}</h2><div class='amount'>{escape(amount)}</div>"
        f"<p>{escape(text(f'foreign_fact.{total_name(detail)}'))} <b>{escape(total)}</b></p>{wrong}"
    )


def _name(fact: Fact) -> str:
    name = text(f"foreign_fact.{fact.name}")
    return f"{name} ({fact.note})" if fact.note else name


def _value(fact: Fact) -> str:
    if isinstance(fact.value, str):
        return fact.value
    return formatting.money(fact.value, fact.currency) if fact.currency else formatting.day(fact.value)  # type: ignore[arg-type]


def _status(row: dict[str, Any]) -> str:
    """Return the status; of a rejected order with the number of the reason."""
    return f"{row['status']} {row['reason']}" if row["reason"] else row["status"]


def _columns() -> tuple[Column, ...]:
    """Return the columns of BNK-106 with amount and day."""
    widths = {
        "status": 76,
        "type": 92,
        "transaction_code": 138,
        "booking_day": 92,
        "bic": 100,
        "amount": 112,
        "currency": 78,
    }
    kinds = {"amount": "amount", "booking_day": "day"}
    order = (*_WORDS[:3], "booking_day", *_WORDS[3:7], "amount", "currency")
    essential = {"type", "recipient", "amount", "currency"}
    return tuple(
        Column(
            name, text(f"foreign_column.{name}"), kinds.get(name, "text"), widths.get(name), essential=name in essential
        )
        for name in order
    )
