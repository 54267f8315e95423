"""The keeper of a lab: who is logged in and what each caller may do, asked on every call.

A lab with one user and served to nobody belongs to that user without ceremony. Access control is on as soon as a second
user exists, valid or not, or the lab is served to others; then every caller has logged in or brings a token.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial

from bankklient_lab.errors import NotAllowed, NotLoggedIn, PasswordExpired, ProofNeeded, StoreError
from bankklient_lab.jobs import Job
from bankklient_lab.rights.editions import Edition, withheld
from bankklient_lab.rights.identity import OWNER, SCHEDULER, Identity, Site
from bankklient_lab.rights.known import Known, Session, Token, User, read
from bankklient_lab.rights.permissions import Held, Needed, everything, permission
from bankklient_lab.store.database import Database

SESSION_IDLE_MAX = timedelta(hours=24)  # a session in which nobody was at work for so long has ended
_SCHEDULER = User("scheduler", "", True, frozenset({930}), None)  # begins and ends runs, and nothing else
NOTED_EVERY = timedelta(minutes=1)  # the last use of a session or token is written no more often


class Keeper:
    """What the access tables of a lab say, kept in memory until `forget`: this process is the only one that writes."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now
        self._lock = threading.RLock()
        self._known: Known | None = None
        self._seen = Known()  # the newest that was known, for what is not written yet
        self._stopped: set[int] = set()  # sessions that end as soon as their work lets go of the lane
        self._jobs: dict[tuple[int | None, int | None], set[Job]] = {}  # long work, by session and token
        self.served = False
        self.site: Site | None = None  # where the pages are, which passkeys belong to

    def forget(self) -> None:
        """Read the tables again at the next question after the change under way is committed."""
        self._database.after_commit(self._drop)

    def _drop(self) -> None:
        with self._lock:
            self._known = None

    def _now_known(self) -> Known:
        """Return what the tables say; the lock must be held while it is used."""
        if self._known is None:
            self._known = self._seen = read(self._database, self._seen)
        return self._known

    @property
    def controlled(self) -> bool:
        """Whether callers must log in."""
        if self.served:
            return True
        with self._lock:
            return len(self._now_known().users) > 1

    def owner(self, name: str = "") -> Identity:
        """Return the caller of a lab without access control: its owner, under the name that the log shall have."""
        with self._lock:
            first = self._now_known().users.get(OWNER)
        return Identity(OWNER, name or (first.name if first else ""), first.reference if first else "")

    def user_name(self, user_id: int) -> str:
        """Return the name of a user."""
        with self._lock:
            return self._now_known().users[user_id].name

    def held(self, caller: Identity) -> Held:
        """Return the permissions of a caller at this moment; NotLoggedIn when the login is over."""
        return self._may(self._user_of(caller), caller)

    @property
    def edition(self) -> Edition:
        """The edition of the lab; UnknownName for one that this version does not know."""
        with self._lock:
            return self._now_known().edition

    def _may(self, user: User | None, caller: Identity) -> Held:
        """Return what a user (None: the owner of a lab without access control) may in this edition and scope."""
        held = everything() if user is None else user.held
        if caller.scope is not None and user is not None:
            held &= caller.scope
        return held - lacking if (lacking := withheld(self.edition)) else held

    def demand(
        self, caller: Identity, needed: Needed, action: str, *, expired: bool = False, personal: bool = False
    ) -> None:
        """Raise NotLoggedIn, PasswordExpired (unless `expired` is allowed) or NotAllowed, or return."""
        user = self._user_of(caller)
        expires = user.password_expires if user else None
        if expires is not None and not expired and caller.token_id is None and expires < self._now().date():
            raise PasswordExpired("your password has expired; choose a new one before you go on")
        if personal and caller.scope is not None:
            raise NotAllowed(f"{action} is not for tokens with a scope; log in for it", action=action)
        held = self._may(user, caller)
        if needed.holds(held):
            return
        lacking = withheld(self.edition)
        if needed.holds(held | lacking):
            raise _not_in_edition(action, needed, self.edition)
        raise _not_allowed(action, needed, caller)

    def demand_proof(self, caller: Identity, action: str) -> None:
        """Raise ProofNeeded unless the caller has shown lately who it is, by logging in or by `prove` (CB-025).

        A token shows nothing: it may do what its scope names, but not all that its user may.
        """
        if caller.token_id is not None and caller.scope is None:
            raise ProofNeeded(f"{action} needs a token whose scope names the permission for it, or a login")
        with self._lock:
            session = self._now_known().sessions.get(caller.session_id or 0)
            if session is None or self._now() - session.proved_at <= self._now_known().proof_lasts:
                return
        raise ProofNeeded(f"{action} needs a fresh proof that it is you: give your password or code once more")

    def proved(self, session_id: int) -> None:
        """Note that the user of a session has shown who it is, which also opens a locked session."""
        with self._lock:
            session = self._now_known().sessions.get(session_id)
            if session is not None:  # it may have been ended meanwhile
                session.proved_at = session.seen_at = self._now()

    def touch(self, caller: Identity) -> None:
        """Note that a person is at work in a session, which keeps it from being locked."""
        with self._lock:
            session = self._now_known().sessions.get(caller.session_id or 0)
            if session is not None:
                session.seen_at = self._now()
        self._write_notes(session)

    def sessions(self) -> dict[int, Identity]:
        """Return who is logged in, by session."""
        with self._lock:
            known = self._now_known()
            return {
                number: self._in_session(number, one) for number, one in known.sessions.items() if not self._over(one)
            }

    def session(self, session_id: int) -> Session | None:
        """Return a session that has not ended."""
        with self._lock:
            session = self._now_known().sessions.get(session_id)
            return None if session is None or self._over(session) else session

    def caller(self, digest: str) -> Identity | None:
        """Return who brings the secret with this digest: of a session that has not ended, or of a token."""
        with self._lock:
            known = self._now_known()
            session_id, token_id = known.by_digest.get(digest, (None, None))
            if session_id is not None:
                session = known.sessions[session_id]
                return None if self._over(session) else self._in_session(session_id, session)
            if token_id is None:
                return None
            token = known.tokens[token_id]
            user = known.users[token.user_id]
            return Identity(token.user_id, user.name, user.reference, "api", token_id=token_id, scope=token.scope)

    def _in_session(self, number: int, one: Session) -> Identity:
        user = self._now_known().users[one.user_id]
        return Identity(one.user_id, user.name, user.reference, one.channel, number, workstation=one.workstation)

    def locked(self, session_id: int) -> bool:
        """Tell whether a session waits for its user to log in again; one that has ended does."""
        session = self.session(session_id)
        return session is None or self._is_locked(session)

    def end_session(self, session_id: int, by: str) -> None:
        """End a session; `by` is the reference of the user who ends it. What it works on is stopped."""
        with self._database.tx("ops") as cursor:
            cursor.execute(
                "UPDATE ops.session SET ended_at = ?, ended_by = ? WHERE session_id = ? AND ended_at IS NULL",
                [self._now(), by, session_id],
            )
            self._database.after_commit(partial(self.cancel_work, session_id))
        self.forget()

    @contextmanager
    def stopping(self, session_id: int) -> Iterator[None]:
        """Let nothing of a session be committed any more while it is being ended."""
        self._stopped.add(session_id)
        self.cancel_work(session_id)
        try:
            yield
        finally:
            self._stopped.discard(session_id)

    @contextmanager
    def cancellable(self, caller: Identity, job: Job) -> Iterator[None]:
        """Let long work be cancelled when the session or token of its caller ends."""
        whose = (caller.session_id, caller.token_id)
        with self._lock:
            self._jobs.setdefault(whose, set()).add(job)
        try:
            yield
        finally:
            with self._lock:
                self._jobs[whose].discard(job)
                if not self._jobs[whose]:
                    del self._jobs[whose]

    def cancel_work(self, session_id: int | None = None, token_id: int | None = None) -> None:
        """Cancel the long work of a session or token."""
        with self._lock:
            for job in self._jobs.get((session_id, token_id), ()):
                job.cancel()

    def end_left_over(self, *, opening: bool = False) -> None:
        """End sessions in which nobody was for long and, when the lab is opened, those of a process that is gone."""
        over = "ended_at IS NULL AND (seen_at < ? OR opened_at < ? AND seen_at IS NULL OR channel = 'local' AND ?)"
        values = [self._now() - SESSION_IDLE_MAX, self._now() - SESSION_IDLE_MAX, opening]
        with self._database.reading() as cursor:
            if not cursor.execute(f"SELECT 1 FROM ops.session WHERE {over} LIMIT 1", values).fetchone():  # noqa: S608
                return
        with self._database.tx("ops") as cursor:
            cursor.execute(f"UPDATE ops.session SET ended_at = ? WHERE {over}", [self._now(), *values])  # noqa: S608
        self.forget()

    def others(self, caller: Identity) -> list[Identity]:
        """Return the callers that are logged in as other users."""
        return [other for other in self.sessions().values() if other.user_id != caller.user_id]

    def _user_of(self, caller: Identity) -> User | None:
        """Return the user whose login holds; None for the owner of a lab without access control."""
        if caller is SCHEDULER:
            return _SCHEDULER
        with self._lock:
            known = self._now_known()
            if caller.session_id is None and caller.token_id is None:
                if caller.user_id == OWNER and not self.served and len(known.users) == 1:
                    return None
                raise NotLoggedIn("log in first")
            used = self._check_token(caller) if caller.token_id is not None else self._check_session(caller)
            user = known.users[caller.user_id]
        if not user.valid:
            raise NotLoggedIn(f"user {user.name} is not valid any more")
        self._write_notes(used)
        return user

    def _check_token(self, caller: Identity) -> Token:
        token, now = self._now_known().tokens.get(caller.token_id or 0), self._now()
        if token is None or token.user_id != caller.user_id or token.withdrawn or token.expires_at <= now:
            raise NotLoggedIn("the token is withdrawn or has expired; make another one")
        token.used_at = now
        return token

    def _check_session(self, caller: Identity) -> Session:
        session = self._now_known().sessions.get(caller.session_id or 0)
        gone = session is None or session.user_id != caller.user_id or caller.session_id in self._stopped
        if session is None or gone or self._over(session):
            raise NotLoggedIn("the session has ended; log in again")
        if self._is_locked(session):
            raise NotLoggedIn("the session is locked; log in again to go on where you were", locked=True)
        if session.channel != "pages":  # a page also calls by itself; `touch` tells that a person does
            session.seen_at = self._now()
        return session

    def _over(self, session: Session) -> bool:
        return self._now() - session.seen_at > SESSION_IDLE_MAX

    def _is_locked(self, session: Session) -> bool:
        idle_max = self._now_known().inactivity
        return session.locked or bool(idle_max and self._now() - session.seen_at > idle_max)

    def _write_notes(self, used: Session | Token | None) -> None:
        """Write when sessions and tokens were last used, once a minute and when nothing else is being written."""
        if used is None or (used.written_at is not None and used.last - used.written_at < NOTED_EVERY):
            return
        with self._database.lane_if_free("ops") as free, suppress(StoreError):
            if not free or self._database.changing("ops"):
                return
            with self._lock:
                known = self._now_known()
                uses: list[tuple[Session | Token, datetime, int, str]] = [
                    (one, one.last, number, "session") for number, one in known.sessions.items()
                ]
                uses += [(one, one.used_at, number, "token") for number, one in known.tokens.items() if one.used_at]
            with self._database.tx("ops") as cursor:
                for one, last, number, table in uses:
                    if one.written_at != last:
                        column = {"session": "seen_at", "token": "used_at"}[table]
                        cursor.execute(f"UPDATE ops.{table} SET {column} = ? WHERE {table}_id = ?", [last, number])  # noqa: S608
                        one.written_at = last


def _not_in_edition(action: str, needed: Needed, edition: Edition) -> NotAllowed:
    return NotAllowed(
        f"{action} is not in the lab's edition {edition}; ask the bank for a larger one",
        action=action,
        needed=needed.text,
        edition=edition,
    )


def _not_allowed(action: str, needed: Needed, caller: Identity) -> NotAllowed:
    numbers = [int(part) for part in re.findall(r"\d+", needed.text)]
    names = "; ".join(f"{number}: {permission(number).name}" for number in numbers)
    through = "this token" if caller.token_id is not None else caller.name
    return NotAllowed(
        f"{action} needs permission {needed} ({names}), which {through} does not have; ask an administrator",
        action=action,
        needed=needed.text,
    )
