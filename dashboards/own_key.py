"""The user's own key for signing confirmations: whether there is one, and what makes and withdraws it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument
from bankklient_lab.orders.signing import create_personal_key, personal_keys, withdraw_personal_key

from . import formatting, ui
from .form import PASSWORD, Field, Form
from .formatting import escape
from .state import State, follow
from .sure import Sure
from .texts import text


def key_since(lab: bl.Lab) -> datetime | None:
    """Return since when the caller has a key, None without one."""
    mine = [row for row in personal_keys.rows(lab) if row["reference"] == lab.caller.reference]
    return next((row["created_at"] for row in mine if row["withdrawn_at"] is None), None)


class OwnKey:
    """The card of the page My account."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab = lab
        self._told = ui.html("")
        self._made = ui.notice("", severity="success", visible=False)
        self._new = ui.button("", self._ask, icon="draw")
        self.withdraw = Sure(text("own_key.withdraw"), text("own_key.withdraw_really"), self._withdraw)
        fields = [
            Field("password", text("own_key.password"), PASSWORD, required=True, help=text("own_key.help_password")),
            Field("again", text("login.again"), PASSWORD, required=True),
        ]
        self.form = Form(state, fields, self._make, button=text("own_key.make"))
        self.form.view.param.update(max_width=420, visible=False)
        self.view = ui.column(
            self._told, self._made, ui.row(self._new, self.withdraw.view, gap=8), self.form.view, gap=12
        )
        follow(state, "account", (), self.refresh)

    def refresh(self) -> None:
        """Tell whether there is a key."""
        since = key_since(self._lab)
        told = text("own_key.since", moment=formatting.moment(since)) if since else text("own_key.none")
        self._told.object = f"<p class='muted'>{escape(told)}</p>"
        self._new.label = text("own_key.another" if since else "own_key.make")
        self.withdraw.view.visible = since is not None
        self.withdraw.reset()

    def _ask(self) -> None:
        self._made.visible = False
        self.form.fill({})
        self.form.view.visible = True

    def _make(self, values: dict[str, Any]) -> None:
        if values["password"] != values["again"]:
            raise BadArgument(text("users.different"), parameter="again")
        made = create_personal_key(self._lab, values["password"])
        self.form.fill({})
        self.form.view.visible = False
        self._made.object = escape(text("own_key.made", fingerprint=made["fingerprint"]))
        self._made.visible = True
        self.refresh()

    def _withdraw(self) -> None:
        withdraw_personal_key(self._lab)
        self._made.visible = False
        self.refresh()
        ui.tell(text("own_key.withdrawn"))
