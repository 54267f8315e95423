"""Permissions overview: who and which role may do what, and who can enter and release a payment alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.access.alone import who_alone
from bankklient_lab.access.permission_views import permissions
from bankklient_lab.access.roles import roles
from bankklient_lab.access.users import users
from bankklient_lab.rights.permissions import parse

from . import ui
from .formatting import escape
from .listing import Listing, in_words
from .state import State, follow
from .styles import css
from .table import Column
from .texts import text

USERS, ROLES = "users", "roles"


class Permissions:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab = lab
        self._which = ui.choice({text("users.users"): USERS, text("users.roles"): ROLES}, USERS)
        self._search = ui.field(text("users.search_permission"), width=260)
        self._matrix = ui.html("", style=css("matrix"))
        self.alone = Listing(
            state, "permissions", _columns(), self._read_alone, count="permissions.count",
            label=text("permissions.alone"), placeholder=text("permissions.nobody"), rows_high=10,
        )  # fmt: skip
        self.view = ui.column(
            ui.card(ui.heading(text("permissions.alone"), note=text("permissions.alone_hint")), self.alone.view),
            ui.card(ui.row(ui.heading(text("permissions.matrix")), self._which, self._search, gap=10), self._matrix),
        )
        self._which.param.watch(lambda _event: self.refresh(), "value")
        self._search.param.watch(lambda _event: self.refresh(), "value_input")
        follow(state, "permissions", (), self.refresh)

    def refresh(self) -> None:
        """Read the holders anew."""
        with ui.told():
            words = (self._search.value_input or "").strip().lower()
            rows = [
                row
                for row in permissions.rows(self._lab)
                if words in f"{row['number']} {row['name']} {row['enables']}".lower()
            ]
            holders = self._users() if self._which.value == USERS else self._roles()
            self._matrix.object = _matrix(rows, holders)

    def _users(self) -> dict[str, dict[int, str]]:
        """Return what each valid user holds: number -> of the role or own."""
        of_role, own = text("permissions.of_role"), text("permissions.own")
        return {
            row["user"]: dict.fromkeys(parse(row["permissions"]), own)
            | dict.fromkeys(parse(row["role_permissions"]), of_role)
            for row in users.rows(self._lab)
            if row["valid"]
        }

    def _roles(self) -> dict[str, dict[int, str]]:
        of_role = text("permissions.of_role")
        return {
            row["role"]: dict.fromkeys(parse(row["permissions"]), of_role)
            for row in roles.rows(self._lab)
            if row["valid"]
        }

    def _read_alone(self) -> pa.Table:
        names = [column.name for column in _columns()]
        return in_words(
            who_alone.rows(self._lab), names,
            sends=lambda row: text("permissions.sends" if row["sends"] else "permissions.sends_not"),
        )  # fmt: skip


def _matrix(rows: list[dict[str, Any]], holders: Mapping[str, Mapping[int, str]]) -> str:
    """Return the table: a mark for what comes with the role, another for what is the user's own."""
    head = "".join(f"<th scope='col'><span>{escape(name)}</span></th>" for name in holders)
    body = "".join(
        f"<tr><td class='number'>{row['number']}</td>"
        f"<th scope='row' title='{escape(row['enables'])}'>{escape(row['name'])}</th>"
        + "".join(_cell(held.get(row["number"], "")) for held in holders.values())
        + "</tr>"
        for row in rows
    )
    of_role, own = escape(text("permissions.of_role")), escape(text("permissions.own"))
    legend = f"<p class='muted'>\u25cf {of_role} &nbsp; \u25c6 {own}</p>"
    region = f"<div class='scroll' tabindex='0' role='region' aria-label='{escape(text('permissions.matrix'))}'>"
    return f"{legend}{region}<table><thead><tr><td></td><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _cell(how: str) -> str:
    if not how:
        return "<td></td>"
    mark = "\u25c6" if how == text("permissions.own") else "\u25cf"
    return f"<td class='held'><span title='{escape(how)}' aria-label='{escape(how)}' role='img'>{mark}</span></td>"


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Permissions(lab, state).view


def _columns() -> tuple[Column, ...]:
    return (
        Column("user", text("column.user"), width=130),
        Column("role", text("column.role"), width=130, essential=False),
        Column("way", text("permissions.way"), width=220),
        Column("verdict", text("permissions.verdict"), width=90),
        Column("condition", text("permissions.condition"), essential=False),
        Column("permissions", text("column.permissions"), width=170, essential=False),
        Column("sends", text("permissions.sending"), width=130, essential=False),
    )
