"""Export of exactly the entries that the explorer shows, in its order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import bankklient_lab as bl
from bankklient_lab.jobs import Job

from . import formatting, ui
from .state import State
from .texts import text
from .work import Work

SUFFIXES = (".xlsx", ".csv", ".parquet")


class ExportMenu:
    """A button for each form, and the progress."""

    def __init__(self, lab: bl.Lab, state: State, order_by: Callable[[], Sequence[str]]) -> None:
        self._lab, self._state, self._order_by = lab, state, order_by
        self.work: Work[bytes] = Work()
        buttons = [
            ui.button(suffix[1:].upper(), partial(self.start, suffix), icon="download", variant="text")
            for suffix in SUFFIXES
        ]
        self.view = ui.row(self.work.view, *buttons, gap=4, stylesheets=[":host { justify-content: flex-end; }"])

    def start(self, suffix: str) -> None:
        """Make the file, then give it to the browser."""
        state, criteria, order_by = self._state, self._state.criteria(), tuple(self._order_by())
        name = f"entries_{formatting.day(state.since)}_{formatting.day(state.last_day)}{suffix}"

        def make(job: Job) -> bytes:
            from bankklient_lab.analysis.entries import ROWS_MAX
            from bankklient_lab.errors import BadArgument
            from bankklient_lab.reports import render_table

            total = sum(bl.entry_totals.arrow(self._lab, **criteria)["entries"].to_pylist())
            if total > ROWS_MAX:
                raise BadArgument(text("export.too_many", n=formatting.count(total), most=formatting.count(ROWS_MAX)))
            job.step(text("export.reading"))
            table = bl.entries.arrow(self._lab, **criteria, order_by=order_by, limit=ROWS_MAX)
            job.step(text("export.writing", n=formatting.count(total)))
            return render_table(table, suffix, text("export.sheet"), job)

        self.work.start(make, lambda content: state.send_file(name, content), text("export.reading"))
