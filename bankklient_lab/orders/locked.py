"""Items of imported orders that the configuration protects from correction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab
from bankklient_lab.orders.checking import error_items
from bankklient_lab.orders.duplicates import DUPLICATE
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.rights.settings import read_setting

# Items that rules name and that consist of several.
_PARTS = {f"own_{side}_account": (f"{side}_account_prefix", f"{side}_account_base") for side in ("debit", "credit")}


@action("101", mode="standard")
def locked_items(lab: Lab, kind: str) -> list[str]:
    """Return the items of imported orders of a kind that can't be corrected, in the order of the form."""
    one = kind_named(kind)
    locked = _locked(lab, one)
    return [name for name in one.names if name in locked]


def require_unlocked(lab: Lab, kind: Kind, before: Mapping[str, Any], changed: Collection[str]) -> None:
    """Raise Refused when a correction of an imported order would change a locked item, or could mend it only so."""
    if before["origin"] == "creation" or not (locked := _locked(lab, kind)):
        return
    order_id = before["order_id"]
    wrong = [name for code in before["errors"].split() for name in _items_of(int(code)) if name in locked]
    if wrong:
        told = _labels(kind, wrong)
        raise Refused(
            f"order {order_id} can't be corrected: {told} is wrong and locked; discard the order, or unlock the item"
            " in the configuration (corrections)",
            items=wrong,
        )
    kept = [name for name in changed if name in locked]
    if kept:
        raise Refused(f"order {order_id} can't be corrected: {_labels(kind, kept)} is locked", items=kept)


def _locked(lab: Lab, kind: Kind) -> set[str]:
    if kind.family != "domestic":
        return set()
    return {item for choice in read_setting(lab.database, "locked_items") for item in kind.verified_items[choice]}


def _items_of(code: int) -> tuple[str, ...]:
    item = error_items()[code][0] if code != DUPLICATE else ""
    return _PARTS.get(item, (item,))


def _labels(kind: Kind, names: Collection[str]) -> str:
    return ", ".join(kind.item(name).label for name in names)
