"""Editions of the lab: which functions a client has bought, as the bank has set it (EL-015).

The table is data/codebooks/editions.csv. A lab whose edition the bank has not set is XL, which withholds nothing.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple, get_args

from bankklient_lab.codebooks import rows
from bankklient_lab.errors import UnknownName
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


def edition_of(kept: str | None) -> Edition:
    """Return the edition that a lab keeps, XL when it keeps none; UnknownName for one that this version has not."""
    if kept is None:
        return "xl"
    for known in EDITIONS:
        if kept == known:
            return known
    raise UnknownName("edition", kept, f"known are {', '.join(EDITIONS)}")


@cache
def withheld(own: Edition) -> Held:
    """Return the permissions whose functions an edition does not have."""
    return frozenset().union(*(one.permissions for one in features().values() if own not in one.editions))
