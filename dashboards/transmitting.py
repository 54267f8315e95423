"""Sending the batches that wait and taking over what waits at the bank, with the password of the key if it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bankklient_lab as bl
from bankklient_lab.codebooks.codes import Sent
from bankklient_lab.errors import LabError, Refused
from bankklient_lab.exchange.listing import protocol
from bankklient_lab.exchange.transmitting import transmit, way_to_bank
from bankklient_lab.jobs import Job
from bankklient_lab.keys.unlocking import PASSWORD_CHARS

from . import formatting, ui
from .batch_words import ARROWS, batch_type_label, status_text
from .formatting import escape
from .state import State, follow
from .styles import css
from .texts import counted, text
from .work import Work


class Transmitting:
    """The card."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._told = ui.html("", style=css("balancing"))
        self._no_way = ui.notice("", severity="warning", visible=False)
        self.to_keys = ui.button(
            text("transmissions.set_up"), lambda: state.param.update(page="keys"), icon="vpn_key", visible=False
        )
        self.password = ui.password(
            "", width=360, max_length=PASSWORD_CHARS, placeholder=text("balancing.chars", n=PASSWORD_CHARS)
        )
        self.button = ui.button("", self.transmit, primary=True, icon="sync_alt")
        self._problem = ui.notice("", severity="error", visible=False)
        self.work: Work[dict[str, Any] | LabError] = Work()
        self.result = ui.html("", style=css("balancing"), visible=False)
        self._form = ui.row(self.password, self.button, gap=10)
        self.view = ui.card(
            ui.heading(text("transmissions.title"), note=text("transmissions.hint")),
            self._told, self._no_way, self.to_keys, self._problem, self._form, self.work.view, self.result,
            gap=10,
        )  # fmt: skip
        self.password.param.watch(lambda _event: ui.attempt(self.transmit), "enter_pressed")
        follow(state, "transmissions", (), self.refresh)

    def refresh(self) -> None:
        """Say what waits, and how it would go to the bank."""
        waiting = sum(
            len(protocol.rows(self._lab, direction="send", status=one)) for one in (Sent.CREATED, Sent.ABORTED)
        )
        told = counted("transmissions.waiting", waiting, formatting.count(waiting))
        self._told.object = f"<p class='signs'>{escape(told if waiting else text('transmissions.nothing_waits'))}</p>"
        try:
            way = way_to_bank(self._lab)
        except Refused as error:
            way = {"title": "", "password_asked": False}
            self._no_way.object = escape(formatting.sentence(error.message))
            self._no_way.visible, self._form.visible, self.to_keys.visible = True, False, True
        else:
            self._no_way.visible, self._form.visible, self.to_keys.visible = False, True, False
        self.password.label = text("balancing.password", key=way["title"])
        self.password.visible = way["password_asked"]
        self.button.label = text("transmissions.do" if waiting else "transmissions.ask")

    def transmit(self) -> None:
        """Transmit, once there is a password where one is asked for."""
        password = self.password.value_input or ""
        self._problem.visible = False
        if self.password.visible and len(password) != PASSWORD_CHARS:  # no try: those are counted
            self._refuse(text("balancing.password_chars", n=PASSWORD_CHARS))
            return
        lab = self._lab

        def go(job: Job) -> dict[str, Any] | LabError:
            try:
                return transmit(lab, password, job=job)
            except LabError as error:
                return error

        self.work.start(go, self._ended, text("transmissions.under_way"))

    def _ended(self, outcome: dict[str, Any] | LabError) -> None:
        self.password.param.update(value="", value_input="")
        if isinstance(outcome, LabError):
            self._refuse(outcome.message)
            return
        if not outcome["complete"]:
            self._refuse(text("transmissions.incomplete", why=outcome["message"]))
        self.result.param.update(object=_result(outcome), visible=True)
        self._state.data_version += 1  # orders, balances and statements may have come

    def _refuse(self, sentence: str) -> None:
        self._problem.param.update(object=escape(formatting.sentence(sentence)), visible=True)


def _result(outcome: Mapping[str, Any]) -> str:
    """Return what became of each batch and file."""
    lines = [
        (f"{ARROWS[row['direction']]} {row['batch_order']}", batch_type_label(row["batch_type"]),
         status_text(row["status"]), row["note"])
        for row in outcome["batches"]
    ] + [
        (f"{ARROWS['receive']} {row['name']}", text("transmissions.file"), text(f"transmissions.file_{row['status']}"),
         row["note"])
        for row in outcome["files"]
    ]  # fmt: skip
    if not lines:
        return f"<h2>{escape(text('transmissions.nothing'))}</h2>" if outcome["complete"] else ""
    mark = "<span class='good'>\u2713</span> " if outcome["complete"] else ""
    counts = {"transmissions.done": len(outcome["batches"]), "transmissions.files": len(outcome["files"])}
    title = ", ".join(counted(name, count, formatting.count(count)) for name, count in counts.items() if count)
    shown = 4 if any(note for *_, note in lines) else 3
    titles = ("unsent.batch", "unsent.type", "column.state", "transmissions.note")[:shown]
    head = "".join(f"<th scope='col'>{escape(text(name))}</th>" for name in titles)
    rows = "".join(
        "<tr><td class='nowrap'>" + "</td><td>".join(escape(cell) for cell in line[:shown]) + "</td></tr>"
        for line in lines
    )
    return (
        f"<h2>{mark}{escape(title)}</h2><table aria-label='{escape(title)}'><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
