"""Calls that take long: how far they are, and the way to stop them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.to_thread
from starlette.requests import Request

from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.jobs import Job

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass
class Running:
    """A long call; `user_id` is whose."""

    user_id: int
    job: Job = field(init=False)
    doing: str = ""
    share: float | None = None

    def __post_init__(self) -> None:
        self.job = Job(self._note)

    def _note(self, doing: str, share: float | None) -> None:
        self.doing, self.share = doing, share


class LongCalls:
    """The long calls of a lab, by the ids that their callers gave them."""

    def __init__(self) -> None:
        self._calls: dict[str, Running] = {}

    def __len__(self) -> int:
        return len(self._calls)

    @contextmanager
    def new(self, given: str | None, user_id: int) -> Iterator[Running]:
        """Note a call while it runs; BadArgument for an id that can't be or is taken."""
        job_id = given or secrets.token_hex(16)
        if not _ID.fullmatch(job_id) or job_id in self._calls:
            raise BadArgument("the header X-Job must be 32 new hexadecimal digits")
        running = self._calls[job_id] = Running(user_id)
        try:
            yield running
        finally:
            del self._calls[job_id]

    def of(self, job_id: str, user_id: int) -> Running:
        """Return a user's running call; UnknownName for another's, too."""
        running = self._calls.get(job_id)
        if running is None or running.user_id != user_id:
            raise UnknownName("job", job_id)
        return running

    def cancel_all(self) -> None:
        """Stop all of them."""
        for running in list(self._calls.values()):
            running.job.cancel()


async def until_gone(request: Request, job: Job, work: Callable[[], Any], limiter: anyio.CapacityLimiter) -> Any:
    """Run long work in a thread; when the caller goes away it is cancelled."""

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        job.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        result: list[Any] = []
        failure: Exception | None = None
        try:
            result.append(await anyio.to_thread.run_sync(work, limiter=limiter))
        except Exception as error:  # raised below, outside the group that would wrap it
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return result[0]
