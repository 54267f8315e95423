"""A fresh proof of who is at work, asked for by actions of higher risk: the code, or the password without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bankklient_lab as bl
from bankklient_lab.access.factors import factors
from bankklient_lab.access.logins import prove

from . import ui
from .form import PASSWORD, Field, Form
from .state import State
from .texts import text


class Proof:
    """The dialog; once the proof is good, what was asked for is done."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._again: Callable[[], object] | None = None
        self._place = ui.column(gap=12)
        self.form: Form | None = None
        self.view = ui.dialog(text("proof.title"), self._place)

    def ask(self, again: Callable[[], object]) -> None:
        """Ask, then call `again`."""
        self._again = again
        has_factor = bool(factors.rows(self._lab))
        fields = [
            Field("code", text("login.code"), required=True, chars=40)
            if has_factor
            else Field("password", text("login.password"), PASSWORD, required=True)
        ]
        self.form = Form(self._state, fields, self._prove, button=text("proof.go_on"))
        hint = ui.html(f"<p class='muted'>{text('proof.code' if has_factor else 'proof.password')}</p>")
        self._place.objects = [hint, self.form.view]
        self.view.open = True

    def _prove(self, values: dict[str, Any]) -> None:
        prove(self._lab, **values)
        self.view.open = False
        if self._again is not None:
            ui.attempt(self._again)
