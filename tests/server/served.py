"""A lab of several users with its open API, in this process, and clients that are real HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from bankklient_lab.access.logins import caller_of, digest
from bankklient_lab.access.users import create_user, set_password
from bankklient_lab.lab import Clock, Lab, utc_now
from bankklient_lab.opening import Offer, connect
from bankklient_lab.rights.identity import Credentials
from bankklient_lab.rights.permissions import written
from bankklient_lab.server.places import Place

OWNER, PASSWORD = "tester", "Horse-battery-7-staple"  # the first user of the lab of conftest
CLERK, CLERK_PASSWORD = "clerk", "Correct-horse-9-battery"


@dataclass
class Served:
    """The lab, and where its API is."""

    lab: Lab
    address: str

    @contextmanager
    def client(self, secret: str = "", **headers: str) -> Iterator[httpx2.Client]:
        """Give a client that brings a secret."""
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        with httpx2.Client(base_url=self.address, headers=headers, trust_env=False, timeout=30, verify=False) as client:
            yield client

    def login(self, user: str = OWNER, password: str = PASSWORD) -> str:
        """Log in and return the secret of the session."""
        with self.client() as http:
            answer = http.post("/actions/login", json={"name": user, "password": password})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["result"]["session"])

    def session_with(self, permissions: Iterable[int]) -> str:
        """Return the secret of a session of a new user who has just these permissions, whole set or not."""
        name, secret, now = f"u{secrets.token_hex(6)}", secrets.token_urlsafe(32), datetime.now(UTC)
        with self.lab.database.tx("ops") as cursor:
            (number,) = cursor.execute("SELECT max(user_id) + 1 FROM ops.user").fetchone()
            cursor.execute(
                "INSERT INTO ops.role SELECT max(role_id) + 1, ?, '', false, true, ? FROM ops.role",
                [name, written(permissions)],
            )
            cursor.execute(
                "INSERT INTO ops.user SELECT u.* REPLACE (? AS user_id, ? AS name, ? AS reference,"
                " (SELECT max(role_id) FROM ops.role) AS role_id, NULL AS password_hash, '' AS permissions,"
                " 'operational' AS kind) FROM ops.user u WHERE user_id = 1",
                [number, name, name],
            )
            cursor.execute(
                "INSERT INTO ops.session (session_id, digest, user_id, channel, workstation, opened_at, locked)"
                " SELECT coalesce(max(session_id), 0) + 1, ?, ?, 'api', '', ?, false FROM ops.session",
                [digest(secret), number, now],
            )
        self.lab.rights.forget()
        return secret

    def token_of(self, user_id: int, scope: Iterable[int] | None = None, **columns: Any) -> str:
        """Return a new token of a user."""
        secret, now = secrets.token_urlsafe(32), datetime.now(UTC)
        with self.lab.database.tx("ops") as cursor:
            cursor.execute(
                "INSERT INTO ops.token (token_id, digest, user_id, name, scope, created_at, expires_at)"
                " SELECT coalesce(max(token_id), 0) + 1, ?, ?, 'test', ?, ?, ? FROM ops.token",
                [
                    digest(secret), user_id, None if scope is None else written(scope), now,
                    columns.get("expires_at", now + timedelta(hours=1)),
                ],
            )  # fmt: skip
        self.lab.rights.forget()
        return secret

    def acting(self, secret: str) -> Lab:
        """Return the lab in the hands of who brings a secret."""
        caller = caller_of(self.lab, secret)
        assert caller is not None
        return self.lab.acting(caller)


@contextmanager
def served(path: Path, *, clock: Clock = utc_now, place: Place | None = None) -> Iterator[Served]:
    """Serve a lab that nobody holds; users are made where it has one only."""
    with connect(path, credentials=Credentials(), clock=clock, share_after=0.0, serving=True) as lab:
        if not lab.rights.controlled:
            lab.caller = lab.rights.owner()
            set_password(lab, lab.rights.user_name(1), PASSWORD)
            create_user(lab, CLERK, reference="CL", role="VIEW", password=CLERK_PASSWORD)
        assert isinstance(lab.sharing, Offer)
        port = lab.sharing.open_to(place or Place())
        yield Served(lab, f"http://127.0.0.1:{port}")
