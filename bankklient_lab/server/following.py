"""Calls that go on when the owner of a lab ends: to whoever owns the lab next, this process perhaps."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bankklient_lab.access.logins import logout
from bankklient_lab.errors import LabError
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import Credentials
from bankklient_lab.server.arguments import of_call
from bankklient_lab.server.idempotency import KeyedCall, takes_key
from bankklient_lab.server.remote import OwnerGone, RemoteLab

if TYPE_CHECKING:
    from bankklient_lab.actions import Action
    from bankklient_lab.jobs import Job


class Following:
    """Calls to the owner of a lab; when it has ended, to whoever owns the lab next, this process perhaps.

    A call that changes something has a key. So when its answer did not come, it is made again at the next owner and
    still has one effect.
    """

    def __init__(self, way: RemoteLab, reopen: Callable[[Credentials], Lab], credentials: Credentials) -> None:
        self._way = way
        self._reopen = reopen
        self._credentials = credentials
        self._next: Lab | None = None
        self._changing = threading.Lock()

    def call(self, action: Action[..., Any], args: tuple[object, ...], kwargs: Mapping[str, object]) -> Any:
        """Run the action where the lab is now."""
        given, job = of_call(action.function, args, kwargs)
        return self.keyed(action, given, job, secrets.token_hex(16) if takes_key(action) else "")

    def keyed(self, action: Action[..., Any], given: Mapping[str, object], job: Job | None, key: str) -> Any:
        """Run the action with a key, where the lab is now."""
        if self._next is None:
            try:
                return self._way.call(action, given, job, key)
            except OwnerGone:
                with self._changing:
                    self._next = self._next or self._reopen(self._session())
        lab = self._next
        if isinstance(lab.remote, Following):
            return lab.remote.keyed(action, given, job, key)
        if key:
            lab = lab.acting(lab.caller, KeyedCall(lab, key, action, given))
        return action.run(lab, **given, **({"job": job} if job is not None else {}))

    def _session(self) -> Credentials:
        """Return what opens the lab again: a session outlives its owner, the code of a second factor does not."""
        return replace(self._credentials, token=self._way.session or self._credentials.token)

    def close(self) -> None:
        """Let go of the owner."""
        if self._next is not None and self._way.session:
            with contextlib.suppress(LabError):
                logout.run(self._next)
        self._way.close()
        if self._next is not None:
            self._next.close()
