"""The way to a lab that another process owns: each action call goes to the owner's endpoint."""

from __future__ import annotations

import contextlib
import json
import platform
import secrets
import ssl
import threading
import time
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
from bankklient_lab.store.owner import OwnerCard

if TYPE_CHECKING:
    from bankklient_lab.actions import Action

SECONDS_TO_CONNECT = 5.0
SECONDS_BETWEEN_PROGRESS = 0.2
SECONDS_TO_WAIT = 30.0  # for a turn, when too many calls come at once
_CHUNK = 1024 * 1024


class OwnerGone(StoreError):
    """The process that owned the lab does not answer any more, perhaps in the middle of the call."""

    code = "owner_gone"


class RemoteLab:
    """Calls to the owner that a card names; may be used by several threads."""

    def __init__(self, card: OwnerCard, user: str, *, authorities: str = "") -> None:
        """Prepare the way; `authorities` is a file of certificates to trust, for a server with a private one."""
        self.card = card
        self._user = user
        self.session = ""  # the secret that this way logged in with
        # No proxy and no .netrc of the environment: the token never leaves the machine.
        self._client = httpx2.Client(
            base_url=card.address,
            headers={"Authorization": f"Bearer {card.token}"} if card.token else {},
            timeout=httpx2.Timeout(None, connect=SECONDS_TO_CONNECT),
            trust_env=False,
            verify=_trusted(card.address, authorities),
        )

    def answers(self) -> bool:
        """Tell whether the owner answers a query and takes our token."""
        try:
            return self._client.get("/health", timeout=SECONDS_TO_CONNECT).status_code == httpx2.codes.OK
        except httpx2.TransportError:
            return False

    def sign_in(self, credentials: Credentials) -> None:
        """Log in where the lab asks for it.

        Raises LoginRefused, SecondFactorNeeded, NotLoggedIn without credentials, OwnerGone when no answer came.
        """
        with self._said_plainly():
            self._sign_in(credentials)

    def _sign_in(self, credentials: Credentials) -> None:
        health = self._client.get("/health")
        if health.status_code != httpx2.codes.OK:
            raise OwnerGone(f"{_who(self.card)} can't serve now (status {health.status_code}); try again")
        if not health.json()["controlled"]:
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
            secret = self.session = self._send("login", given, {})["session"]
        self._client.headers["Authorization"] = f"Bearer {secret}"

    def call(self, action: Action[..., Any], given: Mapping[str, object], job: Job | None = None, key: str = "") -> Any:
        """Run the action at the owner and return what it returns; its LabError is raised here.

        With a `key` the call has one effect, however often it is made. Raises OwnerGone when no answer came.
        """
        for path in [value for value in given.values() if isinstance(value, Path)]:
            open_ordinary(path).close()
        headers = {"Idempotency-Key": key} if key else {}
        with self._said_plainly():
            if job is not None:
                return self._with_progress(action.name, given, headers, job)
            return self._send(action.name, given, headers)

    def close(self) -> None:
        """Log out, if this way logged in, and let go of the connections; calling it again does nothing."""
        session, self.session = self.session, ""
        if session:
            with contextlib.suppress(LabError, httpx2.TransportError):
                self._send("logout", {}, {})
        self._client.close()

    def _send(self, name: str, given: Mapping[str, object], headers: Mapping[str, str]) -> Any:
        patience = time.monotonic() + SECONDS_TO_WAIT
        while True:
            body = {"user": self._user, "arguments": wire.encode(given, self._upload)}
            answer = self._client.post(
                f"/actions/{name}",
                content=json.dumps(body).encode(),
                headers={"Content-Type": wire.EXACT, "Accept": f"{wire.EXACT}, {wire.ARROW_STREAM}", **headers},
            )
            if not _is_early(answer) or time.monotonic() > patience:
                return _result(answer)
            time.sleep(float(answer.headers.get("retry-after", "1")))

    def _upload(self, path: Path) -> str:
        with path.open("rb") as source:
            answer = self._client.post("/files", content=iter(lambda: source.read(_CHUNK), b""))
        if answer.status_code != httpx2.codes.OK:
            raise _refused(answer)
        return str(answer.json()["id"])

    def _with_progress(self, name: str, given: Mapping[str, object], headers: Mapping[str, str], job: Job) -> Any:
        """Make the call in a thread of its own, while this one passes progress and a wish to stop on."""
        job_id, outcome = secrets.token_hex(16), Future[Any]()

        def work() -> None:
            try:
                outcome.set_result(self._send(name, given, {"x-job": job_id, **headers}))
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
        except httpx2.TransportError as error:
            raise OwnerGone(
                f"{_who(self.card)} gave no answer"
                f" ({type(error).__name__}); open the lab again and look whether the work was done"
            ) from None


def _trusted(address: str, authorities: str) -> ssl.SSLContext | bool:
    """Return whom to trust; without TLS nobody, because reading all authorities takes a while."""
    if not address.startswith("https://"):
        return False
    return ssl.create_default_context(cafile=authorities or None)


def _who(card: OwnerCard) -> str:
    return f"process {card.pid} ({card.command}), which has the lab," if card.pid else card.command


def _is_early(answer: httpx2.Response) -> bool:
    """Tell whether the call is to be made again a little later: too many at once, or the first one still runs."""
    if answer.status_code == httpx2.codes.TOO_MANY_REQUESTS:
        return True
    return answer.status_code == httpx2.codes.CONFLICT and answer.json().get("code") == "call_running"


def _result(answer: httpx2.Response) -> Any:
    if answer.status_code != httpx2.codes.OK:
        raise _refused(answer)
    if answer.headers.get("content-type") == wire.ARROW_STREAM:
        return wire.table_from(answer.content)
    return wire.decode(answer.json()["result"])


def _refused(answer: httpx2.Response) -> LabError:
    try:
        return wire.decode_error(answer.json())
    except (ValueError, AttributeError):
        return LabError(f"the owner of the lab gave no answer that can be read (status {answer.status_code})")
