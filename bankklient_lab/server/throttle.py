"""How often somebody may call: a bucket of so many calls that fills again at so many a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

from bankklient_lab.server.limits import CALLERS_KNOWN_MAX


class Throttle:
    """One bucket for each caller."""

    def __init__(self, a_second: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._a_second, self._burst, self._now = a_second, burst, now
        self._buckets: dict[Hashable, tuple[float, float]] = {}  # what is left, and when that was so
        self._lock = threading.Lock()

    def seconds_to_wait(self, caller: Hashable) -> float:
        """Take one call out of a caller's bucket and return 0, or how long it takes until there is one in it."""
        now = self._now()
        with self._lock:
            left, since = self._buckets.pop(caller, (float(self._burst), now))
            left = min(self._burst, left + (now - since) * self._a_second)
            wait = 0.0 if left >= 1 else (1 - left) / self._a_second
            self._buckets[caller] = (left - 1 if wait == 0 else left, now)
            if len(self._buckets) > CALLERS_KNOWN_MAX:
                del self._buckets[next(iter(self._buckets))]  # who called longest ago
        return wait
