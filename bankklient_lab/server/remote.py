"""The way to a lab that another process owns: each action call goes to the owner's endpoint."""

from __future__ import annotations

import contextlib
import inspect
import json
import platform
import secrets
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from bankklient_lab.errors import Cancelled, LabError, StoreError
from bankklient_lab.formats.sources import open_ordinary
from bankklient_lab.jobs import Job
from bankklient_lab.rights.identity import Credentials
from bankklient_lab.server import wire
from bankklient_lab.server.arguments import JOB, by_name
from bankklient_lab.store.owner import OwnerCard

if TYPE_CHECKING:
    from bankklient_lab.actions import Action

SECONDS_TO_CONNECT = 5.0
SECONDS_BETWEEN_PROGRESS = 0.2
_CHUNK = 1024 * 1024


class OwnerGone(StoreError):
    """The process that owned the lab does not answer any more; nothing was asked of it."""

    code = "owner_gone"


class RemoteLab:
    """Calls to the owner that a card names; may be used by several threads."""

    def __init__(self, card: OwnerCard, user: str) -> None:
        self._card = card
        self._user = user
        self._signed_in = False
        # No proxy and no .netrc of the environment: the token never leaves the machine.
        self._client = httpx2.Client(
            base_url=card.address,
            headers={"Authorization": f"Bearer {card.token}"},
            timeout=httpx2.Timeout(None, connect=SECONDS_TO_CONNECT),
            trust_env=False,
        )

    def answers(self) -> bool:
        """Tell whether the owner answers a query and takes our token."""
        try:
            return self._client.get("/health", timeout=SECONDS_TO_CONNECT).status_code == httpx2.codes.OK
        except httpx2.TransportError:
            return False

    def sign_in(self, credentials: Credentials) -> None:
        """Log in where the lab asks for it; LoginRefused, SecondFactorNeeded, NotLoggedIn without credentials."""
        if not self._client.get("/health").json()["controlled"]:
            return
        secret = credentials.token
        if not secret:
            credentials.check()
            given: dict[str, object] = {
                "name": credentials.user,
                "password": credentials.password,
                "code": credentials.code,
                "workstation": platform.node()[:60],
            }
            secret = self._send("login", given, {})["session"]
            self._signed_in = True
        self._client.headers["Authorization"] = f"Bearer {secret}"

    def call(self, action: Action[..., Any], args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        """Run the action at the owner and return what it returns; its LabError is raised here."""
        given = by_name(action.function, args, kwargs)
        job = given.pop(JOB, None)
        for path in [value for value in given.values() if isinstance(value, Path)]:
            open_ordinary(path).close()
            _name_it(action, given, path)
        with self._said_plainly():
            if isinstance(job, Job):
                return self._with_progress(action.name, given, job)
            return self._send(action.name, given, {})

    def close(self) -> None:
        """Log out, if this way logged in, and let go of the connections."""
        if self._signed_in:
            with contextlib.suppress(LabError, httpx2.TransportError):
                self._send("logout", {}, {})
        self._client.close()

    def _send(self, name: str, given: dict[str, object], headers: dict[str, str]) -> Any:
        body = {"user": self._user, "arguments": wire.encode(given, self._upload)}
        headers = {"Content-Type": "application/json", **headers}
        return _result(self._client.post(f"/actions/{name}", content=json.dumps(body).encode(), headers=headers))

    def _upload(self, path: Path) -> str:
        with path.open("rb") as source:
            answer = self._client.post("/files", content=iter(lambda: source.read(_CHUNK), b""))
        if answer.status_code != httpx2.codes.OK:
            raise wire.decode_error(answer.json()["error"])
        return str(answer.json()["id"])

    def _with_progress(self, name: str, given: dict[str, object], job: Job) -> Any:
        """Make the call in a thread of its own, while this one passes progress and a wish to stop on."""
        job_id, outcome = secrets.token_hex(16), Future[Any]()

        def work() -> None:
            try:
                outcome.set_result(self._send(name, given, {"x-job": job_id}))
            except BaseException as error:  # raised again by result()
                outcome.set_exception(error)

        threading.Thread(target=work, name=f"call {name}", daemon=True).start()
        while True:
            with contextlib.suppress(TimeoutError):
                return outcome.result(SECONDS_BETWEEN_PROGRESS)
            try:
                self._pass_on(job_id, job)
            except (Cancelled, KeyboardInterrupt):
                self._client.delete(f"/jobs/{job_id}")
                outcome.exception()  # wait until the owner let go of it
                raise

    def _pass_on(self, job_id: str, job: Job) -> None:
        answer = self._client.get(f"/jobs/{job_id}")
        if answer.status_code == httpx2.codes.OK:
            said = answer.json()
            job.step(said["doing"] or "starting", said["share"])
        else:
            job.step("sending the file")

    @contextlib.contextmanager
    def _said_plainly(self) -> Iterator[None]:
        try:
            yield
        except httpx2.ConnectError:
            raise OwnerGone(f"process {self._card.pid} ({self._card.command}), which had the lab, has ended") from None
        except httpx2.TransportError as error:
            raise StoreError(
                f"process {self._card.pid} ({self._card.command}), which has the lab, ended while it worked"
                f" ({type(error).__name__}); open the lab again and look whether the work was done"
            ) from None


def _name_it(action: Action[..., Any], given: dict[str, object], path: Path) -> None:
    """Send the file's name along where the action asks for one."""
    if "name" in inspect.signature(action.function).parameters and given.get("name") is None:
        given["name"] = str(path)


def _result(answer: httpx2.Response) -> Any:
    if answer.headers.get("content-type") == wire.ARROW_STREAM:
        return wire.table_from(answer.content)
    try:
        body = answer.json()
    except ValueError:
        raise LabError(f"the owner of the lab gave no answer that can be read (status {answer.status_code})") from None
    if "error" in body:
        raise wire.decode_error(body["error"])
    return wire.decode(body["result"])
