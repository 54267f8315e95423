"""One run, with the files that it left, and one schedule, with the way to end it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import bankklient_lab as bl
from bankklient_lab.analysis.exporting import note_export
from bankklient_lab.errors import UnknownName
from bankklient_lab.runs.schedules import remove_schedule

from . import formatting, ui
from .state import State
from .styles import css
from .texts import text


def _facts(row: dict[str, Any], names: tuple[str, ...]) -> str:
    return formatting.facts(((text(f"column.{name}"), row.get(name)) for name in names), row["notebook"])


class RunDetail:
    """The drawer of a run."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._facts = ui.html("", style=css("facts"))
        self._files = ui.column(gap=6)
        self.view = ui.drawer(self._facts, self._files)

    def open(self, row: dict[str, Any]) -> None:
        """Show a run."""
        self._facts.object = _facts(row, ("state", "message", "parameters", "started_at", "finished_at", "output"))
        names = json.loads(row["files"] or "[]") if row["here"] else []  # else another process only says so
        folder = Path(row["output"])
        self._files.objects = [ui.button(name, partial(self._take, folder, name), icon="download") for name in names]
        self.view.open = True

    def _take(self, folder: Path, name: str) -> None:
        path = folder / Path(name).name  # only what the run itself recorded, and only in its folder
        if path.is_symlink() or not path.is_file():
            raise UnknownName("file", path, text("runs.file_gone"))
        note_export(self._lab, "file of a run", suffix=path.suffix)
        self._state.send_file(path.name, path.read_bytes())


class ScheduleDetail:
    """The drawer of a schedule."""

    def __init__(self, lab: bl.Lab, changed: Callable[[], None]) -> None:
        self._lab, self._changed = lab, changed
        self._row: dict[str, Any] = {}
        self._facts = ui.html("", style=css("facts"))
        self._end = ui.button("", self._remove, icon="event_busy")
        self.view = ui.drawer(self._facts, self._end)

    def open(self, row: dict[str, Any]) -> None:
        """Show a schedule."""
        self._row = row
        self._facts.object = _facts(
            row, ("cron", "zone", "next_due", "parameters", "output", "last_state", "last_message")
        )
        self._end.label = text("runs.end", n=row["schedule_id"])
        self.view.open = True

    def _remove(self) -> None:
        remove_schedule(self._lab, self._row["schedule_id"])
        self.view.open = False
        self._changed()
