"""What both lists of messages have: a choice of one type, and the list as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import bankklient_lab as bl
from bankklient_lab.reports.listings import render_listing

from . import ui
from .state import State
from .texts import text

ANY = "any"  # the widget takes "" for nothing chosen
NO_TYPE = "none"


class TypeFilter:
    """The choice; `changed` is called when another type is chosen."""

    def __init__(self, changed: Callable[[], object]) -> None:
        self.widget = ui.select(text("messages.kind"), {text("transmissions.any"): ANY}, ANY, width=240)
        self._offering = False
        self._changed = changed
        self.widget.param.watch(lambda _event: None if self._offering else self._changed(), "value")

    @property
    def chosen(self) -> str | None:
        """The type that is chosen; None: all."""
        return {ANY: None, NO_TYPE: ""}.get(self.widget.value, self.widget.value)

    def offer(self, types: Mapping[str, str]) -> None:
        """Offer the types that are there, by their names."""
        names = {
            types[kind] or text("messages.no_type"): kind or NO_TYPE for kind in sorted(types, key=types.__getitem__)
        }
        options = {text("transmissions.any"): ANY} | names
        if options != self.widget.options:
            value = self.widget.value if self.widget.value in options.values() else ANY
            self._offering = True
            self.widget.param.update(options=options, value=value)
            self._offering = False

    def fits(self, kind: str) -> bool:
        """Tell whether a message of a type is shown."""
        return self.chosen in (None, kind)


def printed(lab: bl.Lab, state: State, name: str, kind: Callable[[], str | None]) -> list[ui.Widget]:
    """Return the buttons that give a list as a file, of the type that `kind` returns."""

    def send(suffix: str) -> None:
        state.send_file(f"{name.replace(' ', '-')}{suffix}", render_listing(lab, name, suffix, kind()))

    return [
        ui.button("PDF", lambda: send(".pdf"), icon="download", variant="text"),
        ui.button("Excel", lambda: send(".xlsx"), icon="download", variant="text"),
    ]
