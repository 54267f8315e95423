"""The offer to make the orders of regular payments, once a day, at its first start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bankklient_lab as bl
from bankklient_lab.orders.regular_import import (
    decline_regular_payments,
    import_regular_payments,
    regular_payments_offer,
)

from . import formatting, ui
from .formatting import escape
from .state import State
from .texts import counted, text


class RegularOffer:
    """The question over the page; `ask` puts it when it is time."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._told = ui.html("")
        self.view = ui.dialog(
            text("regular.offer"), self._told,
            ui.row(
                ui.button(text("regular.offer_yes"), self.accept, primary=True, icon="event_available"),
                ui.button(text("regular.offer_no"), self.decline), gap=8,
            ),
        )  # fmt: skip

    def ask(self) -> None:
        """Put the question, when this is the first start of the day and something can be offered."""
        with ui.told():
            offer = regular_payments_offer(self._lab)
            last = text("regular.offer_last", day=formatting.day(offer["last_due"])) if offer["last_due"] else ""
            self._told.object = f"<p>{escape(text('regular.offer_text'))}</p><p class='muted'>{escape(last)}</p>"
            self.view.open = offer["offered"]

    def accept(self) -> None:
        """Make the orders and show where they are."""
        self.view.open = False
        made = import_regular_payments(self._lab)
        told, kind = outcome(made)
        ui.tell(told, kind=kind)
        self._state.page = "regular"

    def decline(self) -> None:
        """Not today."""
        self.view.open = False
        decline_regular_payments(self._lab)


def outcome(made: Mapping[str, Any]) -> tuple[str, str]:
    """Return what came of an import, for people, and how it is shown: success or warning."""
    told = [counted("regular.imported", made["orders"], formatting.count(made["orders"]))]
    if made["duplicates"]:
        told.append(text("regular.imported_twins", n=made["duplicates"]))
    told += [text("regular.left_out", name=one["name"], errors=one["errors"]) for one in made["left_out"]]
    return " ".join(told), "warning" if made["wrong"] or made["left_out"] else "success"
