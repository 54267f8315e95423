"""Permissions that a user has besides those of the role.

What collides with the role is refused. Of the others each must find its condition in the role or beside it, or it is
taken away, and of two that exclude each other the lower number goes (BAS-202, BAS-203, ADM-061, ADM-062).
"""

from __future__ import annotations

from typing import Any

from bankklient_lab.access.persons import User, check_not_installer, user_named
from bankklient_lab.actions import action
from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.rights.permissions import (
    Held,
    colliding,
    everything,
    known_numbers,
    permissions,
    settled,
    written,
)


@action("1", record="user", proof=True)
def grant_permissions(lab: Lab, user: str, permissions: list[int]) -> list[int]:
    """Set the permissions that a user has besides those of the role, and return those that were taken away.

    Refused, with nothing changed, when one collides with the role, and for the installer.
    """
    wanted = known_numbers(permissions)
    with lab.database.tx("ops") as cursor:
        return keep_own(lab, cursor, user_named(cursor, user), wanted)


@action("1", record="user", proof=True)
def grant_free_permissions(lab: Lab, user: str) -> list[int]:
    """Give a user every permission that collides with none of the present ones, and return the new ones.

    Of two that exclude each other and are both free, the higher number is given.
    """
    with lab.database.tx("ops") as cursor:
        found = user_named(cursor, user)
        given = free_permissions(found.of_role | found.own)
        keep_own(lab, cursor, found, found.own | given)
    return sorted(given)


@action("1", record="user", proof=True)
def cancel_permissions(lab: Lab, user: str) -> list[int]:
    """Take all permissions that a user has besides those of the role, and return them."""
    with lab.database.tx("ops") as cursor:
        found = user_named(cursor, user)
        keep_own(lab, cursor, found, frozenset())
    return sorted(found.own)


def free_permissions(held: Held) -> Held:
    """Return the largest set of further permissions that go together with those held (ADM-059)."""
    excluded = frozenset[int]().union(*(permissions()[number].conflicts for number in held))
    return settled(everything() - held - excluded, held)


def keep_own(lab: Lab, cursor: Any, user: User, wanted: Held) -> list[int]:
    """Set a user's own permissions within a transaction; return what was taken away because its condition fails."""
    check_not_installer(user)
    refused = colliding(wanted, user.of_role)
    if refused:
        raise Refused(f"user {user.name} can't have these permissions beside the role's: {'; '.join(refused)}")
    own = settled(wanted - user.of_role, user.of_role)
    dropped = wanted - user.of_role - own
    if own != user.own:
        cursor.execute("UPDATE ops.user SET permissions = ? WHERE user_id = ?", [written(own), user.user_id])
        given, taken = written(own - user.own), written(user.own - own)
        lab.log(cursor, "grant_permissions", user.name, given=given, taken=taken)
        lab.rights.forget()
    return sorted(dropped)
