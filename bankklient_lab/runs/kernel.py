"""One notebook executed by papermill in a kernel of its own: this interpreter again, reached by local sockets."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankklient_lab import errors
from bankklient_lab.errors import LabError, RunFailed
from bankklient_lab.jobs import Job
from bankklient_lab.rights.identity import ENVIRONMENT_PASSWORD_FILE, ENVIRONMENT_TOKEN, ENVIRONMENT_USER

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

SECONDS_BETWEEN_STEPS = 0.1
SECONDS_TO_START = 120
_SHOWN_CHARS = 80
# A kernel that is told to stop while it ends says so as an error on the caller's screen; cells tell theirs by message.
_QUIET = ["--log-level=CRITICAL"]
# Papermill takes braces in paths for its own placeholders.
_BRACES = str.maketrans({"{": "{{", "}": "}}"})


class Execution:
    """A notebook on its way through a kernel."""

    def __init__(self, source: Path, target: Path, parameters: dict[str, object], token: str = "") -> None:
        """Take the notebook `source`; the executed one goes to `target`, in whose folder the kernel works.

        The kernel finds a `token` in its environment, and then no other credentials there.
        """
        self._token = token
        self._source, self._target, self._parameters = source, target, parameters
        self._manager: AsyncKernelManager | None = None
        self._cell, self._cells = 0, 0  # code cells, from 1, as Jupyter numbers them
        self._line = ""  # the first one of the cell
        self._error: BaseException | None = None
        self._ended = threading.Event()  # an interrupted join() takes a living thread for an ended one
        # Paths of sockets must be short, wherever the output folder is.
        self._sockets = Path(tempfile.mkdtemp(prefix="bankklient-run-"))

    def run(self, job: Job) -> None:
        """Execute the notebook; raises RunFailed with the failing cell, and Cancelled once the kernel is killed."""
        threading.Thread(target=self._work, name=f"run {self._source.stem}", daemon=True).start()
        try:
            while not self._ended.wait(SECONDS_BETWEEN_STEPS):
                share = (self._cell - 1) / self._cells if self._cell else None
                job.step(f"running {self._source.stem}, cell {self._cell} of {self._cells}", share)
        finally:
            while not self._ended.is_set():
                self._kill()
                self._ended.wait(SECONDS_BETWEEN_STEPS)
            shutil.rmtree(self._sockets, ignore_errors=True)
        if self._error is not None:
            raise self._failure(self._error) from self._error

    def _work(self) -> None:
        try:
            import papermill

            logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what goes wrong is raised, too
            papermill.execute_notebook(
                str(self._source).translate(_BRACES),
                str(self._target).translate(_BRACES),
                parameters=self._parameters,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                start_timeout=SECONDS_TO_START,
                kernel_manager_class=self._manager_class(),
                resources={"metadata": {"path": str(self._target.parent)}},
                on_notebook_start=self._note_notebook,
                on_cell_start=self._note_cell,
            )
        except BaseException as error:  # for the thread that waits
            self._error = error
        finally:
            self._ended.set()

    def _manager_class(self) -> type[AsyncKernelManager]:
        from ipykernel.kernelspec import get_kernel_dict
        from jupyter_client.kernelspec import KernelSpec
        from jupyter_client.manager import AsyncKernelManager

        execution = self

        class Manager(AsyncKernelManager):
            """Starts this interpreter, whatever kernels the user has installed, and tells the execution of itself."""

            def __init__(self, **options: Any) -> None:
                sockets = str(execution._sockets / "kernel.json")
                super().__init__(transport="ipc", connection_file=sockets, **options)
                self._kernel_spec = KernelSpec(**get_kernel_dict(extra_arguments=_QUIET))
                execution._manager = self

            async def start_kernel(self, **options: Any) -> None:  # type: ignore[override] # its type hides that
                await super().start_kernel(env=kernel_environment(execution._token), **options)

        return Manager

    def _note_notebook(self, notebook: Any) -> None:
        self._cells = sum(map(_is_code, notebook.cells))

    def _note_cell(self, cell: Any, cell_index: int) -> None:  # noqa: ARG002 - named by nbclient
        if _is_code(cell):
            self._cell += 1
            self._line = cell.source.strip().splitlines()[0]

    def _kill(self) -> None:
        """Kill the kernel and the processes that it started."""
        provisioner = self._manager.provisioner if self._manager is not None else None
        pid = getattr(provisioner, "pid", None)
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # it leads a session of its own

    def _failure(self, error: BaseException) -> RunFailed:
        notebook = self._source.stem
        if not self._cell:
            return RunFailed(f"notebook {notebook} could not be started: {_first_line(str(error))}", notebook=notebook)
        line = self._line if len(self._line) <= _SHOWN_CHARS else self._line[: _SHOWN_CHARS - 1] + "\u2026"
        return RunFailed(
            f"notebook {notebook} stopped in cell In [{self._cell}] ({line}): {_reason(error)}",
            notebook=notebook,
            cell=self._cell,
            line=line,
        )


def kernel_environment(token: str) -> dict[str, str]:
    """Return the environment of a kernel: this process's, with the token instead of the caller's own credentials."""
    environment = dict(os.environ)
    if token:
        for name in (ENVIRONMENT_USER, ENVIRONMENT_PASSWORD_FILE):
            environment.pop(name, None)
        environment[ENVIRONMENT_TOKEN] = token
    return environment


def _is_code(cell: Any) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip())


def _reason(error: BaseException) -> str:
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    if isinstance(error, DeadKernelError):
        return "its process ended, perhaps for want of memory"
    if not isinstance(error, PapermillExecutionError):
        return f"{type(error).__name__}: {_first_line(str(error))}"
    kind = getattr(errors, error.ename, None)
    if isinstance(kind, type) and issubclass(kind, LabError):
        return str(error.evalue)
    return f"{error.ename}: {_first_line(str(error.evalue))}"


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason was given"])[0][:300]
