"""Receivables in workbooks: dropped, looked at with what is wrong in them, and taken over; files that wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.codebooks.services import VALID
from bankklient_lab.errors import LabError
from bankklient_lab.formats.payments.accounts import as_written
from bankklient_lab.formats.receivables import sheets, template
from bankklient_lab.services.listing import service_records
from bankklient_lab.services.receivables import (
    delete_receivable_file,
    import_receivables,
    receivable_files,
    receivables_sheet,
)

from . import formatting, ui
from .dropper import DiskDropper
from .formatting import escape
from .listing import Listing
from .state import State
from .styles import css
from .sure import Sure
from .table import Column
from .texts import counted, text

ROWS_SHOWN = 200
_SHOWN = ("receivable_type", "variable_symbol", "debtor_name", "amount", "due_date")


class ReceivablesFiles:
    """The card."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._file: tuple[str, Path] | None = None
        self._filling = False
        self._place = ui.column(gap=0)
        self.sheet = ui.select(text("receivables.sheet"), {}, None, width=200)
        self.account = ui.select(text("service_item.own_account"), {}, None, width=260)
        self._problem = ui.notice("", severity="error", visible=False)
        self.preview = ui.html("", style=css("sheet"))
        self.take = ui.button("", lambda: self._take(also_wrong=False), primary=True, icon="done")
        self.take_wrong = ui.button("", lambda: self._take(also_wrong=True), icon="rule")
        self._away = ui.button(text("receivables.put_away"), self._new_dropper, variant="text", icon="close")
        self._seen = ui.column(
            ui.row(self.sheet, self.account, gap=10), self._problem, self.preview,
            ui.row(self.take, self.take_wrong, self._away, gap=8), gap=10, visible=False,
        )  # fmt: skip
        self.files = Listing(
            state, "receivables", _columns(), self._read, count="receivables.files_count",
            label=text("receivables.files"), placeholder=text("receivables.no_files"), rows_high=4,
            on_open=lambda row: self.open(row["file_no"]),
        )  # fmt: skip
        self._chosen = 0
        self._title = ui.html("", style=css("facts"))
        self.delete = Sure(text("receivables.delete_file"), text("receivables.delete_file_really"), self._delete)
        self.drawer = ui.drawer(self._title, self.delete.view)
        self.view = ui.card(
            ui.row(
                ui.heading(text("receivables.workbook"), note=text("receivables.workbook_note")),
                ui.button(text("receivables.template"), self._send_template, variant="text", icon="download"), gap=10,
            ),
            self._place, self._seen, self.files.view, self.drawer, gap=10,
        )  # fmt: skip
        for widget in (self.sheet, self.account):
            widget.param.watch(lambda _event: self._look_again(), "value")
        self._new_dropper()

    def dropped(self, name: str, path: Path) -> None:
        """Show what the first sheet of a dropped workbook says."""
        self._file = (name, path)
        self._place.visible, self._seen.visible = False, True
        self._filling = True
        self.sheet.param.update(options={}, value=None)
        rows = service_records.rows(self._lab, "receivable")
        accounts = {
            as_written(row["agreement_account"]): row["agreement_account"] for row in rows if row["state"] == VALID
        }
        self.account.param.update(options=accounts, value=next(iter(accounts.values()), None))
        self._filling = False
        self._look()

    def open(self, file_no: str) -> None:
        """Show a file that waits, to be deleted."""
        row = next((row for row in receivable_files.rows(self._lab) if row["file_no"] == int(file_no)), None)
        if row is None:  # gone meanwhile
            self.files.refresh()
            return
        self._chosen = row["file_no"]
        self._title.object = formatting.facts(
            (
                (text("receivables.origin"), text(f"receivables.origin_{row['origin']}")),
                (text("receivables.number"), formatting.count(row["receivables"])),
                (text("receivables.wrong"), formatting.count(row["wrong"])),
                (text("services.created"), f"{row['taken_by']}, {formatting.moment(row['taken_at'])}"),
            ),
            row["name"],
        )
        self.delete.reset()
        self.drawer.open = True

    def _look_again(self) -> None:
        if not self._filling and self._file is not None:
            self._look()

    def _look(self) -> None:
        assert self._file is not None
        try:
            seen = self._read_sheet(self._file[1])
        except LabError as error:
            self._problem.param.update(object=escape(formatting.sentence(error.message)), visible=True)
            self.preview.object = ""
            self._offer_sheets(self._file[1])
            self.take.visible = self.take_wrong.visible = False
            return
        self._problem.visible = False
        right = sum(not row["errors"] for row in seen["rows"])
        readable = sum(not row["formal"] for row in seen["rows"])
        self._offer(seen["sheets"], seen["sheet"])
        self.take.label = counted("receivables.take", right, formatting.count(right))
        self.take_wrong.label = counted("receivables.take_wrong", readable, formatting.count(readable))
        self.take.visible, self.take_wrong.visible = right > 0, readable > right
        self.preview.object = _preview(seen)

    def _offer_sheets(self, path: Path) -> None:
        """Offer the sheets of a workbook of which the one that was looked at can't be read."""
        try:
            names = sheets(path)
        except LabError:  # it is no workbook, as is said already
            names = []
        self._offer(names, self.sheet.value or next(iter(names), None))

    def _offer(self, names: Sequence[str], chosen: str | None) -> None:
        self._filling = True
        self.sheet.param.update(options={name: name for name in names}, value=chosen, visible=len(names) > 1)
        self._filling = False

    def _read_sheet(self, path: Path) -> dict[str, Any]:
        """Read the sheet; the account is what E4 says, else the one that is chosen."""
        sheet = self.sheet.value or ""
        try:
            seen = receivables_sheet(self._lab, path, sheet=sheet)
        except LabError as error:
            if error.details.get("parameter") != "account" or not self.account.value:
                raise
            seen = receivables_sheet(self._lab, path, sheet=sheet, account=self.account.value)
            self.account.visible = True
        else:
            self.account.visible = False
        return seen

    def _take(self, *, also_wrong: bool) -> None:
        if self._file is None:  # a second click, which came after the first one was done
            return
        name, path = self._file
        account = self.account.value if self.account.visible else ""
        with ui.told():
            told = import_receivables(
                self._lab, path, name=name, sheet=self.sheet.value or "", account=account, also_wrong=also_wrong
            )
            self._new_dropper()
            ui.tell(
                text("receivables.taken", taken=formatting.count(told["taken"]), rows=formatting.count(told["rows"]))
            )
            self._state.data_version += 1

    def _delete(self) -> None:
        with ui.told():
            told = delete_receivable_file(self._lab, self._chosen)
            self.drawer.open = False
            ui.tell(text("services.cleared", n=formatting.count(told["done"])))
            self._state.data_version += 1

    def _send_template(self) -> None:
        self._state.send_file("receivables.xlsx", template())

    def _new_dropper(self) -> None:
        self._file = None
        for old in self._place:
            old.discard()
        dropper = DiskDropper(
            self.dropped, lambda _name: None, lambda _name, _share: None, margin=0, sizing_mode="stretch_width"
        )
        self._place[:] = [dropper]
        self._place.visible, self._seen.visible = True, False

    def _read(self) -> pa.Table:
        rows = receivable_files.rows(self._lab)
        return pa.table({
            "file_no": pa.array([str(row["file_no"]) for row in rows], pa.string()),
            "name": pa.array([row["name"] for row in rows], pa.string()),
            "origin": pa.array([text(f"receivables.origin_{row['origin']}") for row in rows], pa.string()),
            "receivables": pa.array([row["receivables"] for row in rows], pa.int64()),
            "wrong": pa.array([row["wrong"] for row in rows], pa.int64()),
            "taken_at": pa.array([formatting.moment(row["taken_at"]) for row in rows], pa.string()),
        })  # fmt: skip


def _columns() -> tuple[Column, ...]:
    return (
        Column("file_no", text("receivables.file_no"), width=70, essential=False),
        Column("name", text("column.file")),
        Column("origin", text("receivables.origin"), width=150, essential=False),
        Column("receivables", text("receivables.number"), "count", width=90),
        Column("wrong", text("receivables.wrong"), "flaws", width=80),
        Column("taken_at", text("receivables.taken_at"), width=136, essential=False),
    )


def _preview(seen: Mapping[str, Any]) -> str:
    """Return the rows with their errors; how a row is marked is said in words too, not by its colour alone."""
    rows: Sequence[Mapping[str, Any]] = seen["rows"]
    if len(rows) > ROWS_SHOWN:  # what is wrong is among those that are seen
        rows = sorted(rows, key=lambda row: (not row["formal"], not row["errors"], row["row_no"]))
    heads = ("row", *(f"item_{name}" for name in _SHOWN), "errors")
    titles = {
        "row": text("receivables.row"), "errors": text("receivables.errors"),
        **{f"item_{name}": text(f"service_item.{name}") for name in _SHOWN},
    }  # fmt: skip
    head = "".join(f"<th class='{name}'>{escape(titles[name])}</th>" for name in heads)
    body = "".join(_row(row) for row in rows[:ROWS_SHOWN])
    more = len(rows) - ROWS_SHOWN
    rest = f"<p class='muted'>{escape(text('receivables.more', n=formatting.count(more)))}</p>" if more > 0 else ""
    counts = {
        "right": sum(not row["errors"] for row in rows), "formal": sum(row["formal"] for row in rows),
        "wrong": sum(bool(row["errors"]) and not row["formal"] for row in rows),
        "repeated": sum(row["repeated"] for row in rows),
    }  # fmt: skip
    said = " \u00b7 ".join(
        f"<span class='{kind}'>{escape(text(f'receivables.{kind}_rows', n=formatting.count(number)))}</span>"
        for kind, number in counts.items()
        if number or kind == "right"
    )
    about = escape(text("receivables.for_account", account=as_written(seen["account"])))
    return f"<p>{about} \u00b7 {said}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def _row(row: Mapping[str, Any]) -> str:
    kind = "formal" if row["formal"] else "wrong" if row["errors"] else "right"
    items = "".join(f"<td class='item_{name}'>{escape(row.get(name, ''))}</td>" for name in _SHOWN)
    errors = "; ".join(f"{one['code']} {one['text']}" for one in row["errors"])
    mark = "" if kind == "right" else f"<b>{escape(text(f'receivables.{kind}'))}</b> "
    if row["repeated"]:
        mark = f"<b>{escape(text('receivables.repeated'))}</b> {mark}"
    return f"<tr class='{kind}'><td class='row'>{row['row_no']}</td>{items}<td>{mark}{escape(errors)}</td></tr>"
