"""Calls with a key of their caller (the header Idempotency-Key): done once, however often they are sent.

What a call answered is kept in the transaction of its change, for DAYS_ANSWERS_KEPT days. A call that failed has
changed nothing and is simply made again. Arguments can hold a password, which nobody must be able to guess from what is
kept of them: their digest depends on the key, and of the key nothing but a digest is kept, either.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.lab import Lab
from bankklient_lab.server import wire
from bankklient_lab.server.limits import DAYS_ANSWERS_KEPT, KEY_CHARS_MAX, KEY_CHARS_MIN
from bankklient_lab.server.problems import Turned

if TYPE_CHECKING:
    from bankklient_lab.actions import Action


CALL_RUNNING = "call_running"


def takes_key(action: Action[..., Any]) -> bool:
    """Tell whether calls of an action can have a key: it changes something and needs a login."""
    return action.declared.mode != "standard" and not action.declared.public


def checked_key(text: str) -> str:
    """Return the key that a header names, with or without quotes; BadArgument when it can't be one."""
    key = text.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not (KEY_CHARS_MIN <= len(key) <= KEY_CHARS_MAX and key.isascii() and key.isprintable()):
        raise BadArgument(
            f"an Idempotency-Key has {KEY_CHARS_MIN} to {KEY_CHARS_MAX} printable characters and is a new one for each"
            " call, such as a random UUID"
        )
    return key


class KeyedCall:
    """A call of `lab.caller` with a key, as Lab.repeatable."""

    def __init__(self, lab: Lab, key: str, action: Action[..., Any], arguments: Mapping[str, object]) -> None:
        self._lab, self._action = lab, action.name
        self._secret = key.encode()
        self._id = self._derived(b"id").hex()
        said = json.dumps([action.name, wire.encode(arguments, _content)], sort_keys=True)
        self._digest = self._derived(b"call " + said.encode()).hex()

    def _derived(self, purpose: bytes) -> bytes:
        return hmac.digest(self._secret, purpose, "sha256")

    def answered(self, cursor: Any) -> tuple[bool, Any]:
        """Tell whether the call was done before, and what it returned; Refused for the key of another call."""
        row = cursor.execute(
            "SELECT digest, answer FROM ops.call WHERE user_id = ? AND key = ? AND done_at > ?",
            [self._lab.caller.user_id, self._id, self._oldest()],
        ).fetchone()
        if row is None:
            return False, None
        digest, answer = row
        if not hmac.compare_digest(digest, self._digest):
            raise Refused("this Idempotency-Key belongs to another call; take a new key for each call")
        return True, wire.decode(json.loads(answer))

    def keep(self, cursor: Any, result: Any) -> None:
        """Keep what the call returned, within the transaction of `cursor`; answers of long ago go."""
        kept = json.dumps(wire.encode(result))
        cursor.execute(
            "INSERT OR REPLACE INTO ops.call VALUES (?, ?, ?, ?, ?, ?)",
            [self._lab.caller.user_id, self._id, self._action, self._digest, kept, self._lab.clock()],
        )
        cursor.execute("DELETE FROM ops.call WHERE done_at <= ?", [self._oldest()])

    def _oldest(self) -> Any:
        return self._lab.clock() - timedelta(days=DAYS_ANSWERS_KEPT)


def _content(path: Path) -> str:
    """Return what stands for a file in the digest of a call: that of its content."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


class UnderWay:
    """The keys of calls that run now."""

    def __init__(self) -> None:
        self._keys: set[tuple[int, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def only(self, user_id: int, key: str) -> Iterator[None]:
        """Run a call; Turned (call_running) while another one with its key runs."""
        with self._lock:
            if (user_id, key) in self._keys:
                raise Turned(CALL_RUNNING, "the call with this Idempotency-Key is still under way", retry_after=0.5)
            self._keys.add((user_id, key))
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard((user_id, key))
