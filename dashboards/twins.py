"""Orders that pay the same as the one that is entered, shown beside its form."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from . import formatting, ui
from .formatting import escape
from .order_words import status_label
from .styles import css
from .texts import counted, text

SHOWN = 10


class Twins:
    """The card; hidden while there is none."""

    def __init__(self) -> None:
        self._body = ui.html("", style=css("sitting"))
        self.view = ui.card(self._body, visible=False)

    def show(self, found: Mapping[str, Any] | None) -> None:
        """Show what orders.suspecting.dialogue tells; None or without orders: nothing."""
        orders = (found or {}).get("orders") or []
        self.view.visible = bool(orders)
        if not found or not orders:
            return
        lines = "".join(_line(one) for one in orders[:SHOWN])
        number = counted("twins.found", len(found["twins"]), formatting.count(len(found["twins"])))
        compared = text(
            "twins.compared", items=", ".join(found["compared"]), before=found["days_before"], after=found["days_after"]
        )
        self._body.object = (
            f"<h2 class='warn'>{escape(number)}</h2><ul>{lines}</ul><p class='muted'>{escape(compared)}</p>"
        )


def _line(one: Mapping[str, Any]) -> str:
    facts = [str(one["order_id"]), status_label(one["status"]), one["created_by"], one["variable_symbol"]]
    about = " \u00b7 ".join(fact for fact in facts if fact)
    amount = formatting.money(Decimal(one["amount"]), one["currency"])
    return (
        f"<li><span>{escape(one['counter_account'])}<small>{escape(about)}</small></span>"
        f"<b>{escape(amount)}<small>{escape(one['maturity_date'])}</small></b></li>"
    )
