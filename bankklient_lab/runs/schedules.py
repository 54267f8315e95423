"""Recurring runs: kept, due, claimed by one process each."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

import pyarrow as pa

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import SCHEDULER
from bankklient_lab.runs.clockwork import check_cron, due_after, expanded, time_zone
from bankklient_lab.runs.notebooks import check_parameters, folders_of, notebook_named
from bankklient_lab.runs.records import insert_run, sees_all_runs
from bankklient_lab.runs.tokens import RUNNING, scheduled_token

CatchUp = Literal["all", "last", "none"]
CATCH_UPS: tuple[CatchUp, ...] = get_args(CatchUp)
ON_TIME = timedelta(hours=1)  # a due time is missed when it is older
LOOK_BACK = (timedelta(hours=1), timedelta(days=2), timedelta(days=40))


@action("930", personal=True)
def add_schedule(
    lab: Lab,
    notebook: str,
    *,
    cron: str,
    zone: str,
    output: str,
    parameters: dict[str, Any] | None = None,
    catch_up: CatchUp = "last",
) -> int:
    """Keep a recurring run and return its number; it is due from now on, and has the rights that the caller has then.

    `cron` has five fields and counts in the time zone `zone`. Texts among `parameters` and `output` (an absolute
    folder; each run gets one of its own inside) may have placeholders (runs.clockwork.PLACEHOLDERS) that the due day
    fills. `catch_up` says what becomes of missed due times: "all" are run, only the "last", or "none" that is more than
    an hour old. Raises UnknownName, BadArgument.
    """
    expression, place, given = check_cron(cron), time_zone(zone), parameters or {}
    book = notebook_named(notebook, folders_of(lab))
    now = lab.clock()
    first_due = next(due_after(expression, place, now)).astimezone(place).date()
    check_parameters(book, filled(given, first_due))
    if not Path(expanded(output, first_due)).is_absolute():
        raise BadArgument(f"the output folder {output!r} of a schedule must be absolute, as it runs from anywhere")
    with lab.database.tx("ops") as cursor:
        row = cursor.execute("SELECT coalesce(max(schedule_id), 0) + 1 FROM ops.schedule").fetchone()
        assert row is not None
        cursor.execute(
            "INSERT INTO ops.schedule (schedule_id, notebook, parameters, cron, zone, output, catch_up, created_at,"
            " checked_until, active, user_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, true, ?)",
            [
                row[0],
                notebook,
                json.dumps(given, ensure_ascii=False),
                expression,
                zone,
                output,
                catch_up,
                now,
                now,
                lab.caller.user_id,
            ],
        )
        lab.log(cursor, "add_schedule", notebook, schedule_id=row[0], cron=expression, zone=zone, parameters=given)
    return int(row[0])


@action("930")
def remove_schedule(lab: Lab, schedule_id: int) -> None:
    """End a recurring run; its past runs stay in the history.

    UnknownName when there is none, and for that of another user without permission 2.
    """
    with lab.database.tx("ops") as cursor:
        if not cursor.execute(
            "UPDATE ops.schedule SET active = false WHERE schedule_id = ? AND active AND (user_id = ? OR ?)"
            " RETURNING schedule_id",
            [schedule_id, lab.caller.user_id, sees_all_runs(lab)],
        ).fetchall():
            raise UnknownName("schedule", schedule_id, "`bankklient schedule list` shows them")
        lab.log(cursor, "remove_schedule", str(schedule_id))


@table_action("930")
def schedules(lab: Lab) -> pa.Table:
    """Return the recurring runs by number.

    Columns: schedule_id, user (whose rights it has), notebook, parameters (JSON), cron, zone, output, catch_up,
    next_due (UTC; in the past when a run waits for `run-due`), last_due, last_state and last_message of the newest run.
    """
    table = lab.query(_SCHEDULES)
    next_due = [
        next(due_after(row["cron"], time_zone(row["zone"]), row["checked_until"].astimezone(UTC)))
        for row in table.select(["cron", "zone", "checked_until"]).to_pylist()
    ]
    column = pa.array(next_due, pa.timestamp("us", tz="UTC"))
    return table.set_column(table.column_names.index("checked_until"), "next_due", column)


_SCHEDULES = """
    SELECT s.schedule_id, u.name AS user, s.notebook, s.parameters, s.cron, s.zone, s.output, s.catch_up,
        s.checked_until, r.due_at AS last_due, r.state AS last_state, r.message AS last_message
    FROM ops.schedule s LEFT JOIN ops.user u USING (user_id) LEFT JOIN (
        SELECT schedule_id, max(due_at) AS due_at, max_by(state, due_at) AS state,
            max_by(coalesce(message, ''), due_at) AS message
        FROM ops.run WHERE schedule_id IS NOT NULL GROUP BY schedule_id
    ) r ON r.schedule_id = s.schedule_id
    WHERE s.active ORDER BY s.schedule_id
"""


@action("930", secret=True, personal=True)
def claim_due_run(lab: Lab, runner: str) -> dict[str, Any] | None:
    """Begin the next run that is due for the process `runner` and return it, None when none is.

    Keys: run_id, schedule_id, due_at (UTC), notebook, parameters and output with their placeholders filled, token (with
    the rights of the user who made the schedule) and refused (why that user may not run it now). Each due time is given
    once, whoever asks: the schedule moves on and the run is recorded in one transaction. Users get their own schedules
    only; the process that serves the lab makes everybody's.
    """
    now, everybodys = lab.clock(), lab.caller is SCHEDULER or not lab.rights.controlled
    active = "FROM ops.schedule WHERE active AND ($all OR user_id = $user) ORDER BY checked_until, schedule_id"
    for row in lab.query(active, {"all": everybodys, "user": lab.caller.user_id}).to_pylist():
        claim = _claim(lab, row, now, runner)
        if claim is not None:
            return claim
    return None


def _claim(lab: Lab, row: dict[str, Any], now: datetime, runner: str) -> dict[str, Any] | None:
    zone, checked = time_zone(row["zone"]), row["checked_until"].astimezone(UTC)
    first = next(due_after(row["cron"], zone, checked))
    if first > now:
        return None
    chosen = to_run(row["cron"], zone, checked, now, row["catch_up"])
    with lab.database.tx("ops") as cursor:
        moved = cursor.execute(
            "UPDATE ops.schedule SET checked_until = ?"
            " WHERE schedule_id = ? AND active AND checked_until = ? RETURNING schedule_id",
            [chosen or now - ON_TIME, row["schedule_id"], row["checked_until"]],
        ).fetchall()
        if not moved:  # another process was faster
            return None
        if chosen != first:
            lab.log(cursor, "skip_due_runs", row["notebook"], schedule_id=row["schedule_id"], missed_since=first)
        return _begin(lab, cursor, row, chosen, runner) if chosen is not None else None


def _begin(lab: Lab, cursor: Any, row: dict[str, Any], due_at: datetime, runner: str) -> dict[str, Any]:
    local = due_at.astimezone(time_zone(row["zone"]))
    claim = {
        "schedule_id": row["schedule_id"],
        "due_at": due_at,
        "notebook": row["notebook"],
        "parameters": filled(json.loads(row["parameters"]), local.date()),
        # A folder for each due time, so that no run replaces what another left.
        "output": str(Path(expanded(row["output"], local.date())) / f"{local:%Y-%m-%dT%H%M}"),
    }
    run_id = insert_run(lab, cursor, runner=runner, user_id=row["user_id"], **claim)
    token, refused = scheduled_token(
        lab, cursor, row["user_id"], what=f"run {run_id}", needs=int(RUNNING), run_id=run_id
    )
    return claim | {"run_id": run_id, "token": token, "refused": refused}


def to_run(cron: str, zone: ZoneInfo, checked: datetime, now: datetime, catch_up: CatchUp) -> datetime | None:
    """Return the due time in (checked, now] that comes next under the rule for missed ones, None when none does."""

    def due(after: datetime) -> Iterator[datetime]:
        return takewhile(lambda instant: instant <= now, due_after(cron, zone, max(after, checked)))

    match catch_up:
        case "all":
            return next(due(checked), None)
        case "none":
            return next(due(now - ON_TIME), None)
        case "last":  # looked for from the near past on, so that a frequent one is found fast
            lasts = (deque(due(now - span), maxlen=1) for span in (*LOOK_BACK, now - checked))
            return next((last[0] for last in lasts if last), None)


def filled(parameters: dict[str, Any], day: date) -> dict[str, Any]:
    """Return parameters with the placeholders in their texts filled."""
    return {name: expanded(value, day) if isinstance(value, str) else value for name, value in parameters.items()}
