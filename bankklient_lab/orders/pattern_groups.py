"""Groups of patterns: a number and a name; taking over a group makes an order of each of its patterns."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.creating import CREATES
from bankklient_lab.orders.unfinished import clean_name

NO_GROUP = 0
NUMBER_MAX = 9_999


@action(CREATES)
def create_pattern_group(lab: Lab, group: int, name: str) -> None:
    """Add a group; the first must be 0, to which all patterns belong that were made before there were groups."""
    if not 0 <= group <= NUMBER_MAX:
        raise BadArgument(f"a group's number can't be {group}; it takes 0 to {NUMBER_MAX}", parameter="group")
    shown = clean_name(name, "group")
    with lab.database.tx("ops") as cursor:
        known = _numbers(cursor)
        if group in known:
            raise Refused(f"there is a group {group} already; change its name, or take another number")
        if group != NO_GROUP and NO_GROUP not in known:
            raise Refused("define group 0 first: patterns without a group belong to it")
        cursor.execute("INSERT INTO ops.pattern_group VALUES (?, ?)", [group, shown])
        lab.log(cursor, "create_pattern_group", str(group), name=shown)


@action(CREATES)
def rename_pattern_group(lab: Lab, group: int, name: str) -> None:
    """Give a group another name; UnknownName when there is none of that number."""
    shown = clean_name(name, "group")
    with lab.database.tx("ops") as cursor:
        check_group(cursor, group, defined=True)
        cursor.execute("UPDATE ops.pattern_group SET name = ? WHERE group_number = ?", [shown, group])
        lab.log(cursor, "rename_pattern_group", str(group), name=shown)


@action(CREATES)
def delete_pattern_group(lab: Lab, group: int) -> None:
    """Delete a group; Refused while patterns belong to it, and for group 0 while there are others."""
    with lab.database.tx("ops") as cursor:
        check_group(cursor, group, defined=True)
        ((patterns,),) = cursor.execute("SELECT count(*) FROM ops.pattern WHERE group_number = ?", [group]).fetchall()
        if patterns:
            raise Refused(f"group {group} has {patterns} patterns; delete them or give them another group first")
        if group == NO_GROUP and len(_numbers(cursor)) > 1:
            raise Refused("group 0 stays while there are other groups")
        cursor.execute("DELETE FROM ops.pattern_group WHERE group_number = ?", [group])
        lab.log(cursor, "delete_pattern_group", str(group))


@table_action(CREATES)
def pattern_groups(lab: Lab) -> Read:
    """Return the groups by number. Columns: group_number, name, patterns (how many, of all kinds)."""
    return lab.read(
        "SELECT g.group_number, g.name, count(p.pattern_id) AS patterns FROM ops.pattern_group g"
        " LEFT JOIN ops.pattern p USING (group_number) GROUP BY ALL ORDER BY 1",
    )


def check_group(cursor: Any, number: int, *, defined: bool = False) -> None:
    """Raise UnknownName unless there is such a group; group 0 is there without groups unless it must be `defined`."""
    known = _numbers(cursor)
    if number not in known and (defined or known or number != NO_GROUP):
        raise UnknownName("group of patterns", str(number), "`bankklient patterns groups` shows them")


def _numbers(cursor: Any) -> set[int]:
    return {number for (number,) in cursor.execute("SELECT group_number FROM ops.pattern_group").fetchall()}
