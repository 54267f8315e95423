"""Short-lived tokens of a user for what works in the user's name: the kernel of a run, and JupyterLab.

A token has the rights of its user at the moment of each call, or of the narrower token that asked for it. It is
withdrawn when the work ends, and good for no more than a day in any case. Schedules and JupyterLab go on for longer
than a token may: only people begin them.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from bankklient_lab.access.factors import own_login
from bankklient_lab.access.logins import digest
from bankklient_lab.access.tokens import PREFIX
from bankklient_lab.actions import action
from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.rights.permissions import Held, written

RUNNING = "930"  # the permission to run notebooks
HOURS = 24


@action(RUNNING, secret=True)
def run_token(lab: Lab, run_id: int) -> str:
    """Return the token of a run that the caller has just started; empty in a lab without access control.

    Refused for a run of another user, one that has ended, and one that has its token already.
    """
    if not lab.rights.controlled:
        return ""
    own = lab.rows(
        "SELECT 1 FROM ops.run r WHERE run_id = $run AND state = 'running' AND user_id = $user AND schedule_id IS NULL"
        " AND NOT EXISTS (FROM ops.token t WHERE t.run_id = r.run_id)",
        {"run": run_id, "user": lab.caller.user_id},
    )
    if not own:
        raise Refused(f"run {run_id} is not one of yours that has just begun")
    with lab.database.tx("ops") as cursor:
        return issue(lab, cursor, lab.caller.user_id, name=f"run {run_id}", run_id=run_id, scope=lab.caller.scope)[0]


def scheduled_token(
    lab: Lab, cursor: Any, user_id: int, *, what: str, needs: int, run_id: int | None = None, scope: Held | None = None
) -> tuple[str, str]:
    """Return the token for work that is due in a user's name, or why the user may not do it now.

    `what` names the work, `needs` is the permission for it. Within `cursor`'s transaction. In a lab without access
    control both are empty.
    """
    if not lab.rights.controlled:
        return "", ""
    row = cursor.execute(
        "SELECT u.name, u.valid, list_contains(string_split(r.permissions || ' ' || u.permissions, ' '), ?)"
        " FROM ops.user u JOIN ops.role r USING (role_id) WHERE user_id = ?",
        [str(needs), user_id],
    ).fetchone()
    name, valid, may = row or (f"number {user_id}", False, False)
    if not valid:
        return "", f"user {name}, in whose name it is due, is not valid any more"
    if not may:
        return "", f"user {name}, in whose name it is due, does not have permission {needs} any more"
    return issue(lab, cursor, user_id, name=what, run_id=run_id, scope=scope)[0], ""


@action(RUNNING, secret=True)
def begin_jupyter(lab: Lab) -> dict[str, Any]:
    """Return token (empty in a lab without access control) and token_id, for JupyterLab in the caller's name."""
    if not lab.rights.controlled:
        return {"token": "", "token_id": 0}
    own_login(lab)
    with lab.database.tx("ops") as cursor:
        secret, number = issue(lab, cursor, lab.caller.user_id, name="JupyterLab", run_id=None, scope=lab.caller.scope)
    return {"token": secret, "token_id": number}


@action(RUNNING)
def end_jupyter(lab: Lab, token_id: int) -> None:
    """Withdraw the caller's token of a JupyterLab that has ended."""
    with lab.database.tx("ops") as cursor:
        ended = cursor.execute(
            "UPDATE ops.token SET withdrawn_at = ?"
            " WHERE token_id = ? AND user_id = ? AND name = 'JupyterLab' AND withdrawn_at IS NULL RETURNING token_id",
            [lab.clock(), token_id, lab.caller.user_id],
        ).fetchall()
        if ended:
            lab.log(cursor, "withdraw_token", "JupyterLab", token_id=token_id, user=lab.caller.name)
            lab.rights.forget()
            lab.database.after_commit(lambda: lab.rights.cancel_work(token_id=token_id))


def issue(lab: Lab, cursor: Any, user_id: int, *, name: str, run_id: int | None, scope: Held | None) -> tuple[str, int]:
    """Make a token within the transaction of `cursor`; return its secret and number."""
    secret, now = PREFIX + secrets.token_urlsafe(32), lab.clock()
    (number,) = cursor.execute("SELECT coalesce(max(token_id), 0) + 1 FROM ops.token").fetchone() or (1,)
    kept = None if scope is None else written(scope)
    cursor.execute(
        "INSERT INTO ops.token (token_id, digest, user_id, name, scope, created_at, expires_at, run_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [number, digest(secret), user_id, name, kept, now, now + timedelta(hours=HOURS), run_id],
    )
    user = lab.rights.user_name(user_id)
    lab.log(
        cursor, "create_token", name, token_id=number, user=user, scope=kept, expires_at=now + timedelta(hours=HOURS)
    )
    lab.rights.forget()
    return secret, number


def withdraw_of_runs(lab: Lab, cursor: Any, runs: list[int]) -> None:
    """Withdraw the tokens of runs that have ended, within the transaction of `cursor`."""
    ended = cursor.execute(
        "UPDATE ops.token SET withdrawn_at = ? WHERE list_contains(?, run_id) AND withdrawn_at IS NULL"
        " RETURNING token_id",
        [lab.clock(), runs],
    ).fetchall()
    if ended:
        lab.rights.forget()


def withdraw(lab: Lab, token: str) -> None:
    """Withdraw a token that was made here, by its secret."""
    with lab.database.tx("ops") as cursor:
        cursor.execute(
            "UPDATE ops.token SET withdrawn_at = ? WHERE digest = ? AND withdrawn_at IS NULL",
            [lab.clock(), digest(token)],
        )
        lab.rights.forget()
