"""Labs with users for the tests of access control."""

from __future__ import annotations

from bankklient_lab.access.logins import caller_of, login
from bankklient_lab.access.persons import insert
from bankklient_lab.access.users import create_user, set_password
from bankklient_lab.lab import Lab
from bankklient_lab.rights.passwords import hashed
from bankklient_lab.rights.system import INSTALLER

PASSWORD = "Correct-Horse-7x"


def with_users(lab: Lab, **roles: str) -> Lab:
    """Add a user for each role and return the lab in the hands of its first user, `tester`, who logs in.

    References are the first two letters of the names.
    """
    set_password(lab, "tester", PASSWORD)
    hands = lab
    for name, role in roles.items():
        create_user(hands, name, reference=name[:2].upper(), role=role, password=PASSWORD)
        if hands is lab:  # from the second user on everybody logs in
            hands = of(lab, "tester")
    return hands


def installer(lab: Lab) -> str:
    """Add the installer, as an installation of the bank's own would, and return the name."""
    with lab.database.tx("ops") as cursor:
        password = {"password_hash": hashed(PASSWORD), "password_changed_at": lab.clock()}
        insert(lab, cursor, "BKINSTUSER", "II", kind="installer", role_id=INSTALLER, **password)
    lab.rights.forget()
    return "BKINSTUSER"


def of(lab: Lab, user: str, password: str = PASSWORD) -> Lab:
    """Return the lab in the hands of a user who has just logged in."""
    caller = caller_of(lab, login(lab, user, password, workstation=f"desk of {user}")["session"])
    assert caller is not None
    return lab.acting(caller)
