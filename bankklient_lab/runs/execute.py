"""Running registered notebooks: parameters checked, outputs whole or marked as failed, every run recorded.

The lab is never held while a kernel works: it is opened for a moment to record the beginning and the end (`visit`), and
the kernel opens it as any other process does, itself or through the lab's owner.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bankklient_lab.errors import BadArgument, Cancelled, LabError, NotAllowed, RunFailed
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab
from bankklient_lab.runs.notebooks import check_parameters, notebook_folders, notebook_named, parameters_of
from bankklient_lab.runs.records import Ending, fail_dead_runs, finish_run, start_run
from bankklient_lab.runs.runners import runs_still, this_runner
from bankklient_lab.runs.schedules import claim_due_run
from bankklient_lab.runs.tokens import run_token

# Gives the lab for a moment: `lambda: bankklient_lab.open(path)`, or `lambda: nullcontext(lab)` in its owner.
Visit = Callable[[], AbstractContextManager[Lab]]
SUFFIXES = (".ipynb", ".html")
FAILED = ".failed"
_WORK = ".bankklient-run-"  # with the runner's name behind it


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended; `files` are the names of what it left in `output`."""

    run_id: int
    notebook: str
    output: Path
    state: Ending
    message: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    """What a recorded run is to do: the notebook's file with checked parameters, the lab's file, the output folder."""

    run_id: int
    source: Path
    lab: Path
    parameters: dict[str, object]
    folder: Path
    token: str = field(repr=False)  # the kernel's, empty in a lab without access control

    def ended(self, state: Ending, message: str = "", files: tuple[str, ...] = ()) -> Run:
        """Return how it ended."""
        return Run(self.run_id, self.source.stem, self.folder, state, message, files)


def execute(visit: Visit, notebook: str, parameters: Mapping[str, object], output: Path, job: Job | None = None) -> Run:
    """Run a registered notebook and put into the folder `output` the executed notebook, its HTML and what it made.

    Files of earlier runs with the same names are replaced, one by one and whole. A run that fails leaves the executed
    notebook and its HTML with ".failed" in their names, and nothing else. Raises RunFailed with the failing cell,
    Cancelled (the kernel is killed, nothing is left), UnknownName, BadArgument.
    """
    given = dict(parameters)
    with visit() as lab:
        source = notebook_named(notebook, notebook_folders(lab))
        values, folder = check_parameters(source, given), _output_folder(output)
        _end_dead_runs(lab)
        run_id = start_run(lab, notebook, parameters=given, output=str(folder), runner=this_runner())
        try:
            token = run_token(lab, run_id)
        except LabError as error:
            finish_run(lab, run_id, state="failed", message=error.message)
            raise
        task = _Task(run_id, source, lab.path, values, folder, token)
    run, failure = _carried_out(visit, task, job or Job())
    if failure is not None:
        raise failure
    return run


def run_due(visit: Visit, job: Job | None = None) -> Iterator[Run]:
    """Run what is due, one after the other, and yield how each ended; a failed run does not keep the next ones.

    Runs whose process died are marked as failed first. Several processes may do this at once: each due time is run
    by one of them. Cancelling ends the run under way and raises Cancelled.
    """
    job = job or Job()
    with visit() as lab:
        _end_dead_runs(lab)
    while True:
        with visit() as lab:
            claim = claim_due_run(lab, this_runner())
            if claim is None:
                return
            folders, path = notebook_folders(lab), lab.path
        yield _due(visit, claim, folders, path, job)


def _end_dead_runs(lab: Lab) -> None:
    """Mark runs whose process was killed as failed, and remove what they had not finished."""
    for output in fail_dead_runs(lab):
        for left in Path(output).glob(f"{_WORK}*"):
            if not runs_still(left.name.removeprefix(_WORK).split("-")[0]):
                shutil.rmtree(left, ignore_errors=True)


def _due(visit: Visit, claim: dict[str, Any], folders: list[str], lab: Path, job: Job) -> Run:
    try:
        if claim["refused"]:
            raise NotAllowed(claim["refused"])
        source = notebook_named(claim["notebook"], folders)
        values, folder = check_parameters(source, claim["parameters"]), _output_folder(Path(claim["output"]))
    except LabError as error:  # the notebook has changed since, the disk is gone
        run = Run(claim["run_id"], claim["notebook"], Path(claim["output"]), "failed", error.message, ())
        _record(visit, run)
        return run
    run, failure = _carried_out(visit, _Task(claim["run_id"], source, lab, values, folder, claim["token"]), job)
    if isinstance(failure, Cancelled):
        raise failure
    return run


def _carried_out(visit: Visit, task: _Task, job: Job) -> tuple[Run, LabError | None]:
    """Execute, keep the files and record the end; the error, if any, comes back beside the run."""
    failure: LabError | None = None
    try:
        run = task.ended("done", files=_executed(task, job))
    except Cancelled as error:
        run, failure = task.ended("cancelled", error.message), error
    except _Stopped as stopped:
        run, failure = task.ended("failed", stopped.failure.message, stopped.files), stopped.failure
    except LabError as error:
        run, failure = task.ended("failed", error.message), error
    except BaseException as error:
        _record(visit, task.ended("cancelled", f"stopped ({type(error).__name__})"))
        raise
    _record(visit, run)
    return run, failure


def _record(visit: Visit, run: Run) -> None:
    with visit() as lab:
        finish_run(lab, run.run_id, state=run.state, message=run.message, files=list(run.files))


class _Stopped(Exception):
    """A failed notebook with the names of what was kept of it."""

    def __init__(self, failure: RunFailed, files: tuple[str, ...]) -> None:
        super().__init__(failure.message)
        self.failure, self.files = failure, files


def _executed(task: _Task, job: Job) -> tuple[str, ...]:
    """Run the notebook in a folder of its own inside the output folder, move its files up, and return their names."""
    from bankklient_lab.runs.html import write_html
    from bankklient_lab.runs.kernel import Execution

    name = task.source.stem
    with _working_folder(task.folder) as work:
        executed = work / f"{name}.ipynb"
        own = {"lab": str(task.lab), "output": "."}  # the kernel works in this folder
        known = parameters_of(task.source)
        given = {key: value for key, value in own.items() if key in known}
        try:
            Execution(task.source, executed, {**given, **task.parameters}, task.token).run(job)
        except RunFailed as failure:
            raise _Stopped(failure, _kept_of_failed(executed, task.folder)) from failure
        job.step(f"writing the page of {name}")
        write_html(executed, executed.with_suffix(".html"), code=False)
        files = _moved(work, task.folder)
    for suffix in SUFFIXES:
        (task.folder / f"{name}{FAILED}{suffix}").unlink(missing_ok=True)
    return files


def _kept_of_failed(executed: Path, folder: Path) -> tuple[str, ...]:
    """Keep how far the notebook got, under names that say so; what it made up to then is dropped."""
    from bankklient_lab.runs.html import write_html

    if not executed.is_file():
        return ()
    with _working_folder(folder) as work:
        notebook, page = (work / f"{executed.stem}{FAILED}{suffix}" for suffix in SUFFIXES)
        executed.rename(notebook)
        write_html(notebook, page, code=True)
        return _moved(work, folder)


def _moved(work: Path, folder: Path) -> tuple[str, ...]:
    names = sorted(path.name for path in work.iterdir() if path.is_file())
    for name in names:
        (work / name).replace(folder / name)
    return tuple(names)


@contextmanager
def _working_folder(folder: Path) -> Iterator[Path]:
    work = Path(tempfile.mkdtemp(prefix=f"{_WORK}{this_runner()}-", dir=folder))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _output_folder(folder: Path) -> Path:
    """Return the folder, made when it is missing; BadArgument when files can't be written there."""
    path = folder.expanduser().absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadArgument(f"the output folder {path} can't be made ({error.strerror})") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise BadArgument(f"the output folder {path} can't be written to")
    return path
