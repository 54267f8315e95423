"""The open windows (Bokeh sessions): which login made each, and its sockets."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class _Window:
    key: str  # of the login
    sockets: list[Any] = field(default_factory=list)


class Windows:
    """A window serves the login that made it and no other."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()

    def made(self, window: str, key: str) -> None:
        """Note that a login makes a window."""
        with self._lock:
            self._windows[window] = _Window(key)

    def key(self, window: str) -> str | None:
        """Return the key of the login that made a window; None for one that is gone or never was."""
        with self._lock:
            found = self._windows.get(window)
            return found.key if found else None

    def logins(self) -> set[str]:
        """Return the keys of all logins that have windows."""
        with self._lock:
            return {window.key for window in self._windows.values()}

    def connected(self, window: str, socket: Any) -> None:
        """Note a socket of a window."""
        with self._lock:
            if window in self._windows:
                self._windows[window].sockets.append(socket)

    def gone(self, window: str) -> None:
        """Forget a window that was closed."""
        with self._lock:
            self._windows.pop(window, None)

    def close(self, key: str) -> None:
        """Close the windows of a login; call it in the loop of the web server."""
        with self._lock:
            closing = [name for name, window in self._windows.items() if window.key == key]
            sockets = [socket for name in closing for socket in self._windows.pop(name).sockets]
        for socket in sockets:
            socket.close()
