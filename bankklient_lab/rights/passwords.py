"""Passwords: hashing with Argon2id and the three strengths of the configuration (ADM-164 to ADM-168)."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING, Literal

from bankklient_lab.errors import BadArgument

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Strength = Literal["weak", "strong", "very strong"]
CHARS_MAX = 200
REMEMBERED = 10  # passwords that may not come back
STRONG_CHARS_MIN = 8
# Of Argon2id, as RFC 9106 recommends second.
ROUNDS, MEMORY_KIB, LANES = 3, 64 * 1024, 4
_AT_ONCE = threading.BoundedSemaphore(2)  # each takes 64 MiB; logins wait their turn rather than fill the memory


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)


@cache
def _nobodys() -> str:
    return _hasher().hash("the password of nobody")


def hashed(password: str) -> str:
    """Return the Argon2id hash of a password."""
    with _AT_ONCE:
        return _hasher().hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Tell whether a password is the kept one; without a kept one it takes the same time and is false."""
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        with _AT_ONCE:
            return _hasher().verify(kept or _nobodys(), password[:CHARS_MAX]) and kept is not None
    except (Argon2Error, InvalidHashError):
        return False


def check_strength(password: str, strength: Strength, user: str) -> None:
    """Raise BadArgument with the first rule that a new password breaks."""
    for holds, rule in _rules(password, strength, user.casefold()):
        if not holds:
            raise BadArgument(f"the new password is too weak: {rule}")


def _rules(password: str, strength: Strength, user: str) -> list[tuple[bool, str]]:
    lower, digits = [c for c in password if c.islower()], [c for c in password if c.isdigit()]
    upper, symbols = [c for c in password if c.isupper()], [c for c in password if not c.isalnum()]
    rules = [(0 < len(password) <= CHARS_MAX, f"it needs 1 to {CHARS_MAX} characters")]
    if strength == "weak":
        return rules
    folded = password.casefold()
    rules += [
        (len(password) >= STRONG_CHARS_MIN, f"it needs at least {STRONG_CHARS_MIN} characters"),
        (user not in folded and folded not in user, "it may not contain the user's name or be part of it"),
    ]
    if strength == "strong":
        groups = sum(map(bool, (lower, upper, digits, symbols)))
        return [*rules, (groups >= 3, "it needs three of capital letters, small letters, digits and symbols")]
    return [
        *rules,
        (not password[:1].isdigit() and not password[-1:].isdigit(), "no digit may stand first or last"),
        (bool(upper), "it needs a capital letter"),
        (bool(lower), "it needs a small letter"),
        (len(digits) >= 2, "it needs at least two digits"),
        (bool(symbols), "it needs a symbol"),
    ]
