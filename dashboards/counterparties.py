"""Counterparties: whom the client pays, learnt, typed or taken from a file, and chosen in forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.analysis.exporting import note_export
from bankklient_lab.analysis.known_counterparties import learn_counterparties_from_statements
from bankklient_lab.orders.counterparties import (
    COLUMNS,
    NAME_CHARS_MAX,
    NEEDS,
    TEXTS,
    counterparty_register,
    delete_counterparty,
    learn_counterparties,
    save_counterparty,
)
from bankklient_lab.orders.counterparty_files import import_counterparties
from bankklient_lab.rights.permissions import needed

from . import ui
from .dropper import DiskDropper
from .form import Field, Form
from .formatting import escape
from .listing import Listing, in_words
from .state import State
from .styles import css
from .sure import Sure
from .table import Column
from .texts import counted, text

SHOWN_MAX = 100_000
_LINES = ("bank", "address", "message")


class Counterparties:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        held = lab.rights.held(lab.caller)
        self.rows: dict[str, dict[str, Any]] = {}
        self._row: dict[str, Any] = {}
        self._title = ui.html("", style=css("facts"))
        self.form = Form(state, _fields(), self._save, button=text("form.save"))
        self.delete = Sure(text("patterns.delete"), text("counterparties.delete_really"), self._delete)
        self.drawer = ui.drawer(self._title, self.form.view, self.delete.view, width=520)
        self.list = Listing(
            state, "counterparties", _columns(), self._read, count="counterparties.count",
            label=text("page.counterparties"), placeholder=text("counterparties.none"),
            on_open=lambda row: self.open(self.rows[row["account"]]),
        )  # fmt: skip
        self.dropper = DiskDropper(
            self.dropped, lambda _name: None, lambda _name, _share: None, margin=0, sizing_mode="stretch_width",
        )  # fmt: skip
        self.files = ui.drawer(
            ui.heading(text("counterparties.import")),
            ui.html(f"<p class='muted'>{escape(text('counterparties.import_hint', columns=', '.join(COLUMNS)))}</p>"),
            self.dropper,
        )
        statements = ui.button(text("counterparties.from_statements"), self.learn_from_statements, icon="history")
        statements.visible = needed(f"({NEEDS})&161").holds(held)
        export = ui.button(text("counterparties.export"), self.export, icon="download", variant="text")
        export.visible = needed("241").holds(held)
        self.view = ui.column(
            ui.card(
                ui.row(
                    self.list.search, ui.html(""),
                    ui.button(text("counterparties.from_orders"), self.learn, icon="auto_awesome"), statements,
                    ui.button(text("counterparties.import"), self._ask_for_file, icon="upload_file", variant="text"),
                    export, ui.button(text("counterparties.new"), self.new, primary=True, icon="add"), gap=8,
                ),
                self.list.view,
            ),
            self.drawer,
            self.files,
        )  # fmt: skip

    def new(self) -> None:
        """Show an empty form."""
        self.open({})

    def open(self, row: dict[str, Any]) -> None:
        """Show a counterparty."""
        self._row = row
        self._title.object = f"<h2>{escape(row.get('name') or text('counterparties.new'))}</h2>"
        self.form.fill(row)
        self.delete.view.visible = bool(row)
        self.delete.reset()
        self.drawer.open = True

    def learn(self) -> None:
        """Take over whom orders pay."""
        self._told(learn_counterparties(self._lab))

    def learn_from_statements(self) -> None:
        """Take over whom statements say that money was paid to."""
        self._told(learn_counterparties_from_statements(self._lab))

    def dropped(self, _name: str, path: Path) -> None:
        """Take over a file that is there."""
        with ui.told():
            made = import_counterparties(self._lab, path)
            self.files.open = False
            self._changed(text("counterparties.imported", added=made["added"], changed=made["changed"]))

    def export(self) -> None:
        """Give the register to the browser."""
        from bankklient_lab.reports.doors import render_table

        table = counterparty_register.arrow(self._lab, limit=SHOWN_MAX).select(COLUMNS)
        note_export(self._lab, "counterparties", suffix=".csv", rows=table.num_rows)
        self._state.send_file("counterparties.csv", render_table(table, ".csv", "Counterparties"))

    def _ask_for_file(self) -> None:
        self.files.open = True

    def _told(self, learnt: dict[str, int]) -> None:
        told = counted("counterparties.learnt", learnt["added"])
        left = f" {text('counterparties.left_out', n=learnt['left_out'])}" if learnt["left_out"] else ""
        self._changed(told + left)

    def _read(self) -> pa.Table:
        rows = counterparty_register.rows(self._lab, limit=SHOWN_MAX)
        self.rows = {row["account"]: row for row in rows}
        return in_words(
            rows, [column.name for column in _columns()], source=lambda row: text(f"counterparties.of_{row['source']}"),
            message=lambda row: (row["message"] or "").replace("\n", " "),
        )  # fmt: skip

    def _save(self, values: dict[str, Any]) -> None:
        given = {name: values[name] for name in TEXTS}
        save_counterparty(
            self._lab, values["name"], values["account"], given, counterparty_id=self._row.get("counterparty_id")
        )
        self._changed(text("patterns.saved", name=values["name"]))

    def _delete(self) -> None:
        delete_counterparty(self._lab, self._row["counterparty_id"])
        self._changed(text("patterns.deleted", name=self._row["name"]))

    def _changed(self, message: str) -> None:
        self.drawer.open = False
        self.list.refresh()
        ui.tell(message)


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Counterparties(lab, state).view


def _columns() -> tuple[Column, ...]:
    return (
        Column("name", text("patterns.name")),
        Column("account", text("column.account"), width=210),
        Column("currency", text("column.currency"), width=80, essential=False),
        Column("country", text("counterparties.country"), width=80, essential=False),
        Column("bic", text("counterparties.bic"), width=120, essential=False),
        Column("variable_symbol", text("column.variable_symbol"), width=130, essential=False),
        Column("message", text("column.message"), width=200, essential=False),
        Column("source", text("counterparties.source"), width=120, essential=False),
    )


def _fields() -> list[Field]:
    texts = [
        Field(
            name, text(f"counterparties.{name}"), chars=most, multiline=name in _LINES,
            help=text(f"counterparties.help_{name}") if name in _LINES else "",
        )
        for name, most in TEXTS.items()
    ]  # fmt: skip
    return [
        Field("name", text("patterns.name"), required=True, chars=NAME_CHARS_MAX),
        Field("account", text("column.account"), required=True, chars=40, help=text("counterparties.help_account")),
        *texts,
    ]
