"""Imports: drop bank files, see what each holds before it is taken over, and what became of earlier ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import panel as pn
import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.jobs import Job

from . import formatting, import_preview, ui
from .content import reload
from .dropper import DiskDropper
from .formatting import escape
from .state import State, follow
from .styles import css
from .table import Column, PagedTable, page_of
from .texts import counted, text
from .withdrawal import Withdrawal
from .work import Work

FILES_AT_ONCE = 500
_ORDER = ("readable", "imported", "already", import_preview.ASKS, "refused")


@dataclass
class Dropped:
    """A dropped file: what the reader said about it, and what the user has told."""

    name: str
    path: Path
    hints: dict[str, str] = field(default_factory=dict)
    report: dict[str, Any] | None = None


class Imports:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._files: dict[str, Dropped] = {}
        self._dropper: DiskDropper | None = None
        self._drop_place = ui.column(gap=0)
        self.work: Work[list[Dropped]] = Work()
        self._summary = ui.html("")
        self._take = ui.button("", self.take_over, primary=True, icon="library_add_check", visible=False)
        self._clear = ui.button(text("imports.clear"), self.clear, variant="text", visible=False)
        self._cards = ui.column(gap=10)
        self._past_table: pa.Table | None = None
        self.withdrawal = Withdrawal(lab, self._withdrawn)
        self._past = PagedTable(
            _PAST_COLUMNS, self._past_rows, rows_high=10, selectable=False, on_open=self.withdrawal.open,
            placeholder=text("imports.none"),
        )  # fmt: skip
        self.view = ui.column(
            ui.card(
                ui.heading(text("imports.drop"), note=text("imports.drop_hint")),
                self._drop_place,
                self.work.view,
                ui.row(self._summary, self._clear, self._take, gap=10),
            ),
            self._cards,
            ui.card(ui.heading(text("imports.past"), note=text("imports.past_hint")), self._past.view),
            self.withdrawal.view,
        )
        self._new_dropper()
        if pn.state.curdoc is not None:
            pn.state.on_session_destroyed(lambda _context: self._discard())
        state.param.watch(lambda event: self._past.narrow(event.new), "narrow")
        self._past.narrow(state.narrow)
        follow(state, "imports", (), self._show_past)

    def _discard(self) -> None:
        if self._dropper is not None:
            self._dropper.discard()

    def _new_dropper(self) -> None:
        self._discard()
        self._dropper = DiskDropper(
            self.dropped,
            self.removed,
            self._arriving,
            sizing_mode="stretch_width",
            min_height=88,
            margin=0,
            stylesheets=[css("drop")],
            max_files=FILES_AT_ONCE,
        )
        self._drop_place.objects = [self._dropper]

    def dropped(self, name: str, path: Path) -> None:
        """Take note of a file and look into it."""
        self._files[name] = Dropped(name, path)
        self._inspect()

    def removed(self, name: str) -> None:
        """Put a file away; nothing of it was kept unless it was taken over."""
        self._files.pop(name, None)
        if not self._files:
            self._new_dropper()
        self._show()

    def clear(self) -> None:
        """Forget all dropped files; nothing of them was kept."""
        self._files.clear()
        self._new_dropper()
        self._show()

    def tell_hints(self, name: str, hints: dict[str, str]) -> None:
        """Look into a file again with what the user has told about it."""
        file = self._files[name]
        file.hints, file.report = {key: value for key, value in hints.items() if value}, None
        self._inspect()

    def _inspect(self) -> None:
        waiting = [file for file in self._files.values() if file.report is None]
        if not waiting or self.work.running:  # files that arrive meanwhile come after
            return

        def look(job: Job) -> list[Dropped]:
            for number, file in enumerate(waiting):
                job.step(text("imports.looking", name=file.name), number / len(waiting))
                file.report = bl.inspect_file(self._lab, file.path, name=file.name, job=job, **file.hints)
            return waiting

        self.work.start(look, self._inspected, text("imports.looking", name=waiting[0].name))

    def _inspected(self, _files: list[Dropped]) -> None:
        self._show()
        self._inspect()

    def _ready(self) -> list[Dropped]:
        return [
            file for file in self._files.values() if file.report is not None and file.report["status"] == "readable"
        ]

    def take_over(self) -> None:
        """Import the files that hold something new."""
        ready = self._ready()

        def take(job: Job) -> list[Dropped]:
            for number, file in enumerate(ready):
                job.step(text("imports.taking", name=file.name), number / len(ready))
                file.report = bl.import_file(self._lab, file.path, name=file.name, job=job, **file.hints)
            return ready

        self.work.start(take, self._taken, text("imports.taking", name=ready[0].name))

    def _taken(self, files: list[Dropped]) -> None:
        done = [file for file in files if file.report is not None and file.report["status"] == "imported"]
        statements = sum(len(_new(file)) for file in done)
        ui.tell(
            text(
                "imports.done",
                files=counted("imports.files", len(done)),
                statements=counted("imports.statements", statements),
            )
        )
        reload(self._lab, self._state)
        self._show()

    def _withdrawn(self, name: str) -> None:
        ui.tell(text("imports.withdrawn", name=name))
        reload(self._lab, self._state)

    def _show(self) -> None:
        ready = self._ready()
        self._cards.objects = [
            import_preview.card(file.name, file.report, file.hints, self._answers(file))
            for file in self._files.values()
            if file.report is not None
        ]
        new = sum(len(_new(file)) for file in ready)
        self._take.visible = bool(ready)
        self._clear.visible = bool(self._files)
        self._take.label = text(
            "imports.take", files=counted("imports.files", len(ready)), statements=counted("imports.statements", new)
        )
        self._summary.object = f"<p>{_summary(list(self._files.values()))}</p>" if self._files else ""

    def _answers(self, file: Dropped) -> import_preview.Answers:
        return import_preview.Answers(
            partial(self.tell_hints, file.name), partial(self.removed, file.name), partial(self._open_import, file)
        )

    def _open_import(self, file: Dropped) -> None:
        assert self._past_table is not None
        wanted = (file.report or {})["import_id"]
        self.withdrawal.open(next(row for row in self._past_table.to_pylist() if row["import_id"] == wanted))

    def _arriving(self, name: str, share: float) -> None:
        self._summary.object = f"<p class='muted'>{escape(text('imports.arriving', name=name, n=int(share * 100)))}</p>"

    def _show_past(self) -> None:
        table = self._past_table = _for_people(bl.imports.arrow(self._lab))
        self._past.show(table.num_rows, escape(counted("imports.files", table.num_rows)) if table.num_rows else "")

    def _past_rows(self, order_by: Sequence[str], limit: int, offset: int) -> pa.Table:
        assert self._past_table is not None
        return page_of(self._past_table, order_by, limit, offset)


def _new(file: Dropped) -> list[dict[str, Any]]:
    return [statement for statement in (file.report or {})["statements"] if not statement["known"]]


def _summary(files: Sequence[Dropped]) -> str:
    """Say how many files stand how."""
    states = Counter(import_preview.standing(file.report) for file in files if file.report is not None)
    parts = [f"<b>{escape(counted('imports.files', len(files)))}</b>"]
    parts += [f"{number} {escape(text(f'imports.count_{name}'))}" for name in _ORDER if (number := states[name])]
    return " \u00b7 ".join(parts)


def _for_people(table: pa.Table) -> pa.Table:
    moments = pa.array([formatting.moment(moment) for moment in table["imported_at"].to_pylist()], pa.string())
    states = pa.array([text(f"imports.state_{state}") for state in table["state"].to_pylist()], pa.string())
    table = table.set_column(table.column_names.index("imported_at"), "imported_at", moments)
    return table.set_column(table.column_names.index("state"), "state", states)


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Imports(lab, state).view


_PAST_COLUMNS = (
    Column("imported_at", text("column.imported_at"), width=136, essential=False),
    Column("file_name", text("column.file")),
    Column("format", text("column.format"), width=96, essential=False),
    Column("statements", text("column.statements"), "count", width=98, essential=False),
    Column("entries", text("column.entries"), "count", width=84, essential=False),
    Column("first_day", text("column.from"), "day", width=98, essential=False),
    Column("last_day", text("column.to"), "day", width=98, essential=False),
    Column("errors", text("column.errors"), "flaws", width=72, essential=False),
    Column("warnings", text("column.warnings"), "flaws", width=90, essential=False),
    Column("state", text("column.state"), width=100),
)
