"""The connection points: the own one and the bank's, with how the bank is reached."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.keys.points import (
    BANK,
    FOLDER,
    HTTPS,
    NAME_CHARS_MAX,
    SETTING_CHARS_MAX,
    SETTINGS,
    change_connection_point,
    connection_points,
)
from bankklient_lab.sealing.identity import CLIENT_POINT_MIN, POINT_MAX, POINT_MIN

from . import ui
from .form import CHOICE, NUMBER, YES_NO, Field, Form
from .listing import Listing, in_words
from .menu import allowed
from .state import State
from .table import Column
from .texts import text

NO_CHANNEL = "none"  # the widget takes "" for nothing chosen
CHANNELS = (NO_CHANNEL, FOLDER, HTTPS)


class Points:
    """The card with the two points, and the drawer of one."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self.rows: dict[str, dict[str, Any]] = {}
        self._role: str = BANK
        self._place = ui.column(gap=14)
        self.form: Form | None = None
        self.drawer = ui.drawer(self._place, width=520)
        self.list = Listing(
            state, "keys", _columns(), self._read, count="points.count", label=text("points.title"), rows_high=2,
            on_open=self.open if allowed(lab, "keys.points:change_connection_point") else None,
        )  # fmt: skip
        self.card = ui.card(ui.heading(text("points.title"), note=text("points.hint")), self.list.view)

    def title(self, point: int) -> str:
        """Return how a connection point is called: its number and name."""
        names = {row["point"]: row["name"] for row in self.rows.values()}
        return " \u00b7 ".join(filter(None, (str(point), names.get(point, ""))))

    def _read(self) -> pa.Table:
        rows = connection_points.rows(self._lab)
        self.rows = {row["role"]: row for row in rows}
        return in_words(
            rows, ["role", *(column.name for column in _columns())],
            whose=lambda row: text(f"points.{row['role']}"),
            encrypted=lambda row: text("keys.yes") if row["encrypted"] else "",
            channel=lambda row: text(f"points.channel_{row['channel'] or NO_CHANNEL}") if row["role"] == BANK else "",
        )  # fmt: skip

    def open(self, row: dict[str, Any]) -> None:
        """Show the form of one point."""
        role = row["role"]
        point = self.rows[role]
        fields = [_number(role), Field("name", text("points.name"), required=True, chars=NAME_CHARS_MAX)]
        if role == BANK:
            fields += _of_bank()
        self._role = role
        self.form = form = Form(self._state, fields, self._save)
        settings = json.loads(point["settings"])
        form.fill(point | settings | {"number": point["point"], "channel": point["channel"] or NO_CHANNEL})
        if role == BANK:
            form.widgets["channel"].param.watch(lambda _event: self._fit(form), "value")
            self._fit(form)
        self._place.objects = [ui.heading(text(f"points.{role}"), note=text(f"points.hint_{role}")), form.view]
        self.drawer.open = True

    def _fit(self, form: Form) -> None:
        """Show the settings of the chosen channel."""
        known = SETTINGS[_channel(form.widgets["channel"].value)]
        for name in (name for settings in SETTINGS.values() for name in settings):
            form.widgets[name].visible = name in known
        for name, may_be_empty in known.items():
            if not may_be_empty:  # the form knows a field only as needed always or never
                form.widgets[name].label = text(f"points.{name}")

    def _save(self, values: dict[str, Any]) -> None:
        changes: dict[str, Any] = {"number": int(values["number"]), "name": values["name"]}
        if self._role == BANK:
            channel = _channel(values["channel"])
            settings = {name: values[name] for name in SETTINGS[channel] if values[name]}
            changes |= {"encrypted": values["encrypted"], "channel": channel, "settings": settings}
        change_connection_point(self._lab, self._role, **changes)
        self.drawer.open = False
        self.list.refresh()
        ui.tell(text("points.saved"))


def _channel(chosen: str) -> str:
    return "" if chosen == NO_CHANNEL else chosen


def _number(role: str) -> Field:
    least = POINT_MIN if role == BANK else CLIENT_POINT_MIN
    return Field(
        "number", text("points.number"), NUMBER, required=True, least=least, most=POINT_MAX,
        help=text("points.help_number"),
    )  # fmt: skip


def _of_bank() -> list[Field]:
    """Return the fields that only the bank's point has."""
    channels = {text(f"points.channel_{name}"): name for name in CHANNELS}
    settings = [name for settings in SETTINGS.values() for name in settings]
    return [
        Field("encrypted", text("points.encrypted"), YES_NO, help=text("points.help_encrypted")),
        Field("channel", text("points.channel"), CHOICE, options=channels),
        *(
            Field(name, text(f"points.{name}"), chars=SETTING_CHARS_MAX, help=text(f"points.help_{name}"))
            for name in settings
        ),
    ]


def _columns() -> tuple[Column, ...]:
    return (
        Column("whose", text("points.whose"), width=110),
        Column("point", text("points.number"), width=90),
        Column("name", text("points.name")),
        Column("channel", text("points.channel"), width=200, essential=False),
        Column("encrypted", text("points.encrypted"), width=150, essential=False),
        Column("changed_by", text("points.changed_by"), width=100, essential=False),
    )
