"""The form in which a message to the bank is written: as its type asks, a text or fields, and a file beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import bankklient_lab as bl
from bankklient_lab.exchange.attachments import size_text
from bankklient_lab.exchange.message_types import message_form, message_types
from bankklient_lab.formats.letters import SUBJECT_CHARS_MAX, TEXT_CHARS_MAX, attachment_name
from bankklient_lab.formats.payments.accounts import as_written

from . import ui
from .dropper import DiskDropper
from .form import CHOICE, DAY, TEXT, Field, Form
from .formatting import escape
from .state import State
from .styles import css
from .texts import text

NONE = "none"  # the widget takes "" for nothing chosen
SUBJECT, WORDS = "_subject", "_text"  # no field of the bank begins like that
_KINDS = {"date": DAY, "choice": CHOICE, "account": CHOICE}


class Written(NamedTuple):
    """What somebody wrote: a text or `fields`, a new file with its name, or none any more (`detach`)."""

    subject: str
    text: str | None
    fields: dict[str, Any] | None
    attachment: Path | None
    name: str | None
    detach: bool

    @property
    def said(self) -> dict[str, Any]:
        """The arguments of a new message."""
        return {
            "subject": self.subject, "text": self.text or "", "fields": self.fields, "attachment": self.attachment,
            "name": self.name,
        }  # fmt: skip

    @property
    def changes(self) -> dict[str, Any]:
        """The arguments of a change."""
        return self._asdict()


class MessageForm:
    """The form; `save` gets what was written."""

    def __init__(self, lab: bl.Lab, state: State, save: Callable[[Written], object], *, button: str) -> None:
        self._lab, self._state, self._save, self._button = lab, state, save, button
        self.form: Form | None = None
        self.attachment = _Attachment()
        self.view = ui.column(gap=12)

    def show(self, kind: str, values: Mapping[str, Any], *, subject: str, name: str, file: str = "") -> None:
        """Show the form of a type with values, or the draft of this name; `file` is what goes with the message now."""
        of = next((row for row in message_types.rows(self._lab) if row["kind"] == kind), {"format": "text"})
        asked = message_form(self._lab, kind) if of["format"] == "form" else []
        fields = [
            Field(SUBJECT, text("messages.subject"), required=True, chars=SUBJECT_CHARS_MAX), *map(_field, asked),
        ]  # fmt: skip
        if not asked:
            fields.append(Field(WORDS, text("messages.text"), required=True, chars=TEXT_CHARS_MAX, multiline=True))
        self.attachment.show(of, file)
        self.form = Form(self._state, fields, self._done, button=self._button, below=[self.attachment.view])
        self.form.fill({SUBJECT: subject, **values}, name=name)
        self.view.objects = [self.form.view]

    def _done(self, values: dict[str, Any]) -> None:
        fields = {name: value for name, value in values.items() if name[0] != "_"}
        subject, words = values[SUBJECT], values.get(WORDS)
        self._save(Written(subject, words, fields or None, *self.attachment.taken))


class _Attachment:
    """The place of a file: a drop area, or the name of the file that is there."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._name, self._before = "", ""
        self._dropper: DiskDropper | None = None
        self._hint = ui.html("")
        self._place = ui.column(gap=0)
        self.told = ui.html("", style=css("attachment"))
        self.remove = ui.icon_button("close", text("messages.detach"), self._remove)
        self._there = ui.row(self.told, self.remove, gap=4, wrap=False, visible=False)
        self.view = ui.column(self._hint, self._place, self._there, gap=4)

    @property
    def taken(self) -> tuple[Path | None, str | None, bool]:
        """The new file, its name, and whether one that was there is taken away."""
        if self._path is not None:
            return self._path, self._name, False
        return None, None, bool(self._before and not self._name)

    def show(self, of: Mapping[str, Any], file: str) -> None:
        """Begin with what goes with a message of a type now."""
        self._before = file
        takes = bool(of.get("suffixes"))
        self.view.visible = takes or bool(file)
        if takes:
            said = text(
                "messages.may_attach", suffixes=of["suffixes"].replace(" ", ", "), size=size_text(of["bytes_max"])
            )
            self._hint.object = f"<span class='muted'>{escape(said)}</span>"
        self._hint.visible = self._place.visible = takes
        self._new_dropper(file)

    def dropped(self, name: str, path: Path) -> None:
        """Take a file; whether it may go with the message is said when that is saved."""
        self._path, self._name = path, name
        with ui.told():
            self._name = attachment_name(name)
        self._tell()

    def _remove(self) -> None:
        self._new_dropper("")

    def _new_dropper(self, name: str) -> None:
        self._path, self._name = None, name
        if self._dropper is not None:
            self._dropper.discard()
        self._dropper = DiskDropper(
            self.dropped, lambda _name: None, lambda _name, _share: None, sizing_mode="stretch_width", min_height=88,
            margin=0, stylesheets=[css("drop")],
        )  # fmt: skip
        self._place.objects = [self._dropper]
        self._tell()

    def _tell(self) -> None:
        self.told.object = f"<p class='file'>{escape(self._name)}</p>"
        self._there.visible = bool(self._name)
        self._place.visible = self._hint.visible and not self._name


def _field(asked: Mapping[str, Any]) -> Field:
    """Return a field of the page for one of the bank's form; what it takes is checked where the message is kept."""
    shown = as_written if asked["kind"] == "account" else str
    none = text("messages.choose" if asked["required"] else "messages.no_choice")
    options = {none: NONE} | {shown(one): one for one in asked["choices"]}
    return Field(
        asked["name"], asked["label"], _KINDS.get(asked["kind"], TEXT), required=asked["required"],
        chars=asked["length"], options=options, multiline=asked["lines"], nothing=NONE,
    )  # fmt: skip
