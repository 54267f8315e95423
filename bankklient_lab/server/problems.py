"""Errors as application/problem+json (RFC 9457): type, title, status, detail, code and details."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from bankklient_lab.errors import (
    Blocked,
    Cancelled,
    LabError,
    LimitExceeded,
    NotAllowed,
    NotLoggedIn,
    Refused,
    StoreError,
    UnknownName,
)

MEDIA_TYPE = "application/problem+json"
STATUS: Mapping[type[LabError], int] = {  # the first that fits
    LimitExceeded: 413,
    UnknownName: 404,
    NotLoggedIn: 401,
    NotAllowed: 403,
    Blocked: 409,
    Refused: 409,
    Cancelled: 409,
    StoreError: 503,
    LabError: 422,
}
OF_THE_SERVER = {  # codes of the server itself, with status and title
    "bad_request": (400, "A request that is not whole"),
    "unauthorized": (401, "No token, or one that is not known"),
    "forbidden": (403, "Not from a web page, and not under this name of the server"),
    "not_found": (404, "Nothing is there"),
    "method_not_allowed": (405, "Another method is needed"),
    "too_slow": (408, "The rest of the request did not come"),
    "call_running": (409, "The call with this key is still under way"),
    "wrong_type": (415, "A body of another media type"),
    "too_many_calls": (429, "Too many calls in a short time"),
    "internal": (500, "A fault of the program; its log says more"),
    "unhealthy": (503, "The lab answers no query"),
}


class Turned(Exception):
    """A request that the server turns away; `code` is one of OF_THE_SERVER."""

    def __init__(self, code: str, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.retry_after = code, detail, retry_after


@cache
def kinds() -> dict[str, type[LabError]]:
    """Return the classes of errors by their codes."""
    return {kind.code: kind for kind in _tree(LabError)}


def _tree(kind: type[LabError]) -> Iterator[type[LabError]]:
    yield kind
    for part in kind.__subclasses__():
        if part.__module__ == LabError.__module__:
            yield from _tree(part)


def status_of(kind: type[LabError]) -> int:
    """Return the status that an error of this class has."""
    return next(status for known, status in STATUS.items() if issubclass(kind, known))


def title_of(kind: type[LabError]) -> str:
    """Return what all errors of a class have in common."""
    return (kind.__doc__ or kind.__name__).splitlines()[0].rstrip(".")


def described(code: str) -> dict[str, object]:
    """Return type, title, status and code of a kind of problem; UnknownName for one that does not exist."""
    if code in OF_THE_SERVER:
        status, title = OF_THE_SERVER[code]
    elif code in kinds():
        status, title = status_of(kinds()[code]), title_of(kinds()[code])
    else:
        raise UnknownName("kind of problem", code)
    return {"type": f"/problems/{code}", "title": title, "status": status, "code": code}


def turned(why: Turned) -> JSONResponse:
    """Return the answer to a request that is turned away."""
    headers = {} if why.retry_after is None else {"Retry-After": str(max(1, round(why.retry_after + 0.5)))}
    return _answer(described(why.code), why.detail, {}, headers)


def of_error(error: LabError, plain: Callable[[object], Any]) -> JSONResponse:
    """Return the answer for an error of the lab; `plain` makes JSON values of its details."""
    code = error.code if error.code in kinds() else LabError.code
    known = described(code) | {"status": status_of(type(error))}
    headers = {"Retry-After": "5"} if isinstance(error, Blocked) else {}
    return _answer(known, error.message, {name: plain(value) for name, value in error.details.items()}, headers)


def _answer(known: dict[str, object], detail: str, details: object, headers: dict[str, str]) -> JSONResponse:
    status = int(str(known["status"]))
    if status == HTTPStatus.UNAUTHORIZED:
        headers = {"WWW-Authenticate": "Bearer", **headers}
    return JSONResponse({**known, "detail": detail, "details": details}, status, media_type=MEDIA_TYPE, headers=headers)
