"""Recovery codes: ten codes for who lost a second factor, each good once; the lab keeps their digests only."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import NotAllowed
from bankklient_lab.lab import Lab

CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
_GROUPS, _GROUP_CHARS = 4, 4  # 79 bits: too many to try even for who has the digests


@action(proof=True, secret=True)
def make_recovery_codes(lab: Lab) -> list[str]:
    """Make ten recovery codes, which are shown only now; those made before are no good any more."""
    if lab.caller.token_id is not None:
        raise NotAllowed("a token can't make recovery codes; log in for it")
    with lab.database.tx("ops") as cursor:
        return _made(lab, cursor)


def first_codes(lab: Lab, cursor: Any) -> list[str]:
    """Return new codes for a user who has none that is good; none otherwise."""
    ((left,),) = cursor.execute(
        "SELECT count(*) FROM ops.recovery_code WHERE user_id = ? AND used_at IS NULL", [lab.caller.user_id]
    ).fetchall()
    return [] if left else _made(lab, cursor)


def used(lab: Lab, user_id: int, code: str) -> bool:
    """Use a code up; false when it is none of the user's or was used."""
    with lab.database.tx("ops") as cursor:
        found = cursor.execute(
            "UPDATE ops.recovery_code SET used_at = ? WHERE user_id = ? AND digest = ? AND used_at IS NULL"
            " RETURNING digest",
            [lab.clock(), user_id, _digest(code)],
        ).fetchall()
        if found:
            lab.log(cursor, "use_recovery_code", lab.rights.user_name(user_id))
    return bool(found)


def _made(lab: Lab, cursor: Any) -> list[str]:
    codes = [_code() for _ in range(CODES)]
    cursor.execute("DELETE FROM ops.recovery_code WHERE user_id = ?", [lab.caller.user_id])
    cursor.executemany(
        "INSERT INTO ops.recovery_code VALUES (?, ?, ?, NULL)",
        [(lab.caller.user_id, _digest(code), lab.clock()) for code in codes],
    )
    lab.log(cursor, "make_recovery_codes", lab.user)
    return codes


def _code() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARS)) for _ in range(_GROUPS))


def _digest(code: str) -> str:
    return hashlib.sha256(code.strip().lower().replace("-", "").encode()).hexdigest()
