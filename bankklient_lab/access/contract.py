"""The persons whom the contract with the bank authorizes, as the bank names them: they come, change and go with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bankklient_lab.access.persons import ALONE, add_authorized_person, checked_texts, takes_others
from bankklient_lab.access.roles import check_administrator
from bankklient_lab.access.users import end_sessions_of
from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.formats.client_accounts import AuthorizedPerson
from bankklient_lab.lab import Lab


def replace_authorized_persons(lab: Lab, cursor: Any, persons: Sequence[AuthorizedPerson]) -> list[str]:
    """Put the persons that the bank names in the place of those that it named before, and return what did not fit.

    New ones begin without a password. Who is not among them stays with all that they did, is not valid any more, and
    their sessions end, unless nobody with permission 1 would be left. BadArgument for a person that can't be.
    """
    before = dict(cursor.execute("SELECT name, reference FROM ops.user WHERE kind = 'authorized'").fetchall())
    findings = []
    for person in persons:
        if person.user not in before:
            if takes_others(cursor):
                add_authorized_person(lab, person)
            else:
                findings.append(f"{person.user} is not added: {ALONE}")
        elif before[person.user] != person.reference:
            raise BadArgument(
                f"the reference of {person.user} is {before[person.user]} for good", parameter="reference"
            )
        else:
            _renew(lab, cursor, person)
    gone = before.keys() - {person.user for person in persons}
    return findings + [told for user in sorted(gone) if (told := _withdrawn(lab, cursor, user))]


def _renew(lab: Lab, cursor: Any, person: AuthorizedPerson) -> None:
    texts = checked_texts(first_name=person.first_name, last_name=person.last_name, phone=person.phone)
    changed = cursor.execute(
        "UPDATE ops.user SET valid = true, first_name = $first_name, last_name = $last_name, phone = $phone"
        " WHERE name = $user AND (NOT valid OR (first_name, last_name, phone) <> ($first_name, $last_name, $phone))"
        " RETURNING name",
        {"user": person.user, **texts},
    ).fetchall()
    if changed:
        lab.log(cursor, "change_user", person.user, valid=True, **texts)
        lab.rights.forget()


def _withdrawn(lab: Lab, cursor: Any, user: str) -> str:
    """Take a person's validity, and return why not when that can't be."""
    found = cursor.execute(
        "UPDATE ops.user SET valid = false WHERE name = ? AND valid RETURNING user_id", [user]
    ).fetchone()
    if found is None:
        return ""
    try:
        check_administrator(cursor)
    except Refused as error:
        cursor.execute("UPDATE ops.user SET valid = true WHERE name = ?", [user])
        return f"the bank does not name {user} any more, who stays valid: {error.message}"
    lab.log(cursor, "change_user", user, valid=False)
    end_sessions_of(lab, found[0])
    lab.rights.forget()
    return ""
