"""Opening a key with its password: each try is counted in the lab's file before it is judged (BAL-039 to BAL-046)."""

from __future__ import annotations

from typing import NamedTuple

from bankklient_lab.actions import action
from bankklient_lab.errors import BadArgument, LabError, Refused, SealBroken
from bankklient_lab.keys.points import OWN, point_of
from bankklient_lab.keys.register import Key, key_numbered, today
from bankklient_lab.keys.tries import count_try, forget_tries, take_back_try
from bankklient_lab.lab import Lab
from bankklient_lab.rights.permissions import needed
from bankklient_lab.rights.settings import read_setting
from bankklient_lab.sealing.keys import SigningKey
from bankklient_lab.sealing.private_keys import opened_key, sealed_key

PASSWORD_CHARS = 8
ATTEMPTS_MAX = 10  # the configuration allows no more


def check_password(password: str) -> None:
    """Raise BadArgument unless a new password of a key has exactly eight characters that can be typed."""
    if len(password) != PASSWORD_CHARS or not password.isprintable():
        raise BadArgument(f"the password of a key has exactly {PASSWORD_CHARS} characters")


def unlock(lab: Lab, key_id: int, password: str) -> SigningKey:
    """Return a key of the own connection point that its password opens, for its owner.

    The password of a key on a chip card is the card's PIN. A wrong one is Refused and logged, and counts until a right
    one comes; from the configured number of wrong ones on nothing is judged any more. The count is committed before the
    password is judged, so call it within no transaction. Unreachable, and nothing is counted, without the card.
    """
    assert not lab.database.changing("ops"), "a failing action would undo the count"
    key = key_numbered(lab, key_id)
    _check_usable(lab, key)
    if key.card:
        from bankklient_lab.sealing.cards import demand_card

        demand_card(key.card)
    tried = _counted(lab, key)
    try:
        opened = _opened(key, tried, password)
    except SealBroken as error:
        if error.reason != "key":
            raise
        raise _wrong(lab, key, tried) from None
    except LabError:  # the card was pulled out, or has locked its PIN
        with lab.database.tx("ops") as cursor:
            take_back_try(cursor, "ops.key", key_id)
        raise
    with lab.database.tx("ops") as cursor:
        forget_tries(cursor, "ops.key", key_id)
    return opened


_CHANGES = "6"


@action(_CHANGES, record="key_id", steps=True, personal=True)
def change_key_password(lab: Lab, key_id: int, old: str, new: str) -> None:
    """Give a key another password; the key stays the same, and so does what it signed. A saved password is dropped."""
    check_password(new)
    if key_numbered(lab, key_id).card:
        raise Refused("the PIN of a chip card is changed with the tool of the card")
    sealed = sealed_key(unlock(lab, key_id, old), new)
    with lab.database.tx("ops") as cursor:
        lab.rights.demand(lab.caller, needed(_CHANGES), "change_key_password")  # the key took its time
        cursor.execute("UPDATE ops.key SET private_key = ?, saved_password = '' WHERE key_id = ?", [sealed, key_id])
        lab.log(cursor, "change_key_password", key_numbered(lab, key_id).title)


def _opened(key: Key, tried: _Tried, password: str) -> SigningKey:
    if tried.private_key is not None:
        return opened_key(tried.private_key, password, key.certificate)
    from bankklient_lab.sealing.cards import opened_on_card

    return opened_on_card(key.card, password, key.certificate)


class _Tried(NamedTuple):
    private_key: bytes | None  # None: on a card
    tries: int
    allowed: int


def _check_usable(lab: Lab, key: Key) -> None:
    if key.point != point_of(lab, OWN).point:
        raise Refused(f"key {key.key_id} is not of the own connection point; it signs nothing here")
    if key.user_id is not None and key.user_id != lab.caller.user_id:
        raise Refused(f"the {key.title} is another person's")
    if key.expired(today(lab)):
        raise Refused(f"the {key.title} expired on {key.expires_on}; make another one")


def _counted(lab: Lab, key: Key) -> _Tried:
    """Count a try and return what it is made on; Refused when there is none left."""
    allowed = int(read_setting(lab.database, "signature_attempts"))
    with lab.database.tx("ops") as cursor:
        ((private_key,),) = cursor.execute("SELECT private_key FROM ops.key WHERE key_id = ?", [key.key_id]).fetchall()
        if private_key is None and not key.card:
            raise Refused(f"the private part of the {key.title} is not here; it signs nothing")
        tries = count_try(cursor, "ops.key", key.key_id, allowed)
        if tries is None:
            raise Refused(_used_up(key, allowed))
    return _Tried(private_key and bytes(private_key), tries, allowed)


def _wrong(lab: Lab, key: Key, tried: _Tried) -> Refused:
    """Log a wrong password and return what its user is told."""
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "key_password_wrong", key.title, point=key.point, tries=tried.tries, allowed=tried.allowed)
    if tried.tries >= tried.allowed:
        return Refused(_used_up(key, tried.allowed), tries_left=0)
    left = tried.allowed - tried.tries
    return Refused(f"the password of the {key.title} is not right; tries left: {left}", tries_left=left)


def _used_up(key: Key, allowed: int) -> str:
    where = f"the password of connection point {key.point}, {key.title}, was wrong {allowed} times"
    if allowed >= ATTEMPTS_MAX:
        return f"{where}, the most that is allowed; recovery after disaster is needed"
    return f"{where}; the next entry is possible after the number of attempts is raised in the configuration"
