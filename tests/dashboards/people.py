"""A lab of two users that is served: Alice may everything, Bob only looks."""

from __future__ import annotations

from pathlib import Path

import bankklient_lab as bl
from bankklient_lab.access.logins import caller_of, login
from bankklient_lab.access.users import create_user, set_password
from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.lab import open_here
from bankklient_lab.rights.identity import OWNER, Identity
from tests.clocks import Clock
from tests.dashboards.visitor import ALICE, BOB


def shared(path: Path, clock: Clock) -> bl.Lab:
    """A lab of two users: Alice, who may everything, and Bob, who may only look."""
    lab = open_here(path, create=True, clock=clock, user=ALICE[0])
    set_password(lab, ALICE[0], ALICE[1])
    create_user(lab, BOB[0], reference="BO", role="EMPTY", password=BOB[1])
    return lab


def administrator(server: DashboardServer) -> bl.Lab:
    """Alice at work elsewhere."""
    lab = server.lab
    sessions = lab.rights.sessions().values()
    alice = next((one for one in sessions if one.user_id == OWNER), None)
    if alice is None:
        secret = login(lab, *ALICE)["session"]
        alice = caller_of(lab, secret)
    assert isinstance(alice, Identity)
    return lab.acting(alice)
