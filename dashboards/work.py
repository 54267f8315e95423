"""Long work in a thread, shown with what is being done and how far, and with a way to stop it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import panel as pn

from bankklient_lab.errors import Cancelled, LabError
from bankklient_lab.jobs import Job

from . import ui
from .formatting import escape
from .texts import text

T = TypeVar("T")
POLL_MS = 150
_log = logging.getLogger(__name__)


def _nothing(_result: object) -> None:
    """Wait for the first work."""


class Work(Generic[T]):
    """One line of a page that runs one piece of work at a time.

    Only `poll`, called within the page's own loop, touches widgets and calls `done`; the thread leaves notes for it.
    """

    def __init__(self, *, stops: bool = True) -> None:
        """Offer to cancel it when it `stops` on that."""
        self._doing = ui.html("", sizing_mode="stretch_width")
        self._bar = ui.progress()
        self._cancel = ui.button(text("work.cancel"), self.cancel, variant="text", visible=stops)
        self.view = ui.row(ui.column(self._doing, self._bar, gap=4), self._cancel, gap=12, wrap=False, visible=False)
        self._job: Job | None = None
        self._thread: threading.Thread | None = None
        self._timer: Any = None
        self._done: Callable[[T], None] = _nothing
        self._always: Callable[[], None] | None = None
        self._note: tuple[str, float | None] = ("", None)
        self._outcome: tuple[T | None, BaseException | None] | None = None

    @property
    def running(self) -> bool:
        """Whether work is under way."""
        return self._thread is not None

    def start(
        self,
        work: Callable[[Job], T],
        done: Callable[[T], None],
        doing: str,
        *,
        always: Callable[[], None] | None = None,
    ) -> None:
        """Run `work` in a thread and give what it returns to `done`; an error is told; `always` comes after."""
        if self.running:
            ui.tell(text("work.busy"), kind="warning")
            return
        self._done, self._always, self._outcome, self._note = done, always, None, (doing, None)
        self._job = job = Job(self._noted)

        def run() -> None:
            outcome: tuple[T | None, BaseException | None]
            try:
                outcome = (work(job), None)
            except BaseException as error:  # told by poll
                outcome = (None, error)
            if self._job is job:  # else forgotten
                self._outcome = outcome

        self._thread = threading.Thread(target=run, name="dashboard work", daemon=True)
        self._thread.start()
        self._show()
        if pn.state.curdoc is not None:
            self._timer = pn.state.add_periodic_callback(self.poll, period=POLL_MS)

    def cancel(self) -> None:
        """Ask the work to stop."""
        if self._job is not None:
            self._job.cancel()

    def forget(self) -> None:
        """Let the present work end unheard, so that the next can start at once."""
        self._thread, self._job, self._outcome = None, None, None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def wait(self) -> None:
        """Wait for the end and take it up; for callers that are no browser."""
        if self._thread is not None:
            self._thread.join()
        self.poll()

    def poll(self) -> None:
        """Show progress, or take up the end."""
        if self._outcome is None:
            self._show()
            return
        (result, error), self._thread, self._job, self._outcome = self._outcome, None, None, None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.view.visible = False
        if isinstance(error, Cancelled):
            ui.tell(error.message, kind="info")
        elif isinstance(error, LabError):
            ui.tell(error.message, kind="error")
        elif error is not None:
            _log.error("dashboard work failed", exc_info=error)
            ui.tell(text("work.failed"), kind="error")
        else:
            with ui.told():
                self._done(result)  # type: ignore[arg-type]
        if self._always is not None:
            self._always()

    def _noted(self, doing: str, share: float | None) -> None:
        self._note = (doing, share)

    def _show(self) -> None:
        doing, share = self._note
        self._doing.object = f"<span class='muted'>{escape(doing)} \u2026</span>"
        self._bar.value = -1 if share is None else min(100, int(share * 100))
        self.view.visible = True
