"""Bounds around one question of a user: time, memory, rows. The process that answers it serves others, too.

DuckDB counts most of the memory that it takes, and gives up at its limit; what it does not count (long texts, wide
lists) is bounded by the address space that the process may still take while a question is answered.
"""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from bankklient_lab.errors import LimitExceeded

HEADROOM_BYTES = 2 * 1024**3  # of addresses, for all questions together
GROWTH_BYTES_MAX = 512 * 1024**2  # of memory in use
_SECONDS_BETWEEN_LOOKS = 0.05
_PAGE = resource.getpagesize()


class _Headroom:
    """The limit of addresses, in force while at least one question is answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._questions = 0
        self._before = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if self._questions == 0:
                self._before = soft, hard = resource.getrlimit(resource.RLIMIT_AS)
                wanted = _pages(0) * _PAGE + HEADROOM_BYTES
                resource.setrlimit(resource.RLIMIT_AS, (wanted if soft < 0 else min(soft, wanted), hard))
            self._questions += 1
        try:
            yield
        finally:
            with self._lock:
                self._questions -= 1
                if self._questions == 0:
                    resource.setrlimit(resource.RLIMIT_AS, self._before)


_headroom = _Headroom()


def _pages(field: int) -> int:
    """Return a figure of this process: 0 the addresses taken, 1 the memory in use."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[field])


class Bounds:
    """Watches what runs on connections and interrupts it; `reason` says why."""

    def __init__(self, running: Sequence[duckdb.DuckDBPyConnection], seconds: float) -> None:
        self._running, self._seconds = running, seconds
        self._ended = threading.Event()
        self.reason = ""

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Watch the block; LimitExceeded when it went beyond a bound."""
        watcher = threading.Thread(target=self._watch, name="bounds of a question", daemon=True)
        with _headroom():
            watcher.start()
            try:
                yield
            except (duckdb.OutOfMemoryException, MemoryError):
                raise LimitExceeded(_TOO_MUCH) from None
            except duckdb.Error:
                if self.reason:
                    raise LimitExceeded(self.reason) from None
                raise
            finally:
                self._ended.set()
                watcher.join()

    def _watch(self) -> None:
        until, resident = time.monotonic() + self._seconds, _pages(1)
        while not self._ended.wait(_SECONDS_BETWEEN_LOOKS):
            if time.monotonic() > until:
                self._stop(f"the question took more than {self._seconds:g} seconds; ask for less, or in parts")
            elif (_pages(1) - resident) * _PAGE > GROWTH_BYTES_MAX:
                self._stop(_TOO_MUCH)

    def _stop(self, reason: str) -> None:
        self.reason = self.reason or reason
        for one in self._running:
            one.interrupt()


_TOO_MUCH = "the question needs more memory than it may have; ask for fewer rows or columns at a time"
