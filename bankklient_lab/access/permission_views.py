"""The codebook of permissions, and which users hold them."""

from __future__ import annotations

from bankklient_lab.actions import table_action
from bankklient_lab.lab import Lab, Read
from bankklient_lab.rights.permissions import permission


@table_action()
def permissions(lab: Lab) -> Read:
    """Return the permissions by number.

    Columns: number, name, enables, requires (an expression: | or, & and), conflicts (numbers separated by spaces).
    """
    return lab.read(
        "SELECT number::INTEGER AS number, name, enables, requires, conflicts FROM app.permission ORDER BY number"
    )


@table_action(personal=True)
def permission_holders(lab: Lab, number: int | None = None) -> Read:
    """Return the valid users who hold each permission, or the one of that number; UnknownName for no such number.

    Columns: number, name (of the permission), user, reference, through ("role" or "own"), role; by number, then in the
    order in which the users were added.
    """
    if number is not None:
        permission(number)
    return lab.read(
        "WITH held AS ("
        " SELECT u.user_id, unnest(string_split(r.permissions, ' ')) AS number, 'role' AS through"
        " FROM ops.user u JOIN ops.role r USING (role_id) WHERE u.valid"
        " UNION ALL SELECT user_id, unnest(string_split(permissions, ' ')), 'own' FROM ops.user WHERE valid)"
        " SELECT p.number::INTEGER AS number, p.name, u.name AS user, u.reference, h.through, r.name AS role"
        " FROM app.permission p JOIN held h USING (number) JOIN ops.user u USING (user_id)"
        " JOIN ops.role r USING (role_id)"
        " WHERE $number IS NULL OR p.number::INTEGER = $number ORDER BY p.number::INTEGER, u.user_id, h.through",
        {"number": number},
    )
