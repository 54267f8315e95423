"""Editions of the lab: which functions a client has bought, as the bank has set it (EL-015).

The table is data/codebooks/editions.csv. A lab whose edition the bank has not set is XL, which withholds nothing.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple, get_args

import pyarrow as pa

from bankklient_lab.actions import table_action
from bankklient_lab.codebooks import rows
from bankklient_lab.errors import UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.rights.permissions import Held, parse

Edition = Literal["light", "standard", "xl"]
EDITIONS: tuple[Edition, ...] = get_args(Edition)
SETTING = "edition"  # in ops.setting; not a parameter that users configure


class Feature(NamedTuple):
    """A group of functions, the permissions that open them, and the editions that have it."""

    feature: str
    name: str
    permissions: Held
    editions: frozenset[Edition]


@cache
def features() -> dict[str, Feature]:
    """Return the table by feature."""
    return {
        row["feature"]: Feature(
            row["feature"],
            row["name"],
            parse(row["permissions"]),
            frozenset(edition for edition in EDITIONS if row[edition] == "yes"),
        )
        for row in rows("editions")
    }


def edition(lab: Lab) -> Edition:
    """Return the lab's edition; UnknownName for one that this version does not know."""
    kept = lab.rows("SELECT value FROM ops.setting WHERE name = $name", {"name": SETTING})
    if not kept:
        return "xl"
    for known in EDITIONS:
        if kept[0][0] == known:
            return known
    raise UnknownName("edition", kept[0][0], f"known are {', '.join(EDITIONS)}")


def offered(lab: Lab, feature: str) -> bool:
    """Tell whether the lab's edition has a feature; UnknownName for no feature."""
    if feature not in features():
        raise UnknownName("feature", feature, f"known are {', '.join(features())}")
    return edition(lab) in features()[feature].editions


def withheld(lab: Lab) -> Held:
    """Return the permissions whose functions the lab's edition does not have."""
    own = edition(lab)
    return frozenset().union(*(one.permissions for one in features().values() if own not in one.editions))


@table_action()
def edition_features(lab: Lab) -> pa.Table:
    """Return what editions have. Columns: feature, name, permissions, light, standard, xl, offered (by this lab)."""
    own = edition(lab)
    return pa.Table.from_pylist(
        [
            {"feature": one.feature, "name": one.name, "permissions": " ".join(map(str, sorted(one.permissions)))}
            | {edition: edition in one.editions for edition in EDITIONS}
            | {"offered": own in one.editions}
            for one in features().values()
        ]
    )
