"""The HTTP API of a lab: every action, for the package itself and for programs in any language.

POST /actions/NAME   the arguments as a JSON object; answers {"result": value}, or a table as JSON or an Arrow stream
POST /files          content of a file, kept for the one call that names it; answers {"id": ...}
GET /jobs/ID         how far a call with the header X-Job: ID is; DELETE cancels it
GET /health          200 after a real query, 503 otherwise
GET /metrics         counts and times for Prometheus
GET /openapi.json    the description of all this (OpenAPI 3.1)
GET /problems/CODE   what the type of a problem means
"""

from __future__ import annotations

import functools
import logging
import pkgutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import anyio
import anyio.to_thread
import duckdb
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bankklient_lab.actions import ACTIONS, Action, action_named
from bankklient_lab.errors import LabError
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import NOBODY, Identity
from bankklient_lab.rights.permissions import needed
from bankklient_lab.server import limits, plain, wire
from bankklient_lab.server.arguments import checked, parameters, takes_job
from bankklient_lab.server.calls import Call, limited
from bankklient_lab.server.guard import Door, Guard, public_paths
from bankklient_lab.server.idempotency import CALL_RUNNING, KeyedCall, UnderWay, checked_key, takes_key
from bankklient_lab.server.measures import MEDIA_TYPE, Measures
from bankklient_lab.server.openapi import description
from bankklient_lab.server.problems import Turned, described, of_error, turned
from bankklient_lab.server.running import LongCalls, until_gone
from bankklient_lab.server.uploads import Uploads

LOG = logging.getLogger("bankklient_lab.server")
ROOMS_WITH_ACTIONS = tuple(
    f"bankklient_lab.{room}"
    for room in (
        "access",
        "keys",
        "orders",
        "services",
        "balancing",
        "exchange",
        "history",
        "analysis",
        "runs",
        "server",
    )
)
PLAIN_PATHS = frozenset({"/health", "/openapi.json"})

Handler = Callable[[Request], Awaitable[Response]]


def register_actions() -> None:
    """Import the rooms whose modules define actions, so that callers find all of them."""
    for room in ROOMS_WITH_ACTIONS:
        if find_spec(room) is None:
            continue
        package = import_module(room)
        for module in pkgutil.iter_modules(getattr(package, "__path__", [])):
            import_module(f"{room}.{module.name}")


def open_paths() -> frozenset[str]:
    """Return the paths that strangers may ask at the open API: a login has to begin somewhere."""
    return PLAIN_PATHS | public_paths()


class Api:
    """What all ways into one lab share."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.uploads = Uploads(lab.path)
        self.long_calls = LongCalls()
        self._under_way = UnderWay()
        self._measures = Measures(lab, self.long_calls)

    def app(self, door: Door) -> Starlette:
        """Return the application behind a door."""
        routes = [
            Route("/health", _answering(self._health), methods=["GET"]),
            Route("/metrics", _answering(self._metrics), methods=["GET"]),
            Route("/openapi.json", _answering(self._description), methods=["GET"]),
            Route("/problems/{code}", _answering(self._problem), methods=["GET"]),
            Route("/files", _answering(self._take_file), methods=["POST"]),
            Route("/actions/{name}", _answering(self._act), methods=["POST"]),
            Route("/jobs/{id}", _answering(self._progress), methods=["GET"]),
            Route("/jobs/{id}", _answering(self._cancel), methods=["DELETE"]),
        ]
        app = Starlette(
            routes=routes,
            middleware=[Middleware(Guard, lab=self._lab, door=door)],
            lifespan=_threads,
            exception_handlers={HTTPException: _no_route},
        )
        app.router.redirect_slashes = False
        return app

    async def _health(self, request: Request) -> Response:
        try:
            with anyio.fail_after(limits.SECONDS_FOR_HEALTH):
                await anyio.to_thread.run_sync(
                    lambda: self._lab.rows("SELECT count(*) FROM ops.migration"), abandon_on_cancel=True
                )
        except TimeoutError:
            raise Turned("unhealthy", f"a query took more than {limits.SECONDS_FOR_HEALTH} seconds") from None
        except (LabError, duckdb.Error) as error:
            LOG.exception("%s %s failed", request.method, request.url.path)
            raise Turned("unhealthy", f"a query failed ({type(error).__name__})") from None
        return JSONResponse({"ok": True, "controlled": self._lab.rights.controlled})

    async def _metrics(self, _request: Request) -> Response:
        return Response(await anyio.to_thread.run_sync(self._measures.text), media_type=MEDIA_TYPE)

    @staticmethod
    async def _description(_request: Request) -> Response:
        return JSONResponse(description())

    @staticmethod
    async def _problem(request: Request) -> Response:
        return JSONResponse(described(request.path_params["code"]))

    async def _take_file(self, request: Request) -> Response:
        await self._in_thread(request, self._check_sender, self._caller(request, ""))
        with self.uploads.writing() as (name, target):
            async for chunk in limited(request, LIMITS.file_bytes):
                await self._in_thread(request, target.write, chunk)
        return JSONResponse({"id": name})

    def _check_sender(self, caller: Identity) -> None:
        """Raise NotAllowed (or NotLoggedIn) for who may call nothing that takes a file."""
        takers = {
            one.declared.needs
            for one in ACTIONS.values()
            if any(Path in (kind, *get_args(kind)) for kind in parameters(one.function).values())
        }
        self._lab.rights.demand(caller, needed("|".join(f"({needs})" for needs in sorted(takers))), "sending a file")

    async def _act(self, request: Request) -> Response:
        action = action_named(request.path_params["name"])
        began, outcome = time.perf_counter(), "internal"
        try:
            answer, outcome = await self._answered(request, action)
        finally:
            self._measures.note(action.name, outcome, time.perf_counter() - began)
        return answer

    async def _answered(self, request: Request, action: Action[..., Any]) -> tuple[Response, str]:
        """Make a call and return its answer, and what to call that in the measures."""
        try:
            call = await Call.read(request)
        except Turned as why:
            return turned(why), why.code
        except LabError as error:
            return of_error(error, plain.encode), error.code
        others = False  # another call with the same key is under way and has the same files
        try:
            lab = self._lab.from_outside(self._caller(request, call.user))
            return await self._done(request, action, call, lab), "done"
        except Turned as why:
            others = why.code == CALL_RUNNING
            return turned(why), why.code
        except LabError as error:
            return of_error(error, call.plain_detail()), error.code
        finally:
            if not others:
                self.uploads.drop_named_in(call.given)

    async def _done(self, request: Request, action: Action[..., Any], call: Call, lab: Lab) -> Response:
        await self._in_thread(request, action.admit, lab)  # who may not is told nothing about arguments
        arguments = checked(action.function, wire.decode(call.given, self.uploads.path))
        call, arguments = call.spread(action, arguments)
        key = request.headers.get("idempotency-key")
        if key is None or not takes_key(action):
            result = await self._run(request, action, lab, arguments)
        else:
            key = checked_key(key)
            with self._under_way.only(lab.caller.user_id, key):
                keyed = await self._in_thread(request, functools.partial(KeyedCall, lab, key, action), arguments)
                result = await self._run(request, action, lab.acting(lab.caller, keyed), arguments)
        answer: Response = await self._in_thread(request, functools.partial(call.answer, request.url.path), result)
        return answer

    async def _run(self, request: Request, action: Action[..., Any], lab: Lab, arguments: dict[str, Any]) -> Any:
        if not takes_job(action.function):
            work = functools.partial(action.run, lab, **arguments)
            return await anyio.to_thread.run_sync(work, limiter=request.app.state.reads)
        with self.long_calls.new(request.headers.get("x-job"), lab.caller.user_id) as running:
            work = functools.partial(action.run, lab, **arguments, job=running.job)
            return await until_gone(request, running.job, work, request.app.state.long_work)

    def _caller(self, request: Request, user: str) -> Identity:
        """Return who calls: whoever knows the card is the owner of a lab without access control; others log in."""
        caller = request.scope["caller"]
        if not caller.by_card:
            return caller.identity or NOBODY
        return NOBODY if self._lab.rights.controlled else self._lab.rights.owner(user)

    async def _progress(self, request: Request) -> Response:
        running = self.long_calls.of(request.path_params["id"], self._caller(request, "").user_id)
        return JSONResponse({"doing": running.doing, "share": running.share})

    async def _cancel(self, request: Request) -> Response:
        self.long_calls.of(request.path_params["id"], self._caller(request, "").user_id).job.cancel()
        return JSONResponse({"ok": True})

    @staticmethod
    async def _in_thread(request: Request, function: Callable[[Any], Any], value: Any) -> Any:
        return await anyio.to_thread.run_sync(function, value, limiter=request.app.state.reads)


@asynccontextmanager
async def _threads(app: Starlette) -> AsyncIterator[None]:
    # Long work has its own threads, so that imports that wait for each other never keep readers waiting.
    app.state.reads = anyio.CapacityLimiter(limits.READS_AT_ONCE)
    app.state.long_work = anyio.CapacityLimiter(limits.LONG_WORK_AT_ONCE)
    yield


def _answering(handler: Handler) -> Handler:
    """Answer errors: ours as they are, others as one line while the log keeps the traceback."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Turned as why:
            return turned(why)
        except LabError as error:
            return of_error(error, plain.encode)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:
            LOG.exception("%s %s failed", request.method, request.url.path)
            kind = "the database" if isinstance(error, duckdb.Error) else "the program"
            said = f"{kind} of the process that owns the lab failed ({type(error).__name__}); its log says more"
            return turned(Turned("internal", said))

    return answer


async def _no_route(_request: Request, error: Exception) -> Response:
    """Answer for a path or a method that no route has."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    code = "method_not_allowed" if status == 405 else "not_found"
    return turned(Turned(code, "see /openapi.json for what is there"))
