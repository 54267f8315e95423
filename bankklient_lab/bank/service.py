"""The bank over HTTP: a thin shell whose every request is signed by the key that brings it.

    PUT    /batches/{sender}/{type}/{order}          a container -> the signed receipt
    GET    /batches/{sender}/{type}/{order}          the state of a batch, with its receipt
    DELETE /batches/{sender}/{type}/{order}          an empty container gives the number up -> the receipt
    GET    /waiting/{client}                         the batches for a client
    GET    /waiting/{client}/{type}/{order}          one of them, a container
    POST   /waiting/{client}/{type}/{order}/taken    {"sha256"}: the client has it
    GET    /current/{client}                         the current state of accounts and orders, a container
    GET    /records/{client}/{kind}                  the client's records of a service, a container
    POST   /payees/{client}                          a question of formats.payee_answers -> the signed answer

Each request is signed as sealing.requests says, by a key of the client whose batches it is about. Refusals are
problem+json with `reason`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bankklient_lab.bank.bank import Bank
from bankklient_lab.bank.faults import FaultyBank
from bankklient_lab.errors import BadArgument, LabError, NotAllowed, Refused, SealBroken, UnknownName, Unreachable
from bankklient_lab.formats.json_texts import read_json
from bankklient_lab.sealing.certificates import Certificate
from bankklient_lab.sealing.container import LIMITS
from bankklient_lab.sealing.identity import BatchIdentity, read_order
from bankklient_lab.sealing.requests import check_request

OCTETS = "application/octet-stream"
_STATUS: tuple[tuple[type[LabError], int], ...] = (
    (SealBroken, 403), (NotAllowed, 403), (UnknownName, 404), (Refused, 409), (BadArgument, 400), (Unreachable, 503),
)  # fmt: skip
_PATH_NUMBER_DIGITS = 5


class Asked(NamedTuple):
    """A request whose signature holds: the client that signed it, its body, and the parts of its path."""

    client: int
    body: bytes
    parts: dict[str, str]


Answering = Callable[[Asked], Response]


def application(bank: Bank, line: Bank | FaultyBank | None = None) -> Starlette:
    """Return the service of a bank; `line` is a FaultyBank around it, to rehearse bad lines."""
    doors = _Doors(bank, line or bank)
    batch, waiting = "/batches/{client}/{type}/{order}", "/waiting/{client}"
    routes: tuple[tuple[str, str, Answering], ...] = (
        ("PUT", batch, doors.put),
        ("GET", batch, doors.state),
        ("DELETE", batch, doors.void),
        ("GET", waiting, doors.waiting),
        ("GET", waiting + "/{type}/{order}", doors.fetch),
        ("POST", waiting + "/{type}/{order}/taken", doors.taken),
        ("GET", "/current/{client}", doors.current),
        ("GET", "/records/{client}/{kind}", doors.records),
        ("POST", "/payees/{client}", doors.payees),
    )
    return Starlette(routes=[Route(path, doors.answering(answer), methods=[method]) for method, path, answer in routes])


class _Doors:
    def __init__(self, bank: Bank, line: Bank | FaultyBank) -> None:
        self._bank = bank
        self._line = line

    def put(self, asked: Asked) -> Response:
        return Response(self._line.take(asked.body, self._identity(asked)).signed, media_type=OCTETS)

    def void(self, asked: Asked) -> Response:
        return Response(self._line.void(asked.body, self._identity(asked)).signed, media_type=OCTETS)

    def state(self, asked: Asked) -> Response:
        found = self._line.state(self._identity(asked))._asdict()
        return JSONResponse(found | {"receipt": base64.b64encode(found["receipt"]).decode("ascii")})

    def waiting(self, asked: Asked) -> Response:
        return JSONResponse(
            [
                {"type": one.batch_type, "order": one.order, "sha256": one.sha256}
                for one in self._line.waiting(asked.client)
            ]
        )

    def fetch(self, asked: Asked) -> Response:
        identity = self._identity(asked)
        return Response(self._line.fetch(asked.client, identity.batch_type, identity.order), media_type=OCTETS)

    def taken(self, asked: Asked) -> Response:
        identity = self._identity(asked)
        try:
            digest = str(read_json(asked.body)["sha256"])
        except (ValueError, KeyError, TypeError):
            raise BadArgument('the body is {"sha256": "..."}') from None
        self._line.taken(asked.client, identity.batch_type, identity.order, digest)
        return Response(status_code=204)

    def current(self, asked: Asked) -> Response:
        return Response(self._line.current(asked.client), media_type=OCTETS)

    def records(self, asked: Asked) -> Response:
        return Response(self._line.service_list(asked.client, asked.parts["kind"]), media_type=OCTETS)

    def payees(self, asked: Asked) -> Response:
        return Response(self._line.verify_payees(asked.body), media_type=OCTETS)

    def answering(self, answer: Answering) -> Callable[[Request], object]:
        """Return an endpoint: the request is read up to the limit and proved before `answer` gets it."""

        async def endpoint(request: Request) -> Response:
            try:
                body = await _body(request)
                return await run_in_threadpool(lambda: answer(self._asked(request, body)))
            except LabError as error:
                status = next((number for kind, number in _STATUS if isinstance(error, kind)), 400)
                return _problem(status, error.message, str(error.details.get("reason", error.code)))

        return endpoint

    def _asked(self, request: Request, body: bytes) -> Asked:
        signer = self._signer(request, body)
        parts = dict(request.path_params)
        if parts["client"] != str(signer.point):
            raise NotAllowed(f"connection point {signer.point} asks for what is not its own", reason="client")
        return Asked(signer.point, body, parts)

    def _signer(self, request: Request, body: bytes) -> Certificate:
        """Return the certificate of who signed a request; SealBroken when nobody who is known did."""
        bank = self._bank
        fingerprint = check_request(
            request.method, request.url.path, body, request.headers, trust=bank.trust, at=bank.lives_at()
        )
        certificate = bank.trust(fingerprint)
        if certificate is None:  # withdrawn a moment ago
            raise SealBroken("signer", "nobody who is known signed the request")
        if not bank.may_fetch(fingerprint) and not request.url.path.startswith("/batches/"):
            raise SealBroken("signer", "the key that signed the request was replaced, or is good for one batch alone")
        return certificate

    def _identity(self, asked: Asked) -> BatchIdentity:
        batch_type, order = asked.parts["type"], asked.parts["order"]
        if not (batch_type.isascii() and batch_type.isdigit() and len(batch_type) <= _PATH_NUMBER_DIGITS):
            raise BadArgument(f"the type of a batch is a number, not {batch_type[:20]!r}")
        point = self._bank.parameters.point
        return BatchIdentity(asked.client, point, int(batch_type), *read_order(order))


async def _body(request: Request) -> bytes:
    """Return the body, refused as soon as it is larger than a container may be."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LIMITS.container_bytes:
            raise BadArgument(f"a container has at most {LIMITS.container_bytes} bytes")
        parts.append(part)
    return b"".join(parts)


def _problem(status: int, detail: str, reason: str) -> Response:
    return JSONResponse(
        {"type": "about:blank", "status": status, "detail": detail, "reason": reason},
        status_code=status,
        media_type="application/problem+json",
    )
