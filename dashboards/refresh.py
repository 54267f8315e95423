"""Filling a page: read in a thread, shown within the page's own loop, and only what was wished for last."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

import panel as pn
from tornado.ioloop import IOLoop

from bankklient_lab.errors import LabError

from .state import State
from .texts import text

T = TypeVar("T")
_log = logging.getLogger(__name__)


def window() -> Any:
    """Return the document of the browser's window that this thread works for; None outside of one."""
    document: Any = pn.state.curdoc
    return document if document is not None and document.session_context is not None else None


def at_once(document: Any = None) -> AbstractContextManager[None]:
    """Tell the browser of all changes in one message, and look through the models of the window once.

    Without it each change of what a column holds looks through all that the window has laid out.
    """
    held: AbstractContextManager[None] = pn.io.hold(document, freeze=True)
    return held


def standing(document: Any) -> bool:
    """Tell whether a change reaches the browser: it has not asked for the page yet, or has built it.

    In between it has got the page as it was and would miss what changes.
    """
    session = document.session_context.session
    return session is None or session.connection_count == 0 or pn.state.loaded


class Refresh(Generic[T]):
    """One page's way to its figures.

    `prepare` is called in the loop: it takes down what is chosen and returns what reads it, in a thread. `show` gets
    what was read, or `failed` the sentence that says why not; what comes too late for a newer wish is dropped. Outside
    of a window everything happens at once.
    """

    def __init__(
        self,
        state: State,
        prepare: Callable[[], Callable[[], T]],
        show: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:
        self._state, self._prepare, self._show, self._failed = state, prepare, show, failed
        self._running = self._again = self._laid_out = False

    def start(self) -> None:
        """Read anew."""
        document = window()
        laid_out, self._laid_out = self._laid_out, True
        if document is None or (
            not laid_out and pn.state.loaded
        ):  # the page is on its way to the browser: with content
            self._take(*_outcome(self._prepare()))
        elif self._running:
            self._again = True
        else:
            self._begin(document)

    def _begin(self, document: Any) -> None:
        self._running, self._again = True, False
        self._state.busy += 1
        read, loop = self._prepare(), IOLoop.current()

        def work() -> None:
            outcome = _outcome(read)
            # By way of the loop: the window may still be in the making, which no other thread may disturb.
            loop.add_callback(lambda: document.add_next_tick_callback(lambda: self._end(document, *outcome)))

        threading.Thread(target=work, name="dashboard reading", daemon=True).start()

    def _end(self, document: Any, result: T | None, failure: str) -> None:
        if standing(document):
            self._finish(document, result, failure)
        else:  # the window counts as loaded only after all that waits for it is done: to ask once more has no end
            pn.state.onload(lambda: self._finish(document, result, failure))

    def _finish(self, document: Any, result: T | None, failure: str) -> None:
        self._running = False
        with at_once(document):
            self._state.busy -= 1
            if self._again:
                self._begin(document)
            else:
                self._take(result, failure)

    def _take(self, result: T | None, failure: str) -> None:
        if failure:
            self._failed(failure)
        else:
            self._show(result)  # type: ignore[arg-type]


def _outcome(read: Callable[[], T]) -> tuple[T | None, str]:
    try:
        return read(), ""
    except LabError as error:
        return None, error.message
    except Exception:
        _log.exception("reading failed")
        return None, text("work.failed")
