"""The transmission protocol: every batch to and from the bank and every file of an accounting system, by conditions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.access.configuration import client_name
from bankklient_lab.codebooks import names
from bankklient_lab.codebooks import rows as codebook
from bankklient_lab.exchange.listing import DIRECTIONS, MODES, protocol, protocol_changes
from bankklient_lab.jobs import Job

from . import formatting, ui
from .batch_steps import BatchSteps
from .batch_words import ARROWS, batch_type_label, direction_text, mode_text, status_text
from .formatting import escape
from .listing import Listing, in_words
from .state import State
from .styles import css
from .table import Column
from .texts import text
from .work import Work

ANY = "any"  # the widget takes "" for nothing chosen
DAYS = ("created_since", "created_until", "changed_since", "changed_until")
SUFFIXES = (".pdf", ".xlsx", ".csv")
_KNOWN_TYPES = 50  # those above bring programs, which no batch of ours or of the bank's does


class Protocol:
    """The card with its conditions, and the drawer of one line."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._raw: list[dict[str, Any]] = []
        self.direction = ui.select(
            text("transmissions.direction"), _any() | {direction_text(one): one for one in DIRECTIONS}, ANY, width=150
        )
        self.batch_type = ui.select(text("unsent.type"), _any() | _types(), ANY, width=230)
        self.status = ui.select(text("column.state"), _any() | _statuses(), ANY, width=180)
        self.mode = ui.select(
            text("transmissions.mode"), _any() | {mode_text(one): one for one in MODES}, ANY, width=150
        )
        self.point = ui.select(text("keys.point"), _any(), ANY, width=220)
        self.days = {name: ui.date(text(f"transmissions.{name}"), width=165) for name in DAYS}
        self._more = ui.row(self.mode, self.point, *self.days.values(), gap=10, visible=False)
        more = ui.button(text("transmissions.more"), self.toggle_more, icon="tune", variant="text")
        self.clear = ui.button(
            text("explorer.clear"), self.clear_all, icon="filter_alt_off", variant="text", visible=False
        )
        self._facts = ui.html("", style=css("keys"))
        self.steps = BatchSteps(lab, state, self._stepped)
        self.drawer = ui.drawer(self._facts, self.steps.view, width=560)
        self.work: Work[bytes] = Work()
        takes = [
            ui.button(suffix[1:].upper(), partial(self.take, suffix), icon="download", variant="text")
            for suffix in SUFFIXES
        ]
        self.list = Listing(
            state, "transmissions", _columns(), self._read, count="transmissions.count",
            label=text("transmissions.protocol"), placeholder=text("transmissions.none"), rows_high=16,
            on_open=lambda row: self.open(self._raw[int(row["line"])]),
        )  # fmt: skip
        self.view = ui.column(
            ui.card(
                ui.heading(text("transmissions.protocol"), note=text("transmissions.protocol_hint")),
                ui.row(self.direction, self.batch_type, self.status, self.list.search, more, self.clear, gap=10),
                self._more, self.list.view, ui.row(self.work.view, ui.html(""), *takes, gap=4), gap=10,
            ),
            self.drawer, gap=0,
        )  # fmt: skip
        for widget in self._conditions.values():
            widget.param.watch(lambda _event: self._chosen_anew(), "value")

    @property
    def _conditions(self) -> dict[str, ui.Widget]:
        return {
            "direction": self.direction, "batch_type": self.batch_type, "status": self.status, "mode": self.mode,
            "point": self.point, **self.days,
        }  # fmt: skip

    @property
    def chosen(self) -> dict[str, Any]:
        """The conditions that are set, as arguments of `protocol`."""
        found = {name: widget.value for name, widget in self._conditions.items() if widget.value not in (ANY, None)}
        return found | {name: ui.as_date(found[name]) for name in DAYS if name in found}

    def _chosen_anew(self) -> None:
        self.clear.visible = bool(self.chosen)
        self.list.refresh()

    def toggle_more(self) -> None:
        """Show or hide the other conditions."""
        self._more.visible = not self._more.visible

    def clear_all(self) -> None:
        """Show all lines (TRN-062)."""
        for name, widget in self._conditions.items():
            widget.value = None if name in DAYS else ANY

    def _read(self) -> pa.Table:
        chosen = self.chosen
        self._raw = protocol.rows(self._lab, **chosen)
        if not chosen:
            points = {(row["point"], row["name"]) for row in self._raw}
            named = {f"{point} \u00b7 {name}": point for point, name in sorted(points, key=str) if point is not None}
            self.point.options = _any() | named
        names = [column.name for column in _columns()]
        table = in_words(
            self._raw, names, batch_type=lambda row: batch_type_label(row["batch_type"]),
            direction=lambda row: direction_text(row["direction"]), mode=lambda row: mode_text(row["mode"]),
            status=_status, records=lambda row: formatting.count(row["records"]),
            created_at=lambda row: formatting.moment(row["created_at"]),
            changed_at=lambda row: formatting.moment(row["changed_at"]),
        )  # fmt: skip
        return table.append_column("line", pa.array(range(table.num_rows), pa.int64()))

    def open(self, row: Mapping[str, Any]) -> None:
        """Show one line with all its changes."""
        changes = protocol_changes.rows(self._lab, row["batch_id"]) if row["batch_id"] is not None else []
        self._facts.object = _facts(row) + _changes(changes)
        self.steps.open(row)
        self.drawer.open = True

    def _stepped(self) -> None:
        self.drawer.open = False
        self._state.data_version += 1  # orders have another status on all pages

    def take(self, suffix: str) -> None:
        """Make a file of the lines that are shown and give it to the browser."""
        lab, chosen, title = self._lab, self.chosen, text("transmissions.protocol")

        def make(job: Job) -> bytes:
            from bankklient_lab.reports import render_table
            from bankklient_lab.reports.listings import table_pdf

            table = protocol.arrow(lab, **chosen)
            if suffix == ".pdf":
                shown = table.drop_columns(["batch_id", "type_name", "status"])
                return table_pdf(shown, title, client_name(lab), lab.clock())
            return render_table(table, suffix, title, job)

        self.work.start(make, lambda content: self._state.send_file(f"protocol{suffix}", content), text("log.making"))


def _any() -> dict[str, Any]:
    return {text("transmissions.any"): ANY}


def _types() -> dict[str, Any]:
    numbers = map(int, names("batch_types"))
    return {batch_type_label(number): number for number in numbers if number < _KNOWN_TYPES}


def _statuses() -> dict[str, Any]:
    return {
        f"{ARROWS[row['direction']]} {status_text(int(row['code']))}": int(row["code"])
        for row in codebook("transmission_statuses")
    }


def _facts(row: Mapping[str, Any]) -> str:
    lines = (
        (text("column.state"), _status(row)),
        (text("transmissions.direction"), direction_text(row["direction"])),
        (text("keys.point"), f"{row['point']} \u00b7 {row['name']}"),
        (text("unsent.type"), batch_type_label(row["batch_type"])),
        (text("transmissions.mode"), mode_text(row["mode"])),
        (text("transmissions.records"), formatting.count(row["records"])),
        (text("transmissions.error"), str(row["error_status"]) if row["error_status"] else ""),
        (text("transmissions.note"), row["note"]),
        (text("transmissions.created_at"), f"{formatting.second(row['created_at'])} {row['created_by']}"),
        (text("transmissions.changed_at"), f"{formatting.second(row['changed_at'])} {row['changed_by']}"),
    )
    return formatting.facts(lines, text("unsent.one", order=row["batch_order"]))


def _status(row: Mapping[str, Any]) -> str:
    """Return the status; what waits for signatures is not to be taken for what waits to be sent."""
    return text("transmissions.waits_for_signatures") if row["unsigned"] else status_text(row["status"])


def _changes(changes: list[dict[str, Any]]) -> str:
    if not changes:
        return ""
    items = "".join(
        f"<li><b>{escape(status_text(one['status']))}</b> {escape(one['note'])}"
        f"<br><span class='muted'>{escape(formatting.second(one['done_at']))} {escape(one['done_by'])}</span></li>"
        for one in changes
    )
    return f"<h3>{escape(text('orders.timeline'))}</h3><ol>{items}</ol>"


def _columns() -> tuple[Column, ...]:
    return (
        Column("direction", text("transmissions.direction"), width=100, essential=False),
        Column("batch_order", text("unsent.batch"), width=92),
        Column("batch_type", text("unsent.type")),
        Column("status", text("column.state"), width=150),
        Column("records", text("transmissions.records"), "number", width=90, essential=False),
        Column("mode", text("transmissions.mode"), width=90, essential=False),
        Column("created_at", text("transmissions.created_at"), width=130, essential=False),
        Column("changed_at", text("transmissions.changed_at"), width=130, essential=False),
        Column("changed_by", text("unsent.created_by"), width=64, essential=False),
        Column("note", text("transmissions.note"), width=220, essential=False),
    )
