"""The servers of an open lab: one on this machine for who can read the owner card, one for everybody on request.

Both serve the same API (server.api). The first listens on a free port of the loopback interface and takes the token of
the card; the second listens where it is told, with TLS or behind a proxy, and knows nobody but sessions and tokens.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
import time

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab
from bankklient_lab.server import limits
from bankklient_lab.server.api import Api, open_paths, register_actions
from bankklient_lab.server.guard import Door
from bankklient_lab.server.places import LOOPBACK, PROXIES, Place


class _Patient(H11Protocol):
    """A connection whose request line and headers must come in time (uvicorn waits for ever)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._begun = self.loop.call_later(limits.SECONDS_FOR_HEADERS, self._give_up)

    def _give_up(self) -> None:
        if self.cycle is None:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._begun.cancel()
        super().connection_lost(exc)


class Listener:
    """One socket with one application, served by a thread from `start` to `stop`."""

    def __init__(self, api: Api, host: str, port: int, *, open_to: Place | None = None, card: str = "") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise BadArgument(f"can't listen at {host} port {port} ({error.strerror}); choose another") from None
        self._socket.listen(128)  # callers may come at once; they are answered when the server is up
        self.port: int = self._socket.getsockname()[1]
        self._api, self._place = api, open_to or Place()
        self._door = self._door_of(host, card, is_open=open_to is not None)
        self._stopping = threading.Event()
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=self._serve, name=f"lab API {self.port}", daemon=True)

    def _door_of(self, host: str, card: str, *, is_open: bool) -> Door:
        shown = f"[{host}]" if ":" in host else host
        hosts = {f"{shown}:{self.port}"}
        if is_open:
            hosts |= {f"localhost:{self.port}", f"{LOOPBACK}:{self.port}", *self._place.names}
            hosts |= {f"{name}:{self.port}" for name in self._place.names}
        behind = self._place.behind_proxy
        return Door(frozenset(hosts), card, open_paths() if is_open else frozenset(), behind_proxy=behind)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more calls and return when those under way are answered; work that takes long is cancelled."""
        self._stopping.set()
        patience = time.monotonic() + limits.SECONDS_TO_FINISH
        while self._thread.is_alive():
            if self._server is not None:
                self._server.should_exit = True
            if time.monotonic() > patience:
                self._api.long_calls.cancel_all()
            self._thread.join(0.05)

    def _serve(self) -> None:
        place = self._place
        tls = place.tls
        config = uvicorn.Config(
            self._api.app(self._door),
            http=_Patient,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            ws="none",
            proxy_headers=place.behind_proxy,
            forwarded_allow_ips=PROXIES,
            limit_concurrency=limits.CONNECTIONS_MAX,
            timeout_graceful_shutdown=3 * limits.SECONDS_TO_FINISH,
            timeout_keep_alive=75,
            ssl_context_factory=(lambda *_: tls) if tls else None,
        )
        self._server = uvicorn.Server(config)
        if not self._stopping.is_set():
            self._server.run(sockets=[self._socket])
        self._socket.close()


class Endpoint:
    """All ways into one open lab."""

    def __init__(self, lab: Lab) -> None:
        register_actions()
        self.token = secrets.token_hex(32)
        self._api = Api(lab)
        near = Listener(self._api, LOOPBACK, 0, card=self.token)
        self.address = f"http://{LOOPBACK}:{near.port}"
        self._listeners = [near]

    def start(self) -> None:
        """Begin to answer callers of this machine."""
        self._api.uploads.remove()  # what a killed owner left
        self._listeners[0].start()

    def open_to(self, place: Place) -> int:
        """Begin to answer everybody who comes to a place and return its port; BadArgument when it is taken."""
        listener = Listener(self._api, place.host, place.port, open_to=place)
        self._listeners.append(listener)
        listener.start()
        return listener.port

    def stop(self) -> None:
        """Take no more calls and return when those under way are answered."""
        for listener in self._listeners:
            listener.stop()
        self._api.uploads.remove()
