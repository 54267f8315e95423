"""The lists of access control that are printed: each with its title and the columns that people get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bankklient_lab.access.alone import roles_alone, who_alone
from bankklient_lab.access.configuration import configuration
from bankklient_lab.access.permission_views import permission_holders, permissions
from bankklient_lab.access.roles import roles
from bankklient_lab.access.users import users
from bankklient_lab.actions import TableAction


class Listing(NamedTuple):
    """A list: `columns` are those of a printed one; files for programs have all that `read` gives.

    `key` is the column that the command line shows besides, to be typed again.
    """

    title: str
    read: TableAction[...]
    columns: Sequence[str]
    key: str = ""


LISTINGS = {
    "users": Listing(
        "Users", users,
        ("user", "reference", "kind", "state", "first_name", "last_name", "role", "permissions", "password_expires"),
    ),
    "roles": Listing("Roles", roles, ("role", "note", "system", "valid", "users", "permissions")),
    "permissions": Listing("Permissions", permissions, ("number", "name", "enables", "requires", "conflicts")),
    "holders": Listing(
        "Who has which permission", permission_holders, ("number", "name", "user", "reference", "through", "role")
    ),
    "alone": Listing(
        "Who can do what alone", who_alone,
        ("user", "reference", "role", "way", "verdict", "condition", "permissions", "sends"),
    ),
    "roles alone": Listing(
        "What roles let one person do alone", roles_alone,
        ("role", "other", "way", "verdict", "condition", "permissions", "sends"),
    ),
    "configuration": Listing("Configuration", configuration, ("tab", "label", "value", "unit", "effect"), "name"),
}  # fmt: skip
