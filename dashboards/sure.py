"""A button for what can't be taken back: it asks once more, in its own place."""

from __future__ import annotations

from collections.abc import Callable

from . import ui
from .texts import text


class Sure:
    """The button; pressed once it becomes a question with `really` on its button."""

    def __init__(self, label: str, really: str, action: Callable[[], object], *, icon: str = "delete_outline") -> None:
        self._first = ui.button(label, lambda: self._ask(True), variant="text", icon=icon)
        self._really = ui.button(really, self._do, icon=icon, visible=False)
        self._back = ui.button(text("sure.back"), lambda: self._ask(False), variant="text", visible=False)
        self._action = action
        self.view = ui.row(self._first, self._really, self._back, gap=4, sizing_mode=None)

    def ask_with(self, really: str) -> None:
        """Show the first button again, and then ask by these words."""
        self._really.label = really
        self._ask(False)

    def reset(self) -> None:
        """Show the first button again."""
        self._ask(False)

    def _ask(self, asking: bool) -> None:
        self._first.visible, self._really.visible, self._back.visible = not asking, asking, asking

    def _do(self) -> None:
        self._ask(False)
        self._action()
