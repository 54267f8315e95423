"""Which key a caller may use for what, and which they may make (TRN-159 to TRN-163, TRN-171 to TRN-173, TRN-194)."""

from __future__ import annotations

from bankklient_lab.codebooks.codes import TO_SEND, UNANSWERED, BatchType
from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.keys.points import BANK, OWN, point_of
from bankklient_lab.keys.register import (
    ONE_TIME,
    OPERATIONAL,
    PERSONAL,
    Key,
    key_numbered,
    newest_key,
    today,
    valid_key,
)
from bankklient_lab.lab import Lab

AUTHORIZED, INSTALLER = "authorized", "installer"  # kinds of users


def balancing_key(lab: Lab) -> Key:
    """Return the key with which the caller may balance; Refused, with what to do, when there is none."""
    if kind_of_caller(lab) == INSTALLER:
        raise Refused("the installer's key is for the first transmissions; it balances nothing")
    if kind_of_caller(lab) == AUTHORIZED:
        return _usable(lab, valid_key(lab, _own(lab), PERSONAL, lab.caller.user_id), "personal")
    if _authorized_person_exists(lab):
        raise Refused("since the client has an authorized person, only such persons balance, with their personal keys")
    return _usable(lab, valid_key(lab, _own(lab), OPERATIONAL), "operational")


def transmission_keys(lab: Lab) -> list[Key]:
    """Return the keys with which the caller may transmit: the operational one, and an own personal one before it.

    A key whose public part the bank lacks is none of them. When that leaves none, the key before it brings the batch
    that announces it (TRN-173). Refused when there is no such batch either.
    """
    candidates = [valid_key(lab, _own(lab), OPERATIONAL)]
    if kind_of_caller(lab) == AUTHORIZED:
        candidates.insert(0, valid_key(lab, _own(lab), PERSONAL, lab.caller.user_id))
    encrypted = point_of(lab, BANK).encrypted  # what the bank encrypts can't be opened by a card
    found = [key for key in candidates if key is not None and not (encrypted and key.card)]
    if not found:
        raise Refused("no valid identification for transmissions exists: make the operational key first")
    waiting = [key for key in found if not key.delivered]
    usable = [key for key in found if key.delivered and not key.expired(today(lab))]
    before = previous_key(lab, waiting[0]) if waiting and not usable and _is_announced(lab) else None
    if before is not None:
        usable = [before] if not before.expired(today(lab)) else []
    if waiting and not usable:
        raise Refused(f"the bank does not have the {waiting[0].title} yet; deliver it, then transmit")
    if not usable:
        raise Refused(f"the {found[0].title} expired on {found[0].expires_on}; make another one")
    return usable


def _is_announced(lab: Lab) -> bool:
    """Tell whether a batch that brings a new key is on its way to the bank."""
    return bool(
        lab.rows(
            "SELECT 1 FROM ops.batch WHERE direction = 'send' AND batch_type = $type AND list_contains($open, status)",
            {"type": BatchType.PUBLIC_KEY, "open": [*TO_SEND, *UNANSWERED]},
        )
    )


def demand_not_replaced(lab: Lab, fingerprint: str) -> None:
    """Raise Refused for an own key that was replaced by one which the bank has by now: nothing goes on with it."""
    now = newest_key(
        lab, "delivered AND replaces = (SELECT key_id FROM ops.key WHERE sha256(certificate) = $id)", id=fingerprint
    )
    if now is not None:
        raise Refused(f"the bank has taken over the {now.title}; transmit once more, with it")


def previous_key(lab: Lab, key: Key) -> Key | None:
    """Return the key that another one replaced, which announces it; None for one that is handed over."""
    return key_numbered(lab, key.replaces) if key.replaces is not None else None


def one_time_key(lab: Lab) -> Key | None:
    """Return the key of the bank's configuration while it announces the first operational key."""
    return newest_key(
        lab, "point = $point AND list_contains($kinds, kind) AND valid", point=_own(lab), kinds=list(ONE_TIME)
    )


def key_to_replace(lab: Lab, kind: str) -> Key | None:
    """Return the key that a new one of the caller would replace, None when it is the first of its kind and owner.

    Refused when the caller may not make one of this kind, and while the present one is not delivered or not proven.
    """
    if kind not in (OPERATIONAL, PERSONAL):
        raise BadArgument(f"unknown kind of key {kind!r}; there are {OPERATIONAL} and {PERSONAL}")
    caller = kind_of_caller(lab)
    present = valid_key(lab, _own(lab), kind, lab.caller.user_id if kind == PERSONAL else None)
    if present is None and kind == OPERATIONAL:
        present = one_time_key(lab)
    if kind == PERSONAL and caller != AUTHORIZED:
        raise Refused("only authorized persons have personal keys")
    if caller == INSTALLER and present is not None and present.kind not in ONE_TIME:
        raise Refused("the installer makes the first operational key only, and there is one already")
    if caller not in (AUTHORIZED, INSTALLER) and _authorized_person_exists(lab):
        raise Refused("since the client has an authorized person, only such persons make keys")
    if present is not None and not present.delivered:
        raise Refused(f"the bank does not have the {present.title} yet; deliver it before you make another one")
    if present is not None and not present.proven:
        needed = "a batch of domestic orders" if _balances(lab, present) else "a transmission"
        raise Refused(f"the bank has not confirmed {needed} signed with the {present.title} yet; then make another one")
    return present


def is_proven_by(lab: Lab, key: Key, *, domestic_batch: bool) -> bool:
    """Tell whether what the bank confirmed, a batch of domestic orders or else a transmission, lets a key be replaced.

    A key that balances needs a batch, for every other one a transmission is enough.
    """
    return domestic_batch or not _balances(lab, key)


def _balances(lab: Lab, key: Key) -> bool:
    """Tell whether a key has the right to balance."""
    return key.kind == PERSONAL or (key.kind == OPERATIONAL and not _authorized_person_exists(lab))


def _usable(lab: Lab, key: Key | None, kind: str) -> Key:
    if key is None:
        raise Refused(f"there is no valid {kind} key, and nothing is balanced without one; make it first")
    if key.expired(today(lab)):
        raise Refused(f"the {key.title} expired on {key.expires_on}; make another one")
    return key


def _own(lab: Lab) -> int:
    return point_of(lab, OWN).point


def kind_of_caller(lab: Lab) -> str:
    """Return what the caller is: operational, authorized or installer."""
    ((kind,),) = lab.rows("SELECT kind FROM ops.user WHERE user_id = $user_id", {"user_id": lab.caller.user_id})
    return str(kind)


def _authorized_person_exists(lab: Lab) -> bool:
    """Tell whether the client has one, whoever made them invalid: else that would give the right to balance back."""
    ((some,),) = lab.rows("SELECT count(*) > 0 FROM ops.user WHERE kind = $kind", {"kind": AUTHORIZED})
    return bool(some)
