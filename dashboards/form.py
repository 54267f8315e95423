"""A form from a declaration of its fields: checks at the field, a draft that survives a reload, errors as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bankklient_lab.errors import BadArgument, LabError, ProofNeeded, WrongForm, WrongOrder

from . import ui
from .formatting import escape
from .state import State
from .texts import text

TEXT, PASSWORD, NUMBER, DAY, CHOICE, YES_NO = "text", "password", "number", "day", "choice", "yes_no"
CHARS_MAX = 200


@dataclass(frozen=True)
class Field:
    """One field; `label` and `help` are texts that people read. A number has `least` and `most`.

    `nothing` is the value of an option that stands for no choice, which the widget can't take as "".
    """

    name: str
    label: str
    kind: str = TEXT
    help: str = ""
    required: bool = False
    chars: int = CHARS_MAX
    least: int = 0
    most: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)  # label -> value
    multiline: bool = False
    nothing: str = ""

    def widget(self) -> ui.Widget:
        """Return an empty widget for it."""
        params: dict[str, Any] = {"helper_text": self.help, "sizing_mode": "stretch_width", "width": None}
        label = (
            self.label if self.required or self.kind in (YES_NO, CHOICE) else text("form.optional", label=self.label)
        )
        if self.kind == PASSWORD:
            return ui.password(label, **params)
        if self.kind == CHOICE:
            return ui.select(label, dict(self.options), next(iter(self.options.values()), None), **params)
        if self.kind == YES_NO:
            return ui.checkbox(f"{label} \u2013 {self.help}" if self.help else label)
        if self.kind == DAY:
            return ui.date(label, **params)
        if self.multiline:
            return ui.area(label, max_length=self.chars, **params)
        return ui.field(label, max_length=self.chars, **params)

    def problem(self, value: Any) -> str:
        """Return what is wrong with a value, "" for nothing."""
        if value in ("", None):
            return text("form.required") if self.required else ""
        if self.kind == NUMBER and not _is_whole(value, self.least, self.most):
            return text("form.number", least=self.least, most=self.most)
        return ""


def _is_whole(value: Any, least: int, most: int) -> bool:
    number = str(value).strip()
    return number.isascii() and number.isdigit() and len(number) < 10 and least <= int(number) <= most


class Form:
    """The widgets of some fields in one column, with one button that saves.

    `name` is by which the draft is kept ("" for none); passwords are never part of a draft. `save` gets the values by
    name: texts stripped, days as date or None, numbers as texts.
    """

    def __init__(
        self,
        state: State,
        fields: Sequence[Field],
        save: Callable[[dict[str, Any]], object],
        *,
        button: str = "",
        beside: Sequence[Sequence[str]] = (),
        below: Sequence[ui.Widget] = (),
    ) -> None:
        """`beside` names fields that stand side by side where there is room, in the place of the first of them.

        `below` stands between the fields and the button.
        """
        self.fields = {one.name: one for one in fields}
        self.widgets = {one.name: one.widget() for one in fields}
        self.name = ""
        self._state, self._save = state, save
        self._given: dict[str, Any] = {}
        self._filling = False
        self._problem = ui.notice("", severity="error", visible=False)
        self.button = ui.button(
            button or text("form.save"), self.save, primary=True
        )  # asks for a proof if one is needed
        self.view = ui.column(*self._laid_out(beside), *below, self._problem, ui.row(self.button, gap=8), gap=20)
        for name, widget in self.widgets.items():
            watched = ["value", "value_input"] if "value_input" in widget.param else ["value"]
            widget.param.watch(lambda *events, name=name: self._changed(name, events[-1]), watched)

    def _laid_out(self, beside: Sequence[Sequence[str]]) -> Iterator[ui.Widget]:
        together = {name: names for names in beside for name in names if name in self.widgets}
        for name, widget in self.widgets.items():
            names = [one for one in together.get(name, (name,)) if one in self.widgets]
            if len(names) == 1:
                yield widget
            elif name == names[0]:
                for one in names:
                    self.widgets[one].param.update(min_width=130, align="start")
                yield ui.row(*(self.widgets[one] for one in names), gap=10)

    def fill(self, values: Mapping[str, Any], *, name: str = "") -> None:
        """Show values, or the draft of this name when there is one."""
        draft = self._state.restored.get(name, {}) if name else {}
        self._filling = True
        self.name, self._given = "", {one: _shown(self.fields[one], values.get(one)) for one in self.fields}
        for one, widget in self.widgets.items():
            widget.value = _shown(self.fields[one], draft.get(one, values.get(one)))
            self._say(one, "")
        self._problem.visible = False
        self._filling, self.name = False, name
        if draft:
            self._keep_draft()

    def forget(self) -> None:
        """Drop the draft."""
        if self.name:
            self._state.drafts = {name: one for name, one in self._state.drafts.items() if name != self.name}
            self._state.restored = {name: one for name, one in self._state.restored.items() if name != self.name}

    def values(self) -> dict[str, Any]:
        """Return what the fields hold."""
        return {name: _taken(self.fields[name], widget.value) for name, widget in self.widgets.items()}

    def save(self) -> None:
        """Check all fields and save; what is wrong is said at the field, or above the button."""
        values = self.checked()
        if values is None:
            return
        try:
            self._save(values)
        except ProofNeeded:
            raise
        except LabError as error:
            self.refuse(error)
        else:
            self.forget()

    def checked(self) -> dict[str, Any] | None:
        """Return what the fields hold; None when something is wrong, which is said at its field."""
        values = self.values()
        problems = {name: self.fields[name].problem(value) for name, value in values.items()}
        for name, problem in problems.items():
            self._say(name, problem)
        self._problem.visible = False
        return None if any(problems.values()) else values

    def refuse(self, error: LabError) -> None:
        """Say why it could not be saved: at the field that the error names, else above the button."""
        at = str(error.details.get("parameter", ""))
        message = error.message[:1].upper() + error.message[1:]
        broken: Any = error.details["errors"] if isinstance(error, WrongOrder | WrongForm) else []
        if isinstance(error, BadArgument) and at in self.widgets:
            self._say(at, message)
        elif broken and all(one["item"] in self.widgets for one in broken):
            for one in reversed(broken):  # the first of an item is the one that is said
                self._say(one["item"], f"{one['code']} {one['text']}" if "code" in one else one["text"])
        else:
            self._problem.object, self._problem.visible = escape(message), True

    def _say(self, name: str, problem: str) -> None:
        widget = self.widgets[name]
        if "error_state" in widget.param:
            widget.param.update(error_state=bool(problem), helper_text=problem or self.fields[name].help)

    def _changed(self, name: str, event: Any) -> None:
        if self._filling:
            return
        if event.name == "value":  # left
            self._say(name, self.fields[name].problem(_taken(self.fields[name], event.new)))
        if self.name:
            self._keep_draft()

    def _keep_draft(self) -> None:
        typed = {
            name: _kept(widget)
            for name, widget in self.widgets.items()
            if self.fields[name].kind != PASSWORD and _kept(widget) != _as_kept(self._given[name])
        }
        drafts = {name: one for name, one in self._state.drafts.items() if name != self.name}
        self._state.drafts = drafts | ({self.name: typed} if typed else {})


def _kept(widget: Any) -> Any:
    """Return what a draft keeps of a widget: texts as far as they are typed."""
    typed = getattr(widget, "value_input", None)
    return _as_kept(typed if isinstance(typed, str) and typed else widget.value)


def _as_kept(value: Any) -> Any:
    return value.isoformat()[:10] if isinstance(value, date) else value


def _shown(of: Field, value: Any) -> Any:
    if of.kind == YES_NO:
        return bool(value)
    if of.kind == DAY:
        return ui.as_date(value) if value else None
    if of.kind == CHOICE:
        return value if value in of.options.values() else next(iter(of.options.values()), None)
    return "" if value is None else str(value)


def _taken(of: Field, value: Any) -> Any:
    if of.kind == DAY:
        return ui.as_date(value) if value else None
    if of.kind == CHOICE and value == of.nothing:
        return ""
    return value.strip() if isinstance(value, str) and of.kind != PASSWORD else value
