"""Making keys (TRN-156, TRN-164 to TRN-176)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.keys.choosing import AUTHORIZED, key_to_replace, kind_of_caller
from bankklient_lab.keys.points import OWN, point_of
from bankklient_lab.keys.register import OPERATIONAL, PERSONAL, Key, insert_key, next_order, today
from bankklient_lab.keys.saved import sealed_password
from bankklient_lab.keys.unlocking import check_password
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.certificates import Certificate
from bankklient_lab.sealing.keys import new_key
from bankklient_lab.sealing.private_keys import sealed_key

DAYS_MIN, DAYS_MAX = 30, 730
EXPIRES_DAYS, WARN_DAYS = 730, 90


@action("6", record="kind", proof=True, personal=True)
def create_key(
    lab: Lab,
    kind: str,
    password: str,
    *,
    expires_days: int = EXPIRES_DAYS,
    warn_days: int = WARN_DAYS,
    save_password: bool = False,
) -> dict[str, Any]:
    """Make an operational or a personal key of the caller, which replaces the one of that kind.

    `password` has exactly eight characters. It expires after `expires_days` and is warned of `warn_days` before, each
    30 to 730; the first operational key has 730 and 90. An authorized person may have the password of an operational
    key saved, so that transmissions ask nobody. Returns key_id, key_order, kind, fingerprint, expires_on, and replaces
    (the order of the key before; "": it is the first, to be handed over by `hand_over_key`).

    Refused when the caller may not make one, and while the bank lacks the key before or confirmed nothing signed by it.
    """
    check_password(password)
    replaced = replaced_by_new(lab, kind, expires_days, warn_days)
    if save_password and not (kind == OPERATIONAL and kind_of_caller(lab) == AUTHORIZED):
        raise Refused("only an authorized person can save a password, and only that of an operational key")
    made = new_key(
        point=point_of(lab, OWN).point,
        kind=kind,
        at=lab.clock(),
        expires_on=today(lab) + timedelta(days=expires_days),
    )
    return register_new(
        lab, made.certificate, replaced,
        warn_days=warn_days,
        private_key=sealed_key(made, password),
        saved_password=sealed_password(lab, password, made.certificate.der) if save_password else "",
    )  # fmt: skip


def replaced_by_new(lab: Lab, kind: str, expires_days: int, warn_days: int) -> Key | None:
    """Return the key that a new one of the caller replaces, None when it is the first; Refused, BadArgument."""
    _check_days(expires_days, warn_days)
    replaced = key_to_replace(lab, kind)
    if kind == OPERATIONAL and replaced is None and (expires_days, warn_days) != (EXPIRES_DAYS, WARN_DAYS):
        raise BadArgument(f"the first key expires after {EXPIRES_DAYS} days and is warned of {WARN_DAYS} days before")
    return replaced


def register_new(lab: Lab, certificate: Certificate, replaced: Key | None, **values: object) -> dict[str, Any]:
    """Register a key that was made, and return what `create_key` does."""
    with lab.database.tx("ops") as cursor:
        key = insert_key(
            lab, cursor, certificate,
            key_order=next_order(lab, cursor, certificate.point),
            user_id=lab.caller.user_id if certificate.kind == PERSONAL else None,
            replaces=replaced.key_id if replaced else None,
            **values,
        )  # fmt: skip
        lab.log(cursor, "create_key", key.title, fingerprint=certificate.fingerprint, expires_on=key.expires_on)
    return {
        "key_id": key.key_id, "key_order": key.key_order, "kind": key.kind, "fingerprint": certificate.fingerprint,
        "expires_on": key.expires_on, "replaces": replaced.key_order if replaced else "",
    }  # fmt: skip


def _check_days(expires_days: int, warn_days: int) -> None:
    for what, days in (("expires after", expires_days), ("is warned of", warn_days)):
        if not DAYS_MIN <= days <= DAYS_MAX:
            raise BadArgument(f"a key {what} {DAYS_MIN} to {DAYS_MAX} days, not {days}")
    if warn_days > expires_days:
        raise BadArgument(f"a key that expires after {expires_days} days can't be warned of {warn_days} days before")
