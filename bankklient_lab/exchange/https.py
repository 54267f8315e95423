"""The channel over HTTPS: main and backup address, proxy, and the signature of each request (TRN-012, TRN-013)."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx2

from bankklient_lab.errors import FormatError, Refused, UnknownName, Unreachable
from bankklient_lab.exchange.channels import Announced, BankState
from bankklient_lab.formats.json_texts import read_json
from bankklient_lab.keys.points import BANK, OWN, point_of
from bankklient_lab.lab import Lab
from bankklient_lab.rights.settings import read_setting
from bankklient_lab.sealing.container import LIMITS
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.sealing.keys import SigningKey
from bankklient_lab.sealing.requests import signed_headers

SECONDS_TO_CONNECT, SECONDS_TO_ANSWER = 10.0, 120.0
WAITING_MOST = 10_000  # batches that are announced at once
_CONTAINER = "application/octet-stream"


class Https:
    """The bank's service; close it when done."""

    def __init__(self, lab: Lab, key: SigningKey) -> None:
        """`key` signs each request."""
        settings = point_of(lab, BANK).settings
        self._addresses = [one.rstrip("/") for one in (settings["address"], settings.get("backup_address", "")) if one]
        self._client_point = point_of(lab, OWN).point
        self._clock, self._key = lab.clock, key
        self._client = httpx2.Client(
            proxy=_proxy(lab),
            timeout=httpx2.Timeout(SECONDS_TO_ANSWER, connect=SECONDS_TO_CONNECT),
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def send(self, identity: BatchIdentity, container: bytes) -> bytes:
        """Bring a batch."""
        return self._call("PUT", _path(identity), container)

    def void(self, identity: BatchIdentity, container: bytes) -> bytes:
        """Give a number up."""
        return self._call("DELETE", _path(identity), container)

    def state(self, identity: BatchIdentity) -> BankState | None:
        """Ask for a number."""
        content = self._call("GET", _path(identity), none_is_fine=True)
        if not content:
            return None
        said = _json(content, dict)
        return BankState(*(_text(said, name) for name in BankState._fields))

    def waiting(self) -> list[Announced]:
        """Ask for what waits."""
        said = _json(self._call("GET", f"/waiting/{self._client_point}"), list)
        if len(said) > WAITING_MOST:
            raise Refused(f"the bank announces {len(said)} batches at once, more than {WAITING_MOST}")
        return [Announced(_number(one, "type"), _text(one, "order"), _text(one, "sha256")) for one in said]

    def fetch(self, announced: Announced) -> bytes:
        """Fetch a batch."""
        return self._call("GET", self._waiting_path(announced))

    def taken(self, announced: Announced) -> None:
        """Confirm a batch."""
        body = json.dumps({"sha256": announced.sha256}).encode("ascii")
        self._call("POST", f"{self._waiting_path(announced)}/taken", body, kind="application/json")

    def current(self) -> bytes:
        """Ask for the current state."""
        return self._call("GET", f"/current/{self._client_point}")

    def service_list(self, kind: str) -> bytes:
        """Ask for the records of a kind."""
        return self._call("GET", f"/records/{self._client_point}/{quote(kind, safe='')}")

    def verify_payees(self, question: bytes) -> bytes:
        """Ask whose accounts are."""
        return self._call("POST", f"/payees/{self._client_point}", question, kind="application/json")

    def _waiting_path(self, announced: Announced) -> str:
        return f"/waiting/{self._client_point}/{announced.batch_type}/{quote(announced.order, safe='')}"

    def _call(
        self, method: str, path: str, body: bytes = b"", *, kind: str = _CONTAINER, none_is_fine: bool = False
    ) -> bytes:
        """Return the content of the answer; the backup address is tried when the main one can't be connected to."""
        failure = ""
        for address in self._addresses:
            whole = urlsplit(address).path + path
            headers = signed_headers(method, whole, body, self._key, self._clock()) | {"Content-Type": kind}
            try:
                with self._client.stream(method, address + path, content=body, headers=headers) as answer:
                    return _answered(answer, none_is_fine=none_is_fine)
            except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError) as error:
                failure = str(error) or type(error).__name__
            except (httpx2.TransportError, httpx2.InvalidURL) as error:
                raise Unreachable(f"the bank did not answer ({error or type(error).__name__})") from None
        raise Unreachable(f"the bank can't be reached at {' nor '.join(self._addresses)} ({failure})")


def _answered(answer: httpx2.Response, *, none_is_fine: bool) -> bytes:
    """Return the content of an answer; Unreachable for a fault of the service, Refused for what it refuses."""
    content = _limited(answer)
    if answer.status_code in (httpx2.codes.OK, httpx2.codes.NO_CONTENT):
        return content
    try:
        problem = read_json(content)
        detail, reason = str(problem["detail"]), str(problem["reason"])
    except (ValueError, KeyError, TypeError):
        detail, reason = "without a reason", ""
    if none_is_fine and reason == UnknownName.code:
        return b""
    sentence = f"the bank refuses with status {answer.status_code}: {detail}"
    if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
        raise Unreachable(sentence)
    raise Refused(sentence, status=answer.status_code)


def _limited(answer: httpx2.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > LIMITS.container_bytes:
            raise Refused(f"the bank's answer has more than {LIMITS.container_bytes} bytes")
        parts.append(part)
    return b"".join(parts)


def _path(identity: BatchIdentity) -> str:
    return f"/batches/{identity.sender}/{identity.batch_type}/{identity.order}"


def _json(content: bytes, kind: type) -> Any:
    try:
        said = read_json(content)
    except ValueError:
        said = None
    if not isinstance(said, kind):
        raise FormatError("the bank's answer is not what was asked for", text=content[:80].decode("utf-8", "replace"))
    return said


def _text(said: Any, name: str) -> str:
    value = said.get(name) if isinstance(said, dict) else None
    if not isinstance(value, str):
        raise FormatError("the bank's answer lacks a text", field=name)
    return value


def _number(said: Any, name: str) -> int:
    value = said.get(name) if isinstance(said, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 99:
        raise FormatError("the bank's answer lacks a number from 0 to 99", field=name)
    return value


def _proxy(lab: Lab) -> httpx2.Proxy | None:
    """Return the proxy of the configuration when it is to be used."""
    if not read_setting(lab.database, "proxy"):
        return None
    address = str(read_setting(lab.database, "proxy_address"))
    if not address:
        raise Refused("the configuration says to use a proxy and gives no address of it")
    user = str(read_setting(lab.database, "proxy_user") or "")
    password = str(read_setting(lab.database, "proxy_password") or "")
    return httpx2.Proxy(
        f"http://{address}:{read_setting(lab.database, 'proxy_port')}", auth=(user, password) if user else None
    )
