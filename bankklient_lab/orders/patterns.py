"""Patterns: completely or partly filled orders under a name, kept in groups, from which orders are made.

Patterns are common to all users. A pattern never keeps the maturity. What is filled in is checked at once, and again
whenever patterns are listed or used, so that one with a value that is no longer in a codebook shows its error.
"""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.checking import checked, rule_parameters
from bankklient_lab.orders.content import stored_order
from bankklient_lab.orders.creating import CREATES, correct_order
from bankklient_lab.orders.kinds import KINDS, kind_named
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.pattern_groups import NO_GROUP, check_group
from bankklient_lab.orders.refusing import error_list, in_words
from bankklient_lab.orders.storing import Source, store_orders
from bankklient_lab.orders.unfinished import (
    MATURITY,
    check_entered,
    clean_name,
    entered,
    kept,
    lasting,
    permit,
    state,
    values_of,
    wrong,
)

# ruff: noqa: S608 - every text below is made of our own declarations

_IN_WORDS = "`bankklient patterns list` shows them"


@action(CREATES)
def create_pattern(lab: Lab, kind: str, name: str, values: dict[str, Any], *, group: int = NO_GROUP) -> int:
    """Keep values of an order as a new pattern and return its id.

    Raises WrongOrder for values that break a rule (what is missing breaks none), Refused when the group has one of that
    name, BadArgument for a maturity, which patterns have not.
    """
    one = kind_named(kind)
    permit(lab, one)
    shown, texts = clean_name(name, "pattern"), lasting(one, values, "pattern")
    with lab.database.tx("ops") as cursor:
        check_group(cursor, group)
        _check_unique(cursor, kind, group, shown)
        check_entered(lab, cursor, one, texts, "pattern")
        ((pattern_id,),) = cursor.execute(
            "INSERT INTO ops.pattern SELECT coalesce(max(pattern_id), 0) + 1, ?, ?, ?, ?, ?, ? FROM ops.pattern"
            " RETURNING pattern_id",
            [kind, group, shown, kept(texts), lab.caller.reference, lab.clock()],
        ).fetchall()
        lab.log(cursor, "create_pattern", shown, kind=kind, group=group)
    return int(pattern_id)


@action(CREATES, record="pattern_id")
def change_pattern(
    lab: Lab, pattern_id: int, values: dict[str, Any], *, name: str | None = None, group: int | None = None
) -> None:
    """Change values, name or group of a pattern; what is not given stays. Errors as in `create_pattern`."""
    with lab.database.tx("ops") as cursor:
        one, before = _stored(cursor, pattern_id)
        permit(lab, one)
        shown = before["name"] if name is None else clean_name(name, "pattern")
        number = before["group"] if group is None else group
        texts = values_of(before["items"]) | lasting(one, values, "pattern")
        check_group(cursor, number)
        _check_unique(cursor, one.name, number, shown, but=pattern_id)
        check_entered(lab, cursor, one, texts, "pattern")
        cursor.execute(
            "UPDATE ops.pattern SET name = ?, group_number = ?, items = ?, changed_by = ?, changed_at = ?"
            " WHERE pattern_id = ?",
            [shown, number, kept(texts), lab.caller.reference, lab.clock(), pattern_id],
        )
        lab.log(cursor, "change_pattern", shown, kind=one.name, group=number)


@action(CREATES, record="pattern_id")
def delete_pattern(lab: Lab, pattern_id: int) -> None:
    """Delete a pattern; orders that were made from it stay."""
    with lab.database.tx("ops") as cursor:
        one, before = _stored(cursor, pattern_id)
        permit(lab, one)
        cursor.execute("DELETE FROM ops.pattern WHERE pattern_id = ?", [pattern_id])
        lab.log(cursor, "delete_pattern", before["name"], kind=one.name)


@table_action(CREATES)
def patterns(lab: Lab, kind: str, *, group: int | None = None) -> Read:
    """Return the patterns of a kind by group and name, checked now.

    Columns: pattern_id, name, group_number, group_name (null without groups), own_account, counter_account,
    counter_name, amount (text as it was entered), amount_value (DECIMAL), currency, state (check: complete;
    incomplete; error), errors (numbers
    separated by spaces, of what is filled in), items (JSON), changed_by, changed_at.
    """
    one = kind_named(kind)
    return lab.read(
        f"""
        SELECT p.pattern_id, p.name, p.group_number, g.name AS group_name, c.* EXCLUDE (entered_no), p.items,
            p.changed_by, p.changed_at
        FROM (SELECT entered_no, nullif({one.own_account}, '') AS own_account,
                nullif({one.counter_account}, '') AS counter_account, {one.counter_name} AS counter_name, amount,
                amount_value, currency, {state(one)} AS state, {wrong(one)} AS errors
            FROM ({_checked(one)})) c
        JOIN ops.pattern p ON p.pattern_id = c.entered_no
        LEFT JOIN ops.pattern_group g USING (group_number)
        ORDER BY p.group_number, p.name
        """,
        _bound(lab, one, group, None),
    )


@action(CREATES, mode="standard")
def pattern_values(lab: Lab, pattern_id: int) -> dict[str, str]:
    """Return the values of a pattern by item; UnknownName."""
    with lab.database.reading() as cursor:
        return values_of(_stored(cursor, pattern_id)[1]["items"])


@action(CREATES, mode="batch", record="order_id")
def take_over_patterns(lab: Lab, kind: str, *, name: str = "", group: int | None = None) -> list[dict[str, Any]]:
    """Make an order of one pattern (name and group) or of each of a group; each has the state E until it is saved.

    The maturity is the day of creation, and nothing but the pattern gives values. Returns of each order: order_id,
    name, state (check: `save_from_pattern` stores it; incomplete; error), errors (of each code, item, text).
    BadArgument when no group is given, UnknownName when there is no such pattern.
    """
    one = kind_named(kind)
    permit(lab, one)
    if group is None:
        raise BadArgument("say which group of patterns is taken over, and the name for one pattern of it")
    today, bound = bank_day(lab), _bound(lab, one, group, name or None)
    with lab.database.tx("ops") as cursor:
        cursor.execute(
            "CREATE OR REPLACE TEMP TABLE taken_pattern AS SELECT * REPLACE (row_number() OVER (ORDER BY p.name) AS"
            f" entered_no), p.name AS pattern FROM ({_checked(one)}) JOIN ops.pattern p ON pattern_id = entered_no",
            bound,
        )
        stored = store_orders(lab, cursor, one, "taken_pattern", _source(one), today=today)
        rows = cursor.execute(f"SELECT pattern, {state(one)}, errors FROM taken_pattern ORDER BY entered_no").fetchall()
        cursor.execute("DROP TABLE taken_pattern")
        if not rows:
            raise UnknownName("pattern", f"{name or 'any'} of group {group}", _IN_WORDS)
        lab.log(cursor, "take_over_patterns", name, kind=kind, group=group, orders=len(rows))
    return [
        {"order_id": stored.first + n, "name": pattern, "state": how, "errors": error_list(lab, errors)}
        for n, (pattern, how, errors) in enumerate(rows)
    ]


@action(CREATES, record="order_id")
def save_from_pattern(lab: Lab, order_id: int, *, reason: str = "", duplicate: str = "") -> dict[str, Any]:
    """Store an order that was taken over from a complete pattern, with nothing changed, as if it had been created.

    Refused when something is missing or wrong (then `correct_order` saves it with what is missing), and when it was
    saved already. `reason`, `duplicate` and the result are those of `create_order`.
    """
    with lab.database.tx("ops") as cursor:
        _, order = stored_order(lab, cursor, order_id)
        if order["saved"] or order["origin"] != "creation":
            raise Refused(f"order {order_id} does not wait for being saved from its pattern")
        if order["errors"]:
            told = in_words(lab, order["errors"])
            raise Refused(f"order {order_id} can't be saved from its pattern: {told}; fill that in and save it")
        return correct_order(lab, order_id, {}, reason=reason, duplicate=duplicate, version=order["version"])


def _checked(kind: Kind) -> str:
    """Return SQL for the patterns of a kind as orders that are due today, checked; entered_no is the pattern's id."""
    chosen = (
        "(SELECT * FROM ops.pattern WHERE kind = $kind AND group_number = coalesce($group, group_number)"
        " AND name = coalesce($name, name))"
    )
    return checked(kind, entered(kind, chosen, number="pattern_id", **{MATURITY: "$today::DATE"}))


def _bound(lab: Lab, kind: Kind, group: int | None, name: str | None) -> dict[str, Any]:
    return rule_parameters(lab, bank_day(lab)) | {"kind": kind.name, "group": group, "name": name}


def _source(kind: Kind) -> Source:
    return Source("creation", kind.family, {"take_over": "true"}, "take_over", "take_over", saved=False)


def _check_unique(cursor: Any, kind: str, group: int, name: str, but: int | None = None) -> None:
    if cursor.execute(
        "SELECT 1 FROM ops.pattern WHERE kind = ? AND group_number = ? AND name = ? AND pattern_id IS DISTINCT FROM ?",
        [kind, group, name, but],
    ).fetchone():
        raise Refused(f"group {group} has a pattern {name!r} already; take another name")


def _stored(cursor: Any, pattern_id: int) -> tuple[Kind, dict[str, Any]]:
    row = cursor.execute(
        "SELECT kind, name, group_number, items FROM ops.pattern WHERE pattern_id = ?", [pattern_id]
    ).fetchone()
    if row is None:
        raise UnknownName("pattern", str(pattern_id), _IN_WORDS)
    return KINDS[row[0]], dict(zip(("name", "group", "items"), row[1:], strict=True))
