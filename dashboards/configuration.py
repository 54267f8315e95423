"""Configuration: the parameters of the lab, one tab a group; ranges are checked at the field."""

from __future__ import annotations

from typing import Any

import bankklient_lab as bl
from bankklient_lab.access.configuration import configuration, configure
from bankklient_lab.errors import LabError
from bankklient_lab.rights.settings import BANK, NUMBER, SECRET, SET, YES_NO, parameters

from . import form, ui
from .form import Field, Form
from .formatting import escape
from .state import State, follow
from .styles import css
from .texts import text
from .ticks import Ticks


class Configuration:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._rows: list[dict[str, Any]] = []
        self._tabs = ui.choice([], None, stylesheets=[css("tabs")])
        self._place = ui.column(gap=14)
        self.form: Form | None = None
        self._sets: dict[str, Ticks] = {}
        self.view = ui.card(self._tabs, self._place, gap=16)
        self._tabs.param.watch(lambda _event: self._show(), "value")
        state.param.watch(lambda _event: self._restore(), "restored")
        follow(state, "configuration", (), self.refresh)

    def refresh(self) -> None:
        """Read the parameters anew."""
        try:
            self._rows = configuration.rows(self._lab)
        except LabError as error:
            self._place.objects = [ui.notice(error.message, severity="error")]
            return
        tabs = list(dict.fromkeys(row["tab"] for row in self._rows))
        self._tabs.options = tabs
        if self._tabs.value not in tabs:
            self._tabs.value = tabs[0]
        else:
            self._show()

    def _show(self) -> None:
        tab = self._tabs.value
        rows = [row for row in self._rows if row["tab"] == tab]
        fields = [_field(row) for row in rows if row["kind"] != BANK and not row["kind"].startswith(SET)]
        self._sets = {row["name"]: _ticks(row) for row in rows if row["kind"].startswith(SET)}
        self.form = Form(self._state, fields, self._save)
        self.form.fill({row["name"]: _given(row) for row in rows}, name=f"configuration {tab}")
        *inputs, problem, buttons = self.form.view.objects
        widgets = dict(zip(self.form.fields, inputs, strict=True))
        parts: list[Any] = []
        for row in rows:
            if row["kind"] == BANK:
                shown = escape(row["value"] or text("configuration.not_set"))
                parts.append(ui.html(f"<p><span class='muted'>{escape(row['label'])}</span><br>{shown}</p>"))
            elif row["name"] in self._sets:
                parts.append(ui.html(f"<p class='muted' style='margin:0'>{escape(row['label'])}</p>"))
                parts.append(self._sets[row["name"]])
            else:
                parts.append(widgets[row["name"]])
        buttons.visible = bool(fields or self._sets)
        self.form.view.objects = [*parts, problem, buttons]
        self.form.view.max_width = 560
        self._place.objects = [self.form.view]

    def _save(self, values: dict[str, Any]) -> None:
        kept = {row["name"]: row["value"] for row in self._rows}
        ticked = {name: " ".join(map(str, one.ticked)) for name, one in self._sets.items()}
        given = {
            name: ("yes" if value else "no") if isinstance(value, bool) else value for name, value in values.items()
        }
        secrets = {name for name in given if parameters()[name].kind == SECRET and not given[name]}
        changed = {
            name: value for name, value in (given | ticked).items() if name not in secrets and str(value) != kept[name]
        }
        if changed:
            configure(self._lab, changed)
        assert self.form is not None
        self.form.forget()
        self.refresh()
        ui.tell(text("configuration.saved" if changed else "configuration.same"))

    def _restore(self) -> None:
        for name in self._state.restored:
            kind, _, tab = name.partition(" ")
            if kind == "configuration" and tab in self._tabs.options:
                self._tabs.value = tab
                self._show()


def _given(row: dict[str, Any]) -> Any:
    if row["kind"] == YES_NO:
        return row["value"] == "yes"
    return "" if row["kind"] == SECRET else row["value"]


def _field(row: dict[str, Any]) -> Field:
    kind, choices = row["kind"], parameters()[row["name"]].choices
    unit = f" ({row['unit']})" if row["unit"] else ""
    help_text = row["effect"]
    if kind == NUMBER:
        help_text = f"{row['minimum']}\u2013{row['maximum']}{unit}. {help_text}"
        return Field(
            row["name"], row["label"], form.NUMBER, help_text, required=True,
            least=int(row["minimum"]), most=int(row["maximum"]),
        )  # fmt: skip
    if kind == YES_NO:
        return Field(row["name"], row["label"], form.YES_NO, help_text)
    if choices:
        return Field(row["name"], row["label"], form.CHOICE, help_text, options={one: one for one in choices})
    if kind == SECRET:
        state = text("configuration.is_set" if row["value"] == "set" else "configuration.not_set")
        return Field(row["name"], row["label"], form.PASSWORD, f"{state}. {help_text}")
    return Field(row["name"], row["label"], form.TEXT, help_text, chars=int(row["maximum"] or form.CHARS_MAX))


def _ticks(row: dict[str, Any]) -> Ticks:
    choices = parameters()[row["name"]].choices
    return Ticks(  # type: ignore[no-untyped-call]
        items=[{"value": one, "label": "", "help": "", "fixed": ""} for one in choices],
        ticked=row["value"].split(), margin=0, sizing_mode="stretch_width", words={"label": row["label"]},
    )  # fmt: skip


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Configuration(lab, state).view
