"""Users as the lab keeps them: what all of them have in common, and the persons that the bank names.

Operational users are added by an administrator. Authorized persons come from the contract with the bank (`contract`),
and not by an action that somebody could call. Nothing adds an installer.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.formats.client_accounts import AuthorizedPerson
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import OWNER
from bankklient_lab.rights.permissions import Held, parse
from bankklient_lab.rights.system import INITIATE

NAME_CHARS_MAX = 40
REFERENCE_CHARS = 2
MARK = "#"  # begins the identification of an authorized person (ADM-048)
MARKS = "#&"  # begin the reference of one (ADM-049)
TEXT_CHARS_MAX = 100
ALONE = "set a password of your own first, or nobody could log in as you afterwards"

Kind = Literal["operational", "authorized", "installer"]


class User(NamedTuple):
    """A user with the permissions of the role and the own ones."""

    user_id: int
    name: str
    kind: Kind
    role_id: int
    of_role: Held
    own: Held


def user_named(cursor: Any, user: str) -> User:
    """Return a user; UnknownName."""
    row = cursor.execute(
        "SELECT u.user_id, u.name, u.kind, u.role_id, r.permissions, u.permissions"
        " FROM ops.user u JOIN ops.role r USING (role_id) WHERE u.name = ?",
        [user],
    ).fetchone()
    if row is None:
        raise UnknownName("user", user, "`bankklient users list` shows them")
    user_id, name, kind, role_id, of_role, own = row
    return User(user_id, name, kind, role_id, parse(of_role), parse(own))


def add_authorized_person(lab: Lab, person: AuthorizedPerson) -> None:
    """Add a person whom the contract with the bank authorizes; without a role they begin with INITIATE.

    Identification and reference begin with a mark, so that no operational user has the like. An administrator sets the
    password. Raises BadArgument for a name or reference that is taken or has no mark, UnknownName for a role, Refused
    while the first user has no password.
    """
    _check_marked(person.user, person.reference)
    texts = checked_texts(first_name=person.first_name, last_name=person.last_name, phone=person.phone)
    with lab.database.tx("ops") as cursor:
        role_id = _role_of_bank(cursor, person.role) if person.role else INITIATE
        ((ordinal,),) = cursor.execute("SELECT max(ordinal) + 1 FROM ops.user").fetchall()
        insert(lab, cursor, person.user, person.reference, kind="authorized", role_id=role_id, ordinal=ordinal, **texts)
        lab.log(cursor, "create_user", person.user, reference=person.reference, kind="authorized", ordinal=ordinal)
    lab.rights.forget()


def check_operational(user: str, reference: str) -> None:
    """Raise BadArgument unless name and reference can be those of an operational user."""
    _check_name(user)
    if user[0] == MARK:
        raise BadArgument(f"a name can't begin with {MARK}: that is the mark of persons authorized by the bank")
    if len(reference) != REFERENCE_CHARS or not reference.isalnum():
        raise BadArgument(f"a reference is two letters or digits, not {reference[:20]!r}")


def check_not_installer(user: User) -> None:
    """Raise Refused for the installer, of whom nothing can be changed (ADM-035)."""
    if user.kind == "installer":
        raise Refused(f"user {user.name} is the installer; nothing of that user can be changed")


def checked_texts(**items: str) -> dict[str, str]:
    """Return the texts of a form; BadArgument for one that is too long."""
    for item, text in items.items():
        if len(text) > TEXT_CHARS_MAX:
            raise BadArgument(f"{item} has more than {TEXT_CHARS_MAX} characters")
    return items


def takes_others(cursor: Any) -> bool:
    """Tell whether a second user may come: the first one has a password, or nobody could log in as that one then."""
    ((own,),) = cursor.execute("SELECT password_hash FROM ops.user WHERE user_id = ?", [OWNER]).fetchall()
    return own is not None


def insert(lab: Lab, cursor: Any, user: str, reference: str, **items: object) -> int:
    """Add the row of a user and return its number; `items` are further columns (kind and role_id among them).

    BadArgument for a name or reference that is taken, Refused while the first user has no password.
    """
    if not takes_others(cursor):
        raise Refused(ALONE)
    taken = cursor.execute(
        "SELECT name FROM ops.user WHERE lower(name) = lower(?) OR upper(reference) = upper(?)", [user, reference]
    ).fetchone()
    if taken:
        raise BadArgument(f"user {taken[0]} has this name or reference already; choose others")
    ((user_id,),) = cursor.execute("SELECT max(user_id) + 1 FROM ops.user").fetchall()
    now = lab.clock()
    row = {
        "user_id": user_id, "name": user, "reference": reference, "ordinal": 0, "valid": True, "first_name": "",
        "last_name": "", "personal_number": "", "phone": "", "email": "", "permissions": "", "failed_logins": 0,
        "created_at": now, **items,
    }  # fmt: skip
    marks = ", ".join("?" for _ in row)
    cursor.execute(f"INSERT INTO ops.user ({', '.join(row)}) VALUES ({marks})", list(row.values()))  # noqa: S608 - of our own columns
    if items.get("password_hash"):
        cursor.execute("INSERT INTO ops.past_password VALUES (?, ?, ?)", [user_id, now, items["password_hash"]])
    return int(user_id)


def _check_name(user: str) -> None:
    if not 0 < len(user) <= NAME_CHARS_MAX or user != " ".join(user.split()):
        raise BadArgument(f"a user needs a name of 1 to {NAME_CHARS_MAX} characters without spaces around it")


def _check_marked(user: str, reference: str) -> None:
    _check_name(user)
    if user[0] != MARK or len(reference) != REFERENCE_CHARS or reference[0] not in MARKS:
        raise BadArgument(
            f"an authorized person needs a name with the mark {MARK} and a reference of two characters with one of"
            f" {MARKS}, not {user!r} and {reference[:20]!r}"
        )


def _role_of_bank(cursor: Any, role: str) -> int:
    row = cursor.execute("SELECT role_id FROM ops.role WHERE system AND name = ?", [role]).fetchone()
    if row is None:
        raise UnknownName("role of the bank", role)
    return int(row[0])
