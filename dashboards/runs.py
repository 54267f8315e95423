"""Runs: start a notebook with parameters, keep it as a schedule, and see how earlier ones ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument
from bankklient_lab.jobs import Job
from bankklient_lab.runs.execute import Run, execute
from bankklient_lab.runs.notebooks import GIVEN, notebooks
from bankklient_lab.runs.records import run_history
from bankklient_lab.runs.schedules import add_schedule, schedules

from . import formatting, ui
from .formatting import escape
from .run_detail import RunDetail, ScheduleDetail
from .state import State, follow
from .table import Column, PagedTable, page_of
from .texts import counted, text
from .work import Work

ZONE = "Europe/Prague"
OTHER = "*"  # no cron expression: one is typed
_OFTEN = (
    ("0 7 * * 1-5", text("runs.often_workdays")),
    ("0 7 * * 1", text("runs.often_mondays")),
    ("0 7 1 * *", text("runs.often_months")),
    (OTHER, text("runs.often_other")),
)
_FIELD_PX = 300


class Runs:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._parameters: dict[str, list[dict[str, Any]]] = {}
        self._fields: dict[str, Any] = {}
        self._required: list[str] = []
        self._notebook = ui.select(text("runs.notebook"), {"": ""}, "", width=320)
        self._place = ui.row(gap=10)
        self._output = ui.field(text("runs.output"), width=320)
        self._run = ui.button(text("runs.run"), self.run, primary=True, icon="play_arrow")
        self._often = ui.select(text("runs.often"), {title: cron for cron, title in _OFTEN}, _OFTEN[0][0], width=250)
        self._cron = ui.field(text("runs.cron"), _OFTEN[0][0], width=170)
        self._zone = ui.field(text("runs.zone"), ZONE, width=170)
        self._keep = ui.button(text("runs.keep"), self.keep, icon="event_repeat")
        self.work: Work[Run] = Work()
        self._run_detail = RunDetail(lab, state)
        self._schedule_detail = ScheduleDetail(lab, self.refresh)
        self._table: dict[str, pa.Table] = {}
        self._schedules = self._list("schedules", _SCHEDULE_COLUMNS, 5, self._schedule_detail.open)
        self._history = self._list("history", _RUN_COLUMNS, 10, self._run_detail.open)
        self.view = ui.column(
            ui.card(
                ui.heading(text("runs.start"), note=text("runs.start_hint")),
                self._notebook,
                self._place,
                ui.row(self._output, self._run, gap=10),
                self.work.view,
                ui.row(self._often, self._cron, self._zone, self._keep, gap=10),
                ui.html(f"<span class='muted'>{escape(text('runs.placeholders'))}</span>"),
                gap=14,
            ),
            ui.card(ui.heading(text("runs.schedules")), self._schedules.view),
            ui.card(ui.heading(text("runs.history"), note=text("runs.history_hint")), self._history.view),
            self._run_detail.view,
            self._schedule_detail.view,
        )
        self._notebook.param.watch(lambda event: self._chosen(event.new), "value")
        self._often.param.watch(lambda event: self._chosen_often(event.new), "value")
        self._chosen_often(self._often.value)
        state.param.watch(lambda _event: self._fit(), "narrow")
        self._fit()
        self._offer()
        follow(state, "runs", (), self.refresh)

    def _list(self, name: str, columns: Sequence[Column], rows: int, on_open: Any) -> PagedTable:
        return PagedTable(
            columns, lambda order_by, limit, offset: page_of(self._table[name], order_by, limit, offset),
            rows_high=rows, selectable=False, on_open=on_open, placeholder=text(f"runs.no_{name}"),
        )  # fmt: skip

    def _fit(self) -> None:
        self._schedules.narrow(self._state.narrow)
        self._history.narrow(self._state.narrow)

    def _offer(self) -> None:
        rows = notebooks.arrow(self._lab).to_pylist()
        self._parameters = {
            row["notebook"]: [one for one in json.loads(row["parameters"]) if one["name"] not in GIVEN] for row in rows
        }
        self._notebook.options = {row["title"]: row["notebook"] for row in rows} or {"": ""}
        self._notebook.value = next(iter(self._notebook.options.values()))
        self._chosen(self._notebook.value)

    def _chosen(self, notebook: str) -> None:
        described = self._parameters.get(notebook, [])
        self._fields = {one["name"]: _field(one) for one in described}
        self._required = [one["name"] for one in described if one["required"]]
        self._place.objects = [_with_help(self._fields[one["name"]], one["help"]) for one in described]
        self._output.value = f"runs/{notebook}"
        self._run.disabled = self._keep.disabled = not notebook

    def _folder(self) -> Path:
        """Return the folder for the files; one that is not absolute lies beside the lab."""
        if not self._output.value.strip():
            raise BadArgument(text("runs.output_needed"))
        return self._lab.path.parent / Path(self._output.value.strip()).expanduser()

    def _chosen_often(self, cron: str) -> None:
        self._cron.visible = cron == OTHER
        self._cron.value = "" if cron == OTHER else cron

    def _given(self) -> dict[str, str]:
        """Return what was filled in; BadArgument when something that is needed was not."""
        missing = [name for name in self._required if not self._fields[name].value.strip()]
        for name, widget in self._fields.items():
            widget.error_state = name in missing
        if missing:
            raise BadArgument(text("runs.missing", names=", ".join(map(_label, missing))))
        return {name: widget.value.strip() for name, widget in self._fields.items() if widget.value.strip()}

    def run(self) -> None:
        """Start the run; it can be cancelled while it works."""
        notebook, given, output = self._notebook.value, self._given(), self._folder()

        def work(job: Job) -> Run:
            return execute(lambda: nullcontext(self._lab), notebook, given, output, job)

        self.work.start(work, self._done, text("runs.running", name=notebook), always=self.refresh)

    def _done(self, run: Run) -> None:
        ui.tell(text("runs.done", name=run.notebook, files=counted("imports.files", len(run.files)), folder=run.output))

    def keep(self) -> None:
        """Keep the run with its parameters as a schedule."""
        number = add_schedule(
            self._lab, self._notebook.value, cron=self._cron.value, zone=self._zone.value,
            output=str(self._folder()), parameters=self._given(),
        )  # fmt: skip
        self.refresh()
        ui.tell(text("runs.kept", n=number))

    def refresh(self) -> None:
        """Read schedules and runs anew."""
        self._table = {
            "schedules": _for_people(schedules.arrow(self._lab)),
            "history": _for_people(run_history.arrow(self._lab)),
        }
        for name, shown in (("schedules", self._schedules), ("history", self._history)):
            number = self._table[name].num_rows
            shown.show(number, escape(counted(f"runs.{name}_count", number)) if number else "")


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _field(parameter: dict[str, Any]) -> Any:
    default = parameter["default"].strip("\"'")
    return ui.field(_label(parameter["name"]), "" if default == "None" else default, width=_FIELD_PX)


def _with_help(field: Any, help_text: str) -> ui.Viewable:
    shown = ui.html(f"<span class='muted'>{escape(help_text)}</span>")
    return ui.column(field, shown, gap=2, width=_FIELD_PX, sizing_mode=None, styles={"align-self": "flex-start"})


def _for_people(table: pa.Table) -> pa.Table:
    """Return the table with instants as texts and states in words."""
    columns = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_timestamp(column.type):
            column = pa.array([formatting.moment(moment) for moment in column.to_pylist()], pa.string())
        elif name in ("state", "last_state"):
            column = pa.array(
                [text(f"runs.state_{state}") if state else "" for state in column.to_pylist()], pa.string()
            )
        elif name == "parameters":
            column = pa.array([_parameters(one) for one in column.to_pylist()], pa.string())
        columns[name] = column
    return pa.table(columns)


def _parameters(stored: str) -> str:
    return ", ".join(f"{name} {value}" for name, value in json.loads(stored).items())


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Runs(lab, state).view


_SCHEDULE_COLUMNS = (
    Column("notebook", text("column.notebook"), width=170),
    Column("parameters", text("column.parameters"), essential=False),
    Column("cron", text("column.cron"), width=120),
    Column("zone", text("column.zone"), width=130, essential=False),
    Column("next_due", text("column.next_due"), width=136),
    Column("last_state", text("column.last_state"), width=100, essential=False),
)
_RUN_COLUMNS = (
    Column("started_at", text("column.started_at"), width=136),
    Column("notebook", text("column.notebook"), width=170),
    Column("parameters", text("column.parameters"), essential=False),
    Column("state", text("column.state"), width=100),
    Column("message", text("column.message"), essential=False),
)
