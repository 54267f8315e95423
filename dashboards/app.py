"""The dashboards' own web server, in a thread of the process that owns the lab."""

from __future__ import annotations

import asyncio
import secrets
import ssl
import threading
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.netutil import bind_sockets

from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import Site

from .downloads import DOWNLOADS, PATH, DownloadHandler
from .gate import COOKIE, TOKEN, Gate, GuardedTornado

ADDRESS = "127.0.0.1"
SWEEP_MS = 1_000
_START_SECONDS = 30.0


class DashboardServer:
    """A running server; `url` is where it is: the first one-time link, or the login page of a lab of several users."""

    def __init__(
        self, lab: Lab, *, port: int, token: str, address: str, origins: Sequence[str], tls: ssl.SSLContext | None
    ) -> None:
        self.lab = lab
        self._sockets = bind_sockets(port, address)
        self._tls = tls
        self.port: int = self._sockets[0].getsockname()[1]
        scheme = "https" if tls else "http"
        own = [f"{scheme}://{host}:{self.port}" for host in ("127.0.0.1", "localhost")]
        self.origins = [*origins, *own]
        self._gate = Gate(lab, token, self.origins)
        lab.rights.site = _site(self.origins)
        self.url = f"{self.origins[0]}/" if lab.rights.controlled else self._link(token)
        self._loop: IOLoop | None = None
        self._failed: BaseException | None = None
        self._ready = threading.Event()
        self.preloading = threading.Thread(target=_preload, name="dashboards preload", daemon=True)
        self._thread = threading.Thread(target=self._run, name="dashboards", daemon=True)
        self._thread.start()
        self._ready.wait(_START_SECONDS)
        if self._failed is not None:
            raise self._failed
        lab.pages = self

    @property
    def _behind_proxy(self) -> bool:
        """Whether a proxy tells from where and how a request came."""
        return self._tls is None and any(origin.startswith("https://") for origin in self.origins)

    def _link(self, token: str) -> str:
        return f"{self.origins[0]}/?{TOKEN}={token}"

    def new_link(self) -> str:
        """Return another one-time link, for one more browser; the login page of a lab of several users."""
        return f"{self.origins[0]}/" if self.lab.rights.controlled else self._link(self._gate.new_token())

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

        from .shell import document
        from .texts import text

        application = GuardedTornado(
            build_applications({"/": lambda: document(self.lab, self._gate)}, title=text("app.name")),
            gate=self._gate,
            absolute_url=self.origins[0],
            extra_websocket_origins=sorted(self._gate.hosts),
            extra_patterns=[
                (rf"/{PATH}/([\w-]+)", DownloadHandler, {"downloads": DOWNLOADS}),
                *get_static_routes({}),  # type: ignore[no-untyped-call]
            ],
            exclude_cookies=[COOKIE],
            exclude_headers=["Cookie"],
            secret_key=secrets.token_bytes(32),
            sign_sessions=True,
            use_index=False,
        )
        web = HTTPServer(application, ssl_options=self._tls, xheaders=self._behind_proxy)
        web.add_sockets(self._sockets)
        server = BaseServer(io_loop, application, web)
        server.start()
        PeriodicCallback(self._gate.close_windows, SWEEP_MS).start()
        self.preloading.start()

        def stop() -> None:
            server.stop(wait=False)
            io_loop.run_sync(web.close_all_connections)

        return stop


def _preload() -> None:
    from .shell import preload

    preload()


def _site(origins: Sequence[str]) -> Site:
    """Return what passkeys are bound to: the first address that has a name; browsers take no numbers for it."""
    named = [origin for origin in origins if any(letter.isalpha() for letter in urlsplit(origin).netloc)]
    return Site(urlsplit(named[0]).hostname or "", named[0])


def start(
    lab: Lab,
    *,
    port: int = 0,
    token: str | None = None,
    address: str = ADDRESS,
    origins: Sequence[str] = (),
    tls: ssl.SSLContext | None = None,
) -> DashboardServer:
    """Serve the dashboards of a lab that this process owns; port 0 takes a free one.

    While the lab has no access control, `token` opens the address once; the browser that used it has a cookie from then
    on. `origins` are the addresses that browsers use besides the loopback ones ("https://cash.example.com"), the first
    one for links; an https origin without `tls` means a proxy on this machine that ends TLS.
    """
    return DashboardServer(
        lab, port=port, token=token or secrets.token_urlsafe(32), address=address, origins=origins, tls=tls
    )
