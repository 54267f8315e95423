"""What stands before every route: who may talk to the server at all, how often, and what every answer carries.

No web page may call (no Origin, no foreign Host), and no cookie is read: a browser that is led here brings no right
along. A caller brings a secret as `Authorization: Bearer`: of a session, of a token, or, on the loopback interface,
of the owner card.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bankklient_lab.access.logins import caller_of
from bankklient_lab.actions import ACTIONS
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import Identity
from bankklient_lab.server import limits
from bankklient_lab.server.problems import Turned, turned
from bankklient_lab.server.throttle import Throttle

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
_LOOPBACK = ("127.0.0.1", "::1")


def public_paths() -> frozenset[str]:
    """Return the paths of the actions that need no login, because one begins there."""
    return frozenset(f"/actions/{name}" for name, one in ACTIONS.items() if one.declared.public)


@dataclass(frozen=True, slots=True)
class Door:
    """A way in: the names (`Host`) under which it may be addressed, and what else differs between ways.

    `card` is the token of the owner card, empty where it means nothing; `open` paths need no secret.
    """

    hosts: frozenset[str]
    card: str = ""
    open: frozenset[str] = frozenset()
    behind_proxy: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: `identity` is None for the card and for a stranger at an open path."""

    identity: Identity | None
    by_card: bool = False


class Guard:
    """Lets only requests through that come in by the door as they should."""

    def __init__(self, app: ASGIApp, lab: Lab, door: Door) -> None:
        self._app, self._lab, self._door = app, lab, door
        self._calls = Throttle(limits.CALLS_A_SECOND, limits.CALLS_IN_A_BURST)
        self._strangers = Throttle(limits.STRANGERS_A_SECOND, limits.STRANGERS_IN_A_BURST)
        self._logins = Throttle(limits.LOGINS_A_SECOND, limits.LOGINS_IN_A_BURST)
        self._proving = public_paths()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not pass, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        if scope["type"] != "http":
            return
        answering = _with_headers(send, secure=scope["scheme"] == "https")
        try:
            self._check_form(scope)
            scope["caller"] = await self._admitted(scope)
        except Turned as why:
            await turned(why)(scope, receive, answering)
            return
        await self._app(scope, receive, answering)

    def _check_form(self, scope: Scope) -> None:
        """Raise Turned for requests that two servers in a row could understand differently, and for those of pages."""
        if one(scope, b"transfer-encoding") and one(scope, b"content-length"):
            raise Turned("bad_request", "a body has either a length or chunks")
        if one(scope, b"host") not in self._door.hosts:
            raise Turned("forbidden", "the server has another name than the one in Host")
        if one(scope, b"origin") or one(scope, b"sec-fetch-site") not in ("", "none", "same-origin"):
            raise Turned("forbidden", "web pages of other servers may not call")

    async def _admitted(self, scope: Scope) -> Caller:
        """Return who calls; Turned for a stranger and for who calls too often."""
        address, path = (scope.get("client") or ("", 0))[0], scope["path"]
        kind, _, secret = one(scope, b"authorization").partition(" ")
        secret = secret.strip() if kind.lower() == "bearer" else ""
        caller = await anyio.to_thread.run_sync(self._caller, secret) if secret else None
        if path in self._proving:
            self._slow(self._logins, address, "logins")
        if caller is None:
            self._slow(self._strangers, address, "calls")
            open_here = path in self._door.open or (path == "/metrics" and self._is_near(address))
            if secret or not open_here:
                raise Turned("unauthorized", "send the secret of a session or a token as Authorization: Bearer")
            return Caller(None)
        if caller.identity is not None:
            self._slow(self._calls, (caller.identity.session_id, caller.identity.token_id), "calls")
        return caller

    def _caller(self, secret: str) -> Caller | None:
        if self._door.card and hmac.compare_digest(secret.encode(), self._door.card.encode()):
            return Caller(None, by_card=True)
        identity = caller_of(self._lab, secret)
        return Caller(identity) if identity else None

    def _is_near(self, address: str) -> bool:
        """Tell whether a program of this machine asks itself; behind a proxy everybody seems near."""
        return address in _LOOPBACK and not self._door.behind_proxy and not self._door.card

    @staticmethod
    def _slow(throttle: Throttle, who: Any, what: str) -> None:
        seconds = throttle.seconds_to_wait(who)
        if seconds:
            raise Turned("too_many_calls", f"too many {what} in a short time; wait", retry_after=seconds)


def one(scope: Scope, name: bytes) -> str:
    """Return a header's text, empty when it is missing; Turned when it comes twice."""
    found = [value for key, value in scope["headers"] if key == name]
    if len(found) > 1:
        raise Turned("bad_request", f"the header {name.decode()} comes twice")
    return found[0].decode("latin-1") if found else ""


def _with_headers(send: Send, *, secure: bool) -> Callable[[Message], Any]:
    added = [*HEADERS, STRICT_TRANSPORT] if secure else list(HEADERS)

    async def answering(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *added]
        await send(message)

    return answering
