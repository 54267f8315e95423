"""The kinds of orders, one declaration each."""

from __future__ import annotations

from bankklient_lab.errors import UnknownName
from bankklient_lab.orders.kinds import domestic_collection, domestic_payment, foreign_payment
from bankklient_lab.orders.kinds.kind import Family, Kind

KINDS: dict[str, Kind] = {
    module.KIND.name: module.KIND for module in (domestic_payment, domestic_collection, foreign_payment)
}
# The tables that keep orders, each with the family of its kinds.
TABLES: dict[str, Family] = {kind.table: kind.family for kind in KINDS.values()}


def kind_named(name: str) -> Kind:
    """Return a kind by its name; UnknownName."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownName("kind of order", name, f"there are {', '.join(KINDS)}") from None
