"""Who may talk to the dashboards.

In a lab without access control a one-time link becomes a cookie; with it a login does, and the cookie is the secret of
a session of the lab. The gate stands before every route of the web server, the websocket included, so that no page can
be forgotten. A window belongs to the login that made it: nobody else's cookie opens it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from bokeh.server.tornado import BokehTornado
from bokeh.util.token import check_token_signature, generate_session_id, get_session_id
from tornado.httputil import HTTPServerRequest

from bankklient_lab.access.logins import digest
from bankklient_lab.errors import NotLoggedIn, PasswordExpired
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import Identity
from bankklient_lab.rights.permissions import needed

from .headers import SecurityHeaders
from .windows import Windows

COOKIE = "bankklient"
SCHEME_COOKIE = "bankklient_scheme"
NARROW_COOKIE = "bankklient_narrow"
NARROW_PX = 760
TOKEN = "token"  # noqa: S105 - the name of the argument
ALIVE = "/alive"
_CHOOSING = frozenset({"bokeh-session-id", "bokeh-token"})  # a browser never chooses which window it gets
_SESSION_HEADER = "Bokeh-Session-Id"

Stand = Literal["in", "locked", "expired", "out"]


class Gate:
    """Knows the addresses of the server, the links that were not used yet, and who stands how.

    A browser is known by the digest of its cookie, here called its key: digests of sessions are kept by the lab, so
    that logins outlast the server; those of one-time links in memory.
    """

    def __init__(self, lab: Lab, token: str, addresses: Iterable[str]) -> None:
        """`addresses` are the origins under which browsers reach the server, such as https://cash.example.com."""
        self.lab = lab
        self.origins = frozenset(addresses)
        self.hosts = frozenset(urlsplit(origin).netloc for origin in self.origins)
        self.windows = Windows()
        self._links = {digest(token)}
        self._browsers: set[str] = set()

    def new_token(self) -> str:
        """Return the token of a new one-time link."""
        token = secrets.token_urlsafe(32)
        self._links.add(digest(token))
        return token

    def redeem(self, token: str) -> str | None:
        """Use a link up and return the cookie of a new browser; None when the link is not good (any more)."""
        link = digest(token)
        if link not in self._links or self.lab.rights.controlled:
            return None
        self._links.discard(link)
        cookie = secrets.token_urlsafe(32)
        self._browsers.add(digest(cookie))
        return cookie

    def identity(self, key: str) -> Identity | None:
        """Return whose browser it is; None for one that was not let in or whose login is over."""
        found = self.lab.rights.caller(key)
        if found is not None and found.session_id is not None and found.channel == "pages":
            return found
        if key in self._browsers and not self.lab.rights.controlled:
            return self.lab.rights.owner(self.lab.user)
        return None

    def stand(self, key: str) -> Stand:
        """Tell how a browser stands: in, locked for inactivity, with an expired password, or out."""
        found = self.identity(key)
        if found is None:
            return "out"
        try:
            self.lab.rights.demand(found, needed(""), "a page")
        except PasswordExpired:
            return "expired"
        except NotLoggedIn as error:
            return "locked" if error.details.get("locked") else "out"
        return "in"

    def close_windows(self) -> None:
        """Close the windows whose login has ended."""
        for key in self.windows.logins():
            if self.identity(key) is None or self.stand(key) == "out":
                self.windows.close(key)

    def secure(self, request: HTTPServerRequest) -> bool:
        """Tell whether the browser reached us by TLS, directly or through a proxy."""
        return f"https://{request.host}" in self.origins

    def from_us(self, request: HTTPServerRequest) -> bool:
        """Tell whether a request is for this host and comes from our own pages, as far as it says."""
        origin = request.headers.get("Origin")
        says_always = request.method == "POST" or is_websocket(request)
        return request.host in self.hosts and (origin in self.origins or (origin is None and not says_always))


def key_of(request: HTTPServerRequest) -> str:
    """Return by what the lab knows the browser: the digest of its cookie, or "" when it has none."""
    morsel = request.cookies.get(COOKIE)
    return digest(morsel.value) if morsel is not None and morsel.value else ""


def is_websocket(request: HTTPServerRequest) -> bool:
    """Tell whether a request asks for a websocket."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


def without_token(uri: str) -> str:
    """Return the query of an address of ours without its token, as a path of this server."""
    query = urlencode([(name, value) for name, value in parse_qsl(urlsplit(uri).query) if name != TOKEN])
    return "/" + (f"?{query}" if query else "")


class GuardedTornado(BokehTornado):
    """The web application behind the gate."""

    def __init__(self, *args: Any, gate: Gate, **kwargs: Any) -> None:
        self._gate = gate
        super().__init__(*args, **kwargs)
        self.add_transform(SecurityHeaders)

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Route requests of those who are in; everything else meets the entrance."""
        from .entrance import ROUTES, Entrance, Stranger

        gate, key = self._gate, key_of(request)
        if not gate.from_us(request) or _CHOOSING & request.query_arguments.keys():
            return self.get_handler_delegate(request, Stranger, {"gate": gate})
        if request.path in ROUTES:
            return self.get_handler_delegate(request, ROUTES[request.path], {"gate": gate})
        stand = gate.stand(key)
        if is_websocket(request):
            known = stand != "out" and gate.windows.key(self._window_of(request)) == key
        else:
            known = stand == "in" and not (request.method == "GET" and TOKEN in request.query_arguments)
        if not known:
            return self.get_handler_delegate(request, Entrance, {"gate": gate})
        request.headers.pop(_SESSION_HEADER, None)
        if request.path == "/":
            window = generate_session_id(secret_key=self.secret_key, signed=self.sign_sessions)
            gate.windows.made(window, key)
            request.headers[_SESSION_HEADER] = window
        return super().find_handler(request, **kwargs)

    def _window_of(self, request: HTTPServerRequest) -> str:
        """Return which window a websocket asks for, "" when it does not say so as Bokeh does or we did not sign it."""
        said = [part.strip() for part in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        try:
            signed = len(said) == 2 and check_token_signature(said[1], self.secret_key, self.sign_sessions)
            return str(get_session_id(said[1])) if signed else ""
        except Exception:  # whatever is wrong with what a stranger sends
            return ""

    def new_connection(self, protocol: Any, socket: Any, application_context: Any, session: Any) -> Any:
        """Keep note of the socket, so that it can be closed when the login ends."""
        self._gate.windows.connected(session.id, socket)
        return super().new_connection(protocol, socket, application_context, session)
