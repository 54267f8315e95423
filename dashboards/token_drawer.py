"""A new token of one's own, or a consent for a third party; the secret is shown once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bankklient_lab as bl
from bankklient_lab.access.permission_views import permissions
from bankklient_lab.access.tokens import DAYS_MAX, create_token, give_consent
from bankklient_lab.errors import BadArgument

from . import ui
from .form import NUMBER, Field, Form
from .formatting import escape
from .state import State
from .texts import text
from .ticks import Ticks

DAYS = 90


class TokenDrawer:
    """The drawer; `changed` is called after each change."""

    def __init__(self, lab: bl.Lab, state: State, changed: Callable[[], object]) -> None:
        self._lab, self._state, self._changed = lab, state, changed
        self._place = ui.column(gap=14)
        self.ticks = Ticks(  # type: ignore[no-untyped-call]
            margin=0, sizing_mode="stretch_width",
            words={"search": text("users.search_permission"), "label": text("users.permissions")},
        )  # fmt: skip
        self.form: Form | None = None
        self.view = ui.drawer(self._place, width=560)

    def new(self) -> None:
        """Show the form of a token."""
        self._open(text("account.new_token"), text("account.scope_hint"), [
            Field("name", text("account.token_name"), required=True, chars=60, help=text("account.token_help")),
        ], self._create)  # fmt: skip

    def consent(self) -> None:
        """Show the form of a consent."""
        self._open(text("account.new_consent"), text("account.scope_needed"), [
            Field("party", text("account.party"), required=True, chars=60),
            Field("purpose", text("account.purpose"), required=True, chars=200),
        ], self._consent)  # fmt: skip

    def _open(self, title: str, hint: str, fields: list[Field], save: Callable[[dict[str, Any]], object]) -> None:
        days = Field("days", text("account.days"), NUMBER, required=True, least=1, most=DAYS_MAX)
        held = self._lab.rights.held(self._lab.caller)
        self.ticks.items = [
            {"value": one["number"], "label": one["name"], "help": one["enables"], "fixed": ""}
            for one in permissions.rows(self._lab)
            if one["number"] in held
        ]
        self.ticks.ticked = []
        self.form = Form(self._state, [*fields, days], save, button=text("account.make"))
        self.form.fill({"days": DAYS})
        *inputs, problem, buttons = self.form.view.objects
        scope = ui.html(f"<p class='muted'>{escape(hint)}</p>")
        self.form.view.objects = [*inputs, scope, self.ticks, problem, buttons]
        self._place.objects = [ui.heading(title), self.form.view]
        self.view.open = True

    def _create(self, values: dict[str, Any]) -> None:
        scope = list(self.ticks.ticked) or None
        self._show(create_token(self._lab, values["name"], scope=scope, days=int(values["days"])))

    def _consent(self, values: dict[str, Any]) -> None:
        if not self.ticks.ticked:
            raise BadArgument(text("account.scope_needed"))
        self._show(
            give_consent(
                self._lab, values["party"], purpose=values["purpose"], scope=list(self.ticks.ticked),
                days=int(values["days"]),
            )
        )  # fmt: skip

    def _show(self, made: dict[str, Any]) -> None:
        self._changed()
        secret = ui.field(text("account.secret"), made["token"], width=None, sizing_mode="stretch_width")
        self._place.objects = [
            ui.heading(text("account.made")),
            ui.notice(text("account.once"), severity="warning"),
            secret,
            ui.button(text("app.close"), lambda: setattr(self.view, "open", False)),
        ]
