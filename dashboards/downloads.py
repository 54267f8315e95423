"""Files that a page gives to its browser: over HTTP, behind the gate, each once and for a while."""

from __future__ import annotations

import secrets
import threading
import time
from urllib.parse import quote

from tornado.web import HTTPError, RequestHandler

PATH = "download"
SECONDS_KEPT = 600.0


class Downloads:
    """Keeps what is offered until it is taken or its time is over."""

    def __init__(self) -> None:
        self._offered: dict[str, tuple[float, str, bytes]] = {}
        self._lock = threading.Lock()

    def offer(self, name: str, content: bytes) -> str:
        """Return the address from which the file can be taken once."""
        key = secrets.token_urlsafe(18)
        now = time.monotonic()
        with self._lock:
            self._offered = {k: one for k, one in self._offered.items() if now - one[0] < SECONDS_KEPT}
            self._offered[key] = (now, name, content)
        return f"/{PATH}/{key}"

    def take(self, key: str) -> tuple[str, bytes] | None:
        """Return name and content, and forget them."""
        with self._lock:
            found = self._offered.pop(key, None)
        return None if found is None else found[1:]


class DownloadHandler(RequestHandler):
    """Hands a file out."""

    def initialize(self, downloads: Downloads) -> None:
        """Take what the route gives."""
        self.downloads = downloads

    def get(self, key: str) -> None:
        """Answer with the file, or 404."""
        found = self.downloads.take(key)
        if found is None:
            raise HTTPError(404)
        name, content = found
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name)}")
        self.set_header("Cache-Control", "no-store")
        self.finish(content)


DOWNLOADS = Downloads()
