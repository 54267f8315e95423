"""Saved selections: the criteria of a list under a name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import bankklient_lab as bl

from . import ui
from .state import State, query
from .texts import text

NONE = "*"  # no name of a selection that is shown: the widget takes "" for nothing chosen


class SelectionBar:
    """Choose a saved selection, save the present one, forget one."""

    def __init__(
        self, lab: bl.Lab, read: Callable[[], dict[str, Any]], show: Callable[[dict[str, Any]], None], *, of: str
    ) -> None:
        """`read` gives the present criteria, `show` takes saved ones; `of` is the list whose selections these are."""
        self._lab, self._read, self._show, self._of = lab, read, show, of
        self._chosen = ui.select(text("selection.saved"), {text("selection.none"): NONE}, NONE, width=220)
        self._name = ui.field(text("selection.name"), width=220)
        self._save = ui.button(text("selection.save"), self.save, icon="bookmark_add")
        self._forget = ui.button(text("selection.forget"), self.forget, variant="text", icon="delete_outline")
        self.view = ui.row(self._chosen, self._forget, self._name, self._save, gap=10, css_classes=["selections"])
        self._offer(NONE)
        self._chosen.param.watch(lambda event: self.choose(event.new), "value")

    def _offer(self, chosen: str) -> None:
        table = bl.selections.arrow(self._lab, of=self._of)
        self._criteria: dict[str, str] = dict(
            zip(table["name"].to_pylist(), table["criteria"].to_pylist(), strict=True)
        )
        self._chosen.param.update(
            options={text("selection.none"): NONE} | {name: name for name in self._criteria}, value=chosen
        )
        self._chosen.visible = bool(self._criteria)
        self._forget.visible = chosen != NONE

    def choose(self, name: str) -> None:
        """Show a saved selection."""
        self._forget.visible = name != NONE
        if name in self._criteria:
            with ui.told():
                self._show(json.loads(self._criteria[name]))

    def save(self) -> None:
        """Keep the criteria under the name typed."""
        bl.save_selection(self._lab, self._name.value, self._read(), of=self._of)
        saved, self._name.value = " ".join(self._name.value.split()), ""
        self._offer(saved)
        ui.tell(text("selection.kept", name=saved))

    def forget(self) -> None:
        """Forget the chosen selection; the criteria stay as they are."""
        bl.delete_selection(self._lab, self._chosen.value, of=self._of)
        self._offer(NONE)


def of_entries(state: State) -> dict[str, Any]:
    """Return what the explorer keeps as a selection."""
    return {"since": state.since, "until": state.until} | state.not_default(("accounts", "columns", *State.CRITERIA))


def show_entries(state: State, criteria: dict[str, Any]) -> None:
    """Show a saved selection in the explorer; what the lab no longer has is left out."""
    content = state.content
    values = state.read(query(criteria), accounts=content.labels, currencies=dict.fromkeys(content.currencies))
    state.param.update(**{key: value for key, value in values.items() if key not in ("page", "currency")})
