"""Export of exactly what the explorer shows: the entries of its filter in their order, its columns in theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import bankklient_lab as bl
from bankklient_lab.analysis.exporting import note_export
from bankklient_lab.jobs import Job

from . import formatting, ui
from .menu import allowed
from .state import State
from .texts import text
from .work import Work

SUFFIXES = (".xlsx", ".csv", ".parquet")


class ExportMenu:
    """A button for each form, and the progress; `shown` tells order and columns."""

    def __init__(self, lab: bl.Lab, state: State, shown: Callable[[], tuple[Sequence[str], Sequence[str]]]) -> None:
        self._lab, self._state, self._shown = lab, state, shown
        self.work: Work[bytes] = Work()
        buttons = [
            ui.button(suffix[1:].upper(), partial(self.start, suffix), icon="download", variant="text")
            for suffix in SUFFIXES
            if allowed(lab, "analysis.exporting:note_export")
        ]
        self.view = ui.row(
            self.work.view, *buttons, gap=4, css_classes=["export"],
            stylesheets=[
                ":host { justify-content: flex-end; }",
                "@media (max-width: 760px) { :host { justify-content: flex-start; } }",
            ],
        )  # fmt: skip

    def start(self, suffix: str) -> None:
        """Make the file, then give it to the browser."""
        state, criteria, (order_by, columns) = self._state, self._state.criteria(), self._shown()
        name = f"entries_{formatting.day(state.since)}_{formatting.day(state.last_day)}{suffix}"

        def make(job: Job) -> bytes:
            from bankklient_lab.analysis.entries import ROWS_MAX
            from bankklient_lab.errors import BadArgument
            from bankklient_lab.reports import render_table

            total = sum(bl.entry_totals.arrow(self._lab, **criteria)["entries"].to_pylist())
            if total > ROWS_MAX:
                raise BadArgument(text("export.too_many", n=formatting.count(total), most=formatting.count(ROWS_MAX)))
            note_export(self._lab, "entries", rows=total, suffix=suffix)
            job.step(text("export.reading"))
            table = bl.entries.arrow(self._lab, **criteria, order_by=order_by, limit=ROWS_MAX).select(columns)
            job.step(text("export.writing", n=formatting.count(total)))
            return render_table(table, suffix, text("export.sheet"), job)

        self.work.start(make, lambda content: state.send_file(name, content), text("export.reading"))
