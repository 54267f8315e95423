"""Files of exactly the orders that a table shows: to read and print, or for further work."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import bankklient_lab as bl
from bankklient_lab.jobs import Job

from . import ui
from .state import State
from .texts import text
from .work import Work

SUFFIXES = (".pdf", ".xlsx", ".csv")


class OrderExport:
    """A button for each form, and `work` with the progress; `shown` gives the arguments of `render_orders`."""

    def __init__(self, lab: bl.Lab, state: State, shown: Callable[[], dict[str, Any]]) -> None:
        self._lab, self._state, self._shown = lab, state, shown
        self.work: Work[bytes] = Work()
        buttons = [
            ui.button(suffix[1:].upper(), partial(self.start, suffix), icon="download", variant="text")
            for suffix in SUFFIXES
        ]
        self.view = ui.row(*buttons, gap=2, wrap=False, sizing_mode=None, width_policy="min")

    def start(self, suffix: str) -> None:
        """Make the file, then give it to the browser."""
        lab, shown = self._lab, self._shown()

        def make(_job: Job) -> bytes:
            from bankklient_lab.reports.orders import render_orders

            return render_orders(lab, suffix, **shown)

        name = f"orders_{shown['which']}{suffix}"
        self.work.start(make, lambda content: self._state.send_file(name, content), text("export.reading"))


def take_order(lab: bl.Lab, state: State, order_id: int) -> None:
    """Give the browser one order as a PDF."""
    from bankklient_lab.reports.orders import render_order

    state.send_file(f"order_{order_id}.pdf", render_order(lab, order_id, ".pdf"))
