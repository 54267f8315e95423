"""Long work: reports progress and can be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bankklient_lab.errors import Cancelled

Progress = Callable[[str, float | None], None]


def _silent(_doing: str, _share: float | None) -> None:
    """Report nothing."""


class Job:
    """One piece of long work; `progress(doing, share)` gets what is being done and the share done (0 to 1, or None)."""

    def __init__(self, progress: Progress = _silent) -> None:
        self._progress = progress
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop; it raises Cancelled at its next step and keeps nothing."""
        self._cancelled.set()

    def step(self, doing: str, share: float | None = None) -> None:
        """Tell what is being done; raises Cancelled when asked to stop."""
        if self._cancelled.is_set():
            raise Cancelled(f"cancelled while {doing}; nothing of it was kept")
        self._progress(doing, share)
