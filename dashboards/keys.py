"""Keys: the register of the client's and the bank's, what is to be done with them, and the connection points."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.keys.expiring import key_warnings
from bankklient_lab.keys.register import key_register, today

from . import formatting, ui
from .bank_key import BankKeyDrawer
from .formatting import escape
from .key_drawer import SENDS_KEYS, KeyDrawer
from .key_maker import KeyMaker
from .key_words import key_title, state_of, state_text
from .listing import Listing, in_words
from .menu import allowed
from .points import Points
from .state import State, follow
from .table import Column
from .texts import text


class Keys:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab = lab
        self._raw: dict[str, dict[str, Any]] = {}
        may = allowed(lab, SENDS_KEYS)
        self.points = Points(lab, state)
        self.drawer = KeyDrawer(lab, state, self.refresh)
        self.maker = KeyMaker(lab, state, self.refresh, self._open)
        self.bank = BankKeyDrawer(lab, state, self.refresh)
        self.warnings = ui.notice("", severity="warning", visible=False)
        self.list = Listing(
            state, "keys", _columns(), self._read, count="keys.count", label=text("page.keys"),
            on_open=lambda row: self._open(int(row["key_id"])), placeholder=text("keys.none"), rows_high=12,
        )  # fmt: skip
        self.view = ui.column(
            self.warnings,
            ui.card(
                ui.heading(text("keys.title"), note=text("keys.hint")),
                ui.row(
                    self.list.search, ui.html(""),
                    ui.button(text("keys.new"), self.maker.open, primary=True, icon="vpn_key", visible=may),
                    ui.button(text("keys.bank_key"), self.bank.open, icon="account_balance", visible=may),
                    gap=8,
                ),
                self.list.view,
            ),
            self.points.card,
            self.drawer.view, self.maker.view, self.bank.view, self.points.drawer,
        )  # fmt: skip
        follow(state, "keys", (), self._warn)

    def refresh(self) -> None:
        """Read the register anew."""
        self.list.refresh()
        self._warn()

    def _warn(self) -> None:
        """Say which keys expire soon or have expired."""
        found = key_warnings(self._lab)
        said = "<br>".join(escape(formatting.sentence(one)) for one in found)
        self.warnings.param.update(object=said, visible=bool(found))

    def _read(self) -> pa.Table:
        rows = key_register.rows(self._lab)
        self._raw = {str(row["key_id"]): row for row in rows}
        day = today(self._lab)
        return in_words(
            rows[::-1], ["key_id", *(column.name for column in _columns())],
            name=key_title, state=lambda row: state_text(state_of(row, day)),
            whose=lambda row: row["user_name"] or row["user"] or self.points.title(row["point"]),
            expires_on=lambda row: formatting.day(row["expires_on"]),
            delivered=lambda row: text("keys.yes") if row["delivered"] else text("keys.no"),
            created_at=lambda row: formatting.moment(row["created_at"]),
        )  # fmt: skip

    def _open(self, key_id: int) -> None:
        row = self._raw[str(key_id)]
        self.drawer.open(row, self.points.title(row["point"]))


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Keys(lab, state).view


def _columns() -> tuple[Column, ...]:
    return (
        Column("name", text("keys.key")),
        Column("state", text("column.state"), width=150),
        Column("whose", text("keys.whose"), width=190, essential=False),
        Column("expires_on", text("keys.expires_on"), width=110, essential=False),
        Column("delivered", text("keys.delivered"), width=120, essential=False),
        Column("created_at", text("keys.created_at"), width=136, essential=False),
    )
