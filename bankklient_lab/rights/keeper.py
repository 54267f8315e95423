"""The keeper of a lab: who is logged in and what each caller may do, asked on every call.

A lab with one user and served to nobody belongs to that user without ceremony. Access control is on as soon as a second
user exists, valid or not, or the lab is served to others; then every caller has logged in or brings a token.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bankklient_lab.errors import NotAllowed, NotLoggedIn, PasswordExpired
from bankklient_lab.rights.identity import NOBODY, OWNER, Channel, Identity
from bankklient_lab.rights.permissions import Held, Needed, everything, parse, permission
from bankklient_lab.store.database import Database

INACTIVITY = "inactivity_minutes"  # the name of the setting


@dataclass(frozen=True, slots=True)
class _User:
    name: str
    reference: str
    valid: bool
    held: Held
    password_expires: Any  # date or None


@dataclass(slots=True)
class _Session:
    user_id: int
    channel: Channel
    workstation: str
    opened_at: datetime
    locked: bool
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class _Token:
    user_id: int
    scope: str | None
    expires_at: datetime
    withdrawn: bool


class Keeper:
    """What the access tables of a lab say, kept in memory until `forget`: this process is the only one that writes."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now
        self._lock = threading.RLock()
        self._users: dict[int, _User] | None = None
        self._sessions: dict[int, _Session] = {}
        self._tokens: dict[int, _Token] = {}
        self._by_digest: dict[str, tuple[int | None, int | None]] = {}  # session and token of a secret
        self._inactivity = timedelta(0)
        self.served = False

    def forget(self) -> None:
        """Read the tables again at the next question after the change under way is committed."""
        self._database.after_commit(self._drop)

    def _drop(self) -> None:
        with self._lock:
            self._users = None

    @property
    def controlled(self) -> bool:
        """Whether callers must log in."""
        return self.served or len(self._known()) > 1

    def owner(self, name: str = "") -> Identity:
        """Return the caller of a lab without access control: its owner, under the name that the log shall have."""
        first = self._known().get(OWNER)
        return Identity(OWNER, name or (first.name if first else ""), first.reference if first else "")

    def user_name(self, user_id: int) -> str:
        """Return the name of a user."""
        return self._known()[user_id].name

    def held(self, caller: Identity) -> Held:
        """Return the permissions of a caller at this moment; NotLoggedIn when the login is over."""
        if not self.controlled:
            return everything() if caller.scope is None else caller.scope
        user = self._user_of(caller)
        return user.held if caller.scope is None else user.held & caller.scope

    def demand(self, caller: Identity, needed: Needed, action: str, *, expired: bool = False) -> None:
        """Raise NotLoggedIn, PasswordExpired (unless `expired` is allowed) or NotAllowed, or return."""
        held = self.held(caller)
        if not self.controlled:
            return
        expires = self._known()[caller.user_id].password_expires
        if expires is not None and expires < self._now().date() and not expired and caller.token_id is None:
            raise PasswordExpired("your password has expired; choose a new one before you go on")
        if not needed.holds(held):
            raise _not_allowed(action, needed, caller)

    def touch(self, caller: Identity) -> None:
        """Note that a person is at work in a session, which keeps it from being locked."""
        with self._lock:
            session = self._sessions.get(caller.session_id or 0)
            if session is not None:
                session.seen_at = self._now()

    def sessions(self) -> dict[int, Identity]:
        """Return who is logged in, by session."""
        self._known()
        with self._lock:
            return {number: self._in_session(number) for number in self._sessions}

    def caller(self, digest: str) -> Identity | None:
        """Return who brings the secret with this digest: of a session that has not ended, or of a token."""
        users = self._known()
        with self._lock:
            session_id, token_id = self._by_digest.get(digest, (None, None))
            if session_id is not None:
                return self._in_session(session_id)
            if token_id is None:
                return None
            token = self._tokens[token_id]
            user, scope = users[token.user_id], None if token.scope is None else parse(token.scope)
            return Identity(token.user_id, user.name, user.reference, "api", token_id=token_id, scope=scope)

    def _in_session(self, number: int) -> Identity:
        one = self._sessions[number]
        user = self._known()[one.user_id]
        return Identity(one.user_id, user.name, user.reference, one.channel, number, workstation=one.workstation)

    def seen_at(self, session_id: int) -> datetime | None:
        """Return when somebody was last at work in a session."""
        with self._lock:
            session = self._sessions.get(session_id)
            return session.seen_at if session else None

    def locked(self, session_id: int) -> bool:
        """Tell whether a session waits for its user to log in again."""
        self._known()
        with self._lock:
            session = self._sessions.get(session_id)
            return session is None or self._is_locked(session)

    def end_session(self, session_id: int, by: str) -> None:
        """End a session; `by` is the reference of the user who ends it."""
        with self._database.tx("ops") as cursor:
            cursor.execute(
                "UPDATE ops.session SET ended_at = ?, ended_by = ? WHERE session_id = ? AND ended_at IS NULL",
                [self._now(), by, session_id],
            )
        self.forget()

    def others(self, caller: Identity) -> list[Identity]:
        """Return the callers that are logged in as other users."""
        return [other for other in self.sessions().values() if other.user_id != caller.user_id]

    def _user_of(self, caller: Identity) -> _User:
        users = self._known()
        user = users.get(caller.user_id)
        if caller is NOBODY or user is None or (caller.session_id is None and caller.token_id is None):
            raise NotLoggedIn("log in first")
        with self._lock:
            if caller.token_id is not None:
                token = self._tokens.get(caller.token_id)
                if token is None or token.withdrawn or token.expires_at <= self._now():
                    raise NotLoggedIn("the token is withdrawn or has expired; make another one")
            else:
                self._check_session(caller)
        if not user.valid:
            raise NotLoggedIn(f"user {user.name} is not valid any more")
        return user

    def _check_session(self, caller: Identity) -> None:
        session = self._sessions.get(caller.session_id or 0)
        if session is None or session.user_id != caller.user_id:
            raise NotLoggedIn("the session has ended; log in again")
        if self._is_locked(session):
            raise NotLoggedIn("the session is locked; log in again to go on where you were", locked=True)
        if session.channel == "api":
            session.seen_at = self._now()

    def _is_locked(self, session: _Session) -> bool:
        return session.locked or bool(self._inactivity and self._now() - session.seen_at > self._inactivity)

    def _known(self) -> dict[int, _User]:
        with self._lock:
            if self._users is None:
                self._users = self._read()
            return self._users

    def _read(self) -> dict[int, _User]:
        with self._database.reading() as cursor:
            users = cursor.execute(
                "SELECT u.user_id, u.name, u.reference, u.valid, r.permissions, u.permissions, u.password_expires"
                " FROM ops.user u JOIN ops.role r USING (role_id)"
            ).fetchall()
            sessions = cursor.execute(
                "SELECT digest, session_id, user_id, channel, workstation, opened_at, locked FROM ops.session"
                " WHERE ended_at IS NULL"
            ).fetchall()
            tokens = cursor.execute(
                "SELECT digest, token_id, user_id, scope, expires_at, withdrawn_at IS NOT NULL FROM ops.token"
            ).fetchall()
            minutes = cursor.execute("SELECT value FROM ops.setting WHERE name = ?", [INACTIVITY]).fetchone()
        self._inactivity = timedelta(minutes=int(minutes[0]) if minutes else 0)
        seen, now = {number: one.seen_at for number, one in self._sessions.items()}, self._now()
        self._sessions = {
            number: _Session(user_id, channel, workstation, opened, locked, seen.get(number, now))
            for _, number, user_id, channel, workstation, opened, locked in sessions
        }
        self._tokens = {number: _Token(*row) for _, number, *row in tokens}
        self._by_digest = {digest: (number, None) for digest, number, *_ in sessions}
        self._by_digest |= {digest: (None, number) for digest, number, *_ in tokens}
        return {
            number: _User(name, reference, valid, parse(of_role) | parse(own), expires)
            for number, name, reference, valid, of_role, own, expires in users
        }


def _not_allowed(action: str, needed: Needed, caller: Identity) -> NotAllowed:
    numbers = [int(part) for part in re.findall(r"\d+", needed.text)]
    names = "; ".join(f"{number}: {permission(number).name}" for number in numbers)
    through = "this token" if caller.token_id is not None else caller.name
    return NotAllowed(
        f"{action} needs permission {needed} ({names}), which {through} does not have; ask an administrator",
        action=action,
        needed=needed.text,
    )
