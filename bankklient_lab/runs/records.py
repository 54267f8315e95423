"""The record of runs: begun, ended, found dead."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import SCHEDULER
from bankklient_lab.runs.runners import runs_still
from bankklient_lab.runs.tokens import withdraw_of_runs

Ending = Literal["done", "failed", "cancelled"]
RUNNER_GONE = "the process that carried it out ended before it was done"
_MESSAGE_CHARS_MAX = 1000
EVERYBODYS = 2  # the permission for the runs of others


def sees_all_runs(lab: Lab) -> bool:
    """Tell whether the caller has to do with the runs of everybody, in the process that owns the lab."""
    return not lab.rights.controlled or lab.caller is SCHEDULER or EVERYBODYS in lab.rights.held(lab.caller)


@action("930")
def start_run(lab: Lab, notebook: str, *, parameters: dict[str, Any], output: str, runner: str) -> int:
    """Record that a run by hand begins and return its number; `runner` names the process (runs.runners)."""
    with lab.database.tx("ops") as cursor:
        user_id = lab.caller.user_id
        return insert_run(
            lab, cursor, notebook=notebook, parameters=parameters, output=output, runner=runner, user_id=user_id
        )


def insert_run(
    lab: Lab,
    cursor: Any,
    *,
    notebook: str,
    parameters: dict[str, Any],
    output: str,
    runner: str,
    user_id: int,
    schedule_id: int | None = None,
    due_at: datetime | None = None,
) -> int:
    """Add the row of a run that begins, within the transaction of `cursor`, and return its number."""
    run_id = int(cursor.execute("SELECT coalesce(max(run_id), 0) + 1 FROM ops.run").fetchone()[0])
    texts = json.dumps(parameters, ensure_ascii=False)
    cursor.execute(
        "INSERT INTO ops.run (run_id, schedule_id, due_at, notebook, parameters, output, started_at, state, runner,"
        " user_id, here) VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?)",
        [run_id, schedule_id, due_at, notebook, texts, output, lab.clock(), runner, user_id, not lab.outside],
    )
    lab.log(cursor, "start_run", notebook, run_id=run_id, schedule_id=schedule_id, parameters=parameters)
    return run_id


@action("930")
def finish_run(lab: Lab, run_id: int, *, state: Ending, message: str = "", files: list[str] | None = None) -> None:
    """Record how a run ended and the names of the files it left in its output folder.

    Refused when it has ended, and for a run of another user without permission 2. What a caller outside of the owner's
    process says of files is told to people, but never read for them.
    """
    with lab.database.tx("ops") as cursor:
        ended = cursor.execute(
            "UPDATE ops.run SET state = $state, message = $message, files = $files, finished_at = $now,"
            " here = here AND $inside"
            " WHERE run_id = $run AND state = 'running' AND (user_id = $user OR $all) RETURNING notebook",
            {
                "state": state,
                "message": message[:_MESSAGE_CHARS_MAX] or None,
                "files": json.dumps(files or [], ensure_ascii=False),
                "now": lab.clock(),
                "run": run_id,
                "inside": not lab.outside,
                "user": lab.caller.user_id,
                "all": sees_all_runs(lab),
            },
        ).fetchall()
        if not ended:
            raise Refused(f"run {run_id} is not running, or not yours")
        withdraw_of_runs(lab, cursor, [run_id])
        lab.log(cursor, "finish_run", ended[0][0], run_id=run_id, state=state, message=message[:_MESSAGE_CHARS_MAX])


@action("930")
def fail_dead_runs(lab: Lab) -> list[str]:
    """Mark runs whose process has gone as failed and return their output folders."""
    running = lab.rows("SELECT run_id, runner, output FROM ops.run WHERE state = 'running' ORDER BY run_id")
    gone = {int(run_id): str(output) for run_id, runner, output in running if not runs_still(runner)}
    if dead := list(gone):
        with lab.database.tx("ops") as cursor:
            cursor.execute(
                "UPDATE ops.run SET state = 'failed', message = ?, finished_at = ?"
                " WHERE list_contains(?, run_id) AND state = 'running'",
                [RUNNER_GONE, lab.clock(), dead],
            )
            withdraw_of_runs(lab, cursor, dead)
            lab.log(cursor, "fail_dead_runs", "", runs=dead)
    return list(gone.values())


@table_action("930")
def run_history(lab: Lab, *, schedule_id: int | None = None, limit: int = 100) -> pa.Table:
    """Return the runs, newest first: the caller's, with permission 2 those of everybody.

    Columns: run_id, schedule_id and due_at (null for a run by hand), notebook, parameters (JSON), output (folder),
    started_at, finished_at, state (running, done, failed, cancelled), message (why it failed), files (JSON list of the
    names in the output folder), here (the process that has the lab says so of its own files). Instants are UTC.
    """
    return lab.query(
        "SELECT run_id, schedule_id, due_at, notebook, parameters, output, started_at, finished_at, state, message,"
        " files, here FROM ops.run WHERE ($schedule IS NULL OR schedule_id = $schedule) AND (user_id = $user OR $all)"
        " ORDER BY run_id DESC LIMIT $limit",
        {"schedule": schedule_id, "limit": limit, "user": lab.caller.user_id, "all": sees_all_runs(lab)},
    )
