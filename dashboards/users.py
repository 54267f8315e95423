"""Users and roles: who may log in, what each may do, and the roles that are given."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.access import roles as access_roles
from bankklient_lab.access import users as access_users

from . import formatting, ui
from .listing import Listing, in_words
from .role_drawer import RoleDrawer
from .state import State
from .table import Column
from .texts import text
from .user_drawer import UserDrawer

USERS, ROLES = "users", "roles"


class Users:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab = lab
        self.rows: dict[str, dict[str, dict[str, Any]]] = {USERS: {}, ROLES: {}}
        self.user = UserDrawer(lab, state, self.refresh)
        self.role = RoleDrawer(lab, state, self.refresh)
        self.users = Listing(
            state, "users", _user_columns(), self._read_users, count="users.count", label=text("users.users"),
            on_open=lambda row: self.user.open(self.rows[USERS][row["user"]]),
        )  # fmt: skip
        self.roles = Listing(
            state, "users", _role_columns(), self._read_roles, count="users.role_count", label=text("users.roles"),
            on_open=lambda row: self.role.open(self.rows[ROLES][row["role"]]),
        )  # fmt: skip
        self._which = ui.choice({text("users.users"): USERS, text("users.roles"): ROLES}, USERS)
        self._new_user = ui.button(text("users.new"), self.user.new, primary=True, icon="person_add")
        self._new_role = ui.button(text("users.new_role"), self.role.new, primary=True, icon="add")
        self.view = ui.column(
            ui.card(
                ui.row(
                    self._which, self.users.search, self.roles.search, ui.html(""), self._new_user, self._new_role,
                    gap=10,
                ),
                self.users.view,
                self.roles.view,
            ),
            self.user.view,
            self.role.view,
        )  # fmt: skip
        self._which.param.watch(lambda event: self._show(event.new), "value")
        self._show(USERS)
        state.param.watch(lambda _event: self._restore(state), "restored")

    def _show(self, which: str) -> None:
        for name, parts in {
            USERS: (self.users.view, self.users.search, self._new_user),
            ROLES: (self.roles.view, self.roles.search, self._new_role),
        }.items():
            for part in parts:
                part.visible = name == which

    def refresh(self) -> None:
        """Read both lists anew."""
        self.users.refresh()
        self.roles.refresh()

    def _read_users(self) -> pa.Table:
        rows = access_users.users.rows(self._lab)
        self.rows[USERS] = {row["user"]: row for row in rows}
        return in_words(
            rows, [column.name for column in _user_columns()], state=_state_of_user, name=_name_of,
            password_expires=lambda row: formatting.day(row["password_expires"]),
            factors=lambda row: row["factors"] or "", kind=lambda row: text(f"users.kind_{row['kind']}"),
        )  # fmt: skip

    def _read_roles(self) -> pa.Table:
        rows = access_roles.roles.rows(self._lab)
        self.rows[ROLES] = {row["role"]: row for row in rows}
        return in_words(
            rows, [column.name for column in _role_columns()], state=_state_of_role,
            permissions=lambda row: len(row["permissions"].split()), users=lambda row: row["users"] or "",
        )  # fmt: skip

    def _restore(self, state: State) -> None:
        """Open the form again that a reload has closed."""
        for name in state.restored:
            kind, _, key = name.partition(" ")
            if kind == "user":
                self._open_draft(self.user, self.rows[USERS], key)
            elif kind == "role":
                self._show(ROLES)
                self._which.value = ROLES
                self._open_draft(self.role, self.rows[ROLES], key)

    def _open_draft(self, drawer: UserDrawer | RoleDrawer, rows: dict[str, dict[str, Any]], key: str) -> None:
        if not key:
            drawer.new()
        elif key in rows:
            drawer.open(rows[key])


def _state_of_user(row: dict[str, Any]) -> str:
    state = row["state"]
    return f"{formatting.MARKS[state]} {text(f'users.state_{state}')}"


def _state_of_role(row: dict[str, Any]) -> str:
    state = "system" if row["system"] else "valid" if row["valid"] else "invalid"
    return f"{formatting.MARKS[state]} {text(f'users.role_{state}')}"


def _name_of(row: dict[str, Any]) -> str:
    return f"{row['first_name']} {row['last_name']}".strip()


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Users(lab, state).view


def _user_columns() -> tuple[Column, ...]:
    return (
        Column("user", text("column.user"), width=150),
        Column("state", text("column.state"), "state", width=110),
        Column("reference", text("column.reference"), width=100, essential=False),
        Column("name", text("column.person"), essential=False),
        Column("role", text("column.role"), width=140),
        Column("kind", text("column.kind"), width=150, essential=False),
        Column("password_expires", text("column.password_expires"), width=150, essential=False),
        Column("factors", text("column.factors"), width=130, essential=False),
    )


def _role_columns() -> tuple[Column, ...]:
    return (
        Column("role", text("column.role"), width=220),
        Column("state", text("column.state"), "state", width=140),
        Column("note", text("column.note"), essential=False),
        Column("permissions", text("column.permissions"), "text", width=110, essential=False),
        Column("users", text("column.users"), "text", width=90),
    )
