"""One pattern or one header: its name, its group, and the values of an order as far as they are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument
from bankklient_lab.orders.headers import delete_header, save_header
from bankklient_lab.orders.pattern_groups import NO_GROUP, pattern_groups
from bankklient_lab.orders.patterns import change_pattern, create_pattern, delete_pattern, take_over_patterns
from bankklient_lab.orders.unfinished import MATURITY, NAME_CHARS_MAX, values_of

from . import ui
from .formatting import escape
from .order_form import OrderForm
from .order_words import kind_label
from .state import State
from .styles import css
from .sure import Sure
from .texts import counted, text

PATTERN, HEADER = "pattern", "header"
WIDTH = 620


class PatternDrawer:
    """The drawer for what is kept of orders; `what` is PATTERN or HEADER, `changed` is called after each change."""

    def __init__(self, lab: bl.Lab, state: State, what: str, changed: Callable[[], object]) -> None:
        self._lab, self._state, self._what, self._changed = lab, state, what, changed
        self._row: Mapping[str, Any] = {}
        self._kind = ""
        self._title = ui.html("", style=css("facts"))
        self.name = ui.field(text("patterns.name"), max_length=NAME_CHARS_MAX, width=280)
        self.group = ui.select(text("patterns.group"), {text("patterns.no_group"): NO_GROUP}, NO_GROUP, width=280)
        self.form = OrderForm(lab, state, self._save, checked=False)
        self.take = ui.button(text("patterns.take_over"), self._take_over, icon="playlist_add")
        self.delete = Sure(text("patterns.delete"), text("patterns.delete_really"), self._delete)
        self.view = ui.drawer(
            self._title, ui.row(self.name, self.group, gap=10), self.form.view,
            ui.row(self.take, self.delete.view, gap=8), width=WIDTH,
        )  # fmt: skip

    def new(self, kind: str, values: Mapping[str, Any]) -> None:
        """Show an empty form with the values that a new order begins with."""
        self._show(kind, {}, values)

    def open(self, kind: str, row: Mapping[str, Any]) -> None:
        """Show a row of the list."""
        self._show(kind, row, values_of(row["items"]))

    def _show(self, kind: str, row: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self._row, self._kind = row, kind
        title = row["name"] if row else text(f"patterns.new_{self._what}")
        self._title.object = f"<h2>{escape(title)}</h2><p class='muted'>{escape(kind_label(kind))}</p>"
        self.name.value = row["name"] if row else ""
        self._offer_groups(row.get("group_number", NO_GROUP))
        self.take.visible = bool(row) and self._what == PATTERN
        self.delete.view.visible = bool(row)
        self.delete.reset()
        self.form.show(kind, values, without=[MATURITY], button=text(f"patterns.save_{self._what}"), focus=False)
        self.view.open = True

    def _offer_groups(self, chosen: int) -> None:
        rows = pattern_groups.rows(self._lab)
        self.group.visible = self._what == PATTERN and bool(rows)
        options = {f"{row['group_number']} \u00b7 {row['name']}": row["group_number"] for row in rows}
        self.group.param.update(options=options or {text("patterns.no_group"): NO_GROUP}, value=chosen)

    def _save(self, values: dict[str, str], _reason: str, _duplicate: str) -> None:
        name = str(self.name.value_input or self.name.value)
        if self._what == HEADER:
            if self._row and self._row["name"] != name:
                raise BadArgument(text("patterns.header_name"))
            save_header(self._lab, self._kind, name, values)
        elif self._row:
            change_pattern(self._lab, self._row["pattern_id"], values, name=name, group=self.group.value)
        else:
            create_pattern(self._lab, self._kind, name, values, group=self.group.value)
        self._done(text("patterns.saved", name=name))

    def _take_over(self) -> None:
        row = self._row
        made = take_over_patterns(self._lab, self._kind, name=row["name"], group=row["group_number"])
        self._done(taken_over(made))
        self._state.page = "orders"

    def _delete(self) -> None:
        if self._what == HEADER:
            delete_header(self._lab, self._kind, self._row["name"])
        else:
            delete_pattern(self._lab, self._row["pattern_id"])
        self._done(text("patterns.deleted", name=self._row["name"]))

    def _done(self, message: str) -> None:
        self.view.open = False
        self._changed()
        ui.tell(message)


def taken_over(made: list[dict[str, Any]]) -> str:
    """Return what was made from patterns, for people."""
    complete = sum(one["state"] == "check" for one in made)
    return counted("patterns.taken", len(made)) + text("patterns.taken_complete", n=complete)
