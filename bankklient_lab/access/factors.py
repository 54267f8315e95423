"""Second factors: what a user shows at login besides the password, a code of an app or a passkey.

A factor guards nothing until it was proven once. Whoever loses it logs in with a recovery code (access.recovery), or an
administrator removes it.
"""

from __future__ import annotations

import hmac
import io
from typing import Any, NamedTuple

from bankklient_lab.access.recovery import first_codes, used
from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, LoginRefused, NotAllowed, Refused, UnknownName
from bankklient_lab.lab import Lab, Read

ISSUER = "bankklient"
FACTORS_MAX = 10  # of a user
NAME_CHARS_MAX = 40
_STEP_SECONDS = 30


class Missing(NamedTuple):
    """Kinds of factors of which one must still be shown, and what a browser needs for a passkey (JSON, or empty)."""

    kinds: list[str]
    options: str = ""


def kinds_of(lab: Lab, user_id: int) -> list[str]:
    """Return the kinds of second factors that a user has."""
    kinds = lab.rows(
        "SELECT DISTINCT kind FROM ops.factor WHERE user_id = $id AND confirmed AND removed_at IS NULL ORDER BY kind",
        {"id": user_id},
    )
    return [kind for (kind,) in kinds]


def check_factor(lab: Lab, user_id: int, code: str, passkey: str) -> Missing:
    """Return what must still be shown: nothing when `code` or `passkey` is right or the user has no factor.

    A code is good once, whatever comes of the call.
    """
    kinds = kinds_of(lab, user_id)
    if not kinds:
        return Missing([])
    from bankklient_lab.access.passkeys import is_answered, login_options

    if passkey:
        return Missing([] if is_answered(lab, user_id, passkey) else kinds)
    plain = code.replace(" ", "")
    if plain and (_totp_used(lab, user_id, plain) or used(lab, user_id, plain)):
        return Missing([])
    return Missing(kinds, login_options(lab, user_id) if "passkey" in kinds and not code else "")


@table_action(personal=True)
def factors(lab: Lab) -> Read:
    """Return the caller's second factors.

    Columns: factor_id, kind (totp, passkey), name, added_at, recovery_codes (how many are left to the user).
    """
    return lab.read(
        "SELECT factor_id, kind, name, added_at, (SELECT count(*) FROM ops.recovery_code c"
        " WHERE c.user_id = f.user_id AND c.used_at IS NULL) AS recovery_codes FROM ops.factor f"
        " WHERE user_id = $id AND confirmed AND removed_at IS NULL ORDER BY factor_id",
        {"id": lab.caller.user_id},
    )


@action(proof=True, secret=True)
def add_totp(lab: Lab, name: str = "app") -> dict[str, Any]:
    """Begin to add a code generator and return factor_id, secret, url (otpauth) and qr (an SVG picture of the url).

    It counts once `confirm_totp` has seen a code of it. One that was begun before is forgotten.
    """
    import pyotp
    import segno

    own_login(lab)
    secret = pyotp.random_base32()
    url = pyotp.TOTP(secret).provisioning_uri(name=lab.user, issuer_name=ISSUER)
    with lab.database.tx("ops") as cursor:
        cursor.execute(
            "DELETE FROM ops.factor WHERE user_id = ? AND kind = 'totp' AND NOT confirmed", [lab.caller.user_id]
        )
        factor_id = insert_factor(lab, cursor, kind="totp", name=name, secret=secret)
    picture = io.BytesIO()
    segno.make(url, error="m").save(picture, kind="svg", scale=4, xmldecl=False)
    return {"factor_id": factor_id, "secret": secret, "url": url, "qr": picture.getvalue().decode()}


@action(secret=True)
def confirm_totp(lab: Lab, factor_id: int, code: str) -> list[str]:
    """Take a code generator into use by a first code of it and return new recovery codes, if the user has none.

    Raises LoginRefused for a wrong code, UnknownName for a factor that was not begun.
    """
    own_login(lab)
    with lab.database.tx("ops") as cursor:
        row = cursor.execute(
            "SELECT secret, last_step, name FROM ops.factor"
            " WHERE factor_id = ? AND user_id = ? AND kind = 'totp' AND NOT confirmed AND removed_at IS NULL",
            [factor_id, lab.caller.user_id],
        ).fetchone()
        if row is None:
            raise UnknownName("factor", factor_id)
        secret, last_step, name = row
        step = _step_of(lab, secret, last_step, code.replace(" ", ""))
        if step is None:
            raise LoginRefused("the code is not right; look whether the clock of the device is, and give the next one")
        cursor.execute("UPDATE ops.factor SET confirmed = true, last_step = ? WHERE factor_id = ?", [step, factor_id])
        lab.log(cursor, "add_factor", lab.user, kind="totp", name=name)
        return first_codes(lab, cursor)


@action(proof=True)
def remove_factor(lab: Lab, factor_id: int) -> None:
    """Remove a second factor of one's own; with the last one the recovery codes go too."""
    own_login(lab)
    with lab.database.tx("ops") as cursor:
        row = cursor.execute(
            "UPDATE ops.factor SET removed_at = ?, secret = ''"
            " WHERE factor_id = ? AND user_id = ? AND removed_at IS NULL RETURNING kind, name",
            [lab.clock(), factor_id, lab.caller.user_id],
        ).fetchone()
        if row is None:
            raise UnknownName("factor", factor_id)
        if not kinds_of(lab, lab.caller.user_id):
            cursor.execute("DELETE FROM ops.recovery_code WHERE user_id = ?", [lab.caller.user_id])
        lab.log(cursor, "remove_factor", lab.user, kind=row[0], name=row[1])


@action("1", record="user", proof=True)
def remove_factors(lab: Lab, user: str) -> int:
    """Remove all second factors and recovery codes of a user who lost them, and return how many factors there were."""
    with lab.database.tx("ops") as cursor:
        row = cursor.execute("SELECT user_id FROM ops.user WHERE name = ?", [user]).fetchone()
        if row is None:
            raise UnknownName("user", user)
        removed = cursor.execute(
            "UPDATE ops.factor SET removed_at = ?, secret = '' WHERE user_id = ? AND removed_at IS NULL RETURNING kind",
            [lab.clock(), row[0]],
        ).fetchall()
        cursor.execute("DELETE FROM ops.recovery_code WHERE user_id = ?", [row[0]])
        lab.log(cursor, "remove_factor", user, kind=" ".join(kind for (kind,) in removed), by_administrator=True)
    return len(removed)


def own_login(lab: Lab) -> None:
    """Raise NotAllowed for a token: what belongs to a person's login is changed by that person alone."""
    if lab.caller.token_id is not None:
        raise NotAllowed("a token can't change how its user logs in, nor make other tokens; log in for it")


def insert_factor(
    lab: Lab, cursor: Any, *, kind: str, name: str, secret: str, last_step: int = 0, confirmed: bool = False
) -> int:
    """Add a factor of the caller and return its number; BadArgument for its name, Refused when there are too many."""
    if not 0 < len(name) <= NAME_CHARS_MAX or name != " ".join(name.split()):
        raise BadArgument(f"a factor needs a name of 1 to {NAME_CHARS_MAX} characters without spaces around it")
    ((have, factor_id),) = cursor.execute(
        "SELECT count(*) FILTER (user_id = ? AND removed_at IS NULL), coalesce(max(factor_id), 0) + 1 FROM ops.factor",
        [lab.caller.user_id],
    ).fetchall()
    if have >= FACTORS_MAX:
        raise Refused(f"you have {have} factors already; remove one first")
    cursor.execute(
        "INSERT INTO ops.factor VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        [factor_id, lab.caller.user_id, kind, name, secret, last_step, confirmed, lab.clock()],
    )
    return int(factor_id)


def _totp_used(lab: Lab, user_id: int, code: str) -> bool:
    """Use a code of one of the user's generators up; false when it is of none or was used."""
    with lab.database.tx("ops") as cursor:
        generators = cursor.execute(
            "SELECT factor_id, secret, last_step FROM ops.factor"
            " WHERE user_id = ? AND kind = 'totp' AND confirmed AND removed_at IS NULL",
            [user_id],
        ).fetchall()
        for factor_id, secret, last_step in generators:
            step = _step_of(lab, secret, last_step, code)
            if step is not None:
                cursor.execute("UPDATE ops.factor SET last_step = ? WHERE factor_id = ?", [step, factor_id])
                return True
    return False


def _step_of(lab: Lab, secret: str, last_step: int, code: str) -> int | None:
    """Return the time step that a code is of: this one or one beside it, later than the last one used; else None."""
    import pyotp

    now, generator = int(lab.clock().timestamp()) // _STEP_SECONDS, pyotp.TOTP(secret)
    found = None
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(generator.at(step * _STEP_SECONDS).encode(), code.encode()) and step > last_step:
            found = step
    return found
