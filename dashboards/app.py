"""The dashboards' own web server, in a thread of the process that owns the lab."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets

from bankklient_lab.lab import Lab

from .downloads import DOWNLOADS, PATH, DownloadHandler
from .gate import COOKIE, TOKEN, Gate, GuardedTornado

ADDRESS = "127.0.0.1"
_START_SECONDS = 30.0


class DashboardServer:
    """A running server; `url` is the first one-time link."""

    def __init__(self, lab: Lab, *, port: int, token: str) -> None:
        self.lab = lab
        self._sockets = bind_sockets(port, ADDRESS)
        self.port: int = self._sockets[0].getsockname()[1]
        self._gate = Gate(token, self.port)
        self.url = self._link(token)
        self._loop: IOLoop | None = None
        self._failed: BaseException | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dashboards", daemon=True)
        self._thread.start()
        self._ready.wait(_START_SECONDS)
        if self._failed is not None:
            raise self._failed
        lab.pages = self

    def _link(self, token: str) -> str:
        return f"http://{ADDRESS}:{self.port}/?{TOKEN}={token}"

    def new_link(self) -> str:
        """Return another one-time link, for one more browser."""
        return self._link(self._gate.new_token())

    def stop(self) -> None:
        """Close all pages and end the server; calling it again does nothing."""
        if self._loop is not None:
            self.lab.pages = None
            self._loop.add_callback(self._loop.stop)
            self._thread.join()
            self._loop = None

    def _run(self) -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        io_loop = IOLoop.current()
        try:
            stop = self._serve(io_loop)
            self._loop = io_loop
        except BaseException as error:  # raised again in the thread that waits
            self._failed = error
            return
        finally:
            self._ready.set()
        io_loop.start()
        stop()
        io_loop.close(all_fds=True)

    def _serve(self, io_loop: IOLoop) -> Callable[[], None]:
        from bokeh.server.server import BaseServer
        from panel.io.application import build_applications
        from panel.io.server import get_static_routes

        from .shell import document, preload
        from .texts import text

        application = GuardedTornado(
            build_applications({"/": lambda: document(self.lab)}, title=text("app.name")),
            gate=self._gate,
            absolute_url=f"http://{ADDRESS}:{self.port}",
            extra_websocket_origins=sorted(self._gate.hosts),
            extra_patterns=[
                (rf"/{PATH}/([\w-]+)", DownloadHandler, {"downloads": DOWNLOADS}),
                *get_static_routes({}),  # type: ignore[no-untyped-call]
            ],
            exclude_cookies=[COOKIE],
            secret_key=secrets.token_bytes(32),
            sign_sessions=True,
            use_index=False,
        )
        web = HTTPServer(application)
        web.add_sockets(self._sockets)
        server = BaseServer(io_loop, application, web)
        server.start()
        threading.Thread(target=preload, name="dashboards preload", daemon=True).start()

        def stop() -> None:
            server.stop(wait=False)
            io_loop.run_sync(web.close_all_connections)

        return stop


def start(lab: Lab, *, port: int = 0, token: str | None = None) -> DashboardServer:
    """Serve the dashboards of a lab that this process owns, on this machine only; port 0 takes a free one.

    `token` opens the address once; the browser that used it has a cookie from then on.
    """
    return DashboardServer(lab, port=port, token=token or secrets.token_urlsafe(32))
