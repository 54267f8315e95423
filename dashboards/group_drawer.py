"""One group of patterns: its name, orders of all its patterns, and its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import bankklient_lab as bl
from bankklient_lab.orders.pattern_groups import (
    NO_GROUP,
    NUMBER_MAX,
    create_pattern_group,
    delete_pattern_group,
    rename_pattern_group,
)
from bankklient_lab.orders.unfinished import NAME_CHARS_MAX

from . import ui
from .form import NUMBER, Field, Form
from .formatting import escape
from .order_words import kind_label
from .state import State
from .styles import css
from .sure import Sure
from .texts import text


class GroupDrawer:
    """The drawer; `changed` is called after each change, `take_over` with the number of a group."""

    def __init__(
        self, lab: bl.Lab, state: State, changed: Callable[[], object], take_over: Callable[[int], object]
    ) -> None:
        self._lab, self._changed, self._take_over = lab, changed, take_over
        self._row: Mapping[str, Any] = {}
        self._title = ui.html("", style=css("facts"))
        name = Field("name", text("patterns.name"), required=True, chars=NAME_CHARS_MAX)
        number = Field("group", text("patterns.group_number"), NUMBER, required=True, most=NUMBER_MAX)
        self.adding = Form(state, [number, name], self._add)
        self.renaming = Form(state, [name], self._rename)
        self.take = ui.button("", self._take, icon="playlist_add")
        self.delete = Sure(text("patterns.delete"), "", self._delete)
        self._acts = ui.row(self.take, self.delete.view, gap=8)
        self.view = ui.drawer(self._title, self.adding.view, self.renaming.view, self._acts)

    def new(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show an empty form with the next number."""
        self._row = {}
        taken = [row["group_number"] for row in rows]
        self._title.object = f"<h2>{escape(text('patterns.new_group'))}</h2>"
        self.adding.fill({"group": max(taken) + 1 if taken else NO_GROUP})
        self._put(adding=True)

    def open(self, row: Mapping[str, Any], kind: str) -> None:
        """Show a group."""
        self._row = row
        self._title.object = f"<h2>{row['group_number']} \u00b7 {escape(row['name'])}</h2>"
        self.renaming.fill(row)
        self.take.label = text("patterns.take_group", kind=kind_label(kind))
        self.delete.ask_with(text("patterns.delete_group", name=row["name"]))
        self._put(adding=False)

    def _put(self, *, adding: bool) -> None:
        self.adding.view.visible, self.renaming.view.visible, self._acts.visible = adding, not adding, not adding
        self.view.open = True

    def _add(self, values: dict[str, Any]) -> None:
        create_pattern_group(self._lab, int(values["group"]), values["name"])
        self._done(text("patterns.saved", name=values["name"]))

    def _rename(self, values: dict[str, Any]) -> None:
        rename_pattern_group(self._lab, self._row["group_number"], values["name"])
        self._done(text("patterns.saved", name=values["name"]))

    def _take(self) -> None:
        self._take_over(self._row["group_number"])
        self.view.open = False

    def _delete(self) -> None:
        delete_pattern_group(self._lab, self._row["group_number"])
        self._done(text("patterns.deleted", name=self._row["name"]))

    def _done(self, message: str) -> None:
        self.view.open = False
        self._changed()
        ui.tell(message)
