"""One role: its name and permissions, what is to be known about it, and who has it."""

from __future__ import annotations

from typing import Any

import bankklient_lab as bl
from bankklient_lab.access.alone import role_warnings
from bankklient_lab.access.permission_views import permissions
from bankklient_lab.access.roles import change_role, create_role, users_of_role

from . import ui
from .form import YES_NO, Field, Form
from .formatting import escape
from .state import State
from .styles import css
from .texts import counted, text
from .ticks import Ticks


class RoleDrawer:
    """The drawer; `changed` is called after each change."""

    def __init__(self, lab: bl.Lab, state: State, changed: Any) -> None:
        self._lab, self._state, self._changed = lab, state, changed
        self._row: dict[str, Any] = {}
        self._head = ui.html("", style=css("facts"))
        self._place = ui.column(gap=14)
        self.form: Form | None = None
        self.ticks = Ticks(  # type: ignore[no-untyped-call]
            margin=0, sizing_mode="stretch_width",
            words={"search": text("users.search_permission"), "label": text("users.permissions")},
        )  # fmt: skip
        self.view = ui.drawer(self._head, self._place, width=560)

    def new(self) -> None:
        """Show an empty form."""
        self._row = {}
        self._head.object = f"<h2>{escape(text('users.new_role'))}</h2>"
        fields = [
            Field("role", text("column.role"), required=True, chars=40),
            Field("note", text("column.note"), chars=200),
        ]
        self._show(fields, self._create, text("users.create_role"))

    def open(self, row: dict[str, Any]) -> None:
        """Show a role; one of the bank's can't be changed."""
        self._row = row
        users = users_of_role.rows(self._lab, row["role"])
        names = ", ".join(one["user"] for one in users) or text("users.nobody")
        warnings = "".join(f"<li>{escape(one)}</li>" for one in role_warnings(self._lab, row["role"]))
        note = f"<p>{escape(row['note'])}</p>" if row["note"] else ""
        self._head.object = (
            f"<h2>{escape(row['role'])}</h2>{note}"
            f"<dl><dt>{escape(text('users.having', n=len(users)))}</dt><dd>{escape(names)}</dd></dl>"
            + (f"<ul class='warn'>{warnings}</ul>" if warnings else "")
        )
        fields = [Field("note", text("column.note"), chars=200), Field("valid", text("users.valid"), YES_NO)]
        self._show(fields, self._change, "")

    def _show(self, fields: list[Field], save: Any, button: str) -> None:
        fixed = bool(self._row.get("system"))
        held = [int(number) for number in self._row.get("permissions", "").split()]
        self.ticks.items = [
            {"value": one["number"], "label": one["name"], "help": one["enables"], "fixed": ""}
            for one in permissions.rows(self._lab)
            if not fixed or one["number"] in held
        ]
        self.ticks.ticked, self.ticks.disabled = held, fixed
        if fixed:
            self.form = None
            title = ui.heading(counted("users.permission_count", len(held)))
            self._place.objects = [ui.notice(text("users.of_bank")), title, self.ticks]
        else:
            self.form = Form(self._state, fields, save, button=button)
            self.form.fill(self._row, name=f"role {self._row.get('role', '')}")
            *inputs, problem, buttons = self.form.view.objects
            self.form.view.objects = [*inputs, self.ticks, problem, buttons]
            self._place.objects = [self.form.view]
        self.view.open = True

    def _create(self, values: dict[str, Any]) -> None:
        create_role(self._lab, values["role"], permissions=list(self.ticks.ticked), note=values["note"])
        self._done(text("users.role_created", role=values["role"]))

    def _change(self, values: dict[str, Any]) -> None:
        change_role(self._lab, self._row["role"], permissions=list(self.ticks.ticked), **values)
        self._done(text("users.saved"))

    def _done(self, message: str) -> None:
        if self.form is not None:
            self.form.forget()
        self.view.open = False
        self._changed()
        ui.tell(message)
