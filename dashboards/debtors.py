"""The register of debtors, and receivables that begin with one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.codebooks.services import KINDS
from bankklient_lab.reports.listings import render_listing
from bankklient_lab.services.debtors import ITEMS, debtors, delete_debtors, keep_debtor

from . import ui
from .form import CHOICE, Field, Form
from .formatting import facts
from .listing import Listing, in_words
from .state import State
from .styles import css
from .sure import Sure
from .table import Column
from .texts import section, text

_TYPE = "debtor_id_type"


class Debtors:
    """The card; `new_receivable` opens a form with the items of a debtor."""

    def __init__(self, lab: bl.Lab, state: State, new_receivable: Callable[[Mapping[str, Any]], None]) -> None:
        self._lab, self._state, self._new_receivable = lab, state, new_receivable
        self._rows: dict[str, dict[str, Any]] = {}
        self._row: dict[str, Any] = {}
        self._title = ui.html("", style=css("facts"))
        self.form = Form(state, _fields(), self._save, button=text("form.save"))
        self.bill = ui.button(text("receivables.for_debtor"), self._bill, icon="receipt_long")
        self.delete = Sure(text("services.delete"), text("receivables.delete_debtor_really"), self._delete)
        self.drawer = ui.drawer(self._title, self.form.view, ui.row(self.bill, self.delete.view, gap=8), width=520)
        self.list = Listing(
            state, "receivables", _columns(), self._read, count="services.count", label=text("receivables.debtors"),
            placeholder=text("receivables.no_debtors"), rows_high=6,
            on_open=lambda row: self.open(self._rows[row["debtor_id"]]),
        )  # fmt: skip
        self.view = ui.card(
            ui.row(
                ui.heading(text("receivables.debtors"), note=text("receivables.debtors_note")),
                ui.button("PDF", self._send, icon="download", variant="text"),
                ui.button(text("receivables.new_debtor"), lambda: self.open({}), icon="add"), gap=10,
            ),
            self.list.search, self.list.view, self.drawer, gap=10,
        )  # fmt: skip

    def open(self, row: Mapping[str, Any]) -> None:
        """Show a debtor, or an empty form."""
        self._row = dict(row)
        self._title.object = facts((), row.get("debtor_name") or text("receivables.new_debtor"))
        self.bill.visible = self.delete.view.visible = bool(row)
        self.delete.reset()
        self.form.fill({name: row.get(name) for name in ITEMS}, name=f"debtor {row.get('debtor_id', 'new')}")
        self.drawer.open = True

    def _save(self, values: dict[str, Any]) -> None:
        keep_debtor(self._lab, values, debtor_id=self._row.get("debtor_id", 0))
        self._done(text("receivables.debtor_saved"))

    def _delete(self) -> None:
        with ui.told():
            delete_debtors(self._lab, [self._row["debtor_id"]])
            self._done(text("services.done"))

    def _done(self, told: str) -> None:
        self.drawer.open = False
        ui.tell(told)
        self._state.data_version += 1

    def _bill(self) -> None:
        self.drawer.open = False
        self._new_receivable({name: self._row[name] for name in ITEMS})

    def _send(self) -> None:
        self._state.send_file("debtors.pdf", render_listing(self._lab, "debtors", ".pdf"))

    def _read(self) -> pa.Table:
        rows = debtors.rows(self._lab)
        self._rows = {str(row["debtor_id"]): row for row in rows}
        words = section("service_option")
        return in_words(
            rows, ["debtor_id", *ITEMS], **{_TYPE: lambda row: words.get(row[_TYPE].replace(" ", "_"), row[_TYPE])}
        )


def _fields() -> list[Field]:
    items, words = KINDS["receivable"].by_name, section("service_option")
    kinds = {words.get(one.replace(" ", "_"), one): one for one in items[_TYPE].options}
    typed = [
        Field(name=name, label=text(f"service_item.{name}"), required=True, chars=items[name].most)
        for name in ITEMS
        if name != _TYPE
    ]
    return [Field(name=_TYPE, label=text(f"service_item.{_TYPE}"), required=True, kind=CHOICE, options=kinds), *typed]


def _columns() -> tuple[Column, ...]:
    widths = {"debtor_id_type": 130, "debtor_identification": 140}
    return (
        Column("debtor_id", "", width=50, hidden=True),
        *(
            Column(name, text(f"service_item.{name}"), width=widths.get(name), essential=name != "debtor_address")
            for name in ("debtor_name", "debtor_id_type", "debtor_identification", "debtor_address")
        ),
    )
