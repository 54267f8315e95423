"""Who can do what alone: enter an order and release it, so that no second person has seen it.

Every rule stands in data/codebooks/alone.csv, one row for a way of orders and a set of permissions that is enough:
`verdict` is "alone", or "depends" where something else must be set as `condition` says. The first row of a way that
fits counts. Released means confirmed, ready for balancing; whoever balances and sends it adds no check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

import pyarrow as pa

from bankklient_lab.access.roles import role_named
from bankklient_lab.actions import action, table_action
from bankklient_lab.codebooks import rows
from bankklient_lab.lab import Lab
from bankklient_lab.rights.permissions import Held, Needed, needed, parse, written

SENDING = needed("(11|16)&26")  # balancing and transmission
_VERDICT = ("way", "verdict", "condition", "permissions", "sends")


class _Rule(NamedTuple):
    way: str
    needs: Needed
    verdict: str
    condition: str


@table_action("1")
def who_alone(lab: Lab) -> pa.Table:
    """Return what each valid user can enter and release without a second person, by user and way.

    Columns: user, reference, role, way, verdict (alone, depends), condition (how, or while what), permissions (the
    numbers that make it so, separated by spaces), sends (whether the user can balance and transmit it, too). A way that
    needs a second person has no row.
    """
    found = lab.rows(
        "SELECT u.name, u.reference, r.name, r.permissions, u.permissions"
        " FROM ops.user u JOIN ops.role r USING (role_id) WHERE u.valid ORDER BY u.user_id"
    )
    return _table(
        ("user", "reference", "role"),
        [
            {"user": user, "reference": reference, "role": role, **verdict}
            for user, reference, role, of_role, own in found
            for verdict in _verdicts(parse(of_role) | parse(own))
        ],
    )


@table_action("1")
def roles_alone(lab: Lab) -> pa.Table:
    """Return what each valid role, and each pair of roles that no one of the two allows, lets one person do alone.

    Columns: role, other (the second role of a pair, or empty), way, verdict, condition, permissions, sends as in
    `who_alone`. A person has one role; pairs tell what giving the permissions of the one beside the other would do.
    """
    held = {name: parse(numbers) for name, numbers in lab.rows(
        "SELECT name, permissions FROM ops.role WHERE valid ORDER BY role_id"
    )}  # fmt: skip
    single = {name: list(_verdicts(numbers)) for name, numbers in held.items()}
    table = [{"role": name, "other": "", **verdict} for name in held for verdict in single[name]]
    for one, other in combinations(held, 2):
        known = {verdict["way"] for verdict in single[one] + single[other] if verdict["verdict"] == "alone"}
        table += [
            {"role": one, "other": other, **verdict}
            for verdict in _verdicts(held[one] | held[other])
            if verdict["verdict"] == "alone" and verdict["way"] not in known
        ]
    return _table(("role", "other"), table)


@action("1", mode="standard")
def role_warnings(lab: Lab, role: str) -> list[str]:
    """Return a sentence for each way in which a role keeps two persons apart only under a condition (ADM-105)."""
    with lab.database.reading() as cursor:
        found = role_named(cursor, role)
    return [
        f"role {role} lets one person enter and release alone: {verdict['way'].lower()} {verdict['condition']}"
        for verdict in _verdicts(found.held)
        if verdict["condition"].startswith(("by ", "while "))
    ]


@cache
def _rules() -> tuple[_Rule, ...]:
    return tuple(_Rule(row["way"], needed(row["needs"]), row["verdict"], row["condition"]) for row in rows("alone"))


def _verdicts(held: Held) -> Iterator[dict[str, Any]]:
    """Yield the row that counts for each way, in the order of the codebook."""
    decided = set()
    for rule in _rules():
        if rule.way not in decided and rule.needs.holds(held):
            decided.add(rule.way)
            yield {
                "way": rule.way,
                "verdict": rule.verdict,
                "condition": rule.condition,
                "permissions": written(rule.needs.numbers & held),
                "sends": SENDING.holds(held),
            }


def _table(first: Iterable[str], found: list[dict[str, Any]]) -> pa.Table:
    kinds = {"sends": pa.bool_()}
    return pa.table(
        {name: pa.array([row[name] for row in found], kinds.get(name, pa.string())) for name in (*first, *_VERDICT)}
    )
