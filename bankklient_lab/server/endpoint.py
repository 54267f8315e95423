"""The owner's endpoint: every action of the lab over HTTP on this machine, for who can read the owner card.

GET /health          runs a real query
POST /files          content of a file, kept for the one call that names it; answers {"id": ...}
POST /actions/NAME   {"user": ..., "arguments": {name: value}} as server.wire writes them; answers an Arrow stream for a
                     table, {"result": value} for the rest, {"error": {class, code, message, details}} for a LabError
GET /jobs/ID         how far a call with the header x-job: ID is; DELETE cancels it

Only the loopback interface, only with the bearer token of the card, never from a web page (no Origin, own Host).
"""

from __future__ import annotations

import functools
import hmac
import json
import logging
import pkgutil
import re
import secrets
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import anyio
import anyio.to_thread
import duckdb
import pyarrow as pa
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bankklient_lab.access.logins import caller_of
from bankklient_lab.actions import Action, action_named
from bankklient_lab.errors import (
    BadArgument,
    Blocked,
    LabError,
    LimitExceeded,
    NotAllowed,
    NotLoggedIn,
    UnknownName,
)
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import NOBODY, Identity
from bankklient_lab.server import wire
from bankklient_lab.server.arguments import checked, takes_job
from bankklient_lab.server.uploads import Uploads

LOG = logging.getLogger("bankklient_lab.server")
LOOPBACK = "127.0.0.1"
BODY_BYTES_MAX = 16 * 1024**2
READS_AT_ONCE = 16
LONG_WORK_AT_ONCE = 4
SECONDS_TO_FINISH = 10
ROOMS_WITH_ACTIONS = tuple(f"bankklient_lab.{room}" for room in ("access", "history", "analysis", "runs", "server"))
JOB_ID = re.compile(r"[0-9a-f]{32}")

STATUS = {
    LimitExceeded: 413,
    UnknownName: 404,
    NotLoggedIn: 401,
    NotAllowed: 403,
    Blocked: 409,
    LabError: 422,
}

Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class _Running:
    """A long call: how far it is and the way to stop it."""

    job: Job = field(init=False)
    doing: str = ""
    share: float | None = None

    def __post_init__(self) -> None:
        self.job = Job(self._note)

    def _note(self, doing: str, share: float | None) -> None:
        self.doing, self.share = doing, share


class Guard:
    """Lets only calls through that do not come from a web page and bring a secret that is known to `knows`."""

    def __init__(self, app: ASGIApp, knows: Callable[[str], bool], host: str) -> None:
        self._app = app
        self._knows = knows
        self._host = host.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 or 401, or pass the call on."""
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            if b"origin" in headers or headers.get(b"host") != self._host:
                await JSONResponse({"error": _plain("forbidden", "not from a web page")}, 403)(scope, receive, send)
                return
            secret = bearer(headers.get(b"authorization", b""))
            if not await anyio.to_thread.run_sync(self._knows, secret):
                await JSONResponse({"error": _plain("unauthorized", "wrong token")}, 401)(scope, receive, send)
                return
        elif scope["type"] != "lifespan":
            return
        await self._app(scope, receive, send)


def bearer(header: bytes) -> str:
    """Return the secret of an Authorization header; empty when it has none."""
    kind, _, secret = header.decode("latin-1").partition(" ")
    return secret if kind == "Bearer" else ""


def register_actions() -> None:
    """Import the rooms whose modules define actions, so that callers find all of them."""
    for room in ROOMS_WITH_ACTIONS:
        if find_spec(room) is None:
            continue
        package = import_module(room)
        for module in pkgutil.iter_modules(getattr(package, "__path__", [])):
            import_module(f"{room}.{module.name}")


def _plain(code: str, message: str) -> dict[str, object]:
    return {"class": "LabError", "code": code, "message": message, "details": {}}


class Endpoint:
    """The endpoint of one open lab, served by a thread from `start` to `stop`."""

    def __init__(self, lab: Lab) -> None:
        self.token = secrets.token_hex(32)
        self._lab = lab
        self._uploads = Uploads(lab.path)
        self._running: dict[str, _Running] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind((LOOPBACK, 0))
        self._socket.listen(128)  # callers may come at once; they are answered when the server is up
        self._host = f"{LOOPBACK}:{self._socket.getsockname()[1]}"
        self.address = f"http://{self._host}"
        self._stopping = threading.Event()
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=self._serve, name="lab endpoint", daemon=True)

    def start(self) -> None:
        """Begin to answer, in a thread of its own."""
        register_actions()
        self._uploads.remove()  # what a killed owner left
        self._thread.start()

    def stop(self) -> None:
        """Take no more calls and return when those under way are answered; work that takes long is cancelled."""
        self._stopping.set()
        patience = time.monotonic() + SECONDS_TO_FINISH
        while self._thread.is_alive():
            if self._server is not None:
                self._server.should_exit = True
            if time.monotonic() > patience:
                for running in list(self._running.values()):
                    running.job.cancel()
            self._thread.join(0.05)
        self._uploads.remove()

    def _serve(self) -> None:
        config = uvicorn.Config(
            self._app(),
            log_config=None,
            access_log=False,
            lifespan="on",
            ws="none",
            timeout_graceful_shutdown=3 * SECONDS_TO_FINISH,
            timeout_keep_alive=75,
        )
        self._server = uvicorn.Server(config)
        if not self._stopping.is_set():
            self._server.run(sockets=[self._socket])
        self._socket.close()

    def _app(self) -> Starlette:
        routes = [
            Route("/health", _answering(self._health), methods=["GET"]),
            Route("/files", _answering(self._take_file), methods=["POST"]),
            Route("/actions/{name}", _answering(self._act), methods=["POST"]),
            Route("/jobs/{id}", _answering(self._progress), methods=["GET"]),
            Route("/jobs/{id}", _answering(self._cancel), methods=["DELETE"]),
        ]
        guard = Middleware(Guard, knows=self._knows, host=self._host)
        return Starlette(routes=routes, middleware=[guard], lifespan=self._threads)

    def _knows(self, secret: str) -> bool:
        return self._is_card(secret) or caller_of(self._lab, secret) is not None

    def _is_card(self, secret: str) -> bool:
        return hmac.compare_digest(secret.encode(), self.token.encode())

    def _caller(self, request: Request, user: str) -> Identity:
        """Return who calls: whoever knows the card is the owner of a lab without access control; others log in."""
        secret = bearer(request.headers.get("authorization", "").encode("latin-1"))
        if not self._is_card(secret):
            return caller_of(self._lab, secret) or NOBODY
        return NOBODY if self._lab.rights.controlled else self._lab.rights.owner(user)

    @asynccontextmanager
    async def _threads(self, _app: Starlette) -> AsyncIterator[None]:
        # Long work has its own threads, so that imports that wait for each other never keep readers waiting.
        self._reads = anyio.CapacityLimiter(READS_AT_ONCE)
        self._long_work = anyio.CapacityLimiter(LONG_WORK_AT_ONCE)
        yield

    async def _health(self, _request: Request) -> Response:
        await anyio.to_thread.run_sync(
            lambda: self._lab.rows("SELECT count(*) FROM ops.migration"), limiter=self._reads
        )
        return JSONResponse({"ok": True, "controlled": self._lab.rights.controlled})

    async def _take_file(self, request: Request) -> Response:
        with self._uploads.writing() as (name, target):
            async for chunk in _limited(request, LIMITS.file_bytes):
                await anyio.to_thread.run_sync(target.write, chunk, limiter=self._reads)
        return JSONResponse({"id": name})

    async def _act(self, request: Request) -> Response:
        action = action_named(request.path_params["name"])
        user, given = await self._call_of(request)
        try:
            arguments = checked(action.function, wire.decode(given, self._uploads.path))
            result = await self._run(request, action, user, arguments)
        finally:
            self._uploads.drop_named_in(given)
        if isinstance(result, pa.Table):
            return Response(await self._in_thread(wire.table_bytes, result), media_type=wire.ARROW_STREAM)
        return JSONResponse({"result": await self._in_thread(wire.encode, result)})

    async def _in_thread(self, function: Callable[[Any], Any], value: Any) -> Any:
        return await anyio.to_thread.run_sync(function, value, limiter=self._reads)

    @staticmethod
    async def _call_of(request: Request) -> tuple[str, dict[str, Any]]:
        if request.headers.get("content-type") != "application/json":
            raise BadArgument("the call must be application/json")
        try:
            body = json.loads(b"".join([chunk async for chunk in _limited(request, BODY_BYTES_MAX)]))
            user, given = body["user"], body["arguments"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BadArgument('the call must be JSON {"user": text, "arguments": object}') from None
        if not isinstance(user, str) or not isinstance(given, dict):
            raise BadArgument('the call must be JSON {"user": text, "arguments": object}')
        return user, given

    async def _run(self, request: Request, action: Action[..., Any], user: str, arguments: dict[str, Any]) -> Any:
        lab = self._lab.acting(await self._in_thread(functools.partial(self._caller, request), user))
        if not takes_job(action.function):
            work = functools.partial(action.here, lab, **arguments)
            return await anyio.to_thread.run_sync(work, limiter=self._reads)
        running, job_id = _Running(), request.headers.get("x-job") or secrets.token_hex(16)
        if not JOB_ID.fullmatch(job_id) or job_id in self._running:
            raise BadArgument("the header x-job must be 32 new hexadecimal digits")
        self._running[job_id] = running
        try:
            work = functools.partial(action.here, lab, **arguments, job=running.job)
            return await _until_gone(request, running.job, work, self._long_work)
        finally:
            del self._running[job_id]

    async def _progress(self, request: Request) -> Response:
        running = self._job_of(request)
        return JSONResponse({"doing": running.doing, "share": running.share})

    async def _cancel(self, request: Request) -> Response:
        self._job_of(request).job.cancel()
        return JSONResponse({"ok": True})

    def _job_of(self, request: Request) -> _Running:
        name = request.path_params["id"]
        if name not in self._running:
            raise UnknownName("job", name)
        return self._running[name]


async def _until_gone(request: Request, job: Job, work: Callable[[], Any], limiter: anyio.CapacityLimiter) -> Any:
    """Run long work in a thread; when the caller goes away it is cancelled."""

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        job.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        result: list[Any] = []
        failure: LabError | Exception | None = None
        try:
            result.append(await anyio.to_thread.run_sync(work, limiter=limiter))
        except Exception as error:  # raised below, outside the group that would wrap it
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return result[0]


async def _limited(request: Request, bytes_max: int) -> AsyncIterator[bytes]:
    """Yield the body of a call; LimitExceeded when it is longer than allowed."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > bytes_max:
            raise LimitExceeded(f"the call has more than {bytes_max} bytes")
        yield chunk


def _answering(handler: Handler) -> Handler:
    """Answer errors: ours as they are, others as one line while the log keeps the traceback."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except LabError as error:
            status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
            return JSONResponse({"error": wire.encode_error(error)}, status)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:
            LOG.exception("%s %s failed", request.method, request.url.path)
            kind = "the database" if isinstance(error, duckdb.Error) else "the program"
            said = f"{kind} of the process that owns the lab failed ({type(error).__name__}); its log says more"
            return JSONResponse({"error": _plain("internal", said)}, 500)

    return answer
