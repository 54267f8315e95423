"""What the access tables of a lab say, read whole: users, sessions that have not ended, tokens and two settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from bankklient_lab.rights.editions import SETTING, Edition, edition_of
from bankklient_lab.rights.identity import Channel
from bankklient_lab.rights.permissions import Held, parse
from bankklient_lab.rights.settings import parameter
from bankklient_lab.store.database import Database

INACTIVITY, PROOF_LASTS = "inactivity_minutes", "proof_minutes"  # settings


@dataclass(frozen=True, slots=True)
class User:
    """A user with the permissions of role and user together."""

    name: str
    reference: str
    valid: bool
    held: Held
    password_expires: date | None  # last day on which it is good


@dataclass(slots=True)
class Session:
    """A session; `seen_at` is when somebody was at work in it, `proved_at` when its user last showed who it is."""

    user_id: int
    channel: Channel
    workstation: str
    opened_at: datetime
    locked: bool
    seen_at: datetime
    proved_at: datetime
    written_at: datetime | None  # the `seen_at` that the lab's file has

    @property
    def last(self) -> datetime:
        """The last use."""
        return self.seen_at


@dataclass(slots=True)
class Token:
    """A token; without a scope it may what its user may."""

    user_id: int
    scope: Held | None
    expires_at: datetime
    withdrawn: bool
    used_at: datetime | None
    written_at: datetime | None  # the `used_at` that the lab's file has

    @property
    def last(self) -> datetime:
        """The last use."""
        assert self.used_at is not None
        return self.used_at


@dataclass(frozen=True, slots=True)
class Known:
    """All of it, by number; `by_digest` gives session and token of a secret."""

    users: dict[int, User] = field(default_factory=dict)
    sessions: dict[int, Session] = field(default_factory=dict)
    tokens: dict[int, Token] = field(default_factory=dict)
    by_digest: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    inactivity: timedelta = timedelta(0)
    proof_lasts: timedelta = timedelta(0)
    edition: Edition = "xl"


def read(database: Database, before: Known) -> Known:
    """Return what is committed, with the last uses of `before` that are not written yet."""
    with database.reading(committed=True) as cursor:  # a transaction under way may yet be undone
        users = cursor.execute(
            "SELECT u.user_id, u.name, u.reference, u.valid, r.permissions, u.permissions, u.password_expires"
            " FROM ops.user u JOIN ops.role r USING (role_id)"
        ).fetchall()
        sessions = cursor.execute(
            "SELECT digest, session_id, user_id, channel, workstation, opened_at, locked, seen_at FROM ops.session"
            " WHERE ended_at IS NULL"
        ).fetchall()
        tokens = cursor.execute(
            "SELECT digest, token_id, user_id, scope, expires_at, withdrawn_at IS NOT NULL, used_at FROM ops.token"
        ).fetchall()
        settings = dict(cursor.execute("SELECT name, value FROM ops.setting").fetchall())
    return Known(
        users={
            number: User(name, reference, valid, parse(of_role) | parse(own), expires)
            for number, name, reference, valid, of_role, own, expires in users
        },
        sessions={number: _session(before.sessions.get(number), tuple(row)) for _, number, *row in sessions},
        tokens={number: _token(before.tokens.get(number), tuple(row)) for _, number, *row in tokens},
        by_digest={digest: (number, None) for digest, number, *_ in sessions}
        | {digest: (None, number) for digest, number, *_ in tokens},
        inactivity=_minutes(settings, INACTIVITY),
        proof_lasts=_minutes(settings, PROOF_LASTS),
        edition=edition_of(settings.get(SETTING)),
    )


def _minutes(settings: dict[str, str], name: str) -> timedelta:
    return timedelta(minutes=int(settings.get(name, parameter(name).default)))


def _session(before: Session | None, row: tuple[Any, ...]) -> Session:
    user_id, channel, workstation, opened_at, locked, seen_at = row
    seen = max(seen_at or opened_at, before.seen_at if before else opened_at)
    proved = before.proved_at if before else opened_at
    return Session(user_id, channel, workstation, opened_at, locked, seen, proved, seen_at)


def _token(before: Token | None, row: tuple[Any, ...]) -> Token:
    user_id, scope, expires_at, withdrawn, used_at = row
    newest = max((used for used in (used_at, before.used_at if before else None) if used), default=None)
    return Token(user_id, None if scope is None else parse(scope), expires_at, withdrawn, newest, used_at)
