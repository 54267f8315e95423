"""What a request to an action says, and what is answered to it.

The package itself sends and gets exact values (server.wire); everybody else plain JSON, or an Arrow stream of a table.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import anyio
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bankklient_lab.actions import Action
from bankklient_lab.errors import BadArgument, LimitExceeded
from bankklient_lab.server import limits, plain, wire
from bankklient_lab.server.arguments import parameters
from bankklient_lab.server.problems import Turned

JSON, BYTES = "application/json", "application/octet-stream"
_NO_CALL = 'the call must be a JSON object of arguments, or {"arguments": object}'


@dataclass(frozen=True, slots=True)
class Page:
    """The part of a table that is asked for."""

    limit: int = limits.ROWS_A_PAGE
    offset: int = 0

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Page | None:
        """Return what the query of an address asks for, None when it asks for nothing."""
        for name in query:
            if name not in ("limit", "offset"):
                raise BadArgument(f"an address of an action takes limit and offset, not {name[:40]!r}")
        if not query:
            return None
        limit = _number(query, "limit", limits.ROWS_A_PAGE, 1, limits.ROWS_A_PAGE_MAX)
        return cls(limit, _number(query, "offset", 0, 0, 10**9))

    def cut(self, table: pa.Table) -> tuple[pa.Table, bool]:
        """Return this part of a whole table, and whether more follows."""
        return table.slice(self.offset, self.limit), table.num_rows > self.offset + self.limit


def _number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 11 and least <= int(text) <= most):
        raise BadArgument(f"{name} is a whole number from {least} to {most}, not {text[:40]!r}")
    return int(text)


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it came: arguments not judged yet; `exact` when the package itself calls."""

    user: str
    given: dict[str, Any]
    exact: bool
    accept: str
    page: Page | None
    paged_by_action: bool = False

    @classmethod
    async def read(cls, request: Request) -> Call:
        """Read a call; Turned for another media type, BadArgument and LimitExceeded for a body that is none."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (JSON, wire.EXACT):
            raise Turned("wrong_type", f"the call must be {JSON}")
        body = await _body(request)
        user, given = "", body
        if "arguments" in body and body.keys() <= {"user", "arguments"}:
            user, given = body.get("user", ""), body["arguments"]
        if not isinstance(user, str) or not isinstance(given, dict):
            raise BadArgument(_NO_CALL)
        accept = request.headers.get("accept", "").lower()
        return cls(user, given, kind == wire.EXACT, accept, Page.of(request.query_params))

    @property
    def wants_arrow(self) -> bool:
        """Whether a table is to be an Arrow stream."""
        return self.exact or wire.ARROW_STREAM in self.accept

    def spread(self, action: Action[..., Any], arguments: dict[str, Any]) -> tuple[Call, dict[str, Any]]:
        """Let an action that has limit and offset of its own look for the page, and one row more."""
        own = {"limit", "offset"}
        if self.exact or not own <= parameters(action.function).keys() or own & arguments.keys():
            return self, arguments
        page = self.page or Page()
        return replace(self, page=page, paged_by_action=True), {
            **arguments, "limit": page.limit + 1, "offset": page.offset,
        }  # fmt: skip

    def answer(self, path: str, result: Any) -> Response:
        """Return the answer with what the action returned; `path` is the address of the action."""
        if isinstance(result, pa.Table):
            return self._table(path, result)
        if self.exact:
            return JSONResponse({"result": wire.encode(result)})
        if isinstance(result, bytes) and BYTES in self.accept:
            return Response(result, media_type=BYTES)
        return JSONResponse({"result": plain.encode(result)})

    def _table(self, path: str, found: pa.Table) -> Response:
        page, more = self.page, False
        if page is None and not self.wants_arrow:
            page = Page()
        if page is not None and self.paged_by_action:
            found, more = found.slice(0, page.limit), found.num_rows > page.limit
        elif page is not None:
            found, more = page.cut(found)
        following = f"{path}?limit={page.limit}&offset={page.offset + page.limit}" if more and page else None
        headers = {"Link": f'<{following}>; rel="next"'} if following else {}
        if self.wants_arrow:
            return Response(wire.table_bytes(found), media_type=wire.ARROW_STREAM, headers=headers)
        return JSONResponse({**plain.table(found), "next": following}, headers=headers)

    def plain_detail(self) -> Callable[[object], Any]:
        """Return what makes JSON of the details of an error."""
        return wire.encode_detail if self.exact else plain.encode


async def _body(request: Request) -> dict[str, Any]:
    whole = b"".join([chunk async for chunk in limited(request, limits.BODY_BYTES_MAX)])
    try:
        body = json.loads(whole) if whole else {}
    except (ValueError, RecursionError):
        raise BadArgument(_NO_CALL) from None
    if not isinstance(body, dict) or _is_deep(body):
        raise BadArgument(_NO_CALL)
    return body


def _is_deep(body: object) -> bool:
    """Tell whether values lie deeper within each other than any call needs."""
    level: list[Any] = [body]
    for _ in range(limits.DEPTH_MAX):
        level = [
            item
            for value in level
            if isinstance(value, (dict, list))
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


async def limited(request: Request, bytes_max: int) -> AsyncIterator[bytes]:
    """Yield the body of a request; LimitExceeded when it is too long, Turned when it comes too slowly."""
    size, parts = 0, request.stream().__aiter__()
    while True:
        with anyio.move_on_after(limits.SECONDS_BETWEEN_PARTS) as waiting:
            chunk = await anext(parts, None)
        if waiting.cancelled_caught:
            raise Turned("too_slow", f"nothing came for {limits.SECONDS_BETWEEN_PARTS} seconds")
        if chunk is None:
            return
        size += len(chunk)
        if size > bytes_max:
            raise LimitExceeded(f"the call has more than {bytes_max} bytes")
        yield chunk
