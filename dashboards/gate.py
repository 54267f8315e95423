"""Who may talk to the dashboards: a one-time link becomes a cookie, and nothing is answered without it.

The gate stands before every route of the web server, the websocket included, so that no page can be forgotten.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from bokeh.server.tornado import BokehTornado
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform, RequestHandler

from .formatting import escape
from .texts import text

COOKIE = "bankklient"
SCHEME_COOKIE = "bankklient_scheme"
NARROW_COOKIE = "bankklient_narrow"
NARROW_PX = 760
TOKEN = "token"  # noqa: S105 - the name of the argument


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


class Gate:
    """Keeps the links that were not used yet and the browsers that were let in (as digests, in memory)."""

    def __init__(self, token: str, port: int) -> None:
        self.origins = frozenset({f"http://127.0.0.1:{port}", f"http://localhost:{port}"})
        self.hosts = frozenset(origin.removeprefix("http://") for origin in self.origins)
        self._links = {_digest(token)}
        self._browsers: set[bytes] = set()

    def new_token(self) -> str:
        """Return the token of a new one-time link."""
        token = secrets.token_urlsafe(32)
        self._links.add(_digest(token))
        return token

    def redeem(self, token: str) -> str | None:
        """Use a link up and return the cookie of a new browser; None when the link is not good (any more)."""
        digest = _digest(token)
        if digest not in self._links:
            return None
        self._links.discard(digest)
        cookie = secrets.token_urlsafe(32)
        self._browsers.add(_digest(cookie))
        return cookie

    def admits(self, request: HTTPServerRequest) -> bool:
        """Tell whether the request comes from a browser that was let in, for this host, and from our own pages."""
        morsel = request.cookies.get(COOKIE)
        known = morsel is not None and _digest(morsel.value) in self._browsers
        return known and request.host in self.hosts and self._own_origin(request)

    def _own_origin(self, request: HTTPServerRequest) -> bool:
        origin = request.headers.get("Origin")
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return origin in self.origins  # a browser always names it here
        return origin is None or origin in self.origins


class _Entrance(RequestHandler):
    """Answers requests that bring a token or no right at all."""

    def initialize(self, gate: Gate) -> None:
        """Take what the route gives."""
        self.gate = gate

    def get(self) -> None:
        """Let a browser with a fresh link in, refuse everything else."""
        cookie = self.gate.redeem(self.get_argument(TOKEN, "")) if self.request.host in self.gate.hosts else None
        if cookie is None:
            self._refuse()
            return
        self.set_cookie(COOKIE, cookie, httponly=True, samesite="Strict", path="/")
        self._forward(without_token(self.request.uri or "/"))

    def _forward(self, address: str) -> None:
        # A page of our own that goes on, not a redirect: a Strict cookie does not travel along a redirect that
        # began on another site, and only a page can ask the browser for its colour scheme.
        self.finish(
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{text('app.name')}</title>"
            f"<noscript>{text('gate.script')}</noscript><a id=go href='{escape(address)}'></a><script>"
            "const year = '; path=/; SameSite=Strict; max-age=31536000';"
            "const keep = (name, value) => { document.cookie = name + '=' + value + year; };"
            f"keep('{NARROW_COOKIE}', matchMedia('(max-width: {NARROW_PX}px)').matches ? 1 : 0);"
            f"if (!document.cookie.includes('{SCHEME_COOKIE}_set=1'))"
            f" keep('{SCHEME_COOKIE}', matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');"
            "location.replace(document.getElementById('go').href)</script>"
        )

    def _refuse(self) -> None:
        self.set_status(403)
        self.finish(
            f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<title>{text('gate.title')}</title>"
            "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:15vh auto;padding:0 1.5em;"
            "color-scheme:light dark}</style>"
            f"<main><h1>{text('gate.title')}</h1><p>{text('gate.refused')}</p></main>"
        )

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """Answer other methods without a page."""
        self.finish(f"{status_code}")


def without_token(uri: str) -> str:
    """Return the path and query of an address without its token."""
    parts = urlsplit(uri)
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query) if name != TOKEN])
    return "/" + (f"?{query}" if query else "")


class GuardedTornado(BokehTornado):
    """The web application behind the gate."""

    def __init__(self, *args: Any, gate: Gate, **kwargs: Any) -> None:
        self._gate = gate
        super().__init__(*args, **kwargs)
        self.add_transform(SecurityHeaders)

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Route requests of known browsers; everything else meets the entrance."""
        asks_in = request.method == "GET" and TOKEN in request.query_arguments
        if asks_in or not self._gate.admits(request):
            return self.get_handler_delegate(request, _Entrance, {"gate": self._gate})
        return super().find_handler(request, **kwargs)


_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob: ws://{host}; worker-src blob:;"
    " frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SCRIPT = re.compile(rb"<script\b")


class SecurityHeaders(OutputTransform):
    """Adds the headers to every answer; only scripts that this server wrote into the page carry the nonce."""

    def __init__(self, request: HTTPServerRequest) -> None:
        super().__init__(request)
        self._host = request.host

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Complete the headers, and the script tags of a page."""
        nonce = secrets.token_urlsafe(16)
        host = self._host if re.fullmatch(r"[a-z0-9.:]+", self._host) else "127.0.0.1"
        headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce, host=host)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if finishing and headers.get("Content-Type", "").startswith("text/html"):
            headers["Cache-Control"] = "no-store"
            chunk = _SCRIPT.sub(f'<script nonce="{nonce}"'.encode(), chunk)
            headers["Content-Length"] = str(len(chunk))
        return status_code, headers, chunk
