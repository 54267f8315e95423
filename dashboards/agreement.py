"""What a request agrees to, shown before it is kept: only a yes keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import bankklient_lab as bl
from bankklient_lab.formats.payments.accounts import as_written
from bankklient_lab.orders.checking import national_currency
from bankklient_lab.services.forwards import forward_summary

from . import formatting, ui
from .formatting import escape
from .styles import css
from .texts import text


class Agreement:
    """The summary of a forward deal with yes and no; `view` is hidden until `ask`."""

    def __init__(self, lab: bl.Lab) -> None:
        self._lab = lab
        self._agreed: Callable[[], object] | None = None
        self.facts = ui.html("", style=css("facts"))
        self._warning = ui.notice("", severity="warning", visible=False)
        self.yes = ui.button(text("services.agree"), self._yes, primary=True, icon="handshake")
        self.no = ui.button(text("services.disagree"), self._no, variant="text")
        self.view = ui.column(self.facts, self._warning, ui.row(self.yes, self.no, gap=8), gap=12, visible=False)

    def ask(self, values: Mapping[str, Any], request_id: int, agreed: Callable[[], object]) -> None:
        """Show what the values come to, and call `agreed` once after a yes; the rest as `forward_summary`."""
        self.view.visible, self._agreed = False, None
        told = forward_summary(self._lab, dict(values), request_id=request_id)
        currency = national_currency(self._lab)
        lines = (
            (text("services.bought"), formatting.money(told["bought"], told["bought_currency"])),
            (text("services.equivalent"), formatting.money(told["equivalent"], currency)),
            (text("services.sold_from"), f"{as_written(told['own_account'])} ({told['sold_currency']})"),
            (text("services.credited_to"), as_written(told["recipient_account"])),
            (text("services.settled_on"), formatting.day(told["maturity"])),
        )
        self.facts.object = formatting.facts(lines, text("services.agree_to"))
        self._warning.object, self._warning.visible = (
            escape(formatting.sentence(told["warning"])),
            bool(told["warning"]),
        )
        self._agreed = agreed
        self.view.visible = True

    def _yes(self) -> None:
        agreed, self._agreed = self._agreed, None  # a second click finds nothing more to do
        self.view.visible = False
        if agreed is not None:
            with ui.told():
                agreed()

    def _no(self) -> None:
        self.view.visible = False
        ui.tell(text("services.not_kept"), kind="info")
