"""The desks of the demo company. `staff` gives each a user, and then no order has one pair of eyes.

A new demo lab has one user, who is at all desks: a token with the scope of each does its work.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

CLERK, CHECKER, APPROVER, SECOND = "clerk", "checker", "approver", "second approver"
# Permissions of each desk. With a user for each of them nobody both enters and releases an order.
DESKS: dict[str, tuple[int, ...]] = {
    CLERK: (51, 120, 140, 151, 181, 186, 187, 193, 194, 911, 912),
    CHECKER: (66, 126, 141, 156),
    APPROVER: (16, 70, 130, 141, 156, 186, 188, 193, 195),
    SECOND: (70, 130, 141, 156),
}
_REFERENCES = {CLERK: "CL", CHECKER: "CH", APPROVER: "AP", SECOND: "SA"}
# The same desks as tokens of one user who may everything: the wider one of two permissions, since own orders are meant.
_SCOPES: dict[str, tuple[int, ...]] = {
    CLERK: (56, 121, 181, 187, 194, 912),
    CHECKER: (61, 66, 125, 126),
    APPROVER: (16, 71, 131, 188, 195),
    SECOND: (71, 131, 132),
}


def staff(lab: Lab) -> dict[str, Lab]:
    """Give the lab a user for each of DESKS and return it in the hands of each, by desk.

    Their passwords are made at random and told to nobody: an administrator gives others. From then on everybody logs
    in, and the lab itself is in nobody's hands any more.
    """
    from bankklient_lab.access.logins import caller_of, login
    from bankklient_lab.access.roles import create_role
    from bankklient_lab.access.users import create_user, set_password

    def entered(user: str, password: str) -> Lab:
        caller = caller_of(lab, login(lab, user, password)["session"])
        assert caller is not None
        return lab.acting(caller)

    passwords = {desk: f"Desk-{secrets.token_urlsafe(12)}" for desk in (*DESKS, lab.user)}
    set_password(lab, lab.user, passwords[lab.user])
    for desk, numbers in DESKS.items():
        create_role(lab, desk.capitalize(), permissions=list(numbers))
    administrator = lab
    for desk in DESKS:
        create_user(administrator, desk, reference=_REFERENCES[desk], role=desk.capitalize(), password=passwords[desk])
        administrator = entered(lab.user, passwords[lab.user]) if administrator is lab else administrator
    return {desk: entered(desk, passwords[desk]) for desk in DESKS} | {"administrator": administrator}


@contextmanager
def token_hands(lab: Lab) -> Iterator[dict[str, Lab]]:
    """Give the lab in the hands of the caller's own tokens, one a desk, which are withdrawn in the end."""
    from bankklient_lab.access.logins import caller_of
    from bankklient_lab.access.tokens import create_token, withdraw_token

    hands, numbers = {}, []
    for desk, scope in _SCOPES.items():
        made = create_token(lab, f"demo: {desk}", scope=list(scope), days=1)
        caller = caller_of(lab, made["token"])
        assert caller is not None
        hands[desk] = lab.acting(replace(caller, name=desk))
        numbers.append(made["token_id"])
    yield hands
    for token_id in numbers:
        withdraw_token(lab, token_id)


def clocked(lab: Lab, clock: Callable[[], datetime]) -> Lab:
    """Return the lab in the same hands, with another clock."""
    other = copy(lab)
    other.clock = clock
    return other
