"""One user: general items, permissions, password, lock."""

from __future__ import annotations

from typing import Any

import bankklient_lab as bl
from bankklient_lab.access.granting import cancel_permissions, grant_free_permissions, grant_permissions
from bankklient_lab.access.permission_views import permissions
from bankklient_lab.access.roles import roles
from bankklient_lab.access.users import change_user, create_user, set_password, unlock_user
from bankklient_lab.errors import BadArgument

from . import formatting, ui
from .form import CHOICE, DAY, PASSWORD, YES_NO, Field, Form
from .formatting import escape
from .state import State
from .styles import css
from .texts import text
from .ticks import Ticks

GENERAL, PERMISSIONS = "general", "permissions"
_CHANGED = ("role", "valid", "password_expires", "first_name", "last_name", "personal_number", "phone", "email")


class UserDrawer:
    """The drawer; `changed` is called after each change."""

    def __init__(self, lab: bl.Lab, state: State, changed: Any) -> None:
        self._lab, self._state, self._changed = lab, state, changed
        self._row: dict[str, Any] = {}
        self._title = ui.html("", style=css("facts"))
        self._which = ui.choice({text("users.general"): GENERAL, text("users.permissions"): PERMISSIONS}, GENERAL)
        self._place = ui.column(gap=14)
        self.general: Form | None = None
        self.password: Form | None = None
        self.ticks = Ticks(margin=0, sizing_mode="stretch_width", words=_tick_words())  # type: ignore[no-untyped-call]
        self._unlock = ui.button(text("users.unlock"), self.unlock, icon="lock_open")
        self.view = ui.drawer(self._title, self._which, self._place, width=560)
        self._which.param.watch(lambda _event: self._show(), "value")

    def new(self) -> None:
        """Show an empty form."""
        self._row = {}
        self._which.value = GENERAL
        self._which.visible = False
        self._title.object = f"<h2>{escape(text('users.new'))}</h2>"
        self._build()
        self.view.open = True

    def open(self, row: dict[str, Any]) -> None:
        """Show a user."""
        self._row = row
        self._which.visible = True
        self._title.object = f"<h2>{escape(row['user'])}</h2>{_facts(row)}"
        self._build()
        self.view.open = True

    def _build(self) -> None:
        options = {row["role"]: row["role"] for row in roles.rows(self._lab) if row["valid"]}
        is_new = not self._row
        first = [
            Field("user", text("column.user"), required=True, chars=40, help=text("users.help_user")),
            Field("reference", text("column.reference"), required=True, chars=2, help=text("users.help_reference")),
        ]
        secrets = [
            Field("password", text("login.password"), PASSWORD, required=True, help=text("users.help_password")),
            Field("again", text("users.again"), PASSWORD, required=True),
        ]
        fields = [
            *(first if is_new else []),
            Field("first_name", text("users.first_name"), chars=100),
            Field("last_name", text("users.last_name"), chars=100),
            Field("personal_number", text("users.personal_number"), chars=100),
            Field("phone", text("users.phone"), chars=100),
            Field("email", text("users.email"), chars=100),
            Field("role", text("column.role"), CHOICE, required=True, options=options),
            Field("password_expires", text("column.password_expires"), DAY, help=text("users.help_expires")),
            *(secrets if is_new else [Field("valid", text("users.valid"), YES_NO)]),
        ]
        save = self._create if is_new else self._change
        self.general = Form(self._state, fields, save, button=text("users.create") if is_new else "")
        self.password = Form(self._state, secrets, self._set_password, button=text("users.set_password"))
        self.general.fill(self._row, name=f"user {self._row.get('user', '')}")
        self.password.fill({})
        self._show()

    def _show(self) -> None:
        assert self.general is not None
        assert self.password is not None
        if self._which.value == PERMISSIONS and self._row:
            self._show_ticks()
            self._place.objects = [
                ui.html(f"<p class='muted'>{escape(text('users.ticks_hint', role=self._row['role']))}</p>"),
                self.ticks,
                ui.row(
                    ui.button(text("form.save"), self.grant, primary=True),
                    ui.button(text("users.all_free"), self.grant_free, icon="done_all"),
                    ui.button(text("users.cancel_all"), self.cancel_all, icon="remove_done"),
                    gap=8,
                ),
            ]
            return
        parts: list[Any] = [self.general.view]
        if self._row:
            self._unlock.visible = self._row["state"] == "locked"
            parts = [self._unlock, *parts, ui.heading(text("users.new_password")), self.password.view]
        self._place.objects = parts

    def _show_ticks(self) -> None:
        of_role = set(map(int, self._row["role_permissions"].split()))
        from_role = text("users.of_role", role=self._row["role"])
        self.ticks.items = [
            {"value": one["number"], "label": one["name"], "help": one["enables"],
             "fixed": from_role if one["number"] in of_role else ""}
            for one in permissions.rows(self._lab)
        ]  # fmt: skip
        self.ticks.ticked = [number for number in map(int, self._row["permissions"].split()) if number not in of_role]
        self.ticks.disabled = self._row["kind"] == "installer"

    def _create(self, values: dict[str, Any]) -> None:
        _check_same(values)
        del values["again"]
        create_user(self._lab, values.pop("user"), **values)
        self._done(text("users.created"))

    def _change(self, values: dict[str, Any]) -> None:
        given = {name: values[name] for name in _CHANGED if _differs(values[name], self._row[name])}
        if given.get("password_expires", "") is None:  # the day was cleared
            del given["password_expires"]
            given["never_expires"] = True
        taken = change_user(self._lab, self._row["user"], **given) if given else []
        self._done(_told("users.saved", taken), kind="warning" if taken else "success")

    def _set_password(self, values: dict[str, Any]) -> None:
        _check_same(values)
        set_password(self._lab, self._row["user"], values["password"])
        self._done(text("users.password_set", user=self._row["user"]))

    def unlock(self) -> None:
        """Let a locked user log in again."""
        unlock_user(self._lab, self._row["user"])
        self._done(text("users.unlocked", user=self._row["user"]))

    def grant(self) -> None:
        """Give the ticked permissions besides those of the role."""
        taken = grant_permissions(self._lab, self._row["user"], list(self.ticks.ticked))
        self._done(_told("users.saved", taken), kind="warning" if taken else "success")

    def grant_free(self) -> None:
        """Give all that do not collide."""
        given = grant_free_permissions(self._lab, self._row["user"])
        self._done(text("users.given", n=len(given)))

    def cancel_all(self) -> None:
        """Take all permissions besides those of the role."""
        taken = cancel_permissions(self._lab, self._row["user"])
        self._done(text("users.taken_all", n=len(taken)))

    def _done(self, message: str, *, kind: str = "success") -> None:
        if self.general is not None:
            self.general.forget()
        self.view.open = False
        self._changed()
        ui.tell(message, kind=kind)


def _tick_words() -> dict[str, str]:
    return {"search": text("users.search_permission"), "label": text("users.permissions")}


def _check_same(values: dict[str, Any]) -> None:
    if values["password"] != values["again"]:
        raise BadArgument(text("users.different"), parameter="again")


def _differs(new: Any, old: Any) -> bool:
    return formatting.day(new) != formatting.day(old) if hasattr(new or old, "isoformat") else new != old


def _told(key: str, taken: list[int]) -> str:
    """Return what was done, with the permissions that collided and were taken away."""
    return text(f"{key}_taken", numbers=", ".join(map(str, taken))) if taken else text(key)


def _facts(row: dict[str, Any]) -> str:
    attempts = f" / {row['login_attempts']}" if row["login_attempts"] else ""
    lines = (
        (text("column.state"), text(f"users.state_{row['state']}")),
        (text("users.locked_until"), formatting.moment(row["locked_until"])),
        (text("column.reference"), row["reference"]),
        (text("column.kind"), text(f"users.kind_{row['kind']}")),
        (text("users.ordinal"), row["ordinal"] or ""),
        (text("users.changed_at"), formatting.moment(row["password_changed_at"])),
        (text("users.failed"), f"{row['failed_logins']}{attempts}" if row["failed_logins"] or attempts else ""),
        (text("column.factors"), row["factors"] or text("users.no_factor")),
    )
    return formatting.facts(lines)
