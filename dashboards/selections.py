"""Saved selections: the criteria of the explorer under a name."""

from __future__ import annotations

import json

import bankklient_lab as bl

from . import ui
from .state import State, query
from .texts import text

NONE = "*"  # no name of a selection that is shown: the widget takes "" for nothing chosen


class SelectionBar:
    """Choose a saved selection, save the present one, forget one."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._chosen = ui.select(text("selection.saved"), {text("selection.none"): NONE}, NONE, width=220)
        self._name = ui.field(text("selection.name"), width=220)
        self._save = ui.button(text("selection.save"), self.save, icon="bookmark_add")
        self._forget = ui.button(text("selection.forget"), self.forget, variant="text", icon="delete_outline")
        self.view = ui.row(self._chosen, self._forget, self._name, self._save, gap=10)
        self._offer(NONE)
        self._chosen.param.watch(lambda event: self.choose(event.new), "value")

    def _offer(self, chosen: str) -> None:
        table = bl.selections.arrow(self._lab)
        self._criteria: dict[str, str] = dict(
            zip(table["name"].to_pylist(), table["criteria"].to_pylist(), strict=True)
        )
        self._chosen.param.update(
            options={text("selection.none"): NONE} | {name: name for name in self._criteria}, value=chosen
        )
        self._chosen.visible = bool(self._criteria)
        self._forget.visible = chosen != NONE

    def choose(self, name: str) -> None:
        """Show a saved selection; what the lab no longer has is left out."""
        self._forget.visible = name != NONE
        if name == NONE:
            return
        state, criteria = self._state, json.loads(self._criteria[name])
        content = state.content
        values = state.read(
            query(criteria), accounts=content.labels, currencies=dict.fromkeys(content.currencies)
        )  # fmt: skip
        state.param.update(**{key: value for key, value in values.items() if key not in ("page", "currency")})

    def save(self) -> None:
        """Keep the criteria under the name typed."""
        state = self._state
        period = {"since": state.since, "until": state.until}
        others = state.not_default(("accounts", "columns", *State.CRITERIA))
        bl.save_selection(self._lab, self._name.value, period | others)
        saved, self._name.value = " ".join(self._name.value.split()), ""
        self._offer(saved)
        ui.tell(text("selection.kept", name=saved))

    def forget(self) -> None:
        """Forget the chosen selection; the criteria stay as they are."""
        bl.delete_selection(self._lab, self._chosen.value)
        self._offer(NONE)
