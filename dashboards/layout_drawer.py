"""One layout of a form: the order in which its fields are entered, their labels, and which are shown at first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.layouts import (
    LABEL_CHARS_MAX,
    STANDARD,
    delete_form_layout,
    save_form_layout,
    standard,
    use_form_layout,
)
from bankklient_lab.orders.unfinished import NAME_CHARS_MAX

from . import ui
from .formatting import escape
from .order_fields import fields_of
from .order_words import kind_label
from .styles import css
from .sure import Sure
from .texts import text


class LayoutDrawer:
    """The drawer; `changed` is called after each change."""

    def __init__(self, lab: bl.Lab, changed: Callable[[], object]) -> None:
        self._lab, self._changed = lab, changed
        self._kind = self._name = ""
        self._title = ui.html("", style=css("facts"))
        self.name = ui.field(text("patterns.name"), max_length=NAME_CHARS_MAX, width=280)
        self.rows: dict[str, tuple[Any, Any, Any]] = {}  # place, label, shown
        self._place = ui.column(gap=6)
        self.delete = Sure(text("patterns.delete"), text("layouts.delete_really"), self._delete)
        self.view = ui.drawer(
            self._title, self.name, self._place,
            ui.row(
                ui.button(text("layouts.save"), self.save, primary=True),
                ui.button(text("layouts.use"), self.use, icon="check"), self.delete.view, gap=8,
            ),
            width=560,
        )  # fmt: skip

    def open(self, kind: str, row: Mapping[str, Any]) -> None:
        """Show a layout of the list, of which STANDARD can only be the beginning of another one."""
        self._kind, self._name = kind, row["name"]
        own = self._name != STANDARD
        self._title.object = f"<h2>{escape(row['shown_name'])}</h2><p class='muted'>{escape(kind_label(kind))}</p>"
        self.name.value = self._name if own else ""
        labels = {one.name: one.label for one in fields_of(kind_named(kind))}
        arranged = json.loads(row["fields"]) if own else _spoken(standard(kind_named(kind)), labels)
        self.rows = {one["name"]: _widgets(one, labels[one["name"]]) for one in arranged if one["name"] in labels}
        self._place.objects = [ui.row(*widgets, gap=8) for widgets in self.rows.values()]
        self.delete.view.visible = own
        self.delete.reset()
        self.view.open = True

    def save(self) -> None:
        """Keep the layout; it is the current one from then on."""
        name = str(self.name.value_input or self.name.value)
        save_form_layout(
            self._lab, self._kind, name,
            [{"name": field, "place": _number(place.value), "label": label.value, "shown": bool(shown.value)}
             for field, (place, label, shown) in self.rows.items()],
        )  # fmt: skip
        self._done(text("patterns.saved", name=name))

    def use(self) -> None:
        """Make the layout, as it was saved, the current one."""
        use_form_layout(self._lab, self._kind, self._name)
        self._done(text("layouts.used"))

    def _delete(self) -> None:
        delete_form_layout(self._lab, self._kind, self._name)
        self._done(text("patterns.deleted", name=self._name))

    def _done(self, message: str) -> None:
        self.view.open = False
        self._changed()
        ui.tell(message)


def _spoken(arranged: list[dict[str, Any]], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the standard layout with the labels of the language spoken here."""
    return [one | {"label": labels.get(one["name"], one["label"])} for one in arranged]


def _widgets(one: Mapping[str, Any], what: str) -> tuple[Any, Any, Any]:
    """Return place, label and visibility of a field; `what` says which field it is."""
    place = ui.field(text("layouts.place"), str(one["place"]), max_length=2, width=70)
    label = ui.field(what, one["label"], max_length=LABEL_CHARS_MAX, width=280)
    return place, label, ui.checkbox(text("layouts.shown"), value=one["shown"])


def _number(typed: str) -> int:
    if not typed.strip().isdecimal():
        raise BadArgument(text("layouts.no_number", typed=typed), parameter="place")
    return int(typed)
