"""A button that asks the bank, with the password of the key where one is asked for, and what it told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import bankklient_lab as bl
from bankklient_lab.errors import LabError, Refused
from bankklient_lab.exchange.transmitting import way_to_bank
from bankklient_lab.jobs import Job

from . import formatting, ui
from .formatting import escape
from .key_words import ask_for_password, wrong_length
from .state import State
from .texts import text
from .work import Work

T = TypeVar("T")


class BankForm(Generic[T]):
    """The parts of a card: why there is no way to the bank, and else the form; `ended` gets what `call` returned."""

    def __init__(
        self,
        lab: bl.Lab,
        state: State,
        call: Callable[[str, Job], T],
        ended: Callable[[T], None],
        *,
        icon: str,
        under_way: str,
    ) -> None:
        self._lab, self._call, self._done, self._under_way = lab, call, ended, under_way
        self.no_way = ui.notice("", severity="warning", visible=False)
        self.to_keys = ui.button(
            text("transmissions.set_up"), lambda: state.param.update(page="keys"), icon="vpn_key", visible=False
        )
        self.password = ui.password("", width=330)
        self._card = ""
        self.button = ui.button("", self.start, primary=True, icon=icon)
        self.problem = ui.notice("", severity="error", visible=False)
        self.work: Work[T | LabError] = Work()
        self.form = ui.row(self.password, self.button, gap=10)
        self.parts = (self.no_way, self.to_keys, self.problem, self.form, self.work.view)
        self.password.param.watch(lambda _event: ui.attempt(self.start), "enter_pressed")

    def refresh(self) -> None:
        """Show how it would go to the bank."""
        try:
            way = way_to_bank(self._lab)
        except Refused as error:
            way = {"title": "", "card": "", "password_asked": False}
            self.no_way.object = escape(formatting.sentence(error.message))
            self.no_way.visible, self.form.visible, self.to_keys.visible = True, False, True
        else:
            self.no_way.visible, self.form.visible, self.to_keys.visible = False, True, False
        self._card = way["card"]
        ask_for_password(self.password, way["title"], self._card)
        self.password.visible = way["password_asked"]

    def start(self) -> None:
        """Ask, once there is a password where one is asked for."""
        password = self.password.value_input or ""
        self.problem.visible = False
        if self.password.visible and (why := wrong_length(password, self._card)):
            self.refuse(why)
            return

        def go(job: Job) -> T | LabError:
            try:
                return self._call(password, job)
            except LabError as error:
                return error

        self.work.start(go, self._ended, self._under_way)

    def _ended(self, outcome: T | LabError) -> None:
        self.password.param.update(value="", value_input="")
        if isinstance(outcome, LabError):
            self.refuse(outcome.message)
        else:
            self._done(outcome)

    def refuse(self, sentence: str) -> None:
        """Say why not."""
        self.problem.param.update(object=escape(formatting.sentence(sentence)), visible=True)
