"""Receivables that the bank finances: entered one by one or taken from a workbook, counted, and debtors."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.formats.payments.accounts import as_written
from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.services.listing import ALL, HISTORY, PROCESSED, service_requests
from bankklient_lab.services.receivables import clear_receivables, receivables_summary

from . import formatting, ui
from .debtors import Debtors
from .listing import Listing
from .receivables_files import ReceivablesFiles
from .services import Services, state_words
from .state import State, follow
from .sure import Sure
from .table import Column
from .texts import section, text

SHOWN = ("variable_symbol", "receivable_type", "debtor_name", "amount", "currency", "due_date", "own_account")
_ENDED = (PROCESSED, HISTORY, ALL)  # sets with answered ones, which can be deleted by batches
AGREEMENTS = ("agreement_account", "agreement_currency", "agreement_number")


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Receivables(lab, state).view


class Receivables:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self.services = Services(lab, state, "receivable", SHOWN, AGREEMENTS)
        self.batch = ui.select(text("services.batch"), {}, None, width=150)
        self.clear = Sure(
            text("receivables.clear"), text("services.clear_all_really"), lambda: self._clear(older=False)
        )
        self.clear_older = Sure(
            text("receivables.clear_older"), text("services.clear_all_really"), lambda: self._clear(older=True)
        )
        self.history = ui.row(self.batch, self.clear.view, self.clear_older.view, gap=8)
        self.files = ReceivablesFiles(lab, state)
        self.summary = Listing(
            state, "receivables", _columns(), self._read, count="services.count", label=text("receivables.summary"),
            placeholder=text("services.no_requests"), rows_high=7,
        )  # fmt: skip
        self.debtors = Debtors(lab, state, self.services.drawer.begin)
        agreements, entered, drawer = self.services.view
        entered.append(self.history)
        self.view = ui.column(
            entered, self.files.view,
            ui.card(
                ui.heading(text("receivables.summary"), note=text("receivables.summary_note")), self.summary.view,
                gap=10,
            ),
            self.debtors.view, agreements, drawer,
            stylesheets=[ui.WHOLE],
        )  # fmt: skip
        self.services.which.param.watch(lambda _event: self.refresh(), "value")
        follow(state, "receivables", (), self.refresh)

    def refresh(self) -> None:
        """Offer the batches whose answered receivables can be deleted from the history."""
        rows = service_requests.rows(self._lab, "receivable", PROCESSED)
        orders = sorted({row["batch_order"] for row in rows if row["batch_order"]}, reverse=True)
        self.batch.param.update(options={str(one): one for one in orders}, value=next(iter(orders), None))
        self.history.visible = bool(orders) and self.services.which.value in _ENDED
        for one in (self.clear, self.clear_older):
            one.reset()

    def _clear(self, *, older: bool) -> None:
        with ui.told():
            told = clear_receivables(self._lab, self.batch.value, older=older)
            ui.tell(text("services.cleared", n=formatting.count(told["done"])))
            self._state.data_version += 1

    def _read(self) -> pa.Table:
        rows = receivables_summary.rows(self._lab)
        kinds = section("service_option")
        said: dict[str, list[Any]] = {
            "receivable_type": [kinds.get((row["receivable_type"] or "").replace(" ", "_"), "") for row in rows],
            "own_account": [as_written(row["own_account"] or "") for row in rows],
            "currency": [row["currency"] for row in rows],
            "state": [state_words(self.services.kind, row["status"]) for row in rows],
            "origin": [text(f"receivables.origin_{row['origin']}") for row in rows],
        }
        table = {name: pa.array(values, pa.string()) for name, values in said.items()}
        table["receivables"] = pa.array([row["receivables"] for row in rows], pa.int64())
        table["amount"] = pa.array([row["amount"] for row in rows], AMOUNT)
        return pa.table(table)


def _columns() -> tuple[Column, ...]:
    return (
        Column("receivable_type", text("service_item.receivable_type"), width=110),
        Column("own_account", text("service_item.own_account"), width=160, essential=False),
        Column("state", text("services.state"), "state", width=130),
        Column("origin", text("receivables.origin"), essential=False),
        Column("receivables", text("receivables.number"), "count", width=90, essential=False),
        Column("amount", text("service_item.amount"), "amount", width=130, currency="currency"),
        Column("currency", text("service_item.currency"), width=80),
    )
