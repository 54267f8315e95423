"""The kinds of orders, one declaration each."""

from __future__ import annotations

from bankklient_lab.errors import UnknownName
from bankklient_lab.orders.kinds import domestic_collection, domestic_payment, foreign_payment
from bankklient_lab.orders.kinds.kind import Kind

KINDS: dict[str, Kind] = {
    module.KIND.name: module.KIND for module in (domestic_payment, domestic_collection, foreign_payment)
}
TABLES = tuple(dict.fromkeys(kind.table for kind in KINDS.values()))


def kind_named(name: str) -> Kind:
    """Return a kind by its name; UnknownName."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownName("kind of order", name, f"there are {', '.join(KINDS)}") from None


def kinds_of(table: str) -> list[Kind]:
    """Return the kinds whose orders one table keeps."""
    return [kind for kind in KINDS.values() if kind.table == table]
