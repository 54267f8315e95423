"""Commands that run notebooks, by hand and by schedule."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import Progress, lines, print_json, print_rows, print_table
from bankklient_lab.errors import BadArgument
from bankklient_lab.store.passphrase import ENVIRONMENT_PASSPHRASE_FILE

if TYPE_CHECKING:
    from bankklient_lab.runs.execute import Run, Visit

PARAMETER_NAMES = ("--parameter", "-p")
NotebookArgument = Annotated[str, typer.Argument(metavar="NOTEBOOK", help="Name, as `bankklient notebooks` shows it.")]
ParameterOption = Annotated[
    list[str],
    typer.Option(*PARAMETER_NAMES, metavar="NAME VALUE", help="A parameter of the notebook; may be repeated."),
]
OutputOption = Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the files.")]
IdArgument = Annotated[int, typer.Argument(metavar="SCHEDULE", help="Number, as `schedule list` shows it.")]
_RUN_COLUMNS = (
    "run_id",
    "schedule_id",
    "due_at",
    "notebook",
    "state",
    "started_at",
    "finished_at",
    "output",
    "message",
)
_SCHEDULE_COLUMNS = (
    "schedule_id",
    "user",
    "notebook",
    "cron",
    "zone",
    "catch_up",
    "next_due",
    "last_due",
    "last_state",
    "parameters",
    "output",
)


class _WithParameters(TyperCommand):
    """A command with `-p NAME VALUE`, which the library can't repeat: it gets `-p NAME=VALUE`, which works too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join each name with its value."""
        options = {name for parameter in self.params for name in parameter.opts}
        joined: list[str] = []
        for argument in args:
            before = joined[-2:]
            if before and before[0] in PARAMETER_NAMES and "=" not in before[-1] and argument not in options:
                joined[-1] += f"={argument}"
            else:
                joined.append(argument)
        return super().parse_args(ctx, joined)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("notebooks")(notebooks)
    app.command("run", cls=_WithParameters)(run)
    app.command("runs")(runs)
    schedule = typer.Typer(rich_markup_mode=None, help="Keep and make recurring runs.")
    schedule.command("add", cls=_WithParameters)(add)
    for command in (remove, run_due):
        schedule.command(command.__name__.replace("_", "-"))(command)
    schedule.command("list")(list_schedules)
    app.add_typer(schedule, name="schedule")


def notebooks(
    register: Annotated[str, typer.Option(metavar="FOLDER", help="Let the notebooks of this folder be run.")] = "",
    unregister: Annotated[str, typer.Option(metavar="FOLDER", help="Take that back.")] = "",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List the notebooks that may be run and their parameters, or register a folder with notebooks of your own."""
    from bankklient_lab.runs import notebooks as room

    with opened(lab, passphrase_file) as one:
        if register:
            room.register_notebooks(one, str(Path(register).expanduser().absolute()))
        if unregister:
            room.unregister_notebooks(one, str(Path(unregister).expanduser().absolute()))
        rows = _nested(room.notebooks.rows(one))
    print_json(rows) if as_json else lines(text for row in rows for text in _described(row))


def _nested(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows whose columns of JSON texts are the values in them."""
    nested = [name for name in ("parameters", "files") if rows and name in rows[0]]
    return [row | {name: json.loads(row[name]) for name in nested if row[name]} for row in rows]


def _described(row: dict[str, Any]) -> list[str]:
    from bankklient_lab.runs.notebooks import GIVEN

    parameters = [p for p in row["parameters"] if p["name"] not in GIVEN]
    return [
        f"{row['notebook']}: {row['title']}",
        *(
            f"    -p {p['name']}  {p['help']}" + ("  (needed)" if p["required"] else f"  (default {p['default']})")
            for p in parameters
        ),
    ]


def run(
    notebook: NotebookArgument,
    output: OutputOption,
    parameter: ParameterOption = [],
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Run a notebook; the folder gets the executed notebook, its HTML and the files that it makes (PDF, Excel)."""
    from bankklient_lab.runs.execute import execute

    with Progress() as job:
        done = execute(_visit(lab, passphrase_file), notebook, _parameters(parameter), output, job)
    print_json(_plain(done)) if as_json else lines(str(done.output / name) for name in done.files)


def runs(
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List the runs, newest first."""
    from bankklient_lab.runs.records import run_history

    with opened(lab, passphrase_file) as one:
        rows = run_history.rows(one, limit=limit)
    print_table(_nested(rows) if as_json else rows, _RUN_COLUMNS, as_json=as_json, empty="nothing was run yet")


def add(
    notebook: NotebookArgument,
    cron: Annotated[
        str, typer.Option(metavar="CRON", help="Five fields: '0 6 1 * *' is 06:00 on the first of a month.")
    ],
    output: OutputOption,
    parameter: ParameterOption = [],
    zone: Annotated[str, typer.Option(metavar="ZONE", help="Time zone in which the times count.")] = "Europe/Prague",
    catch_up: Annotated[
        str, typer.Option(metavar="MODE", help="Of missed due times run: all, last, or none older than an hour.")
    ] = "last",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Keep a recurring run; `schedule run-due`, or a running `serve`, makes it.

    Values and the folder may have placeholders that the due day fills: {today}, {yesterday}, {previous_workday},
    {month}, {previous_month}, {previous_month_end}, {year}, {previous_year}. Each run gets a folder of its own in it.
    """
    from bankklient_lab.runs.schedules import CATCH_UPS, add_schedule

    if catch_up not in CATCH_UPS:
        raise BadArgument(f"--catch-up can't be {catch_up!r}; it is one of {', '.join(CATCH_UPS)}")
    with opened(lab, passphrase_file) as one:
        number = add_schedule(
            one,
            notebook,
            cron=cron,
            zone=zone,
            output=str(output.expanduser().absolute()),
            parameters=_parameters(parameter),
            catch_up=catch_up,
        )
    print_json({"schedule_id": number}) if as_json else lines([f"schedule {number} is kept"])


def list_schedules(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """List the recurring runs and when each is due next."""
    from bankklient_lab.runs.schedules import schedules

    with opened(lab, passphrase_file) as one:
        rows = schedules.rows(one)
    print_table(
        _nested(rows) if as_json else rows, _SCHEDULE_COLUMNS, as_json=as_json, empty="no recurring run is kept"
    )


def remove(schedule: IdArgument, lab: LabOption = "", passphrase_file: PassphraseOption = "") -> None:
    """End a recurring run; what it has run stays in the list of runs."""
    from bankklient_lab.runs.schedules import remove_schedule

    with opened(lab, passphrase_file) as one:
        remove_schedule(one, schedule)
    lines([f"schedule {schedule} is removed"])


def run_due(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """Make the recurring runs that are due now; call it every few minutes, or let `serve` do it."""
    from bankklient_lab.runs.execute import run_due as due

    with Progress() as job:
        done = [_plain(one) for one in due(_visit(lab, passphrase_file), job)]
    if as_json:
        print_json(done)
    else:
        print_rows(done, ("run_id", "notebook", "state", "output", "message"), empty="nothing is due")
    if any(one["state"] != "done" for one in done):
        raise typer.Exit(1)


def _visit(lab: str, passphrase_file: str) -> Visit:
    if passphrase_file:  # the kernel opens the lab, too
        os.environ[ENVIRONMENT_PASSPHRASE_FILE] = str(Path(passphrase_file).absolute())
    return lambda: opened(lab, passphrase_file)


def _parameters(given: list[str]) -> dict[str, object]:
    parameters: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadArgument(f"the parameter {name} has no value; write -p {name} VALUE")
        if name in parameters:
            raise BadArgument(f"the parameter {name} is given twice")
        parameters[name] = value
    return parameters


def _plain(done: Run) -> dict[str, Any]:
    return {
        "run_id": done.run_id,
        "notebook": done.notebook,
        "state": done.state,
        "message": done.message,
        "output": str(done.output),
        "files": list(done.files),
    }
