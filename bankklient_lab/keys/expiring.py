"""What users are told of keys that expire (TRN-167)."""

from __future__ import annotations

from bankklient_lab.actions import action
from bankklient_lab.keys.points import BANK, point_of
from bankklient_lab.keys.register import Key, found_keys, today
from bankklient_lab.lab import Lab


@action(mode="standard")
def key_warnings(lab: Lab) -> list[str]:
    """Return a sentence for each valid key that the caller needs and that has expired or is near it.

    Those are the keys of nobody alone (operational ones, and the bank's) and the caller's own.
    """
    needed = found_keys(lab, "valid AND coalesce(user_id = $user_id, true)", user_id=lab.caller.user_id)
    return [_sentence(lab, key) for key in reversed(needed) if key.warned(today(lab))]


def _sentence(lab: Lab, key: Key) -> str:
    whose = "the bank's " if key.point == point_of(lab, BANK).point else "the "
    if key.expired(today(lab)):
        return f"{whose}{key.title} expired on {key.expires_on}; nothing is balanced or transmitted with it"
    days = (key.expires_on - today(lab)).days
    return f"{whose}{key.title} expires on {key.expires_on}, in {days} days; replace it in time"
